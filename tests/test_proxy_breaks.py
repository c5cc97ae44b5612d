"""Streams that break, on either side: the client sees what it would see, and it is recorded."""

from __future__ import annotations

import json
import resource
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from origin import Origin, origin
from proxies import (
    HEAD,
    Proxy,
    Received,
    chunks,
    connect,
    converse,
    get,
    hang_up,
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

CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SILENCE = "0.6"
"""Seconds that the proxy of these tests waits for an upstream."""


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    with origin() as running:
        yield running


def ending(recording: Recording) -> str:
    assert recording.end is not None
    return recording.end.reason


def test_a_stream_that_breaks_breaks_for_the_client_too_and_is_recorded_up_to_there(
    server: Origin, tmp_path: Path
) -> None:
    asked = {
        ("cut", "chunked"): "truncated",
        ("reset", "chunked"): "reset",
        ("reset", "close"): "reset",
        ("hang", "chunked"): "timeout",
    }

    def ask(one: tuple[str, str]) -> tuple[Received, Received, Recording]:
        end, framing = one
        with proxied(server.base, tmp_path / "-".join(one), "--timeout", SILENCE) as proxy:
            through = converse(proxy.port, request(end, framing))
            recording = proxy.recording()
        # What a client sees of a stream that is given up is what it sees of one that is cut.
        return (
            through,
            converse(server.port, request(end.replace("hang", "cut"), framing)),
            recording,
        )

    def request(end: str, framing: str) -> bytes:
        return get(path_of(server.url("lf", end=end, framing=framing, gap=0.002, writes=20)))

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, asked))
    for (through, direct, recording), reason in zip(answers, asked.values(), strict=True):
        assert through.end == direct.end
        assert through.body == direct.body == recording.body
        assert ending(recording) == reason
        assert not through.whole


@pytest.mark.parametrize(
    ("response", "body", "reason"),
    [
        (CHUNKED + chunks(b"data: 1\n\n") + b"ff\r\ndata: 2", b"data: 1\n\ndata: 2", "truncated"),
        (HEAD + b"Content-Length: 99\r\n\r\ndata: 1", b"data: 1", "truncated"),
        (CHUNKED + chunks(b"data: 1\n\n") + b"nonsense\r\n", b"data: 1\n\n", "error"),
    ],
)
def test_a_body_that_ends_too_early_or_is_no_http_is_cut(
    tmp_path: Path, response: bytes, body: bytes, reason: str
) -> None:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(response)

    with peer(talk) as url, proxied(url, tmp_path) as proxy:
        received = converse(proxy.port, get())
        assert (received.body, received.end) == (body, "eof")
        assert not received.whole
        recording = proxy.recording()
        assert recording.body == body
        assert ending(recording) == reason
        assert recording.end.extra["error"]
        assert f", {reason} (" in proxy.said("200 GET")


def test_a_client_that_cannot_tell_a_cut_from_the_end_gets_a_reset(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(CHUNKED + chunks(b"data: 1\n\n"))

    with peer(talk) as url, proxied(url, tmp_path) as proxy:
        received = converse(proxy.port, get(version="1.0"))
        assert (received.body, received.end) == (b"data: 1\n\n", "reset")
        assert ending(proxy.recording()) == "truncated"


def test_all_that_came_before_a_reset_reaches_a_client_that_is_slow(tmp_path: Path) -> None:
    body = b"z" * 500_000  # more than the client's buffer takes, less than those on the way

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(CHUNKED + chunks(body))
        wait_until(lambda: size_of(tmp_path) == len(body), lambda: "it was not recorded")
        hang_up(connection, "reset")

    with peer(talk) as url, proxied(url, tmp_path) as proxy, socket.socket() as connection:
        connection.settimeout(20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", proxy.port))
        connection.sendall(get())
        assert ending(proxy.recording()) == "reset"
        received = rest_of(connection)
        assert received.end == "reset"
        assert received.body == body


def test_a_stream_may_last_longer_than_the_silence_that_is_allowed(
    server: Origin, tmp_path: Path
) -> None:
    with proxied(server.base, tmp_path, "--timeout", "1.2") as proxy:
        received = converse(proxy.port, get(path_of(server.url("lf"))))  # it takes 2.1 s
        assert received.whole
        assert ending(proxy.recording()) == "eof"


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.txt"))


@pytest.mark.parametrize("how", ["eof", "reset"])
def test_a_client_that_hangs_up_is_recorded_and_upstream_sees_it_go(
    server: Origin, tmp_path: Path, how: str
) -> None:
    before = len(server.served(0))
    with proxied(server.base, tmp_path) as proxy:
        connection = connect(proxy.port)
        connection.sendall(get(path_of(server.url("lf", end="hang", gap=0.001, writes=20))))
        read_until(connection, b"[DONE]\n\n")
        hang_up(connection, how)
        recording = proxy.recording()
        assert ending(recording) == "client_closed"
        assert recording.body.endswith(b"data: [DONE]\n\n")
        served = server.served(before + 1)  # which it says when the connection is gone
        assert served[before].body == recording.body


def test_a_client_that_hangs_up_before_the_response_leaves_nothing(tmp_path: Path) -> None:
    gone = threading.Event()

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        asked.set()
        if not connection.recv(1):
            gone.set()

    asked = threading.Event()
    with peer(talk) as url, proxied(url, tmp_path) as proxy:
        connection = connect(proxy.port)
        connection.sendall(get())
        assert asked.wait(20)
        connection.close()
        assert gone.wait(20)
        assert not list(tmp_path.glob("*.txt"))
        assert converse_again(proxy)


def converse_again(proxy: Proxy) -> bool:
    """Whether the proxy still takes connections."""
    with connect(proxy.port) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        return rest_of(connection).status == 400


def silent(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)


def closing(connection: socket.socket) -> None:
    read_request(connection)


def resetting(connection: socket.socket) -> None:
    read_request(connection)
    hang_up(connection, "reset")


def babbling(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")


@pytest.mark.parametrize(
    ("talk", "status", "words"),
    [
        (silent, 504, f"nothing came for {SILENCE} s"),
        (closing, 502, "closed before a response came"),
        (resetting, 502, "reset"),
        (babbling, 502, "no HTTP"),
    ],
)
def test_an_upstream_that_gives_no_response_is_an_error_that_sdks_can_show(
    tmp_path: Path, talk: Callable[[socket.socket], None], status: int, words: str
) -> None:
    with peer(talk) as url, proxied(url, tmp_path, "--timeout", SILENCE) as proxy:
        received = converse(proxy.port, post("/v1", b"{}"))
        assert (received.status, received.end) == (status, "eof")
        error = json.loads(received.body)["error"]
        assert error["type"] == "upstream_error"
        assert words in error["message"]
        assert url in proxy.said(words)
        assert not list(tmp_path.glob("*.txt"))


@pytest.mark.parametrize(
    ("upstream", "words"),
    [
        ("http://127.0.0.1:1", "Connection refused"),
        ("http://no-such-host.invalid", "name"),
        ("https://127.0.0.1:{plain}", "TLS"),
    ],
)
def test_an_upstream_that_cannot_be_reached_is_an_error_that_says_why(
    tmp_path: Path, upstream: str, words: str
) -> None:
    def no_tls(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with peer(no_tls) as plain:
        upstream = upstream.format(plain=plain.rpartition(":")[2])
        with proxied(upstream, tmp_path) as proxy:
            received = converse(proxy.port, get(close=False) + get())
        assert received.status == 502
        assert received.data.count(b"HTTP/1.1 502 Bad Gateway") == 2  # the connection lived on
        message = json.loads(received.raw_body.partition(b"HTTP/1.1")[0])["error"]["message"]
        assert words.lower() in message.lower()


def test_a_response_before_the_request_is_complete_is_relayed_though_upstream_then_closes(
    tmp_path: Path,
) -> None:
    answer = b'{"error":{"message":"too large"}}'

    def talk(connection: socket.socket) -> None:
        read_until(connection, b"\r\n\r\n")
        head = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: %d\r\n\r\n" % len(answer)
        connection.sendall(head + answer)  # and is closed with bytes unread: a reset follows

    with peer(talk) as url, proxied(url, tmp_path) as proxy:
        for _ in range(5):
            with connect(proxy.port) as connection:
                connection.sendall(get()[:-4] + b"\r\nContent-Length: 20000000\r\n\r\n")
                for _ in range(20):
                    connection.sendall(b"x" * 1000000)  # nor is the client stopped in its upload
                received = rest_of(connection)
            assert (received.status, received.body, received.end) == (413, answer, "eof")


def waiting_stream(pieces: int = 6) -> Reply:
    return Reply([part for number in range(pieces) for part in (b"data: %d\n\n" % number, WAIT)])


def test_a_full_disk_ends_the_recording_and_not_the_stream(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    body = [b"data: %b\n\n" % (b"x" * 990)] * 60
    with serve(Reply(body)) as upstream, proxied(upstream.url, tmp_path, before=limit) as proxy:
        received = converse(proxy.port, get())
        assert received.body == b"".join(body)
        assert received.whole
        assert proxy.said("the recording ends here, the stream goes on")
        assert proxy.said("200 GET")
        assert sum("the recording ends here" in line for line in proxy.lines) == 1
        (path,) = tmp_path.glob("*.txt")
        recording = Recording.load(path)
        assert received.body.startswith(recording.body)
        assert ending(recording) == "interrupted"


def test_a_folder_that_is_removed_ends_the_recording_and_the_next_one_makes_it_anew(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "recordings"
    with serve(waiting_stream()) as upstream, proxied(upstream.url, folder) as proxy:
        with connect(proxy.port) as connection:
            connection.sendall(get())
            first = read_until(connection, b"data: 0")
            wait_until(lambda: size_of(folder) > 0, lambda: "nothing was recorded")
            shutil.rmtree(folder)
            for _ in range(6):
                upstream.go()
            received = rest_of(connection)
            received.reads.insert(0, (0.0, first))
        assert received.body == b"".join(b"data: %d\n\n" % number for number in range(6))
        assert proxy.said("the recording ends here, the stream goes on")
        for _ in range(6):
            upstream.go()
        assert converse(proxy.port, get()).whole
        assert ending(proxy.recording()) == "eof"


def test_a_folder_that_cannot_be_written_to_leaves_the_stream_alone(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    with serve(Reply([b"data: 1\n\n"])) as upstream, proxied(upstream.url, folder) as proxy:
        folder.rmdir()
        folder.write_text("a file is in its place")
        assert converse(proxy.port, get()).body == b"data: 1\n\n"
        assert proxy.said("the response is not recorded")
        assert "not recorded" in proxy.said("200 GET")
