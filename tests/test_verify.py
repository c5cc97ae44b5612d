"""``verify`` tells what is wrong with a recording, and says nothing where nothing is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import REPOSITORY, Result, run, run_all
from hypothesis import given
from hypothesis import strategies as st
from recordings import BODY, SIDECAR, bodies, write

from sseparse._verify import body_path, verify
from sseparse.assembly import Finding
from sseparse.recording import End, Header, Read, Recorder, Recording, sidecar_path

KEY = "gsk_0123456789abcdefghijklmnop"


def found(path: Path) -> list[str]:
    return [finding.code for finding in verify(path)]


def record(path: Path, *pieces: bytes) -> Path:
    with Recorder(path) as recorder:
        recorder.response(200, [("content-type", "text/event-stream")])
        for piece in pieces or (b"data: one\n\n", b"data: two\r\n\r\n"):
            recorder.write(piece)
    return path


def chunk(**delta: object) -> bytes:
    """One event of a chat completion."""
    value = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


# --- recordings that are whole


def test_of_a_recording_that_is_whole_nothing_is_found(tmp_path: Path) -> None:
    assert verify(record(tmp_path / "a.txt")) == []
    assert verify(str(tmp_path / "a.txt.timing.jsonl")) == []
    assert verify(write(tmp_path, BODY, SIDECAR)) == []


def test_of_a_saved_recording_nothing_is_found(tmp_path: Path) -> None:
    Recording.load(record(tmp_path / "a.txt")).save(tmp_path / "b.txt")
    assert verify(tmp_path / "b.txt") == []
    header = Header(status=200)
    Recording((Read(0.0, BODY),), header, timing="none").save(tmp_path / "untimed.txt")
    assert verify(tmp_path / "untimed.txt") == []


def test_a_body_alone_is_no_damage(tmp_path: Path) -> None:
    (finding,) = verify(write(tmp_path, BODY))
    assert (finding.code, finding.severity) == ("no-timing", "info")


@pytest.mark.parametrize("reason", ["reset", "timeout", "truncated", "client_closed", "error"])
def test_a_stream_that_broke_is_a_recording_like_any_other(tmp_path: Path, reason: str) -> None:
    Recording((Read(1.0, BODY),), end=End(reason, 2.0)).save(tmp_path / "a.txt")
    assert verify(tmp_path / "a.txt") == []


def test_a_recording_without_a_checksum_can_be_held_against_less(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, '{"sseparse_timing":1}\n[1,35]\n{"end":"eof"}\n')
    assert found(path) == ["no-checksum"]


# --- damage

Damage = Callable[[Path, Path], None]


def cut(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def lengthen(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def change(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"one", b"ONE"))


def remove_body(path: Path, _: Path) -> None:
    path.unlink()


def replace(old: bytes, new: bytes) -> Damage:
    def in_timing(_: Path, sidecar: Path) -> None:
        data = sidecar.read_bytes()
        assert old in data
        sidecar.write_bytes(data.replace(old, new))

    return in_timing


def swap_reads(_: Path, sidecar: Path) -> None:
    lines = sidecar.read_bytes().splitlines(keepends=True)
    sidecar.write_bytes(lines[0] + b"[2.0,11]\n[1.0,13]\n" + lines[-1])


def bad_last_line(_: Path, sidecar: Path) -> None:
    with sidecar.open("ab") as file:
        file.write(b"not a word of JSON\n")


@pytest.mark.parametrize(
    ("damage", "code", "word"),
    [
        (cut, "body-shorter", "21 bytes, its reads come to 24"),
        (lengthen, "body-longer", "25 bytes, its reads come to 24"),
        (change, "body-changed", "SHA-256"),
        (remove_body, "body-missing", "no body"),
        (replace(b'"bytes":24', b'"bytes":23'), "body-changed", "the end line says 23"),
        (
            replace(b'{"sseparse_timing":1', b'{"sseparse_timing":9'),
            "unsupported-version",
            "update",
        ),
        (replace(b'{"sseparse_timing":1', b'{"x":1'), "timing-damaged", "line 1 of"),
        (replace(b",11]", b",-1]"), "timing-damaged", "line 2 of"),
        (replace(b",11]", b",11"), "timing-damaged", "line 2 of"),
        (replace(b",11]\n", b",11]"), "timing-damaged", "line 2 of"),
        (replace(b'"end":"eof"', b'"end":1'), "timing-damaged", "line 4 of"),
        (swap_reads, "timing-damaged", "line 3 of the timing file: time goes back"),
        (bad_last_line, "timing-damaged", "line 5 of the timing file: not JSON"),
    ],
)
def test_damage_is_told_with_its_place(
    tmp_path: Path, damage: Damage, code: str, word: str
) -> None:
    path = record(tmp_path / "a.txt")
    damage(path, sidecar_path(path))
    first = verify(path)[0]
    assert (first.severity, first.code) == ("error", code)
    assert word in first.message
    assert "\n" not in first.message


@pytest.mark.parametrize(
    ("was", "became", "name"), [(b"\n", b"\r\n", "LF"), (b"\r\n", b"\n", "CRLF")]
)
def test_line_ends_that_were_rewritten_are_told_as_such(
    tmp_path: Path, was: bytes, became: bytes, name: str
) -> None:
    path = record(tmp_path / "a.txt", b"data: 1" + was * 2, b"data: 2" + was * 2)
    path.write_bytes(path.read_bytes().replace(was, became))
    (finding,) = verify(path)
    assert (finding.severity, finding.code) == ("error", "line-ends-rewritten")
    assert f"with {name} it is" in finding.message


def test_where_the_body_begins_to_differ_is_told(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    cut(path, path)
    assert verify(path)[0].offset == 21


def test_the_timing_of_an_untimed_body_is_held_against_it_too(tmp_path: Path) -> None:
    Recording((Read(0.0, BODY),), Header(), timing="none").save(tmp_path / "a.txt")
    lengthen(tmp_path / "a.txt", tmp_path)
    assert found(tmp_path / "a.txt") == ["body-changed"]


@given(bodies.filter(bool), st.data())
def test_any_change_of_a_byte_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    Recording((Read(0.5, body),), end=End("eof", 1.0)).save(path, overwrite=True)
    assert not [finding for finding in verify(path) if finding.severity != "warning"]
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytes([body[at] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(body[:at] + changed + body[at + 1 :])
    assert verify(path)[0].severity == "error"


# --- interrupted


def test_an_interrupted_recording_is_whole_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    recorder = Recorder(path)
    assert found(path) == ["interrupted"]
    recorder.write(b"data: 1\n\n")
    assert found(path) == ["interrupted"]
    with path.open("ab") as body:
        body.write(b"data")
    assert found(path) == ["interrupted", "untimed-bytes"]
    assert {finding.severity for finding in verify(path)} == {"warning"}
    with sidecar_path(path).open("ab") as timing:
        timing.write(b"[1.5")
    assert found(path) == ["last-line-cut", "interrupted", "untimed-bytes"]
    path.write_bytes(b"data")
    assert found(path)[0] == "body-shorter"
    recorder.close()


def test_a_recording_that_was_killed_in_its_first_line_is_interrupted(tmp_path: Path) -> None:
    for start in ("", '{"sseparse_', '{"sseparse_timing":1,"sta'):
        assert found(write(tmp_path, b"", start)) == ["interrupted"]
    (tmp_path / "fixture.txt").unlink()
    assert found(tmp_path / "fixture.txt") == ["interrupted"]


def test_why_a_recording_was_interrupted_is_told(tmp_path: Path) -> None:
    end = End("interrupted", 1.0, extra={"error": "No space left on device"})
    Recording((Read(0.5, BODY),), end=end).save(tmp_path / "a.txt")
    (finding,) = verify(tmp_path / "a.txt")
    assert "interrupted: No space left on device" in finding.message


def test_a_read_before_the_headers_is_odd(tmp_path: Path) -> None:
    Recording((Read(0.5, BODY),), Header(headers_at=0.75), End("eof", 1.0)).save(tmp_path / "a.txt")
    assert found(tmp_path / "a.txt") == ["read-before-headers"]


# --- leftovers


def test_what_a_save_left_behind_is_told(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    for name in (".a.txt.x_1abcde.tmp", ".a.txt.timing.jsonl.abcdefgh.tmp"):
        (tmp_path / name).touch()
    for name in (
        ".b.txt.x_1abcde.tmp",
        ".a.txt.swp",
        "a.txt.bak",
        ".a.txt.tmp",
        ".aXtxt.abcdefgh.tmp",
    ):
        (tmp_path / name).touch()
    findings = verify(path)
    assert [finding.code for finding in findings] == ["leftover-file"] * 2
    assert ".a.txt.timing.jsonl.abcdefgh.tmp" in findings[0].message


def test_what_saving_calls_its_files_is_what_verify_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "a.txt")

    def die(*_: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", die)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        Recording.load(path).save(path, overwrite=True)
    assert found(path) == ["leftover-file"] * 2


# --- keys


def test_a_key_in_the_body_is_told_but_not_shown(tmp_path: Path) -> None:
    body = chunk(content=f"use {KEY}, or\n{KEY}")
    findings = verify(record(tmp_path / "a.txt", body))
    assert [finding.code for finding in findings] == ["key-in-body"] * 2
    assert {finding.severity for finding in findings} == {"warning"}
    assert [finding.offset for finding in findings] == [
        at for at in range(len(body)) if body.startswith(KEY.encode(), at)
    ]
    assert KEY[:12] not in str(findings)


@pytest.mark.parametrize("field", ["content", "reasoning_content"])
def test_a_key_that_the_model_spells_out_over_events_is_told(tmp_path: Path, field: str) -> None:
    pieces = [chunk(**{field: f"use {KEY[:9]}"}), *(chunk(**{field: one}) for one in KEY[9:])]
    findings = verify(record(tmp_path / "a.txt", *pieces))
    assert [finding.code for finding in findings] == ["key-in-text"]
    assert "of choice 0" in findings[0].message
    assert KEY[:12] not in str(findings)


def test_a_key_in_the_arguments_of_a_tool_is_told(tmp_path: Path) -> None:
    def part(arguments: str) -> bytes:
        function = {"name": "f", "arguments": arguments}
        return chunk(tool_calls=[{"index": 0, "id": "c", "function": function}])

    pieces = [part(f'{{"k":"{KEY[:9]}'), part(f'{KEY[9:]}"}}')]
    assert found(record(tmp_path / "a.txt", *pieces)) == ["key-in-text"]


def test_many_keys_are_counted(tmp_path: Path) -> None:
    body = b"".join(b"data: %b%03d\n\n" % (KEY.encode(), number) for number in range(100))
    findings = verify(record(tmp_path / "a.txt", body))
    assert len(findings) == 21
    assert findings[-1].message.startswith("80 more")


def test_a_key_in_the_timing_file_is_told_with_its_line(tmp_path: Path) -> None:
    (finding,) = verify(write(tmp_path, BODY, SIDECAR.replace("127.0.0.1/v1", f"127.0.0.1/{KEY}")))
    assert finding.code == "key-in-timing"
    assert "line 1 of the timing file" in finding.message


def test_the_recorded_streams_of_the_repository_are_whole() -> None:
    for path in sorted((REPOSITORY / "fixtures").rglob("*.txt")):
        assert not [finding for finding in verify(path) if finding.severity == "error"], path


# --- git


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_file_that_git_may_rewrite_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = record(tmp_path / "a.txt")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (finding,) = verify(path)
    assert (finding.code, finding.severity) == ("git-rewrites", "warning")
    assert finding.message.endswith("*.txt -text")
    (tmp_path / ".gitattributes").write_text("*.txt -text\n")
    assert verify(path) == []


# --- what cannot be read


def test_what_is_not_there_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        verify(tmp_path / "a.txt")
    assert caught.value.filename == str(tmp_path / "a.txt")
    with pytest.raises(IsADirectoryError):
        verify(tmp_path)


def test_the_body_is_meant_where_its_timing_file_is_named() -> None:
    assert body_path("x/a.txt.timing.jsonl") == Path("x/a.txt")
    assert body_path("x/.timing.jsonl") == Path("x/.timing.jsonl")


def test_damage_comes_before_warnings_and_warnings_before_the_rest(tmp_path: Path) -> None:
    sidecar = '{"sseparse_timing":1}\n[1,99]\n{"end":"eof"}\n'
    findings = verify(write(tmp_path, b"data: " + KEY.encode() + b"\n\n", sidecar))
    assert [finding.severity for finding in findings] == ["error", "warning", "info"]
    assert isinstance(findings[0], Finding)


@given(st.binary(max_size=200), bodies)
def test_any_files_at_all_can_be_verified(
    tmp_path_factory: pytest.TempPathFactory, timing: bytes, body: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    verify(write(folder, body, timing))
    verify(write(folder, body, b'{"sseparse_timing":1}\n' + timing))


# --- the command


def test_the_command_says_nothing_of_recordings_that_are_whole(tmp_path: Path) -> None:
    record(tmp_path / "a.txt")
    record(tmp_path / "b.txt")
    result = run("verify", tmp_path / "a.txt", tmp_path / "b.txt")
    assert result == Result(0, b"", "2 recordings, 0 damaged, 0 warnings\n")


def test_the_command_prints_a_line_for_each_finding_and_sums_up(tmp_path: Path) -> None:
    good, bad = record(tmp_path / "good.txt"), record(tmp_path / "bad.txt")
    cut(bad, bad)
    keys = record(tmp_path / "keys.txt", f"data: {KEY}\n\n".encode())
    result = run("verify", good, bad, keys)
    assert result.status == 1
    assert result.out.decode().splitlines() == [
        f"{bad}: error: the body has 21 bytes, its reads come to 24 [body-shorter]",
        f"{keys}: warning: what begins with 'gsk_0123…' at byte 6 looks like a key [key-in-body]",
    ]
    assert result.err == "3 recordings, 1 damaged, 1 warning\n"


def test_the_options_of_the_command(tmp_path: Path) -> None:
    bad = record(tmp_path / "bad.txt", f"data: {KEY}\n\n".encode())
    warned = record(tmp_path / "warned.txt", f"data: {KEY}\n\n".encode())
    cut(bad, bad)
    as_json, quiet, strict, lenient, both = run_all(
        [
            ["verify", "--json", bad],
            ["verify", "-q", bad],
            ["verify", "--strict", warned],
            ["verify", warned],
            ["verify", "--quiet", "--strict", warned],
        ]
    )
    error, warning = as_json.json_lines()
    assert as_json.status == 1
    assert error == {
        "file": str(bad),
        "code": "body-shorter",
        "severity": "error",
        "message": "the body has 35 bytes, its reads come to 38",
        "event_number": None,
        "offset": 35,
    }
    assert warning["code"] == "key-in-body"
    assert quiet == Result(1, b"", "")
    assert strict.status == 1
    assert lenient.status == 0
    assert both == Result(1, b"", "")


def test_a_folder_stands_for_the_recordings_below_it(tmp_path: Path) -> None:
    deep = tmp_path / "deep" / "er"
    deep.mkdir(parents=True)
    for folder in (tmp_path, deep):
        record(folder / "a.txt")
        (folder / "README.md").write_text("no recording")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.timing.jsonl").write_text("nothing of ours")
    sidecar_path(deep / "lone.txt").write_text('{"sseparse_timing":1}\n[1,5]\n{"end":"eof"}\n')
    whole, twice, empty = run_all(
        [
            ["verify", tmp_path],
            ["verify", tmp_path / "a.txt", tmp_path / "a.txt.timing.jsonl"],
            ["verify", tmp_path / ".git" / ".."],
        ]
    )
    assert whole.status == 1
    assert whole.err == "3 recordings, 1 damaged, 0 warnings\n"
    assert f"{deep / 'lone.txt'}: error: " in whole.out.decode()
    assert twice.err == "1 recording, 0 damaged, 0 warnings\n"
    assert empty.status == 1


def test_what_cannot_be_read_is_told_and_the_rest_is_verified(tmp_path: Path) -> None:
    good = record(tmp_path / "good.txt")
    (tmp_path / "empty").mkdir()
    missing, empty, nothing, stdin = run_all(
        [
            ["verify", tmp_path / "nope.txt", good],
            ["verify", tmp_path / "empty"],
            ["verify"],
            ["verify", "-"],
        ]
    )
    assert missing.status == 2
    assert missing.error_lines == [
        f"sseparse: {tmp_path / 'nope.txt'}: No such file or directory",
        "1 recording, 0 damaged, 0 warnings",
    ]
    assert empty.status == 2
    assert "no recordings" in empty.err
    assert nothing.status == 2
    assert "Missing argument" in nothing.err
    assert stdin.status == 2
    assert "Traceback" not in missing.err + empty.err + nothing.err + stdin.err


@pytest.mark.skipif(os.name != "posix", reason="such names are for POSIX")
def test_nothing_that_a_terminal_obeys_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\nb.txt"
    end = End("interrupted", 1.0, extra={"error": "\x1b[2J\nboo"})
    Recording((Read(0.5, BODY),), end=end).save(path)
    plain, as_json, missing = run_all(
        [["verify", path], ["verify", "--json", path], ["verify", tmp_path / "\x1b[2J"]]
    )
    assert len(plain.out.splitlines()) == 1
    assert len(as_json.out.splitlines()) == 1
    assert as_json.json_lines()[0]["file"] == str(path)
    for result in (plain, as_json, missing):
        assert b"\x1b" not in result.out
        assert "\x1b" not in result.err
