"""The connection of a client of a replay server: request after request, each answered in full.

h11 reads a request, and is let go when it is complete: a stream lasts long, and needs no parser.
What comes meanwhile is kept for later, up to the limit of a head; then the client has to wait.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import cast

import h11

from sseparse.replay import Ending
from sseparse.server._answers import STATS, Own, error
from sseparse.server._asked import Asked, understand
from sseparse.server._closing import Closing
from sseparse.server._frames import Frames
from sseparse.server._heads import BadRequest
from sseparse.server._relay import SPOKE_TLS, TLS_HANDSHAKE, words_of_h11
from sseparse.server._stage import Played, Stage
from sseparse.server._stream import Stream


class ReplayConnection(asyncio.Protocol):
    """Serves one client.

    Attributes:
        idle_since: since when nothing has happened that should; None: it need not.
    """

    __slots__ = (
        "_ahead",
        "_asked",
        "_began",
        "_blocked",
        "_body",
        "_busy",
        "_closing",
        "_held",
        "_last",
        "_loop",
        "_over",
        "_parser",
        "_request",
        "_stage",
        "_stream",
        "_transport",
        "idle_since",
    )

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._closing: Closing | None = None
        self._parser: h11.Connection | None = None
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._ahead = b""  # what came before its turn
        self._asked: Asked | None = None
        self._stream: Stream | None = None
        self._began = 0.0
        self._busy = False  # a request is being answered
        self._blocked = False  # the client does not take what is written
        self._held = False  # the next request waits for that
        self._last = False  # no further request is taken
        self._over = False  # nothing that comes is looked at any more
        self.idle_since: float | None = self._loop.time()

    @property
    def playing(self) -> bool:
        """Whether a recording is being played."""
        return self._stream is not None

    @property
    def chunks(self) -> int:
        """How many chunks of the running stream have been sent."""
        return 0 if self._stream is None else self._stream.sent

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, if it is not one too many."""
        stage = self._stage
        self._transport = cast("asyncio.Transport", transport)
        # A write that is not taken at once holds the stream: what waits here is one write at most.
        self._transport.set_write_buffer_limits(0)
        stage.clients.add(self)
        many = len(stage.clients) - stage.limits.connections
        if stage.stopping or many > stage.limits.connections:
            self._transport.abort()
        elif many > 0:
            self._refuse(503, f"there are {stage.limits.connections} connections already")

    def data_received(self, data: bytes) -> None:
        """Take one network read."""
        if self._over:
            return
        if not self._busy:
            self.idle_since = self._loop.time()
            self._feed(data)
            return
        self._ahead += data
        if len(self._ahead) > self._stage.limits.head and self._transport is not None:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Take it that the client is gone, as it is in all but odd cases."""
        if self._stream is not None and self._transport is not None:
            self._transport.abort()  # nobody is there to take what is to come

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._over = True
        self._transport = None
        if self._closing is not None:
            self._closing.over()
        if self._stream is not None:
            self._report("silence" if self._stream.silent else "client_closed")
        self._stage.lost(self)

    def pause_writing(self) -> None:
        """Hold the stream: the client takes nothing."""
        self._blocked = True
        self.idle_since = self._loop.time()
        if self._stream is not None:
            self._stream.pause()

    def resume_writing(self) -> None:
        """Let the stream go on."""
        self._blocked = False
        self.idle_since = None if self._stream is not None else self._loop.time()
        if self._stream is not None:
            self._stream.resume()
        if self._held:
            self._held = False
            self._next_request()

    # What the server calls.

    def stop(self, *, drain: bool) -> None:
        """Close the connection: once the running stream is over, or at once."""
        self._last = True
        stream, transport = self._stream, self._transport
        if transport is None or (drain and stream is not None and not stream.silent):
            return
        if stream is not None:
            self._report("silence" if stream.silent else "interrupted")
            transport.abort()
        elif drain and self._closing is None:
            self._close()
        elif not drain:
            transport.abort()

    def close_idle(self, since: float) -> None:
        """Close the connection if nothing has happened on it since this time."""
        if self.idle_since is None or self.idle_since > since or self._transport is None:
            return
        if self._stream is not None:
            self._report("silence" if self._stream.silent else "idle")
            self._transport.abort()
        elif self._over or self._blocked:
            self._transport.abort()
        elif self._parser is None:
            self._close()
        else:
            self._refuse(408, "the request did not go on")

    # A request.

    def _feed(self, data: bytes) -> None:
        stage, whole = self._stage, None
        self._began = self._loop.time()  # times count from here, not from when it was understood
        if self._parser is None:
            if (known := stage.known.get(data)) is not None:
                self._respond(known, b"")
                return
            limit = stage.limits.head
            self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=limit)
            whole = data
        parser = self._parser
        try:
            parser.receive_data(data)
            while (event := parser.next_event()) is not h11.NEED_DATA:
                if type(event) is h11.Request:
                    self._begin(event)
                elif type(event) is h11.Data:
                    self._body += event.data
                    self._check_body(len(self._body))
                elif type(event) is h11.EndOfMessage:
                    ahead = parser.trailing_data[0]
                    asked = understand(cast("h11.Request", self._request), bytes(self._body))
                    if whole is not None and not ahead:
                        stage.known.keep(whole, asked)
                    self._respond(asked, ahead)
                    return
                else:
                    return
            if parser.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, reason=b"Continue", headers=[])
                self._write(parser.send(go_on))
        except h11.RemoteProtocolError as wrong:
            if parser.trailing_data[0].startswith(TLS_HANDSHAKE):
                self._refuse(400, SPOKE_TLS)
            else:
                words = words_of_h11(wrong)
                self._refuse(wrong.error_status_hint, f"the request is no HTTP/1.1: {words}")
        except BadRequest as wrong:
            self._refuse(wrong.status, str(wrong))

    def _begin(self, request: h11.Request) -> None:
        limit = self._stage.limits.head
        # h11 looks at the size of a head that is not complete; one read may bring a whole one.
        size = len(request.target) + sum(len(name) + len(value) for name, value in request.headers)
        if size > limit:
            raise BadRequest(431, f"the headers of the request are over the limit of {limit} bytes")
        self._request = request
        lengths = [int(value) for name, value in request.headers if name == b"content-length"]
        self._check_body(lengths[0] if lengths else 0)

    def _check_body(self, size: int) -> None:
        limit = self._stage.limits.body
        if size > limit:
            raise BadRequest(413, f"the body of the request is over the limit of {limit} bytes")

    def _respond(self, asked: Asked, ahead: bytes) -> None:
        """Answer a request that is complete.

        Raises:
            BadRequest: it cannot be.
        """
        self._parser = self._request = None
        self._body, self._ahead = bytearray(), ahead
        self._asked, self._busy, self.idle_since = asked, True, None
        self._last = self._last or self._stage.stopping or not asked.kept_alive
        self._stage.on_request(asked.request)
        answers = self._stage.answers
        if asked.path == STATS and asked.method in ("GET", "HEAD"):
            answer: Own | Frames = Own(200, json.dumps(self._stage.stats()).encode() + b"\n")
        else:
            answer = answers.answer(asked)
        more = answers.cors_headers(asked)
        if self._last:
            more = (*more, ("connection", "close"))
        if isinstance(answer, Own):
            self._write(_own(answer, more, bare=asked.method == "HEAD"))
            self._answered(answer.status, answer.error)
        else:
            self._play(answer, answer.head + _lines(more) + b"\r\n")

    def _play(self, frames: Frames, head: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        if cast("Asked", self._asked).method == "HEAD":
            self._write(head)
            self._answered(frames.status)
            return
        stage = self._stage
        stage.streams += 1
        self._stream = Stream(
            frames,
            head,
            transport,
            stage.schedule,
            stage.lateness,
            self._stream_ended,
            asked_at=self._began,
        )
        self._stream.begin(blocked=self._blocked)

    def _stream_ended(self) -> None:
        stream, transport = self._stream, self._transport
        if stream is None or transport is None:
            return
        ending = stream.frames.ending
        if ending is Ending.SILENCE:
            self.idle_since = self._loop.time()
            if self._last and self._stage.stopping:
                self._report(ending.value)
                transport.abort()
            return
        self._report(ending.value)
        if ending is Ending.FINISH:
            self._go_on()
        elif ending is Ending.CUT:
            self._close()
        else:
            self._over = True
            self._closing = Closing(transport)
            self._closing.reset()

    def _answered(self, status: int, wrong: str | None = None) -> None:
        """Go on after an answer that was written at once."""
        asked = cast("Asked", self._asked)
        seconds = self._loop.time() - self._began
        self._stage.on_response(
            Played(asked.method, asked.path, status, None, 0, 0, seconds, "finish", wrong)
        )
        # (Not now: a thousand requests may be waiting, and the stack is not as deep.)
        self._loop.call_soon(self._go_on)

    def _report(self, end: str) -> None:
        """Say that the stream is over, and let go of it."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        stream.close()
        self._stage.chunks += stream.sent
        asked, frames = cast("Asked", self._asked), stream.frames
        seconds = self._loop.time() - self._began
        self._stage.on_response(
            Played(
                asked.method,
                asked.path,
                frames.status,
                frames.name,
                stream.sent,
                stream.size,
                seconds,
                end,
            )
        )

    def _go_on(self) -> None:
        """Take the next request, or close."""
        if self._last:
            self._close()
        elif self._blocked:
            self._held = True
        else:
            self._next_request()

    def _next_request(self) -> None:
        if self._transport is None or self._over:
            return
        self._busy = False
        self.idle_since = self._loop.time()
        self._transport.resume_reading()
        ahead, self._ahead = self._ahead, b""
        if ahead:
            self._feed(ahead)

    # The connection.

    def _write(self, data: bytes | None) -> None:
        if self._transport is not None and data:
            self._transport.write(data)

    def _close(self) -> None:
        self._over = True
        if self._transport is not None:
            self.idle_since = self._loop.time()
            self._transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Answer a request that is not complete, or none."""
        self._parser = None
        self._over = self._last = True
        self._stage.on_message(f"a request was refused: {message}")
        if self._transport is not None:
            self._write(_own(error(status, message), (("connection", "close"),)))
            self._closing = Closing(self._transport)
            self._closing.linger()


def _own(answer: Own, more: tuple[tuple[str, str], ...], *, bare: bool = False) -> bytes:
    """Return an answer of the server's own; bare: without its body."""
    headers = [*answer.headers, *more]
    if answer.status != 204:
        headers.append(("content-type", "application/json"))
        headers.append(("content-length", str(len(answer.body))))
    line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
    return line.encode() + _lines(headers) + b"\r\n" + (b"" if bare else answer.body)


def _lines(headers: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1")
