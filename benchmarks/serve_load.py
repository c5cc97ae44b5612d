"""How late ``sseparse serve`` is with many streams at a time: ``python -m benchmarks.serve_load``.

Server and client are a process each. The client opens all connections, then asks on each at a
moment of its own, spread over a second, so that all streams run together before the first is over.
A chunk is due at its time in the recording, counted from the moment its request was written; the
client notes when it came. Every chunk has a number in it: none may be lost or out of order.

``--max`` counts chunks per second at ``--speed max`` instead. ``--beside CMD`` does the same to
another server: a command that is given the recording's path, and prints a line with its URL.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import resource
import select
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sseparse import Read, Recording

SERVE = f"{sys.executable} -m sseparse serve --silent"
PADDING = b"x" * 180
"""What a completion chunk has besides its word."""

_NUMBER = re.compile(rb'data: \{"n":(\d+),')
END = b"0\r\n\r\n"
REQUEST = b"GET /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def make_recording(folder: Path, chunks: int, gap: float) -> Path:
    """Write a recording of numbered chunks, one each ``gap`` seconds."""
    reads = [
        Read(gap * number, b'data: {"n":%d,"p":"%b"}\n\n' % (number, PADDING))
        for number in range(1, chunks + 1)
    ]
    return Recording(tuple(reads)).save(folder / "load.txt")


class Client:
    """One connection: what it asks, and what comes and when."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.came: list[tuple[float, bytes]] = []
        self.asked_at = 0.0

    def ask(self) -> None:
        """Ask for a stream."""
        self.asked_at = time.monotonic()
        self.socket.send(REQUEST)


def ask_all(port: int, streams: int, spread: float) -> list[Client]:
    """Run the streams: by epoll alone, for the client takes its share of the machine too."""
    gc.disable()
    clients = [Client(port) for _ in range(streams)]
    poll = select.epoll()
    by_number = {client.socket.fileno(): client for client in clients}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    # At random, for at even distances they would fall into step.
    begin = random.Random(1)  # noqa: S311 (the same each time)
    start = time.monotonic()
    asking = sorted(((start + begin.uniform(0, spread), n) for n in by_number), reverse=True)
    running = streams
    while running:
        while asking and asking[-1][0] <= time.monotonic():
            by_number[asking.pop()[1]].ask()
        for number, _ in poll.poll(max(0.0, asking[-1][0] - time.monotonic()) if asking else 30.0):
            client = by_number[number]
            data = client.socket.recv(65536)
            client.came.append((time.monotonic(), data))
            if not data or data.endswith(END):
                running -= 1
                poll.unregister(number)
                client.socket.close()
    gc.enable()
    return clients


def lateness(clients: list[Client], chunks: int, gap: float) -> tuple[list[float], int]:
    """Return by how many seconds each chunk was late, in order of size, and the broken streams."""
    late: list[float] = []
    broken = 0
    wanted = list(range(1, chunks + 1))
    for client in clients:
        # A chunk cut by the network counts where its end came; none of these is.
        found = [(at, int(n)) for at, data in client.came for n in _NUMBER.findall(data)]
        broken += [number for _, number in found] != wanted
        late += [at - client.asked_at - gap * number for at, number in found]
    return sorted(late), broken


def percentile(ordered: list[float], share: float) -> float:
    """Return a percentile of numbers in order, in milliseconds."""
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def memory(process: int) -> float:
    """Return the most memory a process ever had, in MB. Linux only."""
    status = Path(f"/proc/{process}/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024, 1)


def cpu_seconds(process: int) -> float:
    """Return the CPU time that a process has taken. Linux only."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Started:
    """A server, its port, and how long it took to be ready."""

    def __init__(self, command: str, path: Path) -> None:
        begun = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (what the caller gave)
            [*shlex.split(command), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.ready_ms = round(1000 * (time.monotonic() - begun))
        self.port = int(re.findall(r":(\d+)", line)[-1])

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


def measure(
    command: str, streams: int, chunks: int, gap: float, spread: float
) -> dict[str, object]:
    """Run so many streams against one server."""
    with tempfile.TemporaryDirectory() as folder:
        server = Started(command, make_recording(Path(folder), chunks, gap))
        try:
            clients = ask_all(server.port, streams, spread)
            used = memory(server.process.pid)
            cpu = cpu_seconds(server.process.pid)
        finally:
            server.stop()
    late, broken = lateness(clients, chunks, gap)
    return {
        "streams": streams,
        "chunks": len(late),
        "p50_ms": percentile(late, 0.5),
        "p99_ms": percentile(late, 0.99),
        "max_ms": percentile(late, 1.0),
        "lost_or_reordered": broken + (streams * chunks - len(late)),
        "memory_mb": used,
        "ready_ms": server.ready_ms,
        "cpu_us": round(1e6 * cpu / len(late), 1),
    }


def measure_max(command: str, streams: int, chunks: int) -> dict[str, object]:
    """Count chunks per second with nothing to wait for."""
    with tempfile.TemporaryDirectory() as folder:
        server = Started(f"{command} --speed max", make_recording(Path(folder), chunks, 0.02))
        try:
            begun = time.monotonic()
            clients = ask_all(server.port, streams, 0.0)
            seconds = time.monotonic() - begun
            used = memory(server.process.pid)
        finally:
            server.stop()
    count = 0
    for client in clients:
        body = b"".join(data for _, data in client.came)
        numbers = [int(number) for number in _NUMBER.findall(body)]
        assert numbers == list(range(1, chunks + 1)), "chunks are lost or out of order"
        count += len(numbers)
    return {
        "streams": streams,
        "chunks": count,
        "per_second": round(count / seconds),
        "memory_mb": used,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve_load", description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[200, 1000, 2000])
    parser.add_argument("--chunks", type=int, default=80)
    parser.add_argument("--gap", type=float, default=0.02, help="seconds between two chunks")
    parser.add_argument("--spread", type=float, default=1.0, help="seconds over which they begin")
    parser.add_argument("--max", action="store_true", help="count chunks at --speed max instead")
    parser.add_argument("--beside", metavar="CMD", help="measure another server")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    command = options.beside or SERVE
    for streams in options.streams:
        if options.max:
            result = measure_max(command, streams, options.chunks)
        else:
            result = measure(command, streams, options.chunks, options.gap, options.spread)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
