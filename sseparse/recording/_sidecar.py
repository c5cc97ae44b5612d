"""The timing file beside a body: ``fixture.txt`` has ``fixture.txt.timing.jsonl``.

Everything that is known about the format stands here, for whoever reads it and whoever writes it::

    {"sseparse_timing":1,"started":"…","request":{…},"status":200,"headers":[…],"headers_at":0.12}
    [0.404839,310]
    [0.425011,298]
    {"end":"eof","t":2.488,"bytes":23730,"sha256":"…"}

A header, one line per network read (seconds since the request was sent, bytes of that one read),
and the end. Lines are only ever appended, so a kill leaves at worst a last line cut short, be it
the header: that one line is forgiven, with a warning, and any other damage is an error that names
its line.

A file of an older version is converted step by step, version by version, before it is understood;
so all that follows knows only the newest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import attrs
import msgspec

from sseparse._errors import RecordingError, UnsupportedVersion
from sseparse.recording._read_times import ReadTimes

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".timing.jsonl"
VERSION_KEY = "sseparse_timing"
NEWEST_VERSION = 1

Line = tuple[int, object]
"""A line's number, counted from 1, and its JSON value. The number is for error messages."""

Converter = Callable[[list[Line]], list[Line]]

CONVERTERS: dict[int, Converter] = {}
"""Version n → what turns a file of version n into one of n + 1. None yet: 1 is the first."""

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Size = Annotated[int, msgspec.Meta(ge=0)]


@attrs.frozen
class Header:
    """What was asked for and what answered: the first line of the timing file.

    Attributes:
        started: when the request was sent, RFC 3339 in UTC, or None.
        request: method, url, headers and body as far as they may be kept, or None.
        status: the HTTP status code, or None.
        headers: the response's headers, name and value pairs in the order received.
        headers_at: when they came, in seconds since the request was sent, or None.
        decoded: the content coding, such as ``"gzip"``, that was undone before the body was
            recorded, or None.
        timed: whether there are times at all; a file without has no reads, and is kept for what
            it says of request and response.
        extra: keys of the file that are not known here, kept to be written back.
    """

    started: str | None = None
    request: Mapping[str, object] | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    headers_at: Seconds | None = None
    decoded: str | None = None
    timed: bool = True
    extra: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen
class End:
    """How the stream ended: the last line of the timing file.

    Attributes:
        reason: ``"eof"``, the server ended it; ``"truncated"``, it closed the connection before the
            end of the body; ``"reset"``, the connection was reset; ``"timeout"``;
            ``"client_closed"``, the client went away first; ``"interrupted"``, the recorder did, as
            where the timing file has no end line; ``"bad_content_encoding"``, the body could not be
            decompressed; ``"error"``, anything else; or whatever the file says.
        t: when it ended, in seconds since the request was sent, or None.
        bytes: the length of the whole body, or None.
        sha256: the body's SHA-256 in hexadecimal, or None.
        extra: keys of the file that are not known here, kept to be written back.
    """

    reason: str
    t: Seconds | None = None
    bytes: Size | None = None
    sha256: str | None = None
    extra: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen
class Timing:
    """A timing file, understood.

    Attributes:
        header: its first line.
        reads: time in seconds and size in bytes of each network read.
        end: its last line, or ``End("interrupted")``.
        warnings: what was forgiven, one line each.
    """

    header: Header
    reads: ReadTimes
    end: End
    warnings: tuple[str, ...] = ()


def sidecar_path(path: str | os.PathLike[str]) -> Path:
    """Return where the timing of a body lies.

    >>> sidecar_path("fixture.txt").name
    'fixture.txt.timing.jsonl'
    """
    from pathlib import Path  # see Recording.load

    return Path(os.fspath(path) + SUFFIX)


def encode_header(header: Header) -> bytes:
    r"""Return the first line of a timing file.

    >>> encode_header(Header(status=200, extra={"note": "x"}))
    b'{"sseparse_timing":1,"status":200,"note":"x"}\n'
    """
    return _encode({VERSION_KEY: NEWEST_VERSION, **_said(header)}, header.extra)


def encode_read(time: float, size: int) -> bytes:
    r"""Return the line of one network read; the time is rounded to microseconds.

    >>> encode_read(0.25, 310)
    b'[0.250000,310]\n'
    """
    return b"[%.6f,%d]\n" % (time, size)


def encode_end(end: End) -> bytes:
    r"""Return the last line of a timing file.

    >>> encode_end(End("eof", t=0.5, bytes=7))
    b'{"end":"eof","t":0.5,"bytes":7}\n'
    """
    fields = _said(end)
    return _encode({"end": fields.pop("reason"), **fields}, end.extra)


def _said(line: Header | End) -> dict[str, object]:
    """Return the fields that differ from what they are where a file does not name them."""
    return {
        field.name: value
        for field in attrs.fields(type(line))
        if field.name != "extra" and (value := getattr(line, field.name)) != field.default
    }


def _encode(fields: dict[str, object], extra: Mapping[str, object]) -> bytes:
    return msgspec.json.encode({**fields, **extra}) + b"\n"


def parse(data: bytes, path: str) -> Timing:
    r"""Understand the content of a timing file.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        UnsupportedVersion: a newer sseparse wrote it.
        RecordingError: it has no header, a line other than the last is damaged, or a time is
            negative or earlier than the one before.

    >>> timing = parse(b'{"sseparse_timing":1}\n[0.25,3]\n{"end":"eof"}\n', "a.timing.jsonl")
    >>> list(timing.reads), timing.end.reason
    ([(0.25, 3)], 'eof')
    """
    if _cut_in_header(data):
        return Timing(Header(), ReadTimes(), End("interrupted"), (f"{path}: {_NO_RESPONSE}",))
    warnings: list[str] = []
    lines = _newest(_decode_lines(data, path, warnings), path)
    header = _header(next(lines)[1], path)
    reads = ReadTimes()
    latest = 0.0
    end: End | None = None
    for number, value in lines:  # one at a time: there may be millions
        if end is not None:
            raise RecordingError("the end line must be the last line", path, number)
        if isinstance(value, dict):
            end = _end(value, path, number)
            time = latest if end.t is None else end.t
        else:
            time, size = _read(value, path, number)
            reads.append(time, size)
        if time < latest:
            raise RecordingError(
                f"time goes back, from {latest} to {time} seconds; times count from the request",
                path,
                number,
            )
        latest = time
    if end is None:
        end = End("interrupted")
        warnings.append(f"{path}: no end line; the recording was interrupted")
    return Timing(header, reads, end, tuple(warnings))


_NO_RESPONSE = "the recording was interrupted before the response came"


def _cut_in_header(data: bytes) -> bool:
    """Tell a file whose recorder was killed before it had written the first line.

    A file that holds something else is none of ours.
    """
    start = f'{{"{VERSION_KEY}":'.encode()
    return (
        b"\n" not in data
        and (start.startswith(data) or data.startswith(start))
        and not _is_json(data)
    )


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return False
    return True


def _decode_lines(data: bytes, path: str, warnings: list[str]) -> Iterator[Line]:
    """Yield the JSON of each line; forgive the last one, never the first."""
    size = len(data.rstrip())
    number = start = 0
    while start < size or not number:
        end = data.find(b"\n", start, size)
        end = size if end < 0 else end
        raw_line = data[start:end]
        number += 1
        start = end + 1
        try:
            yield number, msgspec.json.decode(raw_line)
        except (ValueError, RecursionError):  # RecursionError: brackets nested by the thousand
            if number == 1:
                raise RecordingError(_no_header(raw_line), path, 1) from None
            if start < size:
                raise RecordingError(f"not JSON: {_start(raw_line)}", path, number) from None
            warnings.append(f"{path}:{number}: the last line is cut short; it is ignored")


def _newest(lines: Iterator[Line], path: str) -> Iterator[Line]:
    """Yield the lines as the newest version has them."""
    first = next(lines)
    # At once: a newer format need not be made of lines of JSON further down.
    version = _version(first[1], path)
    if version == NEWEST_VERSION:
        yield first
        yield from lines
        return
    converted = [first, *lines]
    for older in range(version, NEWEST_VERSION):
        if older not in CONVERTERS:
            raise RecordingError(f"timing format version {older} was never in use", path, 1)
        converted = CONVERTERS[older](converted)
    yield from converted


def _version(value: object, path: str) -> int:
    version = value.get(VERSION_KEY) if isinstance(value, dict) else None
    if type(version) is not int:  # True is an int too, and no version
        raise RecordingError(_no_header(msgspec.json.encode(value)), path, 1)
    if version > NEWEST_VERSION:
        raise UnsupportedVersion(path, version, NEWEST_VERSION)
    return version


def _no_header(line: bytes) -> str:
    what = f"this is not it: {_start(line)}" if line.strip() else "the file is empty"
    return (
        f'no header; the first line should start with {{"{VERSION_KEY}":{NEWEST_VERSION}, but '
        f'{what}; timing="none" reads the body without this file'
    )


def _header(value: object, path: str) -> Header:
    if not isinstance(value, dict):
        raise RecordingError(_no_header(msgspec.json.encode(value)), path, 1)
    fields, extra = _known(value, Header, VERSION_KEY)
    try:
        return attrs.evolve(msgspec.convert(fields, Header), extra=extra)
    except msgspec.ValidationError as error:
        raise RecordingError(f"bad header: {error}", path, 1) from None


def _read(value: object, path: str, number: int) -> tuple[float, int]:
    try:
        return msgspec.convert(value, tuple[Seconds, Size])
    except msgspec.ValidationError as error:
        raise RecordingError(
            f"expected [seconds, bytes] or the end line, got {_start(msgspec.json.encode(value))} "
            f"({error})",
            path,
            number,
        ) from None


def _end(value: dict[str, object], path: str, number: int) -> End:
    fields, extra = _known(value, End, "end")
    fields["reason"] = value.get("end")
    try:
        return attrs.evolve(msgspec.convert(fields, End), extra=extra)
    except msgspec.ValidationError as error:
        raise RecordingError(
            f'bad end line, expected {{"end": …}}: {error}', path, number
        ) from None


def _known(
    value: dict[str, object], cls: type[attrs.AttrsInstance], own_key: str
) -> tuple[dict[str, object], dict[str, object]]:
    """Split a line's keys into those of the class and the rest, less the key that marks the line.

    ``extra`` and ``reason`` are names of ours, not of the file: a file that has them means others.
    """
    names = {field.name for field in attrs.fields(cls)} - {"extra", "reason"}
    fields = {key: item for key, item in value.items() if key in names}
    extra = {key: item for key, item in value.items() if key not in names and key != own_key}
    return fields, extra


def _start(line: bytes) -> str:
    """Show where a line begins: enough to find it, not so much as to fill the screen."""
    text = line[:60].decode("utf-8", "backslashreplace")
    return repr(text + ("…" if len(line) > 60 else ""))
