"""``sseparse replay --view live``: a stream arriving in the terminal, and how it is doing."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from cli import END, Terminal, chunk, posix, run, write_recording

from sseparse import Read
from sseparse.cli._live import LiveView


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Thoughts, a text and a tool call, with a wait of a second before its arguments."""
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "weather"}}
    rest = {"index": 0, "function": {"arguments": '{"city": "Paris"}'}}
    reads = [
        (0.1, chunk(reasoning_content="Hm.")),
        (0.3, chunk(content="Look \x1b[2Jhere: 日本\n")),
        (0.5, chunk(tool_calls=[call])),
        (1.5, chunk(tool_calls=[rest])),
        (1.6, END),
    ]
    path = tmp_path / "answer.txt"
    write_recording(path, reads)
    return path


def plain(shown: bytes) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


@posix
def test_text_stays_and_the_status_goes(recording: Path) -> None:
    terminal = Terminal("replay", recording, "--view", "live")
    assert terminal.finish() == 0
    shown = plain(terminal.shown)
    assert re.search(r"\d\.\d s  \d events  [\d,]+ bytes  ~\d+ tokens/s  gap \d\.\d s  /", shown)
    assert re.search(r"gap 0\.[5-9] s", shown)  # the wait is told while it lasts
    *text, summary = shown.rstrip().splitlines()
    assert [line for line in text if line.strip()][-1].endswith(
        '[tool call] weather {"city": "Paris"}'
    )
    assert "Look \N{REPLACEMENT CHARACTER}[2Jhere: 日本" in shown
    assert "6 events" in summary
    assert b"\x1b[2mHm." in terminal.shown  # reasoning is dim


@posix
def test_a_pause_stops_the_clock_of_the_status(recording: Path) -> None:
    terminal = Terminal("replay", recording, "--view", "live")
    terminal.wait_for_text(b"weather")
    terminal.press(b" ")
    terminal.wait_for_text(b"paused")
    terminal.press(b"q")
    assert terminal.finish() == 0
    assert terminal.modes_after == terminal.modes_before
    assert "Paris" not in plain(terminal.shown)


@posix
@pytest.mark.parametrize("key", [b"\x03", b"q"])
def test_a_line_that_was_growing_stays_when_somebody_stops_it(key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "answer.txt"
    reads = [(0.1, chunk(content="One, ")), (0.3, chunk(content="two, ")), (60, END)]
    terminal = Terminal("replay", write_recording(path, reads), "--view", "live")
    terminal.wait_for_text(b"One, two, ")
    terminal.press(key)
    assert terminal.finish() == (130 if key == b"\x03" else 0)
    _, left = terminal.shown.rsplit(b"\x1b[2K", 1)  # the last that was drawn is wiped
    assert plain(left).splitlines()[0].strip() == "One, two,"
    assert "gap" not in plain(left)


def test_a_line_that_was_growing_stays_and_ends_before_an_error_is_told() -> None:
    out = io.StringIO()
    view = LiveView("answer.txt", "", out=out)
    view.start()
    view.show(Read(0.1, chunk(content="One, ")))
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError:
        view.stop()
    assert out.getvalue() == "One, \n"
    view.close()
    assert out.getvalue() == "One, \n"


@posix
@pytest.mark.parametrize(
    ("columns", "status"),
    [
        (80, r"\d\.\d s  2 events  \d+ bytes  ~\d tokens/s  gap \d\.\d s  /.*"),
        (44, r"\d\.\d s  2 events  ~\d tokens/s  gap \d\.\d s.*"),
        (30, r"\d\.\ds 2ev ~\dt/s gap \d\.\ds"),
        (20, r"\d\.\ds 2ev ~\dt/s \d\.\ds"),
    ],
)
def test_a_narrow_terminal_has_the_figures_in_fewer_words(
    columns: int, status: str, tmp_path: Path
) -> None:
    path = tmp_path / "answer.txt"
    reads = [(0.1, chunk(content="One, ")), (0.4, chunk(content="two, ")), (1.4, END)]
    terminal = Terminal("replay", write_recording(path, reads), "--view", "live", columns=columns)
    terminal.finish()
    drawn = plain(terminal.shown).splitlines()
    assert any(re.fullmatch(status, line.rstrip("\r")) for line in drawn), drawn


def test_in_a_pipe_it_is_the_text(recording: Path) -> None:
    live, text = (
        run("replay", recording, "--speed", "max", "--view", view) for view in ("live", "text")
    )
    assert (live.status, live.out) == (0, text.out)
