"""What a file is, told by its content, and the one function that reads any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sseparse._errors import RecordingError
from sseparse.formats._aimock import read_aimock
from sseparse.formats._curl_output import read_curl_i, read_curl_v, without_meter
from sseparse.formats._curl_trace import read_curl_trace
from sseparse.formats._documents import read_json
from sseparse.formats._exchange import Exchange, Imported, keep
from sseparse.formats._har import read_har
from sseparse.formats._mitmproxy import read_mitmproxy
from sseparse.formats._vcr import read_vcr

READERS: Mapping[str, Callable[[bytes, str], list[Exchange]]] = {
    "curl-trace": read_curl_trace,
    "curl-i": read_curl_i,
    "curl-v": read_curl_v,
    "har": read_har,
    "vcr": read_vcr,
    "mitmproxy": read_mitmproxy,
    "aimock": read_aimock,
}
"""What is read here, by the names that ``--from`` takes."""

LOOKED_AT = 2**16
"""Bytes at the start of a file that tell what it is."""

_PREFIX = rb"(?:\d\d:\d\d:\d\d(?:\.\d{1,6})? )?(?:\[\w+-\w+\] )?"
_TRACE = re.compile(rb"^%s(?:== Info:|=> Send |<= Recv )" % _PREFIX, re.MULTILINE)
_CURL_I = re.compile(rb"HTTP/\d(?:\.\d)? +\d{3}[ \r\n]")
_CURL_V = re.compile(
    rb"^%s(?:\* \S|\*   Trying|> [A-Z]+ \S+ HTTP/|< HTTP/\d|[{}] \[\d+ bytes data\])" % _PREFIX,
    re.MULTILINE,
)
_HAR = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"log\"\s*:")
_CASSETTE = re.compile(rb"^(?:http_)?interactions:|^- request:", re.MULTILINE)
_FLOW = re.compile(rb"\d{1,12}:\d{1,12}:\D")  # a tnetstring that holds a tnetstring
_EVENTS = re.compile(rb"(?:\xef\xbb\xbf)?(?::|(?:data|event|id|retry):)")


def detect_format(data: bytes, path: str) -> str:
    """Return the name of the format a file is in.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it is in none that is known here.

    >>> detect_format(b"HTTP/1.1 200 OK", "a.txt"), detect_format(b'{"log": {}}', "a.har")
    ('curl-i', 'har')
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and data[2:4].strip(b"\0") in (b"{", b"["):
        return _json_format(data, path)  # which takes UTF-16
    bare = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not bare:
        raise RecordingError("the file is empty", path)
    head = bare[:LOOKED_AT]
    if bare[:1] in (b"{", b"[") and not _TRACE.search(head[:4096]):  # a trace has ids: "[0-0] "
        return _json_format(data, path)
    for name, found in (
        ("curl-trace", _TRACE.search(head[:4096])),
        ("curl-i", _CURL_I.match(without_meter(head))),
        ("mitmproxy", _FLOW.match(head)),
        ("vcr", _CASSETTE.search(head)),
    ):
        if found:
            return name
    if _EVENTS.match(head):
        raise RecordingError("this is the event stream itself, a recording as it is", path)
    if _CURL_V.search(head) or _is_utf16_curl(data):
        return "curl-v"
    raise RecordingError(_unknown(), path)


def _is_utf16_curl(data: bytes) -> bool:
    """Whether PowerShell wrote what curl printed; the reader says what to do then."""
    return data.startswith(b"\xff\xfe") and data[2:3] in (b"*", b"H", b">", b" ")


def _json_format(data: bytes, path: str) -> str:
    if _HAR.match(data):  # the large ones: they are not to be read twice
        return "har"
    value = read_json(data, path)
    keys: set[object] = set()
    if isinstance(value, list):
        keys = set(value[0]) if value and isinstance(value[0], dict) else set()
    elif isinstance(value, dict):
        keys = set(value)
    if "log" in keys:
        return "har"
    if keys & {"interactions", "http_interactions"} or {"request", "response"} <= keys:
        return "vcr"
    if "fixtures" in keys or {"match", "response"} <= keys:
        return "aimock"
    raise RecordingError(f"JSON, but of no kind that is known here: {_unknown()}", path)


def _unknown() -> str:
    return f"it is not told what this is; --from says it, one of {', '.join(READERS)}"


def read_imports(
    data: bytes, path: str, source: str | None = None, *, request_body: bool = False
) -> tuple[str, list[Imported]]:
    r"""Return what can be imported from a file.

    Args:
        data: the whole file.
        path: its name, for messages.
        source: which format it is in, such as ``"har"``; None: find out.
        request_body: keep the JSON bodies of requests too, less their credentials.

    Returns:
        The name of the format, and each exchange in the file, in its order.

    Raises:
        RecordingError: it is not to be read, or a library is missing.

    >>> name, found = read_imports(b"HTTP/1.1 200 OK\r\n\r\n: ping", "a.txt")
    >>> name, found[0].recording.body, found[0].lacks[1]
    ('curl-i', b': ping', 'the times')
    """
    if not data.strip():
        raise RecordingError("the file is empty", path)
    name = source or detect_format(data, path)
    return name, [
        keep(exchange, number, name, path, request_body=request_body)
        for number, exchange in enumerate(READERS[name](data, path), 1)
    ]
