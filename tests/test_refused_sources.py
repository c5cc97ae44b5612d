"""What is no source of bytes is refused by the call itself, and the message says what to do."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import requests.adapters
from clients import ASYNC, ONE, PATIENCE, SYNC
from servers import Reply, serve

from sseparse._sources import aiter_bytes, aiter_events, iter_bytes, iter_events


def refuse(source: Any, message: str) -> None:
    for function in (iter_events, iter_bytes):
        with pytest.raises(TypeError) as caught:
            function(source)
        assert str(caught.value) == f"cannot read a stream from {message}"


def refuse_async(source: Any, message: str) -> None:
    for function in (aiter_events, aiter_bytes):
        with pytest.raises(TypeError) as caught:
            function(source)
        assert str(caught.value) == f"cannot read a stream from {message}"


def test_text_paths_and_text_files_are_refused_by_the_call(tmp_path: Path) -> None:
    path = tmp_path / "fixture.txt"
    path.write_bytes(b"data: one\n\n")
    text = 'pass bytes: text.encode(), or open(path, "rb") if it is a path'
    file = 'it gives text; open it in binary mode ("rb"), or pass its .buffer'
    for refuses in (refuse, refuse_async):
        refuses("data: one\n\n", f"str: {text}")
        refuses(path, f'{type(path).__name__}: pass open(path, "rb")')
        refuses(io.StringIO("data: one"), f"StringIO: {file}")
        with path.open(encoding="utf-8") as text_file:
            refuses(text_file, f"TextIOWrapper: {file}")
        with tempfile.NamedTemporaryFile("w+") as temporary:
            refuses(temporary, f"_TemporaryFileWrapper: {file}")


def test_what_is_no_source_at_all_is_refused_by_the_call() -> None:
    nothing = "pass a response, a binary file, bytes or an iterable of bytes"
    for refuses in (refuse, refuse_async):
        refuses(None, f"NoneType: {nothing}")
        refuses(7, f"int: {nothing}")
        refuses(object(), f"object: {nothing}")
        refuses(
            test_text_paths_and_text_files_are_refused_by_the_call,
            ("function: it is a function; call it, and pass what it returns"),
        )


@pytest.mark.parametrize("library", ["httpx", "httpx2", "requests", "urllib3", "http.client"])
def test_a_sync_response_is_refused_where_an_async_one_is_wanted(library: str) -> None:
    with serve(Reply([b"data: one\n\n"])) as server, SYNC[library](server.url) as source:
        name = type(source).__name__
        refuse_async(source, f"{name}: it is not async; read it with iter_events")
        assert isinstance(source, object)
        assert list(iter_events(source)) == [ONE]  # refusing it has read nothing of it


@pytest.mark.parametrize("library", ASYNC)
def test_an_async_response_is_refused_where_a_sync_one_is_wanted(library: str) -> None:
    async def read() -> None:
        async with ASYNC[library](server.url) as source:
            name = type(source).__name__
            refuse(source, f"{name}: it is async; read it with aiter_events")
            assert [event async for event in aiter_events(source)] == [ONE]

    with serve(Reply([b"data: one\n\n"])) as server:
        asyncio.run(read())


def test_iterables_and_files_of_the_other_kind_are_refused_by_the_call() -> None:
    async def agenerate() -> AsyncIterator[bytes]:
        yield b""

    async def with_reader() -> None:
        refuse(asyncio.StreamReader(), f"StreamReader: {is_async}")

    is_async = "it is async; read it with aiter_events"
    not_async = "it is not async; read it with iter_events"
    refuse(agenerate(), f"async_generator: {is_async}")
    refuse_async([b""], f"list: {not_async}")
    refuse_async(io.BytesIO(b""), f"BytesIO: {not_async}")
    asyncio.run(with_reader())


def test_what_was_not_awaited_or_entered_is_refused_by_the_call() -> None:
    async def forgetful() -> None:
        async with aiohttp.ClientSession() as session:
            request = session.get("http://127.0.0.1:9/")
            refuse(request, f"_BaseRequestContextManager: {awaiting}")
            refuse_async(request, f"_BaseRequestContextManager: {awaiting}")
            request.close()
        async with httpx.AsyncClient(verify=False) as aclient:
            name = "_AsyncGeneratorContextManager"
            refuse_async(aclient.stream("GET", "http://127.0.0.1:9/"), f"{name}: {aentering}")
            refuse(aclient.stream("GET", "http://127.0.0.1:9/"), f"{name}: {aentering}")
            coroutine = aclient.get("http://127.0.0.1:9/")
            refuse_async(coroutine, f"coroutine: {awaiting}")
            coroutine.close()

    awaiting = "await it, and pass the response that gives"
    entering = 'enter it: "with … as response:", and pass the response'
    aentering = 'enter it: "async with … as response:", and pass the response'
    with httpx.Client(verify=False) as client:
        stream = client.stream("GET", "http://127.0.0.1:9/")
        refuse(stream, f"_GeneratorContextManager: {entering}")
        refuse_async(stream, f"_GeneratorContextManager: {entering}")
    asyncio.run(forgetful())


def test_lines_without_their_line_ends_are_refused_by_the_call() -> None:
    # An event ends with an empty line; in requests' lines none would ever end.
    with (
        serve(Reply([b"data: one\n\n"])) as server,
        requests.get(server.url, stream=True, timeout=PATIENCE) as response,
    ):
        refuse(
            response.iter_lines(),
            "generator: its lines have lost their line ends; pass the response itself",
        )


def test_an_iterable_of_something_else_than_bytes_says_so_on_iteration() -> None:
    async def agenerate() -> AsyncIterator[Any]:
        yield b"data: one\n\n"
        yield "data: two\n\n"

    async def read_async() -> None:
        with pytest.raises(TypeError, match="async_generator gives str, not bytes; pass the resp"):
            [event async for event in aiter_events(agenerate())]
        with pytest.raises(TypeError, match="async_generator gives str, not bytes; pass the resp"):
            [chunk async for chunk in aiter_bytes(agenerate())]

    for wrong in ("data: two\n\n", "alphanumeric", 7, None, ["data"]):
        source: Any = [b"data: one\n\n", wrong]
        name = type(wrong).__name__
        events = iter_events(source)
        assert next(events) == ONE
        with pytest.raises(TypeError, match=f"list gives {name}, not bytes; pass the response"):
            next(events)
        with pytest.raises(TypeError, match=f"list gives {name}, not bytes; pass the response"):
            list(iter_bytes(source))
    asyncio.run(read_async())


def test_a_type_error_of_the_source_itself_stays_what_it_is() -> None:
    def generate() -> Iterator[bytes]:
        yield b"data: one\n\n"
        raise TypeError("mine")

    events = iter_events(generate())
    assert next(events) == ONE
    with pytest.raises(TypeError, match=r"^mine$"):
        next(events)


def test_options_that_make_no_decoder_are_refused_by_the_call() -> None:
    with pytest.raises(ValueError, match="max_event_size is 0"):
        iter_events(b"", max_event_size=0)
    with pytest.raises(ValueError, match='either "raise" or "skip"'):
        aiter_events(b"", oversize="shrink")  # type: ignore[call-overload]  # the mistake itself
