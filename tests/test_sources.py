"""Responses: every library against a real server, and what is refused."""

from __future__ import annotations

import asyncio
import gc
import http.client
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import ClassVar

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
    LIBRARIES,
    PATIENCE,
    SYNC,
    every_framing,
    every_library,
    open_aiohttp,
    open_httpx,
    read_events,
    read_until_error,
)
from servers import WAIT, Framing, Reply, Wait, serve

from sseparse._decoder import Decoder
from sseparse._errors import EventTooLarge, NotAnEventStream
from sseparse._events import Comment, ServerSentEvent, UnknownField
from sseparse._sources import aiter_bytes, aiter_events, iter_bytes, iter_events

ONE, TWO, THREE = (ServerSentEvent(text) for text in ("one", "two", "three"))

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


# Streams that break.

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
        response.raw.connection.sock.settimeout(0.01)  # only now, so that nothing else is hurried
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


# Responses that are no event stream.


def refusal(library: str, reply: Reply) -> NotAnEventStream:
    with serve(reply) as server:
        _, error = read_until_error(library, server.url)
    assert isinstance(error, NotAnEventStream)
    return error


def test_a_401_is_refused_with_the_json_that_says_why() -> None:
    body = b'{"error": {"message": "Incorrect API key provided"}}'
    headers = {"Content-Type": "application/json", "X-Request-Id": "r1"}
    for library in LIBRARIES:
        if library == "urllib":
            continue  # it raises by itself; see below
        for framing in FRAMINGS:
            error = refusal(library, Reply([body], status=401, headers=headers, framing=framing))
            assert error.status == 401
            assert error.body == body
            assert ("x-request-id", "r1") in error.headers
            assert ("content-type", "application/json") in error.headers
            assert "Incorrect API key" in str(error)


def test_the_error_that_urllib_raises_for_a_401_is_a_response_too() -> None:
    with serve(Reply([b'{"error": 1}'], status=401)) as server:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(server.url, timeout=PATIENCE)
        with caught.value as response, pytest.raises(NotAnEventStream) as refused:
            list(iter_events(response))
    assert (refused.value.status, refused.value.body) == (401, b'{"error": 1}')


@every_library
def test_another_content_type_or_none_is_refused(library: str) -> None:
    for content_type in ("text/plain", "application/json", "text/event-stream2", None):
        reply = Reply([b"data: one\n\n"], headers={"Content-Type": content_type})
        error = refusal(library, reply)
        assert error.status == 200
        assert error.body == b"data: one\n\n"
        assert dict(error.headers).get("content-type") == content_type


@every_library
def test_parameters_and_case_of_the_content_type_do_not_matter(library: str) -> None:
    for content_type in ("text/event-stream; charset=utf-8", "Text/Event-Stream ;x=y"):
        with serve(Reply([b"data: one\n\n"], headers={"Content-Type": content_type})) as server:
            assert read_events(library, server.url) == [ONE]


@every_library
def test_a_204_is_refused_for_it_tells_the_client_to_stop(library: str) -> None:
    error = refusal(library, Reply([], status=204))
    assert (error.status, error.body) == (204, b"")


@every_library
def test_without_the_check_anything_is_read(library: str) -> None:
    with serve(Reply([b"data: one\n\n"], headers={"Content-Type": "text/plain"})) as server:
        assert read_events(library, server.url, check=False) == [ONE]


@every_library
def test_no_more_than_64_kib_of_a_refused_body_are_kept(library: str) -> None:
    body = bytes(range(250)) * 280
    reply = Reply([body, WAIT, b"more"], headers={"Content-Type": "text/plain"})
    assert refusal(library, reply).body == body[:65536]


def test_no_more_than_64_kib_of_a_refused_body_are_read() -> None:
    class Endless:
        status_code = 500
        headers: ClassVar = {"Content-Type": "text/event-stream"}
        reads = 0

        def iter_bytes(self) -> Iterator[bytes]:
            while self.reads < 1000:
                self.reads += 1
                yield b"x" * 1000

        async def aiter_bytes(self) -> AsyncIterator[bytes]:
            for chunk in self.iter_bytes():
                yield chunk

    async def read_async(source: Endless) -> None:
        async for _ in aiter_events(source):
            pass

    for read in (lambda source: list(iter_events(source)), lambda s: asyncio.run(read_async(s))):
        response = Endless()
        with pytest.raises(NotAnEventStream) as caught:
            read(response)
        assert caught.value.body == b"x" * 65536
        assert response.reads == 66


@every_library
def test_of_a_refused_body_that_breaks_what_came_is_kept(library: str) -> None:
    reply = Reply([b"so far"], headers={"Content-Type": "text/plain"}, end="cut")
    assert refusal(library, reply).body == b"so far"


def test_a_compressed_response_of_http_client_is_refused_for_it_does_not_decompress() -> None:
    for library in ("http.client", "urllib"):
        with serve(Reply([b"data: one\n\n"], compress=True)) as server:
            _, error = read_until_error(library, server.url)
        assert "send the header Accept-Encoding: identity" in str(error)


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


def test_bytes_are_checked_as_events_are() -> None:
    async def read_async() -> None:
        async with open_aiohttp(server.url) as source:
            async for _ in aiter_bytes(source):
                pass

    with serve(Reply([b"no"], status=500)) as server:
        with open_httpx(server.url) as source, pytest.raises(NotAnEventStream):
            list(iter_bytes(source))
        with open_httpx(server.url) as source:
            assert list(iter_bytes(source, check=False)) == [b"no"]
        with pytest.raises(NotAnEventStream):
            asyncio.run(read_async())


# Who closes what.


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


def test_a_generator_that_was_passed_in_can_be_read_on() -> None:
    async def agenerate() -> AsyncIterator[bytes]:
        yield b"data: one\n\n"
        yield b"data: two\n\n"

    async def read_async() -> None:
        chunks = agenerate()
        events = aiter_events(chunks)
        assert await anext(events) == ONE
        assert isinstance(events, AsyncGenerator)
        await events.aclose()
        assert [event async for event in aiter_events(chunks)] == [TWO]

    asyncio.run(read_async())
    chunks = (chunk for chunk in (b"data: one\n\n", b"data: two\n\n"))
    assert next(iter_events(chunks)) == ONE
    gc.collect()
    assert list(iter_events(chunks)) == [TWO]


def test_an_async_generator_made_for_a_source_is_closed_with_the_events() -> None:
    class Source:
        closed = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                yield b"data: one\n\n"
                yield b"data: two\n\n"
            finally:
                Source.closed = True

    async def read() -> None:
        events = aiter_events(Source())
        assert await anext(events) == ONE
        assert isinstance(events, AsyncGenerator)
        await events.aclose()
        assert Source.closed

    asyncio.run(read())
