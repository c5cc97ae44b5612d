r"""Any response or iterable in, bytes or events out.

``_reads`` turns a source into an iterator of reads, or refuses it with a line that says what to
pass instead; here stands what is the same for all sources: the check that a response is an event
stream at all, and two thin loops, one sync and one async, round one ``Decoder.feed``.

Arguments are checked by the call itself, the response on the first iteration, in both worlds.
Whoever opened a response closes it; nothing here does.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, Literal, cast, overload

from sseparse._decoder import DEFAULT_MAX_EVENT_SIZE, Decoder, ItemT
from sseparse._errors import EventTooLarge, NotAnEventStream
from sseparse._events import Item, ServerSentEvent
from sseparse._reads import (
    AsyncByteSource,
    ByteSource,
    Chunk,
    as_bytes,
    open_async_source,
    open_source,
)

SMALL, GATHERED = 512, 4096
"""Reads of fewer bytes are gathered while they have no line end, up to so many in all."""

MAX_REFUSED_BODY = 65536
"""How much of the body of a refused response ``NotAnEventStream`` keeps, in bytes."""


@overload
def iter_events(
    source: ByteSource,
    *,
    check: bool = True,
    last_event_id: str = "",
    max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
    oversize: Literal["raise", "skip"] = "raise",
    keep_comments: Literal[False] = False,
    keep_unknown: Literal[False] = False,
) -> Iterator[ServerSentEvent]: ...


@overload
def iter_events(
    source: ByteSource,
    *,
    check: bool = True,
    last_event_id: str = "",
    max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
    oversize: Literal["raise", "skip"] = "raise",
    keep_comments: bool = False,
    keep_unknown: bool = False,
) -> Iterator[Item]: ...


def iter_events(
    source: ByteSource,
    *,
    check: bool = True,
    last_event_id: str = "",
    max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
    oversize: Literal["raise", "skip"] = "raise",
    keep_comments: bool = False,
    keep_unknown: bool = False,
) -> Iterator[Item]:
    r"""Return the events of a response, a file or an iterable of bytes, each as it arrives.

    An event that the end of the stream leaves unfinished is discarded, as the standard says. The
    response stays open: whoever opened it closes it.

    Args:
        source: a response of httpx, httpx2, requests (``stream=True``), urllib3
            (``preload_content=False``), http.client or urllib; a binary file or pipe; bytes; or
            any iterable of bytes, cut anywhere.
        check: whether a response must have a 2xx status other than 204 (which the standard makes
            the server's word for "stop") and the content type text/event-stream.
        last_event_id: see ``Decoder``, as for the four arguments below.
        max_event_size: the cap on one event, in bytes.
        oversize: ``"raise"`` or ``"skip"``: what happens to an event over the cap.
        keep_comments: give out ``Comment`` items too.
        keep_unknown: give out ``UnknownField`` items too.

    Raises:
        TypeError: at once, when the source is none that can be read here; on iteration, when an
            iterable gives something else than bytes.
        NotAnEventStream: on the first iteration, with ``check``; it holds the body's first 64 KiB.
        EventTooLarge: when an event outgrew the cap. All events before it were given out, so its
            ``.events`` is empty.
        ValueError: on iteration, when a response was closed or read before, or when it is
            compressed and of http.client, which does not decompress.
        Exception: whatever the library raises when the connection breaks, after all events that
            were complete.

    >>> [event.data for event in iter_events([b"data: hel", b"lo\n\ndata: bye\n\n"])]
    ['hello', 'bye']
    """
    chunks = open_source(source)
    decoder = Decoder(last_event_id, max_event_size, oversize, keep_comments, keep_unknown)
    gather = min(GATHERED, max_event_size)
    # A chain of lists gives out an event at a third of what a generator in Python takes for it.
    return itertools.chain.from_iterable(_batches(source, chunks, decoder, check, gather))


@overload
def aiter_events(
    source: AsyncByteSource,
    *,
    check: bool = True,
    last_event_id: str = "",
    max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
    oversize: Literal["raise", "skip"] = "raise",
    keep_comments: Literal[False] = False,
    keep_unknown: Literal[False] = False,
) -> AsyncIterator[ServerSentEvent]: ...


@overload
def aiter_events(
    source: AsyncByteSource,
    *,
    check: bool = True,
    last_event_id: str = "",
    max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
    oversize: Literal["raise", "skip"] = "raise",
    keep_comments: bool = False,
    keep_unknown: bool = False,
) -> AsyncIterator[Item]: ...


def aiter_events(
    source: AsyncByteSource,
    *,
    check: bool = True,
    last_event_id: str = "",
    max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
    oversize: Literal["raise", "skip"] = "raise",
    keep_comments: bool = False,
    keep_unknown: bool = False,
) -> AsyncIterator[Item]:
    r"""Return the events of an async response or an async iterable of bytes, each as it arrives.

    Args:
        source: an async response of httpx or httpx2, a response of aiohttp, an
            ``asyncio.StreamReader``, an async file, bytes, or any async iterable of bytes.
        check: see ``iter_events``, as for all arguments below.
        last_event_id: the id to start from.
        max_event_size: the cap on one event, in bytes.
        oversize: ``"raise"`` or ``"skip"``: what happens to an event over the cap.
        keep_comments: give out ``Comment`` items too.
        keep_unknown: give out ``UnknownField`` items too.

    Raises:
        TypeError, NotAnEventStream, EventTooLarge, Exception: as ``iter_events``.

    >>> import asyncio
    >>> async def main():
    ...     return [event.data async for event in aiter_events(b"data: hello\n\n")]
    >>> asyncio.run(main())
    ['hello']
    """
    chunks = open_async_source(source)
    decoder = Decoder(last_event_id, max_event_size, oversize, keep_comments, keep_unknown)
    return _aevents(source, chunks, decoder, check)


def iter_bytes(source: ByteSource, *, check: bool = True) -> Iterator[bytes]:
    """Return the bytes of a source, one item per read, each as it arrives.

    Args:
        source: as for ``iter_events``.
        check: as for ``iter_events``.

    Raises:
        TypeError, NotAnEventStream, ValueError, Exception: as ``iter_events``.

    >>> list(iter_bytes([b"data: hel", bytearray(b"lo")]))
    [b'data: hel', b'lo']
    """
    return _bytes(source, open_source(source), check)


def aiter_bytes(source: AsyncByteSource, *, check: bool = True) -> AsyncIterator[bytes]:
    """Return the bytes of an async source, one item per read, each as it arrives.

    Args:
        source: as for ``aiter_events``.
        check: as for ``iter_events``.

    Raises:
        TypeError, NotAnEventStream, ValueError, Exception: as ``iter_events``.
    """
    return _abytes(source, open_async_source(source), check)


def _batches(
    source: object, chunks: Iterator[Chunk], decoder: Decoder[ItemT], check: bool, gather: int
) -> Iterator[list[ItemT]]:
    """Yield the events that each read completes.

    A read without a line end completes nothing; small ones are gathered here up to the next that
    has one, since for a byte or two the call of ``feed`` costs more than what it does.
    """
    if check and (refused := _refusal(source)):
        raise NotAnEventStream(*refused, _start_of_body(chunks))
    feed = decoder.feed
    gathered = bytearray()
    chunk: Chunk = b""
    try:
        for chunk in chunks:
            if (
                len(chunk) < SMALL
                and type(chunk) is bytes
                and (chunk.isalnum() or not (10 in chunk or 13 in chunk))
            ):
                gathered += chunk
                if len(gathered) < gather:
                    continue
                chunk = b""
            if gathered:
                chunk = bytes(gathered) + chunk
                gathered.clear()
            if items := feed(chunk):
                yield items
        feed(gathered)  # nothing can come of it but an error: it may be over the cap
    except EventTooLarge as error:
        finished, error.events = error.events, []  # nobody is to get an event twice
        yield finished  # type: ignore[misc]  # the decoder's own items, in a field of type Item
        raise
    except TypeError:
        as_bytes(source, chunk)  # says what the source gave, if that is the reason
        raise


async def _aevents(
    source: object, chunks: AsyncIterator[Chunk], decoder: Decoder[ItemT], check: bool
) -> AsyncIterator[ItemT]:
    feed = decoder.feed
    chunk: Chunk = b""
    async with _closing(source, chunks):
        if check and (refused := _refusal(source)):
            raise NotAnEventStream(*refused, await _astart_of_body(chunks))
        try:
            async for chunk in chunks:
                for item in feed(chunk):
                    yield item
        except EventTooLarge as error:
            finished = cast("list[ItemT]", error.events)
            error.events = []  # nobody is to get an event twice
            for item in finished:
                yield item
            raise
        except TypeError:
            as_bytes(source, chunk)  # says what the source gave, if that is the reason
            raise


def _bytes(source: object, chunks: Iterator[Chunk], check: bool) -> Iterator[bytes]:
    if check and (refused := _refusal(source)):
        raise NotAnEventStream(*refused, _start_of_body(chunks))
    for chunk in chunks:
        yield as_bytes(source, chunk)


async def _abytes(
    source: object, chunks: AsyncIterator[Chunk], check: bool
) -> AsyncIterator[bytes]:
    async with _closing(source, chunks):
        if check and (refused := _refusal(source)):
            raise NotAnEventStream(*refused, await _astart_of_body(chunks))
        async for chunk in chunks:
            yield as_bytes(source, chunk)


@contextlib.asynccontextmanager
async def _closing(source: object, chunks: AsyncIterator[Chunk]) -> AsyncIterator[None]:
    """Close the async generator made here for a source, and never one that was passed in.

    Left to the garbage collector it would be closed in another task, at some later time.
    """
    try:
        yield
    finally:
        if chunks is not source and isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


def _refusal(source: Any) -> tuple[int, list[tuple[str, str]]] | None:
    """Return the status and headers of a response that is no event stream."""
    status = getattr(source, "status_code", None) or getattr(source, "status", None)
    headers = getattr(source, "headers", None)
    if not isinstance(status, int) or headers is None:
        return None  # not a response
    items = headers.multi_items() if hasattr(headers, "multi_items") else headers.items()
    pairs = [(name.lower(), value) for name, value in items]
    content_type = dict(pairs).get("content-type", "").partition(";")[0].strip().lower()
    if not 200 <= status < 300 or status == 204 or content_type != "text/event-stream":
        return int(status), pairs
    encoding = dict(pairs).get("content-encoding", "identity").lower()
    is_http_client = hasattr(source, "isclosed") and not hasattr(source, "release_conn")
    if is_http_client and encoding != "identity":
        raise ValueError(
            f"this response is compressed ({encoding}), and http.client does not decompress; "
            "send the header Accept-Encoding: identity"
        )
    return None


def _start_of_body(chunks: Iterator[Chunk]) -> bytes:
    body = bytearray()
    with contextlib.suppress(Exception):  # the status is the news; a body that breaks is not
        for chunk in chunks:
            body += chunk
            if len(body) >= MAX_REFUSED_BODY:
                break
    return bytes(body[:MAX_REFUSED_BODY])


async def _astart_of_body(chunks: AsyncIterator[Chunk]) -> bytes:
    body = bytearray()
    with contextlib.suppress(Exception):  # the status is the news; a body that breaks is not
        async for chunk in chunks:
            body += chunk
            if len(body) >= MAX_REFUSED_BODY:
                break
    return bytes(body[:MAX_REFUSED_BODY])
