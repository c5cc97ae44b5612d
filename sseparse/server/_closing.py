"""How a connection is ended so that the client gets all that was written to it, or loses it all.

A connection that is closed with bytes unread is reset, and the answer would be lost with it; a
reset that is meant throws away what is still to be sent. So both wait a moment.
"""

from __future__ import annotations

import asyncio
import contextlib

from sseparse.server._shared import reset, unsent

LINGER = 2.0
"""Seconds that a client has to read an answer which came before it had sent all."""

LOOK_EVERY = 0.01
"""Seconds between two looks at whether all has been taken, before a reset."""


class Closing:
    """Ends one connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def linger(self) -> None:
        """Say that this is all, and close once the client has done so or had time to."""
        transport = self._transport
        if transport.is_closing():
            return
        with contextlib.suppress(OSError):  # it is gone already, as the loop is about to say
            transport.write_eof()
        transport.resume_reading()
        self._timer = self._loop.call_later(LINGER, self._abort_when_sent)

    def reset(self) -> None:
        """Reset the connection once the client has taken what was written."""
        if unsent(self._transport):
            self._timer = self._loop.call_later(LOOK_EVERY, self.reset)
        else:
            reset(self._transport)

    def over(self) -> None:
        """Wait no longer: the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def _abort_when_sent(self) -> None:
        if unsent(self._transport):
            self._timer = self._loop.call_later(LINGER, self._abort_when_sent)
        else:
            self._transport.abort()
