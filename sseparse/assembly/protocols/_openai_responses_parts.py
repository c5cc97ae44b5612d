"""The parts of the output items of a response: texts that grow, and are whole in the end.

What an event says as a whole (a ``done`` event, a ``done`` item, the final output) is right where
it differs from the pieces, and a finding says so; it is news only where no pieces came. Absent,
null and ``""`` override nothing.

A reasoning item can have its text and a summary of it, which say the same twice. The one that
speaks first is ``Choice.reasoning``; the other one stands in the item alone.
"""

from __future__ import annotations

from bisect import bisect_right

from sseparse.assembly._builder import ChoiceBuilder, Part, known_index
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Entries, Fields, entries
from sseparse.assembly._json import JSONObject, JSONValue, as_text, dumps, whole
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartState
from sseparse.assembly.protocols._openai_responses_calls import REASONING, TEXTS, Call, Text


class PartList:
    """The parts that an item lists under one name, in the order of their indices."""

    __slots__ = ("_indices", "entries", "parts")

    def __init__(self, listed: Entries) -> None:
        self.entries = listed
        self.parts: dict[int, Part] = {}
        self._indices: list[int] = []

    def insert(self, index: int, part: Part) -> None:
        """Put a part in its place."""
        place = bisect_right(self._indices, index)
        self._indices.insert(place, index)
        self.entries.insert(place, part.fields)
        self.parts[index] = part

    def at(self, place: int) -> Part | None:
        """Return the part in this place, whatever its index is."""
        return self.parts[self._indices[place]] if place < len(self._indices) else None

    @property
    def next_index(self) -> int:
        """The index behind all others."""
        return self._indices[-1] + 1 if self._indices else 0


class OutputItem(Part):
    """An item as far as it has come. Its own pieces are none: its parts have them, or its call."""

    __slots__ = ("lists", "spec", "type", "voice")

    def __init__(self) -> None:
        super().__init__(Fields())
        self.lists: dict[str, PartList] = {}
        self.type: str | None = None  # what it is, set first
        self.spec: Call | None = None
        self.voice: str | None = None  # the list whose texts are the reasoning of the choice

    def list(self, name: str) -> PartList:
        """Return the parts listed under a name."""
        found = self.lists.get(name)
        if found is None:
            found = self.lists[name] = PartList(entries(self.fields, name))
        return found

    def set_type(self, sent: JSONObject) -> str | None:
        """Set and return the type of the item that was sent, if it says one."""
        self.type = as_text(sent.get("type"))
        if self.type is not None:
            self.fields["type"] = self.type
        return self.type


class PartFold(Protocol):
    """The part of the fold that is about the parts of items."""

    def answer(self) -> ChoiceBuilder:
        """Return the one choice that a response has."""
        choice = self.choices.get(0)
        if choice is None:
            choice = self.choice()
            choice.reasoning_separator = "\n\n"
        return choice

    def completion(self) -> Completion:
        """Return the completion as far as it has come."""
        if choice := self.choices.get(0):
            # Both stand in their parts, where a later event may have corrected them.
            choice.annotations = _all_of(choice.parts, "annotations")
            logprobs = _all_of(choice.parts, "logprobs")
            choice.logprobs = {"content": logprobs} if logprobs else None
        return super().completion()

    def need_part(self, item: OutputItem, text: Text, event: JSONObject) -> Part:
        """Return the part of a text that an event belongs to, a new one if need be."""
        index = known_index(event.get(text.index_key), 0)
        listed = item.list(text.list)
        part = listed.parts.get(index)
        if part is not None and part.fields.get("type") == text.type:
            return part
        if part is not None or text is REASONING:
            # Another part has this index; or vLLM, which has counted content_index up with every
            # piece of one text.
            for known in reversed(listed.parts.values()):
                if known.fields.get("type") == text.type:
                    return known
            index = index if part is None else listed.next_index
        return self.new_part(item, text.list, index, text.type)

    def new_part(self, item: OutputItem, name: str, index: int, kind: str | None) -> Part:
        """Add a part to an item and to the choice."""
        fields = Fields({"type": kind} if kind else {})
        text = TEXTS.get(kind or "")
        if text is None:
            part = self.open_part(self.answer(), fields)
        else:
            silent = text.kind == "reasoning" and item.voice not in (None, name)
            part = self.open_part(self.answer(), fields, None if silent else text.kind, text.key)
        item.list(name).insert(index, part)
        return part

    def overlay_part(
        self, item: OutputItem, name: str, part: Part, sent: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold a whole part into the one that is known."""
        kind = as_text(part.fields.get("type"))
        if as_text(sent.get("type")) not in (None, kind):
            self.differ(f"a part is {sent['type']!r} that was {kind!r}; the first one was kept")
            return
        text = TEXTS.get(kind or "")
        for key, value in sent.items():
            if text is not None and key == text.key:
                self.settle_text(item, name, part, value, deltas)
            elif key in ("annotations", "logprobs") and value is not None:
                if not isinstance(value, list):
                    self.bad_shape(key, "list")
                elif key == "logprobs":
                    settle_logprobs(part, value)
                else:
                    self._settle_annotations(part, value, deltas)
            else:
                overlay(part.fields, key, value)

    def grow_text(
        self, item: OutputItem, name: str, part: Part, piece: JSONValue, deltas: list[Delta]
    ) -> None:
        """Append a piece to the text of a part."""
        if part.kind == "reasoning" and item.voice is None and as_text(piece):
            item.voice = name
            for other in item.lists.keys() - {name}:
                for silent in item.lists[other].parts.values():
                    if silent.kind == "reasoning":
                        silent.kind = None
        self.grow_part(self.answer(), part, piece, deltas)

    def settle_text(
        self, item: OutputItem, name: str, part: Part, value: JSONValue, deltas: list[Delta]
    ) -> None:
        """Take the text of a part as a whole."""
        if not isinstance(value, str) or not value:
            self.grow_text(item, name, part, value, deltas)
            return
        streamed = "".join(part.pieces.texts)
        if value == streamed or whole(value) == whole(streamed):
            part.pieces[:] = [value]  # one piece from now on: it will be compared again
        elif not value.startswith(streamed):
            self.differ("a text as a whole differs from its pieces; the whole stands")
            part.pieces[:] = [value]
        else:
            if streamed:
                self.differ("a text as a whole is longer than its pieces; the whole stands")
            before, part.state = part.state, PartState.OPEN  # what was missing is no late piece
            self.grow_text(item, name, part, value[len(streamed) :], deltas)
            part.state = before

    def _settle_annotations(self, part: Part, value: list[JSONValue], deltas: list[Delta]) -> None:
        known = entries(part.fields, "annotations")
        for annotation in value[len(known) :]:
            self.cite(self.answer(), annotation, deltas)
        if value:
            if dumps(value[: len(known)]) != dumps(list(known)):
                self.differ("a part as a whole has other annotations than came; those of it stand")
            known[:] = value

    def differ(self, message: str) -> None:
        """Note that a whole is another than what came before."""
        self.find("message-differs", "warning", message)


def overlay(target: Fields, key: str, value: JSONValue) -> None:
    """Keep a value as last sent, unless it says nothing and another one did."""
    if value is None or value == "":
        target.setdefault(key, value)
    else:
        target[key] = value


def settle_logprobs(part: Part, value: list[JSONValue]) -> None:
    """Take the log probabilities of a part as a whole: they have more fields than the pieces."""
    known = entries(part.fields, "logprobs")
    if value:
        known[:] = value


def _all_of(parts: list[Part], key: str) -> list[JSONValue]:
    """Return the entries that all parts have under a key."""
    found: list[JSONValue] = []
    for part in parts:
        listed = part.fields.get(key)
        if isinstance(listed, Entries):
            found += listed
    return found
