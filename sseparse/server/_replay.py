"""The replay server: recordings to any client that speaks HTTP, in their own time or any other.

An SDK is pointed at it by base_url. Recordings are transformed and framed once; a stream is an
entry in one heap of deadlines and a place in frames that all streams share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from sseparse.recording import Request
from sseparse.recording._recorder import log_error
from sseparse.replay import Recordings, Transforms
from sseparse.server._answers import Answers
from sseparse.server._callbacks import guarded
from sseparse.server._origins import check_origin
from sseparse.server._repertoire import Repertoire
from sseparse.server._replay_client import ReplayConnection
from sseparse.server._shared import BACKLOG, url_of
from sseparse.server._stage import Limits, Played, Stage

ACCEPTED_AT_ONCE = 2
"""Connections taken in one turn of the event loop, before anything else has its turn. (asyncio
takes as many as may wait: with a thousand at once all streams stood still for 0.1 s.)"""

LAST_PORT = 65_535

LOOKS = 20
"""How often idle connections are looked for in the time that they may be idle."""


def _ignore(_: object) -> None:
    """Tell nobody."""


class ReplayServer:
    r"""Answers requests with recordings.

    The recording is chosen by the request (see ``Recordings.choose``), or named by the query
    ``?recording=NAME`` or the header ``x-sseparse-recording``. A request that none fits is answered
    with 404, and with the nearest in the error. ``Last-Event-ID`` has a stream go on after that
    event. ``/-/stats`` says how late the server has been.

    Attributes:
        url: where it listens, such as ``"http://127.0.0.1:8080"``.
        running: how many recordings are being played.

    >>> from sseparse.recording import Recording
    >>> async def main() -> None:
    ...     recordings = Recordings([Recording.from_bytes(b"data: 1\n\n")])
    ...     async with ReplayServer(recordings) as server:
    ...         print(server.url.rpartition(":")[0])  # client = OpenAI(base_url=server.url + "/v1")
    >>> asyncio.run(main())
    http://127.0.0.1
    """

    def __init__(
        self,
        recordings: Recordings,
        *,
        transforms: Transforms = Transforms(),  # noqa: B008 (a value that never changes)
        host: str = "127.0.0.1",
        port: int = 0,
        cors: str | Sequence[str] = (),
        allow_request_faults: bool = False,
        limits: Limits = Limits(),  # noqa: B008 (likewise)
        on_message: Callable[[str], None] = log_error,
        on_response: Callable[[Played], None] = _ignore,
        on_request: Callable[[Request], None] = _ignore,
    ) -> None:
        """Take the options; nothing is opened yet.

        Args:
            recordings: to choose from.
            transforms: what is done to each before it is played.
            host: the address to listen at.
            port: 0 takes a free one.
            cors: an origin or several, such as ``"http://localhost:3000"``, whose web pages may
                read the responses; ``"*"``: all. Without one, a browser lets no page read them.
            allow_request_faults: let a request name faults, in the header ``x-sseparse-fault``.
            limits: what one client may take.
            on_message: is told in one line what went wrong with a request; what one of these three
                raises is told here too, and the request is served.
            on_response: is told of each response that is over.
            on_request: is given each request.

        Raises:
            ValueError: a transform is out of its range, or names an event that is not there; an
                origin is none that a browser sends; there is no such port.
            RecordingError: a recording has a status or headers that cannot be sent.
        """
        origins = (cors,) if isinstance(cors, str) else tuple(cors)
        for origin in origins:
            check_origin(origin)
        if not isinstance(port, int) or not 0 <= port <= LAST_PORT:
            raise ValueError(f"port is {port!r}; it is a number from 0 to {LAST_PORT}")
        repertoire = Repertoire(recordings, transforms)
        self._answers = Answers(repertoire, origins, allow_request_faults)
        self._limits = limits
        self._host, self._port = host, port
        tell = guarded(on_message, "on_message", log_error)
        self._told = (
            tell,
            guarded(on_response, "on_response", tell),
            guarded(on_request, "on_request", tell),
        )
        self._stage: Stage | None = None
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.url = ""

    @property
    def running(self) -> int:
        """How many recordings are being played."""
        return 0 if self._stage is None else self._stage.running

    def stats(self) -> dict[str, object]:
        """Return what ``/-/stats`` says; nothing before the start."""
        return {} if self._stage is None else self._stage.stats()

    async def start(self) -> str:
        """Listen.

        Returns:
            The URL.

        Raises:
            OSError: the address cannot be listened at.
        """
        stage = Stage(self._answers, self._limits, *self._told)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: ReplayConnection(stage), self._host, self._port, backlog=ACCEPTED_AT_ONCE
        )
        for listening in self._server.sockets:
            with listening.dup() as queue:
                queue.listen(BACKLOG)
        self._stage = stage
        self._close_idle()
        self.url = url_of(self._server, self._host)
        return self.url

    async def stop(self, *, drain: bool = True) -> None:
        """Take no further request, and return when all connections are closed.

        May be called again while it waits, to cut what it waits for.

        Args:
            drain: play what is running to its end; or else it is cut.
        """
        if self._server is not None:
            self._server.close()
        if self._stage is None:
            return
        self._stage.stopping = True
        for client in list(self._stage.clients):
            client.stop(drain=drain)
        await self._stage.until_closed()
        if self._timer is not None:
            self._timer.cancel()

    def _close_idle(self) -> None:
        if self._stage is None:
            return
        loop, idle = asyncio.get_running_loop(), self._limits.idle
        for client in list(self._stage.clients):
            client.close_idle(loop.time() - idle)
        self._timer = loop.call_later(idle / LOOKS, self._close_idle)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; what still runs is cut."""
        await self.stop(drain=False)
