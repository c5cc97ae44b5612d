"""What is exported as HAR: valid, and imported again the very same recording."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import msgspec
import pytest
from cli import run
from hypothesis import given
from hypothesis import strategies as st

from sseparse import Read, Recording, RecordingError
from sseparse.formats import read_imports, to_har
from sseparse.recording import End, Header, Request

JSON = dict[str, object]

times = st.floats(0, 1e6).map(lambda time: round(time, 6))
texts = st.text(st.characters(codec="utf-8"), max_size=20)
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
bodies = st.binary(max_size=60) | texts.map(str.encode) | st.just(b"\xef\xbb\xbfdata: 1\r\n\r\n")
extras = st.dictionaries(st.sampled_from(["note", "imported_from", "x"]), plain_json, max_size=2)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    request = Request(
        draw(st.sampled_from(["GET", "POST", "query"])),
        draw(st.sampled_from(["https://a.example/v1?alt=sse&key=k", "/v1", "", "nonsense"])),
        [("accept", "*/*"), ("authorization", "Bearer x")],
        draw(st.none() | plain_json.map(msgspec.json.encode)),
    )
    return Header(
        started=draw(st.none() | st.just("2026-11-26T08:00:00.123456Z")),
        request=draw(st.none() | st.just(request.kept(body=True))),
        status=draw(st.none() | st.integers(100, 599)),
        headers=draw(st.sampled_from([(), (("content-type", "text/event-stream"), ("age", "1"))])),
        headers_at=draw(st.none() | times),
        decoded=draw(st.none() | st.just("gzip")),
        extra=draw(extras),
    )


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Recordings as they can be loaded."""
    header = draw(st.none() | headers())
    if draw(st.booleans()):
        pairs = draw(st.lists(st.tuples(times, bodies), max_size=6))
        reads = zip(sorted(time for time, _ in pairs), (data for _, data in pairs), strict=True)
        made = tuple(Read(time, data) for time, data in reads)
        end = End(
            draw(st.sampled_from(["eof", "reset", "interrupted", "new"])),
            t=draw(st.none() | times.map(lambda t: round(t + (made[-1].time if made else 0), 6))),
            extra=draw(extras),
        )
        return Recording(made, header or Header(), end)
    bare = Recording.from_bytes(draw(bodies))
    return bare if header is None else attrs.evolve(bare, header=attrs.evolve(header, timed=False))


def back(recording: Recording) -> Recording:
    """Export a recording and import it again."""
    data = msgspec.json.encode(to_har(recording, "1.0"))
    name, (found,) = read_imports(data, "a.har", request_body=True)
    assert name == "har"
    assert found.lacks == ()
    assert found.recording is not None
    return found.recording


@given(recordings())
def test_export_and_import_are_the_identity(recording: Recording) -> None:
    # (A request that came from JSON has lists where a new one has tuples.)
    assert msgspec.to_builtins(_parts(back(recording))) == msgspec.to_builtins(_parts(recording))


def _parts(recording: Recording) -> tuple[object, ...]:
    header = recording.header
    return (
        [(read.time, read.data) for read in recording.reads],
        None if header is None else attrs.asdict(header, recurse=False),
        attrs.asdict(recording.end),
        recording.timing,
    )


FIXTURE = Path(__file__).parents[1] / "fixtures"


@pytest.mark.parametrize("path", sorted(FIXTURE.glob("*.txt")), ids=lambda path: path.name)
def test_every_fixture_comes_back_as_it_is(path: Path) -> None:
    recording = Recording.load(path)
    again = back(recording)
    assert again.body == path.read_bytes()
    assert _parts(again) == _parts(recording)


RECORDING = Recording(
    (Read(0.25, b"id: 7\nda"), Read(0.5, b"ta: 1\n\ndata: 2\n\n"), Read(0.75, b": end\n")),
    Header(
        started="2026-11-26T08:00:00.500000Z",
        request={
            "method": "POST",
            "url": "https://a.example/v1?alt=sse",
            "headers": [("accept", "*/*")],
            "body": {"model": "m"},
        },
        status=200,
        headers=(("content-type", "text/event-stream; charset=utf-8"),),
        headers_at=0.125,
    ),
    End("eof", t=1.0),
)


def entry_of(recording: Recording) -> JSON:
    har = json.loads(msgspec.json.encode(to_har(recording, "1.0")))
    assert har["log"]["version"] == "1.2"
    assert har["log"]["creator"] == {"name": "sseparse", "version": "1.0"}
    (entry,) = har["log"]["entries"]
    assert isinstance(entry, dict)
    return entry


def test_the_entry_says_what_har_has_words_for() -> None:
    entry = entry_of(RECORDING)
    assert entry["startedDateTime"] == "2026-11-26T08:00:00.500000Z"
    assert entry["time"] == 1000
    timings = entry["timings"]
    assert isinstance(timings, dict)
    assert (timings["send"], timings["wait"], timings["receive"]) == (0, 125, 875)
    request, response = entry["request"], entry["response"]
    assert isinstance(request, dict)
    assert isinstance(response, dict)
    assert request["queryString"] == [{"name": "alt", "value": "sse"}]
    assert request["postData"]["text"] == '{"model":"m"}'
    assert response["statusText"] == "OK"
    assert response["content"]["text"] == RECORDING.body.decode()
    assert response["content"]["mimeType"] == "text/event-stream; charset=utf-8"


def test_the_events_are_told_as_chrome_tells_them() -> None:
    zero = 1_795_680_000.5
    assert entry_of(RECORDING)["_eventSourceMessages"] == [
        {"time": zero + 0.5, "eventName": "message", "eventId": "7", "data": "1"},
        {"time": zero + 0.5, "eventName": "message", "eventId": "7", "data": "2"},
    ]


def test_every_field_that_har_demands_is_there() -> None:
    # http://www.softwareishard.com/blog/har-12-spec/, where a field is not marked as optional
    demanded: dict[str, list[str]] = {
        "": ["startedDateTime", "time", "request", "response", "cache", "timings"],
        "request": ["method", "url", "httpVersion", "cookies", "headers", "queryString"],
        "response": ["status", "statusText", "httpVersion", "cookies", "headers", "content"],
        "timings": ["send", "wait", "receive"],
    }
    demanded["request"] += ["headersSize", "bodySize"]
    demanded["response"] += ["redirectURL", "headersSize", "bodySize"]
    for recording in (RECORDING, Recording.from_bytes(b""), Recording.from_bytes(b"\xff")):
        entry = entry_of(recording)
        for part, names in demanded.items():
            there = entry[part] if part else entry
            assert isinstance(there, dict)
            assert set(names) <= set(there)


def test_bytes_that_are_no_text_are_base64() -> None:
    response = entry_of(Recording.from_bytes(b"data: \xff"))["response"]
    assert isinstance(response, dict)
    assert response["content"]["encoding"] == "base64"


def test_other_readers_find_events_and_times_without_our_field() -> None:
    har = to_har(RECORDING, "1.0")
    del har["log"]["entries"][0]["_sseparse"]  # type: ignore[index]
    _, (found,) = read_imports(msgspec.json.encode(har), "a.har")
    assert found.recording is not None
    assert [read.time for read in found.recording.reads] == [0.5, 0.5]
    assert found.recording.body == RECORDING.body


def test_a_body_that_was_edited_since_is_not_cut_as_it_was() -> None:
    har = to_har(RECORDING, "1.0")
    content = har["log"]["entries"][0]["response"]["content"]  # type: ignore[index]
    content["text"] += "data: 3\n\n"
    _, (found,) = read_imports(msgspec.json.encode(har), "a.har")
    assert found.recording is not None
    assert found.lacks == ("the times", "the read boundaries")


def test_a_damaged_field_of_ours_is_one_line() -> None:
    har = to_har(RECORDING, "1.0")
    own = har["log"]["entries"][0]["_sseparse"]  # type: ignore[index]
    for line, message in ((1, "_sseparse: no header"), ({"sseparse_timing": 99}, "99")):
        own["timing"][0] = line
        with pytest.raises(RecordingError, match=message):
            read_imports(msgspec.json.encode(har), "a.har")


@pytest.mark.parametrize(
    "request_said", [{"url": "http://[", "headers": [1, ["a"]]}, {"headers": "x"}, {"url": 1}]
)
def test_a_timing_file_that_somebody_edited_is_exported_all_the_same(
    request_said: dict[str, object],
) -> None:
    header = Header(request=request_said, status=999)
    assert entry_of(attrs.evolve(RECORDING, header=header))["request"]


def test_the_command_writes_and_reads_it(tmp_path: Path) -> None:
    source, har, out = tmp_path / "a.txt", tmp_path / "a.har", tmp_path / "b.txt"
    RECORDING.save(source)
    assert run("export", source, "--har", "-o", har).status == 0
    assert har.stat().st_mode & 0o777 == 0o600
    assert run("export", source, "--har").out == har.read_bytes()
    done = run("import", har, "-o", out, "--request-body")
    assert done.err == f"sseparse: {out}: 3 reads, 30 bytes from har; it lacks nothing\n"
    names = (".txt", ".txt.timing.jsonl")
    first, second = ([path.with_suffix(name) for name in names] for path in (source, out))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
