"""Servers that ``serve_load`` asks beside ``sseparse serve``: how each is started, what it sends.

All send the same number of chunks of about the same size, at the same times. Each prints its URL
once it listens. ``python -m benchmarks.serve_peers NAME PATH`` is one of those written in Python:

- ``starlette``: a StreamingResponse that sleeps until each chunk is due, under uvicorn; what one
  writes in ten lines.
- ``floor``: an epoll, a heap of deadlines and ready-made frames; no HTTP, no limits, no manners. It
  tells what the machine and the client alone make of the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from sseparse import Read, Recording

PADDING = b"x" * 180
"""What a completion chunk has besides its word."""

AIMOCK = "@copilotkit/aimock"

AIMOCK_SERVER = """
import { readFileSync } from "node:fs";
import { LLMock } from "@copilotkit/aimock";
const { content, chunkSize, latency } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const mock = new LLMock({ port: 0, chunkSize, latency });
mock.onMessage("load", { content });
await mock.start();
console.log(mock.url);
"""


@dataclass(frozen=True)
class Peer:
    """A server.

    Attributes:
        name: what it is called in the table.
        command: it, without the file that it is given; at full speed: ``fast``.
        numbers: finds the numbers of the chunks in what it sends.
        before: how many chunks it sends before the first that has a number, in the same gaps.
        cwd: the folder that it runs in.
        version: what to say of its version.
    """

    name: str
    command: tuple[str, ...]
    fast: tuple[str, ...]
    numbers: re.Pattern[bytes] = re.compile(rb'data: \{"n":(\d+),')
    before: int = 0
    cwd: Path | None = None
    version: str = field(default="", compare=False)

    def write_input(self, folder: Path, chunks: int, gap: float) -> Path:
        """Write what it is to send: numbered chunks, one each ``gap`` seconds."""
        if self.name == "aimock":
            path = folder / "load.json"
            content = "".join(f"{number:07d}|" for number in range(1, chunks + 1))
            latency = round(1000 * gap)
            path.write_text(json.dumps({"content": content, "chunkSize": 8, "latency": latency}))
            return path
        reads = [
            Read(gap * number, b'data: {"n":%d,"p":"%b"}\n\n' % (number, PADDING))
            for number in range(1, chunks + 1)
        ]
        return Recording(tuple(reads)).save(folder / "load.txt")


def sseparse_serve() -> Peer:
    """Return what all this is about."""
    command = (sys.executable, "-m", "sseparse", "serve", "--silent")
    return Peer("sseparse serve", command, (*command, "--speed", "max"))


def in_python(name: str) -> Peer:
    """Return one of the servers below."""
    command = (sys.executable, "-m", "benchmarks.serve_peers", name)
    called = {"starlette": "starlette, uvicorn", "floor": "the floor"}
    return Peer(called[name], command, command)


def aimock(folder: Path) -> Peer | str:
    """Install aimock from npm into a folder; return it, or why it cannot be had."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "npm is not there"
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / "node_modules" / AIMOCK / "package.json"
    if not package.exists():
        result = subprocess.run(  # noqa: S603
            [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, AIMOCK],
            capture_output=True,
            text=True,
        )
        if result.returncode or not package.exists():
            return "npm could not install it"
    script = folder / "serve_load.mjs"
    script.write_text(AIMOCK_SERVER)
    command = (node, str(script))
    version = f"aimock {json.loads(package.read_text())['version']}"
    numbers = re.compile(rb'"content":"(\d+)\|"')
    return Peer("aimock", command, command, numbers, before=1, cwd=folder, version=version)


def cache() -> Path:
    """Return the folder that aimock is installed in, once for all runs."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path(tempfile.gettempdir())) / "sseparse-serve-load"


# The servers


def starlette(path: Path) -> None:
    """Serve with Starlette and uvicorn until the process is ended."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    recording = Recording.load(path)

    async def answer(_: Request) -> StreamingResponse:
        begun = time.monotonic()

        async def chunks() -> AsyncIterator[bytes]:
            for read in recording.reads:
                if (wait := begun + read.time - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                yield read.data

        return StreamingResponse(chunks(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(app, log_level="error", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


def floor(path: Path) -> None:
    """Serve with next to nothing until the process is ended."""
    reads = Recording.load(path).reads
    frames = [b"%x\r\n%b\r\n" % (len(read.data), read.data) for read in reads]
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    frames[0], frames[-1] = head + frames[0], frames[-1] + b"0\r\n\r\n"
    wire, offsets = memoryview(b"".join(frames)), [0, *accumulate(map(len, frames))]
    times = [read.time for read in reads]
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    heap: list[tuple[float, int, socket.socket, float, int]] = []
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        if (wait := heap[0][0] - time.monotonic() if heap else 30.0) > 0:
            select.select([poll], [], [], wait)
        for number, _ in poll.poll(0):
            if number == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
                continue
            asked = b""
            with contextlib.suppress(ConnectionError):
                asked = clients[number].recv(65536)
            if asked:
                now = time.monotonic()
                heapq.heappush(heap, (now + times[0], number, clients[number], now, 0))
            else:
                clients.pop(number).close()
        now = time.monotonic()
        for _ in range(32):
            if not heap or heap[0][0] > now:
                break
            _, number, client, begun, at = heap[0]
            due = bisect_right(times, now - begun, at + 1)
            try:
                client.send(wire[offsets[at] : offsets[due]])
            except OSError:  # it is gone
                due = len(times)
            if due < len(times):
                heapq.heapreplace(heap, (begun + times[due], number, client, begun, due))
            else:
                heapq.heappop(heap)


if __name__ == "__main__":
    {"starlette": starlette, "floor": floor}[sys.argv[1]](Path(sys.argv[2]))
