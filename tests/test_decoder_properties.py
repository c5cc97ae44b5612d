"""What holds for every stream and every way to cut it, by Hypothesis.

The judge is twofold: the same decoder fed the whole stream at once, and ``reference.py``, which
shares no line with it.
"""

from __future__ import annotations

from typing import Literal

import pytest
import reference
from hypothesis import example, given
from hypothesis import strategies as st
from reference import Outcome
from strategies import chunkings, cut_streams, long_streams, pieces, plain_runs

from sseparse._decoder import Decoder
from sseparse._errors import EventTooLarge
from sseparse._events import Item, ServerSentEvent


def decode(
    chunks: list[bytes],
    last_event_id: str = "",
    cap: int = 2**26,
    oversize: Literal["raise", "skip"] = "raise",
) -> Outcome:
    """Return all that the decoder made of the chunks, in the reference's form."""
    decoder = Decoder(last_event_id, cap, oversize, keep_comments=True, keep_unknown=True)
    outcome = Outcome()
    sizes = (cap, cap + 1)
    try:
        for chunk in chunks:
            outcome.items += decoder.feed(chunk)
    except EventTooLarge as error:
        outcome.items += error.events
        outcome.too_large = True
        sizes = (error.limit, error.size)
    assert sizes[0] == cap < sizes[1]
    outcome.leftover = decoder.close()
    outcome.reconnection_time = decoder.reconnection_time
    outcome.last_event_id = decoder.last_event_id
    outcome.skipped = decoder.skipped
    return outcome


@given(cut_streams(), st.sampled_from(["", "7"]))
@example((b"\xef\xbb\xbfdata: x\n\n", [b"\xef", b"", b"\xbb", b"\xbfdata: x\n\n"]), "")
@example((b"data: a\r\n\r\ndata: b\r\n\r\n", [b"data: a\r\n\r", b"\ndata: b\r\n\r\n"]), "7")
def test_any_bytes_in_any_chunking_decode_as_the_reference_does(
    cut_stream: tuple[bytes, list[bytes]], last_event_id: str
) -> None:
    stream, chunks = cut_stream
    expected = reference.decode(stream, last_event_id)
    assert decode([stream], last_event_id) == expected
    assert decode(chunks, last_event_id) == expected


@given(st.data())
def test_plain_runs_mixed_with_anything_decode_as_the_reference_does(data: st.DataObject) -> None:
    # `plain_runs` takes the fast path; the pieces between must throw the decoder off it in time.
    parts = st.lists(st.one_of(plain_runs(), plain_runs(), pieces), min_size=1, max_size=6)
    stream = b"".join(data.draw(parts))
    chunks = data.draw(chunkings(stream))
    expected = reference.decode(stream)
    assert decode([stream]) == expected
    assert decode(chunks) == expected


@given(plain_runs())
def test_plain_runs_alone_decode_as_the_reference_does(stream: bytes) -> None:
    assert decode([stream]) == reference.decode(stream)


@given(long_streams(), st.data())
def test_streams_as_providers_send_them_decode_as_the_reference_does(
    stream: bytes, data: st.DataObject
) -> None:
    assert decode(data.draw(chunkings(stream))) == reference.decode(stream)


@pytest.mark.parametrize("oversize", ["raise", "skip"])
@given(cut_streams(), st.one_of(st.integers(1, 12), st.integers(13, 80)))
@example((b"\xef\xbb\xbf\n", [b"\xef\xbb", b"\xbf\n"]), 1)
@example((b"data: 0123456789\ndata: x\n\ndata: y\n\n", [b"data: 0123456789", b"\ndata: x\n\n"]), 9)
def test_what_the_cap_does_depends_on_the_bytes_and_not_on_the_chunking(
    oversize: Literal["raise", "skip"], cut_stream: tuple[bytes, list[bytes]], cap: int
) -> None:
    stream, chunks = cut_stream
    stream = b"".join(chunks)
    expected = reference.decode(stream, "", cap, oversize)
    assert decode([stream], "", cap, oversize) == expected
    assert decode(chunks, "", cap, oversize) == expected


@given(cut_streams(), st.booleans(), st.booleans())
def test_what_is_not_asked_for_is_left_out_and_changes_nothing_else(
    cut_stream: tuple[bytes, list[bytes]], keep_comments: bool, keep_unknown: bool
) -> None:
    stream, chunks = cut_stream
    decoder = Decoder(keep_comments=keep_comments, keep_unknown=keep_unknown)
    items = [item for chunk in chunks for item in decoder.feed(chunk)]

    def asked_for(item: Item) -> bool:
        kept = {"Comment": keep_comments, "UnknownField": keep_unknown}
        return kept.get(type(item).__name__, True)

    assert items == [item for item in reference.decode(stream).items if asked_for(item)]


@given(cut_streams())
def test_an_event_is_out_with_the_byte_that_ends_it(
    cut_stream: tuple[bytes, list[bytes]],
) -> None:
    # After each byte the decoder has given out what the reference finds in the bytes so far: not
    # one less, and not one more.
    stream, _ = cut_stream
    decoder: Decoder[ServerSentEvent] = Decoder()
    given_out = 0
    for end in range(1, min(len(stream), 120) + 1):
        given_out += len(decoder.feed(stream[end - 1 : end]))
        so_far = reference.decode(stream[:end])
        assert given_out == sum(isinstance(item, ServerSentEvent) for item in so_far.items)
        assert decoder.last_event_id == so_far.last_event_id
        assert decoder.reconnection_time == so_far.reconnection_time
