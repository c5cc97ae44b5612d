"""What all connections of a replay server share: its options, its limits, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from sseparse.recording import Request
from sseparse.server._answers import Answers
from sseparse.server._asked import Known
from sseparse.server._lateness import Lateness
from sseparse.server._schedule import Schedule

if TYPE_CHECKING:
    from sseparse.server._replay_client import ReplayConnection


@attrs.frozen(kw_only=True)
class Limits:
    """What one client may take from the others.

    Attributes:
        connections: how many may be open: each takes a file of the process and some memory. One
            more is answered with 503.
        head: bytes of a request's line and headers, which are kept until they are complete (431).
        body: bytes of a request's body, which is kept to choose the recording by (413).
        idle: seconds without a request, with a request that does not go on, with a client that
            takes nothing, or after a stream that fell silent; then the connection is closed. More
            than the ten minutes that SDKs wait.
    """

    connections: int = 10_000
    head: int = 64 * 1024
    body: int = 64 * 2**20
    idle: float = 900.0


@attrs.frozen
class Played:
    """One response that is over.

    Attributes:
        method: of the request.
        path: of the request, without its query.
        status: of the response.
        name: of the recording, or None: it was an answer of the server's own.
        chunks: how many reads of the recording were sent.
        size: bytes of the body, framing included.
        seconds: from the request to the end.
        end: how it ended: the value of an ``Ending``, or ``"client_closed"``, ``"interrupted"``
            (the server was stopped) or ``"idle"``.
        error: what was wrong with the request, in one line, or None.
    """

    method: str
    path: str
    status: int
    name: str | None
    chunks: int
    size: int
    seconds: float
    end: str
    error: str | None = None


@attrs.define
class Stage:
    """The options of a server, and its connections.

    Attributes:
        answers: what is answered.
        limits: what a client may take.
        on_message: is told in one line what went wrong.
        on_response: is told of each response that is over.
        on_request: is given each request that was complete.
        known: requests that were read already.
        schedule: of all streams.
        lateness: of all chunks.
        streams: how many recordings were begun.
        chunks: how many reads of them were sent, of those that are over.
        stopping: no further request is taken.
        clients: the connections that are open.
    """

    answers: Answers
    limits: Limits
    on_message: Callable[[str], None]
    on_response: Callable[[Played], None]
    on_request: Callable[[Request], None]
    known: Known = attrs.field(factory=Known)
    schedule: Schedule = attrs.field(factory=Schedule)
    lateness: Lateness = attrs.field(factory=Lateness)
    streams: int = 0
    chunks: int = 0
    stopping: bool = False
    clients: set[ReplayConnection] = attrs.field(factory=set)
    _one_less: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def running(self) -> int:
        """How many recordings are being played."""
        return sum(client.playing for client in self.clients)

    def stats(self) -> dict[str, object]:
        """Return what the server says of itself, ready for JSON; lateness in milliseconds."""
        lateness = self.lateness
        running = sum(client.chunks for client in self.clients)
        return {
            "connections": len(self.clients),
            "streams": self.streams,
            "running": self.running,
            "chunks": self.chunks + running,
            "lateness_ms": {
                "chunks": lateness.count,
                "p50": round(1000 * lateness.percentile(0.5), 3),
                "p99": round(1000 * lateness.percentile(0.99), 3),
                "max": round(1000 * lateness.max, 3),
            },
        }

    def lost(self, client: ReplayConnection) -> None:
        """Forget a connection that is closed."""
        self.clients.discard(client)
        self._one_less.set()

    async def until_closed(self) -> None:
        """Wait until no connection is open."""
        while self.clients:
            self._one_less.clear()
            await self._one_less.wait()
