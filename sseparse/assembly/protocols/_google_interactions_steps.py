"""What starts, deltas and stops do to one step of an interaction.

A step stands in ``extra["steps"]`` (``extra["outputs"]`` before May 2026) as the finished object
would have it: a thought with the texts of its ``summary``, an output with the blocks of its
``content``, a result with its ``result``. The arguments of a call stand in its ``ToolCall`` alone.
"""

from __future__ import annotations

from sseparse.assembly._builder import ChoiceBuilder, Part, TextKind, ToolCallBuilder
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, Pieces, append, entries, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text, join
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartState, PartStep

_TEXTS: dict[str, tuple[TextKind, str]] = {
    "model_output": ("content", "content"),
    "text": ("content", ""),
    "thought": ("reasoning", "summary"),
}
"""Of the types of step that hold texts: which text of the choice, and in which list of blocks;
``""`` for a step that is such a block itself."""
_OTHERS: tuple[None, str] = (None, "content")
MEDIA = frozenset(("image", "audio", "document", "video"))
_FOLDED = frozenset(
    ("type", "text", "content", "summary", "annotations", "annotation", "arguments")
)


class StepBuilder:
    """A step as far as it has come.

    Attributes:
        type: what it is; ``""`` while that is not known.
        fields: the step as the provider has it.
        part: all texts of it, and where it stands: open or closed.
        text: the pieces of the block of text that the next piece continues.
        block: the last of its blocks, as the provider has it.
        call: the tool call that it is.
        whole: the arguments of that call, where they came as one object.
    """

    __slots__ = ("block", "call", "fields", "part", "text", "type", "whole")

    def __init__(self, part: Part) -> None:
        self.type = ""
        self.fields = part.fields
        self.part = part
        self.text: Pieces | None = None
        self.block: Fields | None = None
        self.call: ToolCallBuilder | None = None
        self.whole: JSONValue = None


class StepFold(Protocol):
    """The part of the fold that is about one step."""

    def open_step(self, choice: ChoiceBuilder, key: str) -> StepBuilder:
        """Add a step to the steps of the completion, which are in ``extra`` under this key."""
        fields = Fields()
        entries(self.extra, key).append(fields)
        return StepBuilder(self.open_part(choice, fields))

    def set_type(
        self,
        choice: ChoiceBuilder,
        step: StepBuilder,
        kind: str | None,
        sent: JSONObject,
        deltas: list[Delta],
    ) -> None:
        """Set what a step is, if that is not yet known; a call begins with it."""
        if step.type or kind is None:
            return
        step.type = step.fields["type"] = kind
        step.part.kind, _ = _TEXTS.get(kind, _OTHERS)
        if step.part.kind is not None and (text := join(step.part.pieces.texts)):
            deltas.append(Delta(step.part.kind, choice.index, text))  # what came before the type
        if kind.endswith("_call"):
            server = kind != "function_call"
            of_call = {key: sent.get(key) or step.fields.get(key) for key in ("id", "name")}
            step.call = self.begin_call(
                choice,
                deltas,
                id=of_call["id"],
                name=of_call["name"],
                type=kind if server else None,
                server=server,
            )

    def close_step(self, step: StepBuilder) -> None:
        """Take the end of a step; that it has one twice is nothing."""
        if step.part.state is not PartState.CLOSED:
            self.part_step(step.part, PartStep.CLOSE)

    def grow_step(
        self, choice: ChoiceBuilder, step: StepBuilder, sent: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold a delta, or what a step began with, into the step."""
        kind = as_text(sent.get("type"))
        if kind in MEDIA and kind != step.type:
            self._add_block(step, sent)
            return
        if "text" in sent:
            self._grow_text(choice, step, sent["text"], deltas)
        for key in ("content", "summary"):
            self._grow_blocks(choice, step, key, sent.get(key), deltas)
        for key in ("annotations", "annotation"):
            self._annotate(choice, step, sent.get(key), deltas)
        self._grow_call(choice, step, sent, deltas)
        for key, value in sent.items():
            if key not in _FOLDED:
                _merge(step.fields, key, value)

    # Texts

    def _grow_text(
        self, choice: ChoiceBuilder, step: StepBuilder, piece: JSONValue, deltas: list[Delta]
    ) -> None:
        if not isinstance(piece, str):
            if piece is not None:
                self.bad_shape("a text", "text")
            return
        kind, key = _TEXTS.get(step.type, _OTHERS)
        if step.text is None:
            if not piece and kind != "content":
                return
            block = self._add_block(step, {"type": "text"}) if key else step.fields
            step.block = block
            step.text = block["text"] = Pieces()
        step.text.append(piece)
        self.grow_part(choice, step.part, piece, deltas)

    def _grow_blocks(
        self,
        choice: ChoiceBuilder,
        step: StepBuilder,
        key: str,
        sent: JSONValue,
        deltas: list[Delta],
    ) -> None:
        """Fold blocks: all that a step began with, or the one in the delta of a summary."""
        if sent is not None and not isinstance(sent, (dict, list)):
            self.bad_shape(key, "list")
        for block in [sent] if isinstance(sent, dict) else as_list(sent):
            fields = as_object(block)
            if isinstance(fields.get("text"), str) and fields.get("type") in (None, "text"):
                self._grow_text(choice, step, fields["text"], deltas)
                self._annotate(choice, step, fields.get("annotations"), deltas)
            elif fields:
                self._add_block(step, fields)
            elif not isinstance(block, dict):
                self.bad_shape("a block of a step", "object")

    def _add_block(self, step: StepBuilder, block: JSONObject) -> Fields:
        """Add a block to the step; no text goes on behind it."""
        step.text = None
        step.block = Fields(block)
        _, key = _TEXTS.get(step.type, _OTHERS)
        entries(step.fields, key or "content").append(step.block)
        return step.block

    def _annotate(
        self, choice: ChoiceBuilder, step: StepBuilder, sent: JSONValue, deltas: list[Delta]
    ) -> None:
        """Add citations to the block they belong to."""
        if sent is not None and not isinstance(sent, (dict, list)):
            self.bad_shape("annotations", "list")
        block = step.fields if step.block is None else step.block
        for annotation in [sent] if isinstance(sent, dict) else as_list(sent):
            entries(block, "annotations").append(annotation)
            self.cite(choice, annotation, deltas)

    # Calls

    def _grow_call(
        self, choice: ChoiceBuilder, step: StepBuilder, sent: JSONObject, deltas: list[Delta]
    ) -> None:
        arguments = sent.get("arguments")
        if step.call is None:
            set_last(step.fields, "arguments", arguments)  # of whatever that is
            return
        self.name_call(choice, step.call, deltas, id=sent.get("id"), name=sent.get("name"))
        if arguments is None or arguments in ("", {}):
            return  # a call begins with an empty object, and its arguments follow
        if step.whole is not None:
            if arguments != step.whole:
                text = "the arguments of a call came twice, and differ; the first ones stand"
                self.find("arguments-differ", "warning", text, once=True)
        elif isinstance(arguments, str):
            self.grow_arguments(choice, step.call, arguments, deltas)
        elif step.call.arguments:
            text = "the whole arguments came after pieces of them, which stand"
            self.find("arguments-differ", "warning", text, once=True)
        else:
            step.whole = arguments
            self.grow_arguments(choice, step.call, arguments, deltas)


def _merge(fields: Fields, key: str, value: JSONValue) -> None:
    """Fold a field of a delta in: of a ``result`` more may come, the rest is set."""
    known = fields.get(key)
    if key == "result" and isinstance(value, list):
        entries(fields, key).extend(value)
    elif key == "result" and isinstance(value, str):
        append(fields, key, value)
    elif key not in ("id", "name") or known is None:
        set_last(fields, key, value)
