"""The assembler: how it finds the protocol, its snapshots, its close, and when strict raises."""

from __future__ import annotations

import pytest
from chunk_strategies import items_lists
from chunks import (
    DONE,
    ERROR,
    HELLO,
    ROLE,
    USAGE,
    body_of,
    call_piece,
    calls,
    chunk,
    chunk_of,
    codes,
    event,
    fold,
)
from hypothesis import example, given
from hypothesis import strategies as st

from sseparse import Assembler, AssemblyError, Comment, ServerSentEvent, State, assemble
from sseparse._events import Item


def test_the_protocol_is_open_until_a_choice_decides_and_nothing_is_lost() -> None:
    assembler = Assembler()
    undecided: list[Item] = [
        Comment(" hi"),
        event({"type": "ping"}),
        chunk_of(prompt_filter_results=[1]),
    ]
    assert [assembler.feed(item) for item in undecided] == [[], [], []]
    assert assembler.protocol is None
    assert assembler.state is State.WAITING
    assert assembler.snapshot.protocol == "unknown"
    deltas = assembler.feed(chunk({"content": "x"}, usage=USAGE))
    assert [delta.kind for delta in deltas] == ["content", "usage"]
    assert assembler.protocol == "openai-chat"
    assert assembler.snapshot.extra["prompt_filter_results"] == [1]


@pytest.mark.parametrize(
    "item",
    [
        event({"choices": []}),
        event({"choices": [], "object": "chat.completion.chunk"}),
        event({"type": "ping"}),
        event({"error": {"message": "overloaded"}}),
        event({"value": "text"}),
        event([1]),
        Comment(" ping"),
        ServerSentEvent("no JSON"),
        DONE,
    ],
)
def test_what_decides_nothing_leaves_the_protocol_open(
    item: ServerSentEvent | Comment,
) -> None:
    assembler = Assembler()
    assembler.feed(item)
    assert assembler.protocol is None
    assert assembler.close().protocol == "unknown"


def test_an_unknown_stream_keeps_its_events_and_says_so() -> None:
    completion = assemble([event({"value": "a"}), event({"value": "b"})])
    assert completion.extra == {"events": [{"value": "a"}, {"value": "b"}]}
    assert codes(completion) == ["unknown-protocol"]
    assert not completion.complete


def test_a_protocol_can_be_named() -> None:
    assert fold(chunk_of(usage=USAGE)).protocol == "openai-chat"
    assert assemble(body_of(HELLO), "unknown").protocol == "unknown"


def test_a_protocol_of_no_known_name_is_refused_with_the_known_ones() -> None:
    for call in (lambda: Assembler("opnai"), lambda: assemble(b"", "opnai")):
        with pytest.raises(ValueError, match=r"'opnai'.*openai-chat.*unknown"):
            call()


def test_an_empty_protocol_name_is_no_protocol() -> None:
    with pytest.raises(ValueError, match=r"''.*openai-chat"):
        Assembler("")


# Snapshots, and the end.

SOME_OF_ALL = [
    *(*HELLO[:2], calls(call_piece(0, "a", "f", "{")), chunk({"audio": {"data": "A"}})),
    *(chunk({"reasoning_details": [{"type": "t", "text": "x"}]}), *HELLO[2:]),
]


@given(items_lists, st.sampled_from([None, "openai-chat", "unknown"]))
@example(SOME_OF_ALL, None)
@example(SOME_OF_ALL, "openai-chat")
@example(SOME_OF_ALL, "unknown")
def test_a_snapshot_is_the_assembly_of_what_came_and_stays_so(
    items: list[Item], protocol: str | None
) -> None:
    assembler = Assembler(protocol)
    taken = []
    for item in items:
        assembler.feed(item)
        snapshot = assembler.snapshot
        taken.append((snapshot, repr(snapshot), repr(snapshot.to_dict())))
    for count, (snapshot, text, as_dict) in enumerate(taken, 1):
        fresh = Assembler(protocol)
        fresh.feed_all(items[:count])
        assert repr(snapshot) == text == repr(fresh.snapshot)  # (NaN is not equal to itself)
        assert repr(snapshot.to_dict()) == as_dict  # what came later has not changed it
    assert repr(assembler.close()) == repr(assembler.snapshot) == repr(assembler.close())


def test_nothing_can_be_fed_after_close() -> None:
    assembler = Assembler()
    assembler.feed_all(HELLO)
    assembler.close()
    with pytest.raises(RuntimeError, match="closed"):
        assembler.feed(DONE)
    with pytest.raises(RuntimeError, match="closed"):
        assembler.feed_all([DONE])
    with pytest.raises(RuntimeError, match="closed"):
        assembler.feed_unfinished(DONE)


@pytest.mark.parametrize("wrong", [b"data: x\n\n", "data: x", None, {"data": "x"}])
def test_what_is_no_item_is_refused(wrong: object) -> None:
    for fed in ([], HELLO[:1]):
        assembler = Assembler()
        assembler.feed_all(fed)
        with pytest.raises(TypeError, match=type(wrong).__name__):
            assembler.feed(wrong)  # type: ignore[arg-type]  # what is to be refused
        with pytest.raises(TypeError, match=type(wrong).__name__):
            assembler.feed_all([*HELLO[:2], wrong])  # type: ignore[list-item]  # the same


# Strict.


def test_strict_raises_at_the_first_error_and_says_where() -> None:
    assembler = Assembler(strict=True)
    assembler.feed(chunk(ROLE))
    assembler.feed(chunk({"content": 5}))  # a warning raises nothing
    with pytest.raises(AssemblyError, match="overloaded") as caught:
        assembler.feed(event({"error": ERROR}))
    assert caught.value.protocol == "openai-chat"
    assert caught.value.event_number == 3
    assert caught.value.code == "error-in-stream"
    assert assembler.snapshot.error == ERROR


def test_strict_raises_at_the_end_of_a_stream_that_has_none() -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble(HELLO[:3], strict=True)
    assert (caught.value.code, caught.value.event_number) == ("incomplete", None)
    assert caught.value.protocol == "openai-chat"
    assert "end of stream" in str(caught.value)


def test_strict_raises_for_an_error_that_is_the_first_event() -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble([event({"error": ERROR})], strict=True)
    assert (caught.value.code, caught.value.event_number) == ("error-in-stream", 1)


def test_strict_raises_nothing_for_a_stream_with_warnings_only() -> None:
    items = [*HELLO[:3], ServerSentEvent("{"), *HELLO[3:], chunk_of(usage=USAGE)]
    assert assemble(items, strict=True) == assemble(items)
    assert len(assemble(items).findings) == 2
