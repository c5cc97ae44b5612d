"""Recordings are read back as they were written, with the timing that was asked for."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import BODY, SHA256, SIDECAR, bodies, joined, stamped, times, write

from sseparse._errors import RecordingError, UnsupportedVersion
from sseparse.recording import End, Header, Read, Recording, _sidecar, sidecar_path


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


@given(bodies, st.sampled_from(["auto", "none"]))
def test_bytes_of_any_kind_come_back_as_they_were(body: bytes, timing: str) -> None:
    recording = Recording.from_bytes(body, timing=timing)  # type: ignore[arg-type]  # one of the four
    assert recording.body == joined(recording) == body
    assert all(read.data for read in recording.reads)
    assert times(recording) == sorted(times(recording))
    assert recording.reads == () or recording.reads[0].time == 0.0
    assert recording.timing == ("created" if any(times(recording)) else "none")
