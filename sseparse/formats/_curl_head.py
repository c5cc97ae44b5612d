"""Heads of requests and responses as curl shows them, and what it says at the end of a transfer."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from sseparse.recording import Request

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: |\r?\n|$)")

# What curl 7 and 8 say when a transfer is over, the worst first.
_ENDS = [
    (re.compile(rb"reset by peer|Connection was reset|SSL_ERROR_SYSCALL", re.IGNORECASE), "reset"),
    (re.compile(rb"timed out|too slow", re.IGNORECASE), "timeout"),
    (re.compile(rb"transfer closed with|end of response with|missing data"), "truncated"),
    (re.compile(rb"left intact|[Cc]losing connection|shutting down|end of file"), "eof"),
]


@attrs.frozen
class Head:
    """The head of a response.

    Attributes:
        status: the status code, or None where there is no status line.
        headers: name and value pairs.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def chunked(self) -> bool:
        """Whether the body has the chunked transfer coding."""
        return "chunked" in ",".join(self.values("transfer-encoding")).lower()

    @property
    def length(self) -> int | None:
        """What content-length says, if it does and no transfer coding overrules it."""
        for value in self.values("content-length"):
            if re.fullmatch(r"\d{1,15}", value) and not self.chunked:
                return int(value)
        return None


def parse_head(head: bytes) -> Head:
    r"""Understand the head of a response.

    >>> parse_head(b"HTTP/1.1 200 OK\r\nServer: a\r\n\r\n")
    Head(status=200, headers=(('Server', 'a'),))
    """
    match = _STATUS.match(head)
    return Head(int(match[1]) if match else None, _headers(head.split(b"\n")[1:]))


def is_interim(head: bytes) -> bool:
    """Whether a head is none yet, or one that another follows (RFC 9110, 15.2)."""
    status = parse_head(head).status
    return status is None or (100 <= status < 200 and status != 101)


def request_of(head: bytes, body: bytes | None, *, tls: bool) -> Request | None:
    r"""Return the request of a head, or None where it is no request.

    >>> request_of(b"GET /v1 HTTP/2\r\nHost: a.example\r\n\r\n", None, tls=True).url
    'https://a.example/v1'
    """
    lines = head.split(b"\n")
    words = lines[0].decode("latin-1").split()
    if len(words) < 2:
        return None
    headers = _headers(lines[1:])
    method, target = words[0], words[1]
    if target.startswith("/"):
        host = next((value for name, value in headers if name.lower() == "host"), "")
        target = f"{'https' if tls else 'http'}://{host}{target}"
    return Request(method, target, headers, body)


def end_of(infos: Iterable[bytes]) -> str:
    """Return the reason for an ``End`` from what curl said; ``"interrupted"`` if it said nothing.

    >>> end_of([b"Recv failure: Connection reset by peer", b"Closing connection 0"])
    'reset'
    """
    said = list(infos)
    for pattern, reason in _ENDS:
        if any(pattern.search(info) for info in said):
            return reason
    return "interrupted"


def _headers(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon and name and name == name.strip():
            pairs.append((name, value.strip()))
    return tuple(pairs)
