"""A request, taken from a connection, and all that it may ask for besides a recording."""

from __future__ import annotations

import functools
import re
from urllib.parse import parse_qs

import attrs
import h11

from sseparse.recording import Request
from sseparse.recording._redaction import REDACTED, kept_url
from sseparse.server._heads import BadRequest

RECORDING_HEADER = "x-sseparse-recording"
FAULT_HEADER = "x-sseparse-fault"

NO_PROXY = "this is no proxy: make its URL the base_url of the client"


@attrs.frozen
class Asked:
    """A request, understood.

    Attributes:
        request: as it came.
        path: of its target.
        name: the recording it names, or None.
        faults: those it names, as text.
        last_event_id: the last event the client has, or ``""``.
        origin: the web page it comes from, or None.
        chunked: whether the client knows chunks: it speaks HTTP/1.1.
        kept_alive: whether the client may ask again on the connection.
    """

    request: Request
    path: str
    name: str | None
    faults: str
    last_event_id: str
    origin: str | None
    chunked: bool
    kept_alive: bool

    def header(self, name: str) -> str | None:
        """Return the value of a header; None, if there is none."""
        return next((value for key, value in self.request.headers if key == name), None)

    @property
    def method(self) -> str:
        """The method, such as ``"POST"``."""
        return self.request.method


def understand(request: h11.Request, body: bytes) -> Asked:
    """Return what is asked for.

    Raises:
        BadRequest: it is no request for an origin server.
    """
    if request.http_version not in (b"1.0", b"1.1"):
        version = request.http_version.decode()
        raise BadRequest(505, f"HTTP/{version} is not spoken here, only HTTP/1.1 and HTTP/1.0")
    target = request.target.decode("latin-1")
    if not (target.startswith("/") or (target == "*" and request.method == b"OPTIONS")):
        raise BadRequest(400, NO_PROXY)
    headers = [(name.decode(), value.decode("latin-1")) for name, value in request.headers]
    found = dict(reversed(headers))  # the first of each name
    path, _, query = target.partition("?")
    named = parse_qs(query, max_num_fields=None).get("recording", [None])[0] if query else None
    return Asked(
        request=Request(
            request.method.decode("latin-1"),
            f"http://{_authority(found.get('host', ''))}{target.removeprefix('*')}",
            headers,
            body or None,
        ),
        path=path,
        name=named or found.get(RECORDING_HEADER) or None,
        faults=found.get(FAULT_HEADER, ""),
        # (It may be any text, and is sent as UTF-8: WHATWG HTML, section 9.2.4.)
        last_event_id=_utf8(found.get("last-event-id", "")),
        origin=found.get("origin"),
        chunked=request.http_version == b"1.1",
        kept_alive=_kept_alive(request),
    )


@functools.lru_cache(maxsize=64)
def _authority(host: str) -> str:
    """Return what a Host header says, if that is a host; a URL without one would be none.

    HTTP/1.0 needs no such header, and a client may write anything into it.
    """
    if re.search(r"[/?#\\]", host) or kept_url(f"http://{host}/") == REDACTED:
        return "localhost"
    return host


def _kept_alive(request: h11.Request) -> bool:
    options = b",".join([value for name, value in request.headers if name == b"connection"])
    close = b"close" in [option.strip().lower() for option in options.split(b",")]
    return request.http_version == b"1.1" and not close


def _utf8(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "replace")


class Known:
    """Requests that came whole in one read, under their bytes.

    Who measures asks the same a thousand times; to read it anew takes h11 longer than to answer.
    """

    MANY = 64
    """Requests that are kept."""
    LARGEST = 4096
    """Bytes of one that is."""

    def __init__(self) -> None:
        self._asked: dict[bytes, Asked] = {}

    def get(self, data: bytes) -> Asked | None:
        """Return the request that these bytes are, if it is known."""
        return self._asked.get(data) if len(data) <= self.LARGEST else None

    def keep(self, data: bytes, asked: Asked) -> None:
        """Keep a request; the one that was kept first makes room."""
        if len(data) <= self.LARGEST:
            while len(self._asked) >= self.MANY:
                del self._asked[next(iter(self._asked))]
            self._asked[data] = asked
