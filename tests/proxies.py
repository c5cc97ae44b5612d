"""The recording proxy as a process of its own, and plain sockets to talk to it and behind it.

``proxied`` runs ``sseparse record --upstream``; ``converse`` says something to a port and keeps
what comes back, and how it ended; ``peer`` is an upstream that does what a function says.
"""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cli import COMMAND, REPOSITORY, environment

from sseparse import Recording

PATIENCE = 20.0
"""Seconds after which something that should happen is taken not to."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


@dataclass
class Proxy:
    """A running proxy."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    lines: list[str]
    threads: list[threading.Thread]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def via(self, url: str) -> str:
        """A URL of the upstream, as it is asked for through the proxy."""
        parts = urlsplit(url)
        return urlunsplit(("http", urlsplit(self.url).netloc, *parts[2:]))

    def recordings(self, count: int = 1) -> list[Recording]:
        """Wait until so many recordings are complete; return them in order of their names."""
        done: list[Path] = []

        def complete() -> bool:
            done[:] = [
                path
                for path in sorted(self.folder.glob("*.txt"))
                if b'\n{"end":' in path.with_name(path.name + ".timing.jsonl").read_bytes()
            ]
            return len(done) >= count

        wait_until(complete, lambda: f"{len(done)} recordings, not {count}")
        assert len(done) == count
        return [Recording.load(path) for path in done]

    def recording(self) -> Recording:
        """The one recording."""
        (recording,) = self.recordings()
        return recording

    def said(self, words: str) -> str:
        """Wait for a line on stderr with these words in it, and return it."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [line for line in self.lines if words in line]
            return bool(found)

        wait_until(there, lambda: f"{words!r} was not said, but {self.lines}")
        return found[0]

    def signal(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def status(self) -> int:
        """Wait for the end."""
        status = self.process.wait(PATIENCE)
        for thread in self.threads:
            thread.join()
        return status


def wait_until(true: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.01)


@contextlib.contextmanager
def proxied(
    upstream: str,
    folder: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
    stderr: bool = True,
) -> Iterator[Proxy]:
    """Run the command.

    Args:
        upstream: its scheme, host and port are what counts.
        folder: where to record.
        args: further ones.
        env: more environment.
        before: is called in the new process first.
        stderr: read it; else its reader is gone once the proxy runs.
    """
    parts = urlsplit(upstream)
    base = f"{parts.scheme}://{parts.netloc}"
    listen = () if "--listen" in args else ("--listen", "127.0.0.1:0")
    process = subprocess.Popen(
        [*COMMAND, "record", "--upstream", base, "-o", str(folder), *listen, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=environment(env),
        preexec_fn=before,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines: list[str] = []
        reader = threading.Thread(target=_collect, args=(process.stderr, lines), daemon=True)
        if stderr:
            reader.start()
        try:
            url = process.stdout.readline().strip()
            assert url, lines
            if not stderr:
                process.stderr.close()
                reader.start()
            yield Proxy(process, url, folder, lines, [reader])
        finally:
            process.kill()
            reader.join()


def _collect(stream: Iterator[str], lines: list[str]) -> None:
    with contextlib.suppress(ValueError):  # it is closed
        lines.extend(line.rstrip("\n") for line in stream)


@dataclass
class Received:
    """What came over a connection.

    Attributes:
        data: all of it.
        end: ``"eof"`` or ``"reset"``.
        reads: when each read came, and what.
    """

    end: str = "eof"
    reads: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.reads)

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def raw_body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def body(self) -> bytes:
        """The body without its framing, as far as it came."""
        if b"transfer-encoding: chunked" not in self.head.lower():
            return self.raw_body
        return dechunked(self.raw_body)[0]

    @property
    def whole(self) -> bool:
        """Whether a chunked body has its end."""
        return dechunked(self.raw_body)[1]


def dechunked(data: bytes) -> tuple[bytes, bool]:
    """Return a chunked body bare, as far as it goes, and whether its end is there."""
    body = b""
    while match := re.match(rb"([0-9a-f]+)\r\n", data):
        size = int(match[1], 16)
        if not size:
            return body, data.endswith(b"\r\n\r\n")
        body += data[match.end() : match.end() + size]
        data = data[match.end() + size + 2 :]
    return body, False


def get(path: str = "/", *headers: str, version: str = "1.1", close: bool = True) -> bytes:
    """A request."""
    lines = [f"GET {path} HTTP/{version}", "Host: proxy", *headers]
    lines += ["Connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A request with a body."""
    lines = [f"POST {path} HTTP/1.1", "Host: proxy", "Connection: close", *headers]
    lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def path_of(url: str) -> str:
    """Path and query of a URL."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def rest_of(connection: socket.socket) -> Received:
    """Read to the end of a connection."""
    received = Received()
    try:
        while data := connection.recv(1 << 18):
            received.reads.append((time.monotonic(), data))
    except ConnectionResetError:
        received.end = "reset"
    return received


def converse(port: int, request: bytes) -> Received:
    """Say something, and listen to the end."""
    with connect(port) as connection:
        connection.sendall(request)
        return rest_of(connection)


def read_until(connection: socket.socket, marker: bytes) -> bytes:
    """Read until something has come."""
    data = b""
    while marker not in data:
        more = connection.recv(1 << 16)
        assert more, f"{marker!r} did not come, only {data!r}"
        data += more
    return data


def hang_up(connection: socket.socket, how: str) -> None:
    """Close a connection, with a reset or without."""
    if how == "reset":
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


@contextlib.contextmanager
def peer(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run an upstream that does this with each connection, in a thread each; give its URL."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            talk(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections.append(connection)
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for one in [listener, *connections]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in [accepting, *threads]:
            thread.join(PATIENCE)


def read_request(connection: socket.socket) -> bytes:
    """Read a request with its body, if it says how long that is."""
    data = read_until(connection, b"\r\n\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    match = re.search(rb"(?i)content-length: *(\d+)", head)
    missing = (int(match[1]) if match else 0) - len(body)
    while missing > 0:
        more = connection.recv(1 << 18)
        assert more
        missing -= len(more)
        data += more
    return data


def chunks(*pieces: bytes) -> bytes:
    """Pieces of a body as chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
