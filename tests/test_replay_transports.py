"""The transports for httpx2 and httpx that answer out of recordings."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import trio
from replayed import PIECES, URL, after, asked, check_times, lateness, timed

from sseparse import FaultError, NoSuchRecording, Recording, RecordingError
from sseparse.http import AsyncReplayTransport, ReplayTransport
from sseparse.replay import Recordings, Transforms

LIBRARIES = [httpx2, httpx]
every_library = pytest.mark.parametrize("library", LIBRARIES, ids=lambda module: module.__name__)
AT_ONCE = Transforms(speed=float("inf"))


def get(recordings: Any, url: str = URL, **options: Any) -> httpx2.Response:
    with httpx2.Client(transport=ReplayTransport(recordings, transforms=AT_ONCE)) as client:
        return client.get(url, **options)


@every_library
def test_the_head_is_given_when_it_is_due_and_not_with_the_first_read(library: Any) -> None:
    recording = timed(gap=0.1)
    with library.Client(transport=ReplayTransport(recording)) as client:
        start = time.monotonic()
        with client.stream("GET", URL) as response:
            head_at = time.monotonic() - start
            next(response.iter_raw())
            first_at = time.monotonic() - start
    assert 0.099 < head_at < 0.19
    assert first_at > 0.199


def test_status_and_headers_are_those_recorded() -> None:
    recording = timed(
        b'{"error": {"message": "slow down"}}',
        status=429,
        headers=(
            ("content-type", "application/json"),
            ("retry-after", "3"),
            ("transfer-encoding", "chunked"),
        ),
    )
    response = get(recording)
    assert (response.status_code, response.reason_phrase) == (429, "Too Many Requests")
    assert response.headers.multi_items() == [
        ("content-type", "application/json"),
        ("retry-after", "3"),
    ]
    assert response.json() == {"error": {"message": "slow down"}}


def test_a_head_request_is_answered_without_the_body() -> None:
    with httpx2.Client(transport=ReplayTransport(timed(end="truncated"))) as client:
        response = client.head(URL)
    assert (response.status_code, response.content) == (200, b"")


def test_recordings_are_a_path_or_several_a_folder_or_recordings(tmp_path: Path) -> None:
    one = timed(b"data: 1\n\n").save(tmp_path / "one.txt")
    timed(b"data: 2\n\n").save(tmp_path / "two.txt")
    loaded = Recording.load(one)
    for given in (one, str(one), [one], loaded, (loaded,), Recordings([loaded])):
        assert get(given).content == b"data: 1\n\n"
    for given in (tmp_path, [tmp_path], [one, tmp_path / "two.txt"]):
        assert get(given, f"{URL}?recording=two").content == b"data: 2\n\n"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (b"data: 1\n\n", TypeError, "this is bytes"),
        (7, TypeError, "this is int"),
        ([7], TypeError, "this is int"),
        ([], ValueError, "no recordings are given"),
        (["x.txt", timed()], TypeError, "this is a mixture"),
        ("nowhere.txt", FileNotFoundError, "nowhere.txt"),
    ],
)
def test_what_is_no_recording_is_refused_at_once(given: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        ReplayTransport(given)


def test_a_folder_without_recordings_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording in this folder"):
        ReplayTransport(tmp_path)


def test_a_fault_that_breaks_nothing_is_refused_before_there_is_a_request() -> None:
    with pytest.raises(FaultError):
        ReplayTransport(timed(), transforms=Transforms(faults="cut@event=99"))


def test_a_request_names_its_recording_by_query_or_by_header() -> None:
    recordings = Recordings({"a.txt": timed(b"data: a\n\n"), "b.txt": timed(b"data: b\n\n")})
    assert get(recordings, f"{URL}?x=1&recording=b").content == b"data: b\n\n"
    assert get(recordings, headers={"X-SSEparse-Recording": "b.txt"}).content == b"data: b\n\n"
    assert get(recordings).content == b"data: a\n\n"
    with pytest.raises(NoSuchRecording, match="no recording is named 'c'"):
        get(recordings, f"{URL}?recording=c")


def test_recordings_of_one_request_answer_in_turn_whoever_asks() -> None:
    request = asked(method="GET")
    recordings = Recordings(
        [timed(b"data: 1\n\n", request=request), timed(b"data: 2\n\n", request=request)]
    )
    assert [get(recordings).content[6:7] for _ in range(3)] == [b"1", b"2", b"1"]


@every_library
def test_what_the_consumer_loses_it_makes_up_for(library: Any) -> None:
    """Deadlines are absolute: a pause of the reader delays no read but those due in it."""
    recording = timed(*[b"data: %d\n\n" % number for number in range(10)])
    arrived = []
    with library.Client(transport=ReplayTransport(recording)) as client:
        start = time.monotonic()
        with client.stream("GET", URL) as response:
            for data in response.iter_raw():
                arrived.append((time.monotonic() - start, data))
                if len(arrived) == 2:
                    time.sleep(0.06)
    late = lateness(recording, [at for at, _ in arrived])
    assert late[2] > 0.03
    assert statistics.median(late[6:]) < 0.01


@every_library
def test_who_stops_early_waits_for_nothing(library: Any) -> None:
    with library.Client(transport=ReplayTransport(timed(*PIECES, gap=60.0))) as client:
        start = time.monotonic()
        transforms = Transforms(faults="stall@event=2:60s")
        client._transport = ReplayTransport(timed(), transforms=transforms)
        for _ in range(3):
            with client.stream("GET", URL) as response:
                assert next(response.iter_raw()) == PIECES[0]
        assert time.monotonic() - start < 5


def test_closing_a_response_lets_go_the_thread_that_reads_it() -> None:
    with httpx2.Client(transport=ReplayTransport(timed(end="timeout")), timeout=None) as client:
        response = client.send(client.build_request("GET", URL), stream=True)
        with after(0.3, response.stream.close), pytest.raises(httpx2.ReadError):  # type: ignore[union-attr]
            list(response.iter_raw())
    assert threading.active_count() < 10


@every_library
def test_streams_side_by_side_are_all_on_time(library: Any) -> None:
    recording = timed(*[b"data: %d\n\n" % number for number in range(20)])
    delays: list[float] = []

    async def read(client: Any) -> None:
        start = time.monotonic()
        async with client.stream("GET", URL) as response:
            times = [time.monotonic() - start async for _ in response.aiter_raw()]
        delays.extend(lateness(recording, times))

    async def run() -> None:
        transport = AsyncReplayTransport(recording)
        async with library.AsyncClient(transport=transport) as client:
            await asyncio.gather(*[read(client) for _ in range(20)])

    asyncio.run(run())
    assert len(delays) == 400
    assert statistics.median(delays) < 0.02


@every_library
def test_a_task_that_is_cancelled_leaves_at_once(library: Any) -> None:
    async def read() -> None:
        async with library.AsyncClient(
            transport=AsyncReplayTransport(timed(end="timeout")), timeout=None
        ) as client:
            await client.get(URL)

    async def run() -> None:
        async with asyncio.timeout(0.3):
            await read()

    with pytest.raises(TimeoutError):
        asyncio.run(run())


@every_library
@pytest.mark.parametrize("end", ["eof", "timeout"])
def test_it_plays_in_trio_too(library: Any, end: str) -> None:
    recording = timed(end=end)
    arrived: list[tuple[float, bytes]] = []

    async def run() -> None:
        transport = AsyncReplayTransport(recording)
        async with library.AsyncClient(transport=transport, timeout=0.2) as client:
            start = time.monotonic()
            async with client.stream("GET", URL) as response:
                async for data in response.aiter_raw():
                    arrived.append((time.monotonic() - start, data))  # noqa: PERF401 (it may raise)

    def play() -> list[float]:
        arrived.clear()
        if end == "eof":
            trio.run(run)
        else:
            with pytest.raises(library.ReadTimeout):
                trio.run(run)
        assert [data for _, data in arrived] == list(PIECES)
        return [at for at, _ in arrived]

    check_times(recording, play)


@pytest.mark.parametrize("name", ["httpx", "httpx2", "requests", "aiohttp", "urllib3"])
def test_no_client_library_is_loaded_before_it_is_used(name: str) -> None:
    code = (
        "import sys, sseparse.http, sseparse; "
        "sseparse.http.ReplayTransport(sseparse.Recording.from_bytes(b'data: 1\\n\\n')); "
        "sseparse.http.ReplayAdapter(sseparse.Recording.from_bytes(b'data: 1\\n\\n')); "
        f"sys.exit({name!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
