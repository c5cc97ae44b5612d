"""Two bad minutes for ``sseparse serve``: ``python -m benchmarks.serve_soak``.

So many clients at a time, each with a temper of its own, drawn by the seed: most ask for a stream
and read it; some have theirs broken, by a fault in a header; some read slowly, hang up in the
middle, or send what is no request. When the time is over all of them leave, and the server has to
be as it was: no connection, no open file and no memory more, no traceback in its log; and all
streams that were asked for nicely have come whole. Their lateness is told, as a client sees it that
has half of the machine's work to do itself.

Exit status 1: something leaked, was lost, or went wrong. Linux only, for ``/proc``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs

from sseparse import Read, Recording

CHUNKS, GAP = 80, 0.02
"""The stream that is asked for: a chunk each 20 ms."""

MORE_MEMORY = 8.0
"""MB that the server may have grown by since all tempers were seen once: what malloc keeps."""

PATIENCE = 30.0
"""Seconds after which a client that still waits is stuck."""

END = b"0\r\n\r\n"
_NUMBER = re.compile(rb'data: \{"n":(\d+),')


def request(recording: str, headers: str = "") -> bytes:
    """Return a request for a recording."""
    line = f"GET /v1/chat/completions?recording={recording} HTTP/1.1\r\n"
    return f"{line}Host: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n".encode()


def make_recordings(folder: Path) -> None:
    """Write the stream of numbered chunks, and a wide one for those who read slowly."""
    reads = [
        Read(GAP * number, b'data: {"n":%d,"p":"%b"}\n\n' % (number, b"x" * 180))
        for number in range(1, CHUNKS + 1)
    ]
    done = Read(GAP * (CHUNKS + 1), b"data: [DONE]\n\n")
    Recording((*reads, done)).save(folder / "soak.txt")
    wide = b"data: " + b"x" * 60_000 + b"\n\n"
    Recording(tuple(Read(GAP * n, wide) for n in range(40))).save(folder / "wide.txt")


class Client(asyncio.Protocol):
    """One connection: it says its say, keeps what comes and when, and ends."""

    def __init__(self, say: bytes) -> None:
        self.say = say
        self.asked_at = 0.0
        self.came: list[tuple[float, bytes]] = []
        self.broken: Exception | None = None
        self.over = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.asked_at = time.monotonic()
        transport.write(self.say)

    def data_received(self, data: bytes) -> None:
        """Note what came."""
        self.came.append((time.monotonic(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.broken = exc
        if not self.over.done():
            self.over.set_result(None)

    @property
    def heard(self) -> bytes:
        """All that came."""
        return b"".join(data for _, data in self.came)

    @property
    def ended(self) -> str:
        """How it ended."""
        if self.broken is not None:
            return "reset"
        return "whole" if self.heard.endswith(END) else "cut"


class SlowClient(Client):
    """One that takes a little, and then nothing for a while."""

    def data_received(self, data: bytes) -> None:
        """Note what came, and look away."""
        super().data_received(data[-len(END) :])
        assert self.transport is not None
        self.transport.pause_reading()
        asyncio.get_running_loop().call_later(0.05, self._go_on)

    def _go_on(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()


class LeavingClient(Client):
    """One that hangs up in the middle, without a word."""

    def __init__(self, say: bytes, after: int) -> None:
        super().__init__(say)
        self.after = after

    def data_received(self, data: bytes) -> None:
        """Leave, once enough has come."""
        super().data_received(data)
        if len(self.came) >= self.after and self.transport is not None:
            self.transport.abort()


@attrs.define
class Tally:
    """What was seen.

    Attributes:
        seen: how often each temper came to its end.
        wrong: what came to another end than it should.
        late: by how many seconds each chunk of the good streams was late.
    """

    seen: Counter[str] = attrs.field(factory=Counter)
    wrong: list[str] = attrs.field(factory=list)
    late: list[float] = attrs.field(factory=list)

    def note(self, temper: str, client: Client, right: bool) -> None:
        """Count one client."""
        self.seen[temper] += 1
        if not right:
            self.wrong.append(f"{temper}: {client.ended}, {client.heard[:80]!r}")


def faults(chance: random.Random) -> tuple[str, Callable[[Client], bool]]:
    """Return a fault, and what tells whether a client was shown it."""
    event = chance.randint(1, CHUNKS)

    def whole(client: Client) -> bool:
        return client.ended == "whole"

    return chance.choice(
        [
            (f"cut@event={event}", lambda client: client.ended == "cut"),
            (f"reset@event={event}", lambda client: client.ended == "reset"),
            (f"stall@event={event}:300ms", whole),
            (f"keep_alive@event={event}:2s", lambda client: b"\n:" in client.heard),
            (
                f"duplicate@event={event}",
                lambda client: len(_NUMBER.findall(client.heard)) > CHUNKS,
            ),
            (f"reorder@event={event}", whole),
            (f"corrupt_utf8@event={event}", whole),
            (f"bad_json@event={event}", whole),
            ("drop_done", lambda client: b"[DONE]" not in client.heard),
            ("slow_first_byte:300ms", whole),
            ("status:429:1s", lambda client: client.heard.startswith(b"HTTP/1.1 429 ")),
            ("status:529", lambda client: client.heard.startswith(b"HTTP/1.1 529 ")),
            (f"cut@event={CHUNKS + 50}", lambda client: client.heard.startswith(b"HTTP/1.1 400 ")),
            ("no_such_fault", lambda client: client.heard.startswith(b"HTTP/1.1 400 ")),
        ]
    )


def nonsense(chance: random.Random) -> bytes:
    """Return what is no request."""
    return chance.choice(
        [
            chance.randbytes(chance.randint(1, 400)) + b"\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET  HTTP/1.1\r\nHost\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
        ]
    )


class Soak:
    """Clients without end, until the time is over."""

    def __init__(self, port: int, seed: int) -> None:
        self.port = port
        self.chance = random.Random(seed)  # noqa: S311 (the same each time)
        self.tally = Tally()

    async def run(self, streams: int, seconds: float) -> None:
        """Keep so many clients busy for so long, and wait for the last of them."""
        until = time.monotonic() + seconds
        await asyncio.gather(*[self._slot(until, n / streams) for n in range(streams)])

    async def _slot(self, until: float, delay: float) -> None:
        await asyncio.sleep(delay)  # not all in step
        tempers = [self._good, self._broken, self._slow, self._leaving, self._malformed]
        while time.monotonic() < until:
            (temper,) = self.chance.choices(tempers, [60, 20, 5, 10, 5])
            await temper()

    async def _meet(self, client: Client, receive_buffer: int = 0) -> None:
        loop = asyncio.get_running_loop()
        peer = socket.socket()
        if receive_buffer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.setblocking(False)
        await loop.sock_connect(peer, ("127.0.0.1", self.port))
        await loop.create_connection(lambda: client, sock=peer)
        try:
            await asyncio.wait_for(asyncio.shield(client.over), PATIENCE)
        except TimeoutError:
            self.tally.wrong.append(f"stuck: {client.say[:80]!r}, {client.heard[-80:]!r}")
            if client.transport is not None:
                client.transport.abort()

    async def _good(self) -> None:
        client = Client(request("soak"))
        await self._meet(client)
        found = [(at, int(n)) for at, data in client.came for n in _NUMBER.findall(data)]
        whole = [number for _, number in found] == list(range(1, CHUNKS + 1))
        self.tally.note("good", client, whole and client.ended == "whole")
        self.tally.late += [at - client.asked_at - GAP * number for at, number in found]

    async def _broken(self) -> None:
        fault, shown = faults(self.chance)
        client = Client(request("soak", f"x-sseparse-fault: {fault}\r\n"))
        await self._meet(client)
        self.tally.note(fault.partition("@")[0].partition(":")[0], client, shown(client))

    async def _slow(self) -> None:
        client = SlowClient(request("wide"))
        await self._meet(client, receive_buffer=32_768)
        self.tally.note("slow", client, client.ended == "whole")

    async def _leaving(self) -> None:
        client = LeavingClient(request("soak"), self.chance.randint(1, CHUNKS))
        await self._meet(client)
        # (Two reads may fall together, so that all has come before enough of them have.)
        left = len(client.came) >= client.after or client.ended == "whole"
        self.tally.note("leaving", client, left)

    async def _malformed(self) -> None:
        client = Client(nonsense(self.chance))
        await self._meet(client)
        refused = client.heard.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505 ")) or not client.heard
        self.tally.note("malformed", client, refused)


class Served:
    """The server, and what can be seen of it from outside."""

    def __init__(self, folder: Path, log: Path) -> None:
        command = [sys.executable, "-m", "sseparse", "serve", str(folder)]
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(  # noqa: S603
                [*command, "--allow-request-faults"],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def files(self) -> int:
        """Return how many files it has open, sockets among them."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def memory(self) -> float:
        """Return the MB it has in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    async def stats(self) -> dict[str, object]:
        """Return what it says of itself."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /-/stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        found: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    def stop(self) -> int:
        """End it as Ctrl-C does, and return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


async def settled(served: Served) -> dict[str, object]:
    """Wait until only the connection that asks is open, and return what the server says then."""
    for _ in range(50):
        stats = await served.stats()
        if stats["connections"] == 1 and stats["running"] == 0:
            break
        await asyncio.sleep(0.1)
    return stats


async def soak(served: Served, streams: int, seconds: float, seed: int) -> dict[str, object]:
    """Run it all, and return what was seen."""
    soaking = Soak(served.port, seed)
    files = served.files()
    await soaking.run(streams, seconds / 4)  # all tempers, and what memory they need
    await settled(served)
    memory = served.memory()
    await soaking.run(streams, seconds * 3 / 4)
    stats = await settled(served)
    late = sorted(soaking.tally.late)
    return {
        "streams": sum(soaking.tally.seen.values()),
        "tempers": dict(soaking.tally.seen.most_common()),
        "wrong": soaking.tally.wrong[:10],
        "late_p50_ms": round(1000 * late[len(late) // 2], 2),
        "late_p99_ms": round(1000 * late[int(len(late) * 0.99)], 2),
        "lateness_of_its_own_ms": stats["lateness_ms"],
        "connections_left": int(str(stats["connections"])) - 1,
        "running_left": stats["running"],
        "files_left": served.files() - files,
        "memory_mb": round(memory, 1),
        "memory_more_mb": round(served.memory() - memory, 1),
    }


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve_soak", description=__doc__)
    parser.add_argument("--streams", type=int, default=500, help="clients at a time")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    with tempfile.TemporaryDirectory() as place:
        (folder := Path(place, "recordings")).mkdir()
        make_recordings(folder)
        log = Path(place, "log")
        served = Served(folder, log)
        try:
            seen = asyncio.run(soak(served, options.streams, options.seconds, options.seed))
        finally:
            status = served.stop()
        text = log.read_text("utf-8", "replace")
    seen["tracebacks"] = text.count("Traceback")
    seen["exit_status"] = status
    sys.stdout.write(json.dumps(seen, indent=2) + "\n")
    left = [seen[name] for name in ("connections_left", "running_left", "files_left")]
    grown = float(str(seen["memory_more_mb"])) > MORE_MEMORY
    return int(bool(seen["wrong"] or any(left) or grown or seen["tracebacks"] or status))


if __name__ == "__main__":
    sys.exit(main())
