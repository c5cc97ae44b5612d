"""A recording as a HAR 1.2 file (http://www.softwareishard.com/blog/har-12-spec/) of one entry.

Browsers, proxies and HAR viewers read it. What HAR has no place for stands under names with an
underscore, as the specification wants it: ``_eventSourceMessages`` as Chrome writes them, and under
``_sseparse`` the lines of the timing file, from which the import makes the very same recording.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import attrs
import msgspec

from sseparse._decoder import Decoder
from sseparse._events import ServerSentEvent
from sseparse.formats._exchange import parse_rfc3339, rfc3339
from sseparse.formats._har import MESSAGES_KEY, OWN_KEY
from sseparse.recording import Header, Recording
from sseparse.recording._sidecar import encode_end, encode_header

JSON = dict[str, object]

EPOCH = datetime.fromtimestamp(0, UTC)
"""What a file says that must name a time and knows none."""


def to_har(recording: Recording, version: str) -> JSON:
    """Return a recording as a HAR file, still to be written as JSON.

    Args:
        recording: any recording; without times all events come at the start.
        version: of sseparse, for ``creator``.

    >>> har = to_har(Recording.from_bytes(b"data: 1"), "1.0")
    >>> har["log"]["entries"][0]["response"]["content"]["text"]
    'data: 1'
    """
    header = recording.header or Header()
    started = parse_rfc3339(header.started or "") or EPOCH
    wait = header.headers_at
    if wait is None:
        wait = recording.reads[0].time if recording.reads else 0.0
    receive = max(recording.duration - wait, 0.0)
    entry: JSON = {
        "startedDateTime": rfc3339(started),
        "time": _ms(wait + receive),
        "request": _request(header.request or {}),
        "response": _response(recording, header),
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": -1,
            "connect": -1,
            "ssl": -1,
            "send": 0,
            "wait": _ms(wait),
            "receive": _ms(receive),
        },
        "_resourceType": "eventsource",
        MESSAGES_KEY: _messages(recording, started),
        OWN_KEY: {"timing": _timing(recording)},
    }
    if recording.timing != "sidecar":
        entry["comment"] = "the times were not measured"
    creator = {"name": "sseparse", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": [entry]}}


def _request(request: object) -> JSON:
    said = request if isinstance(request, dict) else {}
    url = str(said.get("url", ""))
    try:
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:  # no URL: timing files can be edited
        query = []
    shown: JSON = {
        "method": str(said.get("method", "GET")),
        "url": url,
        "httpVersion": "unknown",
        "cookies": [],
        "headers": _pairs(said.get("headers", ())),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": -1,
    }
    if "body" in said:
        text = msgspec.json.encode(said["body"]).decode()
        shown["postData"] = {"mimeType": "application/json", "text": text, "params": []}
    return shown


def _response(recording: Recording, header: Header) -> JSON:
    status = header.status or 0
    phrases = {code.value: code.phrase for code in HTTPStatus}
    types = [value for name, value in header.headers if name.lower() == "content-type"]
    body = recording.body
    content: JSON = {"size": len(body), "mimeType": types[0] if types else "text/event-stream"}
    try:
        content["text"] = body.decode("utf-8")
    except UnicodeDecodeError:
        content["text"] = base64.b64encode(body).decode()
        content["encoding"] = "base64"
    return {
        "status": status,
        "statusText": phrases.get(status, ""),
        "httpVersion": "unknown",
        "cookies": [],
        "headers": _pairs(header.headers),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1 if header.decoded else len(body),
    }


def _pairs(headers: object) -> list[JSON]:
    pairs = headers if isinstance(headers, (list, tuple)) else ()
    return [
        {"name": str(pair[0]), "value": str(pair[1])}
        for pair in pairs
        if isinstance(pair, (list, tuple)) and len(pair) == 2
    ]


def _messages(recording: Recording, started: datetime) -> list[JSON]:
    decoder: Decoder[ServerSentEvent] = Decoder(oversize="skip")
    zero = started.timestamp()
    return [
        {
            "time": round(zero + read.time, 6),
            "eventName": event.event,
            "eventId": event.last_event_id,
            "data": event.data,
        }
        for read in recording.reads
        for event in decoder.feed(read.data)
    ]


def _timing(recording: Recording) -> list[object] | None:
    """Return the lines of the timing file; None where there was none."""
    timed = recording.timing == "sidecar"
    if recording.header is None and not timed:
        return None
    header = attrs.evolve(recording.header or Header(), timed=timed)
    reads = recording.reads if timed else ()
    return [
        msgspec.json.decode(encode_header(header)),
        *([read.time, len(read.data)] for read in reads),
        msgspec.json.decode(encode_end(recording.end)),
    ]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
