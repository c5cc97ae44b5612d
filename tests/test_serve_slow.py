"""Clients that read slowly, and what the replay server holds back for them."""

from __future__ import annotations

import json
import socket
import time

import pytest
from proxies import converse, get, rest_of

from sseparse import Read, Recording
from sseparse.replay import Recordings
from sseparse.server import serve_in_thread

EVENTS = (b"data: 1\n\n", b"data: [DONE]\n\n")
CHAT = Recording(tuple([Read(0.02 * n, event) for n, event in enumerate(EVENTS, 1)]))


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_a_slow_reader_holds_only_itself_and_gets_all() -> None:
    event = b"data: %b\n\n" % (b"x" * 8000)
    many = Recording(tuple(Read(0.0, event) for _ in range(2000)))
    recordings = Recordings({"many": many, "chat": CHAT})
    with (
        serve_in_thread(recordings) as url,
        socket.socket() as slow,
    ):
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port_of(url)))
        slow.sendall(get("/?recording=many"))
        for _ in range(3):
            before = time.monotonic()
            assert converse(port_of(url), get("/?recording=chat")).body == CHAT.body
            assert time.monotonic() - before < 1.0
        stats = json.loads(converse(port_of(url), get("/-/stats")).raw_body)
        assert stats["running"] == 1
        assert stats["chunks"] < 1500  # the rest waits until it is taken
        time.sleep(0.3)
        received = rest_of(slow)
        assert received.body == many.body
        stats = json.loads(converse(port_of(url), get("/-/stats")).raw_body)
        assert (stats["running"], stats["chunks"]) == (0, 2000 + 3 * 2)
        assert stats["lateness_ms"]["max"] < 250  # what the client held back is not counted


@pytest.mark.parametrize("beside_the_transport", [True, False])
def test_a_slow_reader_of_a_slow_stream_gets_all(
    beside_the_transport: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not beside_the_transport:
        monkeypatch.setattr("sseparse.server._stream._file_of", lambda _: None)
    reads = [Read(0.001 * n, b"data: %d %b\n\n" % (n, b"x" * 30_000)) for n in range(300)]
    stream = Recording(tuple(reads))
    with serve_in_thread(stream) as url, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port_of(url)))
        slow.sendall(get())
        time.sleep(0.4)
        stats = json.loads(converse(port_of(url), get("/-/stats")).raw_body)
        assert 0 < stats["chunks"] < 300
        assert rest_of(slow).body == stream.body
