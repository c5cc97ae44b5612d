"""The cap on what is buffered: what counts against it, and what happens to an event over it."""

from __future__ import annotations

import traceback

import pytest

from sseparse._decoder import Decoder
from sseparse._errors import DecoderClosed, EventTooLarge, SSEError
from sseparse._events import Comment, ServerSentEvent


def data_of(items: list[ServerSentEvent]) -> list[str]:
    return [item.data for item in items]


LARGE = b"x" * 2**20 + "€".encode() * 1000
LIMIT = 100


def fed_until_too_large(chunks: list[bytes]) -> tuple[int, EventTooLarge]:
    """Return how many chunks went in before the error, and the error."""
    decoder = Decoder(max_event_size=LIMIT)
    for number, chunk in enumerate(chunks):
        try:
            decoder.feed(chunk)
        except EventTooLarge as error:
            return number, error
    pytest.fail("nothing was raised")


def test_one_unterminated_line_in_one_chunk_is_stopped() -> None:
    decoder = Decoder(max_event_size=LIMIT)
    with pytest.raises(EventTooLarge) as caught:
        decoder.feed(b"x" * (LIMIT + 1))
    assert (caught.value.limit, caught.value.size) == (LIMIT, LIMIT + 1)
    assert isinstance(caught.value, SSEError)
    assert "max_event_size" in str(caught.value)


def test_one_unterminated_line_over_many_chunks_is_stopped_at_the_byte_over_the_cap() -> None:
    number, error = fed_until_too_large([b"data: ", *[b"x"] * 1000])
    assert number == LIMIT - 5
    assert error.size == LIMIT + 1


def test_many_small_lines_are_stopped_in_one_chunk_and_in_many() -> None:
    lines = [b"data: 123456789\n"] * 20
    in_many, _ = fed_until_too_large(lines)
    assert in_many == 9  # nine lines take ten bytes each; with the tenth, 90 + 15 are buffered
    in_one, error = fed_until_too_large([b"".join(lines)])
    assert in_one == 0
    assert error.size > LIMIT


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\r"])
def test_an_event_just_within_the_cap_passes_and_one_byte_more_does_not(eol: bytes) -> None:
    line = b"data: " + b"x" * (LIMIT - 6)
    events: list[ServerSentEvent] = Decoder(max_event_size=LIMIT).feed(line + eol + eol)
    assert len(events) == 1
    with pytest.raises(EventTooLarge):
        Decoder(max_event_size=LIMIT).feed(line + b"x" + eol + eol)


def test_many_events_within_the_cap_may_be_larger_together() -> None:
    decoder = Decoder(max_event_size=LIMIT)
    assert len(decoder.feed(b"data: 0123456789\n\n" * 100)) == 100
    assert len(decoder.feed(b"event: e\r\ndata: 0123456789\r\n\r\n" * 100)) == 100


def test_comments_and_blocks_without_data_do_not_add_up_to_the_cap() -> None:
    decoder = Decoder(max_event_size=LIMIT)
    assert decoder.feed(b": keep-alive\n" * 100) == []
    assert decoder.feed(b"id: 7\nevent: e\n" * 100) == []
    assert decoder.feed(b"\n") == []
    assert decoder.last_event_id == "7"


def test_the_error_carries_what_the_same_feed_had_finished() -> None:
    decoder = Decoder(max_event_size=LIMIT, keep_comments=True)
    with pytest.raises(EventTooLarge) as caught:
        decoder.feed(b"data: a\n\n: ping\ndata: " + b"x" * 200 + b"\n\ndata: never\n\n")
    assert caught.value.events == [ServerSentEvent("a"), Comment(" ping")]


@pytest.mark.parametrize("chunk", [b"", b"x", b"data: b\n\n", bytearray(b"\n")])
def test_a_failed_decoder_stays_failed_with_the_same_error(chunk: bytes) -> None:
    decoder = Decoder(max_event_size=LIMIT)
    decoder.feed(b"id: 7\n\n")
    with pytest.raises(EventTooLarge) as first:
        decoder.feed(b"id: 8\ndata: " + b"x" * 200)
    with pytest.raises(EventTooLarge) as second:
        decoder.feed(chunk)
    assert (second.value.limit, second.value.size) == (first.value.limit, first.value.size)
    assert decoder.last_event_id == "7"
    assert decoder.close() is None
    with pytest.raises(DecoderClosed):
        decoder.feed(chunk)


def test_a_failed_decoder_asked_again_and_again_does_not_grow() -> None:
    decoder = Decoder()
    decoder.close()
    depths = []
    for _ in range(10):
        with pytest.raises(DecoderClosed) as caught:
            decoder.feed(b"x\n")
        depths.append(len(list(traceback.walk_tb(caught.value.__traceback__))))
    assert depths[-1] == depths[0]


def test_skip_drops_the_event_counts_it_and_goes_on_behind_its_blank_line() -> None:
    decoder = Decoder("6", LIMIT, oversize="skip")
    large = b"id: 7\ndata: " + b"x" * 200 + b"\ndata: rest\nid: 8\n\n"
    events = decoder.feed(b"data: a\n\n" + large + b"data: b\n\n" + large + b"data: c\n\n")
    assert [(event.data, event.last_event_id) for event in events] == [
        ("a", "6"),
        ("b", "6"),
        ("c", "6"),
    ]
    assert decoder.skipped == 2


def test_a_line_far_over_the_cap_is_one_skipped_event_in_any_number_of_reads() -> None:
    decoder = Decoder(max_event_size=LIMIT, oversize="skip")
    for _ in range(1000):
        assert decoder.feed(b"x" * 99) == []
    assert decoder.skipped == 1
    assert decoder.feed(b"\n") == []
    assert data_of(decoder.feed(b"data: in the same block\n\ndata: next\n\n")) == ["next"]
    assert decoder.skipped == 1


def test_nothing_is_left_over_of_an_event_that_was_skipped() -> None:
    decoder = Decoder(max_event_size=LIMIT, oversize="skip")
    decoder.feed(b"data: a\ndata: " + b"x" * 200)
    assert decoder.close() is None
    assert decoder.skipped == 1


def test_a_part_of_an_order_mark_does_not_count_against_the_cap() -> None:
    decoder = Decoder(max_event_size=1)
    assert decoder.feed(b"\xef\xbb") == []
    assert decoder.feed(b"\xbf\n") == []
    unfinished = Decoder(max_event_size=1)
    unfinished.feed(b"\xef\xbb")
    assert unfinished.close() is None


def test_one_plain_event_over_the_cap_is_stopped_behind_others_too() -> None:
    decoder = Decoder(max_event_size=20)
    assert data_of(decoder.feed(b"data: a\n\n")) == ["a"]
    assert data_of(decoder.feed(b"data: 01234567890123\n\n")) == ["01234567890123"]
    with pytest.raises(EventTooLarge):
        decoder.feed(b"data: 012345678901234\n\n")


@pytest.mark.parametrize("ends", [[b"\n\n"], [b"\n", b"\n"], [b"\r\n\r\n"], [b"\n\ndata: b\n\n"]])
def test_the_cap_holds_for_large_events_to_the_byte(ends: list[bytes]) -> None:
    for room, passes in ((0, True), (-1, False)):
        decoder = Decoder(max_event_size=len(b"data: " + LARGE) + room)
        decoder.feed(b"data: ")
        decoder.feed(LARGE[:-1])
        try:
            events = [
                event for end in (LARGE[-1:] + ends[0], *ends[1:]) for event in decoder.feed(end)
            ]
        except EventTooLarge:
            assert not passes
        else:
            assert passes
            assert events[0].data == LARGE.decode()


def test_a_large_line_behind_a_large_line_is_stopped_by_the_cap() -> None:
    decoder = Decoder(max_event_size=2**21)
    decoder.feed(b"data: " + b"x" * 2**20)
    with pytest.raises(EventTooLarge) as caught:
        decoder.feed(b"\n\n" + b"y" * (2**21 + 1))
    assert [
        len(event.data) for event in caught.value.events if isinstance(event, ServerSentEvent)
    ] == [2**20]
