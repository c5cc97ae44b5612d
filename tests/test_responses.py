"""Responses of every library, read from a real server: what comes, when, and who closes what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
import httpx
import httpx2
import pytest
import requests
import requests.adapters
import urllib3
from clients import (
    ASYNC,
    DECOMPRESSING,
    FRAMINGS,
    ONE,
    PATIENCE,
    SYNC,
    THREE,
    TWO,
    CannedAdapter,
    every_framing,
    every_library,
    open_aiohttp,
    open_async_httpx2,
    read_events,
)
from servers import WAIT, Framing, Reply, serve

from sseparse._decoder import Decoder
from sseparse._events import Comment, ServerSentEvent, UnknownField
from sseparse._reads import ByteSource
from sseparse._sources import aiter_bytes, aiter_events, iter_bytes, iter_events

# What comes in.


@every_framing
@every_library
def test_every_library_gives_each_event_before_the_server_sends_the_next(
    library: str, framing: Framing
) -> None:
    # The server sends an event only after the test has seen the one before; who waits for more
    # bytes than that never gets it, and the server breaks the connection.
    reply = Reply(
        [b"data: one\n\n", WAIT, b"data: two\n\n", WAIT, b"data: three\n\n"], framing=framing
    )
    with serve(reply) as server:
        assert read_events(library, server.url, {1: server.go, 2: server.go}) == [ONE, TWO, THREE]


@pytest.mark.parametrize("library", DECOMPRESSING)
def test_a_compressed_stream_is_as_prompt_as_any(library: str) -> None:
    reply = Reply([b"data: one\n\n", WAIT, b"data: two\n\n"], compress=True)
    with serve(reply) as server:
        assert read_events(library, server.url, {1: server.go}) == [ONE, TWO]


@every_library
def test_every_library_gives_the_same_events(library: str) -> None:
    body = (
        "data: one\n\n: ping\nevent: delta\nid: 7\ndata: π🤗\ndata: more\r\n\r\n"
        "retry: 5\ndata:x\n\n"
    ).encode()
    for framing in FRAMINGS:
        # Cut everywhere, inside the emoji too; empty pieces stand for nothing.
        reply = Reply([body[i : i + 1] for i in range(len(body))], framing=framing)
        with serve(reply) as server:
            assert read_events(library, server.url) == Decoder().feed(body)


@pytest.mark.parametrize("library", DECOMPRESSING)
def test_a_compressed_stream_decodes_the_same_however_much_it_unfolds(library: str) -> None:
    big = ServerSentEvent("a" * 500_000)
    body = b"data: " + b"a" * 500_000 + b"\n\ndata: one\n\n"
    for framing in FRAMINGS:
        with serve(Reply([body], framing=framing, compress=True)) as server:
            assert read_events(library, server.url) == [big, ONE]


@every_library
def test_the_unfinished_event_at_the_end_is_discarded(library: str) -> None:
    with serve(Reply([b"data: one\n\ndata: two\n"])) as server:
        assert read_events(library, server.url) == [ONE]


@every_library
def test_an_empty_stream_has_no_events(library: str) -> None:
    for framing in FRAMINGS[2:]:
        with serve(Reply([], framing=framing)) as server:
            assert read_events(library, server.url) == []


@every_library
def test_comments_and_unknown_fields_come_when_asked_for(library: str) -> None:
    with serve(Reply([b": hi\nerror: no\ndata: one\n\n"])) as server:
        kept = read_events(library, server.url, keep_comments=True, keep_unknown=True)
        assert kept == [Comment(" hi"), UnknownField("error", "no"), ONE]


@every_library
def test_the_last_event_id_given_is_where_the_stream_starts_from(library: str) -> None:
    with serve(Reply([b"data: one\n\n"])) as server:
        assert read_events(library, server.url, last_event_id="6") == [
            ServerSentEvent("one", last_event_id="6")
        ]


# Bytes, one item per read.


@every_library
def test_bytes_come_read_by_read_as_they_arrive(library: str) -> None:
    pieces = [b"data: o", b"ne\n", b"\ndata"]
    reply = Reply([pieces[0], WAIT, pieces[1], WAIT, pieces[2]])

    async def read_async() -> list[bytes]:
        chunks = []
        async with ASYNC[library](server.url) as source:
            async for chunk in aiter_bytes(source):
                chunks.append(chunk)
                server.go()
        return chunks

    def read_sync() -> list[bytes]:
        chunks = []
        with SYNC[library](server.url) as source:
            for chunk in iter_bytes(source):
                chunks.append(chunk)
                server.go()
        return chunks

    with serve(reply) as server:
        chunks = asyncio.run(read_async()) if library in ASYNC else read_sync()
    assert chunks == pieces
    assert {type(chunk) for chunk in chunks} == {bytes}


# Who closes what; responses that were read before, or closed.


@every_library
def test_reading_leaves_the_response_open_for_whoever_opened_it(library: str) -> None:
    # The first event is out, the loop is left, and the server still has a connection to write to.
    reply = Reply([b"data: one\n\n", WAIT, b"data: two\n\n"])

    async def read_async() -> None:
        async with ASYNC[library](server.url) as source:
            events = aiter_events(source)
            assert await anext(events) == ONE
            server.go()
            assert await anext(events) == TWO
            assert isinstance(events, AsyncGenerator)
            await events.aclose()

    with serve(reply) as server:
        if library in ASYNC:
            asyncio.run(read_async())
            return
        with SYNC[library](server.url) as source:
            events = iter_events(source)
            assert next(events) == ONE
            server.go()
            assert next(events) == TWO


def test_a_body_that_the_library_has_kept_is_read_from_there() -> None:
    def read(source: ByteSource) -> list[ServerSentEvent]:
        return list(iter_events(source))

    async def read_async() -> None:
        async with open_async_httpx2(server.url) as source:
            assert isinstance(source, httpx2.Response)
            await source.aread()
            assert [event async for event in aiter_events(source)] == [ONE]
            assert read(source) == [ONE]
        async with open_aiohttp(server.url) as response:
            assert isinstance(response, aiohttp.ClientResponse)
            await response.read()
            assert [event async for event in aiter_events(response)] == [ONE]

    with serve(Reply([b"data: one\n\n"])) as server:
        assert read(httpx.get(server.url, trust_env=False)) == [ONE]
        assert read(requests.get(server.url, timeout=PATIENCE)) == [ONE]
        with urllib3.PoolManager() as pool:
            assert read(pool.request("GET", server.url)) == [ONE]
        asyncio.run(read_async())


@every_library
def test_a_response_read_before_is_an_error_and_not_an_empty_stream(library: str) -> None:
    async def read_async() -> None:
        async with ASYNC[library](server.url) as source:
            assert [event async for event in aiter_events(source)] == [ONE]
            with pytest.raises((RuntimeError, ValueError), match=r"read|consumed|streamed"):
                [event async for event in aiter_events(source)]

    with serve(Reply([b"data: one\n\n"])) as server:
        if library in ASYNC:
            asyncio.run(read_async())
            return
        with SYNC[library](server.url) as source:
            assert list(iter_events(source)) == [ONE]
            with pytest.raises((RuntimeError, ValueError), match=r"read|consumed|streamed"):
                list(iter_events(source))


@every_library
def test_a_closed_response_is_an_error_and_not_an_empty_stream(library: str) -> None:
    closed = (RuntimeError, ValueError, aiohttp.ClientError)

    async def read_async() -> None:
        async with ASYNC[library](server.url) as source:
            pass
        with pytest.raises(closed, match=r"closed|Closed"):
            [event async for event in aiter_events(source)]

    with serve(Reply([b"data: one\n\n", WAIT])) as server:
        if library in ASYNC:
            asyncio.run(read_async())
            return
        with SYNC[library](server.url) as source:
            pass
        with pytest.raises(closed, match=r"closed|Closed"):
            list(iter_events(source))


def test_requests_own_word_for_a_consumed_response_comes_through() -> None:
    with (
        serve(Reply([b"data: one\n\n"])) as server,
        requests.get(server.url, stream=True, timeout=PATIENCE) as response,
    ):
        assert list(response.iter_content(100)) == [b"data: one\n\n"]
        with pytest.raises(requests.exceptions.StreamConsumedError):
            list(iter_events(response))


def test_a_requests_adapter_without_urllib3_works_too() -> None:
    with requests.Session() as session:
        session.mount("test://", CannedAdapter(200, "text/event-stream", b"data: one\n\n"))
        assert list(iter_events(session.get("test://host/", stream=True))) == [ONE]
