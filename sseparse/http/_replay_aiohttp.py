"""A connector for aiohttp that answers out of recordings, in the recorded times.

A connection of this connector leads nowhere: it hands aiohttp's own parser the bytes of HTTP when
each is due. So headers, decompression, flow control, limits of time and errors are aiohttp's, and
nothing is made that only aiohttp should make.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import os
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sseparse.http._aiohttp import request_of
from sseparse.http._playback import AS_RECORDED, Playback, Replays
from sseparse.replay import Ending, Transforms
from sseparse.replay._given import Replayable

if TYPE_CHECKING:
    import aiohttp

    _AnyClass = Any
else:
    _AnyClass = object


def replay_connector(
    recordings: Replayable, *, transforms: Transforms = AS_RECORDED
) -> aiohttp.BaseConnector:
    r"""Return a connector for ``aiohttp.ClientSession`` that answers out of recordings.

    Which recording answers is told as to ``ReplayTransport``. Times count from the request. A
    stream that was cut or reset raises ``aiohttp.ClientPayloadError``; where nothing comes, the
    limits of time of the session hold (``ClientTimeout``).

    Args:
        recordings: a recording or its path, the path of a folder, or several of these.
        transforms: what is done to each before it is played.

    Raises:
        RuntimeError: there is no running event loop; aiohttp wants one for a connector.
        NoSuchRecording: (by a request) no recording answers it.
        OSError, RecordingError, ValueError: see ``ReplayTransport``.

    >>> import aiohttp
    >>> from sseparse import Recording
    >>> async def read() -> str:
    ...     connector = replay_connector(Recording.from_bytes(b"data: 1\n\n"))
    ...     async with aiohttp.ClientSession(connector=connector) as session:
    ...         async with session.get("https://a.example/v1/chat/completions") as response:
    ...             return await response.text()
    >>> asyncio.run(read())
    'data: 1\n\n'
    """
    import aiohttp

    connector = _connector_class(aiohttp.BaseConnector)(force_close=True)
    connector.replays = Replays(recordings, transforms=transforms)
    return connector  # type: ignore[no-any-return]


class _Connector(_AnyClass):  # type: ignore[misc]
    """What a connector does in another way that has nowhere to connect to."""

    replays: Replays

    async def _create_connection(self, req: Any, *traces_and_timeout: object) -> Any:
        playback = self.replays._answer(request_of(req))
        protocol = self._factory()
        protocol.connection_made(_Connection(self._loop, protocol, playback))
        return protocol


@functools.cache
def _connector_class(base: type) -> Any:
    return type("ReplayConnector", (_Connector, base), {})


class _Connection(asyncio.Transport):
    """A connection that takes what is sent, and gives what is due."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: Any, playback: Playback) -> None:
        super().__init__()
        self._loop, self._protocol, self._playback = loop, protocol, playback
        self._frames = deque(playback.wire)
        self._start: float | None = None
        self._timer: asyncio.Handle | None = None
        self._paused = self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._start is None:  # the request goes out
            self._start = self._loop.time()
            self._play_next()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def _play_next(self) -> None:
        """See that what is due next is given when it is due; one thing at a time."""
        if self._closing or self._paused or self._start is None:
            return
        if self._frames:
            due, step = self._frames[0].time, self._give
        elif self._playback.ending in (Ending.CUT, Ending.RESET):
            due, step = self._playback.ends_at, self._break
        else:
            return
        if self._start + due > self._loop.time():
            self._timer = self._loop.call_at(self._start + due, step)
        else:
            self._timer = self._loop.call_soon(step)

    def _give(self) -> None:
        self._protocol.data_received(self._frames.popleft().data)
        self._play_next()

    def _break(self) -> None:
        if self._playback.ending is Ending.RESET:
            self._lose(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
        else:
            self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        self._closing = True
        self._stop_timer()
        self._protocol.connection_lost(error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pause_reading(self) -> None:
        self._paused = True
        self._stop_timer()

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            self._play_next()

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._stop_timer()
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()
