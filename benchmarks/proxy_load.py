"""What the recording proxy adds to streams, many at a time: ``python -m benchmarks.proxy_load``.

Origin, proxy and client are a process each. The origin writes each chunk at its own time, counted
from the request, with the time of the write in it, on the clock that all processes of a machine
share; the client notes when it came. The difference is the delay, with the proxy and without; what
the proxy adds is the one less the other, percentile by percentile. Streams begin spread over time.

Afterwards every recording is held against what was sent: its bytes, its reads and their times. And
the memory of the proxy is looked at while a short and a long stream run through it as fast as they
can.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from statistics import median

from sseparse import Recording

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
PADDING = b"x" * 180
"""What a completion chunk has besides its word."""

PROXY = ("-m", "sseparse", "record", "--silent", "--listen", "127.0.0.1:0", "--upstream")

_EVENT = re.compile(rb'data: \{"stream":\d+,"at":([\d.]+),"p":"x*"\}\n\n')
_PIECE = b"y" * 65536


def chunk(stream: int) -> bytes:
    """Return an event that says when it was written."""
    at = b"%.7f" % time.monotonic()
    return b'data: {"stream":%d,"at":%b,"p":"%b"}\n\n' % (stream, at, PADDING)


class Origin(asyncio.Protocol):
    """Answers ``/stream?number&chunks&gap`` at exact times, and ``/bulk?bytes`` at full speed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.writable = asyncio.Event()
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        """Begin to answer."""
        path, _, query = data.split(b" ", 2)[1].partition(b"?")
        numbers = [float(number) for number in query.split(b"&")]
        self.transport.write(HEAD)
        if path == b"/bulk":
            self.task = self.loop.create_task(self.bulk(int(numbers[0])))
        else:
            self.number, self.chunks, self.gap = int(numbers[0]), int(numbers[1]), numbers[2]
            self.start = self.loop.time()
            self.sent = 0
            self.loop.call_at(self.start + self.gap, self.next)

    def next(self) -> None:
        """Write one chunk."""
        self.sent += 1
        data = chunk(self.number)
        last = self.sent == self.chunks
        self.transport.write(b"%x\r\n%b\r\n%b" % (len(data), data, END if last else b""))
        if not last:
            self.loop.call_at(self.start + self.gap * (self.sent + 1), self.next)

    async def bulk(self, size: int) -> None:
        """Write so many bytes."""
        for _ in range(size // len(_PIECE)):
            await self.writable.wait()
            self.transport.write(b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE))
        self.transport.write(END)

    def pause_writing(self) -> None:
        """Wait."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self.writable.set()


class Client(asyncio.Protocol):
    """Asks for one path, and notes what comes and when."""

    def __init__(self, path: str, *, keep: bool = True) -> None:
        self.request = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode()
        self.keep = keep
        self.came: list[tuple[float, bytes]] = []
        self.size = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Note a read."""
        self.size += len(data)
        if self.keep:
            self.came.append((time.monotonic(), data))
        if data.endswith(END):
            self.transport.close()
            self.done.set_result(True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail, if there was no end."""
        if not self.done.done():
            self.done.set_exception(exc or EOFError("the stream was cut"))


async def _one(port: int, path: str, *, after: float = 0.0, keep: bool = True) -> Client:
    await asyncio.sleep(after)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(path, keep=keep), "127.0.0.1", port)
    await client.done
    return client


async def _many(port: int, streams: int, chunks: int, gap: float, spread: float) -> list[Client]:
    # At random, for at even distances they would fall into step, and write all at once.
    begin = random.Random(1)  # noqa: S311 (the same each time)
    return await asyncio.gather(
        *(
            _one(port, f"/stream?{number}&{chunks}&{gap}", after=begin.uniform(0, spread))
            for number in range(streams)
        )
    )


def delays(clients: list[Client]) -> list[float]:
    """Return the seconds from each write to its arrival, in order of size."""
    return sorted(
        at - float(written)
        for client in clients
        for at, data in client.came
        for written in _EVENT.findall(data)
    )


def percentile(ordered: list[float], share: float) -> float:
    """Return a percentile of numbers in order, in milliseconds."""
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def check_recordings(folder: Path, clients: list[Client], chunks: int) -> dict[str, object]:
    """Hold recordings against what the clients received: bytes, reads, times."""
    bodies = sorted(
        b"".join(match[0] for _, data in client.came for match in _EVENT.finditer(data))
        for client in clients
    )
    recordings = [Recording.load(path) for path in folder.glob("*.txt")]
    late = [late for recording in recordings for late in _lateness(recording)]
    return {
        "recordings": len(recordings),
        "exact": sorted(recording.body for recording in recordings) == bodies,
        "ended": sum(recording.end.reason == "eof" for recording in recordings),
        "one_read_per_write": sum(len(recording.reads) == chunks for recording in recordings),
        "time_p99_ms": percentile(sorted(late), 0.99),
    }


def _lateness(recording: Recording) -> list[float]:
    """Return by how much each read is later than its last write, against the best of them."""
    written = {match.end(): float(match[1]) for match in _EVENT.finditer(recording.body)}
    places = accumulate(len(read.data) for read in recording.reads)
    offsets = [
        read.time - written[place] for read, place in zip(recording.reads, places, strict=True)
    ]
    return [offset - min(offsets) for offset in offsets]


def resident(process: int, what: str = "VmRSS") -> int:
    """Return the memory of a process in KiB; ``VmHWM`` is the most it ever was. Linux only."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0])


@contextlib.contextmanager
def started(*command: str) -> Iterator[tuple[int, int]]:
    """Start a process that prints a URL or a port; give its port and its id."""
    process = subprocess.Popen(  # noqa: S603 (words of our own)
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2]), process.pid
        finally:
            process.terminate()


def measure(streams: int, chunks: int, gap: float, spread: float) -> dict[str, object]:
    """Run many streams, directly and through the proxy."""
    results: dict[str, object] = {"streams": streams, "chunks": chunks, "gap_s": gap}
    with running() as (origin, proxy, process, folder):
        before = resident(process)
        found = {}
        for name, port in (("direct", origin), ("proxied", proxy)):
            clients = asyncio.run(_many(port, streams, chunks, gap, spread))
            found[name] = delays(clients)
            assert len(found[name]) == streams * chunks
        shares = {f"p{share:g}_ms": share / 100 for share in (50, 90, 99, 99.9)}
        for name, ordered in found.items():
            results[name] = {key: percentile(ordered, share) for key, share in shares.items()}
        results["added"] = {
            key: round(percentile(found["proxied"], share) - percentile(found["direct"], share), 3)
            for key, share in shares.items()
        }
        results["recorded"] = check_recordings(folder, clients, chunks)
        results["memory_kib"] = {"idle": before, "after": resident(process)}
        results["first_event_ms"] = {
            name: round(1000 * median(_first(port) for _ in range(11)), 3)
            for name, port in (("direct", origin), ("proxied", proxy))
        }
    return results


def measure_memory(sizes: list[int]) -> dict[str, int]:
    """Return the most memory, in KiB, that the proxy took for streams of so many bytes."""
    most = {}
    for size in sizes:
        with running() as (_, proxy, process, _folder):
            asyncio.run(_one(proxy, f"/bulk?{size}", keep=False))
            most[f"{size >> 20} MiB"] = resident(process, "VmHWM")
    return most


@contextlib.contextmanager
def running() -> Iterator[tuple[int, int, int, Path]]:
    """Run origin and proxy: give their ports, the id of the proxy's process, and its folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        started("-m", "benchmarks.proxy_load", "--origin") as (origin, _),
        started(*PROXY, f"http://127.0.0.1:{origin}", "-o", folder) as (proxy, process),
    ):
        yield origin, proxy, process, Path(folder)


def _first(port: int) -> float:
    """Return the seconds from the connection to the first event."""
    start = time.monotonic()
    client = asyncio.run(_one(port, "/stream?9999&1&0"))
    return next(at for at, data in client.came if _EVENT.search(data)) - start


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Origin, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proxy_load", description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--chunks", type=int, default=80)
    parser.add_argument("--gap", type=float, default=0.02, help="seconds between two chunks")
    parser.add_argument("--spread", type=float, default=1.0, help="seconds over which they begin")
    parser.add_argument("--memory", action="store_true", help="look at the memory instead")
    parser.add_argument("--origin", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    if options.origin:
        asyncio.run(_serve())
        return
    results: dict[str, object]
    if options.memory:
        results = dict(measure_memory([2**20, 2**26]))
    else:
        results = measure(options.streams, options.chunks, options.gap, options.spread)
    sys.stdout.write(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
