"""HAR 1.2, the archives that browsers and proxies write: request, response and the whole body.

Three sources of times, the best first:

1. ``_sseparse``, which our own export adds: the lines of the timing file, so nothing is lost;
2. ``_eventSourceMessages``, which Chrome adds: each event with the second it came at. Where the
   body is there too, it is cut behind each event; else the events are written anew;
3. else nothing: ``timings`` tell when the headers came, and when all was over.

The request was sent behind ``blocked``, ``dns`` and ``connect`` (``ssl`` is a part of that).
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import attrs
import msgspec

from sseparse._decoder import Decoder
from sseparse._encoder import encode
from sseparse._errors import RecordingError, UnsupportedVersion
from sseparse._events import ServerSentEvent
from sseparse.formats._documents import convert, from_base64, read_json
from sseparse.formats._exchange import BOUNDARIES, TIMES, Exchange, parse_rfc3339, untimed
from sseparse.recording import End, Read, Recording, Request
from sseparse.recording._sidecar import parse
from sseparse.recording._stamps import split_blocks

OWN_KEY = "_sseparse"
MESSAGES_KEY = "_eventSourceMessages"

OTHER_LINES = "comments, retry fields and the line ends as they were"
NOT_UTF8 = "the bytes that were no UTF-8"

_LONGEST = 86_400.0
"""Seconds behind the start at which an event is not believed any more."""


class _Pair(msgspec.Struct):
    name: str = ""
    value: str = ""


class _PostData(msgspec.Struct):
    text: str | None = None
    encoding: str | None = None


class _Request(msgspec.Struct, rename="camel"):
    method: str = "GET"
    url: str = ""
    headers: list[_Pair] = []
    post_data: _PostData | None = None


class _Content(msgspec.Struct, rename="camel"):
    mime_type: str | None = None
    text: str | None = None
    encoding: str | None = None
    file: str | None = msgspec.field(default=None, name="_file")


class _Response(msgspec.Struct):
    status: int = 0
    headers: list[_Pair] = []
    content: _Content = msgspec.field(default_factory=_Content)
    error: str | None = msgspec.field(default=None, name="_error")


class _Timings(msgspec.Struct):
    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None

    def seconds(self, *names: str) -> float:
        """The sum of these; -1 says that one does not apply."""
        values = [getattr(self, name) or 0.0 for name in names]
        return sum(value for value in values if 0 < value < math.inf) / 1000


class _Message(msgspec.Struct, rename="camel"):
    data: str = ""
    time: float | None = None
    event_name: str | None = None
    event_id: str | None = None


class _Own(msgspec.Struct):
    timing: list[object] | None = None


class _Entry(msgspec.Struct, rename="camel"):
    request: _Request = msgspec.field(default_factory=_Request)
    response: _Response = msgspec.field(default_factory=_Response)
    timings: _Timings = msgspec.field(default_factory=_Timings)
    started_date_time: str = ""
    messages: list[_Message] | None = msgspec.field(default=None, name=MESSAGES_KEY)
    own: _Own | None = msgspec.field(default=None, name=OWN_KEY)


class _Log(msgspec.Struct):
    entries: list[object]


class _Har(msgspec.Struct):
    log: _Log


def read_har(data: bytes, path: str) -> list[Exchange]:
    """Return the entries of a HAR file.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it is no HAR file.

    >>> content = '{"mimeType":"text/event-stream","text":": ping"}'
    >>> har = '{"log":{"entries":[{"response":{"status":200,"content":%s}}]}}' % content
    >>> read_har(har.encode(), "a.har")[0].reads
    (Read(time=0.0, data=b': ping'),)
    """
    har = convert(read_json(data, path), _Har, "no HAR file", path)
    exchanges = []
    for number, value in enumerate(har.log.entries, 1):
        what = f"entry {number}"
        entry = convert(value, _Entry, what, path)
        exchanges.append(_exchange(entry, what, path))
    return exchanges


def _exchange(entry: _Entry, what: str, path: str) -> Exchange:
    response, content = entry.response, entry.response.content
    body = _body(content, what, path)
    post = entry.request.post_data
    sent_body = None
    if post is not None and post.text is not None:
        sent_body = (
            from_base64(post.text, f"{what}: the request's body", path)
            if post.encoding == "base64"
            else post.text.encode("utf-8", "replace")
        )
    started = _sent(entry)
    reads, lacks = _reads(entry, body, started)
    recording = None
    if entry.own is not None and body is not None:
        recording = _own(entry.own, body, f"{path}: {what}")
    timings = entry.timings
    headers_at = timings.seconds("send", "wait")
    known = timings.wait is not None and timings.wait >= 0
    timed = reads is not None and TIMES not in lacks
    return Exchange(
        reads,
        timed,
        Request(entry.request.method, entry.request.url, _pairs(entry.request.headers), sent_body),
        response.status or None,
        _pairs(response.headers),
        (content.mime_type or "").strip(),
        started,
        _first(headers_at, reads, timed=timed) if known else None,
        _end(entry, reads, timed=timed),
        () if recording is not None else lacks,
        "" if reads is not None else _why_missing(content),
        plain=content.encoding != "base64",
        recording=recording,
    )


def _sent(entry: _Entry) -> datetime | None:
    started = parse_rfc3339(entry.started_date_time)
    try:
        seconds = entry.timings.seconds("blocked", "dns", "connect")
        return None if started is None else started + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return started


def _first(headers_at: float, reads: tuple[Read, ...] | None, *, timed: bool) -> float:
    """Return when the headers came: by two clocks it can be behind the first read."""
    if timed and reads:
        headers_at = min(headers_at, reads[0].time)
    return round(headers_at, 6)


def _end(entry: _Entry, reads: tuple[Read, ...] | None, *, timed: bool) -> End:
    timings = entry.timings
    reason = "error" if entry.response.error else "eof"
    if timings.receive is None or timings.receive < 0:
        return End(reason)
    seconds = timings.seconds("send", "wait", "receive")
    latest = reads[-1].time if timed and reads else 0.0
    return End(reason, t=round(max(seconds, latest), 6))


def _pairs(headers: list[_Pair]) -> tuple[tuple[str, str], ...]:
    return tuple((pair.name, pair.value) for pair in headers)


def _body(content: _Content, what: str, path: str) -> bytes | None:
    if content.text is None:
        return None
    if content.encoding == "base64":
        return from_base64(content.text, f"{what}: the body", path)
    if content.encoding:
        raise RecordingError(f"{what}: the encoding {content.encoding!r} is not known", path)
    return content.text.encode("utf-8", "replace")


def _why_missing(content: _Content) -> str:
    if content.file:
        return "its body is in a file of its own; let Playwright embed it (content: 'embed')"
    return "the body was not saved with it (in Chrome: Export HAR with content)"


def _reads(
    entry: _Entry, body: bytes | None, started: datetime | None
) -> tuple[tuple[Read, ...] | None, tuple[str, ...]]:
    """Return the reads, and what they lack."""
    messages = entry.messages or []
    times = _times(messages, started)
    lossy = (NOT_UTF8,) if entry.response.content.text and _lossy(entry.response.content) else ()
    if body:
        blocks = _blocks_of(body, messages) if times is not None else None
        if times is None or blocks is None:
            return untimed(body), (TIMES, BOUNDARIES, *lossy)
        pairs = zip(times, blocks, strict=True)
        return tuple(Read(time, block) for time, block in pairs), (BOUNDARIES, *lossy)
    if messages:
        blocks = _written_anew(messages)
        if times is None:
            return untimed(b"".join(blocks)), (TIMES, BOUNDARIES, OTHER_LINES)
        pairs = zip(times, blocks, strict=True)
        return tuple(Read(time, block) for time, block in pairs), (BOUNDARIES, OTHER_LINES)
    if body is None:
        return None, ()
    return untimed(body), (TIMES, BOUNDARIES)


def _lossy(content: _Content) -> bool:
    return content.encoding is None and "\ufffd" in (content.text or "")


def _times(messages: list[_Message], started: datetime | None) -> list[float] | None:
    """Return when the events came, in seconds since the request was sent, or None.

    Chrome writes seconds of Unix time; others milliseconds, or something else.
    """
    if started is None or not messages:
        return None
    zero = started.timestamp()
    times: list[float] = []
    for message in messages:
        if message.time is None:
            return None
        time = message.time / 1000 if message.time > 1e11 else message.time
        if not -1 <= time - zero <= _LONGEST:
            return None
        times.append(round(max(time - zero, times[-1] if times else 0.0), 6))
    return times


def _blocks_of(body: bytes, messages: list[_Message]) -> list[bytes] | None:
    """Cut a body behind each event, or return None where its events are not those told of."""
    decoder: Decoder[ServerSentEvent] = Decoder(oversize="skip")
    blocks: list[bytes] = []
    waiting = b""
    for block in split_blocks(body):
        waiting += block
        for event in decoder.feed(block):
            if len(blocks) == len(messages) or event.data != messages[len(blocks)].data:
                return None
            blocks.append(waiting)
            waiting = b""
    if len(blocks) != len(messages):
        return None
    blocks[-1] += waiting
    return blocks


def _written_anew(messages: list[_Message]) -> list[bytes]:
    """Encode events; the id is told only where it changes, for Chrome repeats the last one."""
    blocks = []
    last_id = ""
    for message in messages:
        data = message.data.replace("\r\n", "\n").replace("\r", "\n")
        event_id = _one_line(message.event_id)
        event = ServerSentEvent(
            data,
            _one_line(message.event_name) or "message",
            event_id if event_id != last_id else None,
        )
        last_id = event_id
        blocks.append(encode(event))
    return blocks


def _one_line(text: str | None) -> str:
    return "" if text is None or any(char in text for char in "\r\n\0") else text


def _own(own: _Own, body: bytes, path: str) -> Recording | None:
    """Return the recording that was exported; None if the body was changed since."""
    if own.timing is None:
        return Recording.from_bytes(body)
    lines = b"\n".join(msgspec.json.encode(line) for line in own.timing)
    try:
        timing = parse(lines, path)
    except UnsupportedVersion:
        raise
    except RecordingError as error:
        raise RecordingError(f"{OWN_KEY}: {error.message}", path) from None
    if not timing.header.timed:
        bare = Recording.from_bytes(body)
        return attrs.evolve(bare, header=timing.header, end=timing.end)
    if sum(size for _, size in timing.reads) != len(body):
        return None
    reads = []
    start = 0
    for time, size in timing.reads:
        reads.append(Read(time, body[start : start + size]))
        start += size
    return Recording(tuple(reads), timing.header, timing.end)
