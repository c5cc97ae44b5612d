"""What passes through the proxy: every byte, every read, and the times of them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cli import REPOSITORY, environment
from origin import Origin, Served, origin
from proxies import (
    HEAD,
    Proxy,
    chunks,
    connect,
    converse,
    get,
    path_of,
    peer,
    post,
    proxied,
    read_request,
    read_until,
    rest_of,
    wait_until,
)
from servers import WAIT, Reply, serve

from sseparse import Recording
from sseparse.recording import End

SCRIPTS = ["lf", "crlf", "cr"]


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    with origin() as running:
        yield running


@pytest.fixture
def proxy(server: Origin, tmp_path: Path) -> Iterator[Proxy]:
    with proxied(server.base, tmp_path / "recordings") as running:
        yield running


def boundaries(pieces: list[bytes]) -> list[int]:
    return list(accumulate(len(piece) for piece in pieces))


def served_for(server: Origin, marker: str) -> Served:
    """What the origin sent for the request that has this in its path."""
    found: list[Served] = []
    deadline = time.monotonic() + 10
    while not found and time.monotonic() < deadline:
        found = [one for one in server.served(0) if marker.encode() in one.request]
    return found[0]


def test_scripts_pass_byte_for_byte_and_are_recorded_read_by_read_with_their_times(
    server: Origin, tmp_path: Path
) -> None:
    for attempt in range(3):  # for what the machine does besides, each time anew
        folder = tmp_path / str(attempt)
        late = sorted(lateness(server, folder))
        assert late[0] > -0.001
        if late[int(0.9 * len(late))] < 0.005:
            return
    pytest.fail(f"nine in ten reads were up to {late[int(0.9 * len(late))]} s late")


def lateness(server: Origin, folder: Path) -> Iterator[float]:
    """Run all scripts at once, hold what came against what was sent, and yield by how much the
    time of each read is behind that of the write."""
    asked = [(name, framing) for name in SCRIPTS for framing in ("chunked", "length", "close")]

    def ask(one: tuple[str, str]) -> bytes:
        path = f"/{folder.name}/{'-'.join(one)}"
        url = server.url(one[0], framing=one[1], path=path)
        return converse(running.port, post(path_of(url), b'{"model":"m"}')).body

    with proxied(server.base, folder) as running, ThreadPoolExecutor(len(asked)) as pool:
        bodies = dict(zip(asked, pool.map(ask, asked), strict=True))
        recordings = {name_of(recording): recording for recording in running.recordings(len(asked))}
    wall = time.time() - time.monotonic()
    for one in asked:
        served = served_for(server, f"/{folder.name}/{'-'.join(one)}")
        recording = recordings["-".join(one)]
        assert bodies[one] == recording.body == served.body
        assert (recording.end or End("")).reason == "eof"
        reads = boundaries([read.data for read in recording.reads])
        writes = boundaries([write.data for write in served.writes])
        assert set(reads) <= set(writes)  # every read is a write, or two where the machine slept
        assert len(reads) >= 0.95 * len(writes)
        assert recording.header is not None
        assert recording.header.started is not None
        sent_at = datetime.fromisoformat(recording.header.started).timestamp() - wall
        assert sent_at < served.asked_at + 0.001
        written = dict(zip(writes, [write.time for write in served.writes], strict=True))
        for read, place in zip(recording.reads, reads, strict=True):
            yield sent_at + read.time - written[place]


def name_of(recording: Recording) -> str:
    assert recording.header is not None
    assert recording.header.request is not None
    return str(recording.header.request["url"]).rpartition("/")[2].partition("?")[0]


def test_the_first_event_comes_no_later_than_five_milliseconds_after_it_would(
    server: Origin, proxy: Proxy
) -> None:
    request = get(path_of(server.url("lf")))

    def first(port: int) -> float:
        start = time.monotonic()
        with connect(port) as connection:
            connection.sendall(request)
            read_until(connection, b"data:")
            return time.monotonic() - start

    direct, through = [], []
    for _ in range(15):
        direct.append(first(server.port))
        through.append(first(proxy.port))
    # The quickest of each: whatever the proxy held back would be in every one of them.
    assert min(through) - min(direct) < 0.005


def test_each_read_is_passed_on_before_the_next_is_even_sent(tmp_path: Path) -> None:
    pieces = [b"data: %d\n\n" % number for number in range(20)]
    waiting = [part for piece in pieces for part in (piece, WAIT)]
    with serve(Reply(waiting)) as upstream, proxied(upstream.url, tmp_path) as proxy:
        seen = []
        with httpx2.stream("GET", proxy.via(upstream.url)) as response:
            for data in response.iter_raw():
                seen.append(data)
                upstream.go()
        assert seen == pieces
        assert [read.data for read in proxy.recording().reads] == pieces


def test_streams_that_run_together_do_not_mix(server: Origin, proxy: Proxy) -> None:
    def ask(number: int) -> bytes:
        url = server.url(SCRIPTS[number % 3], path=f"/at-once/{number}", gap=0.002, writes=30)
        return converse(proxy.port, get(path_of(url))).body

    with ThreadPoolExecutor(12) as pool:
        bodies = list(pool.map(ask, range(12)))
    recordings = {name_of(recording): recording for recording in proxy.recordings(12)}
    for number, body in enumerate(bodies):
        assert body == recordings[str(number)].body
        assert body == served_for(server, f"/at-once/{number}?").body


def test_a_recording_is_named_by_time_path_and_model(server: Origin, proxy: Proxy) -> None:
    url = server.url("lf", writes=8, gap=0.001, path="/v1/chat/completions")
    converse(proxy.port, post(path_of(url), b'{"model":"org/grok-4","stream":true}'))
    proxy.recording()
    (path,) = proxy.folder.glob("*.txt")
    stamp, _, rest = path.stem.partition("-")
    assert rest == "v1-chat-completions-org-grok-4"
    assert stamp.endswith("Z")
    assert proxy.said(path.name)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_body_that_is_compressed_all_the_same_is_passed_so_and_recorded_plain(
    server: Origin, proxy: Proxy, coding: str
) -> None:
    url = server.url("lf", writes=12, gap=0.005, coding=coding, path=f"/coded/{coding}")
    raw = []
    for asked in (proxy.via(url), url):
        with httpx2.stream("GET", asked) as response:
            raw.append(b"".join(response.iter_raw()))
            assert response.headers["content-encoding"] == coding
    served = served_for(server, f"/coded/{coding}")
    assert b"Accept-Encoding: identity" in served.request
    assert raw[0] == raw[1] != served.body
    recording = proxy.recording()
    assert recording.body == served.body
    assert recording.header is not None
    assert recording.header.decoded == coding


def test_a_response_that_is_no_stream_is_recorded_only_if_all_are(
    server: Origin, tmp_path: Path
) -> None:
    url = server.url("lf", writes=8, gap=0.001, type="application/json", framing="length")
    for name, args, count in (("some", (), 0), ("all", ("--all",), 1)):
        with proxied(server.base, tmp_path / name, *args) as proxy:
            assert converse(proxy.port, get(path_of(url))).status == 200
            assert ("not recorded" in proxy.said("200 GET")) is (count == 0)
            assert len(list((tmp_path / name).glob("*.txt"))) == count


def test_a_refusal_of_the_provider_reaches_the_client_as_it_is(tmp_path: Path) -> None:
    body = b'{"error":{"message":"No credits"}}'
    reply = Reply([body], status=429, headers={"Content-Type": "application/json"})
    with serve(reply) as upstream, proxied(upstream.url, tmp_path) as proxy:
        received = converse(proxy.port, post("/v1", b"{}"))
        assert (received.status, received.body) == (429, body)
        assert "429 POST /v1: not recorded" in proxy.said("429")


def test_the_prefix_of_the_upstream_stands_before_every_path(tmp_path: Path) -> None:
    with serve(Reply([b"data: 1\n\n"])) as upstream:
        args = ("--upstream", f"http://127.0.0.1:{upstream.port}/api/v1/")
        with proxied(upstream.url, tmp_path, *args) as proxy:
            converse(proxy.port, get("/chat?alt=sse"))
            assert upstream.requests[0].startswith(b"GET /api/v1/chat?alt=sse HTTP/1.1\r\n")
            proxy.recording()
            (path,) = tmp_path.glob("*.txt")
            assert path.stem.endswith("Z-api-v1-chat")


def load(*args: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.proxy_load", *args],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_forty_streams_at_once_are_recorded_exactly_and_hardly_delayed() -> None:
    for _ in range(3):  # a machine that has other things to do delays everything
        figures = load("--streams", "40", "--chunks", "40", "--spread", "0.4")
        recorded = figures["recorded"]
        assert recorded["exact"] is True
        assert (recorded["recordings"], recorded["ended"]) == (40, 40)
        if figures["added"]["p50_ms"] < 10:
            return
    raise AssertionError(f"delayed, three times: {figures['added']}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
def test_the_memory_of_the_proxy_does_not_grow_with_a_stream() -> None:
    figures = load("--memory")
    assert figures["64 MiB"] - figures["1 MiB"] < 8 * 1024


def test_a_client_that_reads_slowly_holds_upstream_and_not_the_memory(tmp_path: Path) -> None:
    piece, count = b"z" * 65536, 1600  # 100 MiB
    sent = [0]

    def talk(connection: Any) -> None:
        read_request(connection)
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(count):
            connection.sendall(chunks(piece))
            sent[0] += 1
        connection.sendall(b"0\r\n\r\n")

    with peer(talk) as url, proxied(url, tmp_path) as proxy, connect(proxy.port) as connection:
        connection.sendall(get())
        read_until(connection, b"\r\n\r\n")
        wait_until_it_stands(sent)
        assert sent[0] < count / 2  # what all the buffers of the system take
        received = rest_of(connection)
        wait_until(lambda: sent[0] == count, lambda: f"{sent[0]} of {count}")
        assert received.data.endswith(b"0\r\n\r\n")
        assert len(proxy.recording().body) == count * len(piece)


def test_an_upstream_that_reads_slowly_holds_the_client(tmp_path: Path) -> None:
    body = b"z" * (100 << 20)
    go = threading.Event()
    got = [0]

    def talk(connection: Any) -> None:
        got[0] += len(read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")[2])
        assert go.wait(20)
        while got[0] < len(body):
            got[0] += len(connection.recv(1 << 18))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    sent = [0]

    def upload(connection: Any) -> None:
        connection.sendall(post("/", b"")[:-4].replace(b"Length: 0", b"Length: %d" % len(body)))
        connection.sendall(b"\r\n\r\n")
        for place in range(0, len(body), 65536):
            connection.sendall(body[place : place + 65536])
            sent[0] += 1

    with peer(talk) as url, proxied(url, tmp_path) as proxy, connect(proxy.port) as connection:
        uploading = threading.Thread(target=upload, args=(connection,), daemon=True)
        uploading.start()
        wait_until_it_stands(sent)
        assert sent[0] < len(body) / 65536 / 2
        go.set()
        assert rest_of(connection).body == b"ok"
        uploading.join()


def wait_until_it_stands(count: list[int]) -> None:
    """Wait until a number is above zero and has not changed for half a second."""
    before = -1
    while before != count[0] or not before:
        before = count[0]
        time.sleep(0.5)
