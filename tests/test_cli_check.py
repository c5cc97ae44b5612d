"""``sseparse check``: findings for people, for programs, for GitHub and for code scanning."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from cli import COMMAND, FIXTURE, REPOSITORY, chunk, posix, run
from sarif_pydantic import Sarif

from sseparse.inspect import RULES, check

DONE = b"data: [DONE]\n\n"
FAILED = chunk(content="Hi") + b'data: {"error":{"message":"too %much\\nto do"}}\n\n'
TYPO = chunk(role="assistant", content="Hi") + b"dat: x\n" + chunk(finish_reason="stop") + DONE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a stream that fails, one with a typing error, and a good one."""
    (found := tmp_path / "streams").mkdir()
    (found / "failed, 1.txt").write_bytes(FAILED)
    (found / "typo.sse").write_bytes(TYPO)
    shutil.copy(REPOSITORY / FIXTURE, found / "good.txt")
    (found / "notes.md").write_text("no stream")
    return found


def test_each_finding_is_a_line() -> None:
    result = run("check", FIXTURE)
    usage, role = result.out.decode().splitlines()
    grows = "info: usage stands on many chunks (80 times) [cumulative-usage]"
    assert usage == f"{FIXTURE}: event 1, byte 0: {grows}"
    more = "info: the role stands in more than one delta (79 times) [role-repeated]"
    assert role == f"{FIXTURE}: event 2, byte 396: {more}"
    assert (result.status, result.err) == (0, "1 stream, 0 errors, 0 warnings, 2 info\n")


def test_an_error_is_exit_status_1(folder: Path) -> None:
    result = run("check", folder)
    assert result.status == 1
    assert "too %much to do" in result.out.decode()
    assert result.err.startswith("3 streams, 1 error, ")
    assert run("check", folder / "typo.sse").status == 0


def test_stdin_is_checked_too() -> None:
    result = run("check", "-", stdin=FAILED)
    assert result.status == 1
    assert result.out.startswith(b"stdin: event 2, byte ")


def test_quiet_leaves_the_exit_status(folder: Path) -> None:
    assert run("check", "--quiet", folder) == (1, b"", "")


def test_codes_and_groups_are_chosen(folder: Path) -> None:
    chosen = run("check", folder / "typo.sse", "--select", "format,stall")
    assert re.findall(r"\[([a-z-]+)\]", chosen.out.decode()) == ["unknown-field"]
    ignored = run("check", folder, "--ignore", "error-in-stream", "--ignore", "protocol")
    assert ignored.status == 0


def test_json_is_a_line_for_each(folder: Path) -> None:
    result = run("check", folder, "--format", "json")
    lines = [json.loads(line) for line in result.out.splitlines()]
    expected = [
        (str(path), finding.code, finding.severity, finding.offset)
        for path in sorted(folder.iterdir())
        if path.suffix != ".md"
        for finding in check(path)
    ]
    found = [(one["file"], one["code"], one["severity"], one["offset"]) for one in lines]
    assert found == expected


ANNOTATION = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
"""An annotation, as GitHub's runner reads it."""


def plain(text: str) -> str:
    for code, character in (("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_github_reads_the_annotations(folder: Path) -> None:
    result = run("check", folder, "--format", "github")
    read = []
    for line in result.out.decode().splitlines():
        command = ANNOTATION.fullmatch(line)
        assert command is not None, line
        pairs = [pair.partition("=") for pair in command[2].split(",")]
        read.append((command[1], {key: plain(value) for key, _, value in pairs}, plain(command[3])))
    (level, properties, message), *_ = read
    assert (level, properties["title"]) == ("error", "sseparse error-in-stream")
    assert unquote(properties["file"]).endswith("failed, 1.txt")
    assert properties["line"] == "3"  # two lines of the first event come before
    assert message == "event 2: the stream carried an error: too %much to do"
    assert {level for level, *_ in read} == {"error", "warning", "notice"}


def test_sarif_is_valid_and_says_the_same(folder: Path) -> None:
    result = run("check", folder, "--format", "sarif")
    text = json.loads(result.out)
    log = Sarif.model_validate(text)
    assert text["version"] == "2.1.0"
    (made,) = log.runs
    assert made.tool.driver.name == "sseparse"
    results = made.results or []
    findings = [one for path in sorted(folder.iterdir()) for one in check(path)]
    assert len(results) == len(findings) - len(check(folder / "notes.md"))
    rules = [rule["id"] for rule in text["runs"][0]["tool"]["driver"]["rules"]]
    assert set(rules) <= RULES.keys()
    for one in text["runs"][0]["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"]
        place = one["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"file:///[^ ]+", place["artifactLocation"]["uri"])
        assert place["region"]["startLine"] >= 1


def test_paths_are_as_seen_from_here() -> None:
    text = json.loads(run("check", FIXTURE, "--format", "sarif").out)
    place = text["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == FIXTURE


@pytest.mark.parametrize("code", ["cumulative-usage", "error-field"])
def test_a_code_is_explained(code: str) -> None:
    result = run("check", "--explain", code)
    told = result.out.decode()
    assert told.startswith(f"{code} (")
    assert RULES[code].cause in told
    assert RULES[code].cure in told


def test_all_codes_are_listed() -> None:
    listed = [line.split()[2] for line in run("check", "--list").out.decode().splitlines()]
    assert set(listed) == RULES.keys()


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(folder: Path) -> None:
    damaged = folder / "typo.sse.timing.jsonl"
    damaged.write_text('{"sseparse_timing":1}\n[nonsense\n[0.5,7]\n')
    result = run("check", folder, "no-such-file")
    assert result.status == 2
    assert "no-such-file: No such file or directory" in result.err
    assert "typo.sse.timing.jsonl" in result.err
    assert "Traceback" not in result.err
    assert "[cumulative-usage]" in result.out.decode()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--select", "nonsense", "-"), "there is no code or group 'nonsense'"),
        (("--explain", "nonsense"), "there is no code 'nonsense'"),
        (("-", "-"), "stdin comes once"),
        (("--format", "xml", "-"), "'xml' is not one of"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(args: tuple[str, ...], words: str) -> None:
    result = run("check", *args, stdin=b"")
    assert result.status == 2
    assert words in result.err


def test_a_folder_without_streams_is_told(tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.status == 2
    assert "no recording in this folder" in result.err


def test_a_folder_without_recordings_is_told_and_the_rest_is_checked(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("check", tmp_path / "empty", FIXTURE)
    assert result.status == 2
    assert "1 stream, " in result.err
    assert "role-repeated" in result.out.decode()
    assert "Traceback" not in result.err


@posix
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_a_pipe_is_read_once(form: str) -> None:
    script = f"{shlex.join(COMMAND)} check --format {form} <(cat {FIXTURE})"
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, cwd=REPOSITORY, timeout=20, check=False
    )
    assert result.returncode == 0
    assert b"cumulative-usage" in result.stdout
    assert form in ("text", "json") or b"pipe" not in result.stdout


@posix
@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_a_file_of_any_name_is_checked(form: str, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9: 100%,\n.txt"
    with open(path, "wb") as file:  # noqa: PTH123 (a name that is no text)
        file.write((REPOSITORY / FIXTURE).read_bytes())
    result = subprocess.run(
        [*COMMAND, "check", "--format", form, path], capture_output=True, timeout=20, check=False
    )
    assert result.returncode == 0, result.stderr
    assert b"cumulative-usage" in result.stdout


def test_no_option_is_named_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"data: 1\n\n")
    (tmp_path / "a.txt.timing.jsonl").write_text("nonsense\n")
    for command in ("check", "inspect", "serve", "verify"):
        result = run(command, tmp_path / "a.txt")
        told = result.err + result.out.decode()
        assert "no header; the first line should" in told
        assert "--timing" not in told
        assert 'timing="' not in told
    assert "--timing none" in run("replay", tmp_path / "a.txt").err
