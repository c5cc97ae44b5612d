"""``sseparse generate``: streams that nobody sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli import FIXTURE, run

from sseparse import Recording, assemble, generate
from sseparse.replay import Transforms

TEXT = "The sea is deep."


def test_a_text_becomes_a_stream_on_stdout() -> None:
    result = run("generate", TEXT)
    assert (result.status, result.err) == (0, "")
    assert result.out == generate(TEXT).body


@pytest.mark.parametrize("option", [(), ("-",), ("--file", "-")])
def test_the_text_may_come_from_stdin(option: tuple[str, ...]) -> None:
    assert run("generate", *option, stdin=TEXT.encode()).out == generate(TEXT).body


def test_the_text_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    assert run("generate", "--file", tmp_path / "text.txt").out == generate(TEXT).body


def test_it_is_saved_with_its_times(tmp_path: Path) -> None:
    out = tmp_path / "made.txt"
    pace = ("--ttft", "0.5", "--token-rate", "25", "--jitter", "0.3", "--seed", "9")
    result = run("generate", TEXT, "--dialect", "xai", *pace, "-o", out)
    assert (result.status, result.out, result.err) == (0, b"", "")
    saved = Recording.load(out)
    transforms = Transforms(ttft=0.5, token_rate=25.0, jitter=0.3, seed=9)
    made = generate(TEXT, dialect="xai", transforms=transforms)
    assert saved.timing == "sidecar"
    assert saved.body == made.body
    assert [read.time for read in saved.reads] == pytest.approx(
        [read.time for read in made.reads], abs=1e-6
    )
    assert run("verify", out).status == 0


def test_what_is_there_is_not_replaced_unless_forced(tmp_path: Path) -> None:
    out = tmp_path / "made.txt"
    out.write_bytes(b"mine")
    result = run("generate", TEXT, "-o", out)
    assert result.status == 2
    assert "--force replaces it" in result.err
    assert out.read_bytes() == b"mine"
    assert run("generate", TEXT, "-o", out, "--force").status == 0
    assert out.read_bytes() == generate(TEXT).body


def test_tools_reasoning_model_and_end_are_said(tmp_path: Path) -> None:
    calls = ("--tool-call", 'weather={"city": "Vienna"}', "--tool-call", "time")
    said = ("--reasoning", "Hm.", "--model", "m-1", "--finish-reason", "tool_use")
    made = run("generate", "--protocol", "anthropic-messages", *calls, *said)
    completion = json.loads(run("assemble", "-", stdin=made.out).out)
    (choice,) = completion["choices"]
    arguments = [(call["name"], call["arguments"]) for call in choice["tool_calls"]]
    assert arguments == [("weather", '{"city": "Vienna"}'), ("time", "{}")]
    assert (choice["reasoning"], choice["finish_reason"]) == ("Hm.", "tool_use")
    assert completion["model"] == "m-1"


def test_an_error_breaks_it_off() -> None:
    made = run("generate", TEXT, "--error", "too much to do", "--protocol", "gemini")
    completion = assemble(made.out.splitlines(keepends=True))
    assert (completion.content, completion.ended_by) == (TEXT, "error")
    assert "too much to do" in str(completion.error)


def test_what_assemble_prints_is_spelled_again() -> None:
    printed = run("assemble", FIXTURE).out
    made = run("generate", "--json", "-", "--dialect", "xai", stdin=printed)
    assert (made.status, made.err) == (0, "")
    assert run("assemble", "-", stdin=made.out).out == printed


@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        (("a", "--file", "b"), b"", "which of them?"),
        (("a", "--protocol", "nonsense"), b"", "'nonsense' is not one of"),
        (("a", "--dialect", "xai", "--protocol", "gemini"), b"", "not of gemini"),
        (("a", "--tool-call", "f={"), b"", "the arguments of 'f' are no JSON"),
        (("a", "--tool-call", 'f={"a":NaN}'), b"", "'f' are no JSON: NaN is no number"),
        (("a", "--tool-call", "={}"), b"", "names no tool"),
        (("a", "--rate", "nan"), b"", "--rate is nan"),
        (("--json", "-"), b'{"protocol": "gemini", "complete": true}', "has no choice"),
        (("a", "--tool-call", "f={}", "--protocol", "watsonx"), b"", "cannot spell"),
        (("a", "--fault", "cut@event=900"), b"", "the stream has"),
        (("a", "--ttft", "-1"), b"", "-1"),
        (("--file", "no-such-file"), b"", "no-such-file: No such file"),
        (("--json", "-"), b"[]", "stdin is no completion: the completion is no JSON object"),
        (("--json", "-"), b'{"protocol": 1}', "protocol is 1; it is of type str"),
        (("--json", "-"), b'{"protocol": "mcp", "x": 1}', "has no field 'x'"),
        (("--json", "-"), b"{", "stdin is no completion"),
        (("--json", "-", "--model", "m"), b'{"protocol": "mcp"}', "they go with a text"),
        (("-",), b"\xff", "the text is no UTF-8"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(args: tuple[str, ...], stdin: bytes, words: str) -> None:
    result = run("generate", *args, stdin=stdin)
    assert result.status == 2
    assert result.out == b""
    assert words in result.err
    assert "Traceback" not in result.err
