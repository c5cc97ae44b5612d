"""Every way to play a recording and record it again, for ``fidelity``."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import httpx
import httpx2
import requests
import uvicorn

from sseparse import Recording
from sseparse.http import (
    AsyncRecordingTransport,
    AsyncReplayTransport,
    RecordingTransport,
    ReplayAdapter,
    ReplayTransport,
    recording_hook,
    recording_middleware,
    replay_app,
    replay_connector,
)
from sseparse.replay import Transforms

SSEPARSE = [sys.executable, "-m", "sseparse"]
URL = "https://provider.example/v1/chat/completions"
NAME = "again"
FILE = f"{NAME}.txt"


@attrs.frozen
class Way:
    """A way to play and record.

    Attributes:
        slug: its name, as a file's.
        play: plays the recording at a path at a speed, and records it into a folder as ``FILE``.
        piped: the times do not count from a request.
    """

    slug: str
    play: Callable[[Path, float, Path], None]
    piped: bool = False

    def again(self, path: Path, speed: float, folder: Path) -> Recording:
        """Play and record, and return what was recorded."""
        folder.mkdir()
        self.play(path, speed, folder)
        return Recording.load(folder / FILE)


# Commands


def _stdout(path: Path, speed: float, folder: Path) -> None:
    out = folder / FILE
    with subprocess.Popen(  # noqa: S603
        [*SSEPARSE, "record", "--silent", "-o", str(out)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as record:
        while not out.exists():  # what comes before it is there to read would come as one read
            time.sleep(0.01)
        replay = [*SSEPARSE, "replay", str(path), "--speed", str(speed)]
        subprocess.run(  # noqa: S603
            replay, stdout=record.stdin, stderr=subprocess.DEVNULL, check=True
        )


@contextlib.contextmanager
def _served(path: Path, speed: float) -> Iterator[str]:
    command = [*SSEPARSE, "serve", str(path), "--silent", "--speed", str(speed)]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def _serve_and_record(path: Path, speed: float, folder: Path) -> None:
    with _served(path, speed) as url:
        record = [*SSEPARSE, "record", "--silent", "-o", str(folder / FILE), f"{url}/v1"]
        subprocess.run(record, stderr=subprocess.DEVNULL, check=True)  # noqa: S603


def _serve_and_httpx(path: Path, speed: float, folder: Path) -> None:
    with _served(path, speed) as url:
        _read_sync(httpx, RecordingTransport(folder, httpx.HTTPTransport(), name=NAME), url)


# Libraries, in this process


def _read_sync(library: Any, transport: Any, url: str) -> None:
    with (
        library.Client(transport=transport) as client,
        client.stream("POST", url, json={}) as response,
    ):
        for _ in response.iter_raw():
            pass


def _sync(library: Any) -> Callable[[Path, float, Path], None]:
    def play(path: Path, speed: float, folder: Path) -> None:
        transport = ReplayTransport(path, transforms=Transforms(speed=speed))
        _read_sync(library, RecordingTransport(folder, transport, name=NAME), URL)

    return play


def _async(library: Any) -> Callable[[Path, float, Path], None]:
    async def play(path: Path, speed: float, folder: Path) -> None:
        inner = AsyncReplayTransport(path, transforms=Transforms(speed=speed))
        transport: Any = AsyncRecordingTransport(folder, inner, name=NAME)
        async with (
            library.AsyncClient(transport=transport) as client,
            client.stream("POST", URL, json={}) as response,
        ):
            async for _ in response.aiter_raw():
                pass

    return lambda path, speed, folder: asyncio.run(play(path, speed, folder))


def _requests(path: Path, speed: float, folder: Path) -> None:
    with requests.Session() as session:
        session.mount("https://", ReplayAdapter(path, transforms=Transforms(speed=speed)))
        session.hooks["response"].append(recording_hook(folder, name=NAME))
        with session.post(URL, json={}, stream=True, timeout=30) as response:
            while response.raw.read1():
                pass


def _aiohttp(path: Path, speed: float, folder: Path) -> None:
    async def play() -> None:
        connector = replay_connector(path, transforms=Transforms(speed=speed))
        middlewares = (recording_middleware(folder, name=NAME),)
        async with (
            aiohttp.ClientSession(connector=connector, middlewares=middlewares) as session,
            session.post(URL, json={}) as response,
        ):
            async for _ in response.content.iter_any():
                pass

    asyncio.run(play())


def _app(path: Path, speed: float, folder: Path) -> None:
    app: Any = replay_app(path, transforms=Transforms(speed=speed))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        transport = RecordingTransport(folder, httpx.HTTPTransport(), name=NAME)
        _read_sync(httpx, transport, f"http://127.0.0.1:{port}/v1")
    finally:
        server.should_exit = True
        thread.join()


_EVERY: dict[str, tuple[Callable[[Path, float, Path], None], bool]] = {
    "`replay` to a pipe": (_stdout, True),
    "`serve` to `record`": (_serve_and_record, False),
    "`serve` to httpx": (_serve_and_httpx, False),
    "httpx": (_sync(httpx), False),
    "httpx2": (_sync(httpx2), False),
    "httpx, async": (_async(httpx), False),
    "httpx2, async": (_async(httpx2), False),
    "requests": (_requests, False),
    "aiohttp": (_aiohttp, False),
    "ASGI app in uvicorn": (_app, False),
}

WAYS: dict[str, Way] = {
    name: Way(re.sub(r"\W+", "-", name).strip("-"), play, piped)
    for name, (play, piped) in _EVERY.items()
}
