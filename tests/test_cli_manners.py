"""How the command behaves among others: help, pipes, Ctrl-C, terminals, and what cannot be read."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import cli
import pytest
from cli import COMMAND, END, FIXTURE, REPOSITORY, Terminal, chunk, on_terminal, run, shell, start

COMMANDS = ["replay", "decode", "assemble"]
ALL_COMMANDS = [*COMMANDS, "record", "verify", "redact", "import", "export", "report"]

# Every way to print a stream.
WAYS = {
    "raw": "replay {} --speed max",
    "text": "replay {} --speed max --view text",
    "events": "replay {} --speed max --view events",
    "decode": "decode {}",
    "assemble": "assemble {}",
    "content": "assemble {} --text",
    "native": "assemble {} --native",
}


# Help


def examples_of(name: str) -> list[str]:
    """The worked examples at the end of a help."""
    _, examples = run(*name.split(), "--help").out.decode().split("\n  Examples:\n")
    return [line.strip() for line in examples.splitlines()]


def test_without_a_command_there_is_help_and_a_failure() -> None:
    result = run()
    assert (result.status, result.out) == (2, b"")
    assert result.err == run("-h").out.decode()
    assert all(f"\n  {name} " in result.err for name in ALL_COMMANDS)


@cli.posix
@pytest.mark.parametrize("name", ["", *ALL_COMMANDS])
def test_help_ends_in_examples_and_fits_a_terminal(name: str) -> None:
    status, shown = on_terminal(*name.split(), "-h", columns=80)
    assert status == 0
    head, examples = shown.split("\n  Examples:\n")
    assert "  -h, --help" in head
    assert len(examples.splitlines()) >= 3
    assert all(re.match(r"    \S.*sseparse|    sseparse ", line) for line in examples.splitlines())
    assert max(map(len, shown.splitlines())) <= 80


@cli.posix
def test_every_example_runs(tmp_path: Path) -> None:
    # What the examples name and the repository has not: a recording, a request, and tools.
    stand_ins = {"sseparse": f'exec {" ".join(COMMAND)} "$@"', "curl": "cat answer.txt"}
    stand_ins["my-client"] = "cat"
    if shutil.which("jq") is None:
        stand_ins["jq"] = "cat"
    (tmp_path / "bin").mkdir()
    for tool, script in stand_ins.items():
        (tmp_path / "bin" / tool).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / tool).chmod(0o755)
    (tmp_path / "fixtures").symlink_to(REPOSITORY / "fixtures")
    (tmp_path / "request.json").write_text("{}")
    reads = [(0.0, chunk(role="assistant", content="Hi")), (0.1, END)]
    cli.write_recording(tmp_path / "answer.txt", reads)
    env = cli.environment({"URL": "http://127.0.0.1:9/"})
    env["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{env['PATH']}"
    running = {}
    for example in {example for name in ("", *COMMANDS) for example in examples_of(name)}:
        if "sseparse record" in example:  # see test_cli_examples
            continue
        if "sseparse diff" in example:  # it ends with 1, since they differ: see test_cli_diff
            continue
        if "sseparse serve" in example:  # it has no end: see test_serve_command
            continue
        command = example.replace("tee answer.txt", "tee copy.txt")  # (curl's stand-in reads it)
        running[example] = subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=env,
        )
    for example, process in running.items():
        result = cli.finish(process)
        assert result.status == 0, example
        assert result.out or "select(" in example or " -o " in example, example
        told = (" events, ", "1 event, ", "1 stream, ", "the connection was closed")  # (of --fault)
        assert all(any(word in line for word in told) for line in result.error_lines), example
        if example == f"sseparse replay {FIXTURE}":
            assert 2.9 < cli.seconds_of(result) < 3.9


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert run("--version") == (0, f"sseparse {project['version']}\n".encode(), "")


def test_the_console_script_and_the_module_are_the_same_command() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    target = importlib.metadata.EntryPoint("sseparse", project["scripts"]["sseparse"], "").value
    module, function = target.split(":")
    script = [sys.executable, "-c", f"from {module} import {function}; {function}()"]
    for args in (["decode", FIXTURE], ["decode"]):
        assert run(*args, command=script) == run(*args)


# Pipes


@pytest.fixture(scope="module")
def long_stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream of which every way to print it fills a pipe many times over."""
    path = tmp_path_factory.mktemp("streams") / "long.txt"
    words = "all the words there are, and then some, and then once more all of them\n"
    path.write_bytes(chunk(role="assistant") + chunk(content=words) * 5000 + END)
    return path


@cli.posix
@pytest.mark.parametrize("way", WAYS)
def test_a_reader_that_goes_away_ends_it_quietly(way: str, long_stream: Path) -> None:
    command = WAYS[way].format(long_stream)
    result = shell(f'$sseparse {command} | head -n 1 | wc -l; echo "${{PIPESTATUS[0]}}"')
    assert (result.out.split(), result.err) == ([b"1", b"141"], "")


@cli.posix
@pytest.mark.parametrize("way", ["decode", "content"])
def test_output_that_python_does_not_buffer_is_written_whole(way: str, long_stream: Path) -> None:
    command, env = WAYS[way].format(long_stream), {"PYTHONUNBUFFERED": "1"}
    result = shell(f'$sseparse {command} | head -n 1 | wc -l; echo "${{PIPESTATUS[0]}}"', env)
    assert (result.out.split(), result.err) == ([b"1", b"141"], "")


@cli.posix
def test_a_reader_of_both_outputs_that_goes_away_ends_it_quietly() -> None:
    result = shell(f'$sseparse decode {FIXTURE} 2>&1 | true; echo "${{PIPESTATUS[0]}}"')
    assert (result.out, result.err) == (b"141\n", "")


@cli.posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("way", ["raw", "text", "decode", "assemble"])
def test_a_full_disk_is_one_line(way: str) -> None:
    result = shell(f"$sseparse {WAYS[way].format(FIXTURE)} > /dev/full")
    assert result == (2, b"", "sseparse: write error: No space left on device\n")


@cli.posix
@pytest.mark.parametrize("args", [f"replay {FIXTURE}", "-h"])
def test_a_closed_stdout_is_one_line(args: str) -> None:
    result = shell(f"$sseparse {args} >&-")
    assert result == (2, b"", "sseparse: stdout is closed, so there is nowhere to print to\n")


@cli.posix
@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_stdin_is_one_line_and_only_where_it_is_read(name: str) -> None:
    assert shell(f"$sseparse {name} - <&-") == (2, b"", "sseparse: stdin: it is closed\n")
    if name == "decode":
        assert shell(f"$sseparse {name} {FIXTURE} <&-").status == 0


@cli.posix
def test_a_closed_stderr_puts_no_message_among_the_output() -> None:
    assert shell("$sseparse decode --nonsense 2>&-") == (2, b"", "")
    assert shell(f"$sseparse replay {FIXTURE} --speed max 2>&- | wc -c").out.strip() == b"32002"


def test_text_in_a_locale_without_its_characters_does_not_crash() -> None:
    body = chunk(content="Grüße 👋 HALF").replace(b"HALF", b"half a \\ud83d pair") + END
    for view, encoding in (("text", "ascii"), ("events", "ascii"), ("text", "utf-8")):
        env = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
        result = run("replay", "-", "--view", view, stdin=body, env=env)
        assert (result.status, len(result.error_lines)) == (0, 1)
        assert b"Gr" in result.out


# Ctrl-C


@cli.posix
@pytest.mark.parametrize("view", ["raw", "text", "events"])
def test_an_interrupt_ends_a_slow_replay_with_130(view: str) -> None:
    with start("replay", FIXTURE, "--speed", "0.1", "--view", view) as process:
        assert cli.read_some(process.stdout)
        process.send_signal(signal.SIGINT)
        result = cli.finish(process)
    assert (result.status, result.err.strip()) == (130, "")


@cli.posix
@pytest.mark.parametrize("name", ["replay", "assemble"])
def test_an_interrupt_ends_the_wait_for_stdin_with_130(name: str) -> None:
    with start(name, "-") as process:
        cli.feed(process, b"data: 1\n\n")
        cli.wait_until_read(process)
        process.send_signal(signal.SIGINT)
        # (Python dies of the signal if it came in the midst of an import: 130 to a shell, too.)
        assert process.wait(cli.TIMEOUT) in (130, -signal.SIGINT)
        assert cli.finish(process).err.strip() == ""


@cli.posix
def test_ctrl_c_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    reads = [(0.0, chunk(reasoning_content="let me think")), (1000.0, END)]
    path = cli.write_recording(tmp_path / "body", reads)
    terminal = Terminal("replay", path, "--view", "text")
    terminal.wait_for(len("let me think"))
    terminal.press_ctrl_c()
    assert terminal.finish() == 130
    assert terminal.modes_after == terminal.modes_before
    assert terminal.shown == b"\x1b[2mlet me think\x1b[0m\r\n\x1b[0m"


# Terminals


@cli.posix
def test_reasoning_is_dim_on_a_terminal(tmp_path: Path) -> None:
    body = chunk(reasoning_content="so") + chunk(content="yes") + END
    (tmp_path / "body").write_bytes(body)
    status, shown = on_terminal("replay", tmp_path / "body", "--speed", "max", "--view", "text")
    assert status == 0
    assert re.fullmatch(r"\x1b\[2mso\x1b\[0m\nyes\n4 events, \S+ s, finish_reason stop\n", shown)


@cli.posix
@pytest.mark.parametrize("way", WAYS)
def test_nothing_in_a_stream_commands_the_terminal(way: str, tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\x08\x9b31m\x7f"
    body = (
        f": {evil}\nevent: {evil}\ndata: {evil}\n\nid{evil}: {evil}\n".encode()
        + chunk(role="assistant", content=f"a{evil}", reasoning_content=evil)
        + chunk(tool_calls=[{"id": evil, "function": {"name": evil, "arguments": evil}}])
        + json.dumps({"error": {"message": evil}}).join(["data: ", "\n\n"]).encode()
        + json.dumps({"choices": [{"finish_reason": evil}]}).join(["data: ", "\n\n"]).encode()
        # Bare in the bytes, not escaped as JSON does it; and a character cut in two.
        + f'data: {{"choices":[],"{evil}":"\x9b'.encode()[:-1]
    )
    (tmp_path / "body").write_bytes(body)
    _, shown = on_terminal(*WAYS[way].format(tmp_path / "body").split())
    ours = re.sub(r"\x1b\[(2|31|0)m", "", shown)  # dim, red, and the end of either
    assert "title" in ours
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", ours) == []


@cli.posix
def test_the_events_view_fits_the_terminal_and_shows_what_each_event_adds() -> None:
    status, shown = on_terminal("replay", FIXTURE, "--speed", "max", "--view", "events")
    *lines, summary = shown.splitlines()
    assert (status, len(lines)) == (0, 81)
    assert {len(line) for line in lines[:79]} == {80}
    assert lines[3].startswith('    0.125      4  message  content " ultimate"  {"id"')
    assert summary.startswith("81 events, 0.0")


@cli.posix
def test_wide_characters_count_twice_where_lines_are_cut(tmp_path: Path) -> None:
    (tmp_path / "body").write_text("data: a\t" + "日本語" * 30 + "\n\n", encoding="utf-8")
    _, shown = on_terminal("replay", tmp_path / "body", "--speed", "max", "--view", "events")
    line = shown.splitlines()[0]
    assert re.fullmatch(r"    0\.000      1  message  a    (日本語)+日?本?…", line)
    assert sum(2 if character > "\u3000" else 1 for character in line) in (79, 80)


@cli.posix
def test_the_summary_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"data: 1\n\ndata: 2")
    _, shown = on_terminal("replay", tmp_path / "body", "--speed", "max")
    assert shown.splitlines()[2] == "data: 2"
    assert shown.splitlines()[3].startswith("1 event + 1 unfinished, ")
    together = shell(f"$sseparse replay {FIXTURE} --speed max --view text 2>&1").out.splitlines()
    assert [line[:10] for line in together] == [b"Ah, the ul", b"81 events,"]


# What cannot be read, and what cannot be meant


def test_a_missing_file_and_a_directory_are_one_line() -> None:
    results = cli.run_all([[name, file] for name in COMMANDS for file in ("no\nwhere", "fixtures")])
    missing = (2, b"", "sseparse: no where: No such file or directory\n")
    assert results == [missing, (2, b"", "sseparse: fixtures: Is a directory\n")] * 3


@cli.posix
@pytest.mark.parametrize("locked", ["body", "body.timing.jsonl"])
def test_a_file_that_may_not_be_read_is_one_line(locked: str, tmp_path: Path) -> None:
    path = cli.write_recording(tmp_path / "body", [(0.0, b"data: 1\n\n")])
    (tmp_path / locked).chmod(0)
    # The superuser reads it all the same, unless he lays that power down.
    lay_down: list[str] = []
    if os.access(tmp_path / locked, os.R_OK):
        if shutil.which("setpriv") is None:
            pytest.skip("this user may read everything")
        powers = "-dac_override,-dac_read_search"
        lay_down = ["setpriv", "--bounding-set", powers, "--inh-caps", powers]
        if subprocess.run([*lay_down, "true"], capture_output=True).returncode:
            pytest.skip("this user may read everything, and may not lay that down")
    result = run("replay", path, command=[*lay_down, *COMMAND])
    assert result == (2, b"", f"sseparse: {tmp_path / locked}: Permission denied\n")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc here")
def test_a_file_that_breaks_while_it_is_read_is_named() -> None:
    # It opens, and its first page cannot be read.
    results = cli.run_all([[name, "/proc/self/mem"] for name in ("replay", "decode")])
    assert results == [(2, b"", "sseparse: /proc/self/mem: Input/output error\n")] * 2


BAD_SIDECARS = {
    b"\n": ":1: no header; .* the file is empty; --timing none reads the body without",
    b"\x89PNG\r\n": ":1: no header; .* --timing none reads the body without",
    b'{"sseparse_timing":1}\n[0,\n[0.1,3]\n{"end":"eof"}\n': ":2: not JSON: '\\[0,'$",
    b'{"sseparse_timing":1}\n[2,3]\n[1,3]\n': ":3: time goes back, from 2.0 to 1.0 seconds",
    b'{"sseparse_timing":2}\n': ":1: timing format version 2 is newer than 1.* update sseparse$",
}


def test_a_sidecar_that_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    for number, sidecar in enumerate(BAD_SIDECARS):
        (tmp_path / f"{number}").write_bytes(b"data: 1\n\n")
        (tmp_path / f"{number}.timing.jsonl").write_bytes(sidecar)
    results = cli.run_all([["replay", tmp_path / f"{n}"] for n in range(len(BAD_SIDECARS))])
    for (number, result), complaint in zip(enumerate(results), BAD_SIDECARS.values(), strict=True):
        assert (result.status, result.out, len(result.error_lines)) == (2, b"", 1)
        assert re.search(rf"^sseparse: .*/{number}\.timing\.jsonl{complaint}", result.err)


MEANINGLESS = {
    ("replay", FIXTURE, "--speed", "0"): "'0' is neither a number above 0 nor max.",
    ("replay", FIXTURE, "--speed", "nan"): "'nan' is neither a number above 0 nor max.",
    ("replay", FIXTURE, "--speed", "fast"): "'fast' is neither a number above 0 nor max.",
    ("replay", FIXTURE, "--max-gap", "-1"): "-1.0 is not in the range x>=0.",
    ("replay", FIXTURE, "--max-gap", "nan"): "'nan' is no number of seconds.",
    ("replay", FIXTURE, "--view", "json"): "'json' is not one of 'raw', 'text', 'events',",
    ("replay", FIXTURE, "--timing", "x"): "'auto', 'sidecar', 'created', 'none'.",
    ("replay",): "Missing argument 'FILE'.",
    ("decode", FIXTURE, FIXTURE): "Got unexpected extra argument",
    ("decode", "--coments", FIXTURE): "--comments",
    ("play", FIXTURE): "No such command 'play'.",
}


def test_what_cannot_be_meant_is_refused_with_a_hint() -> None:
    results = cli.run_all(MEANINGLESS)
    for result, complaint in zip(results, MEANINGLESS.values(), strict=True):
        assert (result.status, result.out) == (2, b"")
        (line,) = result.error_lines
        assert line.startswith("sseparse: ")
        assert complaint in line
        assert re.search(r" See 'sseparse( \w+)? --help'\.$", line)


def without_h11(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command as it is after ``pip install .``, without extras."""
    script = (
        "import sys; sys.modules['h11'] = None\n"
        f"sys.argv = ['sseparse', *{args!r}]\n"
        "from sseparse.cli import main; main()"
    )
    env = cli.environment({"COLUMNS": "100"})
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env)


@pytest.mark.parametrize("args", [["serve", "x", "--speed", "max"], ["serve", "--help"]])
def test_a_command_whose_library_is_not_installed_names_what_brings_it(args: list[str]) -> None:
    told = without_h11(*args)
    assert told.stderr == "sseparse: serve needs h11: pip install 'sseparse[http]'.\n"
    assert (told.returncode, told.stdout) == (2, "")


def test_the_help_lists_it_all_the_same() -> None:
    told = without_h11("--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(r"^ +serve +\(needs h11: pip install", told.stdout, re.MULTILINE)
    assert re.search(r"^ +replay +\w", told.stdout, re.MULTILINE)
