"""What assembling costs: joins, calls and memory, counted and never timed."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from chunks import ROLE, call_piece, calls, choice, chunk, event, paths
from streams import HAND_MADE, NAMES

from sseparse import Assembler, Completion, Delta, ServerSentEvent
from sseparse._events import Item
from sseparse.assembly import _builder, _fragments
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
    monkeypatch.setattr(_fragments, "join", counter)
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


def one_more(items: Iterator[Item], event: ServerSentEvent, protocol: str) -> int:
    """Return the most memory that one more event takes for a moment, in bytes."""
    assembler = Assembler(protocol)
    assembler.feed_all(items)
    tracemalloc.start()
    try:
        assembler.feed(event)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_of(items: Iterator[Item], protocol: str = "openai-chat") -> tuple[Completion, int]:
    """Return the completion of the items and the most memory that it took, in bytes."""
    tracemalloc.start()
    try:
        completion = Assembler(protocol)
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


# Every protocol, by the hand-made streams: one of their events comes again and again.

PIECE = "x" * 1024


def longer(event: ServerSentEvent, text: str) -> ServerSentEvent | None:
    """Return the event with ``PIECE`` in the place of a text, or None where it is not in it."""
    if event.data == text:
        return ServerSentEvent(PIECE, event.event)
    try:
        payload = json.loads(event.data)
    except ValueError:
        return None
    for *way, last in paths(payload):
        target: Any = payload
        for key in way:
            target = target[key]
        if target[last] == text:
            target[last] = PIECE
            return ServerSentEvent(json.dumps(payload), event.event)
    return None


def growth(assembler: Assembler, event: ServerSentEvent, kind: str) -> Delta | None:
    """Feed an event; return its delta if that is all it did: one text of this kind grew."""
    deltas = [delta for delta in assembler.feed(event) if delta.kind != "usage"]
    return deltas[0] if [delta.kind for delta in deltas] == [kind] else None


def repeatable(name: str, kind: str) -> tuple[list[Item], ServerSentEvent, Delta] | None:
    """Return an event of a protocol that adds ``PIECE`` to a text, however often it comes.

    Returns:
        The items before it, the event and its delta; None where the protocol has no such event.
    """
    for stream in [stream for stream in HAND_MADE if stream.protocol == name]:
        assembler = Assembler(name)
        for place, item in enumerate(stream.items):
            delta = growth(assembler, item, kind) if isinstance(item, ServerSentEvent) else None
            if delta is None or (kind == "arguments" and delta.tool_call is None):
                continue
            start = stream.items[: place + 1]
            event = longer(item, delta.text)  # type: ignore[arg-type]  # it had a delta
            if event is not None and (more := repeats(name, start, event, kind)):
                return start, event, more
    return None


def repeats(name: str, start: list[Item], event: ServerSentEvent, kind: str) -> Delta | None:
    """Return the delta of an event that comes again and again; None where it is not the same."""
    assembler = Assembler(name)
    assembler.feed_all(start)
    findings = assembler.snapshot.findings
    deltas = [growth(assembler, event, kind) for _ in range(3)]
    first, snapshot = deltas[0], assembler.snapshot
    if first is None or deltas != [first] * 3 or snapshot.findings != findings:
        return None
    return first if text_of(snapshot, first).endswith(PIECE * 3) else None


def text_of(completion: Completion, delta: Delta) -> str:
    """Return the text that a delta belongs to."""
    choice = next(one for one in completion.choices if one.index == delta.choice)
    if delta.kind == "arguments":
        assert delta.tool_call is not None
        calls = choice.server_tool_calls if delta.server else choice.tool_calls
        return calls[delta.tool_call].arguments
    return str(getattr(choice, delta.kind))


STREAMING = [name for name in NAMES if name not in ("mcp", "unknown")]
"""The protocols whose answers come in pieces."""
STREAMING_ARGUMENTS = [name for name in STREAMING if repeatable(name, "arguments")]


@pytest.mark.parametrize("name", STREAMING)
def test_a_hundred_thousand_deltas_of_any_protocol_are_joined_once(name: str, joins: Joins) -> None:
    found = repeatable(name, "content")
    assert found is not None
    start, event, delta = found
    assert PIECE in event.data
    event = ServerSentEvent(event.data.replace(PIECE, "y" * 20), event.event)
    assembler = Assembler(name)
    assembler.feed_all(start)
    joins.count = joins.characters = 0
    early = python_calls(assembler, [event] * 20)
    assembler.feed_all(repeat(event, 100_000))
    assert python_calls(assembler, [event] * 20) == early
    assert joins.characters == 0
    text = text_of(assembler.close(), delta)
    assert text.endswith("y" * 20 * 100_040)
    assert len(text) <= joins.characters < 3 * len(text)


@pytest.mark.parametrize("name", STREAMING)
def test_memory_of_any_protocol_is_a_small_multiple_of_the_content(name: str) -> None:
    found = repeatable(name, "content")
    assert found is not None
    start, event, delta = found
    completion, peak = peak_of(chain(start, repeat(event, 4096)), name)
    text = text_of(completion, delta)
    assert len(text) >= len(PIECE) * 4096
    size = sys.getsizeof(text)  # (twice the length where some character is not Latin)
    assert size < peak < 5 * size


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "content") for name in STREAMING),
        *((name, "arguments") for name in STREAMING_ARGUMENTS),
    ],
)
def test_one_more_piece_copies_nothing_of_what_came_before(name: str, kind: str) -> None:
    found = repeatable(name, kind)
    assert found is not None
    start, event, _ = found
    size = len(PIECE) * 4096
    assert one_more(chain(start, repeat(event, 4096)), event, name) < size / 20


@pytest.mark.parametrize("name", STREAMING_ARGUMENTS)
def test_a_tool_call_of_ten_mebibytes_of_any_protocol_is_joined_once_in_little_memory(
    name: str, joins: Joins
) -> None:
    found = repeatable(name, "arguments")
    assert found is not None
    start, event, delta = found
    joins.count = joins.characters = 0
    completion, peak = peak_of(chain(start, repeat(event, 10 * 1024)), name)
    size = len(PIECE) * 10 * 1024
    text = text_of(completion, delta)
    assert size <= len(text) < 1.1 * size
    assert len(text) <= joins.characters < 2 * len(text)
    assert size < peak < 5 * sys.getsizeof(text)


def test_most_protocols_stream_their_arguments() -> None:
    assert STREAMING_ARGUMENTS == [
        "openai-chat",
        "openai-responses",
        "openai-assistants",
        "anthropic-messages",
        "google-interactions",
        "cohere-v2",
        "ag-ui",
    ]
