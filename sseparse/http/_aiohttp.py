"""A middleware for aiohttp that records event streams as the client reads them.

It puts another ``StreamReader`` into ``response.content``, one that has no connection of its own:
where aiohttp's waits for the network to feed it, this one takes the next piece from the reader that
was there, has it recorded, and feeds itself. So all ways to read work as they did, nothing runs
beside the client, and flow control, time limits and errors stay with the reader they belong to. For
the same reason a piece counts as come when the client asks for it, as it does in httpx.

aiohttp is not imported here: who has a response has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sseparse.http._recorded import RecordedBody, RecordsResponses
from sseparse.recording import Request

if TYPE_CHECKING:
    _AnyClass = Any
else:
    _AnyClass = object

ResponseT = TypeVar("ResponseT")


class recording_middleware(RecordsResponses):  # noqa: N801 (called like a function)
    """A client middleware for aiohttp (3.12 or later) that records event streams.

    For a session, or for one request::

        session = aiohttp.ClientSession(middlewares=[recording_middleware("recordings")])

    Requests are sent with ``accept-encoding: identity``; what a server compresses all the same is
    recorded decompressed. Times are those at which the client reads.

    Attributes:
        recordings: the files of the bodies that were begun so far.

    >>> recording_middleware("recordings", name="chat").recordings
    []
    """

    async def __call__(
        self, request: Any, handler: Callable[[Any], Awaitable[ResponseT]]
    ) -> ResponseT:
        """Send an ``aiohttp.ClientRequest``, and return the response, whose body is recorded."""
        request.headers["Accept-Encoding"] = "identity"
        sent_at = self._now()
        send = request.send

        async def send_now(connection: Any) -> Any:
            nonlocal sent_at
            sent_at = self._now()  # not before there was a connection
            return await send(connection)

        request.send = send_now
        response = await handler(request)
        self._record(request, response, sent_at)
        return response

    def _record(self, request: Any, response: Any, sent_at: float) -> None:
        content = response.content
        readers = sys.modules["aiohttp"].StreamReader
        if response.status == 101:  # a WebSocket, which has no body
            return
        if not hasattr(readers, "_wait"):
            self._report_once("this aiohttp is not known yet: update sseparse; nothing is recorded")
            return
        body = self._begin(
            request_of(request),
            response.status,
            response.headers.items(),
            sent_at=sent_at,
            raw=not _decompresses(request, response),
        )
        if body is None:
            return
        if content.at_eof():
            body.end()
        else:
            reader = _reader_class(readers)(
                _NoProtocol(),
                content.get_read_buffer_limits()[0],
                loop=asyncio.get_running_loop(),
            )
            reader._take_over(content, body)
            response.content = reader


def request_of(request: Any) -> Request:
    """Return what an ``aiohttp.ClientRequest`` asks for; its body if that is in memory."""
    body = request.body
    if isinstance(body, sys.modules["aiohttp"].BytesPayload):  # JSON and text too
        body = body._value
    return Request(
        request.method,
        str(request.url),
        request.headers.items(),
        body if isinstance(body, bytes) else None,
    )


def _decompresses(request: Any, response: Any) -> bool:
    if hasattr(response.content, "total_compressed_bytes"):
        return response.content.total_compressed_bytes is not None
    # Before 3.13, which knew these.
    coding = response.headers.get("Content-Encoding", "").lower()
    return request.session.auto_decompress and coding in ("gzip", "deflate", "br")


class _NoProtocol:
    """The connection of a reader that has none: its flow is controlled elsewhere."""

    connected = True
    _reading_paused = False

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Do nothing."""


class _Reader(_AnyClass):  # type: ignore[misc]
    """What a ``StreamReader`` that reads from another does in another way."""

    def _take_over(self, source: Any, body: RecordedBody) -> None:
        self._source, self._body = source, body
        self.begin_http_chunk_receiving()

    async def _wait(self, func_name: str) -> None:
        try:
            data, chunk_ends = await self._source.readchunk()
        except Exception as error:
            if error is self._source.exception():
                self._break(error)
            elif isinstance(error, TimeoutError):  # of the whole request
                self._body.end(error)
            raise
        self._feed(data)
        if chunk_ends:
            self.end_http_chunk_receiving()
        self._look_for_the_end()

    def _feed(self, data: bytes) -> None:
        if data:
            self._body.read(data)
            self.feed_data(data)

    def _feed_the_rest(self) -> None:
        # A task that waits for data has all there are; and a time limit that is over refuses too.
        with contextlib.suppress(RuntimeError, TimeoutError):
            self._feed(self._source.read_nowait())

    def _look_for_the_end(self) -> None:
        if self._source.at_eof() and not super().is_eof():
            self._body.end()
            self.feed_eof()

    def _break(self, error: BaseException) -> None:
        """End with an error, and keep what had come before it.

        aiohttp gives that to nobody unless the error is lifted, which ``sseparse.iter_events``
        does here as well.
        """
        self._source.set_exception(None)
        self._feed_the_rest()
        self._source.set_exception(error)
        self._body.end(error)
        super().set_exception(error)

    def set_exception(self, exc: BaseException | None, *cause: BaseException) -> None:
        if exc is not None and self._source.exception() is None:
            # The client closes the response. What has come is part of the stream, read or not.
            self._feed_the_rest()
            if self._source.is_eof():
                self._body.end()
            self._body.close()
            self._source.set_exception(exc, *cause)
        super().set_exception(exc, *cause)

    def exception(self) -> BaseException | None:
        error = self._source.exception()
        if error is not None and super().exception() is None:
            self._break(error)
        own: BaseException | None = super().exception()
        return own

    def read_nowait(self, n: int = -1) -> bytes:
        if self._source.exception() is None:
            self._feed(self._source.read_nowait())
            self._look_for_the_end()
        data: bytes = super().read_nowait(n)
        return data

    def at_eof(self) -> bool:
        self._look_for_the_end()
        return bool(super().at_eof())

    def is_eof(self) -> bool:
        return bool(self._source.is_eof())

    async def wait_eof(self) -> None:
        await self._source.wait_eof()

    def on_eof(self, callback: Callable[[], None]) -> None:
        self._source.on_eof(callback)

    def set_read_chunk_size(self, n: int) -> None:
        super().set_read_chunk_size(n)
        self._source.set_read_chunk_size(n)

    @property
    def total_raw_bytes(self) -> int:
        return int(self._source.total_raw_bytes)


@functools.cache
def _reader_class(base: type) -> Any:
    return type("RecordedStreamReader", (_Reader, base), {})
