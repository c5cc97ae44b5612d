"""The judge is fair, the server answers, and sseparse rebuilds every fixture right."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rebuilt import _cases
from benchmarks.rebuilt.__main__ import main
from benchmarks.rebuilt._cases import Case, fixtures, recorded
from benchmarks.rebuilt._count import Count, Result, beside, to_json
from benchmarks.rebuilt._judge import NO_PLACE, Rebuilt, Verdict, judge
from benchmarks.rebuilt._openai import sseparse
from benchmarks.rebuilt._peers import PEERS, SSEPARSE
from benchmarks.rebuilt._server import serving

CALL = {"id": "call_1", "name": "add", "arguments": '{"a": 1}'}


def verdict(field: str, true: Any, made: Rebuilt, **more: Any) -> Verdict | None:
    return judge({field: true, **more}, made)[field]


def fault(field: str, true: Any, made: Rebuilt, **more: Any) -> str | None:
    found = verdict(field, true, made, **more)
    assert found is not None
    assert found.right is (found.fault is None)
    return found.fault


@pytest.mark.parametrize(
    ("field", "true", "made"),
    [
        ("content", "Hi", Rebuilt(content="Hi")),
        ("role", "model", Rebuilt(role="assistant")),
        ("finish_reason", "tool_use", Rebuilt(finish_reason="tool_calls")),
        ("finish_reason", "MAX_TOKENS", Rebuilt(finish_reason="length")),
        ("finish_reason", None, Rebuilt(finish_reason="")),
        ("tool_calls", [CALL], Rebuilt(tool_calls=[("call_1", "add", {"a": 1})])),
        (
            "tool_calls",
            [{**CALL, "arguments": "1 + 1"}],
            Rebuilt(tool_calls=[("call_1", "add", {"__arg1": "1 + 1"})]),
        ),
        ("tool_calls", [{**CALL, "id": None}], Rebuilt(tool_calls=[("x", "add", '{"a":1}')])),
        ("tool_calls", [{**CALL, "arguments": '{"a'}], Rebuilt(tool_calls=[("call_1", "add", {})])),
        ("reasoning", "One.\n\nTwo.", Rebuilt(reasoning="One.Two.")),
        ("usage", {"input_tokens": 5, "output_tokens": 3}, Rebuilt(usage=(5, 3))),
        (
            "usage",
            {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 3},
            Rebuilt(usage=(12, 3)),
        ),
        ("usage", None, Rebuilt(usage=(0, 0))),
        ("error", {"error": {"message": "too busy"}}, Rebuilt(error="ApiError: too busy")),
    ],
)
def test_a_peer_may_use_its_own_words(field: str, true: Any, made: Rebuilt) -> None:
    assert fault(field, true, made) is None


@pytest.mark.parametrize(
    ("field", "true", "made", "says"),
    [
        ("content", "Hi", Rebuilt(), "content lost"),
        ("content", "Hi", Rebuilt(raised="KeyError"), "content lost (KeyError)"),
        ("content", "Hi", Rebuilt(content="HiHi"), "too much content"),
        ("content", "🙂", Rebuilt(content="\ud83d\ude42"), "halves of a character left apart"),
        ("role", "assistant", Rebuilt(role="assistant" * 2), "role 'assistantassistant'"),
        ("finish_reason", None, Rebuilt(finish_reason="stop"), "finish_reason 'stop' made up"),
        ("finish_reason", "length", Rebuilt(finish_reason="stop"), "finish_reason 'stop' for 'len"),
        ("tool_calls", [CALL], Rebuilt(tool_calls=[]), "tool calls lost"),
        ("tool_calls", [CALL], Rebuilt(tool_calls=[("", "", "")] * 2), "2 tool calls for 1"),
        ("tool_calls", [CALL], Rebuilt(tool_calls=[("y", "add", "")]), "a tool call's id is wrong"),
        ("reasoning", "Hm", Rebuilt(), "reasoning lost"),
        ("usage", {"prompt_tokens": 5}, Rebuilt(usage=(10, 0)), "usage too high"),
        ("usage", {"prompt_tokens": 5}, Rebuilt(usage=(1, 0)), "usage too low"),
        ("usage", None, Rebuilt(usage=(5, 3)), "usage made up"),
        ("error", {"message": "too busy"}, Rebuilt(), "error not shown"),
    ],
)
def test_what_is_wrong_is_named(field: str, true: Any, made: Rebuilt, says: str) -> None:
    assert (fault(field, true, made) or "").startswith(says)


def test_a_field_that_is_not_sent_or_has_no_place_is_not_judged() -> None:
    truth = {"content": None, "role": "assistant", "reasoning": "", "error": None}
    assert judge(truth, Rebuilt(role=NO_PLACE)) == {"role": None}


@pytest.mark.parametrize(
    ("made", "right"),
    [
        (Rebuilt(finish_reason="stop"), False),
        (Rebuilt(finish_reason="stop", raised="ApiError"), True),
        (Rebuilt(), True),
        (Rebuilt(whole=False), True),
        (Rebuilt(whole=True), False),
    ],
)
def test_the_caller_has_to_be_told_of_a_cut_stream(made: Rebuilt, right: bool) -> None:
    found = judge({"complete": False}, made)["ended"]
    assert found is not None
    assert found.right is right


def test_a_whole_stream_must_not_raise() -> None:
    found = judge({"complete": True}, Rebuilt(raised="IndexError"))["ended"]
    assert found == Verdict(False, "IndexError on a whole stream")
    assert judge({"complete": True}, Rebuilt())["ended"] == Verdict(True)


def test_who_raises_is_not_blamed_for_a_finish_reason_of_its_own() -> None:
    made = Rebuilt(finish_reason="stop", raised="ApiError")
    assert fault("finish_reason", None, made) is None
    filtered = Rebuilt(finish_reason="content_filter")
    assert fault("finish_reason", "stop", filtered, refusal="I can't.") is None


def test_counts_keep_what_is_right_what_is_wrong_and_what_has_no_place() -> None:
    counted = Count()
    counted.add({"content": Verdict(True), "role": None, "usage": Verdict(False, "usage lost")})
    assert str(counted) == "1/2 (1)"
    assert counted.fields == {"content": [1, 1], "usage": [0, 1]}
    assert counted.faults == {"usage lost": 1}


def test_the_server_answers_every_path_with_the_same_bytes() -> None:
    with serving() as server:
        server.body = b"data: 1\n\n"
        for path in ("/v1/messages", "/chat/completions"):
            with urllib.request.urlopen(server.url + path, data=b"{}") as response:  # noqa: S310  # ours
                assert response.headers["content-type"] == "text/event-stream"
                assert response.read() == b"data: 1\n\n"


def test_a_stream_whose_last_event_was_never_dispatched_is_left_out() -> None:
    names = {case.name for case in fixtures() if case.protocol == "openai-chat"}
    assert "cut-in-an-event" in names
    assert "cut-before-the-blank-line" not in names


@pytest.mark.parametrize("case", fixtures() + recorded(), ids=lambda case: case.name)
def test_sseparse_rebuilds_it_right(case: Case) -> None:
    verdicts = judge(case.truth, sseparse()("", case))
    assert verdicts
    assert [found for found in verdicts.values() if found is None or not found.right] == []


def test_the_table_has_a_row_for_each_protocol_and_a_column_for_each_peer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "watsonx").mkdir()
    body = (_cases.FIXTURES / "watsonx" / "complete.txt").read_bytes()
    (tmp_path / "watsonx" / "complete.txt").write_bytes(body)
    expected = {"choices": [{"content": "nothing of the kind"}], "complete": True}
    text = json.dumps({"why": "wrong on purpose", "completion": expected})
    (tmp_path / "watsonx" / "complete.expected.json").write_text(text, "utf-8")
    monkeypatch.setattr(_cases, "FIXTURES", tmp_path)
    main(["--markdown"])
    lines = capsys.readouterr().out.splitlines()
    [head] = [line for line in lines if line.startswith("| protocol")]
    assert all(peer.name in head for peer in PEERS)
    [row] = [line for line in lines if line.startswith("| watsonx")]
    assert [cell.strip() for cell in row.split("|")][2:5] == ["1", "1/2", "–"]
    assert any(line.startswith("- sseparse: ") for line in lines)


def test_a_peer_that_is_missing_here_is_taken_from_another_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        there = Result(versions={"litellm": ["litellm 9"]}, counts={"gemini": {"litellm": Count()}})
        there.counts["gemini"]["litellm"].add({"content": Verdict(True)})
        return subprocess.CompletedProcess(command, 0, b"a banner\n" + to_json(there).encode())

    monkeypatch.setattr(subprocess, "run", run)
    here = Result({"gemini": {SSEPARSE: Count()}}, {peer.name: ["1"] for peer in PEERS})
    del here.versions["litellm"]
    beside(here, "other/bin/python", ["--recorded"], lambda _: None)
    [command] = commands
    assert command[0] == "other/bin/python"
    assert command[-3:] == ["--peer", "litellm", "--recorded"]
    assert str(here.counts["gemini"]["litellm"]) == "1/1"
    assert here.versions["litellm"] == ["litellm 9"]


@pytest.mark.parametrize("argv", [["--peer", "nobody"], ["--what"]])
def test_a_command_line_that_makes_no_sense_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(argv)
