"""Transports for httpx2 and httpx that answer requests out of recordings, in the recorded times.

The transports for apps that come with the two libraries gather a body before they give it out, so
they cannot play a stream. These give the head when it is due and each read when it is due, and end
as the recording ended, with the errors that the library itself would raise.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sseparse.http._httpx import library_of, no_such_attribute, stream_class
from sseparse.http._playback import Playback, Replays, Waiter
from sseparse.recording import Request
from sseparse.replay import Ending

if TYPE_CHECKING:
    _AnyClass = Any  # see _transports
else:
    _AnyClass = object

_CUT = "peer closed connection without sending complete message body (incomplete chunked read)"
_RESET = "Connection reset by peer"


class ReplayTransport(Replays, _AnyClass):  # type: ignore[misc]
    r"""A transport for ``Client`` of httpx2 and of httpx that answers out of recordings.

    It works inside all that is built on these clients::

        transport = ReplayTransport("recordings")
        client = openai.OpenAI(api_key="none", http_client=httpx2.Client(transport=transport))

    Which recording answers is told by ``?recording=NAME``, by the header ``x-sseparse-recording``,
    or by the request: see ``Recordings.choose``. Times count from the request. A stream that was
    cut raises the library's ``RemoteProtocolError``, one that was reset its ``ReadError``, and
    where nothing comes for as long as the client waits for a read, its ``ReadTimeout``. A client
    without such a limit waits as long as it would for a server.

    Raises:
        NoSuchRecording: (by a request) no recording answers it. An SDK may take it for a failed
            connection, and try again: ``max_retries=0`` spares you that.

    >>> import httpx2
    >>> from sseparse import Recording
    >>> transport = ReplayTransport(Recording.from_bytes(b"data: 1\n\n"))
    >>> with httpx2.Client(transport=transport) as client:
    ...     client.get("https://a.example/v1/chat/completions").text
    'data: 1\n\n'
    """

    def handle_request(self, request: Any) -> Any:
        """Answer a request of httpx2 or httpx; its body is read first, which takes no time."""
        request.read()
        library = library_of(request)
        waiter = Waiter(_read_timeout(request))
        playback = self._answer(_request_of(request))
        try:
            waiter.wait(playback.head_at)
        except TimeoutError as error:
            raise library.ReadTimeout(str(error)) from error
        kind = stream_class("Replayed", _SyncBody, library.SyncByteStream)
        return _response(library, playback, kind(playback, waiter, library))

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def __getattr__(self, name: str) -> Any:
        raise no_such_attribute(self, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class AsyncReplayTransport(Replays, _AnyClass):  # type: ignore[misc]
    """A transport for ``AsyncClient`` of httpx2 and of httpx that answers out of recordings.

    It does what ``ReplayTransport`` does, in asyncio and in trio, for as many streams at once as
    are asked for::

        transport = AsyncReplayTransport("recordings", transforms=Transforms(speed=10))
        client = openai.AsyncOpenAI(http_client=httpx2.AsyncClient(transport=transport))
    """

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of httpx2 or httpx; its body is read first, which takes no time."""
        import anyio  # noqa: F401  (now: later it would make the first read late)

        await request.aread()
        library = library_of(request)
        clock = _AsyncWaiter(_read_timeout(request), library)
        playback = self._answer(_request_of(request))
        await clock.wait(playback.head_at)
        kind = stream_class("Replayed", _AsyncBody, library.AsyncByteStream)
        return _response(library, playback, kind(playback, clock, library))

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""

    def __getattr__(self, name: str) -> Any:
        raise no_such_attribute(self, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


class _SyncBody:
    """The body of a response, each read when it is due."""

    def __init__(self, playback: Playback, waiter: Waiter, library: Any) -> None:
        self._playback, self._waiter, self._library = playback, waiter, library

    def __iter__(self) -> Iterator[bytes]:
        try:
            for read in self._playback.reads:
                self._waiter.wait(read.time)
                yield read.data
            self._waiter.wait(_ending_at(self._playback))
        except TimeoutError as error:
            raise self._library.ReadTimeout(str(error)) from error
        except ConnectionAbortedError as error:
            raise self._library.ReadError(str(error)) from error
        _end(self._playback.ending, self._library)

    def close(self) -> None:
        self._waiter.close()


class _AsyncWaiter:
    """``Waiter`` for a task. There is nobody to wake it: who no longer waits is cancelled."""

    def __init__(self, timeout: float | None, library: Any) -> None:
        self._start = time.monotonic()
        self._timeout = math.inf if timeout is None else timeout
        self._library = library

    async def wait(self, due: float) -> None:
        deadline, limit = self._start + due, time.monotonic() + self._timeout
        early = min(deadline, limit) - time.monotonic()
        if early > 0:
            import anyio  # the libraries are built on it: whoever gets here has it

            await (anyio.sleep_forever() if early == math.inf else anyio.sleep(early))
        if limit < deadline:
            raise self._library.ReadTimeout("timed out")


class _AsyncBody:
    """``_SyncBody``, async."""

    def __init__(self, playback: Playback, waiter: _AsyncWaiter, library: Any) -> None:
        self._playback, self._waiter, self._library = playback, waiter, library

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for read in self._playback.reads:
            await self._waiter.wait(read.time)
            yield read.data
        await self._waiter.wait(_ending_at(self._playback))
        _end(self._playback.ending, self._library)

    async def aclose(self) -> None:
        pass


def _ending_at(playback: Playback) -> float:
    return math.inf if playback.ending is Ending.SILENCE else playback.ends_at


def _end(ending: Ending, library: Any) -> None:
    """End a body, as the library would say it."""
    if ending is Ending.CUT:
        raise library.RemoteProtocolError(_CUT)
    if ending is Ending.RESET:
        raise library.ReadError(_RESET) from ConnectionResetError(_RESET)


def _response(library: Any, playback: Playback, body: Any) -> Any:
    return library.Response(
        playback.status,
        headers=list(playback.headers),
        stream=body,
        extensions={"http_version": b"HTTP/1.1"},
    )


def _request_of(request: Any) -> Request:
    return Request(request.method, str(request.url), request.headers.multi_items(), request.content)


def _read_timeout(request: Any) -> float | None:
    """Return the seconds that a client waits for one read, or None."""
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    return timeout
