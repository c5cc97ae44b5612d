"""The table: runs take turns, ratios are taken within a round, and what is wrong is not timed."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import importlib

import pytest

from benchmarks import table, timing
from benchmarks.__main__ import main
from benchmarks.assembly import CONTESTANTS, FIELDS
from benchmarks.peers import SSEPARSE, Peer
from benchmarks.targets import judge_assembly, judge_decoding, judge_protocol


def test_runs_take_turns_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "calibrate", lambda run: 2 if run() else 1)
    order: list[str] = []
    runs: dict[str, timing.Run] = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    times = timing.race(runs, 3)
    assert "".join(order) == "ab" + "ababab"
    assert [*map(len, times.values())] == [3, 3]


def test_a_short_run_is_repeated_until_it_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "measure", lambda _run, _loops: 1e-6)  # seconds for each run
    assert 1000 <= timing.calibrate(lambda: None, enough=0.001) < 10_000


def test_a_slow_round_of_the_machine_does_not_change_the_ratio() -> None:
    assert timing.ratio([3.0, 30.0, 3.0], [1.0, 10.0, 1.0]) == 3.0


def test_a_decoder_that_is_wrong_is_named_and_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Peer("lossy", "none", lambda: lambda chunks: [*SSEPARSE.load()(chunks)][1:])
    absent = Peer("absent", "none", lambda: importlib.import_module("no_such_module").decode)
    monkeypatch.setattr(table, "PEERS", (wrong, absent))
    said: list[str] = []
    report = table.decoding(["seed-1-byte"], 5, said.append)
    assert said == ["seed-1-byte"]
    assert report.head[2:] == ["lossy", "absent"]
    assert report.rows[0][2:] == ["wrong", "n/a"]
    assert report.notes == [
        "absent: none is not installed",
        "lossy: wrong on seed-1-byte, not timed: 161 events instead of 162",
    ]
    assert [verdict.holds for verdict in report.verdicts] == [None]


def test_targets_are_judged_by_the_fastest_peer() -> None:
    assert judge_decoding("seed-64KiB", {"a": 9.0, "b": 1.7}).holds is False
    assert judge_decoding("seed-64KiB", {"a": 9.0, "b": 1.8}).holds is True
    assert judge_decoding("comments", {"a": 0.99}).holds is False
    assert [verdict.holds for verdict in judge_assembly(60.0, 1.61)] == [True, False]
    assert [verdict.holds for verdict in judge_assembly(None, None)] == [None, None]
    assert [verdict.holds for verdict in judge_protocol("gemini", 9.9, 2.0)] == [False, True]
    assert [verdict.holds for verdict in judge_protocol("gemini", None, None)] == [None, None]


def test_one_row_can_be_asked_for_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--only", "assembly", "--rounds", "5", "--markdown"])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    names = [line.split("|")[1].strip() for line in rows]
    assert names[2:7] == [contestant.name for contestant in CONTESTANTS]
    assert names[9:12] == [*FIELDS]


@pytest.mark.parametrize("argv", [["--only", "nothing"], ["--rounds", "4"], ["--rounds", "x"]])
def test_a_command_line_that_makes_no_sense_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(argv)
