"""Streams with one thing broken, or cut anywhere: nothing is raised, nothing before it is lost."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from chunks import check, event, paths
from hypothesis import settings
from streams import BY_TURNS, EVERY, HAND_MADE, Stream, data_of, name_of, replaces

from sseparse import Assembler, Choice, Completion, ServerSentEvent, State, assemble
from sseparse._events import Item
from sseparse.assembly._json import JSONValue

TIMES = max(1, settings().max_examples // 100)
"""How many times more is tried than in a fast run."""


def losses(before: Completion, after: Completion) -> list[str]:
    """Return what a part of a stream gave that the whole of it did not."""
    lost = [
        name
        for name in ("id", "model", "created")
        if getattr(before, name) not in (None, getattr(after, name))
    ]
    pairs = [
        (f"extra.{key}", before.extra.get(key), after.extra.get(key))
        for key in ("text", "events")
        if before.protocol == "unknown"
    ]
    later = {choice.index: choice for choice in after.choices}
    for choice in before.choices:
        other = later.get(choice.index, Choice())
        pairs += [
            (name, getattr(choice, name), getattr(other, name))
            for name in ("content", "reasoning", "refusal", "annotations")
        ]
        if choice.role not in (None, other.role):
            lost.append("role")
        for kind in ("tool_calls", "server_tool_calls"):
            calls, others = getattr(choice, kind), getattr(other, kind)
            if len(calls) > len(others):
                lost.append(kind)
            for one, two in zip(calls, others, strict=False):
                pairs.append((f"{kind}.arguments", one.arguments, two.arguments))
                if one.id not in (None, two.id) or one.name not in (None, two.name):
                    lost.append(f"{kind}.id or name")
    goes_on = grows_by_turns if after.protocol in BY_TURNS else begins
    return [*lost, *(name for name, one, two in pairs if not goes_on(two, one))]


def untold(before: Completion, after: Completion) -> list[str]:
    """Return the losses that no finding tells of."""
    told = {name for finding in after.findings for name in replaces(after, finding)}
    return [name for name in losses(before, after) if name not in told]


def begins(value: Any, start: Any) -> bool:
    """Return whether a text or list begins with another one; anything begins with None."""
    if isinstance(start, str):  # (half a character may have become a whole one)
        return isinstance(value, str) and value.startswith(start.rstrip("\ufffd"))
    return start is None or value[: len(start)] == start


def grows_by_turns(value: Any, start: Any) -> bool:
    """Return whether a text has all of another one in order, whatever stands between."""
    if not (isinstance(value, str) and isinstance(start, str)):
        return begins(value, start)
    rest = iter(value)
    return all(character in rest for character in start.rstrip("\ufffd"))


SPELLED = {
    "nested": "[" * 300 + "]" * 300,
    "nested too deeply": '{"a":' * 5000 + "1" + "}" * 5000,
    "many digits": "9" * 5000,
    "beyond all numbers": "1e999",
}
"""JSON that can only be spelled."""
RETYPED: list[Any] = [
    *(None, True, 0, -7, 2**70, 1.5, float("nan"), "", "text", "\ud800"),
    *([], {}, [None], ["text"], [[]], {"text": "t"}, {"index": None}, *SPELLED),
]


def damage_value(data: str, chance: random.Random) -> str:
    """Return JSON with one value somewhere in it removed or made another."""
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError):  # (broken before)
        return data
    places = list(paths(payload))
    if not places:
        return json.dumps(chance.choice(RETYPED))
    *way, last = chance.choice(places)
    target = payload
    for key in way:
        target = target[key]
    if chance.random() < 0.3:
        del target[last]
    else:
        target[last] = chance.choice(RETYPED)
    broken = json.dumps(payload)
    for name, spelled in SPELLED.items():
        broken = broken.replace(f'"{name}"', spelled)
    return broken


def damage(items: list[Item], chance: random.Random) -> tuple[list[Item], int]:
    """Return the items with one thing broken, and how many of them come before it."""
    at = chance.randrange(len(items))
    before, item, after = items[:at], items[at], items[at + 1 :]
    kind = chance.choice(["drop", "repeat", "swap", "cut", "end", "value", "value", "value"])
    if kind == "drop":
        return [*before, *after], at
    if kind == "repeat":
        return [*before, item, item, *after], at
    if kind == "swap":
        return [*before, *after[:1], item, *after[1:]], at
    if kind == "end":
        return before, at
    if isinstance(item, ServerSentEvent):
        data = item.data
        broken = data[: chance.randrange(len(data) + 1)] if kind == "cut" else ""
        item = ServerSentEvent(broken if kind == "cut" else damage_value(data, chance), item.event)
    return [*before, item, *after], at


def check_damaged(stream: Stream, seed: int) -> None:
    damaged, at = damage(stream.items, random.Random(seed))
    for name in {None, stream.protocol, "unknown"}:
        assembler = Assembler(name)
        for item in damaged[:at]:
            assembler.feed(item)
        before = assembler.snapshot
        for item in damaged[at:]:
            assembler.feed(item)
        assert assembler.state in State
        completion = assembler.close()
        check(completion)
        if before.protocol == completion.protocol:
            assert not untold(before, completion)


def check_ruined(stream: Stream, seed: int) -> None:
    items, chance = stream.items, random.Random(seed)
    for _ in range(chance.randint(2, 8)):
        items = damage(items, chance)[0] or stream.items
    for name in {None, stream.protocol}:
        check(assemble(items, name))


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_a_damaged_stream_raises_nothing_and_loses_nothing_that_came_before(
    stream: Stream,
) -> None:
    for seed in range(TIMES * (30 if stream in HAND_MADE else 10)):
        check_damaged(stream, seed)


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_a_stream_damaged_in_many_places_raises_nothing(stream: Stream) -> None:
    for seed in range(TIMES * (20 if stream in HAND_MADE else 5)):
        check_ruined(stream, seed)


@pytest.mark.parametrize("stream", HAND_MADE, ids=name_of)
def test_a_fixture_can_be_cut_at_any_byte(stream: Stream) -> None:
    body = stream.body
    small = len(body) < 1300
    places = range(len(body)) if small else random.Random(1).sample(range(len(body)), 120)
    whole = assemble(body)
    for place in places:
        completion = assemble(body[:place])
        check(completion)
        # (half an event is kept as such where nobody knows what it would have been)
        if completion.protocol == whole.protocol != "unknown":
            assert not untold(completion, whole)


def renamed(value: Any, old: JSONValue, new: str) -> Any:
    """Return a JSON value in which one value is another wherever it stands."""
    if isinstance(value, dict):
        return {key: renamed(entry, old, new) for key, entry in value.items()}
    if isinstance(value, list):
        return [renamed(entry, old, new) for entry in value]
    return new if value == old and type(value) is type(old) else value


@pytest.mark.parametrize("name", ["id", "model"])
@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_of_several_ids_and_models_the_first_one_stands(stream: Stream, name: str) -> None:
    first = getattr(assemble(stream.items), name)
    items: list[Item] = []
    known = False
    for item in stream.items:
        payload = data_of(item)
        if known and isinstance(payload, dict) and isinstance(item, ServerSentEvent):
            items.append(event(renamed(payload, first, "another"), item.event))
        else:
            items.append(item)
        known = known or (first is not None and renamed(payload, first, "another") != payload)
    assert getattr(assemble(items), name) == first


def test_losses_are_seen() -> None:
    assert grows_by_turns("a xb", "ab")
    assert not grows_by_turns("b a", "ab")
    choice = Choice(content="ab", reasoning="r", annotations=(1,))
    before = Completion("x", id="i", choices=(choice,))
    assert losses(before, before) == []
    assert losses(before, Completion("x", id="j", choices=(choice,))) == ["id"]
    assert losses(before, Completion("x", id="i")) == ["content", "reasoning", "annotations"]
