"""The options of ``sseparse replay`` that change what is played, and its keys."""

from __future__ import annotations

from pathlib import Path

import cli
import pytest
from cli import Terminal, run

from sseparse import Recording
from sseparse.replay import Transforms

EVENTS = [b'data: {"n":%d}\n\n' % number for number in range(1, 5)]
BODY = b"".join(EVENTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return cli.write_recording(
        tmp_path / "body", [(number / 10, data) for number, data in enumerate(EVENTS)]
    )


def test_a_fault_is_played_and_how_it_ended_is_said(path: Path) -> None:
    result = run("replay", path, "--fault", "cut@event=3")
    assert result.status == 0
    assert result.out == EVENTS[0] + EVENTS[1]
    assert result.error_lines[-1] == (
        "sseparse: the connection was closed before the end of the stream, after 30 bytes"
    )
    assert "reset, after 4 bytes" in run("replay", path, "--fault", "reset@byte=4").error_lines[-1]


def test_faults_are_given_with_commas_or_one_by_one(path: Path) -> None:
    together = run("replay", path, "--speed", "max", "--fault", "duplicate@event=1,cut@event=3")
    apart = ("--fault", "duplicate@event=1", "--fault", "cut@event=3")
    assert together.out == run("replay", path, "--speed", "max", *apart).out == EVENTS[0] * 2


def test_the_same_seed_breaks_the_same_event(path: Path) -> None:
    def cut(seed: int) -> bytes:
        options = ("--speed", "max", "--fault", "duplicate", "--seed", str(seed))
        return run("replay", path, *options).out

    assert cut(1) == cut(1)
    assert len({cut(seed) for seed in range(6)}) > 1


@pytest.mark.parametrize(
    ("option", "first"),
    [
        (("--rechunk", "5"), BODY[:5]),
        (("--rechunk", "events"), EVENTS[0]),
        (("--coalesce", "2"), EVENTS[0] + EVENTS[1]),
    ],
)
def test_each_read_is_one_write_also_when_cut_elsewhere(
    path: Path, option: tuple[str, str], first: bytes
) -> None:
    with cli.start("replay", path, *option, "--interval", "0.15") as process:
        assert cli.read_some(process.stdout) == first
        rest = cli.finish(process)
    assert first + rest.out == BODY


def test_a_pace_can_be_given_to_what_has_none(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(BODY)
    result = run("replay", tmp_path / "body", "--rate", "10")
    assert 0.3 <= cli.seconds_of(result) < 1.5
    assert len(result.error_lines) == 1  # nothing about times that are missing


def test_stdin_that_is_read_to_its_end_can_be_changed_too() -> None:
    result = run("replay", "-", "--timing", "none", "--fault", "cut@event=2", stdin=BODY)
    assert (result.status, result.out) == (0, EVENTS[0])


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--fault", "cut@event=9"], "fault 'cut@event=9': the stream has 4 events (of body)."),
        (["--fault", "explode"], "fault 'explode': faults are cut, reset"),
        (["--rechunk", "0"], "'0' is no number of bytes nor events, random, characters, crlf."),
        (["--fault", ""], "fault '': it names no fault"),
        (["--fault", "cut@event=2", "--fault", ",,"], "fault ',,': it names no fault"),
        (["--fault", "stall@event=2:3s", "--max-gap", "0"], "give a --max-gap of 3 or more"),
        (["--rate", "nan"], "--rate is nan"),
        (["--token-rate", "nan"], "--token-rate is nan"),
        (["--jitter", "nan"], "--jitter is nan"),
        (["--rechunk", "9" * 5000], "is no number of bytes nor events, random, characters, crlf."),
        (["--rate", "2", "--interval", "1"], "--interval and --rate are both given"),
        (["--coalesce", "0"], "--coalesce"),
        (["--jitter", "2"], "--jitter"),
    ],
)
def test_what_cannot_be_meant_is_one_line(path: Path, options: list[str], complaint: str) -> None:
    result = run("replay", path, *options)
    assert (result.status, result.out) == (2, b"")
    assert complaint in result.error_lines[-1]


def test_stdin_cannot_be_looped() -> None:
    assert "stdin comes once" in run("replay", "-", "--loop", stdin=BODY).error_lines[-1]


@cli.posix
def test_a_loop_begins_anew(path: Path) -> None:
    with cli.start("replay", path, "--loop", "--speed", "max") as process:
        seen = b""
        while len(seen) < 3 * len(BODY):
            seen += cli.read_some(process.stdout)
        assert seen.startswith(BODY * 3)


@cli.posix
def test_on_a_terminal_it_can_be_stopped_stepped_and_ended(tmp_path: Path) -> None:
    reads = [(time, b"data: %d\n\n" % time) for time in (0, 500, 1000, 1500)]
    path = cli.write_recording(tmp_path / "body", reads)
    terminal = Terminal("replay", path, "--view", "events")
    terminal.wait_for_text(b"0.000")
    terminal.press(b".")
    terminal.wait_for_text(b"500.")
    terminal.press(b".")
    terminal.wait_for_text(b"1000.")
    terminal.press(b"q")
    assert terminal.finish() == 0
    assert b"1500." not in terminal.shown
    assert b"3 events, " in terminal.shown
    assert terminal.modes_after == terminal.modes_before


@cli.posix
@pytest.mark.parametrize(
    "reads",
    [[(0.5, EVENTS[0]), (1.0, EVENTS[1])], [(0.0, EVENTS[0]), (0.0, EVENTS[1])]],
    ids=["timed", "at one time"],
)
@pytest.mark.parametrize("speed", ["max", "64"])
def test_a_loop_on_a_terminal_is_stopped_and_ended_at_any_speed(
    tmp_path: Path, reads: list[tuple[float, bytes]], speed: str
) -> None:
    path = cli.write_recording(tmp_path / "body", reads)
    terminal = Terminal("replay", path, "--view", "events", "--loop", "--speed", speed)
    terminal.wait_for_text(b"2 events, ")
    terminal.press(b" ")
    terminal.press(b".")
    terminal.press(b"q")
    assert terminal.finish() == 0
    assert terminal.modes_after == terminal.modes_before


@cli.posix
def test_plus_doubles_the_speed(tmp_path: Path) -> None:
    reads = [(0, b"data: first\n\n"), (40, b"data: last\n\n")]
    path = cli.write_recording(tmp_path / "body", reads)
    terminal = Terminal("replay", path, "--view", "events")
    terminal.wait_for_text(b"first")
    terminal.press(b"++++++")  # 64 times: 40 s in less than one
    terminal.wait_for_text(b"last")
    assert terminal.finish() == 0


def test_a_status_which_a_pipe_cannot_show_is_told(path: Path) -> None:
    done = run("replay", path, "--fault", "status:429:2s", "--speed", "max")
    assert done.err.splitlines()[-1] == "sseparse: the response has status 429"


def test_a_wait_that_full_speed_leaves_out_is_refused_in_one_line(path: Path) -> None:
    done = run("replay", path, "--fault", "stall@event=1:3s", "--speed", "max")
    assert (done.status, done.out) == (2, b"")
    assert "at full speed nothing is waited for: give a speed" in done.err.splitlines()[-1]


def test_what_a_fault_makes_is_the_same_in_python(path: Path) -> None:
    made = Transforms(rechunk="random", faults="corrupt_utf8", seed=5).apply(Recording.load(path))
    options = ("--rechunk", "random", "--fault", "corrupt_utf8", "--seed", "5", "--speed", "max")
    assert run("replay", path, *options).out == made.body
