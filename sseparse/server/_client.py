"""The connection of a client: request after request, each handed to an exchange of its own.

It writes what it is told to, holds the exchange while the client takes nothing and the client while
upstream takes nothing, and ends as the exchange ended.
"""

from __future__ import annotations

import asyncio
from typing import cast

from sseparse.server._closing import Closing
from sseparse.server._exchange import Exchange, Outcome
from sseparse.server._relay import FromClient, Relay
from sseparse.server._shared import LARGEST_BUFFER, Shared


class ClientConnection(asyncio.Protocol):
    """Serves one client."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._relay = Relay(shared.upstream)
        self._transport: asyncio.Transport | None = None
        self._closing: Closing | None = None
        self._exchange: Exchange | None = None
        self._blocked = False  # the client does not take what is written
        self._over = False  # nothing that comes is looked at any more

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._exchange is not None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(LARGEST_BUFFER)
        self._shared.clients.add(self)
        if self._shared.stopping:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Pass one network read on."""
        if self._over:
            return
        self._take(self._relay.from_client(data))

    def eof_received(self) -> None:
        """Take it that the client is gone, as it is in all but odd cases."""
        if self._exchange is not None and self._transport is not None:
            self._transport.abort()  # nobody is there to take what waits to be written

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._shared.lost(self)
        self._transport = None
        self._over = True
        if self._closing is not None:
            self._closing.over()
        if self._exchange is not None:
            self._exchange.client_gone()

    def pause_writing(self) -> None:
        """Let upstream wait: the client takes nothing."""
        self._blocked = True
        if self._exchange is not None:
            self._exchange.pause()

    def resume_writing(self) -> None:
        """Let upstream go on."""
        self._blocked = False
        if self._exchange is not None:
            self._exchange.resume()

    # What the exchange calls.

    def write(self, data: bytes) -> None:
        """Write to the client, if it is still there."""
        if self._transport is not None:
            self._transport.write(data)

    def balance(self) -> None:
        """Read from the client only while what comes can be passed on."""
        if self._transport is None:
            return
        full = self._exchange is not None and self._exchange.full
        if full or self._relay.backlog > LARGEST_BUFFER:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def exchange_ended(self, outcome: Outcome) -> None:
        """Go on to the next request, or end the connection as the exchange ended."""
        self._exchange = None
        if self._transport is None:
            return
        if outcome in (Outcome.COMPLETE, Outcome.REFUSED):
            if self._relay.reusable and not self._shared.stopping:
                self._take(self._relay.next_request())
            elif self._relay.request_complete:
                self._close()
            else:
                self._linger()
        elif outcome is Outcome.CUT:
            self._close()
        elif outcome is Outcome.RESET:
            self._over = True
            self._closing = Closing(self._transport)
            self._closing.reset()
        else:
            self._transport.abort()

    # What the proxy calls.

    def stop(self, *, drain: bool) -> None:
        """Close the connection: once the running exchange is over, or at once."""
        self._relay.last = True
        if drain and self._exchange is not None:
            return
        if self._exchange is not None:
            self._exchange.interrupt()
        elif drain:
            self._close()
        elif self._transport is not None:
            self._transport.abort()

    def _take(self, step: FromClient) -> None:
        self.write(step.to_client)
        if step.request is not None:
            self._exchange = Exchange(self._shared, self, self._relay, step.request)
            if self._blocked:
                self._exchange.pause()
        if self._exchange is not None and step.to_upstream:
            self._exchange.send(step.to_upstream, step.body)
        if step.refused is not None:
            if self._exchange is not None:
                self._exchange.client_failed(step.refused)
            else:
                self._linger()
            self._shared.on_message(f"a request was refused: {step.refused}")
        self.balance()

    def _close(self) -> None:
        self._over = True
        if self._transport is not None:
            self._transport.close()

    def _linger(self) -> None:
        """Say that this is all, and close once the client has done so or had time to."""
        self._over = True
        if self._transport is not None:
            self._closing = Closing(self._transport)
            self._closing.linger()
