"""The replay server, asked over plain sockets: what it answers, when, and how it ends."""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from cli import END, chunk
from proxies import connect, converse, get, post, read_until, rest_of, wait_until

from sseparse import NoSuchRecording, Read, Recording, iter_events
from sseparse.recording import End, Header, Request
from sseparse.replay import Recordings, Transforms
from sseparse.server import Limits, Played, serve_in_thread

EVENTS = [chunk(role="assistant"), chunk(content="Hel"), chunk(content="lo 🐙"), END]
CHAT = Recording(tuple(Read(0.02 * n, event) for n, event in enumerate(EVENTS, 1)))
NUMBERED = Recording(
    tuple(Read(1.0 + 0.01 * n, b"id: %d\ndata: %d\n\n" % (n, n)) for n in range(1, 6))
)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def ended(reason: str, **header: object) -> Recording:
    """A recording that ended so."""
    return Recording((Read(0.0, b"data: 1\n\n"),), Header(**header), End(reason))  # type: ignore[arg-type]


def asking(method: str, path: str, body: object, answer: bytes) -> Recording:
    """A recording whose request is known."""
    request = {"method": method, "url": f"https://api.example{path}", "headers": []}
    if body is not None:
        request["body"] = body  # type: ignore[assignment]
    return Recording((Read(0.0, answer),), Header(request=request))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serve_in_thread(Recordings({"chat/hello.txt": CHAT})) as url:
        yield port_of(url)


# What it answers


@pytest.mark.parametrize("request_", [get("/any/path?x=1"), post("/v1", b"{}")])
def test_any_path_is_answered_with_the_reads_as_chunks(port: int, request_: bytes) -> None:
    received = converse(port, request_)
    assert received.status == 200
    assert b"content-type: text/event-stream" in received.head
    assert b"access-control" not in received.head
    assert received.raw_body.split(b"\r\n")[0] == b"%x" % len(EVENTS[0])
    assert (received.body, received.whole) == (CHAT.body, True)


def test_each_chunk_comes_when_it_is_due(port: int) -> None:
    asked_at = time.monotonic()
    received = converse(port, get())
    times = [at - asked_at for at, data in received.reads if data.partition(b"data: ")[1]]
    assert len(times) == 4
    assert all(0 <= at - read.time < 0.5 for at, read in zip(times, CHAT.reads, strict=True))
    assert all(0.005 < later - sooner < 0.5 for sooner, later in pairwise(times))


def test_the_head_comes_when_it_is_due() -> None:
    recording = Recording((Read(0.3, b"data: 1\n\n"),), Header(headers_at=0.15))
    with serve_in_thread(recording) as url, connect(port_of(url)) as connection:
        asked_at = time.monotonic()
        connection.sendall(get())
        head = read_until(connection, b"\r\n\r\n")
        assert 0.15 <= time.monotonic() - asked_at < 0.28
        assert head.endswith(b"\r\n\r\n")


def test_a_refusal_is_played_as_it_was_recorded() -> None:
    headers = (("content-type", "application/json"), ("retry-after", "2"))
    refusal = Recording((Read(0.0, b'{"error": {}}'),), Header(status=429, headers=headers))
    with serve_in_thread(refusal) as url:
        received = converse(port_of(url), get())
    assert received.status == 429
    assert b"429 Too Many Requests\r\n" in received.head
    assert b"\r\nretry-after: 2\r\n" in received.head
    assert received.body == b'{"error": {}}'


@pytest.mark.parametrize("named", ["?recording=chat/hello.txt", "?recording=chat%2Fhello"])
def test_a_query_names_a_recording(port: int, named: str) -> None:
    assert converse(port, get(f"/v1{named}")).body == CHAT.body


def test_a_header_names_a_recording() -> None:
    recordings = Recordings({"a.txt": CHAT, "b.txt": NUMBERED})
    with serve_in_thread(recordings, transforms=Transforms(speed=math.inf)) as url:
        for name, recording in recordings.by_name.items():
            asked = get("/", f"X-SSEParse-Recording: {name}")
            assert converse(port_of(url), asked).body == recording.body


def test_a_request_that_none_fits_is_told_the_nearest() -> None:
    recording = asking("POST", "/v1/chat/completions", None, b"data: 1\n\n")
    with serve_in_thread(Recordings({"chat.txt": recording})) as url:
        received = converse(port_of(url), get("/v1/responses"))
        named = converse(port_of(url), get("/?recording=chet"))
    assert (received.status, named.status) == (404, 404)
    error = json.loads(received.raw_body)["error"]
    assert error["nearest"] == json.loads(named.raw_body)["error"]["nearest"] == "chat.txt"
    assert error["difference"] == "it answers /v1/chat/completions"
    with pytest.raises(NoSuchRecording) as caught:
        Recordings({"chat.txt": recording}).choose(Request("GET", "http://a/v1/responses"))
    assert error["message"] == str(caught.value)
    assert received.raw_body.endswith(b"}\n")  # it is read in a terminal
    assert "difference" not in json.loads(named.raw_body)["error"]


def test_the_body_of_a_request_chooses_and_its_credentials_are_not_compared() -> None:
    recordings = [
        asking("POST", "/v1", {"n": number, "api_key": "REDACTED"}, b"data: %d\n\n" % number)
        for number in (1, 2)
    ]
    with serve_in_thread(recordings) as url:
        for number in (2, 1, 2):
            received = converse(port_of(url), post("/v1", b'{"api_key":"k","n":%d}' % number))
            assert received.body == b"data: %d\n\n" % number


def test_head_is_get_without_the_body(port: int) -> None:
    received = converse(port, get().replace(b"GET", b"HEAD"))
    assert (received.status, received.raw_body) == (200, b"")
    assert b"transfer-encoding: chunked" in received.head


def test_other_methods_are_told_which_are_allowed(port: int) -> None:
    received = converse(port, get().replace(b"GET", b"DELETE"))
    assert received.status == 405
    assert b"\r\nallow: GET, HEAD, POST, OPTIONS\r\n" in received.head
    assert "DELETE is not answered" in json.loads(received.raw_body)["error"]["message"]


def test_http_1_0_gets_no_chunks_and_the_end_of_the_connection(port: int) -> None:
    received = converse(port, get(version="1.0", close=False))
    assert b"transfer-encoding" not in received.head
    assert received.raw_body == CHAT.body


def test_an_empty_read_is_no_end_of_the_body() -> None:
    reads = (Read(0.0, b"data: 1\n\n"), Read(0.0, b""), Read(0.0, b"data: 2\n\n"))
    with serve_in_thread(Recording(reads)) as url:
        received = converse(port_of(url), get())
    assert (received.body, received.whole) == (b"data: 1\n\ndata: 2\n\n", True)


# Connections


def test_a_connection_is_kept_for_the_next_request(port: int) -> None:
    with connect(port) as connection:
        for _ in range(3):
            connection.sendall(get(close=False))
            assert read_until(connection, b"\r\n0\r\n\r\n").count(b"HTTP/1.1 200") == 1


def test_requests_that_come_ahead_are_answered_in_turn(port: int) -> None:
    ahead = [get("/-/stats", close=False), get("/a", close=False)] * 2 + [get("/b")]
    received = converse(port, b"".join(ahead))
    assert received.data.count(b"HTTP/1.1 200 OK") == 5
    assert received.data.count(b"[DONE]") == 3
    assert received.data.count(b'"lateness_ms"') == 2


def test_thousands_of_requests_that_come_ahead_are_answered(port: int) -> None:
    requests = get("/?recording=no", close=False) * 2999 + get("/?recording=no")
    with connect(port) as connection:
        connection.sendall(requests[: len(requests) // 2])
        connection.sendall(requests[len(requests) // 2 :])
        assert rest_of(connection).data.count(b"HTTP/1.1 404") == 3000


def test_a_client_that_waits_to_be_told_to_go_on_is_told(port: int) -> None:
    head, _, body = post("/v1", b"{}", "Expect: 100-continue").partition(b"\r\n\r\n")
    with connect(port) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert rest_of(connection).body == CHAT.body


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        (b"nonsense\r\n\r\n", 400, "no HTTP/1.1"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "no HTTP/1.1"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX\x00: b\r\n\r\n", 400, "no HTTP/1.1"),
        (get("http://a/"), 400, "this is no proxy"),
        (get(version="1.2"), 505, "HTTP/1.2 is not spoken"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(9), 400, "TLS"),
        (get("/", "X-Long: " + "x" * 70_000), 431, "over the limit"),
        (get("/", "X-Long: " + "x" * 700_000), 431, ""),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413, "limit"),
    ],
)
def test_what_is_no_request_is_told_so(port: int, wrong: bytes, status: int, words: str) -> None:
    received = converse(port, wrong)
    assert received.status == status
    assert words in json.loads(received.raw_body)["error"]["message"]
    assert converse(port, get()).body == CHAT.body


def test_a_body_in_chunks_is_held_to_the_limit_too() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serve_in_thread(CHAT, limits=Limits(body=100)) as url:
        received = converse(port_of(url), head + b"64\r\n" + b"x" * 100 + b"\r\n1\r\nx\r\n")
    assert received.status == 413


def test_one_connection_too_many_is_told_so() -> None:
    with (
        serve_in_thread(CHAT, limits=Limits(connections=1)) as url,
        connect(port_of(url)) as connection,
    ):
        connection.sendall(get(close=False))
        read_until(connection, b"\r\n0\r\n\r\n")
        assert converse(port_of(url), get()).status == 503


def test_a_connection_that_asks_nothing_is_closed() -> None:
    with serve_in_thread(CHAT, limits=Limits(idle=0.2)) as url:
        with connect(port_of(url)) as connection:
            assert rest_of(connection).data == b""
        with connect(port_of(url)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            assert rest_of(connection).status == 408


# Endings


def test_a_stream_that_was_cut_is_cut() -> None:
    with serve_in_thread(ended("truncated")) as url:
        received = converse(port_of(url), get(close=False))
    assert (received.body, received.whole, received.end) == (b"data: 1\n\n", False, "eof")


def test_a_stream_that_was_reset_is_reset() -> None:
    with serve_in_thread(ended("reset")) as url:
        received = converse(port_of(url), get(close=False))
    assert (received.body, received.whole, received.end) == (b"data: 1\n\n", False, "reset")


def test_a_stream_that_fell_silent_says_nothing_until_it_has_been_idle() -> None:
    told: list[Played] = []
    limits = Limits(idle=0.4)
    with serve_in_thread(ended("timeout"), limits=limits, on_response=told.append) as url:
        received = converse(port_of(url), get())
        silent_at = received.reads[-1][0]
        assert time.monotonic() - silent_at > 0.3
    assert (received.body, received.whole) == (b"data: 1\n\n", False)
    assert [played.end for played in told] == ["silence"]


def test_a_client_that_leaves_is_forgotten() -> None:
    told: list[Played] = []
    slow = Recording((Read(0.0, b"data: 1\n\n"), Read(60.0, b"data: 2\n\n")))
    with serve_in_thread(slow, on_response=told.append) as url:
        with connect(port_of(url)) as connection:
            connection.sendall(get())
            read_until(connection, b"data: 1")
        wait_until(lambda: bool(told), lambda: "nobody noticed")
    assert [(played.end, played.chunks) for played in told] == [("client_closed", 1)]


# Going on


def test_a_client_goes_on_after_its_last_event() -> None:
    with serve_in_thread(NUMBERED) as url:
        asked_at = time.monotonic()
        received = converse(port_of(url), get("/", "Last-Event-ID: 3"))
        assert time.monotonic() - asked_at < 0.9  # of the second before the first event
        assert [event.id for event in iter_events([received.body])] == ["4", "5"]
        assert converse(port_of(url), get("/", "Last-Event-ID: 5")).status == 204
        whole = converse(port_of(url), get("/", "Last-Event-ID: unknown"))
        assert whole.body == NUMBERED.body


def test_a_client_goes_on_over_the_place_where_the_stream_was_cut() -> None:
    with serve_in_thread(NUMBERED, transforms=Transforms(faults="cut@event=3", speed=50)) as url:
        cut = converse(port_of(url), get())
        assert [event.id for event in iter_events([cut.body])] == ["1", "2"]
        rest = converse(port_of(url), get("/", "Last-Event-ID: 2"))
        assert [event.id for event in iter_events([rest.body])] == ["3", "4", "5"]
        assert rest.whole


# Browsers


PREFLIGHT = get(
    "/v1",
    "Origin: http://app.example",
    "Access-Control-Request-Method: POST",
    "Access-Control-Request-Headers: authorization,content-type",
).replace(b"GET", b"OPTIONS")


def test_without_an_origin_no_page_may_read(port: int) -> None:
    received = converse(port, PREFLIGHT)
    assert received.status == 204
    assert b"access-control" not in received.head


@pytest.mark.parametrize(("cors", "allowed"), [("*", b"*"), ("http://app.example",) * 2])
def test_pages_of_an_origin_that_is_named_may_read(cors: str, allowed: str | bytes) -> None:
    origin = allowed if isinstance(allowed, bytes) else allowed.encode()
    with serve_in_thread(CHAT, cors=["http://other.example", cors]) as url:
        preflight = converse(port_of(url), PREFLIGHT)
        answer = converse(port_of(url), get("/", "Origin: http://app.example"))
        missing = converse(port_of(url), get("/?recording=no", "Origin: http://app.example"))
        stranger = converse(port_of(url), get("/", "Origin: http://evil.example"))
    for received in (preflight, answer, missing):
        assert b"\r\naccess-control-allow-origin: %b" % origin in received.head
    assert b"access-control-allow-headers: authorization,content-type" in preflight.head
    assert b"access-control-allow-methods: GET, HEAD, POST" in preflight.head
    assert (b"allow-origin" in stranger.head) == (cors == "*")


# Faults of a request


def test_a_request_may_not_break_its_stream_unless_that_is_allowed(port: int) -> None:
    received = converse(port, get("/", "x-sseparse-fault: cut@event=2"))
    assert received.status == 403
    assert "--allow-request-faults" in json.loads(received.raw_body)["error"]["message"]


def test_a_request_breaks_its_own_stream_and_no_other() -> None:
    with serve_in_thread(CHAT, allow_request_faults=True) as url:
        cut = converse(port_of(url), get("/", "x-sseparse-fault: cut@event=2"))
        status = converse(port_of(url), get("/", "x-sseparse-fault: status:529:1s"))
        whole = converse(port_of(url), get())
        wrong = converse(port_of(url), get("/", "x-sseparse-fault: cut@event=99"))
        unknown = converse(port_of(url), get("/", "x-sseparse-fault: explode"))
        none = converse(port_of(url), get("/", "x-sseparse-fault: ,"))
    assert (cut.body, cut.whole) == (EVENTS[0], False)
    assert status.status == 529
    assert b"retry-after: 1" in status.head
    assert whole.body == CHAT.body
    assert (wrong.status, unknown.status, none.status) == (400, 400, 400)
    assert "cut@event=99" in json.loads(wrong.raw_body)["error"]["message"]


# What it says of itself


def test_stats_tell_how_late_it_has_been() -> None:
    with serve_in_thread(CHAT) as url:
        converse(port_of(url), get())
        stats = json.loads(converse(port_of(url), get("/-/stats")).raw_body)
    assert (stats["streams"], stats["running"], stats["chunks"]) == (1, 0, 4)
    late = stats["lateness_ms"]
    assert late["chunks"] == 4
    assert 0 <= late["p50"] <= late["p99"] <= late["max"] < 1000


# In a thread


def test_a_thread_serves_paths(tmp_path: object) -> None:
    with serve_in_thread("fixtures/xai-grok-beta.txt", transforms=Transforms(speed=1e3)) as url:
        assert not url.endswith("/")
        received = converse(port_of(url), get())
    assert received.body == Recording.load("fixtures/xai-grok-beta.txt").body


def test_a_thread_that_cannot_listen_says_so() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        serve_in_thread(CHAT, port=taken.getsockname()[1]),
    ):
        pass


def test_a_stream_that_still_runs_is_cut_at_the_end_of_the_block() -> None:
    slow = Recording((Read(0.0, b"data: 1\n\n"), Read(60.0, b"data: 2\n\n")))
    with serve_in_thread(slow) as url:
        connection = connect(port_of(url))
        connection.sendall(get())
        read_until(connection, b"data: 1")
    with connection:
        assert not rest_of(connection).data
