"""``sseparse report``: recordings from files, folders and stdin, into one page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli import END, FIXTURE, REPOSITORY, chunk, posix, run, write_recording

from sseparse.inspect import report


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "answer.txt", [(0.5, chunk(content="Hi") + END)])


def test_it_writes_the_page_of_the_library(tmp_path: Path) -> None:
    result = run("report", FIXTURE, "-o", tmp_path / "report.html")
    assert result == (0, b"", "")
    expected = report({FIXTURE: REPOSITORY / FIXTURE}).html
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == expected


def test_stdout_and_stdin_are_dashes() -> None:
    body = (REPOSITORY / FIXTURE).read_bytes()
    result = run("report", "-", "-o", "-", stdin=body)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(b"<!doctype html>")
    assert b"<title>stdin</title>" in result.out


def test_a_folder_is_all_that_is_in_it(tmp_path: Path, answer: Path) -> None:
    shutil.copy(REPOSITORY / FIXTURE, tmp_path / "more.txt")
    result = run("report", tmp_path, "-o", "-", "--title", "Both <of> them")
    assert result.status == 0
    assert result.out.count(b'class="recording"') == 2
    assert b"<title>Both &lt;of&gt; them</title>" in result.out


def test_a_page_that_is_there_is_kept_without_force(tmp_path: Path, answer: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("mine")
    result = run("report", answer, "-o", page)
    assert result.status == 2
    assert result.error_lines == [f"sseparse: {page}: File exists; --force replaces it"]
    assert page.read_text() == "mine"
    assert run("report", answer, "-o", page, "--force").status == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_recording_is_never_written_over(tmp_path: Path, answer: Path) -> None:
    before = answer.read_bytes()
    for out in (answer, tmp_path / "answer.txt.timing.jsonl"):
        result = run("report", answer, "-o", out, "--force")
        assert result.status == 2
        assert "is the recording itself" in result.err
    assert answer.read_bytes() == before


def test_an_unreadable_recording_is_told_in_one_line_and_nothing_is_written(
    tmp_path: Path, answer: Path
) -> None:
    page = tmp_path / "report.html"
    result = run("report", answer, tmp_path / "no-such-file", "-o", page)
    assert result.status == 2
    assert result.error_lines == [f"sseparse: {tmp_path}/no-such-file: No such file or directory"]
    (tmp_path / "answer.txt.timing.jsonl").write_text('{"sseparse_timing":1}\n[nonsense\n[1,1]\n')
    damaged = run("report", answer, "-o", page)
    assert damaged.status == 2
    assert len(damaged.error_lines) == 1
    assert "answer.txt.timing.jsonl" in damaged.err
    assert not page.exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("-",), "Missing option '-o' / '--output'"),
        (("-", "-", "-o", "-"), "stdin comes once"),
        (("-", "-o", "-", "--protocol", "nonsense"), "nonsense"),
        ((FIXTURE, "-o", "no/such/folder.html"), "no/such/folder.html: No such file or directory"),
        ((FIXTURE, "-o", "tests"), "tests: Is a directory"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(args: tuple[str, ...], words: str) -> None:
    result = run("report", *args)
    assert result.status == 2
    assert words in result.error_lines[-1]
    assert "Traceback" not in result.err


def test_what_is_odd_about_the_files_is_told(tmp_path: Path, answer: Path) -> None:
    answer.write_bytes(answer.read_bytes() + b"data: more\n\n")
    result = run("report", answer, "-o", tmp_path / "report.html")
    assert result.status == 0
    assert "its timing speaks of" in result.err


@posix
def test_the_page_can_go_into_a_pipe(answer: Path) -> None:
    result = run("report", answer, "-o", "/dev/stdout")
    assert result.status == 0
    assert result.out.startswith(b"<!doctype html>")
