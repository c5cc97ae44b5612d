"""How late ``sseparse serve`` is with many streams at a time: ``python -m benchmarks.serve_load``.

Server and client are a process each. The client opens all connections, then asks on each at a
moment of its own, spread over a second, so that all streams run together before the first is over.
A chunk is due at its time in the recording, counted from the moment its request was written; the
client notes when it came. Every chunk has a number in it: none may be lost or out of order.

The same is done to the servers of ``serve_peers``, in turn, round after round, each time once the
machine is idle; of each row the table has the round with the lowest p99, the same for all: whatever
else runs on two cores makes every server late. At last each is asked for as many streams with
nothing to wait for.

``--json`` prints each run as a line instead, and ``--beside CMD`` asks another server: a command
that is given the path of a recording, and prints a line with its URL.
"""

from __future__ import annotations

import argparse
import contextlib
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import serve_peers
from benchmarks.peers import installed_version
from benchmarks.serve_peers import Peer
from benchmarks.table import render, where

END = b"0\r\n\r\n"
BODY = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"load"}]}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
)

PATIENCE = 30.0
"""Seconds after which a server that sends nothing is given up."""


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

    def read(self) -> bool:
        """Take what has come; whether more is to be expected."""
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self.socket.recv(65536)
        self.came.append((time.monotonic(), data))
        return bool(data) and not data.endswith(END)


def warm_up(port: int) -> None:
    """Ask for the beginning of one stream, for some servers import what they need only then."""
    client = Client(port)
    client.socket.setblocking(True)
    client.ask()
    client.socket.recv(65536)
    client.socket.close()


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
        ready = poll.poll(max(0.0, asking[-1][0] - time.monotonic()) if asking else PATIENCE)
        if not ready and not asking:
            break  # what has not come counts as lost
        for number, _ in ready:
            client = by_number[number]
            if not client.read():
                running -= 1
                poll.unregister(number)
                client.socket.close()
    gc.enable()
    return clients


def lateness(clients: list[Client], peer: Peer, chunks: int, gap: float) -> tuple[list[float], int]:
    """Return by how many seconds each chunk was late, in order of size, and the broken streams."""
    late: list[float] = []
    broken = 0
    wanted = list(range(1, chunks + 1))
    for client in clients:
        # A chunk cut by the network counts where its end came; hardly one is.
        body, came = b"", []
        for at, data in client.came:
            body += data
            came.append((len(body), at))
        numbers = []
        reads = iter(came)
        size, at = next(reads, (0, 0.0))
        for found in peer.numbers.finditer(body):
            while size < found.end():
                size, at = next(reads)
            number = int(found[1])
            numbers.append(number)
            late.append(at - client.asked_at - gap * (number + peer.before))
        broken += numbers != wanted
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

    def __init__(self, peer: Peer, path: Path, *, fast: bool = False) -> None:
        begun = time.monotonic()
        command = peer.fast if fast else peer.command
        self.process = subprocess.Popen(  # noqa: S603
            [*command, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=peer.cwd,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.ready_ms = round(1000 * (time.monotonic() - begun))
        self.port = int(re.findall(r":(\d+)", line)[-1])

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True)
class Load:
    """What is asked for: so many streams, of so many chunks, begun within so many seconds."""

    streams: int
    chunks: int = 80
    gap: float = 0.02
    spread: float = 1.0


def measure(peer: Peer, load: Load) -> dict[str, float]:
    """Run so many streams against one server, each at its pace."""
    with tempfile.TemporaryDirectory() as folder:
        server = Started(peer, peer.write_input(Path(folder), load.chunks, load.gap))
        try:
            warm_up(server.port)
            clients = ask_all(server.port, load.streams, load.spread)
            used, spent = memory(server.process.pid), cpu_seconds(server.process.pid)
        finally:
            server.stop()
    late, broken = lateness(clients, peer, load.chunks, load.gap)
    return {
        "streams": load.streams,
        "chunks": len(late),
        "p50_ms": percentile(late, 0.5),
        "p99_ms": percentile(late, 0.99),
        "max_ms": percentile(late, 1.0),
        "lost_or_reordered": broken + (load.streams * load.chunks - len(late)),
        "memory_mb": used,
        "ready_ms": server.ready_ms,
        "cpu_us": round(1e6 * spent / max(1, len(late)), 1),  # for each chunk
    }


def measure_fast(peer: Peer, load: Load) -> dict[str, float]:
    """Count chunks per second with nothing to wait for."""
    gap = load.gap if peer.fast != peer.command else 0.0  # it plays fast what is slow
    with tempfile.TemporaryDirectory() as folder:
        server = Started(peer, peer.write_input(Path(folder), load.chunks, gap), fast=True)
        try:
            warm_up(server.port)
            begun = time.monotonic()
            clients = ask_all(server.port, load.streams, 0.0)
            seconds = time.monotonic() - begun
        finally:
            server.stop()
    late, broken = lateness(clients, peer, load.chunks, 0.0)
    return {
        "streams": load.streams,
        "chunks": len(late),
        "lost_or_reordered": broken,
        "seconds": round(seconds, 4),
        "per_second": round(len(late) / seconds),
    }


def quietest(runs: Sequence[dict[str, float]], figure: str) -> dict[str, float]:
    """Return the run in which other programs disturbed least; of what was lost, all."""
    best = min(runs, key=lambda run: run[figure])
    return {**best, "lost_or_reordered": sum(run["lost_or_reordered"] for run in runs)}


def wait_until_idle() -> None:
    """Wait until nobody else works on this machine, but no longer than a minute. Linux only."""
    for _ in range(60):
        before = _idle_seconds()
        time.sleep(1.0)
        if _idle_seconds() - before > 0.95 * (os.cpu_count() or 1):
            return


def _idle_seconds() -> float:
    times = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(times[4]) + int(times[5])) / os.sysconf("SC_CLK_TCK")


def tables(peers: Sequence[Peer], loads: Sequence[Load], rounds: int, markdown: bool) -> list[str]:
    """Measure all servers, and return the two tables."""
    late, fast = [], []
    runs: dict[tuple[Load, Peer], list[dict[str, float]]] = {}
    for load in loads:
        for _ in range(rounds):
            for peer in peers:  # in turn, for the machine is not the same all the time
                sys.stderr.write(f"{load.streams} streams of {peer.name}\n")
                if rounds > 1:
                    wait_until_idle()
                runs.setdefault((load, peer), []).append(measure(peer, load))
    for (load, peer), seen in runs.items():
        row = quietest(seen, "p99_ms")
        times = [f"{row[name]:.2f}" for name in ("p50_ms", "p99_ms", "max_ms")]
        lost, used = f"{row['lost_or_reordered']:.0f}", f"{row['memory_mb']:.0f}"
        late.append([f"{load.streams:,} streams, {peer.name}", *times, lost, used])
    middle = loads[len(loads) // 2]
    for peer in peers:
        sys.stderr.write(f"as fast as {peer.name} can\n")
        if rounds > 1:
            wait_until_idle()
        row = quietest([measure_fast(peer, middle) for _ in range(rounds)], "seconds")
        ready = min(run["ready_ms"] for load in loads for run in runs[load, peer])
        lost = f"{row['lost_or_reordered']:.0f}"
        fast.append([peer.name, f"{ready:.0f} ms", f"{row['per_second']:,.0f}", lost])
    heads = (
        ["late by", "p50 ms", "p99 ms", "max ms", "lost", "MB"],
        ["", "ready in", f"chunks/s, {middle.streams:,} streams at once", "lost"],
    )
    return [render(heads[0], late, markdown), render(heads[1], fast, markdown)]


def machine(peers: Sequence[Peer]) -> str:
    """Return what the figures were taken on."""
    names = ("sseparse", "starlette", "uvicorn", "uvloop")
    versions = [f"{name} {found}" for name in names if (found := installed_version(name))]
    versions += [peer.version for peer in peers if peer.version]
    return f"- {where()}\n- {', '.join(versions)}"


def find_peers(names: Sequence[str]) -> list[Peer]:
    """Return the servers of these names; of one that cannot be had, say why."""
    found: list[Peer] = []
    for name in names:
        if name == "aimock":
            peer = serve_peers.aimock(serve_peers.cache())
            if isinstance(peer, str):
                sys.stderr.write(f"aimock is left out: {peer}\n")
                continue
        elif name == "sseparse":
            peer = serve_peers.sseparse_serve()
        else:
            peer = serve_peers.in_python(name)
        found.append(peer)
    return found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve_load", description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[200, 1000, 2000])
    parser.add_argument("--chunks", type=int, default=80)
    parser.add_argument("--gap", type=float, default=0.02, help="seconds between two chunks")
    parser.add_argument("--spread", type=float, default=1.0, help="seconds over which they begin")
    known = ["sseparse", "starlette", "aimock", "floor"]
    parser.add_argument("--servers", nargs="+", choices=known, default=known, metavar="NAME")
    parser.add_argument("--beside", metavar="CMD", help="another server, asked instead")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="a line for each run, no tables")
    parser.add_argument("--max", action="store_true", help="with --json: at full speed")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    peers = find_peers(options.servers)
    if options.beside:
        command = tuple(shlex.split(options.beside))
        peers = [Peer("beside", command, command)]
    loads = [Load(many, options.chunks, options.gap, options.spread) for many in options.streams]
    if not options.json:
        shown = tables(peers, loads, options.rounds, options.markdown)
        sys.stdout.write("\n\n".join([*shown, machine(peers)]) + "\n")
        return
    run = measure_fast if options.max else measure
    for load in loads:
        for peer in peers:
            sys.stdout.write(json.dumps({"server": peer.name, **run(peer, load)}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
