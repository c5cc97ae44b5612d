from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import compression_utils
from origin import Origin, origin
from recorded import (
    BODY,
    CODINGS,
    EOLS,
    HEADERS,
    NEAR,
    SECRETIVE,
    check_no_secrets,
    check_recording,
    has_first_read,
    load,
    recorded_now,
    secret_url,
    served,
)
from servers import WAIT, Framing, Reply, Server, serve

import sseparse
from sseparse.http import recording_middleware

EVENTS = [b"data: one\n\n", b"data: two\n\n", b"data: three\n\n"]
WHOLE = b"".join(EVENTS)
FRAMINGS: list[Framing] = ["chunked", "one-chunk", "length", "close"]


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    with origin() as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    yield
    gc.collect(1)
    assert [str(warning.message) for warning in recwarn] == []


@asynccontextmanager
async def post(
    url: str, middleware: recording_middleware | None = None, patience: float = 5.0, **options: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    limits = aiohttp.ClientTimeout(sock_read=patience)
    middlewares = [] if middleware is None else [middleware]
    async with (
        aiohttp.ClientSession(timeout=limits, middlewares=middlewares, **options) as session,
        session.post(url, json=BODY) as response,
    ):
        yield response
        if middleware is None:
            return
        # All that was begun here ends here.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert [task for task in tasks if "recording" in repr(task)] == []


async def reads(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Give each read; aiohttp splits what came with HTTP chunks at these."""
    async for data, _ in content.iter_chunks():
        if data:
            yield data


def test_what_is_recorded_is_what_was_written_when_it_was_written(
    server: Origin, tmp_path: Path
) -> None:
    async def run(eol: str) -> None:
        middleware = recording_middleware(tmp_path / eol)
        async with post(server.url(eol, tag=f"aio-{eol}"), middleware) as response:
            seen = [data async for data in reads(response.content)]
        fact = served(server, f"aio-{eol}")
        assert seen == [write.data for write in fact.writes]
        assert b"Accept-Encoding: identity\r\n" in fact.request
        (path,) = middleware.recordings
        check_recording(path, fact)
        assert path.name.endswith("-v1-chat-completions-grok-beta.txt")

    async def all_of_them() -> None:
        await asyncio.gather(*[run(eol) for eol in EOLS])

    asyncio.run(all_of_them())


Reader = Callable[[aiohttp.ClientResponse], Awaitable[bytes]]


async def by_line(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([line async for line in response.content])


async def by_readuntil(response: aiohttp.ClientResponse) -> bytes:
    parts = []
    while part := await response.content.readuntil(b"\n\n"):
        parts.append(part)
    return b"".join(parts)


async def by_size(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([part async for part in response.content.iter_chunked(7)])


async def by_any(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([part async for part in response.content.iter_any()])


async def by_http_chunk(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([part async for part in reads(response.content)])


async def exactly(response: aiohttp.ClientResponse) -> bytes:
    start = await response.content.readexactly(5)
    with pytest.raises(asyncio.IncompleteReadError) as error:
        await response.content.readexactly(1000)
    return start + error.value.partial


async def when_it_is_there(response: aiohttp.ClientResponse) -> bytes:
    await response.content.wait_eof()
    assert response.content.is_eof()
    body = response.content.read_nowait()
    assert response.content.at_eof()
    return body


async def as_text(response: aiohttp.ClientResponse) -> bytes:
    return (await response.text()).encode()


async def as_events(response: aiohttp.ClientResponse) -> bytes:
    events = [event async for event in sseparse.aiter_events(response)]
    return "".join(f"data: {event.data}\n\n" for event in events).encode()


READERS: dict[str, Reader] = {
    "read": lambda response: response.read(),
    "text": as_text,
    "content.read": lambda response: response.content.read(),
    "lines": by_line,
    "readuntil": by_readuntil,
    "iter_chunked": by_size,
    "iter_any": by_any,
    "iter_chunks": by_http_chunk,
    "readexactly": exactly,
    "read_nowait": when_it_is_there,
    "aiter_events": as_events,
}
every_reader = pytest.mark.parametrize("reader", READERS)


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("framing", FRAMINGS)
@every_reader
def test_every_way_to_read_gives_the_body_and_records_it(
    reader: str, framing: Framing, compress: bool, tmp_path: Path
) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str, middleware: recording_middleware | None) -> bytes:
        async with post(url, middleware) as response:
            return await READERS[reader](response)

    with serve(Reply(EVENTS, framing=framing, compress=compress)) as server:
        assert asyncio.run(run(server.url, middleware)) == WHOLE
        assert asyncio.run(run(server.url, None)) == WHOLE
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (WHOLE, "eof")


def test_http_chunks_are_told_as_without_recording(tmp_path: Path) -> None:
    async def run(url: str, middleware: recording_middleware | None) -> list[tuple[bytes, bool]]:
        async with post(url, middleware) as response:
            # aiohttp tells an empty chunk or none, depending on when the end of the body comes.
            return [chunk async for chunk in response.content.iter_chunks() if chunk[0]]

    for framing in ("chunked", "length"):
        with serve(Reply(EVENTS if framing == "chunked" else [WHOLE], framing=framing)) as server:
            direct = asyncio.run(run(server.url, None))
            assert asyncio.run(run(server.url, recording_middleware(tmp_path))) == direct
    assert direct == [(WHOLE, False)]


@pytest.mark.parametrize("reader", ["iter_any", "iter_chunks", "lines", "aiter_events"])
def test_nothing_is_held_back(reader: str, tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    def items(response: aiohttp.ClientResponse) -> AsyncIterator[object]:
        if reader == "iter_any":
            return aiter(response.content.iter_any())
        if reader == "lines":
            return (line async for line in response.content if line.strip())
        is_chunks = reader == "iter_chunks"
        return reads(response.content) if is_chunks else sseparse.aiter_events(response)

    async def run(server: Server) -> int:
        seen = []
        async with post(server.url, middleware) as response:
            async for item in items(response):
                # What comes next is sent only when this is here, and on disk.
                seen.append(item)
                assert recorded_now(middleware.recordings[0]) == b"".join(EVENTS[: len(seen)])
                server.go()
        return len(seen)

    with serve(Reply([EVENTS[0], WAIT, EVENTS[1], WAIT, EVENTS[2]])) as server:
        assert asyncio.run(run(server)) == 3


def test_the_first_event_comes_as_soon_as_without_recording(tmp_path: Path) -> None:
    times: dict[bool, list[float]] = {False: [], True: []}

    async def run(url: str) -> None:
        middleware = recording_middleware(tmp_path)
        async with (
            aiohttp.ClientSession() as direct,
            aiohttp.ClientSession(middlewares=[middleware]) as recording,
        ):
            for number in range(30):
                session = (direct, recording)[number % 2]
                start = time.perf_counter()
                async with session.get(url) as response:
                    await response.content.readany()
                    times[session is recording].append(time.perf_counter() - start)

    with serve(Reply([EVENTS[0]])) as server:
        asyncio.run(run(server.url))
    assert len(times[True]) == len(times[False]) == 15
    assert statistics.median(times[True]) < 2 * statistics.median(times[False]) + NEAR


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (Reply([EVENTS[0], WAIT], end="reset"), "reset"),
        (Reply([EVENTS[0], WAIT], end="cut"), "truncated"),
        (Reply([EVENTS[0], WAIT], end="cut", framing="length"), "truncated"),
        (Reply([EVENTS[0], WAIT, WAIT, EVENTS[1]]), "timeout"),
    ],
    ids=["reset", "cut", "cut with length", "timeout"],
)
@pytest.mark.parametrize("reader", ["read", "lines", "iter_any", "iter_chunks", "aiter_events"])
def test_a_stream_that_breaks_is_recorded_with_its_end_and_raises_what_it_would(
    reader: str, reply: Reply, end: str, tmp_path: Path
) -> None:
    middleware = recording_middleware(tmp_path)

    async def go(server: Server, middleware: recording_middleware | None) -> None:
        await asyncio.sleep(0.02)
        while middleware is not None and not has_first_read(middleware.recordings):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        server.go()

    async def run(server: Server, middleware: recording_middleware | None) -> Exception:
        breaking = asyncio.create_task(go(server, middleware))
        try:
            async with post(server.url, middleware, patience=0.15) as response:
                await READERS[reader](response)
        except (aiohttp.ClientError, TimeoutError) as error:
            return error
        finally:
            await breaking
        pytest.fail("the stream ended well")

    with serve(reply) as server:
        direct = asyncio.run(run(server, None))
        through = asyncio.run(run(server, middleware))
    assert type(through) is type(direct)
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], end)
    assert type(through).__name__ in str(recording.end.extra["error"])


async def broken(server: Server, response: aiohttp.ClientResponse) -> None:
    """Let the server break the connection, and wait until aiohttp knows."""
    source = response.content._source  # type: ignore[attr-defined]
    server.go()
    for _ in range(100):
        if source.exception() is not None:
            return
        await asyncio.sleep(0.01)
    pytest.fail("nothing broke")


def test_what_came_before_a_break_is_recorded_though_aiohttp_gives_it_to_nobody(
    tmp_path: Path,
) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(server: Server) -> None:
        async with post(server.url, middleware) as response:
            await response.content.readany()
            await broken(server, response)
            with pytest.raises(aiohttp.ClientError):
                await response.read()

    with serve(Reply([EVENTS[0], WAIT, *EVENTS[1:]], end="cut")) as server:
        asyncio.run(run(server))
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (WHOLE, "truncated")


def test_a_break_that_the_client_never_reads_is_the_end_all_the_same(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(server: Server) -> None:
        async with post(server.url, middleware) as response:
            await response.content.readany()
            await broken(server, response)

    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]], end="reset")) as server:
        asyncio.run(run(server))
    recording = load(middleware.recordings[0])
    assert recording.body.startswith(EVENTS[0])
    assert recording.end.reason in ("reset", "truncated")


def test_the_limit_of_a_whole_request_is_a_timeout(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str) -> None:
        limits = aiohttp.ClientTimeout(total=0.2)
        async with (
            aiohttp.ClientSession(timeout=limits, middlewares=[middleware]) as session,
            session.get(url) as response,
        ):
            await response.read()

    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server, pytest.raises(TimeoutError):
        asyncio.run(run(server.url))
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], "timeout")


@pytest.mark.parametrize("how", ["leave", "close", "cancel"])
def test_a_client_that_hangs_up_is_recorded_as_such(how: str, tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str) -> None:
        async with post(url, middleware) as response:
            await response.content.readany()
            if how == "close":
                response.close()
                with pytest.raises(aiohttp.ClientConnectionError):
                    await response.content.readany()
            if how == "cancel":
                task = asyncio.create_task(response.content.readany())
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server:
        asyncio.run(run(server.url))
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], "client_closed")


def test_a_read_that_is_given_up_does_not_end_the_stream(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(server: Server) -> bytes:
        async with post(server.url, middleware) as response:
            body = await response.content.readany()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(response.content.readany(), 0.02)
            server.go()
            return body + await response.content.read()

    with serve(Reply([EVENTS[0], WAIT, *EVENTS[1:]])) as server:
        assert asyncio.run(run(server)) == WHOLE
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (WHOLE, "eof")


def test_a_second_reader_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(server: Server) -> bytes:
        async with post(server.url, middleware) as response:
            body = await response.content.readany()
            first = asyncio.create_task(response.content.readany())
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another coroutine"):
                await response.content.readany()
            server.go()
            return body + await first + await response.content.read()

    with serve(Reply([EVENTS[0], WAIT, *EVENTS[1:]])) as server:
        assert asyncio.run(run(server)) == WHOLE
    assert load(middleware.recordings[0]).end.reason == "eof"


def test_another_task_that_closes_the_response_wakes_who_reads(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str) -> None:
        async with post(url, middleware) as response:
            await response.content.readany()
            reader = asyncio.create_task(response.content.readany())
            await asyncio.sleep(0)
            response.close()
            with pytest.raises(aiohttp.ClientConnectionError):
                await asyncio.wait_for(reader, 1)

    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server:
        asyncio.run(run(server.url))
    assert load(middleware.recordings[0]).end.reason == "client_closed"


def test_what_came_before_the_client_left_is_recorded_with_the_end_if_that_came(
    tmp_path: Path,
) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str) -> None:
        async with post(url, middleware) as response:
            await response.content.readline()
            await response.content.wait_eof()

    with serve(Reply(EVENTS)) as server:
        asyncio.run(run(server.url))
    recording = load(middleware.recordings[0])
    assert (recording.body, recording.end.reason) == (WHOLE, "eof")


def test_compressed_streams_are_recorded_decompressed(server: Origin, tmp_path: Path) -> None:
    async def run(coding: str) -> None:
        middleware = recording_middleware(tmp_path / coding)
        tag = f"aio-{coding}"
        url = server.url("crlf", writes=9, coding=coding, tag=tag)
        async with post(url, middleware) as response:
            body = await response.read()
        fact = served(server, tag)
        assert body == fact.body
        recording = check_recording(middleware.recordings[0], fact)
        assert recording.header is not None
        assert recording.header.decoded == coding

    async def all_of_them() -> None:
        known = getattr(compression_utils, "HAS_ZSTD", False)
        await asyncio.gather(*[run(coding) for coding in CODINGS if known or coding != "zstd"])

    asyncio.run(all_of_them())


def test_who_wants_the_bytes_as_they_came_gets_them_compressed(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str, middleware: recording_middleware | None) -> bytes:
        async with post(url, middleware, auto_decompress=False) as response:
            return await response.read()

    with serve(Reply(EVENTS, compress=True)) as server:
        raw = asyncio.run(run(server.url, middleware))
        assert raw == asyncio.run(run(server.url, None)) != WHOLE
    recording = load(middleware.recordings[0])
    assert recording.header is not None
    assert (recording.body, recording.header.decoded) == (WHOLE, "gzip")


def test_a_slow_client_holds_the_server_up_as_without_recording(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)
    big = b"x" * 2**20

    async def run(url: str) -> int:
        async with post(url, middleware) as response:
            await asyncio.sleep(0.2)
            source = response.content._source  # type: ignore[attr-defined]
            assert source.total_bytes < 4 * len(big)
            assert isinstance(response.content, aiohttp.StreamReader)
            return len(await response.read())

    with serve(Reply([big] * 24)) as server:
        assert asyncio.run(run(server.url)) == 24 * len(big)
    assert len(load(middleware.recordings[0]).body) == 24 * len(big)


def test_a_recorded_stream_can_be_sent_on_as_the_body_of_a_request(tmp_path: Path) -> None:
    async def run(url: str, to: str) -> None:
        async with (
            post(url, recording_middleware(tmp_path)) as response,
            aiohttp.ClientSession() as session,
        ):
            await session.post(to, data=response.content, headers={"Content-Length": "35"})

    with serve(Reply(EVENTS)) as server, serve(Reply([b""], status=204)) as target:
        assert len(WHOLE) == 35
        asyncio.run(run(server.url, target.url))
        assert target.requests[0].endswith(WHOLE)


def test_only_event_streams_are_recorded_unless_all_are_wanted(tmp_path: Path) -> None:
    few = recording_middleware(tmp_path / "few")
    every = recording_middleware(tmp_path / "every", all_responses=True)

    async def run(url: str, middleware: recording_middleware) -> bytes:
        async with post(url, middleware) as response:
            return await response.read()

    json = {"Content-Type": "application/json"}
    with serve(Reply([b"{}"], headers=json)) as server, serve(Reply([], status=204)) as empty:
        assert asyncio.run(run(server.url, few)) == asyncio.run(run(server.url, every)) == b"{}"
        assert asyncio.run(run(empty.url, every)) == b""
    assert few.recordings == []
    assert [load(path).body for path in every.recordings] == [b"{}", b""]
    assert {load(path).end.reason for path in every.recordings} == {"eof"}


@pytest.mark.parametrize("request_body", [False, True])
def test_no_secret_is_in_any_file(request_body: bool, tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path, request_body=request_body)

    async def run(url: str) -> None:
        headers = {name: value for name, value in HEADERS.items() if name != "Authorization"}
        async with (
            aiohttp.ClientSession(middlewares=[middleware]) as session,
            session.post(url, json=BODY, headers=headers) as response,
        ):
            await response.read()

    with serve(SECRETIVE) as server:
        asyncio.run(run(secret_url(server.url)))
        assert server.requests[0].count(b"canary") > 7
    check_no_secrets(tmp_path, request_body=request_body)


def test_a_folder_that_cannot_be_written_harms_nobody_and_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reports: list[str] = []
    middleware = recording_middleware(tmp_path / "file", on_error=reports.append)

    async def run(url: str) -> bytes:
        async with post(url, middleware) as response:
            return await response.read()

    with serve(Reply(EVENTS)) as server:
        assert asyncio.run(run(server.url)) == WHOLE
    assert middleware.recordings == []
    assert len(reports) == 1


def test_twenty_streams_go_through_one_middleware_at_once(tmp_path: Path) -> None:
    middleware = recording_middleware(tmp_path)

    async def run(url: str) -> None:
        async def one() -> bytes:
            async with session.get(url) as response:
                return await response.read()

        async with aiohttp.ClientSession(middlewares=[middleware]) as session:
            assert await asyncio.gather(*[one() for _ in range(20)]) == [WHOLE] * 20

    with serve(Reply(EVENTS)) as server:
        asyncio.run(run(server.url))
    assert len(set(middleware.recordings)) == 20
    assert {load(path).body for path in middleware.recordings} == {WHOLE}


def uses_that_a_type_checker_accepts() -> None:
    """Never run: mypy reads it."""
    aiohttp.ClientSession(middlewares=[recording_middleware("recordings", name="chat")])
    aiohttp.ClientSession(middlewares=(recording_middleware(Path("r"), on_error=print),))
    paths: list[Path] = recording_middleware("r").recordings
    assert paths
