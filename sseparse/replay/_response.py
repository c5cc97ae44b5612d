"""What a recording sends when it answers a request again: status, headers, and how it ends.

Every way to replay over HTTP (the server, the transports, the adapters) asks here, so that a
recording is the same response whoever plays it.
"""

from __future__ import annotations

from enum import Enum

from sseparse.recording import Recording

# Of the connection it came by, not of the response: the new connection has its own (RFC 9110,
# 7.6.1). And what would send a client elsewhere, or tell it of a clock that is long past.
_OF_THE_CONNECTION = frozenset(
    [
        "alt-svc",
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "trailer",
        "transfer-encoding",
        "via",
    ]
)


class Ending(Enum):
    """What a client sees of how a stream ended."""

    FINISH = "finish"  # the body ends as HTTP has it end
    CUT = "cut"  # the connection is closed before the end of the body
    RESET = "reset"  # the connection is reset
    SILENCE = "silence"  # nothing comes any more; the connection stays open


_ENDINGS = {
    # Whoever went away first, the server had not broken anything.
    "eof": Ending.FINISH,
    "client_closed": Ending.FINISH,
    "reset": Ending.RESET,
    "timeout": Ending.SILENCE,
}


def status_of(recording: Recording) -> int:
    """Return the HTTP status code to answer with; 200 where none was recorded.

    >>> status_of(Recording.from_bytes(b""))
    200
    """
    header = recording.header
    return 200 if header is None or header.status is None else header.status


def headers_of(recording: Recording) -> list[tuple[str, str]]:
    """Return the response headers to answer with, names in lower case, in the order recorded.

    Those of the connection are left out, and the content coding where it was undone. A recording
    that says nothing of its content type is an event stream.

    >>> headers_of(Recording.from_bytes(b""))
    [('content-type', 'text/event-stream')]
    """
    header = recording.header
    recorded = () if header is None else header.headers
    dropped = _OF_THE_CONNECTION
    if header is not None and header.decoded is not None:
        dropped |= {"content-encoding"}
    headers = [(name, value) for name, value in recorded if name.lower() not in dropped]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/event-stream"))
    return headers


def ending_of(recording: Recording) -> Ending:
    r"""Return how the response shall end: as the recorded one did.

    A stream whose rest is not known (its recorder was interrupted, or could not go on) is cut.

    >>> ending_of(Recording.from_bytes(b"data: [DONE]\n\n"))
    <Ending.FINISH: 'finish'>
    """
    return _ENDINGS.get(recording.end.reason, Ending.CUT)
