"""What of a request and a response may be written down: by allow-list, never by deny-list.

A recording is shared: committed, attached to an issue, sent to a colleague. So of headers and query
strings only what is known to be harmless is kept, and that is judged by the value as well as by the
name: ``content-type: application/json`` is harmless, ``content-type: hunter2`` may be a mistake.
Whatever is not on the lists is left out whole, name and value.

Bodies of requests are kept only where somebody asks for it, and then as JSON, with every field that
by its name holds a credential, and every string that looks like one, made ``"REDACTED"``. Bodies of
responses are never touched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs
import msgspec

from sseparse.recording._keys import hide_keys

REDACTED = "REDACTED"

Headers = Iterable[tuple[str, str]]
"""Name and value pairs, in order; names in any case."""

_MEDIA_TYPE = (
    r"(?:application/(?:json|x-ndjson|jsonl|x-www-form-urlencoded|octet-stream"
    r"|vnd\.amazon\.eventstream)|multipart/form-data|text/(?:event-stream|plain|html)|\*/\*)"
)
_CODING = r"(?:identity|gzip|deflate|br|zstd|compress|\*)"
_Q = r"(?:;\s*q=[\d.]+)?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_VERSION = rf"(?:{_DATE}(?:-preview)?|v?\d+(?:\.\d+)*)"


def _list_of(item: str) -> re.Pattern[str]:
    return re.compile(rf"{item}(?:\s*,\s*{item})*", re.IGNORECASE)


REQUEST_HEADERS: Mapping[str, re.Pattern[str]] = {
    "accept": _list_of(_MEDIA_TYPE + _Q),
    "accept-encoding": _list_of(_CODING + _Q),
    "anthropic-beta": _list_of(rf"[a-z0-9.-]{{1,40}}-{_DATE}"),
    "anthropic-version": re.compile(_DATE),
    "content-encoding": _list_of(_CODING),
    "content-length": re.compile(r"\d{1,15}"),
    "content-type": re.compile(rf"{_MEDIA_TYPE}(?:;\s*charset=utf-8)?", re.IGNORECASE),
    "last-event-id": re.compile(r"\d{1,10}"),
    "mcp-protocol-version": re.compile(_DATE),
    "openai-beta": _list_of(r"(?:assistants|responses|realtime|chatkit_beta)=v\d"),
}
"""Headers of a request that are kept, and what they may say. In none of them is room for a key."""

RESPONSE_HEADERS = re.compile(
    r"age|alt-svc|anthropic-ratelimit-[\w-]+|cache-control|connection|content-encoding"
    r"|content-length|content-type|date|keep-alive|openai-processing-ms|openai-version|request-id"
    r"|retry-after(?:-ms)?|server|server-timing|trailer|transfer-encoding|vary|via"
    r"|x-envoy-upstream-service-time|x-ratelimit-[\w-]+|x-request-id"
)
"""Names of response headers that are kept; cookies and ids of organisations are not among them."""

QUERY_PARAMETERS: Mapping[str, re.Pattern[str]] = {
    "alt": re.compile(r"sse|json|proto|media"),
    "api-version": re.compile(_VERSION),
    "beta": re.compile(r"true|false"),
    "stream": re.compile(r"true|false|0|1"),
    "version": re.compile(_VERSION),
}
"""Parameters of a query string that are kept, and what they may say: Gemini's hold the key too."""

_CREDENTIAL = re.compile(
    r"(?:.*[_-])?(?:api[_-]?key|access[_-]?key|private[_-]?key|secret|token|password|passwd|auth"
    r"|authorization|credentials?|cookies?|bearer)|key|headers|.*apikey|.*secret|.*password"
    r"|.*[a-z]token|.*accesskey|.*privatekey|.*secretkey",
    re.IGNORECASE,
)
"""Names of fields of a JSON body that hold credentials, such as those for an MCP server."""


@attrs.frozen
class Request:
    """A request, as it was sent. A recorder keeps of it what these rules let through.

    Attributes:
        method: such as ``"POST"``.
        url: the whole URL.
        headers: name and value pairs.
        body: its body, or None where that is not known.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=tuple, repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)

    def kept(self, *, body: bool = False) -> dict[str, object]:
        """Return what may be written down of it.

        Args:
            body: keep the JSON body too, less its credentials.

        >>> request = Request("POST", "https://me:pw@a.example/v1?key=x&alt=sse", [("X-Key", "k")])
        >>> request.kept()
        {'method': 'POST', 'url': 'https://a.example/v1?alt=sse', 'headers': []}
        """
        kept: dict[str, object] = {
            "method": self.method if re.fullmatch(r"[A-Z]{1,16}", self.method) else REDACTED,
            "url": kept_url(self.url),
            "headers": kept_request_headers(self.headers),
        }
        if body and self.body:
            kept["body"] = kept_body(self.body)
        return kept


def kept_request_headers(headers: Headers) -> list[tuple[str, str]]:
    """Return the headers of a request that may be written down, names in lower case.

    >>> kept_request_headers([("Accept", "*/*"), ("Authorization", "Bearer x"), ("Accept", "x")])
    [('accept', '*/*')]
    """
    return [
        (name.lower(), value)
        for name, value in headers
        if (allowed := REQUEST_HEADERS.get(name.lower())) and allowed.fullmatch(value.strip())
    ]


def kept_response_headers(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Return the headers of a response that may be written down, names in lower case.

    >>> kept_response_headers([("Content-Type", "text/event-stream"), ("Set-Cookie", "a=b")])
    (('content-type', 'text/event-stream'),)
    """
    return tuple(
        (name.lower(), hide_keys(_unicode(value)))
        for name, value in headers
        if RESPONSE_HEADERS.fullmatch(name.lower())
    )


def kept_url(url: str) -> str:
    """Return a URL without user, password, fragment, and what its query may not keep.

    A part of the path that looks like a key becomes ``REDACTED``; what is no URL is not kept.

    >>> kept_url("https://api.example/v1/sk-proj-abcdefghijklmnopqrstuvwx/chat?key=1&alt=sse")
    'https://api.example/v1/REDACTED/chat?alt=sse'
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return REDACTED
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port is not None else ""
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if (allowed := QUERY_PARAMETERS.get(name)) and allowed.fullmatch(value)
    ]
    path = "/".join(hide_keys(part) for part in _unicode(parts.path).split("/"))
    return urlunsplit((parts.scheme, netloc, path, urlencode(query), ""))


def kept_body(body: bytes) -> object:
    """Return a JSON body less its credentials, or None where it is no JSON.

    >>> kept_body(b'{"model": "m", "max_tokens": 5, "tools": [{"headers": {"X": "y"}}]}')
    {'model': 'm', 'max_tokens': 5, 'tools': [{'headers': {'X': 'REDACTED'}}]}
    """
    try:
        return _scrubbed(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        return None


def _scrubbed(value: object, *, secret: bool = False) -> object:
    if isinstance(value, dict):
        return {
            _scrubbed(name): _scrubbed(item, secret=secret or bool(_CREDENTIAL.fullmatch(name)))
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_scrubbed(item, secret=secret) for item in value]
    if isinstance(value, str):
        return REDACTED if secret and value else hide_keys(value)
    return REDACTED if secret and type(value) in (int, float) else value


def _unicode(text: str) -> str:
    """Return text without half surrogate pairs, which JSON in UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()
