"""A request that comes again is answered without being read anew, and is the same request."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import h11
import pytest

from sseparse import Read, Recording
from sseparse.recording import Header, Request
from sseparse.replay import Recordings
from sseparse.server import serve_in_thread
from sseparse.server._asked import Asked, Known, understand

ONE, TWO = b"data: one\n\n", b"data: two\n\n"


def recording(path: str, body: bytes) -> Recording:
    request = {"method": "POST", "url": f"https://a.example{path}"}
    return Recording((Read(0.0, body),), Header(request=request))


@contextlib.contextmanager
def asking(seen: list[Request]) -> Iterator[socket.socket]:
    given = Recordings({"one": recording("/one", ONE), "two": recording("/two", TWO)})
    with serve_in_thread(given, on_request=seen.append) as url, connected(url) as asked:
        yield asked


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=5)


def request(path: str, body: bytes = b"{}", more: bytes = b"") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n".encode()
    return head + more + b"\r\n" + body


def response(asked: socket.socket) -> bytes:
    """Read one response, and return its body."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    parser.send(h11.EndOfMessage())
    body = b""
    while type(event := parser.next_event()) is not h11.EndOfMessage:
        if event is h11.NEED_DATA:
            parser.receive_data(asked.recv(65536))
        elif isinstance(event, h11.Data):
            body += event.data
    assert parser.trailing_data[0] == b""
    return body


def test_each_is_answered_as_what_it_asks_for_however_often_it_comes() -> None:
    seen: list[Request] = []
    order = ["/one", "/two", "/one", "/one", "/two", "/two"]
    with asking(seen) as asked:
        for path in order:
            asked.sendall(request(path))
            assert response(asked) == (ONE if path == "/one" else TWO)
    assert [urlsplit(one.url).path for one in seen] == order


def test_bodies_that_differ_are_different_requests() -> None:
    seen: list[Request] = []
    with asking(seen) as asked:
        for body in (b"{}", b"[]", b"{}", b"[]"):
            asked.sendall(request("/one", body))
            response(asked)
    assert [one.body for one in seen] == [b"{}", b"[]", b"{}", b"[]"]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_one_that_comes_in_pieces_is_read_as_ever(cut: int) -> None:
    seen: list[Request] = []
    with asking(seen) as asked:
        for _ in range(3):
            whole = request("/two")
            asked.sendall(whole)
            assert response(asked) == TWO
            asked.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in (whole[:cut], whole[cut:]):
                asked.sendall(piece)
            assert response(asked) == TWO
    assert len(seen) == 6


def test_two_that_come_together_are_two() -> None:
    seen: list[Request] = []
    with asking(seen) as asked:
        asked.sendall(request("/one"))
        assert response(asked) == ONE
        asked.sendall(request("/one") + request("/two"))
        with contextlib.closing(asked.makefile("rb")) as file:
            got = b""
            while not got.endswith(TWO + b"\r\n0\r\n\r\n"):
                got += file.read1()
    assert [urlsplit(one.url).path for one in seen] == ["/one", "/one", "/two"]


def asked_for(target: bytes) -> Asked:
    return understand(h11.Request(method="GET", target=target, headers=[("Host", "a")]), b"")


def test_what_is_kept_has_a_limit() -> None:
    known = Known()
    asked = asked_for(b"/a")
    for number in range(3 * known.MANY):
        known.keep(b"%d" % number, asked)
    assert known.get(b"0") is None
    assert known.get(b"%d" % (3 * known.MANY - 1)) is asked
    assert sum(known.get(b"%d" % number) is not None for number in range(1000)) == known.MANY
    large = b"x" * (known.LARGEST + 1)
    known.keep(large, asked)
    assert known.get(large) is None
