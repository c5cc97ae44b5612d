"""Strategies for events, and for streams that spell them out in every way the standard allows."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st

from sseparse import Decoder, ServerSentEvent
from sseparse.testing._bytes import BOM

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)
_DATA = st.lists(
    st.one_of(
        _TEXTS,
        st.sampled_from(['{"choices": []}', "[DONE]", "", " ", "é€😀", "\ufeff", "\u2028", ":"]),
    ),
    min_size=1,
    max_size=3,
).map("\n".join)
_TYPES = st.one_of(
    st.just("message"),
    st.sampled_from(["error", "ping", "content_block_delta", "response.output_text.delta"]),
    _TEXTS.filter(bool),
)
_IDS = st.one_of(st.none(), st.text("abc0123é", max_size=5))
_RETRIES = st.one_of(st.none(), st.integers(0, 100_000))


@attrs.frozen
class EventStream:
    """A stream, and what is in it.

    Attributes:
        body: its bytes.
        events: what a decoder that conforms to the standard dispatches, in order.
    """

    body: bytes
    events: tuple[ServerSentEvent, ...]


def events() -> st.SearchStrategy[ServerSentEvent]:
    """Return a strategy for events that a stream can carry.

    ``last_event_id`` is this event's own id: what came before it, an event alone cannot know.

    >>> from hypothesis import given
    >>> import sseparse
    >>> @given(events())
    ... def test_encoding_loses_nothing(event: sseparse.ServerSentEvent) -> None:
    ...     assert sseparse.Decoder().feed(sseparse.encode(event)) == [event]
    >>> test_encoding_loses_nothing()
    """
    return st.builds(_event, _DATA, _TYPES, _IDS, _RETRIES)


def _event(data: str, event: str, id: str | None, retry: int | None) -> ServerSentEvent:  # noqa: A002 (the standard's word)
    return ServerSentEvent(data, event, id, id or "", retry)


def event_streams(
    *, min_events: int = 0, max_events: int = 8, ends_cleanly: bool = True
) -> st.SearchStrategy[EventStream]:
    r"""Return a strategy for streams that conform to the standard, each with its events.

    They differ in all that is left to servers: line ends, the order of the fields, the space behind
    the colon, comments, a byte order mark.

    Args:
        min_events: how many events there are at least.
        max_events: how many at most.
        ends_cleanly: whether the last event has its blank line; if not, it may be cut.

    >>> from hypothesis import given, strategies as st
    >>> import sseparse
    >>> @given(event_streams(), st.data())
    ... def test_a_decoder_gives_the_events_however_they_are_cut(stream, data) -> None:
    ...     decoder = sseparse.Decoder()
    ...     chunks = data.draw(chunkings(stream.body))
    ...     found = [event for chunk in chunks for event in decoder.feed(chunk)]
    ...     assert found == list(stream.events)
    >>> from sseparse.testing import chunkings
    >>> test_a_decoder_gives_the_events_however_they_are_cut()
    """
    return _event_streams(min_events, max_events, ends_cleanly)


@st.composite
def _event_streams(
    draw: st.DrawFn, min_events: int, max_events: int, ends_cleanly: bool
) -> EventStream:
    eol = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    blocks = draw(st.lists(_blocks(eol), min_size=min_events, max_size=max_events))
    body = draw(st.sampled_from([b"", BOM])) + "".join(blocks).encode()
    if not ends_cleanly and blocks:
        body = body[: len(body) - draw(st.integers(0, len(blocks[-1].encode())))]
    return EventStream(body, tuple(Decoder().feed(body)))


@st.composite
def _blocks(draw: st.DrawFn, eol: str) -> str:
    event = draw(events())
    lines = [_line(draw, "data", line) for line in event.data.split("\n")]
    others = [_line(draw, "event", event.event)] if event.event != "message" else []
    if event.id is not None:
        others.append(_line(draw, "id", event.id))
    if event.retry is not None:
        others.append(_line(draw, "retry", str(event.retry)))
    others += [f":{text}" for text in draw(st.lists(_TEXTS, max_size=1))]
    for other in others:
        lines.insert(draw(st.integers(0, len(lines))), other)
    return eol.join([*lines, "", ""])


def _line(draw: st.DrawFn, name: str, value: str) -> str:
    # A space behind the colon is dropped, so a value that begins with one needs another.
    space = " " if value.startswith(" ") else draw(st.sampled_from([" ", ""]))
    return f"{name}:{space}{value}"
