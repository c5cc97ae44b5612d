"""An origin to record from: a process of its own that sends scripted streams at exact times.

It says afterwards when it wrote what, on the clock that all processes of a machine share, so a test
can hold a recording against the facts. What it sends is asked for in the query string::

    with origin() as server:
        get(server.url("lf"))                        # the script with lone line feeds
        get(server.url("crlf", end="reset"))         # broken by a TCP reset behind the last write
        assert server.served()[0].writes[0].data == script("lf")[0].data

Run as a program it is that process: ``python origin.py LOG``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

GAP = 0.02
"""Seconds between the writes of a script."""

STALL = 0.5
"""Seconds of silence in the middle of a script; not where another gap is asked for."""


@dataclass(frozen=True)
class Write:
    """One write: when (in a script: how many seconds after the one before), and what."""

    time: float
    data: bytes


@dataclass(frozen=True)
class Served:
    """One response.

    Attributes:
        request: the head of the request and its body, as they came.
        asked_at: when the request was complete, on the monotonic clock.
        headers_at: when the head of the response was written.
        writes: when each piece of the body was written.
    """

    request: bytes
    asked_at: float
    headers_at: float
    writes: list[Write] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(write.data for write in self.writes)


def script(name: str, writes: int = 83) -> list[Write]:
    """Return the writes of a stream that is hard on whoever reads it.

    A BOM, a stall, five events in one write, an emoji cut in two, a cut between the two line ends
    of a blank line, and bytes that are no UTF-8; with LF, CRLF or CR for the line ends.
    """
    eol = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}[name]

    def event(text: bytes) -> bytes:
        return b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}' % text + eol + eol

    emoji = event("🐙".encode())
    inside = emoji.index("🐙".encode()) + 2
    cut = event(b"cut")
    pieces = [
        b"\xef\xbb\xbf" + event(b"first"),
        b"".join(event(b"burst %d" % number) for number in range(5)),
        emoji[:inside],
        emoji[inside:],
        cut[: -len(eol)],
        cut[-len(eol) :],
        event(b"bad \xff\xfe"),
    ]
    end = event(b"")[:-1].replace(b'"delta"', b'"finish_reason":"stop","delta"') + eol[-1:]
    last = [end, b"data: [DONE]" + eol + eol]
    pieces += [event(b" word %d" % number) for number in range(writes - len(pieces) - len(last))]
    pieces += last
    return [
        Write(STALL if number == writes // 2 else GAP, data) for number, data in enumerate(pieces)
    ]


class Origin:
    """A running origin."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, name: str = "lf", path: str = "/v1/chat/completions", **options: object) -> str:
        """Return where a script is to be had.

        ``end``: eof, cut, reset or hang (it stays silent); ``framing``: chunked, length or close;
        ``coding``: gzip, deflate, br or zstd; ``writes``: how many; ``gap``: seconds between them;
        ``delay``: seconds before the response; ``status``, ``type``: of it.
        """
        return f"{self.base}{path}?{urlencode({'script': name, **options})}"

    def served(self, count: int = 1) -> list[Served]:
        """Return what was sent so far; wait until there are so many responses."""
        deadline = time.monotonic() + 10
        while len(lines := self._lines()) < count:
            assert time.monotonic() < deadline, f"{len(lines)} responses, not {count}"
            time.sleep(0.01)
        return [_served(json.loads(line)) for line in lines]

    def _lines(self) -> list[str]:
        """Return the whole lines of the log: the last one may be in the middle of being written."""
        return self._log.read_text().rpartition("\n")[0].splitlines()


def _served(line: dict[str, object]) -> Served:
    request, writes = line["request"], line["writes"]
    assert isinstance(request, str)
    assert isinstance(writes, list)
    return Served(
        base64.b64decode(request),
        float(str(line["asked_at"])),
        float(str(line["headers_at"])),
        [Write(at, base64.b64decode(data)) for at, data in writes],
    )


@contextlib.contextmanager
def origin() -> Iterator[Origin]:
    """Run an origin in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        log.touch()
        process = subprocess.Popen(
            [sys.executable, __file__, str(log)], stdout=subprocess.PIPE, text=True
        )
        with process:
            try:
                assert process.stdout is not None
                yield Origin(int(process.stdout.readline()), log)
            finally:
                process.kill()


# What runs in the process.


def _coder(name: str | None) -> tuple[object, object]:
    """Return what compresses a piece, flushed, and what ends the stream."""
    if name in ("gzip", "deflate"):
        zipper = zlib.compressobj(wbits=zlib.MAX_WBITS | (16 if name == "gzip" else 0))
        return (
            lambda data: zipper.compress(data) + zipper.flush(zlib.Z_SYNC_FLUSH),
            zipper.flush,
        )
    if name == "br":
        import brotli

        squeezer = brotli.Compressor()
        return lambda data: squeezer.process(data) + squeezer.flush(), squeezer.finish
    if name == "zstd":
        from backports import zstd

        packer = zstd.ZstdCompressor()
        return lambda data: packer.compress(data, packer.FLUSH_BLOCK), packer.flush
    return lambda data: data, lambda: b""


class _Connection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: Path
    ) -> None:
        self.reader, self.writer, self.log = reader, writer, log

    async def run(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.answer(await self.request()):
                pass
        self.writer.close()

    async def request(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                return head + await self.reader.readuntil(b"0\r\n\r\n")
        return head + await self.reader.readexactly(length)

    async def answer(self, request: bytes) -> bool:
        asked_at = time.monotonic()
        target = request.split(b" ", 2)[1].decode()
        options = dict(parse_qsl(urlsplit(target).query))
        framing, end = options.get("framing", "chunked"), options.get("end", "eof")
        coding = options.get("coding")
        compress, finish = _coder(coding)
        writes = script(options.get("script", "lf"), int(options.get("writes", 83)))
        gap = float(options.get("gap", GAP))
        head = f"HTTP/1.1 {options.get('status', 200)} Said\r\n"
        head += f"Content-Type: {options.get('type', 'text/event-stream')}\r\n"
        head += "Set-Cookie: session=origin-cookie\r\nopenai-organization: org-of-somebody\r\n"
        head += {
            "chunked": "Transfer-Encoding: chunked\r\n",
            "close": "Connection: close\r\n",
            "length": f"Content-Length: {sum(len(write.data) for write in writes)}\r\n",
        }[framing]
        head += f"Content-Encoding: {coding}\r\n" if coding else ""
        await asyncio.sleep(float(options.get("delay", 0)))
        headers_at = time.monotonic()
        self.writer.write((head + "\r\n").encode())
        sent: list[tuple[float, str]] = []
        due = headers_at
        try:
            for write in writes:
                due += STALL if write.time == STALL and gap == GAP else gap
                while (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                data = compress(write.data)  # type: ignore[operator]
                framed = b"%x\r\n%b\r\n" % (len(data), data) if framing == "chunked" else data
                sent.append((time.monotonic(), base64.b64encode(write.data).decode()))
                self.writer.write(framed)
                await self.writer.drain()
            return await self.end(end, framing, finish())  # type: ignore[operator]
        finally:
            line = {"request": base64.b64encode(request).decode(), "asked_at": asked_at}
            with self.log.open("a") as log:
                log.write(json.dumps({**line, "headers_at": headers_at, "writes": sent}) + "\n")

    async def end(self, end: str, framing: str, rest: bytes) -> bool:
        if end == "hang":
            await self.reader.read()  # until the client has had enough
            return False
        if end == "reset":
            raw = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
            return False
        if end == "cut" or framing == "close":
            return False
        if rest and framing == "chunked":
            rest = b"%x\r\n%b\r\n" % (len(rest), rest)
        self.writer.write(rest + b"0\r\n\r\n" if framing == "chunked" else rest)
        await self.writer.drain()
        return True


async def _main(log: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await _Connection(reader, writer, log).run()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    asyncio.run(_main(Path(sys.argv[1])))
