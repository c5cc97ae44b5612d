"""The messages of a run, and what they have in common with its steps.

Both come whole when they begin, then in deltas by index, then whole again when they end. What the
deltas said is not taken twice: the last whole object fills in what never came, and is held against
what did.
"""

from __future__ import annotations

from collections.abc import Reversible

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, Part, TextKind, known_index
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, entries, keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_object, as_text, join
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartState, PartStep

_TEXTS: dict[str, TextKind] = {"text": "content", "refusal": "refusal"}
_OF_EVENT = frozenset(("id", "object", "delta", "content", "step_details"))
_OF_DELTA = frozenset(("role", "content", "step_details"))
_OF_TEXT = frozenset(("value", "annotations"))


class Block:
    """A content block of a message.

    Attributes:
        kind: its type, as sent.
        fields: the block as OpenAI has it.
        text: the object that its text and annotations are in.
        part: its text, or None if it is no text.
        annotations: where each stands, by index: in the block, and in the choice.
    """

    __slots__ = ("annotations", "fields", "kind", "part", "text")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.fields = Fields(type=kind)
        self.text = Fields()
        self.part: Part | None = None
        self.annotations: dict[int, tuple[int, int]] = {}


class Whole(Part):
    """A message: its fields, and its content blocks by index."""

    __slots__ = ("blocks",)

    def __init__(self) -> None:
        super().__init__(Fields())
        self.blocks: dict[int, Block] = {}


class Messages(Protocol):
    """The part of the fold that is about messages."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[str, Whole] = {}

    # What messages and steps have in common

    def key_of(self, id: JSONValue, known: Reversible[str]) -> str:  # noqa: A002 (OpenAI's word)
        """Return the key of a message or step: its id; without one it is the last."""
        return as_text(id) or next(reversed(known), "")

    def keep(self, kind: str, key: str, whole: Part) -> None:
        """Keep a new message or step in ``extra``."""
        if key:
            whole.fields["id"] = key
        entries(self.extra, kind).append(whole.fields)

    def take_whole(self, whole: Part, sent: JSONObject, parts: str) -> bool:
        """Take the fields of a whole object but its parts; return whether it is at its end."""
        self.set_first("id", sent.get("run_id"))
        whole.fields.update({k: v for k, v in sent.items() if k not in ("id", parts)})
        at_end = sent.get("status") != "in_progress"
        if whole.state is PartState.ABSENT or (whole.state is PartState.CLOSED and not at_end):
            self.part_step(whole, PartStep.OPEN)
        if at_end:
            self.part_step(whole, PartStep.CLOSE)
        return at_end

    def take_delta(self, whole: Part, payload: JSONObject) -> JSONObject:
        """Take what a delta says beside the parts, and return it."""
        self.part_step(whole, PartStep.GROW)
        delta = payload.get("delta")
        if delta is not None and not isinstance(delta, dict):
            self.bad_shape("a delta", "object")
        keep_unheard_of(payload, _OF_EVENT, whole.fields)
        keep_unheard_of(as_object(delta), _OF_DELTA, whole.fields)
        return as_object(delta)

    def objects(self, what: str, value: JSONValue) -> list[JSONObject]:
        """Return the objects in a value that may be one, a list of them or null."""
        if value is None:
            return []
        found = value if isinstance(value, list) else [value]
        objects = [entry for entry in found if isinstance(entry, dict)]
        if len(objects) != len(found):
            self.bad_shape(what, "object")
        return objects

    def compare(self, what: str, streamed: list[str], whole: JSONValue) -> None:
        """Hold what was streamed against the whole text that comes at the end."""
        if isinstance(whole, str) and join(streamed) != join([whole]):
            text = f"{what} as it came in the end differs from what was streamed, which stands"
            self.find("message-differs", "warning", text)

    # Messages

    def fold_message(
        self, event: ServerSentEvent, message: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold a whole message in."""
        choice = self.choice()
        whole = self._message(message.get("id"))
        choice.role = choice.role or as_text(message.get("role"))
        blocks = self.objects("a content", message.get("content"))
        if self.take_whole(whole, message, "content"):
            for place, sent in enumerate(blocks):
                block = self._block(choice, whole, place, sent)
                self._complete(choice, block, sent, deltas)

    def fold_message_delta(
        self, event: ServerSentEvent, payload: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold the delta of a message in."""
        choice = self.choice()
        whole = self._message(payload.get("id"))
        delta = self.take_delta(whole, payload)
        if role := as_text(delta.get("role")):
            choice.role = choice.role or role
            whole.fields.setdefault("role", role)
        for place, sent in enumerate(self.objects("a content", delta.get("content"))):
            index = known_index(sent.get("index"), place)
            self._grow(choice, self._block(choice, whole, index, sent), sent, deltas)

    def _message(self, id: JSONValue) -> Whole:  # noqa: A002 (OpenAI's word)
        key = self.key_of(id, self._messages)
        whole = self._messages.get(key)
        if whole is None:
            whole = self._messages[key] = Whole()
            self.keep("messages", key, whole)
            entries(whole.fields, "content")
        return whole

    def _block(self, choice: ChoiceBuilder, whole: Whole, index: int, sent: JSONObject) -> Block:
        """Return the content block of this index; one of another type is another block."""
        kind = as_text(sent.get("type")) or next((key for key in _TEXTS if key in sent), None)
        block = whole.blocks.get(index)
        if block is not None and kind in (None, block.kind):
            return block
        block = whole.blocks[index] = Block(kind or "text")
        entries(whole.fields, "content").append(block.fields)
        if block.kind == "text":
            block.fields["text"] = block.text
            entries(block.text, "annotations")
            block.part = self.open_part(choice, block.text, "content", "value")
        elif block.kind == "refusal":
            block.part = self.open_part(choice, block.fields, "refusal", "refusal")
        if block.part is not None:
            self.part_step(block.part, PartStep.OPEN)
        return block

    def _take_text(self, block: Block, sent: JSONObject) -> tuple[JSONValue, list[JSONObject]]:
        """Return the text in a piece of a block and its annotations; take what else there is."""
        known = ("index", "type") if block.part is None else ("index", "type", block.kind)
        keep_unheard_of(sent, frozenset(known), block.fields)
        value = sent.get(block.kind)
        if block.kind != "text" or value is None:
            return value, []
        if not isinstance(value, dict):
            self.bad_shape("a text", "object")
            return None, []
        keep_unheard_of(value, _OF_TEXT, block.text)
        return value.get("value"), self.objects("an annotation", value.get("annotations"))

    def _grow(
        self, choice: ChoiceBuilder, block: Block, sent: JSONObject, deltas: list[Delta]
    ) -> None:
        """Take a piece of a block."""
        value, annotations = self._take_text(block, sent)
        if block.part is not None:
            self.grow_part(choice, block.part, value, deltas)
        for annotation in annotations:
            index = as_index(annotation.get("index"))
            if index is None:
                index = max(block.annotations, default=-1) + 1
            self._annotate(choice, block, index, annotation, deltas)

    def _complete(
        self, choice: ChoiceBuilder, block: Block, sent: JSONObject, deltas: list[Delta]
    ) -> None:
        """Take from a whole block what its deltas did not say, and compare what they did."""
        value, annotations = self._take_text(block, sent)
        if block.part is not None:
            if any(block.part.pieces):
                self.compare("a message", block.part.pieces.texts, value)
            else:
                self.grow_part(choice, block.part, value, deltas)
        for place, annotation in enumerate(annotations):
            if place not in block.annotations:
                self._annotate(choice, block, place, annotation, deltas)

    def _annotate(
        self,
        choice: ChoiceBuilder,
        block: Block,
        index: int,
        piece: JSONObject,
        deltas: list[Delta],
    ) -> None:
        """Add an annotation, or a piece to one: then it is a new object, as a snapshot has it."""
        own = entries(block.text, "annotations")
        annotation = {key: value for key, value in piece.items() if key != "index"}
        if index not in block.annotations:
            block.annotations[index] = len(own), len(choice.annotations)
            own.append(annotation)
            self.cite(choice, annotation, deltas)
            return
        self.grew(choice)
        here, there = block.annotations[index]
        merged = dict(as_object(own[here]))
        for key, value in annotation.items():
            inner = {**as_object(merged.get(key))}
            for name, entry in as_object(value).items():
                set_last(inner, name, entry)
            set_last(merged, key, inner if isinstance(value, dict) else value)
        own[here] = choice.annotations[there] = merged
