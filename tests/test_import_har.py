"""What is imported from HAR files: of browsers, of proxies, and of our own export."""

from __future__ import annotations

import base64
import json

import pytest

from sseparse import Recording, RecordingError
from sseparse.formats import Imported, read_imports

JSON = dict[str, object]

ZERO = 1_795_000_000.25
"""When the request was sent, in seconds of Unix time."""

STARTED = "2026-11-18T11:06:40.200Z"
"""What the entry says: 50 ms earlier, for it was blocked so long."""

BODY = b": hello\n\nid: 1\ndata: a\n\nevent: b\ndata: b\n\n"
MESSAGES: list[JSON] = [
    {"time": ZERO + 0.5, "eventName": "message", "eventId": "1", "data": "a"},
    {"time": ZERO + 0.75, "eventName": "b", "eventId": "1", "data": "b"},
]


def entry(content: JSON | None = None, **more: object) -> JSON:
    """An entry such as Chrome writes."""
    return {
        "startedDateTime": STARTED,
        "request": {
            "method": "POST",
            "url": "https://a.example/v1/chat/completions?alt=sse&key=hunter2",
            "headers": [
                {"name": ":authority", "value": "a.example"},
                {"name": "accept", "value": "text/event-stream"},
            ],
            "postData": {"mimeType": "application/json", "text": '{"model":"grok"}'},
        },
        "response": {
            "status": 200,
            "headers": [{"name": "content-type", "value": "text/event-stream"}],
            "content": {"size": 1, "mimeType": "text/event-stream", **(content or {})},
        },
        "timings": {
            "blocked": 30,
            "dns": 10,
            "connect": 10,
            "ssl": 5,
            "send": 0.5,
            "wait": 249.5,
            "receive": 500,
        },
        **more,
    }


def read(*entries: JSON) -> list[Imported]:
    har = {"log": {"version": "1.2", "creator": {}, "entries": list(entries)}}
    name, found = read_imports(json.dumps(har).encode(), "a.har")
    assert name == "har"
    return found


def one(content: JSON | None = None, **more: object) -> tuple[Imported, Recording]:
    (found,) = read(entry(content, **more))
    assert found.recording is not None
    return found, found.recording


@pytest.mark.parametrize(
    "content",
    [
        {"text": BODY.decode()},
        {"text": base64.b64encode(BODY).decode(), "encoding": "base64"},
    ],
)
def test_the_text_is_the_body_and_the_timings_say_when_it_began_and_ended(content: JSON) -> None:
    found, recording = one(content)
    assert recording.body == BODY
    assert recording.timing == "none"
    assert found.lacks == ("the times", "the read boundaries")
    header = recording.header
    assert header is not None
    assert header.started == "2026-11-18T11:06:40.250000Z"
    assert header.headers_at == 0.25
    assert recording.end.t == 0.75
    assert header.request is not None
    assert header.request["url"] == "https://a.example/v1/chat/completions?alt=sse"
    assert header.request["headers"] == [("accept", "text/event-stream")]
    assert found.name == "20261118T110640.250Z-v1-chat-completions-grok"


def test_the_messages_of_chrome_give_each_event_of_the_body_its_time() -> None:
    found, recording = one({"text": BODY.decode()}, _eventSourceMessages=MESSAGES)
    assert [(read.time, read.data) for read in recording.reads] == [
        (0.5, b": hello\n\nid: 1\ndata: a\n\n"),
        (0.75, b"event: b\ndata: b\n\n"),
    ]
    assert found.lacks == ("the read boundaries",)
    assert recording.timing == "sidecar"


def test_without_a_body_the_events_are_written_anew() -> None:
    found, recording = one(_eventSourceMessages=MESSAGES)
    assert [(read.time, read.data) for read in recording.reads] == [
        (0.5, b"id: 1\ndata: a\n\n"),
        (0.75, b"event: b\ndata: b\n\n"),  # the same id again is no field of it
    ]
    assert found.lacks == (
        "the read boundaries",
        "comments, retry fields and the line ends as they were",
    )


def test_messages_that_are_not_those_of_the_body_give_no_times() -> None:
    for messages in (MESSAGES[:1], [*MESSAGES, MESSAGES[0]], [MESSAGES[1], MESSAGES[0]]):
        found, recording = one({"text": BODY.decode()}, _eventSourceMessages=messages)
        assert recording.body == BODY
        assert found.lacks == ("the times", "the read boundaries")


@pytest.mark.parametrize(
    ("scale", "timed"),
    [(lambda t: t * 1000, True), (lambda t: t - ZERO, False), (lambda t: None, False)],
    ids=["milliseconds", "seconds from anywhere", "none"],
)
def test_times_that_cannot_be_are_not_believed(scale: object, timed: bool) -> None:
    assert callable(scale)
    messages = [{**message, "time": scale(message["time"])} for message in MESSAGES]
    _, recording = one(_eventSourceMessages=messages)
    assert (recording.timing == "sidecar") is timed
    if timed:
        assert [read.time for read in recording.reads] == [0.5, 0.75]


def test_messages_with_odd_fields_are_written_as_they_can_be() -> None:
    messages: list[JSON] = [
        {"time": ZERO, "eventName": "a\nb", "eventId": "\0", "data": "1\r\n2\r3"},
        {"time": ZERO - 0.5, "data": "\ud83d"},
    ]
    _, recording = one(_eventSourceMessages=messages)
    assert recording.body == b"data: 1\ndata: 2\ndata: 3\n\ndata: ?\n\n"
    assert [read.time for read in recording.reads] == [0.0, 0.0]


def test_text_in_which_bytes_were_lost_says_so() -> None:
    found, _ = one({"text": "data: \ufffd\n\n"})
    assert found.lacks[-1] == "the bytes that were no UTF-8"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "the body was not saved with it (in Chrome: Export HAR with content)"),
        ({"_file": "a.txt"}, "its body is in a file of its own; let Playwright embed it"),
    ],
)
def test_an_entry_without_a_body_says_why(content: JSON, message: str) -> None:
    (found,) = read(entry(content))
    assert found.recording is None
    assert found.missing.startswith(message)


def test_a_compressed_body_that_was_kept_so_is_decompressed_and_text_is_not() -> None:
    import gzip

    coded = base64.b64encode(gzip.compress(BODY)).decode()
    contents: list[JSON] = [{"text": coded, "encoding": "base64"}, {"text": BODY.decode()}]
    for content in contents:
        made = entry(content)
        response = made["response"]
        assert isinstance(response, dict)
        response["headers"].append({"name": "Content-Encoding", "value": "gzip"})
        (found,) = read(made)
        assert found.recording is not None
        assert found.recording.header is not None
        assert found.recording.body == BODY
        assert found.recording.header.decoded == "gzip"


def test_a_stream_that_the_browser_gave_up_is_an_error() -> None:
    made = entry({"text": BODY.decode()})
    response = made["response"]
    assert isinstance(response, dict)
    response["_error"] = "net::ERR_INCOMPLETE_CHUNKED_ENCODING"
    (found,) = read(made)
    assert found.recording is not None
    assert found.recording.end.reason == "error"


def test_other_traffic_is_told_apart() -> None:
    page = entry({"text": "<html>", "mimeType": "text/html"})
    response = page["response"]
    assert isinstance(response, dict)
    response["headers"] = []
    stream = entry({"text": BODY.decode()})
    stream_response = stream["response"]
    assert isinstance(stream_response, dict)
    stream_response["headers"] = []  # then the media type of the content counts
    assert [item.event_stream for item in read(page, stream)] == [False, True]


def test_what_is_left_out_or_null_does_no_harm() -> None:
    nulls = {"startedDateTime": "yesterday", "timings": {"wait": -1, "receive": None}}
    (found,) = read({"response": {"content": {"text": "data: 1"}}, **nulls})
    assert found.recording is not None
    assert found.recording.body == b"data: 1"
    assert found.name == "001"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_of_any_unicode_is_read(encoding: str) -> None:
    har = {"log": {"entries": [entry({"text": "data: ü"})]}}
    data = json.dumps(har, ensure_ascii=False).encode(encoding)
    _, (found,) = read_imports(data, "a.har", "har")
    assert found.recording is not None
    assert found.recording.body == "data: ü".encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"log": ', r"^a\.har:1: no JSON: "),
        (b'{"log":\n{"entries": [,]}}', r"^a\.har:2: no JSON: .* \(column 14\)"),
        (b'{"log": {}}', r"^a\.har: no HAR file: .*entries"),
        (b'{"log": {"entries": [1]}}', r"^a\.har: entry 1: Expected `object`, got `int`"),
        (b'{"log": {"entries": [{"response": {"headers": 1}}]}}', r"^a\.har: entry 1: .*headers"),
        (b'{"log": ' + b"[" * 100_000, r"^a\.har: it is nested too deeply"),
        (b'{"log": ' + b"1" * 5000 + b"}", r"^a\.har: no JSON: "),
        (b'{"log": "\xff"}', r"^a\.har: no JSON: "),
        (
            b'{"log":{"entries":[{"response":{"content":{"text":"!","encoding":"base64"}}}]}}',
            r"^a\.har: entry 1: the body is no Base64",
        ),
        (
            b'{"log":{"entries":[{"response":{"content":{"text":"!","encoding":"rot13"}}}]}}',
            r"^a\.har: entry 1: the encoding 'rot13' is not known",
        ),
    ],
)
def test_what_is_no_har_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(RecordingError, match=message) as caught:
        read_imports(data, "a.har")
    assert "\n" not in str(caught.value)
