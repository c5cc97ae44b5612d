"""The output items of a response: how they open, grow, and become what they are in the end.

An item is found by its ``output_index``, never by its id where there is an index: GitHub Copilot
sends another id with every event. Where there is none (llama.cpp), the id is all there is; where
that is unknown, the last item of the type that the event is about.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from sseparse.assembly._builder import ToolCallBuilder, known_index
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Entries, entries
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_index,
    as_object,
    as_text,
    dumps,
    whole,
)
from sseparse.assembly._states import PartState, PartStep
from sseparse.assembly.protocols._openai_responses_calls import (
    CALLS,
    OTHERS,
    OUTPUT_TEXT,
    REASONING,
    TEXTS,
    made_by_server,
)
from sseparse.assembly.protocols._openai_responses_parts import OutputItem, PartFold, overlay

_SET_FIRST = frozenset(("type", "call_id", "name"))


class OutputFold(PartFold):
    """The part of the fold that is about output items."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[OutputItem] = []
        self._indices: list[int] = []  # of the items: output_index, or what would be it
        self._by_index: dict[int, OutputItem] = {}
        self._by_id: dict[str, OutputItem] = {}
        self._last: dict[str, OutputItem] = {}  # the last item of a type

    # Which item, which part

    def find_item(self, event: JSONObject, kind: str) -> OutputItem | None:
        """Return the item that an event about an item of this type belongs to, if it is known."""
        index = as_index(event.get("output_index"))
        if index is not None:
            return self._by_index.get(index)
        id = as_text(event.get("item_id"))  # noqa: A001 (the providers' word)
        found = self._by_id.get(id) if id else None
        return found or self._last.get(kind)

    def need_item(self, event: JSONObject, kind: str, deltas: list[Delta]) -> OutputItem:
        """Return the item of an event, a new one, never opened, if it is not known."""
        item = self.find_item(event, kind)
        if item is None:
            sent: JSONObject = {"type": kind}
            if id := as_text(event.get("item_id")):  # noqa: A001 (as above)
                sent["id"] = id
            item = self._new_item(event, sent, deltas)
        return item

    def _new_item(self, event: JSONObject, sent: JSONObject, deltas: list[Delta]) -> OutputItem:
        """Add an item to the output; its call, if it is one, begins."""
        after_all = self._indices[-1] + 1 if self._indices else 0
        index = known_index(event.get("output_index"), after_all)
        item = OutputItem()
        place = bisect_right(self._indices, index)
        self._indices.insert(place, index)
        self.items.insert(place, item)
        entries(self.extra, "output").insert(place, item.fields)
        self._by_index[index] = item
        if id := as_text(sent.get("id")):  # noqa: A001 (as above)
            item.fields["id"] = id
        self.answer()
        kind = item.set_type(sent)
        if kind is None:
            return item
        self._last[kind] = item
        if kind in CALLS:
            self.need_call(item, kind, sent, deltas)
        elif kind not in OTHERS:
            message = f"{kind!r} is no item known here; it was kept in extra['output']"
            self.find("unknown-item", "info", message, once=True)
        return item

    def need_call(
        self, item: OutputItem, kind: str, sent: JSONObject, deltas: list[Delta]
    ) -> ToolCallBuilder:
        """Return the call that an item is; it begins if need be."""
        server = item.call.server if item.call else made_by_server(kind, sent)
        id = sent.get("id") if server else sent.get("call_id")  # noqa: A001 (as above)
        if item.call is None:
            item.spec = CALLS[kind]
            item.call = self.begin_call(
                self.answer(), deltas, id=id, name=sent.get("name"), type=item.spec.type,
                server=server,
            )  # fmt: skip
        else:
            self.name_call(self.answer(), item.call, deltas, id=id, name=sent.get("name"))
        return item.call

    # Whole items

    def fold_item(
        self, event: JSONObject, step: PartStep, about: None, deltas: list[Delta]
    ) -> None:
        """Fold in an item that was added, or that is done."""
        sent = event.get("item")
        if not isinstance(sent, dict):
            self.bad_shape("an output item", "object")
            return
        item = self._item_of(event, sent, step)
        if item is not None and not _is_same(item, sent, step):
            if "output_index" in event:
                message = "another item came under an output_index that was in use; both were kept"
                self.find("output-index-reused", "warning", message, once=True)
            item = None
        if item is None:
            item = self._new_item(event, sent, deltas)
        if step is PartStep.OPEN:
            self.part_step(item, step)
        self.overlay_item(item, sent, step, deltas)
        if step is PartStep.CLOSE:
            self.part_step(item, step)

    def _item_of(self, event: JSONObject, sent: JSONObject, step: PartStep) -> OutputItem | None:
        if as_index(event.get("output_index")) is None:
            for key in ("id", "call_id"):
                id = as_text(sent.get(key))  # noqa: A001 (as above)
                if id and id in self._by_id:
                    return self._by_id[id]
            if step is PartStep.OPEN:
                return None
        return self.find_item(event, as_text(sent.get("type")) or "")

    def fold_output(self, output: list[JSONValue], deltas: list[Delta]) -> None:
        """Fold in the output of a whole response, item by item."""
        final = [sent for sent in output if isinstance(sent, dict)]
        if len(final) != len(output):
            self.bad_shape("an output item", "object")
        streamed = list(self.items)
        pairs = self._pairs(final)
        for sent, item in zip(final, pairs, strict=True):
            if item is None:
                item = self._new_item({}, sent, deltas)
                if streamed:
                    self.differ("the final output has an item that was not streamed")
            self.overlay_item(item, sent, PartStep.CLOSE, deltas)
            item.state = PartState.CLOSED
        if len([item for item in pairs if item is not None]) < len(streamed):
            self.differ("the final output lacks an item that was streamed, and was kept")

    def _pairs(self, final: list[JSONObject]) -> list[OutputItem | None]:
        """Return for each item of a final output the one that was streamed, if there is one.

        The same id makes the same item. Where ids say nothing (GitHub Copilot sends others each
        time), of each type the first is the first; but no call is another call's.
        """
        named: dict[tuple[str | None, str], deque[OutputItem]] = {}
        for item in self.items:
            for name in _ids(item.fields):
                named.setdefault((item.type, name), deque()).append(item)
        used: set[OutputItem] = set()
        pairs: list[OutputItem | None] = []
        for sent in final:
            kind = as_text(sent.get("type"))
            queues = (named.get((kind, name), deque()) for name in _ids(sent))
            pairs.append(next(filter(None, (_take(queue, used) for queue in queues)), None))
        waiting: dict[tuple[str | None, bool], deque[OutputItem]] = {}
        for item in self.items:
            has_call_id = bool(item.fields.get("call_id"))
            waiting.setdefault((item.type, has_call_id), deque()).append(item)
        for place, sent in enumerate(final):
            kind = as_text(sent.get("type"))
            for has_call_id in (False,) if sent.get("call_id") else (False, True):
                if pairs[place] is None:
                    pairs[place] = _take(waiting.get((kind, has_call_id), deque()), used)
        return pairs

    def overlay_item(
        self, item: OutputItem, sent: JSONObject, step: PartStep, deltas: list[Delta]
    ) -> None:
        """Fold a whole item into the one that is known."""
        choice = self.answer()
        kind = item.type or item.set_type(sent)
        if kind in CALLS:
            self.need_call(item, kind, sent, deltas)
        if kind == "message":
            choice.role = choice.role or as_text(sent.get("role"))
        for key in ("id", "call_id"):
            if id := as_text(sent.get(key)):  # noqa: A001 (as above)
                self._by_id[id] = item
        spec = item.spec
        has_parts = kind in ("message", "reasoning")
        if "summary" in sent and "content" in sent:  # it would speak first if it came first
            sent = {"summary": sent["summary"], **sent}
        for key, value in sent.items():
            if has_parts and key in ("content", "summary") and value is not None:
                self._overlay_parts(item, key, value, deltas)
            elif spec is not None and spec.key == key:
                if spec.streams or step is PartStep.CLOSE:
                    self.settle_arguments(item, value, deltas)
                if not spec.streams:
                    overlay(item.fields, key, value)
            elif key not in _SET_FIRST or not item.fields.get(key):
                overlay(item.fields, key, value)
        if spec is not None and sent.get("result"):
            drop_partial_image(item)

    def _overlay_parts(
        self, item: OutputItem, name: str, value: JSONValue, deltas: list[Delta]
    ) -> None:
        if not isinstance(value, list):
            self.bad_shape(f"the {name} of an item", "list")
            return
        listed = item.list(name)
        for place, sent in enumerate(value):
            if not isinstance(sent, dict):
                self.bad_shape("a part", "object")
                continue
            part = listed.at(place)
            if part is None:
                index = listed.next_index
                part = self.new_part(item, name, index, as_text(sent.get("type")))
                self.part_step(part, PartStep.OPEN)
            self.overlay_part(item, name, part, sent, deltas)

    # Parts

    def fold_part(self, event: JSONObject, step: PartStep, name: str, deltas: list[Delta]) -> None:
        """Fold in a part that was added, or that is done."""
        sent = event.get("part")
        if not isinstance(sent, dict):
            self.bad_shape("a part", "object")
            return
        kind = as_text(sent.get("type"))
        text = TEXTS.get(kind or "", REASONING if name == "summary" else OUTPUT_TEXT)
        item = self.need_item(event, text.item, deltas)
        index = known_index(event.get(f"{name}_index"), 0)
        part = item.list(name).parts.get(index) or self.new_part(item, name, index, kind)
        if step is PartStep.OPEN:
            self.part_step(part, step)
        self.overlay_part(item, name, part, sent, deltas)
        if step is PartStep.CLOSE:
            self.part_step(part, step)

    # Arguments

    def settle_arguments(self, item: OutputItem, value: JSONValue, deltas: list[Delta]) -> None:
        """Take the arguments of a call as a whole."""
        call = item.call
        if call is None or value is None or value == "":
            return
        text = value if isinstance(value, str) else dumps(value)
        streamed = "".join(call.arguments)
        if text == streamed or whole(text) == whole(streamed):
            call.arguments[:] = [text]
        elif not text.startswith(streamed):
            self.differ("the arguments as a whole differ from their pieces; the whole stands")
            call.arguments[:] = [text]
        else:
            if streamed:
                self.differ("the arguments as a whole are longer than their pieces")
            self.grow_arguments(self.answer(), call, text[len(streamed) :], deltas)


def _is_same(item: OutputItem, sent: JSONObject, step: PartStep) -> bool:
    """Return whether an item that was sent under a known index is the known one."""
    keys = ["type", "call_id"]
    if step is PartStep.OPEN:
        keys.append("id")
    for key in keys:
        known, told = as_text(item.fields.get(key)), as_text(sent.get(key))
        if known and told and known != told:
            return False
    return True


def drop_partial_image(item: OutputItem) -> None:
    """Drop the data of the last partial image; its trace remains."""
    partial = item.call and item.call.extra.get("partial_images")
    if isinstance(partial, Entries):
        for kept in partial[-1:]:
            as_object(kept).pop("partial_image_b64", None)


def _ids(item: JSONObject) -> list[str]:
    return [id for key in ("call_id", "id") if (id := as_text(item.get(key)))]  # noqa: A001 (as above)


def _take(queue: deque[OutputItem], used: set[OutputItem]) -> OutputItem | None:
    """Return the first item of a queue that is not used, which it is now."""
    while queue:
        if (item := queue.popleft()) not in used:
            used.add(item)
            return item
    return None
