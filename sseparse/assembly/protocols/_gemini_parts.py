"""What the parts of a Gemini candidate do to its choice.

A part is a text, a thought, a call, a result or a piece of media. All of them stay in
``Choice.extra["parts"]``, in order and as they were sent, with two exceptions: texts of one kind
that follow one another are one part that grows, and the arguments of a function call stand in its
``ToolCall`` alone. A signature belongs to the part it came with: such a part is never joined to
another (https://ai.google.dev/gemini-api/docs/thought-signatures).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sseparse.assembly._builder import ChoiceBuilder, Part, TextKind, ToolCallBuilder
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, entries, fields, keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text, dumps
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartStep
from sseparse.assembly.protocols._gemini_partial_args import (
    StreamedArguments,
    parse_path,
    value_of,
)

_OF_TEXT = frozenset(("text", "thought"))
_OF_CALL = frozenset(("id", "name", "args", "partialArgs", "willContinue"))
_CALL = frozenset(("functionCall",))


class OpenCall:
    """A function call whose arguments are still coming."""

    __slots__ = ("arguments", "call", "fields")

    def __init__(self, call: ToolCallBuilder, part: Fields) -> None:
        self.call = call
        self.fields = part
        self.arguments = StreamedArguments()


class PartFold(Protocol):
    """The part of the fold that is about one part."""

    STEPS: ClassVar[dict[str, Callable[[PartFold, ChoiceBuilder, JSONObject, list[Delta]], None]]]
    """What is done with a part, by the key that says what it is; any other is kept as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.open_texts: dict[int, Part] = {}  # by choice: the text that the next one may continue
        self._open_calls: dict[int, OpenCall] = {}

    def fold_part(self, choice: ChoiceBuilder, part: JSONObject, deltas: list[Delta]) -> None:
        """Fold a part into its choice."""
        for key, fold in self.STEPS.items():
            if part.get(key) is not None:
                fold(self, choice, part, deltas)
                return
        if any(value is not None for value in part.values()):
            self._keep_part(choice, part)

    def _keep_part(self, choice: ChoiceBuilder, part: JSONObject) -> Fields:
        """Keep a part that does not grow as a text does; no text goes on behind it."""
        self._close_text(choice)
        said = {k: v for k, v in part.items() if v is not None and (v != "" or k == "text")}
        kept = Fields(said)
        entries(choice.extra, "parts").append(kept)
        return kept

    # Texts

    def _fold_text(self, choice: ChoiceBuilder, part: JSONObject, deltas: list[Delta]) -> None:
        text, thought = part["text"], part.get("thought")
        if not isinstance(text, str) or not isinstance(thought, (bool, type(None))):
            self.bad_shape("a text", "text")
            self._keep_part(choice, part)
            return
        kind: TextKind = "reasoning" if thought else "content"
        alone = any(part[key] for key in part.keys() - _OF_TEXT)
        if not text:
            if kind == "content":
                self.append_text(choice, "content", "", deltas)
            if alone:
                self._keep_part(choice, part)
            return
        known = self.open_texts.get(choice.index)
        if alone or known is None or known.kind != kind:
            known = self._open_text(choice, part, kind)
        self.grow_part(choice, known, text, deltas)
        if alone:
            self._close_text(choice)

    def _open_text(self, choice: ChoiceBuilder, part: JSONObject, kind: TextKind) -> Part:
        kept = self._keep_part(choice, part)
        opened = self.open_texts[choice.index] = self.open_part(choice, kept, kind, "text")
        self.part_step(opened, PartStep.OPEN)
        return opened

    def _close_text(self, choice: ChoiceBuilder) -> None:
        if (part := self.open_texts.pop(choice.index, None)) is not None:
            self.part_step(part, PartStep.CLOSE)

    # The calls that the caller is to make

    def _fold_function_call(
        self, choice: ChoiceBuilder, part: JSONObject, deltas: list[Delta]
    ) -> None:
        function = part["functionCall"]
        if not isinstance(function, dict):
            self.bad_shape("a function call", "object")
            self._keep_part(choice, part)
            return
        id, name = as_text(function.get("id")), as_text(function.get("name"))  # noqa: A001 (the provider's word)
        known = self._open_calls.get(choice.index)
        if known is not None and (name is None or (id is not None and id == known.call.id)):
            self.name_call(choice, known.call, deltas, id=id, name=name)
            keep_unheard_of(part, _CALL, known.fields)
        else:
            if known is not None:
                text = "a function call began before the end of the one before it"
                self.find("part-not-closed", "warning", text, once=True)
                self._close_call(choice, known, deltas)
            if name is None:
                text = "a function call went on that had never begun; it was kept"
                self.find("part-not-opened", "warning", text, once=True)
                if not function:
                    return
            call = self.begin_call(choice, deltas, id=id, name=name)
            known = OpenCall(call, self._keep_part(choice, part))
            known.fields["functionCall"] = Fields()
        inner = fields(known.fields, "functionCall")
        set_last(inner, "id", known.call.id)
        set_last(inner, "name", known.call.name)
        keep_unheard_of(function, _OF_CALL, inner)
        self._fold_arguments(choice, known, function, deltas)

    def _fold_arguments(
        self, choice: ChoiceBuilder, known: OpenCall, function: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold the arguments of a call, whole or in part, and see whether it goes on."""
        for key, shape in (("args", dict), ("partialArgs", list)):
            if (value := function.get(key)) is not None and not isinstance(value, shape):
                self.bad_shape(key, "object" if shape is dict else "list")
        partial, goes_on = as_list(function.get("partialArgs")), function.get("willContinue")
        if choice.index not in self._open_calls and not partial and goes_on is not True:
            if isinstance(args := function.get("args"), dict):
                self.grow_arguments(choice, known.call, args, deltas)
            return
        self._open_calls[choice.index] = known
        for name, value in as_object(function.get("args")).items():
            self._put_whole(choice, known, name, value, deltas)
        for entry in partial:
            self._put(choice, known, entry, deltas)
        if goes_on is not True:
            self._close_call(choice, known, deltas)

    def _put(
        self, choice: ChoiceBuilder, known: OpenCall, entry: JSONValue, deltas: list[Delta]
    ) -> None:
        """Put one partial argument at its place."""
        if not isinstance(entry, dict):
            self.bad_shape("a partial argument", "object")
            return
        goes_on = entry.get("willContinue") is True
        try:
            path, value = parse_path(entry.get("jsonPath")), value_of(entry)
            piece = known.arguments.put(path, value, goes_on=goes_on)
        except ValueError as problem:
            self.find("bad-shape", "warning", f"a partial argument was skipped: {problem}")
        else:
            self.grow_arguments(choice, known.call, piece, deltas)

    def _put_whole(
        self,
        choice: ChoiceBuilder,
        known: OpenCall,
        name: str,
        value: JSONValue,
        deltas: list[Delta],
    ) -> None:
        """Put an argument that came as it is, unless it came in pieces before."""
        if name not in known.arguments.root:
            piece = known.arguments.put([name], value)
            self.grow_arguments(choice, known.call, piece, deltas)
        elif known.arguments.get(name) != value:
            text = "the whole arguments differ from those that were streamed, which stand"
            self.find("arguments-differ", "warning", text, once=True)

    def _close_call(self, choice: ChoiceBuilder, known: OpenCall, deltas: list[Delta]) -> None:
        del self._open_calls[choice.index]
        self.grow_arguments(choice, known.call, known.arguments.close(), deltas)
        self._set_right(known)

    def _set_right(self, known: OpenCall) -> None:
        """Write the arguments anew where what was given out of them is not what they are."""
        if not known.arguments.in_order:
            text = "arguments came out of order: they are not what their pieces make when joined"
            self.find("arguments-out-of-order", "info", text, once=True)
            known.call.arguments[:] = [dumps(known.arguments.whole())]

    def close(self) -> None:
        """Take the end of the stream, also in a call whose pieces make no text."""
        for known in self._open_calls.values():
            self._set_right(known)
        super().close()

    # The calls that the provider makes

    def _fold_code(self, choice: ChoiceBuilder, part: JSONObject, deltas: list[Delta]) -> None:
        self._keep_part(choice, part)
        code = part["executableCode"]
        if not isinstance(code, dict):
            self.bad_shape("executable code", "object")
            return
        call = self.begin_call(
            choice, deltas, id=code.get("id"), type="executableCode", server=True
        )
        arguments = {key: value for key, value in code.items() if key != "id"}
        self.grow_arguments(choice, call, arguments, deltas)

    def _fold_tool_call(self, choice: ChoiceBuilder, part: JSONObject, deltas: list[Delta]) -> None:
        self._keep_part(choice, part)
        tool = part["toolCall"]
        if not isinstance(tool, dict):
            self.bad_shape("a tool call", "object")
            return
        id, name = tool.get("id"), tool.get("toolType")  # noqa: A001 (the provider's word)
        call = self.begin_call(choice, deltas, id=id, name=name, type="toolCall", server=True)
        self.grow_arguments(choice, call, tool.get("args"), deltas)


PartFold.STEPS = {
    "functionCall": PartFold._fold_function_call,
    "executableCode": PartFold._fold_code,
    "toolCall": PartFold._fold_tool_call,
    "text": PartFold._fold_text,
}
