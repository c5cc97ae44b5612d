"""Small real HTTP/1.1 servers on 127.0.0.1, each in threads of its own, for tests to read from.

A ``Reply`` is a script: the bytes of the body in the pieces they are sent in, with ``WAIT`` where
the server is to stand still until the test calls ``server.go()``. So what a client has seen before
the next piece was even sent is a fact, and no clock is needed to tell::

    with serve(Reply([b"data: 1\\n\\n", WAIT, b"data: 2\\n\\n"])) as server:
        first = next(events_of(server.url))
        server.go()
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Literal

PATIENCE = 10.0
"""Seconds after which a server that waits gives up and breaks the connection: a test that gets
there has failed."""

Framing = Literal["chunked", "one-chunk", "length", "close"]


class Wait:
    """A place in a reply where the server stands still until ``go()``."""


WAIT = Wait()


@dataclass(frozen=True)
class Reply:
    """What the server answers to every request.

    Attributes:
        pieces: the body, as it is sent: one ``send`` each, ``WAIT`` between them where wanted.
        status: the status code.
        headers: these, in this order; ``None`` as a value leaves the default one out.
        framing: how the body ends: ``"chunked"`` (a chunk per piece), ``"one-chunk"`` (one chunk
            for the whole body, which then comes in several parts), ``"length"``, ``"close"``.
        compress: gzip the body, flushed after each piece.
        end: ``"eof"``, or ``"cut"`` (the connection is closed before the body's end) or
            ``"reset"`` (the same with a TCP reset).
    """

    pieces: Sequence[bytes | Wait]
    status: int = 200
    headers: Mapping[str, str | None] = field(default_factory=dict)
    framing: Framing = "chunked"
    compress: bool = False
    end: Literal["eof", "cut", "reset"] = "eof"

    def encoded_pieces(self) -> list[bytes | Wait]:
        if not self.compress:
            return list(self.pieces)
        encoder = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        return [
            piece
            if isinstance(piece, Wait)
            else encoder.compress(piece) + encoder.flush(zlib.Z_SYNC_FLUSH)
            for piece in self.pieces
        ] + [encoder.flush()]

    def head(self, length: int) -> bytes:
        headers: dict[str, str | None] = {"Content-Type": "text/event-stream", **self.headers}
        if self.compress:
            headers["Content-Encoding"] = "gzip"
        if self.framing == "length":
            headers["Content-Length"] = str(length if self.end == "eof" else length + 1000)
        elif self.framing == "close":
            headers["Connection"] = "close"
        elif self.status != 204:
            headers["Transfer-Encoding"] = "chunked"
        lines = [f"HTTP/1.1 {self.status} Some Reason"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode()


class Server:
    """A running server.

    Attributes:
        url: where it listens.
        requests: the head and body of each request so far, as they came.
    """

    def __init__(self, reply: Reply, paths: Mapping[str, Reply]) -> None:
        self._reply = reply
        self._paths = paths
        self._tokens = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self.requests: list[bytes] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/chat/completions"

    def go(self) -> None:
        """Let the server pass one ``WAIT``."""
        self._tokens.release()

    def start(self) -> None:
        self._start_thread(self._accept)

    def stop(self) -> None:
        self._stopping = True
        self._tokens.release(100)
        for open_socket in [self._listener, *self._connections]:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)  # what wakes a thread that reads from it
            open_socket.close()
        for thread in self._threads:
            thread.join()

    def _start_thread(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append(connection)
            self._start_thread(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        """Answer one request after the other, as HTTP/1.1 connections do."""
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while request := _read_request(stream):
                self.requests.append(request)
                reply = self._paths.get(request.split(b" ")[1].decode(), self._reply)
                self._answer(connection, reply)
                if reply.end == "reset":
                    # With linger at zero seconds, close() sends RST in place of FIN.
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if reply.end != "eof" or reply.framing == "close":
                    return

    def _answer(self, connection: socket.socket, reply: Reply) -> None:
        pieces = reply.encoded_pieces()
        length = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
        connection.sendall(reply.head(length))
        if reply.framing == "one-chunk":
            connection.sendall(b"%x\r\n" % length)
        for piece in pieces:
            if isinstance(piece, Wait):
                if not self._tokens.acquire(timeout=PATIENCE):
                    raise TimeoutError  # (an OSError: the connection is closed)
            elif reply.framing == "chunked":
                if piece:  # an empty chunk would end the body
                    connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            else:
                connection.sendall(piece)
        if reply.end == "eof" and reply.status != 204:
            if reply.framing == "chunked":
                connection.sendall(b"0\r\n\r\n")
            elif reply.framing == "one-chunk":
                connection.sendall(b"\r\n0\r\n\r\n")


def _read_request(stream: BufferedReader) -> bytes:
    request = b""
    length = 0
    while line := stream.readline():
        request += line
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if line == b"\r\n":
            return request + stream.read(length)
    return b""


@contextlib.contextmanager
def serve(reply: Reply, *, paths: Mapping[str, Reply] | None = None) -> Iterator[Server]:
    """Run a server that answers every request with the reply, those of ``paths`` by theirs."""
    server = Server(reply, paths or {})
    server.start()
    try:
        yield server
    finally:
        server.stop()
