"""What it is to ask for a stream, and what a client showed of it; the plain HTTP clients.

The plain clients read as people do by hand: line by line, ``data:`` off, JSON. Nothing here uses
the decoder of this package, so what they hear is their own. The SDKs are in ``sdks``.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp
import httpx
import httpx2
import requests

CHAT: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


class Refused(Exception):
    """What a plain client makes of a status that is not 200, or of an error in the stream."""


@dataclass
class Heard:
    """What a client made of a stream.

    Attributes:
        text: all it gave out.
        finish: why the model stopped, in the provider's word.
        done: whether it gave the end marker, such as ``[DONE]``; None: it never shows it.
        error: what it raised.
    """

    text: str = ""
    finish: str | None = None
    done: bool | None = None
    error: Exception | None = None

    def take(self, text: str | None = None, finish: str | None = None) -> None:
        """Add a part."""
        self.text += text or ""
        self.finish = finish or self.finish


@dataclass(frozen=True)
class Asking:
    """How to ask.

    Attributes:
        url: of the server.
        headers: beside those of the client.
        timeout: seconds that the client waits for a read.
        retries: how often the client may try again.
        heard: where what comes is put.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    retries: int = 0
    heard: Heard = field(default_factory=Heard)


Ask: TypeAlias = Callable[[Asking], None]


def in_a_loop(ask: Callable[[Asking], Awaitable[None]]) -> Ask:
    """Return an async client as one that can be called."""

    async def run(asking: Asking) -> None:
        await ask(asking)

    return lambda asking: asyncio.run(run(asking))


def _take_line(heard: Heard, line: str) -> None:
    heard.done = bool(heard.done)
    if not line.startswith("data:"):
        return
    data = line.removeprefix("data:").strip()
    if data == "[DONE]":
        heard.done = True
        return
    chunk = json.loads(data)
    if "error" in chunk:
        raise Refused(chunk["error"]["message"])
    for choice in chunk["choices"] or ():
        if choice.get("index", 0) == 0:
            delta = choice.get("delta") or {}
            heard.take(delta.get("content"), choice.get("finish_reason"))


def _take_lines(heard: Heard, lines: Iterable[str]) -> None:
    for line in lines:
        _take_line(heard, line)


def _path(asking: Asking) -> str:
    return f"{asking.url}/v1/chat/completions"


def _refused(status: int, headers: Mapping[str, str], body: bytes) -> Refused:
    return Refused(status, headers.get("retry-after"), json.loads(body)["error"]["message"])


def _httpx(library: Any) -> Ask:
    def ask(asking: Asking) -> None:
        with (
            library.Client(timeout=asking.timeout) as client,
            client.stream("POST", _path(asking), json=CHAT, headers=asking.headers) as response,
        ):
            if response.status_code != 200:
                raise _refused(response.status_code, response.headers, response.read())
            _take_lines(asking.heard, response.iter_lines())

    return ask


def _async_httpx(library: Any) -> Ask:
    async def ask(asking: Asking) -> None:
        async with (
            library.AsyncClient(timeout=asking.timeout) as client,
            client.stream("POST", _path(asking), json=CHAT, headers=asking.headers) as response,
        ):
            if response.status_code != 200:
                raise _refused(response.status_code, response.headers, await response.aread())
            async for line in response.aiter_lines():
                _take_line(asking.heard, line)

    return in_a_loop(ask)


def _requests(asking: Asking) -> None:
    with requests.post(
        _path(asking), json=CHAT, headers=asking.headers, timeout=asking.timeout, stream=True
    ) as response:
        if response.status_code != 200:
            raise _refused(response.status_code, response.headers, response.content)
        # (In chunks of the server's, or what came before an error would be lost with it.)
        _take_lines(asking.heard, map(bytes.decode, response.iter_lines(chunk_size=None)))


async def _aiohttp(asking: Asking) -> None:
    timeout = aiohttp.ClientTimeout(sock_read=asking.timeout)
    async with (
        aiohttp.ClientSession(timeout=timeout, headers=asking.headers) as session,
        session.post(_path(asking), json=CHAT) as response,
    ):
        if response.status != 200:
            raise _refused(response.status, response.headers, await response.read())
        async for line in response.content:
            _take_line(asking.heard, line.decode())


def _curl(asking: Asking) -> None:
    """Ask with curl. It has no time-out for a read, only for all of it."""
    command = ["curl", "-sSN", "--fail-with-body", "--json", json.dumps(CHAT), _path(asking)]
    command += [f"-H{name}: {value}" for name, value in asking.headers.items()]
    command += ["--max-time", str(asking.timeout), "--retry", str(asking.retries)]
    done = subprocess.run(command, capture_output=True)
    if done.returncode == 22:
        raise Refused(done.stderr.decode(), None, json.loads(done.stdout)["error"]["message"])
    _take_lines(asking.heard, map(bytes.decode, done.stdout.splitlines()))
    if done.returncode:
        raise CurlError(done.returncode, done.stderr.decode().strip())


class CurlError(Exception):
    """An exit code of curl's, and what it said."""


PLAIN: dict[str, Ask] = {
    "httpx2": _httpx(httpx2),
    "async httpx2": _async_httpx(httpx2),
    "httpx": _httpx(httpx),
    "async httpx": _async_httpx(httpx),
    "requests": _requests,
    "aiohttp": in_a_loop(_aiohttp),
    "curl": _curl,
}
"""The clients that ask for a chat over plain HTTP, by their names."""
