"""Differences between the events of two streams.

The events are laid side by side as ``diff`` does it with lines: equal ones in order, what stands
between them against each other. Of two events that stand so, the JSON is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

import attrs

from sseparse._events import Comment, ServerSentEvent, UnknownField
from sseparse.assembly import Completion, JSONObject, JSONValue
from sseparse.inspect._diff._differences import ABSENT, Difference, differences
from sseparse.inspect._diff._ignore import Ignore
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead, walk

MOST_COMPARISONS = 4_000_000
"""Pairs of events that are looked at for the best way to lay them side by side: two seconds. Of
streams that differ by more than that, the n-th event stands against the n-th."""


@attrs.frozen
class _Event:
    """An event, less what is ignored."""

    number: int
    offset: int
    type: str
    data: JSONValue
    is_json: bool
    rest: JSONObject
    key: str

    def value(self) -> JSONObject:
        return {"event": self.type, "data": self.data, **self.rest}


class _EventsFold:
    def __init__(self, ignore: Ignore) -> None:
        self.events: list[_Event] = []
        self._ignore = ignore

    def read(self, read: SeenRead) -> None:
        pass

    def item(self, item: SeenItem) -> None:
        if isinstance(item.item, Comment):
            return  # keep-alives: when they come is the network's affair
        data, is_json = self._data(item.item)
        rest = self._rest(item.item, item.unfinished)
        canonical = json.dumps(data, sort_keys=True) if is_json else data
        key = f"{item.type}\0{canonical}\0{json.dumps(rest)}"
        self.events.append(_Event(item.number, item.offset, item.type, data, is_json, rest, key))

    def _data(self, item: ServerSentEvent | UnknownField) -> tuple[JSONValue, bool]:
        text = item.value if isinstance(item, UnknownField) else item.data
        try:
            return self._ignore.strip(json.loads(text)), True
        except (ValueError, RecursionError):
            return text, False

    def _rest(self, item: ServerSentEvent | UnknownField, unfinished: bool) -> JSONObject:
        """Return what else there is of an event, under the names that a difference is told by."""
        if isinstance(item, UnknownField):
            return {}
        fields: JSONObject = {}
        for name, value in (("id", item.id), ("retry", item.retry)):
            if value is not None and not self._ignore.ignores(name, f"event.{name}"):
                fields[f"event.{name}"] = value
        return {**fields, "unfinished": True} if unfinished else fields

    def end(self, completion: Completion) -> None:
        pass


def event_differences(a: Recorded, b: Recorded, ignore: Ignore) -> Iterator[Difference]:
    """Yield where the events of two recordings differ."""
    folds = _EventsFold(ignore), _EventsFold(ignore)
    for recording, fold in zip((a, b), folds, strict=True):
        walk(recording, fold)
    for one, other in _side_by_side(folds[0].events, folds[1].events):
        yield from _pair(one, other)


def _side_by_side(
    a: list[_Event], b: list[_Event]
) -> Iterator[tuple[_Event | None, _Event | None]]:
    """Yield what stands against each other, and is not equal."""
    start = _common(a, b)
    tail = _common(a[start:][::-1], b[start:][::-1])
    a, b = a[start : len(a) - tail], b[start : len(b) - tail]
    if len(a) * len(b) > MOST_COMPARISONS:
        yield from zip_longest(a, b)
        return
    keys = [event.key for event in a], [event.key for event in b]
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    for kind, a_start, a_end, b_start, b_end in matcher.get_opcodes():
        if kind != "equal":
            yield from zip_longest(a[a_start:a_end], b[b_start:b_end])


def _common(a: list[_Event], b: list[_Event]) -> int:
    """Return how many events both begin with."""
    count = 0
    for one, other in zip(a, b, strict=False):
        if one.key != other.key:
            break
        count += 1
    return count


def _pair(one: _Event | None, other: _Event | None) -> Iterator[Difference]:
    for found in _contents(one, other):
        yield attrs.evolve(
            found,
            event_a=None if one is None else one.number,
            event_b=None if other is None else other.number,
            offset_a=None if one is None else one.offset,
            offset_b=None if other is None else other.offset,
        )


def _contents(one: _Event | None, other: _Event | None) -> Iterator[Difference]:
    if one is None or other is None:
        yield Difference("", one.value() if one else ABSENT, other.value() if other else ABSENT)
        return
    if one.type != other.type:
        yield Difference("event", one.type, other.type)
    for name in dict.fromkeys([*one.rest, *other.rest]):
        if one.rest.get(name) != other.rest.get(name):
            yield Difference(name, one.rest.get(name, ABSENT), other.rest.get(name, ABSENT))
    if one.is_json and other.is_json:
        for found in differences(one.data, other.data):
            yield attrs.evolve(found, path=found.path or "data")
    elif one.data != other.data or one.is_json != other.is_json:
        yield Difference("data", one.data, other.data)
