"""Which origins ``--cors`` takes: those that a browser sends."""

from __future__ import annotations

import re
import urllib.request
from typing import Any

import pytest
from cli import FIXTURE, run, run_all

from sseparse import Recording
from sseparse.replay import Recordings
from sseparse.server import ReplayServer, serve_in_thread
from sseparse.server._origins import check_origin

RECORDINGS = Recordings([Recording.from_bytes(b"data: 1\n\n")])

SENT = [
    "*",
    "null",
    "http://localhost:3000",
    "https://app.example",
    "http://[::1]:8080",
    "https://app.example:80",
    "chrome-extension://abcdefgh",
]

NOT_SENT = {
    "http://app.example/": "a browser sends http://app.example",
    "http://app.example/index.html?x=1": "a browser sends http://app.example",
    "http://me:pw@app.example": "a browser sends http://app.example",
    "http://App.example": "a browser sends http://app.example",
    "HTTP://app.example": "a browser sends http://app.example",
    "http://app.example:80": "a browser sends http://app.example",
    "https://app.example:443": "a browser sends https://app.example",
    "app.example": "an origin is scheme://host",
    "localhost:3000": "an origin is scheme://host",
    "https://*.app.example": "an origin is scheme://host",
    "http://app.example:99999": "an origin is scheme://host",
    "http://[::1": "an origin is scheme://host",
    "file://": "an origin is scheme://host",
    "": "an origin is scheme://host",
}


@pytest.mark.parametrize("origin", SENT)
def test_what_a_browser_sends_is_taken(origin: str) -> None:
    check_origin(origin)


@pytest.mark.parametrize(("origin", "words"), NOT_SENT.items())
def test_what_no_browser_sends_is_refused(origin: str, words: str) -> None:
    with pytest.raises(ValueError, match="origin") as caught:
        ReplayServer(RECORDINGS, cors=["*", origin])
    assert words in str(caught.value)


def test_the_command_refuses_it_before_it_listens() -> None:
    result = run("serve", FIXTURE, "--cors", "http://localhost:3000", "--cors", "app.example")
    assert (result.status, result.out) == (2, b"")
    assert "'--cors': 'app.example' is no origin: an origin is" in result.error_lines[-1]


def test_limits_that_mean_nothing_are_refused() -> None:
    wrong = [("--idle-timeout", "nan"), ("--idle-timeout", "0"), ("--max-connections", "0")]
    for (option, value), result in zip(
        wrong, run_all([("serve", FIXTURE, *one) for one in wrong]), strict=True
    ):
        assert (result.status, result.out) == (2, b""), option
        assert f"'{option}': " in result.error_lines[-1]
        assert value in result.error_lines[-1]


def test_one_origin_may_be_given_as_a_text() -> None:
    page = "http://localhost:3000"
    with serve_in_thread(RECORDINGS, cors=page) as url:
        asked = urllib.request.Request(url, headers={"Origin": page})
        with urllib.request.urlopen(asked) as response:
            assert response.headers["access-control-allow-origin"] == page


@pytest.mark.parametrize("port", [99999, -1, "8080", None])
def test_a_port_that_is_none_is_told(port: Any) -> None:
    words = re.escape(f"port is {port!r}; it is a number from 0 to 65535")
    with pytest.raises(ValueError, match=words), serve_in_thread(RECORDINGS, port=port):
        pass
