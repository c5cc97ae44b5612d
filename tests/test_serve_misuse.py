"""The replay server when it is given nothing to serve, or asked in an odd way."""

from __future__ import annotations

import json
import logging
import socket
import struct
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from proxies import connect, converse, get, read_until

from sseparse import Read, Recording
from sseparse.recording import Header, Request
from sseparse.replay import Recordings
from sseparse.server import Played, serve_in_thread

HELLO = Recording.from_bytes(b"data: hello\n\n")


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([], ValueError, "no recordings are given"),
        (iter(()), ValueError, "no recordings are given"),
        (None, TypeError, "this is NoneType"),
        (5, TypeError, "this is int"),
        (b"data: 1\n\n", TypeError, "this is bytes"),
        ([HELLO, None], TypeError, "this is NoneType"),
        ([HELLO, "hello.txt"], TypeError, "this is a mixture"),
    ],
)
def test_what_is_no_recording_is_refused_before_the_server_starts(
    given: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words), serve_in_thread(given):
        pass


def test_what_can_be_walked_through_only_once_is_served(tmp_path: Path) -> None:
    HELLO.save(tmp_path / "a.txt")
    HELLO.save(tmp_path / "b.txt")
    for given in (tmp_path.glob("*.txt"), (one for one in [HELLO])):
        with serve_in_thread(given) as url:
            assert converse(port_of(url), get("/v1/x")).body == HELLO.body


def test_recordings_without_any_answer_that_there_is_none() -> None:
    with serve_in_thread(Recordings({})) as url:
        response = converse(port_of(url), get("/v1/x"))
    assert response.status == 404
    assert b"there is no recording to answer GET /v1/x" in response.body


def about(subject: str) -> Recording:
    """A recording that answers a request about something."""
    request = {
        "method": "POST",
        "url": "https://api.example/v1/chat",
        "headers": [],
        "body": {"about": subject},
    }
    read = Read(0.0, f"data: {subject}\n\n".encode())
    return Recording((read,), header=Header(request=request, status=200))


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/chat HTTP/1.0\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost:\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost: [::1\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost: a[b]:99999999\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost: a:70000\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost: a/b?c\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost: a#b\r\n",
        b"POST /v1/chat HTTP/1.1\r\nHost: [::1]:8080\r\n",
    ],
)
def test_a_request_finds_its_recording_whatever_it_says_of_the_host(head: bytes) -> None:
    asked: list[Request] = []
    with serve_in_thread([about("rain"), about("sun")], on_request=asked.append) as url:
        body = b'{"about": "sun"}'
        rest = b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        bodies = [converse(port_of(url), head + rest).body for _ in range(2)]
    assert bodies == [b"data: sun\n\n"] * 2
    assert asked[0].kept()["url"] in ("http://localhost/v1/chat", "http://[::1]:8080/v1/chat")


@pytest.mark.parametrize(
    "fault",
    [
        f"cut@event={'9' * 5000}",
        f"status:429:{'9' * 400}s",
        "keep_alive@event=1:3000000s",
        ",".join(9 * ["keep_alive@event=1:3600s"]),
    ],
)
def test_a_fault_without_measure_is_a_bad_request(fault: str) -> None:
    with serve_in_thread(HELLO, allow_request_faults=True) as url:
        response = converse(port_of(url), get("/", f"x-sseparse-fault: {fault}"))
    assert response.status == 400
    assert len(response.body) < 400


def test_nothing_is_written_to_a_client_that_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    burst = Recording(tuple(Read(0.0, b"data: %05d\n\n" % number) for number in range(300_000)))
    gone = threading.Event()

    def wait_until_it_is_gone(_: Request) -> None:
        assert gone.wait(10)

    told: list[Played] = []
    with (
        caplog.at_level(logging.WARNING, "asyncio"),
        serve_in_thread(burst, on_request=wait_until_it_is_gone, on_response=told.append) as url,
    ):
        with connect(port_of(url)) as client:
            client.sendall(get())
            # (A reset: or else the system takes what is written for a while.)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.set()
        # The next client is served after the first has been found gone.
        assert converse(port_of(url), get("/-/stats")).status == 200
    assert [played.end for played in told if played.name is not None] == ["client_closed"]
    assert caplog.messages == []


@pytest.mark.parametrize(
    "value",
    [
        "ünïcode.txt".encode(),
        "ünïcode".encode(),
        "ünïcode".encode("latin-1"),
        quote("ünïcode.txt").encode(),
        "中/文 1.txt".encode(),
        quote("中/文 1").encode(),
    ],
)
def test_a_name_may_be_any_text_in_each_spelling_of_a_header(value: bytes) -> None:
    other = Recording.from_bytes(b"data: other\n\n")
    recordings = Recordings({"ünïcode.txt": HELLO, "中/文 1.txt": HELLO, "other.txt": other})
    asked = get("/").replace(b"\r\n\r\n", b"\r\nx-sseparse-recording: " + value + b"\r\n\r\n")
    with serve_in_thread(recordings) as url:
        assert converse(port_of(url), asked).body == HELLO.body


def test_a_name_that_is_percent_encoded_itself_comes_first() -> None:
    other = Recording.from_bytes(b"data: other\n\n")
    with serve_in_thread(Recordings({"a b.txt": other, "a%20b.txt": HELLO})) as url:
        asked = get("/", "x-sseparse-recording: a%20b")
        assert converse(port_of(url), asked).body == HELLO.body
        missing = converse(port_of(url), get("/", "x-sseparse-recording: %C3%BC")).raw_body
    assert "no recording is named 'ü'" in json.loads(missing)["error"]["message"]


def test_a_request_is_served_whatever_the_callbacks_raise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def break_down(told: object) -> None:
        raise LookupError(f"not\nmy {type(told).__name__}")

    messages: list[str] = []
    broken: Any = {"on_request": break_down, "on_response": break_down}
    for told in (messages.append, break_down):
        with serve_in_thread(HELLO, on_message=told, **broken) as url, connect(port_of(url)) as one:
            for _ in range(2):
                one.sendall(get(close=False))
                assert read_until(one, b"0\r\n\r\n").endswith(b"data: hello\n\n\r\n0\r\n\r\n")
    assert messages == 2 * [
        "on_request raised LookupError: not my Request",
        "on_response raised LookupError: not my Played",
    ]
    assert caplog.messages == 4 * ["on_message raised LookupError: not my str"]
