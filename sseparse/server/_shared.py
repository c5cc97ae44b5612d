"""What all connections of a proxy share, and the few things that any server does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from sseparse.recording._folder import RecordingFolder
from sseparse.server._upstream import Upstream

if TYPE_CHECKING:
    from sseparse.server._client import ClientConnection
    from sseparse.server._exchange import Exchange

LARGEST_BUFFER = 64 * 1024
"""Bytes that wait to be written before the other side is no longer read: asyncio's own default."""

BACKLOG = 1024
"""Connections that may wait to be taken: load tests open hundreds at once."""

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (looked up, not bound to)


@attrs.frozen
class Relayed:
    """One exchange that is over.

    Attributes:
        method: of the request.
        url: of the request, less all that may be a secret.
        status: of the response.
        path: the recording, or None: it was not recorded.
        reads: how many network reads brought bytes of the body.
        size: bytes of the body, as they were relayed.
        seconds: from the request to the end.
        end: how it ended, as in a recording; see ``End.reason``.
        error: what was wrong, in one line, or None.
    """

    method: str
    url: str
    status: int
    path: Path | None
    reads: int
    size: int
    seconds: float
    end: str
    error: str | None = None


@attrs.define
class Shared:
    """The options of a proxy, and its connections.

    Attributes:
        upstream: where all requests go.
        folder: where recordings go.
        ssl_context: for upstream; None: it is plain HTTP.
        timeout: seconds that upstream may stay silent, or None.
        on_message: is told in one line what went wrong.
        on_response: is told of each response that is over.
        stopping: no further request is taken.
        clients: the connections of clients that are open.
        exchanges: those whose connection to upstream is open.
    """

    upstream: Upstream
    folder: RecordingFolder
    ssl_context: ssl.SSLContext | None
    timeout: float | None
    on_message: Callable[[str], None]
    on_response: Callable[[Relayed], None]
    stopping: bool = False
    clients: set[ClientConnection] = attrs.field(factory=set)
    exchanges: set[Exchange] = attrs.field(factory=set)
    _one_less: asyncio.Event = attrs.field(factory=asyncio.Event)

    def lost(self, connection: ClientConnection | Exchange) -> None:
        """Forget a connection that is closed."""
        self.clients.discard(connection)
        self.exchanges.discard(connection)
        self._one_less.set()

    async def until_closed(self, connections: set[ClientConnection] | set[Exchange]) -> None:
        """Wait until none of one of the two sets is open."""
        while connections:
            self._one_less.clear()
            await self._one_less.wait()


def url_of(server: asyncio.Server, host: str) -> str:
    """Return the URL of a server that listens at a host, on whatever port it got."""
    port = server.sockets[0].getsockname()[1]
    host = ANY_ADDRESS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def reset(transport: asyncio.Transport) -> None:
    """Close a connection with a TCP reset, which throws away what is still to be sent."""
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes the peer has yet to take, in the system's buffer too (on Linux)."""
    waiting = transport.get_write_buffer_size()
    raw: socket.socket | None = transport.get_extra_info("socket")
    if sys.platform == "linux" and raw is not None:
        import fcntl
        import termios

        with contextlib.suppress(OSError):
            answer = fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, bytes(4))
            waiting += struct.unpack("i", answer)[0]
    return waiting


def words_of(error: OSError) -> str:
    """Return what the system says of an error, without the address that asyncio puts in."""
    if error.errno and error.strerror and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return error.strerror or str(error) or "the connection was reset"
