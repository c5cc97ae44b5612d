"""VCR cassettes: vcrpy's, in YAML or JSON, and those of Ruby's VCR and its many ports.

vcrpy writes ``interactions`` with ``response.body.string``, Ruby writes ``http_interactions`` with
``response.body.string`` or ``base64_string``, and ``recorded_at``. Both keep the body whole, and
compressed if it came so; neither keeps a time within it. YAML is read by a safe loader only.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from sseparse._errors import RecordingError
from sseparse.formats._documents import as_bytes, convert, from_base64, read_json, read_yaml
from sseparse.formats._exchange import (
    BOUNDARIES,
    END,
    TIMES,
    Exchange,
    parse_rfc3339,
    rfc3339,
    untimed,
)
from sseparse.recording import Request


class _Request(msgspec.Struct):
    method: str = "GET"
    uri: str = ""
    headers: dict[str, object] | list[object] | None = None
    body: object = None


class _Status(msgspec.Struct):
    code: int | None = None


class _Response(msgspec.Struct):
    status: _Status | int | None = None
    status_code: int | None = None  # vcrpy with httpx, before 6.0
    headers: dict[str, object] | list[object] | None = None
    body: object = None
    content: object = None  # likewise


class _Interaction(msgspec.Struct):
    request: _Request
    response: _Response
    recorded_at: object = None


class _Cassette(msgspec.Struct):
    interactions: list[object] | None = None
    http_interactions: list[object] | None = None


def read_vcr(data: bytes, path: str) -> list[Exchange]:
    """Return the interactions of a cassette.

    Args:
        data: the whole file, YAML or JSON.
        path: its name, for messages.

    Raises:
        RecordingError: it is no cassette, or asks for anything but plain data.

    >>> cassette = b'''
    ... interactions:
    ... - request: {method: POST, uri: "https://a.example/v1", body: null, headers: {}}
    ...   response: {status: {code: 200}, headers: {}, body: {string: "data: 1"}}
    ... '''
    >>> read_vcr(cassette, "a.yaml")[0].reads
    (Read(time=0.0, data=b'data: 1'),)
    """
    json = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    value = read_json(data, path) if json else read_yaml(data, path)
    if isinstance(value, list):  # vcrpy before 1.0
        value = {"interactions": value}
    cassette = convert(value, _Cassette, "no cassette", path)
    interactions = cassette.interactions
    if interactions is None:
        interactions = cassette.http_interactions
    if interactions is None:
        raise RecordingError("no cassette: it has neither interactions nor http_interactions", path)
    return [
        _exchange(convert(item, _Interaction, f"entry {number}", path), f"entry {number}", path)
        for number, item in enumerate(interactions, 1)
    ]


def _exchange(interaction: _Interaction, what: str, path: str) -> Exchange:
    request, response = interaction.request, interaction.response
    status = response.status
    body = response.content if response.body is None else response.body
    recorded_at = interaction.recorded_at
    when = _time(recorded_at) if isinstance(recorded_at, (str, datetime)) else None
    return Exchange(
        untimed(_bytes(body, f"{what}: the body", path)),
        request=Request(
            request.method.upper(),
            request.uri,
            _pairs(request.headers),
            _bytes(request.body, f"{what}: the request's body", path),
        ),
        status=status.code if isinstance(status, _Status) else status or response.status_code,
        headers=_pairs(response.headers),
        lacks=(TIMES, BOUNDARIES, END),
        extra={} if when is None else {"recorded_at": rfc3339(when)},
        recorded_at=when,
    )


def _time(value: str | datetime) -> datetime | None:
    """Understand ``recorded_at``: an HTTP date in Ruby's, ISO 8601 in others'."""
    text = str(value)
    try:
        time = parsedate_to_datetime(text)
    except ValueError:
        return parse_rfc3339(text)
    return parse_rfc3339(time.isoformat())


def _bytes(body: object, what: str, path: str) -> bytes:
    if isinstance(body, dict):
        coded = body.get("base64_string")
        if isinstance(coded, (str, bytes)):
            return from_base64(coded, what, path)
        body = body.get("string")
    return as_bytes(body, what, path)


def _pairs(headers: dict[str, object] | list[object] | None) -> tuple[tuple[str, str], ...]:
    """Return pairs; the value of a header is a text or a list of them.

    The oldest vcrpy wrote the headers of responses as lines, such as ``"name: value"``.
    """
    pairs = []
    if isinstance(headers, list):
        lines = [str(line).partition(":") for line in headers]
        return tuple((name, value.strip()) for name, colon, value in lines if colon)
    for name, value in (headers or {}).items():
        for item in value if isinstance(value, list) else [value]:
            text = item.decode("latin-1") if isinstance(item, bytes) else str(item)
            pairs.append((name, text))
    return tuple(pairs)
