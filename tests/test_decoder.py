"""The decoder's behaviour in single sentences, the cap, the end of the stream, and the values."""

from __future__ import annotations

import array
import copy
import itertools
import pickle
from typing import Any

import msgspec
import pytest
import reference

from sseparse._decoder import Decoder
from sseparse._errors import DecoderClosed, EventTooLarge, SSEError
from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse._interpreter import MAX_RECONNECTION_TIME


def data_of(items: list[ServerSentEvent]) -> list[str]:
    return [item.data for item in items]


# --- what comes out, and when -----------------------------------------------------------------


@pytest.mark.parametrize("first", [b"\xef", b"\xef\xbb", b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_split_over_chunks_is_dropped(first: bytes) -> None:
    decoder = Decoder()
    rest = b"\xef\xbb\xbfdata: x\n\n"[len(first) :]
    assert decoder.feed(first) == []
    assert data_of(decoder.feed(rest)) == ["x"]


def test_only_the_first_of_two_byte_order_marks_is_dropped() -> None:
    decoder = Decoder(keep_unknown=True)
    items = decoder.feed(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\ndata: b\n\n")
    assert items == [UnknownField("\ufeffdata", "a"), ServerSentEvent("b")]


def test_an_event_is_out_on_its_cr_and_the_lf_in_the_next_chunk_is_swallowed() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\r\n") == []
    assert data_of(decoder.feed(b"\r")) == ["a"]
    assert decoder.feed(b"") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"data: b\r") == []
    assert decoder.feed(b"\ndata: c\n") == []
    assert data_of(decoder.feed(b"\n")) == ["b\nc"]


def test_only_one_lf_behind_a_cr_is_swallowed() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\r") == []
    assert decoder.feed(b"\n") == []
    assert data_of(decoder.feed(b"\n")) == ["a"]


def test_a_character_cut_in_two_reads_is_whole() -> None:
    decoder = Decoder()
    euro = "data: €\n\n".encode()
    assert decoder.feed(euro[:7]) == []
    assert data_of(decoder.feed(euro[7:])) == ["€"]


def test_an_id_counts_from_the_blank_line_on() -> None:
    decoder = Decoder("from before")
    decoder.feed(b"id: 7\n")
    assert decoder.last_event_id == "from before"
    decoder.feed(b"\n")
    assert decoder.last_event_id == "7"
    [event] = decoder.feed(b"data: x\n\n")
    assert (event.id, event.last_event_id) == (None, "7")


def test_an_empty_id_resets_the_last_event_id() -> None:
    decoder = Decoder("7")
    [event] = decoder.feed(b"id\ndata: x\n\n")
    assert (event.id, event.last_event_id, decoder.last_event_id) == ("", "", "")


def test_a_stream_that_resumes_starts_from_the_given_id_on_both_paths() -> None:
    decoder = Decoder("7")
    assert [event.last_event_id for event in decoder.feed(b"data: a\n\ndata: b\n\n")] == ["7"] * 2
    assert [event.last_event_id for event in decoder.feed(b"event: e\ndata: c\n\n")] == ["7"]
    assert [event.last_event_id for event in decoder.feed(b"data: d\r\n\r\n")] == ["7"]


def test_the_retry_of_a_block_is_its_own_and_the_reconnection_time_stays() -> None:
    decoder = Decoder()
    first, second = decoder.feed(b"retry: 0500\ndata: a\n\ndata: b\n\n")
    assert (first.retry, second.retry, decoder.reconnection_time) == (500, None, 500)


@pytest.mark.parametrize("digits", [1001, 5000, 100_000])
def test_a_retry_of_endless_digits_is_held_at_the_maximum(digits: int) -> None:
    decoder = Decoder()
    [event] = decoder.feed(b"retry: " + b"9" * digits + b"\ndata: x\n\n")
    assert event.retry == decoder.reconnection_time == MAX_RECONNECTION_TIME


def test_leading_zeros_do_not_make_a_retry_long() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: " + b"0" * 5000 + b"12\n")
    assert decoder.reconnection_time == 12
    decoder.feed(b"retry: " + b"0" * 5000 + b"\n")
    assert decoder.reconnection_time == 0
    decoder.feed(b"retry: " + b"9" * 1000 + b"\n")
    assert decoder.reconnection_time == MAX_RECONNECTION_TIME


def test_comments_and_unknown_fields_come_in_stream_order_only_when_asked_for() -> None:
    stream = b": ping\ndata: a\nerror: {}\n:\n\nid: a\0b\nretry: soon\n\n"
    expected: list[Item] = [
        Comment(" ping"),
        UnknownField("error", "{}"),
        Comment(""),
        ServerSentEvent("a"),
        UnknownField("id", "a\0b"),
        UnknownField("retry", "soon"),
    ]
    assert Decoder(keep_comments=True, keep_unknown=True).feed(stream) == expected
    only_comments = [item for item in expected if not isinstance(item, UnknownField)]
    assert Decoder(keep_comments=True).feed(stream) == only_comments
    only_unknown = [item for item in expected if not isinstance(item, Comment)]
    assert Decoder(keep_unknown=True).feed(stream) == only_unknown
    assert Decoder().feed(stream) == [ServerSentEvent("a")]


# --- one event in one read, and events that are large -------------------------------------------


@pytest.mark.parametrize(
    "chunk",
    [
        b"data: a\rb\n\n",
        b"data: a\nb",
        b"data: a\n\n\n",
        b"data: a\n",
        b"data:a\n\n",
        b"data: a\r\r",
    ],
)
def test_what_only_looks_like_one_plain_event_decodes_as_the_reference_does(chunk: bytes) -> None:
    decoder = Decoder(keep_unknown=True)
    decoder.feed(b"data: the start of a stream goes another way\n\n")
    items = decoder.feed(chunk)
    expected = reference.decode(chunk)
    assert items == expected.items
    assert decoder.close() == expected.leftover


LARGE = b"x" * 2**20 + "€".encode() * 1000


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("before", [b"", b"event: e|", b"id: 7|", b"data: a|", b": ping||"])
@pytest.mark.parametrize("after", [b"", b"|", b"||", b"|data: b||", b"||data: b||: c|data: d"])
def test_a_large_event_decodes_as_the_reference_does(
    before: bytes, after: bytes, eol: bytes
) -> None:
    before, after = before.replace(b"|", eol), after.replace(b"|", eol)
    stream = before + b"data: " + LARGE + after
    expected = reference.decode(stream)
    cut = len(before) + 2**20 + 8  # in a character, and with more than a MiB kept
    for places in ([cut], [len(before), cut], [cut, len(stream) - len(after) + 1]):
        decoder = Decoder(keep_comments=True)
        bounds = [0, *places, len(stream)]
        chunks = [stream[start:end] for start, end in itertools.pairwise(bounds)]
        assert [item for chunk in chunks for item in decoder.feed(chunk)] == expected.items
        assert decoder.close() == expected.leftover


# --- what goes in -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_kind_of_bytes_goes_in(kind: type) -> None:
    decoder = Decoder()
    assert decoder.feed(kind(b"data")) == []
    assert decoder.feed(kind(b": x")) == []
    assert decoder.feed(kind(b"")) == []
    assert data_of(decoder.feed(kind(b"y\n\n"))) == ["xy"]


def test_a_buffer_that_its_owner_uses_again_does_no_harm() -> None:
    decoder = Decoder()
    buffer = bytearray(b"data: a")
    decoder.feed(buffer)
    decoder.feed(memoryview(buffer)[:0])
    buffer[:] = b"XXXXXXX"
    assert data_of(decoder.feed(b"\n\n")) == ["a"]


def test_a_memoryview_in_steps_is_read_as_it_looks() -> None:
    every_second = memoryview(b"d-a-t-a-:- -x-\n-\n-")[::2]
    assert data_of(Decoder().feed(every_second)) == ["x"]


@pytest.mark.parametrize("chunk", ["data", "data: x\n\n", "", "é"])
def test_text_is_refused_with_a_message_that_says_what_to_pass(chunk: str) -> None:
    decoder: Decoder[ServerSentEvent] = Decoder()
    with pytest.raises(TypeError, match=r"feed\(\) takes bytes .* not str"):
        decoder.feed(chunk)  # type: ignore[arg-type]  # the mistake under test
    assert data_of(decoder.feed(b"data: still fine\n\n")) == ["still fine"]


@pytest.mark.parametrize("chunk", [None, 5, [100], array.array("B", b"data"), b"data".hex])
def test_what_is_no_bytes_is_refused_with_its_type(chunk: Any) -> None:
    with pytest.raises(TypeError, match=r"feed\(\) takes bytes .* not " + type(chunk).__name__):
        Decoder().feed(chunk)


@pytest.mark.parametrize("size", [0, -1])
def test_a_cap_below_one_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"max_event_size is {size}"):
        Decoder(max_event_size=size)


def test_an_unknown_word_for_oversize_is_refused() -> None:
    wrong: Any = "drop"
    with pytest.raises(ValueError, match='"raise" or "skip"'):
        Decoder(oversize=wrong)


# --- the end of the stream --------------------------------------------------------------------


def test_the_unfinished_event_is_handed_back_with_its_unterminated_line() -> None:
    decoder = Decoder()
    assert decoder.feed(b"event: e\nid: 7\nretry: 1\ndata: a\ndata: b") == []
    assert decoder.close() == ServerSentEvent("a\nb", "e", "7", "7", 1)


def test_nothing_of_an_unfinished_block_moves_the_last_event_id() -> None:
    decoder = Decoder("6")
    decoder.feed(b"id: 7\ndata: a\nid: 8")
    leftover = decoder.close()
    assert leftover is not None
    assert (leftover.id, leftover.last_event_id) == ("8", "8")
    assert decoder.last_event_id == "6"


def test_an_unterminated_retry_counts_for_the_leftover_and_not_for_the_stream() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: 5\n\ndata: a\nretry: 600")
    leftover = decoder.close()
    assert leftover is not None
    assert leftover.retry == 600
    assert decoder.reconnection_time == 5


def test_a_retry_line_that_was_ended_counts_at_once() -> None:
    # 9.2.6 sets the reconnection time when the line is processed, not at the blank line.
    decoder = Decoder()
    decoder.feed(b"retry: 5\n")
    assert decoder.reconnection_time == 5
    assert decoder.close() is None
    assert decoder.reconnection_time == 5


@pytest.mark.parametrize("stream", [b"", b"data: a\n\n", b": x", b"id: 7\nevent: e", b"dat", b"\r"])
def test_no_event_is_left_over_where_no_data_is(stream: bytes) -> None:
    decoder = Decoder()
    decoder.feed(stream)
    assert decoder.close() is None


def test_a_field_name_alone_at_the_end_is_a_data_line() -> None:
    decoder = Decoder()
    decoder.feed(b"data")
    assert decoder.close() == ServerSentEvent("")


def test_close_again_returns_none() -> None:
    decoder = Decoder()
    decoder.feed(b"data: a")
    assert decoder.close() == ServerSentEvent("a")
    assert decoder.close() is None


@pytest.mark.parametrize("chunk", [b"", b"x", b"data: b\n\n", b"\n", bytearray(b"x"), b"x" * 2**21])
def test_feed_after_close_raises_and_says_what_to_do(chunk: bytes) -> None:
    decoder = Decoder()
    decoder.close()
    for _ in range(2):
        with pytest.raises(DecoderClosed, match="make a new Decoder"):
            decoder.feed(chunk)
    assert decoder.close() is None


# --- the values -------------------------------------------------------------------------------


def test_items_are_equal_by_value_and_not_across_types() -> None:
    assert ServerSentEvent("a", "e", "1", "1", 5) == ServerSentEvent("a", "e", "1", "1", 5)
    assert ServerSentEvent("a") != ServerSentEvent("a", id="")
    assert Comment("a") == Comment("a")
    assert UnknownField("a", "b") != UnknownField("a", "c")
    different: list[object] = [ServerSentEvent("a"), Comment("a")]
    assert different[0] != different[1]


@pytest.mark.parametrize(
    ("item", "attribute"),
    [(ServerSentEvent("a"), "data"), (Comment("a"), "text"), (UnknownField("a", "b"), "name")],
)
def test_items_are_immutable_and_hashable(item: Item, attribute: str) -> None:
    with pytest.raises(AttributeError):
        setattr(item, attribute, "other")
    assert getattr(item, attribute) == "a"
    assert hash(item) == hash(copy.deepcopy(item))


def test_equal_items_have_one_hash() -> None:
    assert len({ServerSentEvent("a"), ServerSentEvent("a"), ServerSentEvent("b")}) == 2
    assert len({Comment("a"), Comment("a")}) == 1


def test_json_is_decoded_on_request() -> None:
    assert ServerSentEvent('{"n": [1, null]}').json() == {"n": [1, None]}
    with pytest.raises(msgspec.DecodeError):
        ServerSentEvent("[DONE]").json()
    with pytest.raises(ValueError, match="truncated"):
        ServerSentEvent("").json()


@pytest.mark.parametrize(
    "error", [EventTooLarge(5, 6, [Comment("ping")]), DecoderClosed()], ids=["large", "closed"]
)
def test_an_error_survives_the_way_to_another_process(error: SSEError) -> None:
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied)) == (type(error), str(error))
    assert vars(copied) == vars(error)


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: a\ndata:\n\ndata:  b\n\n", ["a\n", " b"]),
        (b"data: a\r\ndata:\r\n\r\ndata:  b\r\n\r\n", ["a\n", " b"]),
        (b"data: a\n\n\ndata: data: b\n\n", ["a", "data: b"]),
        (b"data: x\ndata\n\ndata: : y\n\n", ["x\n", ": y"]),
        (b"data: a\ndata: b\n\ndata: c\n\n", ["a\nb", "c"]),
    ],
)
def test_what_looks_like_a_data_line_across_two_events_is_none(
    stream: bytes, data: list[str]
) -> None:
    assert [event.data for event in Decoder().feed(stream)] == data
    decoder = Decoder()
    one_by_one = [decoder.feed(stream[at : at + 1]) for at in range(len(stream))]
    assert [event.data for events in one_by_one for event in events] == data
