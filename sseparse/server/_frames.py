"""A recording as the bytes that go over a connection, made once and shared by all that play it.

The whole body is one run of bytes, framed as HTTP has it: each read is one chunk. Where each begins
is known, so that one write takes one chunk, or all that are due together, without a copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

import attrs
import h11

from sseparse._errors import RecordingError
from sseparse.recording import Read, Recording
from sseparse.replay import Ending, ending_of, headers_of, status_of

END_OF_BODY = b"0\r\n\r\n"

WITHOUT_BODY = (204, 304)
"""Statuses of responses that have none (RFC 9110, sections 15.3.5 and 15.4.5)."""


@attrs.frozen(eq=False)
class Frames:
    """A recording, ready to be sent.

    Attributes:
        name: of the recording.
        status: of the response.
        head: status line and headers, without the line end that closes the head.
        head_at: when the head is due, in seconds since the request.
        wire: the framed body.
        offsets: where each chunk begins in ``wire``, and where the last ends.
        times: when each chunk is due.
        ending: how the response ends.
        ends_at: when.
    """

    name: str
    status: int
    head: bytes
    head_at: float
    wire: memoryview = attrs.field(repr=False)
    offsets: tuple[int, ...] = attrs.field(repr=False)
    times: tuple[float, ...] = attrs.field(repr=False)
    ending: Ending
    ends_at: float


def make_frames(recording: Recording, name: str, *, chunked: bool = True) -> Frames:
    r"""Return what is sent for a recording.

    Args:
        recording: as it is to be played.
        name: what it is called in messages.
        chunked: frame the body as HTTP/1.1 has it; HTTP/1.0 ends it with the connection.

    Raises:
        RecordingError: its status or headers cannot be sent.

    >>> frames = make_frames(Recording.from_bytes(b"data: 1\n\ndata: 2\n\n"), "two")
    >>> frames.offsets, bytes(frames.wire)
    ((0, 14, 28), b'9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n')
    """
    status = status_of(recording)
    bodyless = status in WITHOUT_BODY
    reads = [] if bodyless else [read for read in recording.reads if read.data]
    offsets = [0]
    pieces = []
    for piece in _framed(reads, chunked=chunked):
        pieces.append(piece)
        offsets.append(offsets[-1] + len(piece))
    if chunked and not bodyless:
        pieces.append(END_OF_BODY)
    header = recording.header
    first = reads[0].time if reads else recording.duration
    head_at = 0.0 if header is None or header.headers_at is None else header.headers_at
    return Frames(
        name=name,
        status=status,
        head=make_head(recording, name, chunked=chunked and not bodyless),
        head_at=min(head_at, first),
        wire=memoryview(b"".join(pieces)),
        offsets=tuple(offsets),
        times=tuple([read.time for read in reads]),
        ending=ending_of(recording),
        ends_at=recording.duration,
    )


def _framed(reads: Iterable[Read], *, chunked: bool) -> Iterable[bytes]:
    if not chunked:
        return (read.data for read in reads)
    return (b"%x\r\n%b\r\n" % (len(read.data), read.data) for read in reads)


def make_head(recording: Recording, name: str, *, chunked: bool = True) -> bytes:
    """Return status line and headers, without the line end that closes the head.

    Raises:
        RecordingError: they cannot be sent.
    """
    status = status_of(recording)
    headers = headers_of(recording)
    if chunked:
        headers.append(("transfer-encoding", "chunked"))
    try:
        response = h11.Response(
            status_code=status,
            headers=[(key.encode("ascii"), value.encode("latin-1")) for key, value in headers],
        )
    except (h11.LocalProtocolError, UnicodeError) as error:
        where = name if recording.path is None else str(recording.path)
        raise RecordingError(f"its response cannot be sent: {error}", where) from None
    lines = [b"HTTP/1.1 %d %b" % (status, _reason(status))]
    lines += [b"%b: %b" % pair for pair in response.headers.raw_items()]
    return b"\r\n".join(lines) + b"\r\n"


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:  # one that is in no list, such as Anthropic's 529
        return b""
