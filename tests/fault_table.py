"""Every fault, and what each client shows of it: in words, and as a check.

All clients are asked for the same text in their protocols (see ``spoken``); the faults come before
its third piece of four. Recordings are played ten times as fast, so ``30s`` are three seconds, and
clients that have a time-out wait for less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from asking import CurlError, Heard
from browser import BrowserError
from node import NodeError
from spoken import PIECES, place_of

TABLE = """
no fault
    *                                           all

cut@event=THIRD: the connection is closed before the body ends
    openai chat, openai Responses               half, openai.APIConnectionError
    anthropic, google-genai, httpx2             half, httpx2.RemoteProtocolError
    cohere, httpx                               half, httpx.RemoteProtocolError
    async google-genai, aiohttp                 half, aiohttp.ClientPayloadError
    requests                                    half, requests.ChunkedEncodingError
    curl                                        half, exit 18
    openai-node chat, openai-node Responses     half, TypeError
    EventSource                                 half, CONNECTING

reset@event=THIRD: the connection is reset
    openai chat, openai Responses               half, openai.APIConnectionError
    anthropic, google-genai, httpx2             half, httpx2.ReadError
    cohere, httpx                               half, httpx.ReadError
    async google-genai, aiohttp                 half, aiohttp.ClientPayloadError
    requests                                    half, requests.ChunkedEncodingError
    curl                                        half, exit 56
    openai-node chat, openai-node Responses     half, TypeError
    EventSource                                 half, CONNECTING

stall@event=THIRD:30s: the client is told by its own time-out, if it has one for reads
    openai chat, openai Responses               half, openai.APITimeoutError
    anthropic, google-genai, httpx2             half, httpx2.ReadTimeout
    async google-genai                          half, TimeoutError
    cohere, httpx                               half, httpx.ReadTimeout
    requests                                    half, requests.ConnectionError
    aiohttp                                     half, aiohttp.SocketTimeoutError
    curl                                        half, exit 28
    openai-node chat, openai-node Responses     all (its time-out is for the head: it waits)
    EventSource                                 all (it has no time-out: it waits)

keep_alive@event=THIRD:10s: comments keep the time-outs of reads from telling
    *                                           all
    google-genai                                half, google.UnknownApiResponseError (no comments)
    curl                                        half, exit 28 (its time-out is for all of it)

slow_first_byte:30s: even the head is late
    openai chat, openai Responses               nothing, openai.APITimeoutError
    anthropic                                   nothing, anthropic.APITimeoutError
    google-genai, httpx2                        nothing, httpx2.ReadTimeout
    async google-genai                          nothing, TimeoutError
    cohere, httpx                               nothing, httpx.ReadTimeout
    requests                                    nothing, requests.ReadTimeout
    aiohttp                                     nothing, aiohttp.SocketTimeoutError
    curl                                        nothing, exit 28
    openai-node chat, openai-node Responses     nothing, APIConnectionTimeoutError
    EventSource                                 all (it has no time-out: it waits)

drop_done: an end without the end marker
    *                                           all, no end marker
    openai chat, openai-node chat               all (they never show it)
    openai Responses, openai-node Responses     all, no finish reason, no end marker (they are one)
    cohere                                      all, no finish reason, no end marker (they are one)
    google-genai                                nothing, google.ClientError (it has none to drop)
    EventSource                                 all, CONNECTING (to it no stream ends)

drop_finish: nobody says why it ended
    *                                           all, no finish reason
    openai Responses, openai-node Responses     all, no finish reason, no end marker (they are one)
    cohere                                      all, no finish reason, no end marker (they are one)

duplicate@event=THIRD: an event comes twice
    *                                           one piece twice

reorder@event=THIRD: an event comes after the next one
    *                                           two pieces swapped

inject_error@event=THIRD: an error comes, in the form of the provider
    openai chat, openai Responses               half, openai.APIError
    anthropic                                   half, anthropic.APIStatusError
    google-genai                                half, google.ServerError
    cohere                                      half, finish reason ERROR
    openai-node chat, openai-node Responses     half, APIError
    *                                           half, Refused

corrupt_utf8@event=THIRD: a byte that is no UTF-8
    *                                           all with U+FFFD
    openai chat, openai Responses, anthropic    half, UnicodeDecodeError
    async google-genai                          half, UnicodeDecodeError
    requests, aiohttp, curl                     half, UnicodeDecodeError (their bytes, read by hand)

bad_json@event=THIRD: the data of an event are no JSON
    *                                           half, json.JSONDecodeError
    google-genai                                half, google.UnknownApiResponseError
    cohere                                      all but one piece (it logs that, and goes on)
    openai-node chat, openai-node Responses     half, SyntaxError
    EventSource                                 half, SyntaxError

status:429:2s: too many requests
    openai chat, openai Responses               nothing, openai.RateLimitError
    anthropic                                   nothing, anthropic.RateLimitError
    google-genai                                nothing, google.ClientError
    cohere                                      nothing, cohere.TooManyRequestsError
    openai-node chat, openai-node Responses     nothing, RateLimitError
    EventSource                                 nothing, CLOSED (it never shows a status)
    *                                           nothing, Refused

status:500: an error of the server
    openai chat, openai Responses               nothing, openai.InternalServerError
    anthropic                                   nothing, anthropic.InternalServerError
    google-genai                                nothing, google.ServerError
    cohere                                      nothing, cohere.InternalServerError
    openai-node chat, openai-node Responses     nothing, InternalServerError
    EventSource                                 nothing, CLOSED (it never shows a status)
    *                                           nothing, Refused

status:529:2s: what Anthropic says when it has too much to do
    openai chat, openai Responses               nothing, openai.InternalServerError
    anthropic                                   nothing, anthropic.InternalServerError
    google-genai                                nothing, google.ServerError
    cohere                                      nothing, cohere.ApiError
    openai-node chat, openai-node Responses     nothing, InternalServerError
    EventSource                                 nothing, CLOSED (it never shows a status)
    *                                           nothing, Refused
"""
"""A fault, and under it what clients show: the text, the error, and in brackets why.

``*`` is every client that has no line of its own; what is said of a client holds for its async kin,
unless that has a line.
"""


def _rows() -> Iterator[tuple[str, dict[str, str]]]:
    for block in TABLE.strip().split("\n\n"):
        head, *lines = block.splitlines()
        row = {}
        for line in lines:
            clients, outcome = re.split(r"  +", line.strip())
            row.update(dict.fromkeys(clients.split(", "), outcome.partition(" (")[0]))
        yield head.partition(": ")[0], row


ROWS = dict(_rows())
"""What each client shows of a fault; by the fault, and by the client."""

TIMED = [fault for fault in ROWS if fault.endswith("0s")]
"""The faults that a client knows by its time-out."""

SPEED = 10
"""Of the recordings, and so of the seconds of the faults."""
PATIENT = 30.0
"""Seconds that a client waits for a read where that does not matter."""

TEXTS = {
    "".join(PIECES): "all",
    "": "nothing",
    PIECES[0] + PIECES[1]: "half",
    "".join([*PIECES[:3], *PIECES[2:]]): "one piece twice",
    "".join([*PIECES[:2], PIECES[3], PIECES[2]]): "two pieces swapped",
    "".join([*PIECES[:2], "\ufffd", *PIECES[2:]]): "all with U+FFFD",
    "".join([*PIECES[:2], PIECES[3]]): "all but one piece",
}


def fault_for(protocol: str, fault: str) -> str:
    """Return a fault of the table as it is written for a protocol."""
    return "" if fault == "no fault" else fault.replace("THIRD", str(place_of(protocol, PIECES[2])))


def expected(fault: str, client: str) -> str:
    """Return what the table says of a client."""
    row = ROWS[fault]
    return row.get(client) or row.get(client.removeprefix("async ")) or row["*"]


def names(error: BaseException | None) -> Iterator[str]:
    """Give out what an error may be called: by its classes, and by those of what caused it."""
    while error is not None:
        if isinstance(error, (NodeError, BrowserError)):
            yield error.args[0]
        elif isinstance(error, CurlError):
            yield f"exit {error.args[0]}"
        for kind in type(error).__mro__:
            package = kind.__module__.partition(".")[0]
            yield (
                kind.__name__ if package in ("builtins", "asking") else f"{package}.{kind.__name__}"
            )
        error = error.__cause__


def shown(heard: Heard) -> set[str]:
    """Return all that can be said of what a client showed, in the words of the table."""
    said = {TEXTS.get(heard.text, heard.text), *names(heard.error)}
    if heard.error is None:
        if heard.finish is None:
            said.add("no finish reason")
        elif heard.finish == "ERROR":
            said.add("finish reason ERROR")
        if heard.done is False:
            said.add("no end marker")
    return said


def wrong_with(fault: str, client: str, heard: Heard) -> str | None:
    """Return what a client showed that is not what the table says; None, if it is."""
    wanted = set(expected(fault, client).split(", "))
    said = shown(heard)
    if wanted <= said and (heard.error is not None or said <= wanted):
        return None
    return f"{client} is to show {sorted(wanted)}, but: {heard}"


def check(fault: str, heard: Mapping[str, Heard]) -> None:
    """See that clients showed of a fault what the table says, and nothing else."""
    wrong = [wrong_with(fault, client, one) for client, one in heard.items()]
    assert wrong == [None] * len(wrong)
