"""``sseparse inspect``: one screen on what a recording is and how it came."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from cli import COMMAND, FIXTURE, chunk, environment, posix, run
from rich.cells import cell_len

from sseparse import Read, Recording, generate
from sseparse.inspect import check, metrics
from sseparse.recording import End, Header
from sseparse.replay import Transforms

DONE = b"data: [DONE]\n\n"
WIDE = "很深的海洋 🐙 مرحبا بالعالم שלום "


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A stream with times that are known: a read each 0.1 s, and a stall."""

    def chunk(finish_reason: str | None = None, **delta: str) -> bytes:
        entry = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        payload = {"id": "c-1", "object": "chat.completion.chunk", "model": "gpt-4o"}
        return f"data: {json.dumps({**payload, 'choices': [entry]})}\n\n".encode()

    head, tail = chunk(content="很")[:80], chunk(content="很")[80:]
    reads = (
        Read(0.5, chunk(role="assistant", content="")),
        Read(0.6, chunk(content="one")),
        Read(0.7, chunk(content=" two") + chunk(content=" three")),
        Read(2.7, head),
        Read(2.8, tail + b": ping\n\n"),
        Read(2.9, chunk(finish_reason="stop") + DONE),
    )
    header = Header(
        request={"method": "POST", "url": "https://api.example/v1/chat/completions"},
        status=200,
        headers=(("content-type", "text/event-stream"), ("x-request-id", "r-\x1b[31m1")),
        headers_at=0.4,
    )
    return Recording(reads, header, End("eof", t=3.0)).save(tmp_path / "made.txt")


def screen(*args: str | Path) -> str:
    result = run("inspect", *args)
    assert (result.status, result.err) == (0, "")
    return result.out.decode()


def test_the_screen_has_everything_in_its_place(made: Path) -> None:
    lines: dict[str, str] = {}
    label = ""
    for line in screen(made).splitlines()[1:]:
        label = line[:9].strip() or label
        lines[label] = f"{lines.get(label, '')} {line[9:].strip()}".strip()
    assert lines["request"] == "POST https://api.example/v1/chat/completions"
    assert lines["response"].startswith("200 OK content-type: text/event-stream")
    assert lines["stream"] == "openai-chat, gpt-4o, finish_reason stop"
    assert lines["ended"] == "complete, by done_marker; the connection: eof"
    assert lines["reads"] == (
        "1 split event, 2 coalesced reads (at most 2 events in one), 0 end inside UTF-8, "
        "0 inside CRLF"
    )
    assert lines["first"] == "TTFB 400.0 ms   TTFT 600.0 ms   content 600.0 ms"
    assert lines["ICL"].startswith("p50 100.0 ms")
    assert "max 2.100 s   of 3 gaps" in lines["ICL"]
    assert lines["all"] == "e2e 3.000 s   2.3 events/s"
    assert lines["stalls"].startswith("2.000 s from 700.0 ms on, byte ")
    assert 'after event 4: content " three"' in lines["stalls"]
    assert "tokens" in lines["unknown"]
    assert "─" in lines["stalled"]


def test_nothing_is_wider_than_the_terminal_and_nothing_obeyed(made: Path) -> None:
    text = screen(made)
    assert max(cell_len(line) for line in text.splitlines()[1:]) <= 80
    assert "\x1b" not in text


def test_a_stream_without_times_has_no_figures_and_says_so() -> None:
    result = run("inspect", "-", stdin=chunk(content="Hi") + DONE)
    text = result.out.decode()
    assert "times: the recording has no times" in text
    assert "TTFT" not in text
    assert "stalls" not in text


def test_of_created_stamps_nothing_is_measured() -> None:
    text = screen(FIXTURE)
    assert "times are whole seconds" in " ".join(text.split())
    assert "stalls" not in text
    assert "reads" not in text


def test_json_is_all_of_it(made: Path) -> None:
    printed = json.loads(screen(made, "--json"))
    figures = metrics(made)
    assert printed["ttft"] == figures.ttft
    assert printed["icl"]["p99"] == pytest.approx(figures.icl.p99 if figures.icl else None)
    assert printed["stalls"][0]["seconds"] == pytest.approx(2.0)
    assert printed["cuts"]["split_events"] == 1
    assert printed["otel"]["gen_ai.client.operation.duration"] == 3.0
    assert (printed["status"], printed["file"]) == (200, str(made))
    assert printed["findings"] == [
        {"code": one.code, "severity": one.severity, "message": one.message}
        | {"event_number": one.event_number, "offset": one.offset}
        for one in check(made)
    ]


def test_several_are_laid_side_by_side(made: Path, tmp_path: Path) -> None:
    other = generate("The sea is deep.", transforms=Transforms(ttft=1.5, token_rate=10.0))
    other.save(tmp_path / "other.txt")
    text = screen(made, tmp_path / "other.txt")
    rows = {line[:18].strip(): line.split() for line in text.splitlines()}
    assert text.splitlines()[0].split() == ["made.txt", "other.txt"]
    assert rows["TTFT"] == ["TTFT", "600.0", "ms", "1.500", "s"]
    assert rows["tokens out"][-2:] == ["-", "5"]
    assert max(map(cell_len, text.splitlines())) <= 80


def test_many_go_on_below_rather_than_grow_too_narrow(made: Path) -> None:
    lines = screen(*[made] * 9).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert [len(line.split()) - 1 for line in lines if line.startswith("protocol")] == [4, 4, 1]
    assert all(
        line.split()[1:] == ["openai-chat"] * (len(line.split()) - 1)
        for line in lines
        if line.startswith("protocol")
    )


def test_names_of_any_length_and_direction_leave_the_screen_as_it_is(tmp_path: Path) -> None:
    name, turned = "n" * 100_000, "abc\u202edef\u2066"
    payload = {"model": name, "choices": [{"delta": {"content": "Hi"}, "finish_reason": turned}]}
    body = f"event: {name}\ndata: {json.dumps(payload)}\n\n".encode() + DONE
    header = Header(request={"method": "POST", "url": f"https://a.example/{name}"}, status=200)
    path = Recording((Read(0.1, body),), header).save(tmp_path / "long.txt")
    for options in ((), ("--events",)):
        text = screen(path, *options)
        assert len(text) < 4000
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", text)


@posix
@pytest.mark.parametrize("options", [(), ("--events",), ("--json",)])
def test_a_named_pipe_is_read_as_a_file_is(made: Path, options: tuple[str, ...]) -> None:
    body = made.read_bytes()
    (made.parent / "plain.txt").write_bytes(body)
    command = f"{shlex.join(COMMAND)} inspect {' '.join(options)}"
    script = f"cd {made.parent}; {command} plain.txt; {command} <(cat plain.txt)"
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, env=environment({"COLUMNS": "80"}), check=True
    )
    out = re.sub(r"plain\.txt|/dev/fd/\d+", "", result.stdout.decode())
    first, second = out[: len(out) // 2], out[len(out) // 2 :]
    assert first == second
    assert first.strip()


def test_a_wait_before_any_event_says_so(tmp_path: Path) -> None:
    reads = (Read(0.1, b"data:"), Read(1.1, chunk(content="Hi")[5:] + DONE))
    path = Recording(reads, None, End("eof", t=1.1)).save(tmp_path / "early.txt")
    assert "1.000 s from 100.0 ms on, byte 5, before any event\n" in screen(path)


# The events


def events(made: Path, *args: str) -> list[list[str]]:
    return [line.split() for line in screen(made, "--events", *args).splitlines()]


def test_the_events_are_a_table(made: Path) -> None:
    heading, *rows = events(made)
    assert heading == ["event", "offset", "read", "t", "gap", "type", "size"]
    assert [row[0] for row in rows if ":" not in row] == ["1", "2", "3", "4", "5", "6", "7"]
    assert rows[1][0] == "2"
    assert int(rows[1][1]) == int(rows[0][6])  # the first ends where the second begins
    assert rows[1][2:6] == ["2", "0.600", "+0.100", "message"]
    assert " ".join(rows[1][7:]) == 'content "one"'


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--type", "message", "--text", "THREE"), ["4"]),
        (("--text", "two"), ["3"]),
        (("--from", "2.8", "--to", "2.85", "--type", "message"), ["5"]),
        (("--to", "0.6"), ["1", "2"]),
    ],
)
def test_events_are_chosen(made: Path, options: tuple[str, ...], numbers: list[str]) -> None:
    assert [row[0] for row in events(made, *options)[1:]] == numbers


def test_comments_are_chosen_by_their_colon(made: Path) -> None:
    (_, row) = events(made, "--type", ":")
    assert row[-2:] == [":", "ping"]


def test_no_event_like_that_is_said(made: Path) -> None:
    result = run("inspect", made, "--events", "--text", "nowhere")
    assert (result.status, result.out) == (0, b"")
    assert result.err == "sseparse: no event is like that\n"


def test_the_events_are_lines_of_json_too(made: Path) -> None:
    lines = screen(made, "--events", "--json").splitlines()
    first = json.loads(lines[0])
    assert (first["number"], first["offset"], first["read"], first["time"]) == (1, 0, 1, 0.5)
    assert json.loads(lines[1])["adds"] == ["content"]
    assert json.loads(lines[5])["kind"] == "comment"


# Terminals


TERM = {"COLUMNS": "80", "LINES": "40", "TERM": "xterm-256color"}


def on_a_terminal(*args: str | Path, **variables: str) -> str:
    """Return what the command writes to a terminal of 80 columns."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "inspect", *map(str, args)],
        stdout=child,
        stderr=subprocess.DEVNULL,
        env=environment({**TERM, **variables}),
    )
    os.close(child)
    written = b""
    while True:
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        written += data
    os.close(parent)
    assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")


@posix
@pytest.mark.parametrize(("command", "word"), [("inspect", "inspecting"), ("check", "checking")])
def test_how_far_a_large_one_is_is_shown(tmp_path: Path, command: str, word: str) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(chunk(content="x" * 100_000) * 90 + DONE)
    parent, child = pty.openpty()
    subprocess.run(
        [*COMMAND, command, path], stdout=subprocess.DEVNULL, stderr=child, env=environment(TERM)
    )
    os.close(child)
    told = b""
    while chunk_of_it := os.read(parent, 65536):
        told += chunk_of_it
        if b"100%" in told or word.encode() in told:
            break
    os.close(parent)
    assert word.encode() in told
    assert b"8.6" in told  # MiB, all of it


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    pace = Transforms(ttft=0.5, token_rate=10.0, faults="stall@event=20:3s")
    return generate(WIDE * 5, reasoning=WIDE, transforms=pace).save(tmp_path / "wide.txt")


def bare(text: str) -> list[str]:
    """Return the lines without colors."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]


@posix
def test_a_terminal_has_colors_and_a_no_color_none(wide: Path) -> None:
    colored = on_a_terminal(wide)
    assert "\x1b[" in colored
    plain = on_a_terminal(wide, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain)
    assert bare(colored) == bare(plain)


@posix
@pytest.mark.parametrize("options", [(), ("--events",)])
def test_wide_characters_and_those_from_right_to_left_stay_within_80_columns(
    wide: Path, options: tuple[str, ...]
) -> None:
    lines = bare(on_a_terminal(wide, *options))
    assert any(cell_len(line) > len(line) for line in lines)
    assert max(map(cell_len, lines[1:])) <= 80


# What is wrong


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("no-such-file",), "no-such-file: No such file or directory"),
        (("-", "-"), "stdin comes once"),
        (("-", "--text", "a"), "add --events"),
        (("a", "b", "--events"), "lists those of one FILE"),
        (("-", "--protocol", "nonsense"), "nonsense"),
        (("-", "--events", "--from", "1"), "has no times"),
        (("-", "--events", "--from", "nan"), "it is no number of seconds"),
        (("-", "--events", "--from", "3", "--to", "1"), "--from 3 is after --to 1"),
        (("/",), "/"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(args: tuple[str, ...], words: str) -> None:
    result = run("inspect", *args, stdin=b"data: 1\n\n")
    assert result.status == 2
    assert words in result.err
    assert "Traceback" not in result.err
