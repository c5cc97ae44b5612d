"""Sources of every kind: what can be read, and what is said about what cannot."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import os
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import httpx
import httpx2
import openai
import pytest
import requests
import requests.adapters
import urllib3
from clients import ASYNC, PATIENCE, SYNC, every_library, open_aiohttp, open_async_httpx2
from servers import WAIT, Reply, serve

from sseparse._events import ServerSentEvent
from sseparse._reads import AsyncByteSource, ByteSource, Chunk
from sseparse._sources import aiter_bytes, aiter_events, iter_bytes, iter_events

ONE, TWO, THREE = (ServerSentEvent(text) for text in ("one", "two", "three"))

# Responses whose body was read before, or that were closed.


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
    class FileAdapter(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
            response = requests.Response()
            response.status_code = 200
            response.headers["Content-Type"] = "text/event-stream"
            response.raw = io.BytesIO(b"data: one\n\n")
            return response

        def close(self) -> None:
            pass

    with requests.Session() as session:
        session.mount("file://", FileAdapter())
        assert list(iter_events(session.get("file:///fixture", stream=True))) == [ONE]


# Other sources.


def test_bytes_of_any_kind_are_one_chunk() -> None:
    async def read_async(source: AsyncByteSource) -> list[ServerSentEvent]:
        return [event async for event in aiter_events(source)]

    body = b"data: one\n\ndata: two\n\n"
    for source in (body, bytearray(body), memoryview(body)):
        assert list(iter_events(source)) == [ONE, TWO]
        assert list(iter_bytes(source)) == [body]
        assert asyncio.run(read_async(source)) == [ONE, TWO]


def test_iterables_of_bytes_of_any_kind_are_read() -> None:
    async def agenerate() -> AsyncIterator[bytes | bytearray]:
        yield b"data: o"
        yield bytearray(b"ne\n\n")

    async def read_async() -> None:
        assert [event async for event in aiter_events(agenerate())] == [ONE]
        assert [chunk async for chunk in aiter_bytes(agenerate())] == [b"data: o", b"ne\n\n"]

    chunks: list[Chunk] = [b"data: o", bytearray(b"ne"), memoryview(b"\n"), b"", b"\n"]
    assert list(iter_events(chunks)) == list(iter_events(iter(chunks))) == [ONE]
    assert list(iter_events(chunk for chunk in chunks)) == [ONE]
    assert list(iter_events([])) == []
    asyncio.run(read_async())


def test_binary_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fixture.txt"
    body = b"data: one\n\n" * 20_000 + b"data: two\n\n"
    expected = [ONE] * 20_000 + [TWO]
    path.write_bytes(body)
    (tmp_path / "fixture.gz").write_bytes(gzip.compress(body))
    with (
        path.open("rb") as buffered,
        path.open("rb", buffering=0) as raw,
        gzip.open(tmp_path / "fixture.gz") as compressed,
        tempfile.NamedTemporaryFile() as temporary,
        urllib.request.urlopen(path.as_uri()) as from_file_url,
    ):
        temporary.write(body)
        temporary.seek(0)
        sources = [buffered, raw, compressed, temporary, from_file_url, io.BytesIO(body)]
        for source in sources:
            assert list(iter_events(source)) == expected, source


@contextlib.contextmanager
def patience(give_up: Callable[[], None]) -> Iterator[None]:
    """Do something after a while, so that a test that waits in vain fails and does not hang."""
    timer = threading.Timer(PATIENCE, give_up)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def test_a_pipe_gives_each_event_as_it_arrives() -> None:
    for buffering in (-1, 0):
        reading_end, writing_end = os.pipe()
        with (
            os.fdopen(reading_end, "rb", buffering) as source,
            patience(partial(os.close, writing_end)),
        ):
            os.write(writing_end, b"data: one\n\n")
            events = iter_events(source)
            assert next(events) == ONE
            os.write(writing_end, b"data: two\n\n")
            assert next(events) == TWO
            os.close(writing_end)
            assert list(events) == []


def test_a_non_blocking_file_without_data_is_an_error_and_not_the_end() -> None:
    reading_end, writing_end = os.pipe()
    os.set_blocking(reading_end, False)
    with os.fdopen(reading_end, "rb", 0) as source:
        os.write(writing_end, b"data: one\n\n")
        events = iter_events(source)
        assert next(events) == ONE
        with pytest.raises(BlockingIOError, match="FileIO is non-blocking"):
            next(events)
    os.close(writing_end)


SAY_AND_WAIT = "print('data: one\\n', flush=True); input(); print('data: two\\n')"


def test_the_output_of_a_process_is_read_as_it_comes() -> None:
    async def read_async() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SAY_AND_WAIT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        events = aiter_events(process.stdout)
        assert await anext(events) == ONE
        process.stdin.write(b"\n")
        assert await anext(events) == TWO
        assert [event async for event in events] == []
        await process.wait()

    command = [sys.executable, "-c", SAY_AND_WAIT]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        patience(process.kill),
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        events = iter_events(process.stdout)
        assert next(events) == ONE
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert list(events) == [TWO]
    asyncio.run(asyncio.wait_for(read_async(), PATIENCE))


def test_an_asyncio_stream_may_have_lines_longer_than_its_limit() -> None:
    async def read() -> None:
        reader = asyncio.StreamReader(limit=10)
        reader.feed_data(b"data: " + b"x" * 1000 + b"\n\n")
        reader.feed_eof()
        assert [event.data async for event in aiter_events(reader)] == ["x" * 1000]

    asyncio.run(read())


def test_an_async_file_is_read(tmp_path: Path) -> None:
    async def read() -> None:
        async with await anyio.open_file(tmp_path / "fixture.txt", "rb") as file:
            assert [event async for event in aiter_events(file)] == [ONE, TWO]

    (tmp_path / "fixture.txt").write_bytes(b"data: one\n\ndata: two\n\n")
    asyncio.run(read())


def test_the_raw_responses_of_an_sdk_are_read() -> None:
    arguments: dict[str, Any] = {"model": "m", "messages": [], "stream": True}

    async def read_async() -> None:
        async with (
            openai.AsyncOpenAI(api_key="k", base_url=server.url, max_retries=0) as client,
            client.chat.completions.with_streaming_response.create(**arguments) as response,
        ):
            with pytest.raises(TypeError, match="it is async; pass it to aiter_events"):
                iter_events(response)
            assert [event async for event in aiter_events(response)] == [ONE]

    with serve(Reply([b"data: one\n\n"])) as server:
        with (
            openai.OpenAI(api_key="k", base_url=server.url, max_retries=0) as client,
            client.chat.completions.with_streaming_response.create(**arguments) as response,
        ):
            with pytest.raises(TypeError, match="it is not async; pass it to iter_events"):
                aiter_events(response)
            assert list(iter_events(response)) == [ONE]
        asyncio.run(read_async())


# Mistakes. Each is refused by the call itself, and the message says what to do.


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
        refuse_async(source, f"{name}: it is not async; pass it to iter_events or iter_bytes")
        assert isinstance(source, object)
        assert list(iter_events(source)) == [ONE]  # refusing it has read nothing of it


@pytest.mark.parametrize("library", ASYNC)
def test_an_async_response_is_refused_where_a_sync_one_is_wanted(library: str) -> None:
    async def read() -> None:
        async with ASYNC[library](server.url) as source:
            name = type(source).__name__
            refuse(source, f"{name}: it is async; pass it to aiter_events or aiter_bytes")
            assert [event async for event in aiter_events(source)] == [ONE]

    with serve(Reply([b"data: one\n\n"])) as server:
        asyncio.run(read())


def test_iterables_and_files_of_the_other_kind_are_refused_by_the_call() -> None:
    async def agenerate() -> AsyncIterator[bytes]:
        yield b""

    async def with_reader() -> None:
        refuse(asyncio.StreamReader(), f"StreamReader: {is_async}")

    is_async = "it is async; pass it to aiter_events or aiter_bytes"
    not_async = "it is not async; pass it to iter_events or iter_bytes"
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
