from __future__ import annotations

import asyncio
import gzip
import shutil
import signal
import statistics
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import httpx2
import pytest
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
    in_threads,
    load,
    recorded_now,
    secret_url,
    served,
)
from servers import WAIT, Reply, serve
from test_lean_import import loaded_by

import sseparse
from sseparse.http import AsyncRecordingTransport, RecordingTransport

LIBRARIES = [httpx2, httpx]
every_library = pytest.mark.parametrize("library", LIBRARIES, ids=lambda module: module.__name__)
EVENTS = [b"data: one\n\n", b"data: two\n\n"]


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    with origin() as running:
        yield running


class Recorded:
    """One way to use a recording transport: a library, sync or async."""

    def __init__(self, library: Any, is_async: bool, folder: Path, **options: Any) -> None:
        self.library, self.is_async = library, is_async
        kind: Any = AsyncRecordingTransport if is_async else RecordingTransport
        self.transport = kind(folder, **options)

    def read(self, url: str, seen: list[bytes] | None = None, **options: Any) -> bytes:
        return read(self.library, self.is_async, url, self.transport, seen, **options)


def read(
    library: Any,
    is_async: bool,
    url: str,
    transport: Any = None,
    seen: list[bytes] | None = None,
    timeout: float = 5.0,
    stop_after: int = 10**9,
    raw: bool = False,
) -> bytes:
    """Read a response, all of it or as many reads as wanted; without a transport, directly."""
    seen = [] if seen is None else seen

    async def read_async() -> None:
        own = transport or library.AsyncHTTPTransport()
        async with (
            library.AsyncClient(transport=own, timeout=timeout) as client,
            client.stream("POST", url, json=BODY) as response,
        ):
            async for data in response.aiter_raw() if raw else response.aiter_bytes():
                seen.append(data)
                if len(seen) == stop_after:
                    break

    if is_async:
        asyncio.run(read_async())
        return b"".join(seen)
    own = transport or library.HTTPTransport()
    with (
        library.Client(transport=own, timeout=timeout) as client,
        client.stream("POST", url, json=BODY) as response,
    ):
        for data in response.iter_raw() if raw else response.iter_bytes():
            seen.append(data)
            if len(seen) == stop_after:
                break
    return b"".join(seen)


WAYS = [(library, is_async) for library in LIBRARIES for is_async in (False, True)]
every_way = pytest.mark.parametrize(
    ("library", "is_async"),
    WAYS,
    ids=[f"{'async ' * is_async}{library.__name__}" for library, is_async in WAYS],
)


def test_what_is_recorded_is_what_was_written_when_it_was_written(
    server: Origin, tmp_path: Path
) -> None:
    def run(library: Any, is_async: bool, eol: str) -> None:
        tag = f"{library.__name__}-{is_async}-{eol}"
        recorded = Recorded(library, is_async, tmp_path / tag)
        seen: list[bytes] = []
        recorded.read(server.url(eol, tag=tag), seen)
        fact = served(server, tag)
        assert seen == [write.data for write in fact.writes]
        (path,) = recorded.transport.recordings
        recording = check_recording(path, fact)
        assert recording.header is not None
        assert recording.header.status == 200
        assert recording.header.decoded is None
        assert path.name.endswith("-v1-chat-completions-grok-beta.txt")

    # Two libraries at a time: each stream lasts two seconds, and there are few processors.
    ways = [(httpx2, is_async, eol) for is_async in (False, True) for eol in EOLS]
    in_threads(*[lambda way=way: run(*way) for way in [*ways, (httpx, False, "crlf")]])


@every_way
def test_nothing_is_held_back(library: Any, is_async: bool, tmp_path: Path) -> None:
    recorded = Recorded(library, is_async, tmp_path)
    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as waiting:

        class Seen(list[bytes]):
            def append(self, data: bytes) -> None:
                # The second event is sent only when the first is here, and on disk.
                super().append(data)
                expected = b"".join(EVENTS[: len(self)])
                assert recorded_now(recorded.transport.recordings[0]) == expected
                waiting.go()

        assert recorded.read(waiting.url, Seen()) == b"".join(EVENTS)


@pytest.mark.parametrize("is_async", [False, True])
def test_the_first_event_comes_as_soon_as_without_recording(is_async: bool, tmp_path: Path) -> None:
    # Clients are opened outside: what a connection costs is not the question.
    times: dict[bool, list[float]] = {False: [], True: []}

    async def measure_async(url: str) -> None:
        async with (
            httpx2.AsyncClient() as direct,
            httpx2.AsyncClient(transport=AsyncRecordingTransport(tmp_path)) as recording,
        ):
            for number in range(30):
                client = (direct, recording)[number % 2]
                start = time.perf_counter()
                async with client.stream("GET", url) as response:
                    async for _ in response.aiter_bytes():
                        times[client is recording].append(time.perf_counter() - start)

    with serve(Reply([EVENTS[0]])) as quick:
        if is_async:
            asyncio.run(measure_async(quick.url))
        else:
            transport = RecordingTransport(tmp_path)
            with httpx2.Client() as direct, httpx2.Client(transport=transport) as recording:
                for number in range(30):
                    client = (direct, recording)[number % 2]
                    start = time.perf_counter()
                    with client.stream("GET", quick.url) as response:
                        for _ in response.iter_bytes():
                            times[client is recording].append(time.perf_counter() - start)
    assert len(times[True]) == len(times[False]) == 15
    assert statistics.median(times[True]) < 2 * statistics.median(times[False]) + NEAR


@every_way
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
def test_a_stream_that_breaks_is_recorded_with_its_end_and_raises_what_it_would(
    library: Any, is_async: bool, reply: Reply, end: str, tmp_path: Path
) -> None:
    recorded = Recorded(library, is_async, tmp_path)
    with serve(reply) as server:

        class Seen(list[bytes]):
            def append(self, data: bytes) -> None:
                super().append(data)
                server.go()

        with pytest.raises(library.HTTPError) as direct:
            read(library, is_async, server.url, None, Seen(), timeout=0.15)
        with pytest.raises(library.HTTPError) as through:
            recorded.read(server.url, Seen(), timeout=0.15)
    assert type(through.value) is type(direct.value)
    assert str(through.value) == str(direct.value)
    recording = load(recorded.transport.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], end)
    assert type(through.value).__name__ in str(recording.end.extra["error"])


@every_way
def test_a_client_that_hangs_up_is_recorded_as_such(
    library: Any, is_async: bool, tmp_path: Path
) -> None:
    recorded = Recorded(library, is_async, tmp_path)
    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server:
        recorded.read(server.url, stop_after=1)
    recording = load(recorded.transport.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], "client_closed")
    assert "error" not in recording.end.extra


@every_way
def test_a_body_of_known_length_is_whole_when_its_last_byte_was_read(
    library: Any, is_async: bool, tmp_path: Path
) -> None:
    recorded = Recorded(library, is_async, tmp_path)
    with serve(Reply([EVENTS[0]], framing="length")) as server:
        recorded.read(server.url, stop_after=1)
    assert load(recorded.transport.recordings[0]).end.reason == "eof"


def test_what_is_compressed_all_the_same_is_recorded_decompressed(
    server: Origin, tmp_path: Path
) -> None:
    def run(library: Any, is_async: bool, coding: str) -> None:
        tag = f"{library.__name__}-{is_async}-{coding}"
        url = server.url("crlf", writes=9, coding=coding, tag=tag)
        recorded = Recorded(library, is_async, tmp_path / tag)
        body = recorded.read(url)
        fact = served(server, tag)
        assert body == fact.body
        recording = check_recording(recorded.transport.recordings[0], fact)
        assert recording.header is not None
        assert recording.header.decoded == coding
        assert ("content-encoding", coding) in recording.header.headers

    # httpx has another library for zstd, which need not be there.
    ways = [(*way, coding) for way in WAYS for coding in CODINGS]
    ways = [way for way in ways if way[0] is httpx2 or way[2] != "zstd"]
    in_threads(*[lambda way=way: run(*way) for way in ways])


@every_way
def test_who_asks_for_the_bytes_as_they_came_gets_them_compressed(
    library: Any, is_async: bool, tmp_path: Path
) -> None:
    recorded = Recorded(library, is_async, tmp_path)
    with serve(Reply(EVENTS, compress=True)) as server:
        raw = recorded.read(server.url, raw=True)
    assert gzip.decompress(raw) == b"".join(EVENTS)
    assert load(recorded.transport.recordings[0]).body == b"".join(EVENTS)


def test_the_request_asks_for_no_compression_and_the_callers_own_stays_as_it_is(
    server: Origin, tmp_path: Path
) -> None:
    transport = RecordingTransport(tmp_path)
    with httpx2.Client(transport=transport, headers={"X-Mine": "1"}) as client:
        url = server.url("lf", writes=9, gap=0.001, tag="identity")
        request = client.build_request("POST", url, content=iter([b"a", b"b"]))
        before = request.headers.raw
        response = client.send(request)
    sent = served(server, "identity").request.lower()
    assert b"accept-encoding: identity\r\n" in sent
    assert b"x-mine: 1\r\n" in sent
    assert b"1\r\na\r\n1\r\nb\r\n0\r\n" in sent
    assert request.headers.raw == before
    assert response.request is request
    header = load(transport.recordings[0]).header
    assert header is not None
    assert header.request is not None
    assert ["accept-encoding", "identity"] in header.request["headers"]  # type: ignore[operator]


@every_way
def test_the_response_is_the_librarys_own(library: Any, is_async: bool, tmp_path: Path) -> None:
    seen: list[Any] = []

    class Spy(library.HTTPTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            response = super().handle_request(request)
            seen.append((response, response.extensions, response.headers.raw))
            return response

    class AsyncSpy(library.AsyncHTTPTransport):  # type: ignore[misc]
        async def handle_async_request(self, request: Any) -> Any:
            response = await super().handle_async_request(request)
            seen.append((response, response.extensions, response.headers.raw))
            return response

    async def send(url: str) -> Any:
        async with AsyncRecordingTransport(tmp_path, AsyncSpy()) as transport:
            response = await transport.handle_async_request(library.Request("GET", url))
            assert isinstance(response.stream, library.AsyncByteStream)
            await response.aclose()
            return response

    with serve(Reply(EVENTS)) as server:
        if is_async:
            response = asyncio.run(send(server.url))
        else:
            with RecordingTransport(tmp_path, Spy()) as transport:
                response = transport.handle_request(library.Request("GET", server.url))
                assert isinstance(response.stream, library.SyncByteStream)
                response.close()
    ((own, extensions, headers),) = seen
    assert response is own
    assert type(response) is library.Response
    assert response.extensions is extensions
    assert response.headers.raw == headers


def test_each_read_is_passed_on_as_the_object_it_is(tmp_path: Path) -> None:
    pieces = [b"data: ", b"", b"x\n", b"\n"]

    class Canned(httpx2.SyncByteStream):
        closed = 0

        def __iter__(self) -> Iterator[bytes]:
            yield from pieces

        def close(self) -> None:
            self.closed += 1

    stream = Canned()
    canned = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)
    )
    transport = RecordingTransport(tmp_path / "in", canned)
    response = transport.handle_request(httpx2.Request("GET", "https://a.example/"))
    assert all(one is other for one, other in zip(response.stream, pieces, strict=True))
    response.close()
    assert stream.closed == 1
    assert [read.data for read in load(transport.recordings[0]).reads] == [b"data: ", b"x\n", b"\n"]


@every_library
def test_a_response_that_is_in_memory_is_recorded_whole(library: Any, tmp_path: Path) -> None:
    headers = {"content-type": "text/event-stream"}
    canned = library.MockTransport(lambda _: library.Response(200, headers=headers, content=b"d:1"))
    transport = RecordingTransport(tmp_path / "in", canned)
    with library.Client(transport=transport) as client:
        assert client.get("https://a.example/").content == b"d:1"
    recording = load(transport.recordings[0])
    assert (recording.body, recording.end.reason) == (b"d:1", "eof")


def test_only_event_streams_are_recorded_unless_all_are_wanted(tmp_path: Path) -> None:
    few = Recorded(httpx2, False, tmp_path / "few")
    every = Recorded(httpx2, False, tmp_path / "every", all_responses=True, name="json")
    with serve(Reply([b"{}"], headers={"Content-Type": "application/json"})) as server:
        assert few.read(server.url) == every.read(server.url) == b"{}"
        every.read(server.url)
    assert few.transport.recordings == []
    assert not (tmp_path / "few").exists()
    assert [path.name for path in every.transport.recordings] == ["json.txt", "json-2.txt"]


@pytest.mark.parametrize("request_body", [False, True])
@every_way
def test_no_secret_is_in_any_file(
    library: Any, is_async: bool, request_body: bool, tmp_path: Path
) -> None:
    recorded = Recorded(library, is_async, tmp_path, request_body=request_body)

    async def send(url: str) -> None:
        async with library.AsyncClient(transport=recorded.transport) as client:
            await client.post(url, json=BODY, headers=HEADERS)

    with serve(SECRETIVE) as server:
        if is_async:
            asyncio.run(send(secret_url(server.url)))
        else:
            with library.Client(transport=recorded.transport) as client:
                client.post(secret_url(server.url), json=BODY, headers=HEADERS)
        assert server.requests[0].count(b"canary") > 8
    check_no_secrets(tmp_path, request_body=request_body)


def test_a_folder_that_cannot_be_written_harms_nobody_and_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reports: list[str] = []
    recorded = Recorded(httpx2, False, tmp_path / "file" / "in", on_error=reports.append)
    with serve(Reply(EVENTS)) as server:
        assert recorded.read(server.url) == b"".join(EVENTS)
    assert recorded.transport.recordings == []
    (report,) = reports
    assert str(tmp_path / "file") in report
    assert "not recorded" in report


def test_a_full_disk_harms_nobody_and_is_reported_once(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")

    reports: list[str] = []
    recorded = Recorded(httpx2, False, tmp_path / "in", on_error=reports.append)
    with serve(Reply([b"x" * 200_000, EVENTS[0]])) as big:
        # No file may grow beyond this: what a full disk does, in this process alone.
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            body = recorded.read(big.url)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
    assert body == b"x" * 200_000 + EVENTS[0]
    (report,) = reports
    assert str(recorded.transport.recordings[0]) in report


def test_a_folder_that_is_removed_harms_nobody_and_is_reported_once(tmp_path: Path) -> None:
    reports: list[str] = []
    recorded = Recorded(httpx2, False, tmp_path / "in", on_error=reports.append)
    with serve(Reply([EVENTS[0], WAIT, *EVENTS[1:] * 3])) as waiting:

        class Seen(list[bytes]):
            def append(self, data: bytes) -> None:
                super().append(data)
                if len(self) == 1:
                    shutil.rmtree(tmp_path / "in")
                    waiting.go()

        assert recorded.read(waiting.url, Seen()) == b"".join([EVENTS[0], *EVENTS[1:] * 3])
    assert len(reports) == 1


def test_a_report_that_cannot_be_taken_harms_nobody_either(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(message: str) -> None:
        raise ValueError("no")

    (tmp_path / "file").write_text("")
    recorded = Recorded(httpx2, False, tmp_path / "file", on_error=refuse)
    with serve(Reply(EVENTS)) as server:
        assert recorded.read(server.url) == b"".join(EVENTS)
    assert "on_error could not take" in caplog.text


def test_a_name_that_no_file_can_have_harms_nobody(tmp_path: Path) -> None:
    reports: list[str] = []
    recorded = Recorded(httpx2, False, tmp_path / "in", name="nul\0", on_error=reports.append)
    with serve(Reply(EVENTS)) as server:
        assert recorded.read(server.url) == b"".join(EVENTS)
    assert len(reports) == 1


def test_twenty_async_streams_go_through_one_transport_at_once(
    server: Origin, tmp_path: Path
) -> None:
    transport = AsyncRecordingTransport(tmp_path / "in")

    async def one(client: httpx2.AsyncClient, number: int) -> bytes:
        url = server.url("lf", writes=20 + number, tag=f"many{number}")
        async with client.stream("GET", url) as response:
            return b"".join([data async for data in response.aiter_bytes()])

    async def run() -> list[bytes]:
        async with httpx2.AsyncClient(transport=transport) as client:
            return await asyncio.gather(*[one(client, number) for number in range(20)])

    bodies = asyncio.run(run())
    assert len(set(transport.recordings)) == 20
    assert sorted(load(path).body for path in transport.recordings) == sorted(bodies)
    assert all(load(path).end.reason == "eof" for path in transport.recordings)
    for path in transport.recordings:
        body = load(path).body
        number = next(number for number in range(20) if bodies[number] == body)
        check_recording(path, served(server, f"many{number}"))


def test_threads_share_one_transport_and_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    reports: list[str] = []
    transport = RecordingTransport(tmp_path / "in" / "here", on_error=reports.append)
    together = threading.Barrier(12)

    def run(client: httpx2.Client, url: str) -> None:
        together.wait()
        assert client.get(url).content == b"".join(EVENTS)

    with serve(Reply(EVENTS)) as server, httpx2.Client(transport=transport) as client:
        in_threads(*[lambda: run(client, server.url)] * 12)
    assert reports == []
    assert len(set(transport.recordings)) == 12
    assert {load(path).body for path in transport.recordings} == {b"".join(EVENTS)}


@every_library
def test_without_a_transport_the_one_of_the_clients_library_is_made_and_closed(
    library: Any, tmp_path: Path
) -> None:
    transport = RecordingTransport(tmp_path / "in")
    with serve(Reply(EVENTS)) as server:
        with library.Client(transport=transport) as client:
            response = client.get(server.url)
        assert isinstance(response, library.Response)
        assert [type(one) for one in transport._defaults.values()] == [library.HTTPTransport]
        assert client.is_closed
        pool = transport._defaults[library.__name__]._pool
        assert pool.connections == []


def test_a_transport_that_is_given_is_entered_and_closed(tmp_path: Path) -> None:
    calls: list[str] = []

    class Spy(httpx2.MockTransport):
        def __enter__(self) -> Self:
            calls.append("enter")
            return self

        def __exit__(self, *args: object) -> None:
            calls.append("exit")

        def close(self) -> None:
            calls.append("close")

        async def __aenter__(self) -> Self:
            calls.append("aenter")
            return self

        async def __aexit__(self, *args: object) -> None:
            calls.append("aexit")

        async def aclose(self) -> None:
            calls.append("aclose")

    async def use() -> None:
        wrapped = Spy(lambda _: httpx2.Response(200))
        async with AsyncRecordingTransport(tmp_path, wrapped) as transport:
            await transport.aclose()

    with RecordingTransport(tmp_path, Spy(lambda _: httpx2.Response(200))) as transport:
        transport.close()
    asyncio.run(use())
    assert calls == ["enter", "close", "exit", "aenter", "aclose", "aexit"]


def test_a_subclass_of_a_request_is_told_by_the_library_it_comes_from(tmp_path: Path) -> None:
    class Mixin:
        pass

    class Own(httpx2.Request, Mixin):
        pass

    transport = RecordingTransport(tmp_path / "in")
    with serve(Reply(EVENTS)) as server, transport:
        response = transport.handle_request(Own("GET", server.url))
        assert isinstance(response.stream, httpx2.SyncByteStream)
        assert b"".join(response.stream) == b"".join(EVENTS)
        response.close()


def test_iter_events_reads_through_it(tmp_path: Path) -> None:
    transport = RecordingTransport(tmp_path / "in")
    with (
        serve(Reply(EVENTS)) as server,
        httpx2.Client(transport=transport) as client,
        client.stream("GET", server.url) as response,
    ):
        assert [event.data for event in sseparse.iter_events(response)] == ["one", "two"]


def test_an_async_reader_that_is_cancelled_has_closed_the_stream(tmp_path: Path) -> None:
    transport = AsyncRecordingTransport(tmp_path / "in")

    async def run(url: str) -> None:
        async def read() -> None:
            async with (
                httpx2.AsyncClient(transport=transport) as client,
                client.stream("GET", url) as response,
            ):
                await consume(response.aiter_bytes())

        async def consume(chunks: AsyncIterator[bytes]) -> None:
            async for _ in chunks:
                first.set()

        first = asyncio.Event()
        task = asyncio.create_task(read())
        await first.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server:
        asyncio.run(run(server.url))
    recording = load(transport.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], "client_closed")


def test_no_http_library_is_needed_to_import_what_records_them() -> None:
    loaded = loaded_by("import sseparse.http")
    assert not {"httpx2", "httpx", "requests", "urllib3", "aiohttp", "asyncio"} & loaded - {
        "asyncio"
    }


def test_recording_hook_can_be_imported_where_httpx2_is_not_installed() -> None:
    import subprocess

    code = "import sys; sys.modules['httpx2'] = None; from sseparse.http import recording_hook"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def uses_that_a_type_checker_accepts() -> None:
    """Never run: mypy reads it."""
    httpx2.Client(transport=RecordingTransport("recordings"))
    httpx.Client(transport=RecordingTransport(Path("recordings"), httpx.HTTPTransport()))
    httpx2.AsyncClient(transport=AsyncRecordingTransport("recordings"))
    httpx.AsyncClient(
        mounts={"all://": AsyncRecordingTransport("r", httpx.AsyncHTTPTransport(), name="n")}
    )
    paths: list[Path] = RecordingTransport("r", all_responses=True, request_body=True).recordings
    assert paths
