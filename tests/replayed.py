"""Small timed recordings to answer with, and one way to read them per client."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import httpx
import httpx2
import requests

from sseparse import Read, Recording
from sseparse.http import (
    AsyncRecordingTransport,
    AsyncReplayTransport,
    RecordingTransport,
    ReplayAdapter,
    ReplayTransport,
    recording_hook,
    recording_middleware,
    replay_connector,
)
from sseparse.recording import End, Header
from sseparse.replay import Transforms

URL = "https://provider.example/v1/chat/completions"
PIECES = (b"data: one\n\n", b"da", b"ta: two\r\n\r\n", b"data: thr\xc3", b"\xa9e\n\ndata: x\n\n")
NEAR = 0.015
"""Seconds that a read may be late, in the median of a stream: less than a gap, or it is no pace.

How exact it is on a machine that has nothing else to do, ``benchmarks/fidelity.py`` tells.
"""


def timed(*pieces: bytes, end: str = "eof", gap: float = 0.02, **header: Any) -> Recording:
    """Return a recording of pieces, the head at one gap and a piece at each gap after it."""
    pieces = pieces or PIECES
    reads = tuple(Read(gap * (number + 2), piece) for number, piece in enumerate(pieces))
    known: dict[str, Any] = {"status": 200, "headers": (("content-type", "text/event-stream"),)}
    return Recording(
        reads,
        Header(headers_at=gap, **{**known, **header}),
        End(end, t=gap * (len(pieces) + 2)),
    )


def asked(url: str = URL, method: str = "POST", **more: Any) -> dict[str, Any]:
    """Return the request of a header."""
    return {"method": method, "url": url, "headers": [], **more}


Arrived: TypeAlias = list[tuple[float, bytes]]
Play: TypeAlias = Callable[..., Arrived]


def _play_sync(library: Any) -> Play:
    def play(
        recordings: Any, into: Path | None = None, timeout: float = 5.0, **options: Any
    ) -> Arrived:
        transport: Any = ReplayTransport(recordings, transforms=Transforms(**options))
        if into is not None:
            transport = RecordingTransport(into, transport, name="again")
        arrived: Arrived = []
        with library.Client(transport=transport, timeout=timeout) as client:
            start = time.monotonic()
            with client.stream("POST", URL, json={}) as response:
                for data in response.iter_raw():
                    arrived.append((time.monotonic() - start, data))
        return arrived

    return play


def _play_async(library: Any) -> Play:
    def play(
        recordings: Any, into: Path | None = None, timeout: float = 5.0, **options: Any
    ) -> Arrived:
        transport: Any = AsyncReplayTransport(recordings, transforms=Transforms(**options))
        if into is not None:
            transport = AsyncRecordingTransport(into, transport, name="again")
        arrived: Arrived = []

        async def run() -> None:
            async with library.AsyncClient(transport=transport, timeout=timeout) as client:
                start = time.monotonic()
                async with client.stream("POST", URL, json={}) as response:
                    async for data in response.aiter_raw():
                        arrived.append((time.monotonic() - start, data))

        asyncio.run(run())
        return arrived

    return play


def play_requests(
    recordings: Any, into: Path | None = None, timeout: float = 5.0, **options: Any
) -> Arrived:
    arrived: Arrived = []
    with requests.Session() as session:
        session.mount("https://", ReplayAdapter(recordings, transforms=Transforms(**options)))
        if into is not None:
            session.hooks["response"].append(recording_hook(into, name="again"))
        start = time.monotonic()
        with session.post(URL, json={}, stream=True, timeout=timeout) as response:
            while data := response.raw.read1():
                arrived.append((time.monotonic() - start, data))
    return arrived


def play_aiohttp(
    recordings: Any, into: Path | None = None, timeout: float = 5.0, **options: Any
) -> Arrived:
    arrived: Arrived = []

    async def run() -> None:
        connector = replay_connector(recordings, transforms=Transforms(**options))
        middlewares = () if into is None else (recording_middleware(into, name="again"),)
        limits = aiohttp.ClientTimeout(sock_read=timeout)
        async with aiohttp.ClientSession(
            connector=connector, middlewares=middlewares, timeout=limits
        ) as session:
            start = time.monotonic()
            async with session.post(URL, json={}) as response:
                async for data in response.content.iter_any():
                    arrived.append((time.monotonic() - start, data))

    asyncio.run(run())
    return arrived


CLIENTS: dict[str, Play] = {
    "httpx2": _play_sync(httpx2),
    "httpx": _play_sync(httpx),
    "async httpx2": _play_async(httpx2),
    "async httpx": _play_async(httpx),
    "requests": play_requests,
    "aiohttp": play_aiohttp,
}


def lateness(recording: Recording, times: list[float]) -> list[float]:
    """Return by how much each read came after it was due, in seconds."""
    return [time - read.time for read, time in zip(recording.reads, times, strict=True)]


def check_times(recording: Recording, play: Callable[[], list[float]]) -> None:
    """See that nothing comes early, ever, and half of it in time: in one of five plays.

    What is early is wrong; what is late may be so because the machine has other things to do.
    """
    for _ in range(5):
        late = lateness(recording, play())
        assert min(late) > -0.001, f"early: {late}"
        if statistics.median(late) < NEAR:
            return
    raise AssertionError(f"late, five times: {late}")


@contextmanager
def after(seconds: float, call: Callable[[], object]) -> Iterator[None]:
    """Make a call in another thread, a little later."""
    timer = threading.Timer(seconds, call)
    timer.start()
    try:
        yield
    finally:
        timer.join()
