"""Responses that are no event stream are refused, with the start of what they say."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

import pytest
from clients import (
    FRAMINGS,
    LIBRARIES,
    ONE,
    PATIENCE,
    every_library,
    open_aiohttp,
    open_httpx,
    read_events,
    read_until_error,
)
from servers import WAIT, Reply, serve

from sseparse._errors import NotAnEventStream
from sseparse._sources import aiter_bytes, aiter_events, iter_bytes, iter_events


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
