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
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import attrs
import msgspec

from sseparse.recording._keys import hide_keys, names_credential

REDACTED = "REDACTED"

Headers = Iterable[tuple[str, str]]
"""Name and value pairs, in order; names in any case."""

_MEDIA_TYPE = (
    r"(?:application/(?:json|x-ndjson|jsonl|x-www-form-urlencoded|octet-stream"
    r"|vnd\.amazon\.eventstream)|multipart/form-data|text/(?:event-stream|plain|html|\*)|\*/\*)"
)
_CODING = r"(?:identity|gzip|deflate|br|zstd|compress|\*)"
_Q = r"(?:;[ \t]*q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_VERSION = rf"(?:{_DATE}(?:-preview)?|v?\d{{1,4}}(?:\.\d{{1,4}}){{0,3}})"
_BETA = rf"(?:(?:[a-z]{{1,14}}|\d{{1,3}}[a-z]?)-){{1,6}}(?:{_DATE}|\d{{8}})"


def _one(item: str) -> re.Pattern[str]:
    return re.compile(item, re.ASCII | re.IGNORECASE)


def _list_of(item: str) -> re.Pattern[str]:
    return _one(rf"{item}(?:[ \t]*,[ \t]*{item})*")


REQUEST_HEADERS: Mapping[str, re.Pattern[str]] = {
    "accept": _list_of(_MEDIA_TYPE + _Q),
    "accept-encoding": _list_of(_CODING + _Q),
    "anthropic-beta": _list_of(_BETA),
    "anthropic-version": _one(_DATE),
    "content-encoding": _list_of(_CODING),
    "content-length": _one(r"\d{1,12}"),
    "content-type": _one(rf"{_MEDIA_TYPE}(?:;[ \t]*charset=\"?utf-8\"?)?"),
    "last-event-id": _one(r"\d{1,10}"),
    "mcp-protocol-version": _one(_DATE),
    "openai-beta": _list_of(r"(?:assistants|responses|realtime|chatkit_beta)=v\d"),
}
"""Headers of a request that are kept, and what they may say. In none of them is room for a key."""

RESPONSE_HEADERS = re.compile(
    r"age|alt-svc|anthropic-ratelimit-[\w-]+|cache-control|connection|content-encoding"
    r"|content-length|content-type|date|keep-alive|openai-processing-ms|openai-version|request-id"
    r"|retry-after(?:-ms)?|server|server-timing|trailer|transfer-encoding|vary|via"
    r"|x-envoy-upstream-service-time|x-ratelimit-[\w-]+|x-request-id",
    re.ASCII,
)
"""Names of response headers that are kept; cookies and ids of organisations are not among them."""

QUERY_PARAMETERS: Mapping[str, re.Pattern[str]] = {
    "alt": _one(r"sse|json|proto|media"),
    "api-version": _one(_VERSION),
    "beta": _one(r"true|false"),
    "stream": _one(r"true|false|0|1"),
    "version": _one(_VERSION),
}
"""Parameters of a query string that are kept, and what they may say: Gemini's hold the key too."""

METHODS = frozenset(
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"]
)

_SCHEMES = ("http", "https", "ws", "wss")
_HOST = re.compile(r"[\w.-]+|[\da-f:.]*:[\da-f:.]*")

# What a part of a path is made of once it is unquoted: names, versions, and models with all their
# slashes, colons and at-signs. Neither parameters (``;token=…``) nor whole URLs with a query.
_PATH_PART = re.compile(r"[\w.~@:+$*!(),/ -]*")
_PASSWORD = re.compile(r"(?:^|/)[^/@:]+:[^/@]*@")
_RANDOM = re.compile(r"(?<![A-Za-z0-9])(?=[0-9]*[A-Za-z])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{24,}")
"""Letters and digits, mixed, without any joint: an id or a key, and no word of an API."""

_AUTHORIZATION = re.compile(r"\b(Bearer|Basic|Token)[ \t]+[^\s,;'\"]+", re.IGNORECASE)
_URL = re.compile(r"(?:https?|wss?)://[^\s\"'<>]*", re.IGNORECASE)

_DEEPEST = 200
"""Levels of a JSON body; none that is meant for a model has as many, and Python's stack has few."""


def _as_pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(headers)


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
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs, repr=False)
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
            "method": method if (method := self.method.upper()) in METHODS else REDACTED,
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
        (name.lower(), stripped)
        for name, value in headers
        if (allowed := REQUEST_HEADERS.get(name.lower()))
        and allowed.fullmatch(stripped := value.strip(" \t"))
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

    A part of the path that looks like a key becomes ``REDACTED``; what is neither a URL of HTTP nor
    a path is not kept.

    >>> kept_url("https://api.example/v1/sk-proj-abcdefghijklmnopqrstuvwx/chat?key=1&alt=sse")
    'https://api.example/v1/REDACTED/chat?alt=sse'
    """
    try:
        parts = urlsplit(_unicode(url))
        netloc = _kept_host(parts)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return REDACTED
    known = netloc and parts.scheme in (*_SCHEMES, "")
    if not known and (netloc or parts.scheme or not parts.path.startswith("/")):
        return REDACTED if url else ""
    query = [
        (name, value)
        for name, value in pairs
        if (allowed := QUERY_PARAMETERS.get(name)) and allowed.fullmatch(value)
    ]
    path = "/".join(_kept_path_part(part) for part in parts.path.split("/"))
    return urlunsplit((parts.scheme, netloc, path, urlencode(query), ""))


def _kept_host(parts: SplitResult) -> str:
    """Return host and port, without user and password.

    Raises:
        ValueError: it is none, such as one with a quoted user and password in it.
    """
    host = parts.hostname or ""
    if ":" in host:
        host = host.partition("%")[0]  # the zone of an IPv6 address (RFC 6874) is free text
    if host and not _HOST.fullmatch(host):
        raise ValueError("no host")
    port = "" if parts.port is None else f":{parts.port}"
    return (f"[{host}]" if ":" in host else hide_keys(host)) + port


def _kept_path_part(part: str) -> str:
    plain = unquote(part)
    if (
        not _PATH_PART.fullmatch(plain)
        or _PASSWORD.search(plain)
        or _RANDOM.search(plain)
        or hide_keys(plain) != plain
    ):
        return REDACTED
    return part


def kept_text(text: str) -> str:
    """Return what an error says, as far as it may be kept: with its URLs cut, its keys hidden.

    >>> kept_text("no answer from https://a.example/v1?key=hunter2 in time")
    'no answer from https://a.example/v1 in time'
    """
    text = _URL.sub(lambda match: kept_url(match[0]), _unicode(text))
    return hide_keys(_AUTHORIZATION.sub(rf"\1 {REDACTED}", text))


def kept_body(body: bytes) -> object:
    """Return a JSON body less its credentials, or None where it is no JSON.

    >>> kept_body(b'{"model": "m", "max_tokens": 5, "tools": [{"headers": {"X": "y"}}]}')
    {'model': 'm', 'max_tokens': 5, 'tools': [{'headers': {'X': 'REDACTED'}}]}
    """
    try:
        return _scrubbed(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        return None


def _scrubbed(value: object, *, secret: bool = False, level: int = 0) -> object:
    if level > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        # {"name": "API_KEY", "value": "…"}, as lists of headers and of environments have it
        named = any(
            isinstance(name := value.get(key), str) and names_credential(name)
            for key in ("name", "key")
        )
        return {
            hide_keys(name): _scrubbed(
                item,
                secret=secret or (named and name == "value") or names_credential(name),
                level=level + 1,
            )
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_scrubbed(item, secret=secret, level=level + 1) for item in value]
    if isinstance(value, str):
        return REDACTED if secret and value else _scrubbed_text(value, level)
    return REDACTED if secret and type(value) in (int, float) else value


def _scrubbed_text(text: str, level: int) -> str:
    """Return a text less its keys; a URL or JSON (as arguments of tools are) by its own rules."""
    if _URL.fullmatch(text):
        return hide_keys(kept_url(text))
    if text.lstrip()[:1] in ("{", "["):
        try:
            decoded = msgspec.json.decode(text)
            scrubbed = _scrubbed(decoded, level=level + 1)
        except (ValueError, RecursionError):
            return hide_keys(text)
        if scrubbed != decoded:
            return msgspec.json.encode(scrubbed).decode()
    return hide_keys(text)


def _unicode(text: str) -> str:
    """Return text without half surrogate pairs, which JSON in UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()
