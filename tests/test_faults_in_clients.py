"""Every fault, and what the SDKs and HTTP libraries of Python show of it: see ``fault_table``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import anthropic
import cohere
import openai
import pytest
from asking import Heard, Refused
from fault_table import PATIENT, ROWS, SPEED, TIMED, check, fault_for, wrong_with
from google import genai
from node import NODE_CLIENTS
from sdks import CLIENTS, WARNINGS, ask, protocol_of
from spoken import PIECES, recording_of, recordings

from sseparse.replay import Transforms, parse_faults
from sseparse.replay._faults import FAULTS
from sseparse.server import serve_in_thread

pytestmark = WARNINGS

SHORT = 0.75
"""Seconds that a client waits for a read where it is to give up."""

OTHERS = ("openai completions", "openai transcription", "openai Assistants", "interactions")
PYTHON = [name for name in CLIENTS if not name.endswith(OTHERS)]
"""The clients, one for each protocol of each SDK."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    transforms = Transforms(speed=SPEED)
    with serve_in_thread(recordings(), transforms=transforms, allow_request_faults=True) as url:
        yield url


def ask_for(url: str, fault: str, client: str) -> Heard:
    written = fault_for(protocol_of(client), fault)
    headers = {"x-sseparse-fault": written} if written else {}
    return ask(client, url, headers=headers, timeout=SHORT if fault in TIMED else PATIENT)


@pytest.mark.parametrize("fault", ROWS)
def test_a_client_shows_what_the_fault_names(fault: str, url: str) -> None:
    with ThreadPoolExecutor(len(PYTHON)) as pool:
        heard = dict(zip(PYTHON, pool.map(partial(ask_for, url, fault), PYTHON), strict=True))
    for client, one in heard.items():
        if fault in TIMED and wrong_with(fault, client, one):
            # All at once, on a busy machine, a client may give up before anything comes.
            heard[client] = ask_for(url, fault, client)
    check(fault, heard)


# A status instead of a stream


def told(error: Exception | None) -> tuple[int, str | None, str]:
    """Return what an error tells: the status, Retry-After, and the message of the server."""
    if isinstance(error, Refused):
        return error.args
    if isinstance(error, (openai.APIStatusError, anthropic.APIStatusError)):
        return error.status_code, error.response.headers.get("retry-after"), str(error.message)
    if isinstance(error, cohere.core.ApiError):
        return error.status_code or 0, (error.headers or {}).get("retry-after"), str(error.body)
    assert isinstance(error, genai.errors.APIError)
    return error.code, error.response.headers.get("retry-after"), str(error.message)


@pytest.mark.parametrize(
    ("fault", "status", "retry_after", "words"),
    [
        ("status:429:2s", 429, "2", "rate_limit_error"),
        ("status:500", 500, None, "api_error"),
        ("status:529:2s", 529, "2", "overloaded_error"),
    ],
)
def test_an_error_tells_the_status_retry_after_and_the_message(
    fault: str, status: int, retry_after: str | None, words: str, url: str
) -> None:
    for client in PYTHON:
        if client != "curl":  # which tells only the status
            found = told(ask_for(url, fault, client).error)
            assert found[:2] == (status, retry_after), client
            assert words in found[2], client


RETRYING = {
    "openai chat": 1.0,
    "async openai chat": 1.0,
    "openai Responses": 1.0,
    "anthropic": 1.0,
    "async anthropic": 1.0,
    "google-genai": 0.0,  # it has a measure of its own
    "async google-genai": 0.0,
    "curl": 1.0,
}
"""The clients that ask again by themselves, and the least that they wait at Retry-After: 1.

Cohere's does not when it streams; libraries of plain HTTP leave it to their users.
"""


def retried(client: str) -> tuple[Heard, list[float]]:
    """Ask a server that is busy the first time; return what was heard, and when it was asked."""
    recording = recording_of(protocol_of(client))
    busy = Transforms(faults="status:429:1s").apply(recording)
    asked: list[float] = []
    with serve_in_thread(
        [busy, recording],
        transforms=Transforms(speed=SPEED),
        on_request=lambda _: asked.append(time.monotonic()),
    ) as url:
        return ask(client, url, retries=1, timeout=PATIENT), asked


def test_a_client_that_is_told_to_come_later_comes_later_and_reads_all() -> None:
    with ThreadPoolExecutor(len(RETRYING)) as pool:
        answers = dict(zip(RETRYING, pool.map(retried, RETRYING), strict=True))
    for client, (heard, asked) in answers.items():
        assert (heard.text, heard.error) == ("".join(PIECES), None), client
        assert len(asked) == 2, client
        assert asked[1] - asked[0] > RETRYING[client], client


def test_the_table_has_every_fault_and_no_client_that_is_none() -> None:
    faults = [fault_for("openai-chat", row) for row in ROWS]
    assert {fault.name for text in faults if text for fault in parse_faults(text)} == set(FAULTS)
    known = {*PYTHON, *NODE_CLIENTS, "EventSource", "*"}
    assert {client for row in ROWS.values() for client in row} <= known
