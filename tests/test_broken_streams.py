"""Streams that break: the events before the break come first, then the library's own error."""

from __future__ import annotations

import asyncio
import http.client
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
import requests.adapters
import urllib3
from clients import (
    ONE,
    PATIENCE,
    THREE,
    TWO,
    every_framing,
    every_library,
    open_aiohttp,
    read_events,
    read_until_error,
)
from servers import WAIT, Framing, Reply, Wait, serve

from sseparse._errors import EventTooLarge
from sseparse._sources import aiter_events, iter_events

LIBRARY_ERRORS: dict[str, tuple[type[Exception], ...]] = {
    "httpx": (httpx.TransportError,),
    "httpx2": (httpx2.TransportError,),
    "requests": (requests.ConnectionError, requests.exceptions.ChunkedEncodingError),
    "urllib3": (urllib3.exceptions.ProtocolError,),
    "http.client": (http.client.IncompleteRead, ConnectionResetError),
    "urllib": (http.client.IncompleteRead, ConnectionResetError),
    "async httpx": (httpx.TransportError,),
    "async httpx2": (httpx2.TransportError,),
    "aiohttp": (aiohttp.ClientError,),
}


@every_framing
@every_library
def test_a_reset_comes_as_the_librarys_own_error_after_the_events_before_it(
    library: str, framing: Framing
) -> None:
    pieces: list[bytes | Wait] = [b"data: one\n\n", b"data: two\n\ndata: thr", WAIT]
    with serve(Reply(pieces, framing=framing, end="reset")) as server:
        if library == "aiohttp" and framing == "close":
            # aiohttp takes the reset for the end that it waits for: it knows no better here.
            assert read_events(library, server.url, {2: server.go}) == [ONE, TWO]
            return
        items, error = read_until_error(library, server.url, {2: server.go})
    assert items == [ONE, TWO]
    assert isinstance(error, LIBRARY_ERRORS[library])


@pytest.mark.parametrize("framing", ["chunked", "one-chunk", "length"])
@every_library
def test_a_body_that_ends_too_early_is_an_error_after_the_events_before_it(
    library: str, framing: Framing
) -> None:
    # http.client's own read1 ends as if all were well where a content length is not reached.
    reply = Reply([b"data: one\n\n", WAIT, b"data: two\n\ndata: thr"], framing=framing, end="cut")
    with serve(reply) as server:
        items, error = read_until_error(library, server.url, {1: server.go})
    assert items == [ONE, TWO]
    assert isinstance(error, LIBRARY_ERRORS[library])


def test_what_aiohttp_held_when_the_connection_broke_is_not_lost() -> None:
    async def read() -> None:
        async with asyncio.timeout(PATIENCE), open_aiohttp(server.url) as source:
            assert isinstance(source, aiohttp.ClientResponse)
            while source.content.exception() is None:  # noqa: ASYNC110  # no event says so
                await asyncio.sleep(0)
            events = aiter_events(source)
            assert [await anext(events), await anext(events)] == [ONE, TWO]
            with pytest.raises(aiohttp.ClientPayloadError):
                await anext(events)

    with serve(Reply([b"data: one\n\n", b"data: two\n\n"], end="cut")) as server:
        asyncio.run(read())


def test_requests_raises_its_own_errors_for_a_timeout_and_for_a_broken_encoding() -> None:
    with (
        serve(Reply([b"data: one\n\n", WAIT])) as server,
        requests.get(server.url, stream=True, timeout=PATIENCE) as response,
    ):
        events = iter_events(response)
        assert next(events) == ONE
        raw: Any = response.raw
        raw.connection.sock.settimeout(0.01)  # only now, so that nothing else is hurried
        with pytest.raises(requests.ConnectionError, match="timed out"):
            next(events)
    with (
        serve(Reply([b"no gzip"], headers={"Content-Encoding": "gzip"})) as server,
        requests.get(server.url, stream=True, timeout=PATIENCE) as response,
        pytest.raises(requests.exceptions.ContentDecodingError),
    ):
        list(iter_events(response))


@every_library
def test_events_before_one_too_large_come_first_and_once(library: str) -> None:
    body = b"data: one\n\ndata: two\n\ndata: " + b"x" * 200 + b"\n\ndata: three\n\n"
    with serve(Reply([body])) as server:
        items, error = read_until_error(library, server.url, max_event_size=100)
        assert items == [ONE, TWO]
        assert isinstance(error, EventTooLarge)
        assert error.limit == 100
        assert error.events == []
        skipped = read_events(library, server.url, max_event_size=100, oversize="skip")
        assert skipped == [ONE, TWO, THREE]
