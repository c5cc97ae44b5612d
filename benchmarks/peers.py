"""The decoders: each called as its own users call it, at its entry point for streams of bytes.

An adapter takes the list of chunks and returns what the library gives out, untouched, so that
nothing is charged to it that is not its own. Where a library has no entry point below an HTTP
response, it gets a response made in memory. Modules are imported by name, and late: a peer that is
not installed is left out, and its absence shown.
"""

from __future__ import annotations

import codecs
import functools
import importlib
import importlib.metadata
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.workloads import Workload, digest_of, workload
from sseparse._decoder import DEFAULT_MAX_EVENT_SIZE

Decode = Callable[[Iterable[bytes]], Iterable[Any]]
"""Chunks in, the library's own event objects out."""

PATIENCE = 5.0
"""Seconds. A peer that needs longer for one round is not timed, and the table says so."""


@dataclass(frozen=True)
class Peer:
    """A decoder to run.

    Attributes:
        name: the head of its column.
        distribution: the package it is installed by.
        load: imports it and returns the adapter; raises ImportError where it is not installed.
    """

    name: str
    distribution: str
    load: Callable[[], Decode]

    @property
    def version(self) -> str | None:
        """The installed version, or None."""
        return installed_version(self.distribution)


def installed_version(distribution: str) -> str | None:
    """Return the installed version of a package, or None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _sseparse() -> Decode:
    decode: Decode = importlib.import_module("sseparse").iter_events
    return decode


def _httpx_sse() -> Decode:
    decoders = importlib.import_module("httpx_sse._decoders")

    def decode(chunks: Iterable[bytes]) -> Iterator[Any]:
        # What EventSource.iter_sse does, less the response: text, lines, events.
        text_decoder = codecs.getincrementaldecoder("utf-8")("replace")
        line_decoder = decoders.SSELineDecoder()
        decoder = decoders.SSEDecoder()
        for chunk in chunks:
            text = text_decoder.decode(chunk)
            if not text:
                continue
            for line in line_decoder.decode(text):
                sse = decoder.decode(line.rstrip("\n"))
                if sse is not None:
                    yield sse
        for line in line_decoder.flush():
            sse = decoder.decode(line.rstrip("\n"))
            if sse is not None:
                yield sse

    return decode


def _httpx2() -> Decode:
    httpx2 = importlib.import_module("httpx2")
    request = httpx2.Request("POST", "http://localhost/")
    headers = {"content-type": "text/event-stream"}

    def decode(chunks: Iterable[bytes]) -> Iterator[Any]:
        response = httpx2.Response(200, headers=headers, content=iter(chunks), request=request)
        # Its own cap is 1 MiB, with which the long line would be an error and no measurement.
        return iter(httpx2.EventSource(response, max_event_size=DEFAULT_MAX_EVENT_SIZE))

    return decode


def _sdk(streaming: str) -> Decode:
    # One generator writes both SDKs: the module for streams is the same in each.
    decoder = importlib.import_module(streaming).SSEDecoder

    def decode(chunks: Iterable[bytes]) -> Iterator[Any]:
        events: Iterator[Any] = decoder().iter_bytes(iter(chunks))
        return events

    return decode


def _launchdarkly() -> Decode:
    reader = importlib.import_module("ld_eventsource.reader")

    def decode(chunks: Iterable[bytes]) -> Iterator[Any]:
        lines = reader._BufferedLineReader.lines_from(chunks)
        events: Iterator[Any] = reader._SSEReader(lines).events_and_comments()
        return events

    return decode


def _sseclient() -> Decode:
    sseclient = importlib.import_module("sseclient")

    def decode(chunks: Iterable[bytes]) -> Iterator[Any]:
        events: Iterator[Any] = sseclient.SSEClient(chunks).events()
        return events

    return decode


SSEPARSE = Peer("sseparse", "sseparse", _sseparse)

PEERS = (
    Peer("httpx-sse", "httpx-sse", _httpx_sse),
    Peer("httpx2", "httpx2", _httpx2),
    Peer("openai", "openai", functools.partial(_sdk, "openai._streaming")),
    Peer("anthropic", "anthropic", functools.partial(_sdk, "anthropic._streaming")),
    Peer("launchdarkly", "launchdarkly-eventsource", _launchdarkly),
    Peer("sseclient-py", "sseclient-py", _sseclient),
)


def consume(items: Iterable[Any]) -> None:
    """Run an iterator to its end at the least cost there is."""
    deque(items, maxlen=0)


def outcome(items: Iterable[Any]) -> tuple[int, str]:
    """Return the number and the digest of the events a decoder gives out.

    Comments are passed over (one peer gives them out too). No type is ``message``: what the
    standard dispatches, and what some peers leave at None or an empty string.
    """
    events = (item for item in items if hasattr(item, "data"))
    return digest_of((event.event or "message", event.data) for event in events)


TOO_SLOW = "too slow"
"""What ``fault`` says of a decoder that needs longer than ``PATIENCE``."""


class _PatienceError(TimeoutError):
    """Breaks off a decoder from within its input."""


def _with_patience(chunks: Iterable[bytes]) -> Iterator[bytes]:
    deadline = time.monotonic() + PATIENCE
    for chunk in chunks:
        if time.monotonic() > deadline:
            raise _PatienceError
        yield chunk


def fault(decode: Decode, work: Workload) -> str | None:
    """Return what is wrong with a decoder's output, or None if it is right."""
    try:
        events, digest = outcome(decode(_with_patience(work.chunks)))
    except _PatienceError:
        return TOO_SLOW
    except Exception as error:  # whatever a peer raises is its answer, and shown as such
        return f"{type(error).__name__}: {error}"[:100]
    if events != work.events:
        return f"{events:,} events instead of {work.events:,}"
    if digest != work.digest:
        return "the right number of events, but not what they say"
    return None


@functools.cache
def fault_of(peer: Peer, name: str) -> str | None:
    """Return the ``fault`` of a peer on the workload of that name, looked for once.

    Raises:
        ImportError: the peer is not installed.
    """
    return fault(peer.load(), workload(name))
