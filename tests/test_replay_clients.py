"""What is the same for every client that is answered out of recordings."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from replayed import CLIENTS, PIECES, asked, check_times, timed

from sseparse import NoSuchRecording, Recording
from sseparse.replay import Recordings, headers_of

every_client = pytest.mark.parametrize("client", CLIENTS)

CUT = {
    "httpx2": httpx2.RemoteProtocolError,
    "httpx": httpx.RemoteProtocolError,
    "async httpx2": httpx2.RemoteProtocolError,
    "async httpx": httpx.RemoteProtocolError,
    "requests": urllib3.exceptions.ProtocolError,
    "aiohttp": aiohttp.ClientPayloadError,
}
RESET = {
    **CUT,
    "httpx2": httpx2.ReadError,
    "httpx": httpx.ReadError,
    "async httpx2": httpx2.ReadError,
    "async httpx": httpx.ReadError,
}
SILENCE = {
    "httpx2": httpx2.ReadTimeout,
    "httpx": httpx.ReadTimeout,
    "async httpx2": httpx2.ReadTimeout,
    "async httpx": httpx.ReadTimeout,
    "requests": urllib3.exceptions.ReadTimeoutError,
    "aiohttp": aiohttp.SocketTimeoutError,
}
LATE_HEAD = {**SILENCE, "requests": requests.exceptions.ReadTimeout}


@every_client
def test_each_read_comes_whole_and_when_it_is_due(client: str) -> None:
    recording = timed()

    def play() -> list[float]:
        arrived = CLIENTS[client](recording)
        assert [data for _, data in arrived] == list(PIECES)
        return [at for at, _ in arrived]

    check_times(recording, play)


@every_client
def test_recorded_replayed_and_recorded_again_it_is_the_same(client: str, tmp_path: Path) -> None:
    original = timed(b"data: \xe2\x82\xac\r\n", b"\r\n", b"x" * 20_000, b"data: [DONE]\n\n")
    turns = itertools.count(1)

    def again(recording: Recording) -> Recording:
        folder = tmp_path / str(next(turns))
        CLIENTS[client](recording, into=folder)
        recorded = Recording.load(folder / "again.txt")
        assert [read.data for read in recorded.reads] == [read.data for read in original.reads]
        assert recorded.end.reason == "eof"
        assert headers_of(recorded) == headers_of(original)
        assert recorded.header is not None
        assert recorded.header.headers_at is not None
        assert recorded.header.headers_at > 0.019
        return recorded

    check_times(original, lambda: [read.time for read in again(original).reads])
    first = again(original)
    check_times(first, lambda: [read.time for read in again(first).reads])


@every_client
@pytest.mark.parametrize("speed", [10.0, float("inf")])
def test_speed_changes_the_times_and_not_the_reads(client: str, speed: float) -> None:
    recording = timed(gap=0.2)
    start = time.monotonic()
    arrived = CLIENTS[client](recording, speed=speed)
    assert [data for _, data in arrived] == list(PIECES)
    assert recording.duration / speed - 0.001 < time.monotonic() - start < 1.0


@every_client
def test_a_stream_that_was_cut_breaks_after_its_last_byte(client: str, tmp_path: Path) -> None:
    with pytest.raises(CUT[client]):
        CLIENTS[client](timed(end="truncated"), into=tmp_path)
    again = Recording.load(tmp_path / "again.txt")
    assert again.body == b"".join(PIECES)
    assert again.end.reason == "truncated"


@every_client
def test_a_stream_that_was_reset_is_reset(client: str, tmp_path: Path) -> None:
    with pytest.raises(RESET[client]):
        CLIENTS[client](timed(end="reset"), into=tmp_path)
    again = Recording.load(tmp_path / "again.txt")
    assert again.body == b"".join(PIECES)
    assert again.end.reason == "reset"


@every_client
def test_silence_lasts_as_long_as_the_client_waits_for_a_read(client: str, tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(SILENCE[client]):
        CLIENTS[client](timed(end="timeout"), into=tmp_path, timeout=0.2)
    assert timed().reads[-1].time + 0.2 - 0.001 < time.monotonic() - start < 2.0
    again = Recording.load(tmp_path / "again.txt")
    assert again.body == b"".join(PIECES)
    assert again.end.reason == "timeout"


@every_client
def test_a_gap_longer_than_the_client_waits_is_a_timeout_too(client: str, tmp_path: Path) -> None:
    with pytest.raises(SILENCE[client]):
        CLIENTS[client](timed(), into=tmp_path, timeout=0.2, faults="stall@event=2:9s")
    assert Recording.load(tmp_path / "again.txt").body == PIECES[0]


@every_client
def test_a_head_that_does_not_come_in_time_is_a_timeout(client: str) -> None:
    with pytest.raises(LATE_HEAD[client]):
        CLIENTS[client](timed(gap=9.0), timeout=0.1)


@every_client
def test_a_request_that_nothing_answers_is_told_the_nearest(client: str) -> None:
    other = timed(request=asked("https://provider.example/v1/messages"))
    with pytest.raises(NoSuchRecording, match="it answers /v1/messages") as error:
        CLIENTS[client](Recordings({"chat/hello.txt": other}))
    assert error.value.nearest == "chat/hello.txt"


@every_client
def test_the_body_of_the_request_decides_which_recording_answers(client: str) -> None:
    other = timed(b"data: other\n\n", request=asked(body={"n": 1}))
    fitting = timed(b"data: fits\n\n", request=asked(body={}))
    arrived = CLIENTS[client]([other, fitting])
    assert [data for _, data in arrived] == [b"data: fits\n\n"]
