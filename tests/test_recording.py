"""Recordings are read whole, whatever state their files are in; what is odd is said."""

from __future__ import annotations

import hashlib
import itertools
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sseparse._errors import RecordingError, UnsupportedVersion
from sseparse.recording import End, Header, Read, Recording, _sidecar, sidecar_path
from sseparse.recording._stamps import created_times, split_blocks

BODY = b"data: one\n\ndata: two\n\ndata: three\n\n"
SHA256 = hashlib.sha256(BODY).hexdigest()
HEADER = (
    '{"sseparse_timing":1,"started":"2026-11-22T20:00:00.123456Z",'
    '"request":{"method":"POST","url":"http://127.0.0.1/v1","headers":[],"body":{"n":1}},'
    '"status":200,"headers":[["content-type","text/event-stream"],["x","é"]],"headers_at":0.12,'
    '"compressed":"gzip"}\n'
)
END = f'{{"end":"eof","t":2.5,"bytes":{len(BODY)},"sha256":"{SHA256}","why":[1]}}\n'
SIDECAR = HEADER + "[0.25,5]\n[0.5,17]\n[0.5,0]\n[1,13]\n" + END

# What a body is made of as far as timing goes: line ends, stamps, and words that look like stamps.
PIECES = [
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"data: ", b": ping", b"[DONE]"),
    *(b'{"created":1732551210}', b'{"created" : 1732551211}', b'"created":1732551209.5,'),
    *(b'"created":0', b'\\"created\\":1732551299', b'"created":"1732551210"', b"\xff", b"\\"),
]
bodies = st.one_of(
    st.binary(max_size=60),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2))).map(b"".join),
)


def write(directory: Path, body: bytes, sidecar: str | bytes | None = None) -> Path:
    path = directory / "fixture.txt"
    path.write_bytes(body)
    sidecar_path(path).unlink(missing_ok=True)
    if sidecar is not None:
        data = sidecar.encode() if isinstance(sidecar, str) else sidecar
        sidecar_path(path).write_bytes(data)
    return path


def times(recording: Recording) -> list[float]:
    return [read.time for read in recording.reads]


def joined(recording: Recording) -> bytes:
    return b"".join(read.data for read in recording.reads)


def stamped(*stamps: object, eol: bytes = b"\n") -> bytes:
    """A body of one chunk per stamp; None makes a chunk without one."""
    chunks = [
        b"data: [DONE]" if stamp is None else b'data: {"id":"a","created":%b}' % str(stamp).encode()
        for stamp in stamps
    ]
    return b"".join(chunk + eol + eol for chunk in chunks)


# --- with a timing file


def test_a_recording_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    recording = Recording.load(path)
    assert recording.reads == (
        Read(0.25, BODY[:5]),
        Read(0.5, BODY[5:22]),
        Read(0.5, b""),
        Read(1.0, BODY[22:]),
    )
    assert recording.header == Header(
        started="2026-11-22T20:00:00.123456Z",
        request={"method": "POST", "url": "http://127.0.0.1/v1", "headers": [], "body": {"n": 1}},
        status=200,
        headers=(("content-type", "text/event-stream"), ("x", "é")),
        headers_at=0.12,
        extra={"compressed": "gzip"},
    )
    assert recording.end == End("eof", 2.5, len(BODY), SHA256, {"why": [1]})
    assert recording.timing == "sidecar"
    assert recording.path == path
    assert recording.duration == 2.5
    assert recording.body == BODY
    assert recording.warnings == ()


def test_paths_may_be_strings(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    assert Recording.load(str(path)) == Recording.load(path)


def test_the_body_is_joined_once(tmp_path: Path) -> None:
    recording = Recording.load(write(tmp_path, BODY, SIDECAR))
    assert recording.body is recording.body


def test_a_header_needs_nothing_but_its_version(tmp_path: Path) -> None:
    recording = Recording.load(write(tmp_path, BODY, '{"sseparse_timing":1}\n{"end":"eof"}\n'))
    assert recording.header == Header()
    assert recording.end == End("eof")
    assert recording.duration == 0.0


@pytest.mark.parametrize("reason", ["reset", "timeout", "struck by lightning"])
def test_a_stream_that_broke_is_a_recording_like_any_other(tmp_path: Path, reason: str) -> None:
    sidecar = f'{{"sseparse_timing":1}}\n[0.5,35]\n{{"end":"{reason}","t":30.5}}\n'
    recording = Recording.load(write(tmp_path, BODY, sidecar))
    assert recording.end == End(reason, 30.5)
    assert recording.duration == 30.5
    assert recording.warnings == ()


def test_keys_named_like_our_attributes_are_unknown_keys_too(tmp_path: Path) -> None:
    sidecar = '{"sseparse_timing":1,"extra":1}\n[1,35]\n{"end":"eof","extra":2,"reason":3}\n'
    recording = Recording.load(write(tmp_path, BODY, sidecar))
    assert recording.header == Header(extra={"extra": 1})
    assert recording.end == End("eof", extra={"extra": 2, "reason": 3})


def test_line_ends_rewritten_to_crlf_in_the_timing_file_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    recording = Recording.load(path)
    write(tmp_path, BODY, SIDECAR.replace("\n", "\r\n"))
    assert Recording.load(path) == recording


# --- with a timing file that is damaged


def test_a_timing_file_cut_anywhere_keeps_every_complete_line(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    whole = Recording.load(path)
    data = SIDECAR.encode()
    header_size = len(HEADER.encode())
    for cut in range(len(data) + 1):
        sidecar_path(path).write_bytes(data[:cut])
        # The line's last byte is its bracket: the line feed behind it adds nothing.
        if cut < header_size - 1:
            with pytest.raises(RecordingError) as caught:
                Recording.load(path)
            assert caught.value.line == 1
            continue
        recording = Recording.load(path)
        complete = data[:cut].count(b"]\n", header_size) + data[:cut].endswith(b"]")
        assert recording.reads[:complete] == whole.reads[:complete], cut
        assert joined(recording) == BODY
        assert recording.header == whole.header
        ended = cut >= len(data) - 1
        assert recording.end == (whole.end if ended else End("interrupted"))
        assert bool(recording.warnings) is not ended


def test_a_last_line_cut_short_is_ignored_with_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, '{"sseparse_timing":1}\n[0.5,22]\n[0.7')
    recording = Recording.load(path)
    assert recording.reads == (Read(0.5, BODY[:22]), Read(0.5, BODY[22:]))
    sidecar = sidecar_path(path)
    assert recording.warnings == (
        f"{sidecar}:3: the last line is cut short; it is ignored",
        f"{sidecar}: no end line; the recording was interrupted",
        (
            f"{path}: the body has 35 bytes, its timing speaks of 22; "
            "the rest is taken as one last read"
        ),
    )


def test_bytes_without_a_line_come_with_the_headers_when_nothing_else_is_known(
    tmp_path: Path,
) -> None:
    recording = Recording.load(write(tmp_path, BODY, '{"sseparse_timing":1,"headers_at":0.5}\n'))
    assert recording.reads == (Read(0.5, BODY),)


@pytest.mark.parametrize(
    ("length", "kept"), [(34, [5, 17, 0, 12]), (10, [5, 5, 0]), (5, [5, 0]), (0, [0])]
)
def test_a_body_shorter_than_its_timing_cuts_the_reads(
    tmp_path: Path, length: int, kept: list[int]
) -> None:
    path = write(tmp_path, BODY[:length], SIDECAR)
    recording = Recording.load(path)
    assert [len(read.data) for read in recording.reads] == kept
    assert recording.body == BODY[:length]
    assert recording.warnings == (
        (
            f"{path}: the body has {length} bytes, its timing speaks of 35; "
            "the reads are cut to what is there"
        ),
    )


def test_a_body_that_was_changed_is_noticed_by_its_sha256(tmp_path: Path) -> None:
    path = write(tmp_path, BODY.replace(b"two", b"TWO"), SIDECAR)
    recording = Recording.load(path)
    assert len(recording.reads) == 4
    assert recording.warnings == (
        f"{path}: the body was changed since it was recorded: its SHA-256 differs",
    )


def test_a_sha256_in_capitals_is_the_same(tmp_path: Path) -> None:
    assert not Recording.load(
        write(tmp_path, BODY, SIDECAR.replace(SHA256, SHA256.upper()))
    ).warnings


def test_an_end_line_with_another_length_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR.replace('"bytes":35', '"bytes":36'))
    assert Recording.load(path).warnings == (
        f"{path}: the body has 35 bytes, the end line says 36",
    )


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        ("[0.5,3\n[0.6,4]\n", 2, "not JSON"),
        ("[0.5,3]\n\n[0.6,4]\n", 3, "not JSON"),
        ("[NaN,3]\n[0.6,4]\n", 2, "not JSON"),
        ("\xff\n[0.6,4]\n", 2, "not JSON"),
        ("[" * 100_000 + "\n[0.6,4]\n", 2, "not JSON"),
        ("[1e999,3]\n[0.6,4]\n", 2, "not JSON"),
        ("[-0.1,3]\n", 2, "expected `float` >= 0"),
        ("[0.5,-3]\n", 2, "expected `int` >= 0"),
        ("[0.5,3.5]\n", 2, "expected `int`, got `float`"),
        ("[true,3]\n", 2, "expected `float`, got `bool`"),
        ("[0.5]\n", 2, "expected [seconds, bytes]"),
        ("[0.5,3,1]\n", 2, "expected [seconds, bytes]"),
        ('"text"\n', 2, "expected [seconds, bytes]"),
        (f"[{10**400},3]\n", 2, "out of range"),
        ("[0.5,3]\n[0.4,3]\n", 3, "time goes back, from 0.5 to 0.4 seconds"),
        ('[0.5,3]\n{"end":"eof","t":0.4}\n', 3, "time goes back"),
        ('[0.5,3]\n{"end":"eof","t":-1}\n', 3, "bad end line"),
        ('{"note":"hello"}\n', 2, "bad end line"),
        ('{"end":7}\n', 2, "bad end line"),
        ('{"end":"eof","sha256":7}\n', 2, "bad end line"),
        ('{"end":"eof"}\n[0.5,3]\n', 3, "the end line must be the last line"),
    ],
)
def test_a_damaged_line_is_an_error_with_its_number(
    tmp_path: Path, lines: str, line: int, message: str
) -> None:
    path = write(tmp_path, BODY, b'{"sseparse_timing":1}\n' + lines.encode("latin-1"))
    with pytest.raises(RecordingError) as caught:
        Recording.load(path)
    assert caught.value.line == line
    assert caught.value.path == str(sidecar_path(path))
    assert message.lower() in str(caught.value).lower()
    assert str(caught.value).startswith(f"{sidecar_path(path)}:{line}: ")
    assert "\n" not in str(caught.value)
    assert len(caught.value.message) < 250  # one line that fits a screen, however long the input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no header; .* the file is empty"),
        ("\n\n", "no header; .* the file is empty"),
        ("[0.5,3]\n", "no header; .* this is not it"),
        ("not json\n[0.5,3]\n", "no header; .* this is not it: 'not json'"),
        ('{"status":200}\n', "no header; .* this is not it"),
        ('{"sseparse_timing":"1"}\n', "no header"),
        ('{"sseparse_timing":true}\n', "no header"),
        ('{"sseparse_timing":0}\n', "version 0 was never in use"),
        ('{"sseparse_timing":-1}\n', "version -1 was never in use"),
        ('{"sseparse_timing":1,"status":"200"}\n', "bad header: .*status"),
        ('{"sseparse_timing":1,"headers":[["a"]]}\n', "bad header: .*headers"),
        ('{"sseparse_timing":1,"headers_at":-1}\n', "bad header: .*headers_at"),
    ],
)
def test_a_timing_file_without_a_good_header_is_an_error_in_line_1(
    tmp_path: Path, content: str, message: str
) -> None:
    path = write(tmp_path, BODY, content)
    with pytest.raises(RecordingError, match=message) as caught:
        Recording.load(path)
    assert caught.value.line == 1
    assert Recording.load(path, timing="none").body == BODY


@given(st.lists(st.one_of(st.binary(max_size=8), st.sampled_from(SIDECAR.encode().splitlines()))))
def test_no_timing_file_raises_anything_but_a_recording_error(lines: list[bytes]) -> None:
    data = b"\n".join([b'{"sseparse_timing":1}', *lines])
    try:
        timing = _sidecar.parse(data, "fixture.txt.timing.jsonl")
    except RecordingError as error:
        assert error.line is not None  # noqa: PT017 - raised or not, both are fine
    else:
        assert [time for time, _ in timing.reads] == sorted(time for time, _ in timing.reads)


@given(
    body=bodies,
    sizes=st.lists(st.integers(0, 30)),
    cut=st.integers(0, 200),
)
def test_whatever_the_timing_file_says_the_reads_joined_are_the_body(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, sizes: list[int], cut: int
) -> None:
    lines = [f"[{number / 8},{size}]\n" for number, size in enumerate(sizes)]
    rest = "".join([*lines, END])[:cut]
    path = write(tmp_path_factory.getbasetemp(), body, '{"sseparse_timing":1}\n' + rest)
    recording = Recording.load(path)
    assert recording.body == joined(recording) == body
    assert times(recording) == sorted(times(recording))


# --- versions


def test_a_newer_version_asks_for_an_update(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, '{"sseparse_timing":2,"status":"new shape"}\n\x00binary\n\x01\n')
    with pytest.raises(UnsupportedVersion, match=r"newer than 1\b.*update sseparse") as caught:
        Recording.load(path)
    assert caught.value.version == 2


def test_old_versions_are_converted_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suppose version -1 had milliseconds, and version 0 wrote gaps instead of times."""

    def to_seconds(lines: list[_sidecar.Line]) -> list[_sidecar.Line]:
        return [lines[0], *((number, [v[0] / 1000, v[1]]) for number, v in lines[1:])]  # type: ignore[index]  # lists, by this test's own file

    def to_times(lines: list[_sidecar.Line]) -> list[_sidecar.Line]:
        values = [v for _, v in lines[1:]]
        sums = itertools.accumulate(v[0] for v in values)  # type: ignore[index]  # as above
        converted = [[time, v[1]] for time, v in zip(sums, values, strict=True)]  # type: ignore[index]  # as above
        return [lines[0], *zip((number for number, _ in lines[1:]), converted, strict=True)]

    monkeypatch.setattr(_sidecar, "CONVERTERS", {-1: to_seconds, 0: to_times})
    newest = Recording.load(write(tmp_path, BODY, '{"sseparse_timing":1}\n[0.5,20]\n[0.75,15]\n'))
    for sidecar in (
        '{"sseparse_timing":0}\n[0.5,20]\n[0.25,15]\n',
        '{"sseparse_timing":-1}\n[500,20]\n[250,15]\n',
    ):
        assert Recording.load(write(tmp_path, BODY, sidecar)) == newest
    # An error speaks of the line in the file, converted or not.
    path = write(tmp_path, BODY, '{"sseparse_timing":0}\n[0.5,20]\n[-0.25,15]\n')
    with pytest.raises(RecordingError, match="goes back") as caught:
        Recording.load(path)
    assert caught.value.line == 3


# --- which timing


def test_the_timing_asked_for_is_the_timing_taken(tmp_path: Path) -> None:
    body = stamped(1732551210, 1732551212)
    sidecar = f'{{"sseparse_timing":1}}\n[0.25,{len(body)}]\n{{"end":"reset","t":0.5}}\n'
    path = write(tmp_path, body, sidecar)
    assert Recording.load(path) == Recording.load(path, timing="sidecar")
    assert times(Recording.load(path)) == [0.25]
    created = Recording.load(path, timing="created")
    assert (created.timing, times(created), created.header) == ("created", [0.0, 2.0], None)
    none = Recording.load(path, timing="none")
    assert (none.timing, times(none), none.end) == ("none", [0.0, 0.0], End("eof"))
    assert created.duration == 2.0
    assert none.duration == 0.0


def test_auto_falls_back_to_the_stamps_and_then_to_none(tmp_path: Path) -> None:
    assert Recording.load(write(tmp_path, stamped(1732551210, 1732551212))).timing == "created"
    assert Recording.load(write(tmp_path, stamped(1732551210, 1732551210))).timing == "none"


def test_a_timing_file_asked_for_and_not_there_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, BODY)
    with pytest.raises(RecordingError) as caught:
        Recording.load(path, timing="sidecar")
    assert caught.value.path == str(sidecar_path(path))
    assert str(caught.value).startswith(f"{path}.timing.jsonl: there is no such timing file")
    with pytest.raises(RecordingError, match="no timing file"):
        Recording.from_bytes(BODY, timing="sidecar")


def test_stamps_asked_for_and_not_there_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    with pytest.raises(RecordingError, match='different "created" stamps') as caught:
        Recording.load(path, timing="created")
    assert caught.value.path == str(path)


def test_an_unknown_timing_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'stopwatch'; it is one of auto, sidecar, created, none"):
        Recording.load(tmp_path / "absent", timing="stopwatch")  # type: ignore[arg-type]  # the point
    with pytest.raises(ValueError, match="'stopwatch'"):
        Recording.from_bytes(b"", timing="stopwatch")  # type: ignore[arg-type]  # the point


@pytest.mark.parametrize("timing", ["auto", "sidecar", "none"])
def test_files_that_cannot_be_read_raise_what_the_system_says(tmp_path: Path, timing: str) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        Recording.load(tmp_path / "absent", timing=timing)  # type: ignore[arg-type]  # one of the four
    with pytest.raises(IsADirectoryError):
        Recording.load(tmp_path, timing=timing)  # type: ignore[arg-type]  # one of the four
    if os.geteuid():  # root may read everything
        path = write(tmp_path, BODY)
        path.chmod(0)
        with pytest.raises(PermissionError):
            Recording.load(path, timing=timing)  # type: ignore[arg-type]  # one of the four


def test_a_timing_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, BODY)
    sidecar_path(path).mkdir()
    with pytest.raises(IsADirectoryError):
        Recording.load(path)
    assert Recording.load(path, timing="none").body == BODY


def test_a_name_with_no_room_for_the_suffix_has_no_timing_file(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)
    path.write_bytes(BODY)
    assert Recording.load(path).timing == "none"


# --- without a timing file


@given(bodies, st.sampled_from(["auto", "none"]))
def test_bytes_of_any_kind_come_back_as_they_were(body: bytes, timing: str) -> None:
    recording = Recording.from_bytes(body, timing=timing)  # type: ignore[arg-type]  # one of the four
    assert recording.body == joined(recording) == body
    assert all(read.data for read in recording.reads)
    assert times(recording) == sorted(times(recording))
    assert recording.reads == () or recording.reads[0].time == 0.0
    assert recording.timing == ("created" if any(times(recording)) else "none")


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\r"])
def test_a_body_is_cut_behind_each_blank_line(eol: bytes) -> None:
    first, second, rest = b"data: 1" + eol + b"data: 2" + eol * 2, b": x" + eol * 2, b"data"
    assert split_blocks(first + second + rest) == [first, second, rest]
    assert split_blocks(first + second) == [first, second]
    assert split_blocks(first + eol * 3 + rest) == [first + eol * 3, rest]


def blocks_by_lines(body: bytes) -> list[bytes]:
    """The rule the slow way: a block ends where a blank line is followed by one that is not."""
    blocks: list[bytes] = []
    ended = True
    for line in body.splitlines(keepends=True):  # for bytes: CR, LF and CRLF, nothing else
        blank = not line.strip(b"\r\n")
        if ended and not (blank and blocks):
            blocks.append(line)
        else:
            blocks[-1] += line
        ended = blank
    return blocks


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"b"]), max_size=12).map(b"".join))
@example(b"a\r\nb")  # one line end of two bytes is no blank line
@example(b"a\n\r\nb\r\r\nc\n\rd")
def test_mixed_line_ends_cut_the_same_as_going_line_by_line(body: bytes) -> None:
    # A line end at the very start is a blank line, but no block ends there: nothing is before it.
    body = b"x" + body
    assert split_blocks(body) == blocks_by_lines(body)


def test_the_chunks_of_one_second_are_spread_evenly_over_it() -> None:
    recording = Recording.from_bytes(
        stamped(1732551210, 1732551210, 1732551210, 1732551210, 1732551213, 1732551213, None)
    )
    assert recording.timing == "created"
    assert times(recording) == [0.0, 0.25, 0.5, 0.75, 3.0, 3 + 1 / 3, 3 + 2 / 3]


def test_a_chunk_without_a_stamp_belongs_to_the_one_before_it() -> None:
    recording = Recording.from_bytes(stamped(None, None, 1732551210, None, 1732551211, None))
    assert times(recording) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.5]


def test_a_stamp_that_goes_back_leaves_the_time_where_it_is() -> None:
    recording = Recording.from_bytes(stamped(1732551210, 1732551212, 1732551211, 1732551213))
    assert times(recording) == [0.0, 2.0, 2.5, 3.0]


def test_stamps_that_only_go_back_are_no_timing() -> None:
    assert Recording.from_bytes(stamped(1732551212, 1732551211)).timing == "none"


def test_stamps_with_fractions_are_taken_as_they_are() -> None:
    recording = Recording.from_bytes(stamped(1732551210.25, 1732551210.5, None, 1732551212.75))
    assert times(recording) == [0.0, 0.25, 0.25, 2.5]


def test_a_single_stamp_with_a_fraction_is_rounded_down_among_whole_ones() -> None:
    assert Recording.from_bytes(stamped(1779147581, 1779147581.1957242)).timing == "none"
    recording = Recording.from_bytes(stamped(1779147581.75, 1779147582, 1779147582))
    assert times(recording) == [0.0, 1.0, 1.5]


@pytest.mark.parametrize(
    "other",
    [
        "0",  # Azure's first chunk
        "-1732551213",
        "17325512130",  # no second of this age
        "1732551213000",  # milliseconds
        "1.7325512e9",
        "1732551213e1",
        '"1732551213"',
        "null",
    ],
)
def test_a_stamp_that_is_no_plausible_second_is_no_stamp(other: str) -> None:
    assert Recording.from_bytes(stamped(1732551210, other)).timing == "none"
    assert times(Recording.from_bytes(stamped(other, 1732551210, 1732551211))) == [0.0, 0.5, 1.0]


def test_stamps_further_apart_than_a_day_are_no_timing() -> None:
    assert Recording.from_bytes(stamped(1732551210, 1732551210 + 86_400)).timing == "created"
    assert Recording.from_bytes(stamped(1732551210, 1732551210 + 86_401)).timing == "none"


def test_stamps_in_the_words_of_the_model_do_not_count() -> None:
    chunk = rb'data: {"text":"say {\"created\":1732551299}","created":%d}'
    body = b"\n\n".join([chunk % 1732551210, chunk % 1732551211])
    assert times(Recording.from_bytes(body)) == [0.0, 1.0]
    assert created_times([b'{"created":1732551210}', rb'{"\"created":1732551211}']) is None


def test_other_keys_that_end_or_begin_with_created_do_not_count() -> None:
    blocks = [b'{"created_at":1732551210}', b'{"recreated":1732551211}', b'{"created":1732551212}']
    assert created_times(blocks) is None


def test_blanks_around_the_colon_do_not_matter() -> None:
    blocks = [b'{"created" : 1732551210}', b'{"created":\t1732551211 }']
    assert created_times(blocks) == [0.0, 1.0]


def test_the_seed_stream_is_timed_by_its_three_seconds(shared_dir: Path) -> None:
    path = shared_dir / "streams" / "xai-seed-grok-beta.sse"
    recording = Recording.load(path)
    assert recording.timing == "created"
    assert recording.body == path.read_bytes()
    assert len(recording.reads) == 81
    # 24, 38 and 18 chunks, and [DONE] with the last.
    expected = [k / 24 for k in range(24)] + [1 + k / 38 for k in range(38)]
    assert times(recording) == pytest.approx(expected + [2 + k / 19 for k in range(19)])


def test_every_recorded_stream_comes_back_byte_for_byte(shared_dir: Path) -> None:
    timed = set()
    for path in sorted((shared_dir / "streams").rglob("*.sse")):
        recording = Recording.load(path)
        assert joined(recording) == path.read_bytes(), path.name
        assert recording.duration < 10
        if recording.timing == "created":
            timed.add(path.name)
    assert timed == {
        "gpustack-no-done.sse",
        "no-done.sse",
        "ollama-local-tool.sse",
        "tools-all-index0.sse",
        "xai-chat-grok3mini-reasoning-reframed.sse",
        "xai-seed-grok-beta.sse",
    }
