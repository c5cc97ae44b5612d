"""The recording reverse proxy: an SDK is pointed at it by base_url, and what passes is recorded.

It is plain asyncio, with protocols and not with streams: a protocol sees each network read as it
was, and the time of it. Each request has a connection to upstream of its own, so that how that ends
is how the response ends; the connections of clients are kept.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sseparse.recording._folder import RecordingFolder
from sseparse.recording._recorder import log_error
from sseparse.server._callbacks import guarded
from sseparse.server._client import ClientConnection
from sseparse.server._shared import BACKLOG, Relayed, Shared, url_of
from sseparse.server._upstream import Upstream


def _ignore(relayed: Relayed) -> None:
    """Tell nobody."""


class RecordingProxy:
    """Relays everything to one server, and records the event streams that come back.

    Requests and responses pass byte for byte, each network read as one write. What is changed:
    ``Host`` becomes that of the server, ``Accept-Encoding`` becomes ``identity``, and what HTTP has
    for the next hop only is left out (RFC 9110, section 7.6.1). A stream that breaks breaks for the
    client in the same way. No secret of a request is recorded.

    Attributes:
        url: where it listens, such as ``"http://127.0.0.1:8080"``; what base_url is to begin with.
        running: how many requests are being answered.

    >>> async def main() -> None:
    ...     folder = RecordingFolder("recordings")
    ...     async with RecordingProxy("https://api.x.ai", folder) as proxy:
    ...         print(proxy.url.rpartition(":")[0])  # client = OpenAI(base_url=proxy.url + "/v1")
    >>> import tempfile, contextlib
    >>> with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
    ...     asyncio.run(main())
    http://127.0.0.1
    """

    def __init__(
        self,
        upstream: str,
        folder: RecordingFolder,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float | None = None,
        on_message: Callable[[str], None] = log_error,
        on_response: Callable[[Relayed], None] = _ignore,
    ) -> None:
        """Take the options; nothing is opened yet.

        Args:
            upstream: ``http(s)://host[:port][/prefix]``; the prefix goes before every path.
            folder: where recordings go, and which responses are recorded.
            host: the address to listen at.
            port: 0 takes a free one.
            ssl_context: for an upstream with https; None: the usual one.
            timeout: seconds that upstream may take for the connection, and may stay silent then;
                None: as long as it likes.
            on_message: is told in one line what went wrong with a request, and what one of these
                two raises, which breaks no exchange.
            on_response: is told of each response that is over.

        Raises:
            ValueError: ``upstream`` is no such URL.
        """
        where = Upstream.parse(upstream)
        if where.scheme == "https" and ssl_context is None:
            ssl_context = ssl.create_default_context()
            ssl_context.set_alpn_protocols(["http/1.1"])
        context = ssl_context if where.scheme == "https" else None
        self._host = host
        self._port = port
        tell = guarded(on_message, "on_message", log_error)
        told = guarded(on_response, "on_response", tell)
        self._shared = Shared(where, folder, context, timeout, tell, told)
        self._server: asyncio.Server | None = None
        self.url = ""

    @property
    def running(self) -> int:
        """How many requests are being answered."""
        return sum(client.busy for client in self._shared.clients)

    async def start(self) -> str:
        """Listen; the folder is made if it is not there.

        Returns:
            The URL.

        Raises:
            OSError: the folder cannot be made, or the address cannot be listened at.
        """
        self._shared.folder.make()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: ClientConnection(self._shared), self._host, self._port, backlog=BACKLOG
        )
        self.url = url_of(self._server, self._host)
        return self.url

    async def stop(self, *, drain: bool = True) -> None:
        """Take no further request, and return when all connections are closed.

        May be called again while it waits, to cut what it waits for.

        Args:
            drain: wait for the responses that are running; or else they are cut, and their
                recordings say "interrupted".
        """
        self._shared.stopping = True
        if self._server is not None:
            self._server.close()
        for client in list(self._shared.clients):
            client.stop(drain=drain)
        await self._shared.until_closed(self._shared.clients)
        for exchange in list(self._shared.exchanges):
            exchange.abandon()
        await self._shared.until_closed(self._shared.exchanges)

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
