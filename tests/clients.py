"""One way to open a URL and read its events per HTTP library, the same for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeAlias

import aiohttp
import httpx
import httpx2
import pytest
import requests
import requests.adapters
import urllib3
from servers import Framing

from sseparse._events import Item, ServerSentEvent
from sseparse._reads import AsyncByteSource, ByteSource
from sseparse._sources import aiter_events, iter_events

ONE, TWO, THREE = (ServerSentEvent(text) for text in ("one", "two", "three"))

PATIENCE = 5.0
"""Seconds that a client waits for its server before the test fails."""

SyncOpener: TypeAlias = Callable[[str], AbstractContextManager[ByteSource]]
AsyncOpener: TypeAlias = Callable[[str], AbstractAsyncContextManager[AsyncByteSource]]


def opener_with(library: Any) -> SyncOpener:
    """Return the opener of httpx or httpx2, which are used in the same way."""

    @contextlib.contextmanager
    def open_url(url: str) -> Iterator[ByteSource]:
        with (
            library.Client(verify=False, trust_env=False, timeout=PATIENCE) as client,
            client.stream("GET", url) as response,
        ):
            yield response

    return open_url


def async_opener_with(library: Any) -> AsyncOpener:
    """Return the async opener of httpx or httpx2."""

    @contextlib.asynccontextmanager
    async def open_url(url: str) -> AsyncIterator[AsyncByteSource]:
        async with (
            library.AsyncClient(verify=False, trust_env=False, timeout=PATIENCE) as client,
            client.stream("GET", url) as response,
        ):
            yield response

    return open_url


open_httpx, open_async_httpx = opener_with(httpx), async_opener_with(httpx)
open_httpx2, open_async_httpx2 = opener_with(httpx2), async_opener_with(httpx2)


@contextlib.contextmanager
def open_requests(url: str) -> Iterator[ByteSource]:
    with requests.get(url, stream=True, timeout=PATIENCE) as response:
        yield response


@contextlib.contextmanager
def open_urllib3(url: str) -> Iterator[ByteSource]:
    headers = {"Accept-Encoding": "gzip"}
    with urllib3.PoolManager(timeout=PATIENCE, retries=False) as pool:
        response = pool.request("GET", url, preload_content=False, headers=headers)
        with contextlib.closing(response):
            yield response


@contextlib.contextmanager
def open_http_client(url: str) -> Iterator[ByteSource]:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", "/" + path)
        with connection.getresponse() as response:
            yield response


@contextlib.contextmanager
def open_urllib(url: str) -> Iterator[ByteSource]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        yield response


@contextlib.asynccontextmanager
async def open_aiohttp(url: str) -> AsyncIterator[AsyncByteSource]:
    timeout = aiohttp.ClientTimeout(sock_read=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
        yield response


SYNC: dict[str, SyncOpener] = {
    "httpx": open_httpx,
    "httpx2": open_httpx2,
    "requests": open_requests,
    "urllib3": open_urllib3,
    "http.client": open_http_client,
    "urllib": open_urllib,
}
ASYNC: dict[str, AsyncOpener] = {
    "async httpx": open_async_httpx,
    "async httpx2": open_async_httpx2,
    "aiohttp": open_aiohttp,
}
LIBRARIES = [*SYNC, *ASYNC]
DECOMPRESSING = [library for library in LIBRARIES if library not in ("http.client", "urllib")]
FRAMINGS: list[Framing] = ["chunked", "one-chunk", "length", "close"]

every_library = pytest.mark.parametrize("library", LIBRARIES)
every_framing = pytest.mark.parametrize("framing", FRAMINGS)


class CannedAdapter(requests.adapters.BaseAdapter):
    """Gives requests the same response to every request, with neither urllib3 nor a network."""

    def __init__(self, status: int, content_type: str, body: bytes) -> None:
        super().__init__()
        self._status, self._content_type, self._body = status, content_type, body

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = self._status
        response.headers["Content-Type"] = self._content_type
        response.raw = io.BytesIO(self._body)
        response.request = request
        return response

    def close(self) -> None:
        """Hold nothing open."""


Step: TypeAlias = Callable[[], object]


def read_events(
    library: str,
    url: str,
    steps: Mapping[int, Step] | None = None,
    items: list[Item] | None = None,
    **options: Any,
) -> list[Item]:
    """Read a URL to its end with ``iter_events`` or ``aiter_events``.

    Args:
        library: a name from ``LIBRARIES``.
        url: what to open.
        steps: what to do after how many items.
        items: where they go, for who wants them even when the stream breaks.
        options: what else the two functions take.
    """
    items = [] if items is None else items
    steps = steps or {}

    async def read_async() -> None:
        async with ASYNC[library](url) as source:
            async for item in aiter_events(source, **options):
                items.append(item)
                steps.get(len(items), int)()

    if library in ASYNC:
        asyncio.run(read_async())
        return items
    with SYNC[library](url) as source:
        for item in iter_events(source, **options):
            items.append(item)
            steps.get(len(items), int)()
    return items


def read_until_error(
    library: str, url: str, steps: Mapping[int, Step] | None = None, **options: Any
) -> tuple[list[Item], Exception]:
    """Read a URL up to an error that must come; return the items before it, and the error."""
    items: list[Item] = []
    try:
        read_events(library, url, steps, items, **options)
    except Exception as error:
        return items, error
    pytest.fail(f"the stream ended well, with {items}")
