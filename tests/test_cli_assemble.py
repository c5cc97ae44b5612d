"""``sseparse assemble``: the completion that a stream amounts to, and whether it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import cli
import pytest
from cli import END, FIXTURE, chunk, run, start

import sseparse

CUT = chunk(role="assistant", content="so far") + chunk(content=", so good")
FAILED = chunk(content="so far") + b'data: {"error":{"message":"Out of\\nmemory\\u001b[2J"}}\n\n'


def test_the_json_is_the_completion_of_the_library() -> None:
    result = run("assemble", FIXTURE)
    completion = sseparse.assemble(str(cli.REPOSITORY / FIXTURE))
    assert json.loads(result.out) == completion.to_dict()
    assert list(json.loads(result.out)) == list(completion.to_dict())
    assert (result.status, result.err) == (0, "")


def test_text_is_the_content_alone() -> None:
    result = run("assemble", FIXTURE, "--text")
    content = sseparse.assemble(str(cli.REPOSITORY / FIXTURE)).content
    assert result == (0, f"{content}\n".encode(), "")


def test_native_is_the_object_of_the_provider() -> None:
    result = run("assemble", FIXTURE, "--native")
    completion = sseparse.assemble(str(cli.REPOSITORY / FIXTURE))
    assert json.loads(result.out) == completion.to_native()
    assert json.loads(result.out)["object"] == "chat.completion"
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize(
    ("body", "content", "reason"),
    [
        (CUT, "so far, so good", "the stream ended without a finish_reason or an end marker"),
        (CUT[:-1], "so far, so good", "the stream ended without a finish_reason or an end marker"),
        (FAILED, "so far", "the stream carried an error: Out of memory\ufffd[2J"),
        (b"", None, "the stream held no event at all"),
    ],
)
def test_an_incomplete_stream_is_printed_and_the_exit_status_is_1(
    body: bytes, content: str | None, reason: str
) -> None:
    result = run("assemble", "-", stdin=body)
    printed = json.loads(result.out)
    assert (printed["choices"][0]["content"] if content else printed["choices"] or None) == content
    assert printed["complete"] is False
    assert (result.status, result.err) == (1, f"sseparse: {reason}\n")


@pytest.mark.parametrize("option", ["--text", "--native"])
def test_an_incomplete_stream_is_told_of_in_every_form(option: str) -> None:
    result = run("assemble", "-", option, stdin=CUT)
    assert b"so far, so good" in result.out
    assert (result.status, len(result.error_lines)) == (1, 1)


@cli.posix
def test_the_answer_comes_at_the_end_of_stdin_and_not_before() -> None:
    with start("assemble", "-", "--text") as process:
        cli.feed(process, chunk(content="a"))
        cli.feed(process, chunk(content="b") + END)
        cli.wait_until_read(process)
        assert not cli.has_written(process)
        assert cli.finish(process) == (0, b"ab\n", "")


def test_the_protocol_can_be_told() -> None:
    undecided = b'data: {"id": "a", "choices": []}\n\ndata: [DONE]\n\n'
    found = run("assemble", "-", stdin=undecided)
    told = run("assemble", "-", "--protocol", "openai-chat", stdin=undecided)
    assert json.loads(found.out)["protocol"] == "unknown"
    assert (json.loads(told.out)["protocol"], json.loads(told.out)["id"]) == ("openai-chat", "a")


def test_a_protocol_unheard_of_is_refused_with_those_there_are() -> None:
    result = run("assemble", FIXTURE, "--protocol", "openai")
    assert (result.status, result.out) == (2, b"")
    assert "'openai' is no protocol known here; there are openai-chat" in result.error_lines[-1]


def test_text_and_native_exclude_each_other() -> None:
    result = run("assemble", FIXTURE, "--text", "--native")
    assert (result.status, result.out) == (2, b"")
    assert result.error_lines[-1].startswith("sseparse: --text and --native: which of the two?")


def test_what_no_protocol_claims_has_no_native_object() -> None:
    result = run("assemble", "-", "--native", stdin=b"data: [DONE]\n\n")
    assert (result.status, result.out, len(result.error_lines)) == (1, b"", 1)
    assert "without --native you get what is there" in result.err


def test_the_json_is_utf_8_whatever_the_locale_says() -> None:
    env = {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}
    result = run("assemble", "-", stdin=chunk(content="Grüße 👋\x9b") + END, env=env)
    assert (result.status, result.err) == (0, "")
    assert json.loads(result.out)["choices"][0]["content"] == "Grüße 👋\x9b"
    assert "\x9b" not in result.out.decode()


def test_the_seed_document_assembles_as_it_stands(shared_dir: Path) -> None:
    seed = run("assemble", shared_dir / "seed" / "xai-grok-beta-curl.md")
    fixture = run("assemble", FIXTURE)
    found = json.loads(seed.out)
    assert (seed.status, seed.err, found["complete"]) == (0, "", True)
    assert found["choices"] == json.loads(fixture.out)["choices"]
    assert found["usage"] == json.loads(fixture.out)["usage"]
    assert [finding["code"] for finding in found["findings"]] == ["unfinished-event"]


def test_what_is_no_event_stream_is_told_with_its_start() -> None:
    result = run("assemble", "-", "--text", stdin=b'{"error": {"message": "no API key"}}')
    told = 'sseparse: this is no event stream; it begins with {"error": {"message": "no API key"}}'
    assert (result.status, result.error_lines) == (1, [told])


def test_a_stream_of_no_known_protocol_is_told_as_such_and_its_plain_text_printed() -> None:
    result = run("assemble", "fixtures/unknown/unheard-of-json.txt")
    told = "the stream speaks no protocol known here; what it holds stands in extra"
    assert (result.status, result.error_lines) == (1, [f"sseparse: {told}"])
    text = run("assemble", "-", "--text", stdin=b"data: plain\n\ndata:  text\n\n")
    assert (text.status, text.out) == (1, b"plain text\n")


def test_a_protocol_named_wrongly_is_no_success() -> None:
    result = run("assemble", FIXTURE, "--text", "--protocol", "gemini")
    told = "sseparse: nothing of an answer came, only the end marker"
    assert (result.status, result.out, result.error_lines) == (1, b"\n", [told])


def test_why_there_is_no_content_is_told() -> None:
    result = run("assemble", "fixtures/gemini/prompt-blocked.txt", "--text")
    assert (result.status, result.out, len(result.error_lines)) == (0, b"\n", 1)
    assert result.error_lines[0].startswith("sseparse: the prompt was blocked: ")
