"""Sources other than responses: bytes, iterables, files, pipes, processes, what an SDK gives."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import io
import os
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import openai
import pytest
from clients import ONE, PATIENCE, TWO
from servers import Reply, serve

from sseparse._events import ServerSentEvent
from sseparse._reads import AsyncByteSource, Chunk
from sseparse._sources import aiter_bytes, aiter_events, iter_bytes, iter_events


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
            with pytest.raises(TypeError, match="it is async; read it with aiter_events"):
                iter_events(response)
            assert [event async for event in aiter_events(response)] == [ONE]

    with serve(Reply([b"data: one\n\n"])) as server:
        with (
            openai.OpenAI(api_key="k", base_url=server.url, max_retries=0) as client,
            client.chat.completions.with_streaming_response.create(**arguments) as response,
        ):
            with pytest.raises(TypeError, match="it is not async; read it with iter_events"):
                aiter_events(response)
            assert list(iter_events(response)) == [ONE]
        asyncio.run(read_async())


# Who closes what.


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
