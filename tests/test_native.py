"""``to_native()``: the providers' own types accept what it gives; nothing in it is made up."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from chunks import (
    CHAT_FIXTURES,
    CHATS,
    DONE,
    FIXTURES,
    ROLE,
    STREAMS,
    USAGE,
    WITHOUT_NATIVE,
    call_piece,
    calls,
    choice,
    chunk,
    chunk_of,
    fold,
)
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice as OpenAIChoice
from streams import EVERY, NAMES

from sseparse import Choice, Completion, ServerSentEvent, ToolCall, assemble
from sseparse.assembly._json import JSONObject, JSONValue

TYPES = {
    "openai-completions": ["openai.types:Completion"],
    "openai-responses": ["openai.types.responses:Response"],
    "openai-assistants": ["openai.types.beta.threads:Run"],
    "openai-transcription": ["openai.types.audio:Transcription"],
    "anthropic-messages": ["anthropic.types:Message", "anthropic.types.beta:BetaMessage"],
    "anthropic-complete": ["anthropic.types:Completion"],
    "gemini": ["google.genai.types:GenerateContentResponse"],
    "google-interactions": ["google.genai.interactions:Interaction"],
    "cohere-v2": ["cohere:V2ChatResponse"],
}
"""The types of the providers' own SDKs, where they have one (chat is looked at more closely)."""

VOCABULARY = get_args(OpenAIChoice.model_fields["finish_reason"].annotation)
STREAM_FILES = [*CHAT_FIXTURES, FIXTURES / "xai-grok-beta.txt"]
RECORDED = [STREAMS / entry["file"] for entry in CHATS]


def is_whole(completion: Completion) -> bool:
    """Return whether the completion has what a non-streaming answer always has."""
    reasons = [entry.finish_reason for entry in completion.choices]
    return completion.complete and all(reason in VOCABULARY for reason in reasons)


def native_choices(native: JSONObject) -> list[JSONObject]:
    choices = native["choices"]
    assert isinstance(choices, list)
    assert all(isinstance(entry, dict) for entry in choices)
    return choices  # type: ignore[return-value]  # checked in the line before


@pytest.mark.parametrize("path", [*STREAM_FILES, *RECORDED], ids=lambda path: path.stem)
def test_openai_accepts_every_whole_completion_and_reads_the_same_from_it(path: Path) -> None:
    completion = assemble(path)
    native = completion.to_native()
    assert json.loads(json.dumps(native)) == native
    if not is_whole(completion):
        for entry, sent in zip(native_choices(native), completion.choices, strict=True):
            assert entry["finish_reason"] == sent.finish_reason
        return
    theirs = ChatCompletion.model_validate(native)
    assert theirs.id == (completion.id or "")
    assert theirs.model == (completion.model or "")
    assert len(theirs.choices) == len(completion.choices)
    for one, other in zip(theirs.choices, completion.choices, strict=True):
        assert one.index == other.index
        assert one.finish_reason == other.finish_reason
        assert one.message.content == other.content
        assert one.message.refusal == other.refusal
        called = [
            (call.id, call.function.name, call.function.arguments)
            for call in one.message.tool_calls or []
            if call.type == "function"
        ]
        assert called == [(call.id, call.name, call.arguments) for call in other.tool_calls]
        call = one.message.function_call
        assert (call and (call.name, call.arguments)) == (
            other.function_call and (other.function_call.name, other.function_call.arguments)
        )
        assert len(one.message.annotations or []) == len(other.annotations)
    if completion.usage is None:
        assert theirs.usage is None
    else:
        assert theirs.usage is not None
        assert theirs.usage.prompt_tokens == completion.usage.input_tokens
        assert theirs.usage.completion_tokens == completion.usage.output_tokens
        assert theirs.usage.total_tokens == completion.usage.total_tokens


def accepted(native: JSONObject, protocol: str) -> bool:
    """Return whether one of the types that a provider's own SDK has for its answer accepts it."""
    for path in TYPES[protocol]:
        module, _, name = path.partition(":")
        if not hasattr(pytest.importorskip(module), name):
            pytest.skip(f"this version of the SDK has no {path}")
        with suppress(ValueError):
            getattr(pytest.importorskip(module), name).model_validate(native)
            return True
    return False


@pytest.mark.parametrize("protocol", TYPES)
def test_a_provider_s_own_types_accept_every_whole_completion(protocol: str) -> None:
    streams = [stream for stream in EVERY if stream.protocol == protocol]
    whole = 0
    for stream in streams:
        completion = assemble(stream.body)
        native = completion.to_native()
        assert json.loads(json.dumps(native)) == native
        whole += completion.complete
        assert not completion.complete or accepted(native, protocol), stream
    assert whole


@pytest.mark.parametrize("protocol", [name for name in NAMES if name not in WITHOUT_NATIVE])
def test_a_completion_made_by_hand_has_a_native_object_too(protocol: str) -> None:
    call = ToolCall("call_1", "add", '{"a": 2')
    choice = Choice(0, "assistant", "Hi", "Hm", tool_calls=(call,), server_tool_calls=(call,))
    for choices in [(), (Choice(),), (choice,), (Choice(1), choice)]:
        completion = Completion(protocol, choices=choices)
        native = completion.to_native()
        assert json.loads(json.dumps(native)) == native
        assert completion.to_native() == native


def test_most_of_the_streams_are_whole() -> None:
    whole = [path.stem for path in STREAM_FILES if is_whole(assemble(path))]
    assert len(whole) >= 20
    if RECORDED:
        assert len([path for path in RECORDED if is_whole(assemble(path))]) >= 45


def test_the_native_object_has_all_that_the_stream_said() -> None:
    completion = fold(
        chunk({**ROLE, "content": "a", "reasoning": "r"}, system_fingerprint="fp", odd=[1]),
        calls(call_piece(0, "c", "f", "{}")),
        chunk_of(choice({"annotations": [{"n": 1}]}, 0, "stop", logprobs={"content": [1]}, more=2)),
        chunk_of(usage={**USAGE, "cost": 0.5}),
        DONE,
    )
    assert completion.to_native() == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1763800000,
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "a",
                    "refusal": None,
                    "tool_calls": [
                        {
                            "id": "c",
                            "type": "function",
                            "function": {"name": "f", "arguments": "{}"},
                        }
                    ],
                    "reasoning_content": "r",
                    "annotations": [{"n": 1}],
                },
                "logprobs": {"content": [1], "refusal": None},
                "finish_reason": "stop",
                "more": 2,
            }
        ],
        "usage": {**USAGE, "cost": 0.5},
        "system_fingerprint": "fp",
        "service_tier": None,
        "odd": [1],
    }


def test_what_the_stream_did_not_say_is_null() -> None:
    native = fold(chunk(ROLE)).to_native()
    (entry,) = native_choices(native)
    message = entry["message"]
    assert isinstance(message, dict)
    assert (entry["finish_reason"], entry["logprobs"], native["usage"]) == (None, None, None)
    assert (native["system_fingerprint"], native["service_tier"]) == (None, None)
    assert (message["content"], message["refusal"]) == (None, None)
    assert message.keys() == {"role", "content", "refusal"}
    assert "error" not in native


def test_an_error_is_in_the_native_object_too() -> None:
    error: JSONObject = {"message": "no"}
    assert fold(chunk(ROLE, error=error)).to_native()["error"] == error


def test_a_custom_tool_call_is_one_to_openai() -> None:
    call: JSONValue = {
        "index": 0,
        "id": "c",
        "type": "custom",
        "custom": {"name": "sh", "input": "ls"},
    }
    native = fold(chunk(ROLE), calls(call), chunk({}, finish_reason="tool_calls"), DONE).to_native()
    theirs = ChatCompletion.model_validate(native)
    (one,) = theirs.choices[0].message.tool_calls or []
    assert one.type == "custom"
    assert (one.custom.name, one.custom.input) == ("sh", "ls")


def test_fields_of_a_delta_do_not_take_the_places_of_the_choice() -> None:
    odd: JSONObject = {"finish_reason": "stop", "index": 7, "message": "m", "logprobs": 1}
    (entry,) = native_choices(fold(chunk({**ROLE, "content": "x", **odd})).to_native())
    assert (entry["index"], entry["finish_reason"], entry["logprobs"]) == (0, None, None)
    assert isinstance(entry["message"], dict)
    assert entry["message"]["content"] == "x"


@pytest.mark.parametrize("created", ["1e999", "NaN", "true", '"now"', "-5", "1763800000.75"])
def test_an_odd_time_makes_no_odd_object(created: str) -> None:
    data = chunk(ROLE, created="@", finish_reason="stop").data.replace('"@"', created)
    native = fold(ServerSentEvent(data), DONE).to_native()
    assert native["created"] in (0, 1763800000)
    ChatCompletion.model_validate(native)


@pytest.mark.parametrize("tier", ["on_demand", "batch", {"name": "x"}])
def test_a_service_tier_that_openai_does_not_have_is_kept_but_not_passed_off_as_one(
    tier: JSONValue,
) -> None:
    completion = fold(chunk(ROLE, finish_reason="stop", service_tier=tier), DONE)
    assert completion.extra["service_tier"] == tier
    ChatCompletion.model_validate(completion.to_native())


def test_a_service_tier_of_openai_is_passed_on() -> None:
    completion = fold(chunk(ROLE, finish_reason="stop", service_tier="flex"), DONE)
    assert ChatCompletion.model_validate(completion.to_native()).service_tier == "flex"


@pytest.mark.parametrize("protocol", WITHOUT_NATIVE)
def test_a_protocol_without_an_object_of_its_own_is_refused(protocol: str) -> None:
    with pytest.raises(ValueError, match=protocol):
        assemble(b"data: 1\n\n", protocol).to_native()


def test_the_native_object_of_several_choices_has_them_by_index() -> None:
    completion = fold(chunk(ROLE, 2, "stop"), chunk(ROLE, 0, "length"), DONE)
    theirs = ChatCompletion.model_validate(completion.to_native())
    assert [(one.index, one.finish_reason) for one in theirs.choices] == [
        (0, "length"),
        (2, "stop"),
    ]
