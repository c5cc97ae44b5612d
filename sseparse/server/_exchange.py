"""One request and its response: the connection to upstream, and the recording of what it brings.

For each network read the time is taken first, then all of it is relayed with one write, and then
recorded. However the exchange ends, it ends once, in ``_end``: the connection is closed, the
recording gets its reason, and the client's side is told what it has to do about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import h11

from sseparse.recording import Recorder, Request
from sseparse.recording._ends import end_reason
from sseparse.recording._folder import LARGEST_BODY
from sseparse.recording._redaction import kept_url
from sseparse.server._relay import FromUpstream, Relay
from sseparse.server._shared import LARGEST_BUFFER, Relayed, Shared, words_of

if TYPE_CHECKING:
    from sseparse.server._client import ClientConnection

HAPPY_EYEBALLS = 0.25
"""Seconds after which the next address of a host is tried beside the first (RFC 8305)."""

READ_SIZE = 256 * 1024
"""What asyncio reads at once."""


class Outcome(enum.Enum):
    """What an exchange leaves for the client's side to do."""

    COMPLETE = enum.auto()  # the response is whole
    REFUSED = enum.auto()  # an answer of our own has been given in its place
    CUT = enum.auto()  # close, without what would end the body
    RESET = enum.auto()  # the same, with a TCP reset
    GONE = enum.auto()  # nobody is there any more, or is to be


class Exchange(asyncio.Protocol):
    """Relays one exchange, and records it."""

    def __init__(
        self, shared: Shared, client: ClientConnection, relay: Relay, request: h11.Request
    ) -> None:
        self._shared = shared
        self._client = client
        self._relay = relay
        self._method = request.method.decode()
        self._target = request.target.decode()
        self._headers = _pairs(request.headers.raw_items())
        self._request_body: bytearray | None = bytearray()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._recorder: Recorder | None = None
        self._pending: list[bytes] = []  # what is to be written once there is a connection
        self._pending_size = 0
        self._blocked = False  # upstream does not take what is written
        self._paused = False  # the client does not, so upstream is not read
        self._ended = False
        self._clock = shared.folder.clock
        self._sent_at = 0.0
        self._heard_at = 0.0
        self._status = 0
        self._reads = 0
        self._size = 0
        self._task = self._loop.create_task(self._connect())

    # From the client.

    def send(self, data: bytes, body: bytes) -> None:
        """Write to upstream.

        Args:
            data: what to write.
            body: what of it is the request's body.
        """
        if self._request_body is not None and body:
            self._request_body += body
            if len(self._request_body) > LARGEST_BODY:
                self._request_body = None
        self._heard_at = self._loop.time()
        if self._transport is not None:
            self._transport.write(data)
        else:
            self._pending.append(data)
            self._pending_size += len(data)

    @property
    def full(self) -> bool:
        """Whether the client should not be read for now."""
        return self._blocked or self._pending_size > LARGEST_BUFFER

    def pause(self) -> None:
        """Stop reading from upstream: the client takes nothing."""
        self._paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read from upstream again."""
        self._paused = False
        self._heard_at = self._loop.time()
        if self._transport is not None:
            self._transport.resume_reading()

    def client_gone(self) -> None:
        """End it: the client closed its connection, or it was reset."""
        self._end("client_closed", Outcome.GONE)

    def client_failed(self, message: str) -> None:
        """End it: what the client sends is no HTTP."""
        outcome = Outcome.CUT if self._relay.responding else Outcome.REFUSED
        self._end("error", outcome, message)

    def interrupt(self) -> None:
        """End it: the proxy is stopped."""
        self._end("interrupted", Outcome.GONE)

    # The connection to upstream.

    async def _connect(self) -> None:
        shared, upstream = self._shared, self._shared.upstream
        context = shared.ssl_context
        try:
            async with asyncio.timeout(shared.timeout):
                await self._loop.create_connection(
                    lambda: self,
                    upstream.host,
                    upstream.port,
                    ssl=context,
                    server_hostname=upstream.host if context else None,
                    happy_eyeballs_delay=HAPPY_EYEBALLS,
                )
        except TimeoutError:
            self._refuse(504, "it did not take the connection in time")
        except OSError as error:
            self._refuse(502, _why(error))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what has come of the request so far."""
        self._transport = cast("asyncio.Transport", transport)
        self._shared.exchanges.add(self)
        if self._ended:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(LARGEST_BUFFER)
        if self._paused:
            self._transport.pause_reading()
        self._sent_at = self._clock()
        self._heard_at = self._loop.time()
        if self._shared.timeout is not None:
            self._timer = self._loop.call_later(self._shared.timeout, self._look_at_the_time)
        self._transport.write(b"".join(self._pending))
        self._pending, self._pending_size = [], 0
        self._client.balance()

    def data_received(self, data: bytes) -> None:
        """Relay one network read, then record it."""
        if self._ended:
            return
        came_at = self._clock()
        self._heard_at = self._loop.time()
        self._take(self._relay.from_upstream(data), came_at)

    def eof_received(self) -> None:
        """Take the end of upstream's stream: of the body, or before its time."""
        if not self._ended:
            self._take(self._relay.from_upstream(b""), self._clock())

    def connection_lost(self, exc: Exception | None) -> None:
        """Find out what became of the response."""
        self._shared.lost(self)
        if self._ended:
            return
        if exc is None:
            self.eof_received()  # TLS that ended without saying so
            return
        self._read_rest()
        if not self._ended:
            self._broken(exc)

    def pause_writing(self) -> None:
        """Let the client wait: upstream takes nothing."""
        self._blocked = True
        self._client.balance()

    def resume_writing(self) -> None:
        """Let the client go on."""
        self._blocked = False
        self._client.balance()

    def _read_rest(self) -> None:
        """Read what came before the connection broke.

        asyncio gives a connection up when a write fails, with the answer still unread in it: that
        of a server which refuses a long body and closes.
        """
        transport = self._transport
        if transport is None or self._shared.ssl_context is not None:
            return
        with contextlib.suppress(OSError):
            descriptor = transport.get_extra_info("socket").fileno()
            while not self._ended and (data := os.read(descriptor, READ_SIZE)):
                self.data_received(data)

    def _look_at_the_time(self) -> None:
        timeout = self._shared.timeout or 0.0
        silent = 0.0 if self._paused else self._loop.time() - self._heard_at
        if silent < timeout:
            self._timer = self._loop.call_later(timeout - silent, self._look_at_the_time)
        elif self._relay.responding:
            self._end("timeout", Outcome.CUT, f"nothing came for {timeout:g} s")
        else:
            self._refuse(504, f"nothing came for {timeout:g} s")

    # The response.

    def _take(self, step: FromUpstream, came_at: float) -> None:
        if step.to_client:
            self._client.write(step.to_client)
        if step.response is not None:
            self._begin_recording(step.response)
        if step.body:
            self._reads += 1
            self._size += len(step.body)
            if self._recorder is not None:
                self._recorder.write(step.body, came_at - self._sent_at)
        if step.end == "eof":
            self._end("eof", Outcome.COMPLETE)
        elif step.end is not None and self._status:
            # Without framing a client takes the end of the connection for that of the body.
            outcome = Outcome.RESET if self._relay.unframed else Outcome.CUT
            self._end(step.end, outcome, step.error)
        elif step.end is not None:
            self._refuse(502, step.error or step.end)

    def _begin_recording(self, response: h11.Response) -> None:
        self._status = response.status_code
        body, self._request_body = self._request_body, None
        if self._method == "HEAD":
            return  # there is no body to record
        self._recorder = self._shared.folder.record(
            Request(self._method, self._url, self._headers, bytes(body) if body else None),
            response.status_code,
            _pairs(response.headers.raw_items()),
            sent_at=self._sent_at,
        )

    @property
    def _url(self) -> str:
        upstream = self._shared.upstream
        return f"{upstream.scheme}://{upstream.authority}{self._target}"

    # Ends.

    def _broken(self, error: Exception) -> None:
        if not self._status:
            self._refuse(502, _why(error))
            return
        reason = end_reason(error)
        outcome = Outcome.RESET if reason == "reset" or self._relay.unframed else Outcome.CUT
        self._end(reason, outcome, _why(error))

    def _refuse(self, status: int, why: str) -> None:
        """Answer in place of upstream, which gave no response."""
        if self._ended:
            return
        upstream = self._shared.upstream
        message = f"upstream {upstream.scheme}://{upstream.authority}: {why}"
        self._client.write(self._relay.refuse(status, message))
        self._end("error", Outcome.REFUSED)
        self._shared.on_message(message)

    def _end(self, reason: str, outcome: Outcome, error: str | None = None) -> None:
        if self._ended:
            return
        self._ended = True
        self._close(gently=outcome is Outcome.COMPLETE)
        now = self._clock()
        if self._recorder is not None:
            self._recorder.close(reason, error=error, at=now - self._sent_at)
        self._client.exchange_ended(outcome)
        if self._status:
            self._shared.on_response(self._relayed(reason, error, now - self._sent_at))

    def _relayed(self, reason: str, error: str | None, seconds: float) -> Relayed:
        return Relayed(
            method=self._method,
            url=kept_url(self._url),
            status=self._status,
            path=None if self._recorder is None else self._recorder.path,
            reads=self._reads,
            size=self._size,
            seconds=seconds,
            end=reason,
            error=error,
        )

    def _close(self, *, gently: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is None:
            if self._task is not asyncio.current_task():
                self._task.cancel()
        elif gently and not self._transport.get_write_buffer_size():
            self._transport.close()
        else:
            self._transport.abort()

    def abandon(self) -> None:
        """Close the connection to upstream at once, whatever is left to be said on it."""
        if self._transport is not None:
            self._transport.abort()


def _pairs(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _why(error: Exception) -> str:
    """Return what an error says, in a line for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return words_of(error) if isinstance(error, OSError) else str(error)
