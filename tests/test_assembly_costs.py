"""What assembling costs: joins, calls and memory, counted and never timed."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator

import pytest
from chunks import ROLE, call_piece, calls, choice, chunk, event

from sseparse import Assembler, Completion, ServerSentEvent
from sseparse._events import Item
from sseparse.assembly import _builder
from sseparse.assembly._json import join


class Joins:
    """Counts how often fragments are joined, and how many characters that gives."""

    def __init__(self) -> None:
        self.count = self.characters = 0

    def __call__(self, fragments: list[str]) -> str | None:
        text = join(fragments)
        if text:
            self.count += 1
            self.characters += len(text)
        return text


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> Joins:
    counter = Joins()
    monkeypatch.setattr(_builder, "join", counter)
    return counter


def test_a_hundred_thousand_deltas_are_joined_once(joins: Joins) -> None:
    piece = "x" * 100
    count = 100_000
    one = chunk({"content": piece})
    assembler = Assembler()
    assembler.feed(chunk(ROLE))
    assembler.feed_all(one for _ in range(count))
    assert joins.count == 0
    completion = assembler.close()
    assert (joins.count, joins.characters) == (1, count * len(piece))
    assert completion.content == piece * count


def peak_of(items: Iterator[Item]) -> tuple[Completion, int]:
    """Return the completion of the items and the most memory that it took, in bytes."""
    tracemalloc.start()
    try:
        completion = Assembler("openai-chat")
        completion.feed_all(items)
        return completion.close(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_a_small_multiple_of_the_content() -> None:
    piece, count = "x" * 200, 20_000
    data = chunk({"content": piece}).data
    completion, peak = peak_of(
        ServerSentEvent(data) if n else chunk(ROLE) for n in range(count + 1)
    )
    size = len(piece) * count
    assert completion.content is not None
    assert len(completion.content) == size
    assert size < peak < 4 * size


def test_a_tool_call_of_ten_mebibytes_is_joined_once_in_little_memory(joins: Joins) -> None:
    piece, count = "x" * 1024, 10 * 1024
    go_on = calls(call_piece(0, arguments=piece))
    begin = calls(call_piece(0, "call_1", "write", ""))
    completion, peak = peak_of(go_on if n else begin for n in range(count + 1))
    size = len(piece) * count
    assert (joins.count, joins.characters) == (1, size)
    assert len(completion.tool_calls[0].arguments) == size
    assert size < peak < 4 * size


def python_calls(assembler: Assembler, items: list[ServerSentEvent]) -> int:
    """Return how many function calls it takes to fold the items in."""
    count = 0

    def profile(frame: object, kind: str, argument: object) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    gc.disable()  # Hypothesis watches the collector with a function of its own
    sys.setprofile(profile)
    try:
        for item in items:
            assembler.feed(item)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize(
    "piece",
    [
        chunk({"content": "x"}),
        chunk({"content": "x"}, unheard_of=1),
        calls(call_piece(0, arguments="x")),
        chunk({"refusal": "x"}),
        chunk({"annotations": [{"n": 1}]}),
        chunk({"audio": {"data": "AA"}}),
        chunk({"reasoning_details": [{"type": "t", "text": "x"}]}),
        chunk({"content": [{"type": "image"}]}),
        event({"choices": [choice({}, logprobs={"content": [1]})]}),
        ServerSentEvent("no JSON"),
    ],
)
def test_a_late_piece_costs_as_many_calls_as_an_early_one(piece: ServerSentEvent) -> None:
    assembler = Assembler()
    assembler.feed_all([chunk(ROLE), calls(call_piece(0, "a", "f")), piece, piece])
    early = python_calls(assembler, [piece] * 20)
    assembler.feed_all([piece] * 2000)
    assert python_calls(assembler, [piece] * 20) == early
