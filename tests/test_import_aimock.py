"""What is imported from the fixtures of aimock: an answer, written as a stream."""

from __future__ import annotations

import json

import pytest

from sseparse import Recording, RecordingError, assemble
from sseparse.formats import Imported, read_imports


def read(*fixtures: object) -> list[Imported]:
    name, found = read_imports(json.dumps({"fixtures": fixtures}).encode(), "a.json")
    assert name == "aimock"
    return found


def one(response: dict[str, object], **more: object) -> tuple[Imported, Recording]:
    (found,) = read({"match": {"userMessage": "hi", "model": "grok"}, "response": response, **more})
    assert found.recording is not None
    return found, found.recording


def test_an_answer_becomes_a_stream_of_chat_completion_chunks() -> None:
    text = "The quick brown fox jumps over the lazy dog, 🐙 and all."
    found, recording = one({"content": text, "reasoning": "Let me think about that for a while."})
    completion = assemble(recording.body)
    assert completion.protocol == "openai-chat"
    assert completion.complete
    assert completion.content == text
    assert completion.reasoning == "Let me think about that for a while."
    assert completion.finish_reason == "stop"
    assert completion.model == "grok"
    assert recording.body.count(b"data: ") > 6
    assert recording.body.endswith(b"data: [DONE]\n\n")
    assert found.event_stream
    assert found.lacks == (
        "the stream: its chunks are made up, as openai-chat",
        "the request",
        "the times",
        "the read boundaries",
    )


def test_tool_calls_come_with_their_arguments_in_pieces() -> None:
    _, recording = one(
        {
            "content": None,
            "toolCalls": [
                {"name": "weather", "arguments": {"city": "Köln", "days": 3}, "id": "call_a"},
                {"name": "time", "arguments": '{"zone": "UTC"}'},
            ],
        },
        chunkSize=4,
    )
    completion = assemble(recording.body)
    calls = [(call.id, call.name, call.parsed()) for call in completion.tool_calls]
    assert calls == [
        ("call_a", "weather", {"city": "Köln", "days": 3}),
        ("call_1", "time", {"zone": "UTC"}),
    ]
    assert completion.finish_reason == "tool_calls"


def test_blocks_keep_their_order() -> None:
    _, recording = one(
        {
            "blocks": [
                {"type": "toolCall", "name": "a", "arguments": "{}"},
                {"type": "text", "text": "Done."},
            ]
        }
    )
    assert recording.body.index(b'"name":"a"') < recording.body.index(b"Done.")


def test_what_the_fixture_sets_is_in_the_chunks() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    _, recording = one(
        {
            "content": {"structured": True},
            "id": "chatcmpl-1",
            "created": 1732551210,
            "model": "other",
            "finishReason": "length",
            "systemFingerprint": "fp",
            "usage": usage,
        }
    )
    completion = assemble(recording.body)
    assert (completion.id, completion.created, completion.model) == (
        "chatcmpl-1",
        1732551210,
        "other",
    )
    assert completion.content == '{"structured":true}'
    assert completion.finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.raw == usage


def test_recorded_times_are_spread_over_the_chunks() -> None:
    timings = {"ttftMs": 250, "interChunkDelaysMs": [50, 0, 700], "totalDurationMs": 1000}
    found, recording = one({"content": "x" * 100}, recordedTimings=timings)
    times = [read.time for read in recording.reads]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (0.25, 1.0)
    assert set(times) == {0.25, 0.3, 1.0}
    assert "which of the times belong to which words" in found.lacks
    assert recording.timing == "sidecar"


def test_an_error_is_a_response_and_no_stream() -> None:
    found, recording = one({"error": {"message": "slow down"}, "status": 429})
    assert not found.event_stream
    assert json.loads(recording.body) == {"error": {"message": "slow down"}}
    assert recording.header is not None
    assert recording.header.status == 429


def test_what_is_no_chat_answer_says_so() -> None:
    (found,) = read({"match": {}, "response": {"embedding": [0.5]}})
    assert found.recording is None
    assert "no chat answer" in found.missing


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [one]], ids=["bare", "list"])
def test_fixtures_without_their_wrapping_are_read(wrap: object) -> None:
    assert callable(wrap)
    value = wrap({"match": {}, "response": {"content": "Hello"}})
    name, (found,) = read_imports(json.dumps(value).encode(), "a.json")
    assert name == "aimock"
    assert found.recording is not None
    assert assemble(found.recording.body).content == "Hello"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"fixtures": 1}, r"no aimock fixtures: Expected `array`"),
        ({"fixtures": [1]}, r"entry 1: Expected `object`"),
        ({"fixtures": [{"response": {"toolCalls": [{}]}}]}, r"entry 1: .* `name`"),
        (
            {"fixtures": [{"response": {"content": "a"}, "recordedTimings": {}}]},
            r"entry 1: .* `ttftMs`",
        ),
    ],
)
def test_what_is_none_is_one_line(value: object, message: str) -> None:
    with pytest.raises(RecordingError, match=r"^a\.json: " + message):
        read_imports(json.dumps(value).encode(), "a.json")
