"""How a stream ended is read off the exception, whichever library raised it."""

from __future__ import annotations

import asyncio
import errno
import http.client
import ssl
import urllib.request
from collections.abc import Callable

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from servers import WAIT, Reply, serve

from sseparse.recording._ends import end_reason


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """An exception with a cause."""
    error.__cause__ = cause
    return error


def in_the_handling_of(first: BaseException, then: BaseException) -> BaseException:
    """An exception that was raised while another was handled."""
    then.__context__ = first
    return then


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "eof"),
        (ConnectionResetError(), "reset"),
        (ConnectionAbortedError(), "reset"),
        (OSError(errno.ECONNRESET, "Connection reset by peer"), "reset"),
        (TimeoutError(), "timeout"),
        (OSError(errno.ETIMEDOUT, "timed out"), "timeout"),
        (http.client.IncompleteRead(b""), "truncated"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "truncated"),
        (GeneratorExit(), "client_closed"),
        (asyncio.CancelledError(), "client_closed"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "client_closed"),
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(1), "interrupted"),
        (ValueError("no"), "error"),
        (OSError(errno.ENOSPC, "No space left on device"), "error"),
    ],
    ids=repr,
)
def test_an_exception_says_how_the_stream_ended(error: BaseException | None, reason: str) -> None:
    assert end_reason(error) == reason


def test_the_cause_behind_an_exception_of_a_library_counts() -> None:
    assert end_reason(raised(httpx2.ReadError("x"), ConnectionResetError())) == "reset"
    assert end_reason(raised(httpx.WriteError("x"), BrokenPipeError())) == "reset"
    assert end_reason(raised(RuntimeError("x"), TimeoutError())) == "timeout"
    assert end_reason(raised(httpx2.ReadError("x"), OSError("x"))) == "error"


def test_of_two_errors_the_later_counts() -> None:
    retried = in_the_handling_of(ConnectionResetError(), TimeoutError())
    assert end_reason(retried) == "timeout"
    assert end_reason(in_the_handling_of(TimeoutError(), ConnectionResetError())) == "reset"


def test_who_stops_a_stream_counts_whatever_broke_before() -> None:
    assert end_reason(in_the_handling_of(TimeoutError(), KeyboardInterrupt())) == "interrupted"
    assert end_reason(in_the_handling_of(TimeoutError(), GeneratorExit())) == "client_closed"


def test_an_exception_group_is_looked_into() -> None:
    group = ExceptionGroup("tasks", [ValueError(), TimeoutError()])
    assert end_reason(group) == "timeout"
    cancelled = BaseExceptionGroup("tasks", [asyncio.CancelledError()])
    assert end_reason(cancelled) == "client_closed"


def test_a_ring_of_causes_ends() -> None:
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert end_reason(first) == "error"


class _Odd(Exception):
    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = Exception.__hash__


def test_exceptions_are_told_apart_by_what_they_are() -> None:
    assert end_reason(raised(_Odd(), raised(_Odd(), ConnectionResetError()))) == "reset"


# --- real libraries on real streams that break

EVENT = b"data: 1\n\n"


def with_httpx(url: str, patience: float) -> None:
    with httpx.stream("GET", url, timeout=patience, trust_env=False) as response:
        for _ in response.iter_bytes():
            pass


def with_httpx2(url: str, patience: float) -> None:
    with httpx2.stream("GET", url, timeout=patience, trust_env=False) as response:
        for _ in response.iter_bytes():
            pass


def with_requests(url: str, patience: float) -> None:
    with requests.get(url, stream=True, timeout=patience) as response:
        for _ in response.iter_content(None):
            pass


def with_urllib3(url: str, patience: float) -> None:
    with urllib3.PoolManager() as pool:
        response = pool.request(
            "GET", url, preload_content=False, timeout=urllib3.Timeout(read=patience), retries=False
        )
        for _ in response.stream():
            pass


def with_urllib(url: str, patience: float) -> None:
    with urllib.request.urlopen(url, timeout=patience) as response:
        while response.read1():
            pass


def with_aiohttp(url: str, patience: float) -> None:
    async def read() -> None:
        timeout = aiohttp.ClientTimeout(sock_read=patience)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            async for _ in response.content.iter_any():
                pass

    asyncio.run(read())


Client = Callable[[str, float], None]
CLIENTS: list[Client] = [
    with_httpx,
    with_httpx2,
    with_requests,
    with_urllib3,
    with_urllib,
    with_aiohttp,
]
every_client = pytest.mark.parametrize("client", CLIENTS)


def how_it_ended(client: Client, reply: Reply, patience: float = 10.0) -> str:
    with serve(reply) as server:
        try:
            client(server.url, patience)
        except Exception as error:
            return end_reason(error)
    return end_reason(None)


@every_client
def test_a_stream_that_ends_well_is_told_so(client: Client) -> None:
    assert how_it_ended(client, Reply([EVENT])) == "eof"


@every_client
def test_a_reset_is_told_from_a_cut(client: Client) -> None:
    assert how_it_ended(client, Reply([EVENT], end="reset")) == "reset"
    if client is not with_urllib:  # whose read1() takes a missing last chunk for the end
        assert how_it_ended(client, Reply([EVENT], end="cut")) == "truncated"


@every_client
def test_a_server_that_falls_silent_is_a_timeout(client: Client) -> None:
    assert how_it_ended(client, Reply([EVENT, WAIT]), 0.3) == "timeout"
