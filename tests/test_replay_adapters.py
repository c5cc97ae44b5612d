"""The adapter for requests, and the connector for aiohttp: what is particular to each."""

from __future__ import annotations

import asyncio
import gzip
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
import urllib3
from replayed import PIECES, URL, timed

import sseparse
from sseparse.http import ReplayAdapter, replay_connector
from sseparse.replay import Transforms

PACKED: Any = {
    "headers": (("content-type", "text/event-stream"), ("content-encoding", "gzip")),
}
NOTHING: Any = {"status": 204, "headers": ()}


def session_with(recordings: Any, **options: Any) -> requests.Session:
    session = requests.Session()
    session.mount("https://", ReplayAdapter(recordings, transforms=Transforms(**options)))
    return session


def test_requests_reads_events_lines_and_all_at_once(fixtures_dir: Path) -> None:
    path = fixtures_dir / "xai-grok-beta.txt"
    with session_with(path, speed=float("inf")) as session:
        events = list(sseparse.iter_events(session.get(URL, stream=True)))
        assert events == list(sseparse.iter_events(path.read_bytes()))
        assert session.get(URL).content == path.read_bytes()
        lines = list(session.get(URL, stream=True).iter_lines())
        assert lines == path.read_bytes().splitlines()


def test_iter_content_of_requests_gives_each_chunk_when_it_comes() -> None:
    with session_with(timed(gap=0.05)) as session:
        start = time.monotonic()
        arrived = [
            (time.monotonic() - start, data)
            for data in session.get(URL, stream=True).iter_content(None)
        ]
    assert [data for _, data in arrived] == list(PIECES)
    assert arrived[0][0] < timed(gap=0.05).reads[-1].time


@pytest.mark.parametrize("timeout", [0.2, (5, 0.2), urllib3.Timeout(read=0.2)])
def test_every_form_of_a_time_limit_of_requests_is_kept(timeout: Any) -> None:
    with (
        session_with(timed(end="timeout")) as session,
        pytest.raises(requests.ConnectionError, match="timed out"),
    ):
        session.get(URL, timeout=timeout)


@pytest.mark.parametrize("end", ["truncated", "reset"])
def test_a_broken_stream_is_to_requests_what_it_always_is(end: str) -> None:
    with (
        session_with(timed(end=end)) as session,
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        session.get(URL)


def test_requests_unpacks_what_was_recorded_packed() -> None:
    with session_with(timed(gzip.compress(b"data: 1\n\n"), **PACKED)) as session:
        assert session.get(URL).text == "data: 1\n\n"


def test_requests_knows_a_status_without_a_body_and_a_head_request() -> None:
    with session_with(timed(**NOTHING)) as session:
        assert session.post(URL).status_code == 204
    with session_with(timed(end="truncated")) as session:
        assert session.head(URL).status_code == 200
        response = session.get(URL, stream=True)
        assert (response.reason, response.url) == ("OK", URL)
        response.close()


def test_closing_a_response_of_requests_early_is_at_once() -> None:
    start = time.monotonic()
    with session_with(timed(), faults="stall@event=2:60s") as session:
        for _ in range(3):
            with session.get(URL, stream=True) as response:
                assert next(response.iter_content(None)) == PIECES[0]
    assert time.monotonic() - start < 5


def with_aiohttp(recordings: Any, use: Any, timeout: float = 5, **options: Any) -> Any:
    async def run() -> Any:
        connector = replay_connector(recordings, transforms=Transforms(**options))
        limits = aiohttp.ClientTimeout(sock_read=timeout)
        async with aiohttp.ClientSession(connector=connector, timeout=limits) as session:
            return await use(session)

    return asyncio.run(run())


def test_aiohttp_reads_events_and_all_at_once(fixtures_dir: Path) -> None:
    path = fixtures_dir / "xai-grok-beta.txt"

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.get(URL) as response:
            events = [event async for event in sseparse.aiter_events(response)]
        assert events == list(sseparse.iter_events(path.read_bytes()))
        async with session.post(URL, json={"n": 1}) as response:
            assert await response.read() == path.read_bytes()

    with_aiohttp(path, use, speed=float("inf"))


def test_aiohttp_unpacks_what_was_recorded_packed() -> None:
    async def use(session: aiohttp.ClientSession) -> str:
        async with session.get(URL) as response:
            return await response.text()

    assert with_aiohttp(timed(gzip.compress(b"data: 1\n\n"), **PACKED), use) == "data: 1\n\n"


def test_aiohttp_knows_a_status_without_a_body_and_a_head_request() -> None:
    async def use(session: aiohttp.ClientSession) -> tuple[int, bytes]:
        async with session.post(URL) as response:
            return response.status, await response.read()

    async def head(session: aiohttp.ClientSession) -> tuple[int, bytes]:
        async with session.head(URL) as response:
            return response.status, await response.read()

    assert with_aiohttp(timed(**NOTHING), use) == (204, b"")
    assert with_aiohttp(timed(end="truncated"), head) == (200, b"")


def test_a_large_body_waits_for_a_slow_reader_of_aiohttp() -> None:
    recording = timed(*[b"x" * 50_000] * 40, gap=0.0001)

    async def use(session: aiohttp.ClientSession) -> int:
        size = 0
        async with session.get(URL) as response:
            async for data in response.content.iter_any():
                size += len(data)
                await asyncio.sleep(0.002)
        return size

    assert with_aiohttp(recording, use) == 2_000_000


def test_closing_a_response_of_aiohttp_early_is_at_once() -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        for _ in range(3):
            async with session.get(URL) as response:
                assert await response.content.readany() == PIECES[0]

    start = time.monotonic()
    with_aiohttp(timed(), use, faults="stall@event=2:60s")
    assert time.monotonic() - start < 5


def test_many_streams_of_one_session_of_aiohttp_play_side_by_side() -> None:
    async def read(session: aiohttp.ClientSession) -> bytes:
        async with session.get(URL) as response:
            return await response.read()

    async def use(session: aiohttp.ClientSession) -> list[bytes]:
        return await asyncio.gather(*[read(session) for _ in range(20)])

    start = time.monotonic()
    assert with_aiohttp(timed(), use) == [b"".join(PIECES)] * 20
    assert time.monotonic() - start < 20 * timed().duration
