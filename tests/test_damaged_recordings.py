"""Timing files and bodies that were cut or changed: what can be read is, the rest is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import BODY, END, HEADER, SHA256, SIDECAR, bodies, joined, times, write

from sseparse._errors import RecordingError
from sseparse.recording import End, Header, Read, Recording, _sidecar, sidecar_path


def test_a_timing_file_cut_anywhere_keeps_every_complete_line(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    whole = Recording.load(path)
    data = SIDECAR.encode()
    header_size = len(HEADER.encode())
    for cut in range(len(data) + 1):
        sidecar_path(path).write_bytes(data[:cut])
        # The line's last byte is its bracket: the line feed behind it adds nothing.
        if cut < header_size - 1:  # killed before the response came
            recording = Recording.load(path)
            assert (recording.header, recording.end) == (Header(), End("interrupted"))
            assert "before the response came" in recording.warnings[0]
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
