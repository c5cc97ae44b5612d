"""``redact`` takes values out of a body, and changes nothing else of the recording."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli import REPOSITORY, Result, environment, run, run_all
from hypothesis import given
from hypothesis import strategies as st
from recordings import BODY, SIDECAR, write

import sseparse
from sseparse import RecordingError
from sseparse._redact import BadPath, Change, redact, redacted_recording
from sseparse._verify import verify
from sseparse.recording import End, Header, Read, Recorder, Recording, Request, sidecar_path

SECRET = "hunter2"


def body_after(body: bytes, *paths: str, replacement: str = "X") -> bytes:
    """What redacting makes of a body; every path has to lead somewhere."""
    redacted = redacted_recording(Recording.from_bytes(body), paths, replacement=replacement)
    assert not redacted.unmatched
    return redacted.recording.body


def changes_in(body: bytes, *paths: str) -> list[str]:
    redacted = redacted_recording(Recording.from_bytes(body), paths)
    return [f"{change.where} {change.path}" for change in redacted.changes]


# --- values


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("$.a", b'{"a":"s","b":"s"}', b'{"a":"X","b":"s"}'),
        ("a", b'{"a":"s"}', b'{"a":"X"}'),
        (".a", b'{"a":"s"}', b'{"a":"X"}'),
        ("['a']", b'{"a":"s"}', b'{"a":"X"}'),
        ("$", b'{"a":"s","b":[1]}', b'{"a":"X","b":[0]}'),
        ("$", b'"s"', b'"X"'),
        ("..t", b'{"t":"s","x":[{"t":"s"}]}', b'{"t":"X","x":[{"t":"X"}]}'),
        (
            "$.a[*].b",
            b'{"a":[{"b":"s"},{"c":"s"},{"b":"s"}]}',
            b'{"a":[{"b":"X"},{"c":"s"},{"b":"X"}]}',
        ),
        ("$.a[-1]", b'{"a":["s","s"]}', b'{"a":["s","X"]}'),
        ("$.a[1:]", b'{"a":["s","s","s"]}', b'{"a":["s","X","X"]}'),
        (
            "$.m[?@.role=='user'].c",
            b'{"m":[{"role":"user","c":"s"},{"role":"x","c":"s"}]}',
            b'{"m":[{"role":"user","c":"X"},{"role":"x","c":"s"}]}',
        ),
        ("$['a b']", b'{"a b":"s"}', b'{"a b":"X"}'),
        ("$['\\u00e9']", '{"é":"s"}'.encode(), '{"é":"X"}'.encode()),
        ("$.é", b'{"\\u00e9":"s"}', b'{"\\u00e9":"X"}'),
        ("$.a", b'{"a":123}', b'{"a":0}'),
        ("$.a", b'{"a":-1.5e300}', b'{"a":0}'),
        ("$.a", b'{"a":[true,false,null,{"b":7}]}', b'{"a":[false,false,null,{"b":0}]}'),
        (
            "$.a",
            b'{"a":{"k\\"}":{"deep":["s",["s"]]}},"b":"s"}',
            b'{"a":{"k\\"}":{"deep":["X",["X"]]}},"b":"s"}',
        ),
        ("$.a", b'{"a":"say \\"hi\\\\\\" \\u0022","b":1}', b'{"a":"X","b":1}'),
        (
            "$.a",
            b'{ "b" : 1.0e1 ,\t"a" : "s" , "n":12345678901234567890123 }',
            b'{ "b" : 1.0e1 ,\t"a" : "X" , "n":12345678901234567890123 }',
        ),
        ("$.a", b'{"a":"s","a":"t"}', b'{"a":"X","a":"X"}'),
        ("$.a", '{"b":"🐙é","a":"🐙"}'.encode(), '{"b":"🐙é","a":"X"}'.encode()),
    ],
)
def test_a_value_is_replaced_and_nothing_round_it(path: str, before: bytes, after: bytes) -> None:
    for head, tail in ((b"data: ", b"\n\n"), (b"data:", b"\r\r"), (b"", b"")):
        assert body_after(head + before + tail, path) == head + after + tail


def test_what_holds_nothing_stays_and_is_not_counted() -> None:
    body = b'data: {"a":["",null,[],{}],"b":"s"}\n\n'
    assert changes_in(body, "$.a") == []
    assert body_after(body, "$.a") == body


def test_the_replacement_may_be_any_text() -> None:
    body = b'data: {"a":"secret"}\n\n'
    for text in ("", 'say "hi"', "a\nb\r", "🐙", "\\", "\u2028"):
        (event,) = sseparse.Decoder().feed(body_after(body, "$.a", replacement=text))
        assert event.json() == {"a": text}


def test_what_was_replaced_is_told_without_the_value() -> None:
    body = b'data: {"a":["s",7]}\n\n: c\n\ndata: x\n\ndata: {"it\'s":{"a":"s"}}\n\n'
    assert changes_in(body, "$..a") == [
        "event 1 $['a'][0]",
        "event 1 $['a'][1]",
        "event 3 $['it\\'s']['a']",
    ]


# --- where JSON is in a body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'\xef\xbb\xbfdata: {"a":"s"}\n\n', b'\xef\xbb\xbfdata: {"a":"X"}\n\n'),
        (b'data: {"a":"s"}', b'data: {"a":"X"}'),
        (b'data: {"a":"s"}\n', b'data: {"a":"X"}\n'),
        (
            b'event: x\nid: 7\ndata: {"a":"s"}\nretry: 5\n\n',
            b'event: x\nid: 7\ndata: {"a":"X"}\nretry: 5\n\n',
        ),
        (
            b'data: {\ndata:  "a" :\r\ndata:"s"\rdata: }\n\n',
            b'data: {\ndata:  "a" :\r\ndata:"X"\rdata: }\n\n',
        ),
        (b'data\ndata: {"a":"s"}\ndata\n\n', b'data\ndata: {"a":"X"}\ndata\n\n'),
        (b': {"a":"s"}\ndata: {"a":"s"}\n\n', b': {"a":"s"}\ndata: {"a":"X"}\n\n'),
        (
            b'dat: {"a":"s"}\n data: {"a":"s"}\nDATA: {"a":"s"}\ndata: {"a":"s"}\n\n',
            b'dat: {"a":"s"}\n data: {"a":"s"}\nDATA: {"a":"s"}\ndata: {"a":"X"}\n\n',
        ),
        (
            b'data: {"b":"\xff","a":"s\xfe"}\n\ndata: \xff\n\n',
            b'data: {"b":"\xff","a":"X"}\n\ndata: \xff\n\n',
        ),
        (b'data: [DONE]\n\ndata: {"a":"s"}\n\n', b'data: [DONE]\n\ndata: {"a":"X"}\n\n'),
        (b'data: {"a":"s"}\n\ndata: {"a":"s', b'data: {"a":"X"}\n\ndata: {"a":"s'),
        (b'{"a":"s"}', b'{"a":"X"}'),
        (b'\xef\xbb\xbf{\r\n  "a": "s"\r\n}\r\n', b'\xef\xbb\xbf{\r\n  "a": "X"\r\n}\r\n'),
        (b'{"a":"s"}\n{"a":"s"}\n\n{"b":"s"}\n', b'{"a":"X"}\n{"a":"X"}\n\n{"b":"s"}\n'),
    ],
)
def test_json_is_found_in_whatever_body(before: bytes, after: bytes) -> None:
    assert body_after(before, "$.a") == after


def test_events_are_counted_as_the_decoder_counts_them() -> None:
    body = b'id: 1\n\n: c\n\ndata\n\nevent: x\n\ndata: 1\n\ndata: {"a":"s"}\n\n'
    assert len(sseparse.Decoder().feed(body)) == 3
    assert changes_in(body, "$.a") == ["event 3 $['a']"]


def test_lines_are_counted_where_there_are_no_events() -> None:
    assert changes_in(b'{"b":1}\n\n{"a":"s"}\n', "$.a") == ["line 3 $['a']"]
    assert changes_in(b'[{"b":1},\n\n{"a":"s"}]\n', "$[1].a") == ["body $[1]['a']"]


def test_data_that_is_no_json_is_told() -> None:
    body = b'data: {"a":"s"}\n\ndata: oops\n\ndata: [DONE]\n\ndata:\n\ndata: {"a":"s'
    redacted = redacted_recording(Recording.from_bytes(body), ["$.a"])
    assert redacted.no_json == ("event 2", "event 5")


def test_a_text_that_still_stands_elsewhere_is_told() -> None:
    body = b'data: {"a":"my long secret","b":"say my long secret"}\n\n'
    redacted = redacted_recording(Recording.from_bytes(body), ["$.a"], replacement="X")
    (offset,) = redacted.remaining
    assert redacted.recording.body[offset:].startswith(b"my long secret")
    assert not redacted_recording(Recording.from_bytes(body), ["$"]).remaining


def test_json_nested_too_deep_is_refused_not_passed_over() -> None:
    body = b"data: " + b'{"a":' * 300 + b'"s"' + b"}" * 300 + b"\n\n"
    with pytest.raises(BadPath, match="event 1: its JSON is nested too deep"):
        body_after(body, "$..a")
    deeper = b"data: " + b"[" * 100_000 + b"]" * 100_000 + b"\n\n"
    assert redacted_recording(Recording.from_bytes(deeper), ["$..a"]).no_json == ("event 1",)


@pytest.mark.parametrize(
    "path", ["", "$.", "$.a[", "$.a |$.b", "a b", "^a", "$[01]", "$.~a", "$['x"]
)
def test_what_is_no_jsonpath_is_refused(path: str) -> None:
    with pytest.raises(BadPath, match=r"no JSONPath \(RFC 9535\)") as caught:
        redacted_recording(Recording.from_bytes(b""), [path])
    assert "\n" not in str(caught.value)


# --- reads


def test_a_boundary_inside_a_value_stays_inside_what_replaces_it() -> None:
    pieces = [b"da", b'ta: {"a":"a lon', b"", b"g sec", b'ret","b":', b"1}\n", b"\n"]
    reads = tuple(Read(float(number), piece) for number, piece in enumerate(pieces))
    redacted = redacted_recording(Recording(reads), ["$.a"], replacement="X").recording
    assert redacted.reads == (
        Read(0.0, b"da"),
        Read(1.0, b'ta: {"a":"X"'),
        Read(2.0, b""),
        Read(3.0, b""),
        Read(4.0, b',"b":'),
        Read(5.0, b"1}\n"),
        Read(6.0, b"\n"),
    )


def test_what_replaces_a_value_may_be_longer() -> None:
    reads = (Read(0.0, b'data: {"a":"'), Read(1.0, b'x"}\n'), Read(2.0, b"\n"))
    redacted = redacted_recording(Recording(reads), ["$.a"], replacement="longer").recording
    assert [read.data for read in redacted.reads] == [b'data: {"a":"', b'longer"}\n', b"\n"]


names = st.sampled_from(["a", "b", "it's", "é", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
eols = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def events(draw: st.DrawFn) -> bytes:
    eol = draw(eols)
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return draw(st.sampled_from([b": ping", b"id: 7", b"data: [DONE]", b"\xff"])) + eol * 2
    value = {"s": SECRET, "rest": draw(values)} if kind > 2 else draw(values)
    indent = draw(st.sampled_from([None, 1]))
    text = json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans())).encode()
    lines = [b"data: " + line for line in text.split(b"\n")]
    return eol.join(lines) + eol * 2


@given(
    st.lists(events(), max_size=5), st.lists(st.integers(0, 400), max_size=9), st.text(max_size=12)
)
def test_any_body_in_any_reads_loses_the_value_and_nothing_else(
    pieces: list[bytes], cuts: list[int], replacement: str
) -> None:
    body = b"\xef\xbb\xbf" + b"".join(pieces)
    bounds = sorted(min(cut, len(body)) for cut in cuts)
    starts, ends = [0, *bounds], [*bounds, len(body)]
    reads = tuple(
        Read(number / 8, body[start:end])
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    recording = Recording(reads, Header(status=200), End("reset", 9.0, extra={"x": 1}))
    redacted = redacted_recording(recording, ["$.s"], replacement=replacement)
    new = redacted.recording
    assert b"".join(read.data for read in new.reads) == new.body
    assert [read.time for read in new.reads] == [read.time for read in reads]
    assert (new.header, new.end, new.timing) == (recording.header, recording.end, "sidecar")
    before, after = sseparse.Decoder().feed(body), sseparse.Decoder().feed(new.body)
    assert len(before) == len(after)
    for old, event in zip(before, after, strict=True):
        if SECRET not in old.data:
            assert event == old
        else:
            assert event.json() == {**json.loads(old.data), "s": replacement}
    quoted = json.dumps(SECRET).encode()
    assert new.body == body.replace(quoted, json.dumps(replacement).encode())
    assert bool(redacted.unmatched) == (quoted not in body)


@given(values, st.sampled_from(["$", "$.a", "$..a", "$[*]", "$..['it\\'s']", "$.*.*", "$..[0]"]))
def test_any_json_is_json_of_the_same_shape_afterwards(value: object, path: str) -> None:
    body = b"data: " + json.dumps(value).encode() + b"\n\n"
    redacted = redacted_recording(Recording.from_bytes(body), [path], replacement="X")
    text = redacted.recording.body.removeprefix(b"data: ").removesuffix(b"\n\n")
    assert shape(json.loads(text)) == shape(value)
    if path == "$":
        assert all(scalar in ("X", "", 0, False, None) for scalar in scalars(json.loads(text)))


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return "number" if type(value) in (int, float) else type(value).__name__


def scalars(value: object) -> list[object]:
    if isinstance(value, dict):
        return [scalar for item in value.values() for scalar in scalars(item)]
    if isinstance(value, list):
        return [scalar for item in value for scalar in scalars(item)]
    return [value]


# --- files


def record(path: Path, request_body: bytes | None = None) -> Path:
    request = Request("POST", "https://a.example/v1", body=request_body)
    with Recorder(path, request=request, request_body=True) as recorder:
        recorder.response(200, [("content-type", "text/event-stream")], at=0.25)
        for number in range(5):
            recorder.write(b'data: {"n":%d,"s":"hunter2"}\r\n\r\n' % number, at=0.5 * number)
    return path


def test_a_recording_is_redacted_in_place(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    path.chmod(0o640)
    before = Recording.load(path)
    assert redact(path, ["$.s"]) == 5
    after = Recording.load(path)
    assert after.body == before.body.replace(b"hunter2", b"REDACTED")
    assert [read.time for read in after.reads] == [read.time for read in before.reads]
    assert (after.header, after.end.reason, after.end.t) == (before.header, "eof", before.end.t)
    assert verify(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.txt", "a.txt.timing.jsonl"]
    assert redact(path, ["$.s"]) == 5  # again is no harm
    assert Recording.load(path) == after


def test_a_recording_is_redacted_to_another_place(tmp_path: Path) -> None:
    path, out = record(tmp_path / "a.txt"), tmp_path / "b.txt"
    before = Recording.load(path)
    assert redact(path, ["$.s"], out=out) == 5
    assert Recording.load(path) == before
    assert b"hunter2" not in out.read_bytes()
    with pytest.raises(FileExistsError):
        redact(path, ["$.n"], out=out)
    redact(path, ["$.n"], out=out, overwrite=True)
    assert b"hunter2" in out.read_bytes()


def test_where_a_path_leads_nowhere_nothing_is_written(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    before = path.stat().st_mtime_ns
    with pytest.raises(LookupError, match=r"a\.txt: nothing is at \$\.nope, \$\.no; nothing was"):
        redact(path, ["$.s", "$.nope", "$.no"])
    with pytest.raises(LookupError):
        redact(path, ["$.nope"], out=tmp_path / "b.txt")
    assert path.stat().st_mtime_ns == before
    assert b"hunter2" in path.read_bytes()
    assert not (tmp_path / "b.txt").exists()


def test_what_is_not_known_here_is_kept(tmp_path: Path) -> None:
    timing = SIDECAR.partition('{"end"')[0] + '{"end":"reset","t":2.5,"why":[1]}\n'
    path = write(tmp_path, b'data: {"a":"secret"}\n\ndata: 12345\n\n', timing)
    before = Recording.load(path)
    redact(path, ["$.a"])
    after = Recording.load(path)
    assert after.header == before.header
    assert after.header is not None
    assert after.header.extra == {"compressed": "gzip"}
    assert after.end.extra == {"why": [1]}
    assert after.end.reason == "reset"
    assert len(after.reads) == len(before.reads)


def test_the_body_of_the_request_is_redacted_where_it_is_asked_for(tmp_path: Path) -> None:
    asked = {"model": "m", "messages": [{"content": "my secret"}], "n": 2**70, "f": 0.1}
    path = record(tmp_path / "a.txt", json.dumps(asked).encode())
    before = Recording.load(path)
    with pytest.raises(LookupError):
        redact(path, ["$.messages"])
    assert redact(path, ["$.messages"], request=True) == 1
    after = Recording.load(path)
    assert before.header is not None
    assert before.header.request is not None
    assert after.header is not None
    body = {**asked, "messages": [{"content": "REDACTED"}]}
    assert after.header.request == {**before.header.request, "body": body}
    assert after.header.headers == before.header.headers
    assert after.reads == before.reads


def test_without_a_timing_file_the_body_is_redacted(tmp_path: Path) -> None:
    path = write(
        tmp_path, b'data: {"a":"secret","created":1732551210}\n\ndata: {"created":1732551212}\n\n'
    )
    assert redact(path, ["$.a"]) == 1
    assert b"secret" not in path.read_bytes()
    assert not sidecar_path(path).exists()


def test_an_interrupted_recording_stays_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    recorder = Recorder(path)
    recorder.write(b'data: {"a":"secret"}\n\n')
    with path.open("ab") as body:
        body.write(b'data: {"a":"secret"}\n\n')  # killed before the line came
    assert redact(path, ["$.a"]) == 2
    recorder.close()
    recording = Recording.load(path)
    assert recording.end == End("interrupted")
    assert len(recording.reads) == 2
    assert b"secret" not in recording.body


def test_a_recording_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    whole, timing = path.read_bytes(), sidecar_path(path).read_bytes()
    for body in (whole[:-1], whole + b"x", whole.replace(b'"n":1', b'"n":2')):
        path.write_bytes(body)
        with pytest.raises(RecordingError, match="verify"):
            redact(path, ["$.s"])
        assert path.read_bytes() == body
    path.write_bytes(whole[:-1])
    sidecar_path(path).write_bytes(timing.partition(b'{"end"')[0])  # shorter, though interrupted
    with pytest.raises(RecordingError, match="verify"):
        redact(path, ["$.s"])
    path.write_bytes(whole)
    sidecar_path(path).write_bytes(timing.replace(b"[0.5", b"[x.5"))
    with pytest.raises(RecordingError, match="not JSON"):
        redact(path, ["$.s"])
    with pytest.raises(RecordingError, match="name the body"):
        redact(sidecar_path(path), ["$.s"])


def test_without_the_library_it_is_told_what_to_install(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    (tmp_path / "jsonpath.py").write_text("raise ImportError('not here')\n")
    code = f"from sseparse._redact import redact; redact({str(path)!r}, ['$.s'])"
    env = environment({"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert "ImportError: " in done.stderr
    assert "pip install 'sseparse[formats]'" in done.stderr


def test_every_fixture_can_be_redacted_and_says_the_same_shape() -> None:
    for path in sorted((REPOSITORY / "fixtures").glob("*/*.txt"))[::5]:
        body = path.read_bytes()
        redacted = redacted_recording(Recording.from_bytes(body), ["$..content", "$..text"])
        old, new = (sseparse.Decoder().feed(data) for data in (body, redacted.recording.body))
        assert [event.event for event in old] == [event.event for event in new]
        assert all(isinstance(change, Change) for change in redacted.changes)


# --- the command


def test_the_command_redacts_in_place_and_sums_up(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    result = run("redact", path, "$.s", "n")
    assert result == Result(0, b"", f"10 values in 5 places replaced, written to {path}\n")
    assert path.read_bytes() == b'data: {"n":0,"s":"REDACTED"}\r\n\r\n' * 5
    assert verify(path) == []


def test_a_dry_run_lists_what_would_be_replaced_and_never_what_it_is(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    before = path.read_bytes()
    result = run("redact", "--dry-run", path, "$.s")
    assert result.out.decode().splitlines() == [f"event {n}: $['s']" for n in range(1, 6)]
    assert result.err == "5 values in 5 places would be replaced\n"
    assert "hunter2" not in result.out.decode() + result.err
    assert path.read_bytes() == before


def test_the_options_of_the_command(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt", b'{"s":"asked"}')
    out = tmp_path / "b.txt"
    first = run("redact", path, "$.s", "-o", out, "--replacement", "-")
    assert first.status == 0
    assert out.read_bytes() == path.read_bytes().replace(b"hunter2", b"-")
    again, forced, request, nothing = run_all(
        [
            ["redact", path, "$.s", "-o", out],
            ["redact", path, "$.s", "-o", tmp_path / "c.txt", "--force"],
            ["redact", path, "$.s", "-o", tmp_path / "d.txt", "--request"],
            ["redact", path, "$.nope", "$.s", "-o", tmp_path / "e.txt"],
        ]
    )
    assert again.status == 2
    assert again.err == f"sseparse: {out}: File exists; --force replaces it\n"
    assert forced.status == 0
    assert request.err.startswith("6 values in 6 places replaced")
    assert b"asked" not in sidecar_path(tmp_path / "d.txt").read_bytes()
    assert nothing.status == 1
    assert nothing.err == f"sseparse: {path}: nothing is at $.nope; nothing was written\n"
    assert not (tmp_path / "e.txt").exists()


def test_the_command_tells_what_it_could_not_look_into(tmp_path: Path) -> None:
    path = write(tmp_path, b'data: {"a":"a long secret","b":"a long secret"}\n\ndata: {"a":"a lo')
    result = run("redact", path, "$.a")
    assert result.status == 0
    assert result.error_lines == [
        f"sseparse: {path}: event 2 is no JSON; it is left as it is",
        f"sseparse: {path}: what was replaced still stands elsewhere in the body, at byte 27",
        f"1 value in 1 place replaced, written to {path}",
    ]


def test_much_that_it_could_not_look_into_is_told_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, b'data: {"a":"s"}\n\n' + b"data: no\n\n" * 100)
    result = run("redact", path, "$.a", "-n")
    assert result.error_lines[0] == (
        f"sseparse: {path}: event 2, event 3, event 4, event 5, event 6 and 95 more are no JSON; "
        "they are left as they are"
    )


def test_bad_usage_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    before = path.read_bytes()
    broken = write(tmp_path, BODY, SIDECAR.replace("[0.5,17]", "[0.5,18]"))
    results = run_all(
        [
            ["redact", path],
            ["redact", path, "$.a["],
            ["redact", path, "$.s", "--force"],
            ["redact", path, "$.s", "-o", "-"],
            ["redact", tmp_path / "nope.txt", "$.s"],
            ["redact", tmp_path, "$.s"],
            ["redact", broken, "$.s"],
            ["redact", sidecar_path(path), "$.s"],
        ]
    )
    for result, word in zip(
        results,
        [
            *("Missing argument", "no JSONPath", "--force is for -o", "two files", "No such file"),
            *("Is a directory", "sseparse verify", "name the body"),
        ],
        strict=True,
    ):
        assert result.status == 2
        assert word in result.err
        assert "Traceback" not in result.err
        assert result.out == b""
    assert path.read_bytes() == before


def test_without_the_library_the_command_says_what_to_install(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    code = (
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'jsonpath' else find(name, *rest)\n"
        "from sseparse.cli import main; main()"
    )
    done = run("redact", path, "$.s", command=(sys.executable, "-c", code))
    assert done.status == 2
    assert "pip install 'sseparse[formats]'" in done.err


def test_a_place_that_git_may_rewrite_is_told(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    result = run("redact", path, "$.s", "-o", tmp_path / "repo" / "a.txt")
    assert result.status == 0
    assert "*.txt -text" in result.error_lines[0]


@pytest.mark.skipif(os.name != "posix", reason="such names are for POSIX")
def test_nothing_that_a_terminal_obeys_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\n.txt"
    path.write_bytes(b'data: {"\\u001b[31m\\u0085\\n":"secret"}\n\ndata: \x1b[2J\n\n')
    for result in run_all([["redact", path, "$.*", "-n"], ["redact", path, "$.*"]]):
        assert result.status == 0
        assert not {"\x1b", "\x85"} & {*result.out.decode(), *result.err}
        assert len(result.error_lines) == 2
