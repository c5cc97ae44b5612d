"""Events to bytes: what is encoded decodes to the same again, and what cannot is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import LARGEST_RETRY
from strategies import items

from sseparse._decoder import Decoder
from sseparse._encoder import encode
from sseparse._events import Comment, Item, ServerSentEvent, UnknownField


def decode(stream: bytes) -> list[Item]:
    return Decoder(keep_comments=True, keep_unknown=True).feed(stream)


def has_bytes(item: Item) -> bool:
    """Tell whether any bytes decode to the item, by the standard's text."""
    line_end = re.compile("[\r\n]")
    if isinstance(item, Comment):
        return not line_end.search(item.text)
    if isinstance(item, UnknownField):
        known = (
            item.name in ("data", "event")
            or (item.name == "id" and "\0" not in item.value)
            or (item.name == "retry" and re.fullmatch("[0-9]+", item.value) is not None)
        )
        # A name that starts with U+FEFF would lose it to the byte order mark where the field opens
        # the stream, and encode() cannot know where its bytes will stand.
        no_name = not item.name or ":" in item.name or item.name.startswith("\ufeff")
        return not (known or no_name or line_end.search(item.name + item.value))
    return (
        "\r" not in item.data
        and item.event != ""
        and not line_end.search(item.event)
        and not (item.id is not None and re.search("[\r\n\0]", item.id))
        and not (item.retry is not None and not 0 <= item.retry <= LARGEST_RETRY)
    )


def with_the_ids_so_far(sent: list[Item]) -> list[Item]:
    """Return the items with the last event ID that a stream of just these gives them."""
    last_event_id = ""
    expected: list[Item] = []
    for item in sent:
        if isinstance(item, ServerSentEvent):
            last_event_id = last_event_id if item.id is None else item.id
            item = ServerSentEvent(item.data, item.event, item.id, last_event_id, item.retry)
        expected.append(item)
    return expected


@given(items)
def test_encode_then_decode_is_identity_and_the_rest_is_refused(item: Item) -> None:
    if has_bytes(item):
        assert decode(encode(item)) == with_the_ids_so_far([item])
    else:
        with pytest.raises(ValueError, match=r"."):
            encode(item)


@given(st.lists(items.filter(has_bytes), max_size=8))
def test_encoded_items_in_a_row_decode_to_the_same_row(sent: list[Item]) -> None:
    assert decode(b"".join(map(encode, sent))) == with_the_ids_so_far(sent)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (ServerSentEvent(""), b"data: \n\n"),
        (ServerSentEvent("x"), b"data: x\n\n"),
        (ServerSentEvent(" x"), b"data:  x\n\n"),
        (ServerSentEvent("a\n\nb"), b"data: a\ndata: \ndata: b\n\n"),
        (ServerSentEvent("x", "ping", "", "", 0), b"event: ping\nid: \nretry: 0\ndata: x\n\n"),
        (ServerSentEvent("x", last_event_id="7"), b"data: x\n\n"),
        (ServerSentEvent("é\u2028"), "data: é\u2028\n\n".encode()),
        (Comment(""), b":\n"),
        (Comment(": ping"), b":: ping\n"),
        (UnknownField("error", '{"code":500}'), b'error: {"code":500}\n'),
        (UnknownField("id", "a\0"), b"id: a\0\n"),
        (UnknownField("retry", ""), b"retry: \n"),
        (UnknownField("retry", "-1"), b"retry: -1\n"),
    ],
)
def test_the_bytes_are_the_plainest_that_decode_to_the_item(item: Item, expected: bytes) -> None:
    assert encode(item) == expected


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (ServerSentEvent("a\rb"), "data holds a CR"),
        (ServerSentEvent("x", event=""), "event type is empty"),
        (ServerSentEvent("x", event="a\nb"), "event type holds a line end"),
        (ServerSentEvent("x", id="a\rb"), "id holds a line end"),
        (ServerSentEvent("x", id="a\0b"), "id holds a NUL"),
        (ServerSentEvent("x", retry=-1), "retry"),
        (Comment("a\nb"), "comment holds a line end"),
        (UnknownField("", "x"), "no field the standard ignores"),
        (UnknownField("a:b", "x"), "no field the standard ignores"),
        (UnknownField("a\nb", "x"), "field name holds a line end"),
        (UnknownField("a", "x\r"), "field value holds a line end"),
        (UnknownField("data", "x"), "'data' with the value 'x'"),
        (UnknownField("event", ""), "'event'"),
        (UnknownField("id", "7"), "'id'"),
        (UnknownField("retry", "500"), "'retry'"),
    ],
)
def test_an_item_that_no_bytes_decode_to_is_refused_with_the_reason(
    item: Item, reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        encode(item)


def test_the_longest_retry_that_decodes_is_the_longest_that_encodes() -> None:
    longest = ServerSentEvent("x", retry=LARGEST_RETRY)
    assert decode(encode(longest)) == [longest]
    with pytest.raises(ValueError, match="retry"):
        encode(ServerSentEvent("x", retry=LARGEST_RETRY + 1))


def test_a_field_that_starts_like_a_byte_order_mark_is_refused() -> None:
    # At the start of a stream the mark would be dropped, and the rest would be an event's data.
    with pytest.raises(ValueError, match="field"):
        encode(UnknownField("\ufeffdata", "x"))


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert encode(ServerSentEvent("a\ud800b")) == b"data: a?b\n\n"
