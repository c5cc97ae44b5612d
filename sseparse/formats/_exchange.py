"""One request with its response, as another tool kept it, and what becomes of it here.

Every reader gives exchanges, with all that its source says, secrets included. ``keep`` is the one
way from there to a recording: the content coding is undone, and of request and response goes on
only what the rules of ``recording._redaction`` let through. So no reader has to think of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import attrs
import msgspec

from sseparse.formats._documents import convert
from sseparse.recording import End, Header, Read, Recording, Request, TimingSource
from sseparse.recording._content_coding import BadContentEncoding, ContentDecoder, coding_in
from sseparse.recording._folder import is_event_stream, recording_name
from sseparse.recording._redaction import kept_response_headers

LARGEST_BODY = 2**30
"""Bytes a body may have when it is decompressed: a few KiB can claim to be as many GiB."""

_SLICE = 2**16
"""Bytes given to a decompressor at once: what deflate makes of them is 64 MiB at most."""

_LOOKED_AT = 4096
"""Bytes at the start of a body that tell whether it is compressed."""

_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\v\f\r")

TIMES = "the times"
BOUNDARIES = "the read boundaries"
REQUEST = "the request"
END = "how it ended"


@attrs.frozen
class Exchange:
    """One request with its response.

    Attributes:
        reads: the body, as it came over the network less the transfer coding; where ``timed`` is
            false, one read that has it all. None: the source does not have it.
        timed: whether the times of the reads mean anything.
        request: what was asked, or None.
        status: the HTTP status code, or None.
        headers: of the response, name and value pairs.
        media_type: what kind of body it is, where no header says so.
        started: when the request was sent, in UTC, or None.
        headers_at: when the response's headers came, in seconds since then, or None.
        end: how the stream ended.
        lacks: what the source cannot give, in words.
        missing: why there is no body, in words; else ``""``.
        plain: the body was not compressed, or is so no more, whatever the headers say.
        extra: keys for the timing file.
        recorded_at: when it was recorded, where it is not known when the request was sent.
        recording: the recording itself, where the source kept one whole.
    """

    reads: tuple[Read, ...] | None
    timed: bool = False
    request: Request | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = ""
    started: datetime | None = None
    headers_at: float | None = None
    end: End = attrs.field(factory=lambda: End("eof"))
    lacks: tuple[str, ...] = ()
    missing: str = ""
    plain: bool = False
    extra: dict[str, object] = attrs.field(factory=dict)
    recorded_at: datetime | None = None
    recording: Recording | None = None

    @property
    def event_stream(self) -> bool:
        """Whether the response says that it is an event stream."""
        named = any(name.lower() == "content-type" for name, _ in self.headers)
        return is_event_stream(self.headers if named else [("content-type", self.media_type)])


@attrs.frozen
class Imported:
    """What is imported of one exchange.

    Attributes:
        number: its place in the source, counted from 1.
        title: what it is, for a list: one line, in which nothing is secret.
        name: what its file may be called, without an ending.
        event_stream: whether the response says that it is one.
        recording: the recording, or None where the source does not have the body.
        lacks: what the source cannot give, in words, such as ``"the times"``.
        missing: why there is no recording, in words, or ``""``.
        body_left_out: whether the request had a body that was not asked for.
    """

    number: int
    title: str
    name: str
    event_stream: bool
    recording: Recording | None
    lacks: tuple[str, ...] = ()
    missing: str = ""
    body_left_out: bool = False


def untimed(body: bytes) -> tuple[Read, ...]:
    """Return a body as the reads of an exchange that has no times."""
    return (Read(0.0, body),)


def keep(
    exchange: Exchange, number: int, source: str, path: str, *, request_body: bool = False
) -> Imported:
    """Return what may be written down of an exchange.

    Args:
        exchange: what a reader gave.
        number: its place in the source, counted from 1.
        source: the name of the format, which the timing file is going to say.
        path: the file's name, for messages.
        request_body: keep the JSON body of the request too, less its credentials.

    Returns:
        It has no recording where the source has no body, or one that is not compressed as its
        header says, or that grows too large.

    Raises:
        RecordingError: what the source kept of a recording of ours is damaged.

    >>> kept = keep(Exchange(untimed(b"data: 1"), headers=(("set-cookie", "a=b"),)), 1, "har", "-")
    >>> kept.recording.body, kept.recording.header.headers, kept.name
    (b'data: 1', (), '001')
    """
    recording, missing = exchange.recording, exchange.missing
    if recording is not None:
        recording = _kept_again(recording, path, request_body=request_body)
    elif exchange.reads is not None:
        try:
            recording = _recording(exchange, source, request_body=request_body)
        except BadContentEncoding as error:
            missing = str(error)
    asked = exchange.request is not None and bool(exchange.request.body)
    return Imported(
        number,
        _title(exchange, recording),
        _name(exchange, number),
        exchange.event_stream,
        recording,
        exchange.lacks,
        missing,
        body_left_out=asked and not request_body,
    )


def _recording(exchange: Exchange, source: str, *, request_body: bool) -> Recording:
    coding = coding_in(exchange.headers)
    reads = exchange.reads or ()
    if coding and not exchange.plain and not _is_plain(reads):
        reads = _decoded(reads, coding)
    header = Header(
        started=None if exchange.started is None else rfc3339(exchange.started),
        request=None if exchange.request is None else exchange.request.kept(body=request_body),
        status=exchange.status,
        headers=kept_response_headers(exchange.headers),
        headers_at=exchange.headers_at,
        decoded=coding or None,
        timed=exchange.timed,
        extra={"imported_from": source, **exchange.extra},
    )
    timing: TimingSource = "sidecar" if exchange.timed else "none"
    return Recording(tuple(read for read in reads if read.data), header, exchange.end, timing)


class _KeptRequest(msgspec.Struct):
    method: str = "GET"
    url: str = ""
    headers: list[tuple[str, str]] = []
    body: object = None


def _kept_again(recording: Recording, path: str, *, request_body: bool) -> Recording:
    """Put what a recording says of the request through the same rules: files can be edited."""
    header = recording.header
    if header is None:
        return recording
    request = header.request
    if request is not None:
        said = convert(request, _KeptRequest, "its request", path)
        body = msgspec.json.encode(said.body) if "body" in request else None
        asked = Request(said.method, said.url, said.headers, body)
        request = asked.kept(body=request_body)
    headers = kept_response_headers(header.headers)
    return attrs.evolve(recording, header=attrs.evolve(header, request=request, headers=headers))


def _is_plain(reads: Sequence[Read]) -> bool:
    """Tell a body that the source has decompressed already, though the header still names a coding.

    Compressed data have control characters from their first bytes on; event streams have none.
    """
    head = bytearray()
    for read in reads:
        head += read.data[:_LOOKED_AT]
        if len(head) >= _LOOKED_AT:
            break
    return not _CONTROLS.intersection(head) and not head.startswith(b"\x28\xb5\x2f\xfd")  # zstd


def _decoded(reads: Sequence[Read], coding: str) -> tuple[Read, ...]:
    decoder = ContentDecoder(coding)
    size = 0
    decoded = []
    for read in reads:
        parts = []
        for start in range(0, len(read.data), _SLICE):
            parts.append(decoder.decode(read.data[start : start + _SLICE]))
            size += len(parts[-1])
            if size > LARGEST_BODY:
                raise BadContentEncoding(
                    f"the body decompresses to more than {LARGEST_BODY >> 20} MiB; it is not read"
                )
        decoded.append(Read(read.time, b"".join(parts)))
    return tuple(decoded)


def _title(exchange: Exchange, recording: Recording | None) -> str:
    kept = None if exchange.request is None else exchange.request.kept()
    parts = [] if kept is None else [str(kept["method"]), str(kept["url"])]
    if exchange.status is not None:
        parts.append(str(exchange.status))
    types = [value for name, value in exchange.headers if name.lower() == "content-type"]
    media_type = (types[0] if types else exchange.media_type).partition(";")[0].strip()
    if media_type:
        parts.append(media_type)
    parts.append("no body" if recording is None else f"{len(recording.body):,} bytes")
    return " ".join(parts)


def _name(exchange: Exchange, number: int) -> str:
    """Return a name as the proxy gives it; a number stands where the time is not known."""
    request = exchange.request or Request("GET", "")
    when = exchange.started or exchange.recorded_at
    name = recording_name(request, when or datetime.fromtimestamp(0, UTC))
    if when is not None:
        return name
    return "-".join(part for part in (f"{number:03d}", name.partition("-")[2]) if part)


def rfc3339(time: datetime) -> str:
    """Return a time as the timing file has it, in UTC and to the microsecond."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime | None:
    """Return the time that a text says, in UTC, or None.

    >>> parse_rfc3339("2026-11-26T08:00:00.250+01:00").isoformat()
    '2026-11-26T07:00:00.250000+00:00'
    """
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
