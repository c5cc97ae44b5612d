"""Streams with one thing broken, or cut anywhere: nothing is raised, nothing before it is lost."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chunks import CHAT_FIXTURES, STREAMS, check, paths
from hypothesis import given
from hypothesis import strategies as st

from sseparse import Assembler, Completion, Decoder, ServerSentEvent, State, assemble
from sseparse._events import Item

RECORDED = sorted(STREAMS.rglob("*.sse")) if STREAMS.is_dir() else []


def kept(before: Completion, after: Completion) -> bool:
    """Return whether all that a part of a stream gave is in what the whole of it gave."""
    later = {entry.index: entry for entry in after.choices}
    for entry in before.choices:
        other = later[entry.index]
        pairs = [
            *((getattr(entry, name), getattr(other, name)) for name in ("content", "reasoning")),
            *(
                (one.arguments, two.arguments)
                for one, two in zip(entry.tool_calls, other.tool_calls, strict=False)
            ),
        ]
        # (half a character may have become a whole one)
        if not all((two or "").startswith((one or "").rstrip("\ufffd")) for one, two in pairs):
            return False
        if len(other.tool_calls) < len(entry.tool_calls):
            return False
    return (before.id in (None, after.id)) and (before.model in (None, after.model))


@cache
def items_of(body: bytes) -> list[Item]:
    """Return the items of a body as ``assemble`` sees them."""
    decoder = Decoder(keep_unknown=True)
    items = decoder.feed(body)
    leftover = decoder.close()
    return items if leftover is None else [*items, leftover]


RETYPED: list[Any] = [
    *(None, True, 0, -7, 2**70, 1.5, float("nan"), "", "text", "\ud800"),
    *([], {}, [None], ["text"], [[]], {"text": "t"}, {"index": None}),
]


def damage_value(data: str, chance: random.Random) -> str:
    """Return JSON with one value somewhere in it removed or made another."""
    try:
        payload = json.loads(data)
    except ValueError:
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
    return json.dumps(payload)


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


def check_damaged(items: list[Item], seed: int) -> None:
    damaged, at = damage(items, random.Random(seed))
    for protocol in (None, "openai-chat"):
        assembler = Assembler(protocol)
        for item in damaged[:at]:
            assembler.feed(item)
        before = assembler.snapshot
        for item in damaged[at:]:
            assembler.feed(item)
        assert assembler.state in State
        completion = assembler.close()
        check(completion)
        if protocol is not None:
            assert kept(before, completion)


@given(st.sampled_from(CHAT_FIXTURES), st.integers(0, 2**32))
def test_a_damaged_fixture_raises_nothing_and_loses_nothing_that_came_before(
    path: Path, seed: int
) -> None:
    check_damaged(items_of(path.read_bytes()), seed)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_damaged_recorded_stream_raises_nothing_and_loses_nothing(path: Path) -> None:
    items = items_of(path.read_bytes())
    for seed in range(8):
        check_damaged(items, seed)


@pytest.mark.parametrize("path", CHAT_FIXTURES, ids=lambda path: path.name)
def test_a_fixture_can_be_cut_at_any_byte(path: Path) -> None:
    body = path.read_bytes()
    small = len(body) < 1300
    places = range(len(body)) if small else random.Random(1).sample(range(len(body)), 120)
    whole = assemble(body)
    for place in places:
        completion = assemble(body[:place])
        check(completion)
        if completion.choices:
            assert kept(completion, whole)
