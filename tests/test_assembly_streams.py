"""Whole streams: the recorded ones with what they are known to say, and the hand-made fixtures.

The recorded streams lie beside the repository; without them their tests are skipped. Each is
assembled whole and in seeded random cuts: where the reads end must not matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from chunks import FIXTURES, INDEX, STREAMS, check, codes, differences, random_cuts
from streams import HAND_MADE, NAMES, Stream, data_of, name_of

from sseparse import Choice, Completion, assemble, detect
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._registry import PROTOCOLS

Entry = dict[str, Any]

SENDS_OBJECTS = {"gemini"}
"""The protocols that send arguments as objects: how they are spelled is ours, not theirs."""

SEED_USAGE = {
    "prompt_tokens": 41,
    "completion_tokens": 80,
    "total_tokens": 121,
    "prompt_tokens_details": {
        "text_tokens": 41,
        "audio_tokens": 0,
        "image_tokens": 0,
        "cached_tokens": 0,
    },
}


def seen(choice: Choice | Completion) -> JSONObject:
    """Return of a choice, or of choice 0, what the index of recorded streams gives."""
    return {
        "content": choice.content,
        "role": choice.role,
        "finish_reason": choice.finish_reason,
        "reasoning": choice.reasoning,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in choice.tool_calls
        ],
    }


def with_parsed_arguments(seen: Any) -> Any:
    """Return it with all arguments decoded, for the protocols that send them as objects."""
    calls = [
        {**call, "arguments": json.loads(call["arguments"] or "{}")} for call in seen["tool_calls"]
    ]
    return {**seen, "tool_calls": calls}


def abbreviated(signature: str) -> str:
    """Return a signature as the index has it."""
    return f"{signature[:24]}…({len(signature)})"


def objects(value: JSONValue) -> list[JSONObject]:
    """Return the objects that a list consists of."""
    entries = as_list(value)
    assert all(isinstance(entry, dict) for entry in entries)
    return [as_object(entry) for entry in entries]


def types(value: JSONValue) -> list[JSONValue]:
    return [entry["type"] for entry in objects(value)]


Look = Callable[[Completion, Choice, Stream], object]


def in_completion(key: str) -> Look:
    return lambda completion, first, stream: completion.extra[key]


def in_choice(key: str) -> Look:
    return lambda completion, first, stream: first.extra[key]


def look_at_the_output(completion: Completion, first: Choice, stream: Stream) -> int:
    if "output-missing" in codes(completion):
        return 0
    return len(as_list(completion.extra["output"]))


def look_at_message_starts(completion: Completion, first: Choice, stream: Stream) -> int:
    return 1 + (as_object(completion.error).get("type") == "protocol_error")


def look_at_the_last_usage(completion: Completion, first: Choice, stream: Stream) -> bool:
    sent = [as_object(data_of(item)).get("usageMetadata") for item in stream.items]
    return completion.usage is not None and completion.usage.raw == [one for one in sent if one][-1]


EXTRA: dict[str, Look] = {
    # OpenAI chat
    "system_fingerprint": in_completion("system_fingerprint"),
    "service_tier": in_completion("service_tier"),
    "prompt_filter_results": in_completion("prompt_filter_results"),
    "provider": in_completion("provider"),
    "timings": in_completion("timings"),
    "time_info": in_completion("time_info"),
    "reasoning_details": in_choice("reasoning_details"),
    "native_finish_reason": in_choice("native_finish_reason"),
    "choices": lambda completion, first, stream: [
        {"index": choice.index, **seen(choice)} for choice in completion.choices
    ],
    "refusal": lambda completion, first, stream: first.refusal,
    "logprobs_count": lambda completion, first, stream: len(
        as_list(as_object(first.logprobs)["content"])
    ),
    "annotations": lambda completion, first, stream: list(first.annotations),
    # OpenAI Responses
    "output_item_types": lambda completion, first, stream: types(completion.extra["output"]),
    "encrypted_reasoning": lambda completion, first, stream: any(
        item["type"] == "reasoning" and item.get("encrypted_content")
        for item in objects(completion.extra["output"])
    ),
    "final_output_len": look_at_the_output,
    "delta_vs_final": lambda completion, first, stream: (
        "final-output-empty" if "output-missing" in codes(completion) else "match"
    ),
    # OpenAI Assistants
    "final_text": lambda completion, first, stream: first.content,
    # Anthropic
    "block_types": lambda completion, first, stream: types(first.extra["content"]),
    "signatures": lambda completion, first, stream: [
        abbreviated(str(block["signature"]))
        for block in objects(first.extra["content"])
        if block.get("signature")
    ],
    "server_tool_calls": lambda completion, first, stream: [
        {"id": call.id, "name": call.name, "type": call.type, "arguments": call.arguments}
        for call in first.server_tool_calls
    ],
    "citations_count": lambda completion, first, stream: len(first.annotations),
    "stop_details": in_choice("stop_details"),
    "message_start_count": look_at_message_starts,
    # Gemini
    "usage_last_eq_merged": look_at_the_last_usage,
    "thought_signatures": lambda completion, first, stream: sum(
        "thoughtSignature" in part for part in objects(first.extra["parts"])
    ),
    "part_keys": lambda completion, first, stream: sorted(
        {key for part in objects(first.extra["parts"]) for key in part}
    ),
    # Cohere
    "tool_plan": in_choice("tool_plan"),
    # MCP
    "notifications": lambda completion, first, stream: len(
        as_list(completion.extra["notifications"])
    ),
    "result_keys": lambda completion, first, stream: sorted(as_object(completion.extra["result"])),
}
"""Where in a completion each of the further things stands that the index gives."""


def check_recorded(completion: Completion, entry: Entry, stream: Stream) -> None:
    call = completion.choices[0].function_call if completion.choices else None
    actual = {
        **seen(completion),
        "usage": completion.usage.raw if completion.usage else None,
        "model": completion.model,
        "id": completion.id,
        "error": completion.error,
        "complete": completion.complete,
        "function_call": call and {"name": call.name, "arguments": call.arguments},
    }
    expected = {"function_call": None, **entry["expected"]}
    if entry["dialect"] in SENDS_OBJECTS:
        actual, expected = with_parsed_arguments(actual), with_parsed_arguments(expected)
    assert actual == expected
    assert completion.protocol == entry["dialect"]
    first = completion.choices[0] if completion.choices else Choice()
    extra = entry.get("expected_extra") or {}
    for key, value in extra.items():
        found = EXTRA[key](completion, first, stream)
        if key == "signatures" and extra.get("message_start_count", 1) > 1:
            # The index gives the signature of the second message, which is not to be merged.
            assert found != value
            assert len(as_list(first.extra["content"])) == len(extra["block_types"])
        else:
            assert found == value, key
    check(completion)


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: Path(entry["file"]).stem)
def test_a_recorded_stream_assembles_to_what_it_is_known_to_say(entry: Entry) -> None:
    stream = Stream(entry["dialect"], STREAMS / entry["file"])
    whole = assemble(stream.body)
    check_recorded(whole, entry, stream)
    assert detect(stream.items) == entry["dialect"]
    assert assemble(stream.body, entry["dialect"]) == whole
    for chunks in random_cuts(stream.body, seed=len(stream.body)):
        assert assemble(chunks) == whole


def test_all_recorded_streams_are_looked_at() -> None:
    if not INDEX:
        pytest.skip("the shared streams are not on this machine")
    assert len(INDEX) == 96
    assert {path.name for path in STREAMS.rglob("*.sse")} == {
        Path(entry["file"]).name for entry in INDEX
    }


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: Path(entry["file"]).stem)
def test_a_recorded_stream_taken_for_another_protocol_raises_nothing(entry: Entry) -> None:
    stream = Stream(entry["dialect"], STREAMS / entry["file"])
    for protocol in NAMES:
        completion = assemble(stream.items, protocol)
        assert completion.protocol == protocol
        json.dumps(completion.to_dict())


def test_the_seed_has_81_events_one_role_and_no_findings() -> None:
    completion = assemble(FIXTURES / "xai-grok-beta.txt")
    assert completion.protocol == "openai-chat"
    assert completion.ended_by == "done_marker"
    assert completion.complete
    assert completion.findings == ()
    assert completion.role == "assistant"
    assert completion.finish_reason == "stop"
    assert completion.content is not None
    assert completion.content.startswith("Ah, the ultimate question!")
    assert completion.content.endswith("the quest for understanding the question continues!")
    assert completion.usage is not None
    assert completion.usage.raw == SEED_USAGE
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (41, 80)
    assert (completion.usage.total_tokens, completion.usage.cached_tokens) == (121, 0)
    assert completion.extra == {"system_fingerprint": "fp_6ca29cf396"}
    assert (FIXTURES / "xai-grok-beta.txt").read_bytes().count(b"data: ") == 81


def test_the_seed_document_assembles_as_it_stands(shared_dir: Path) -> None:
    document = shared_dir / "seed" / "xai-grok-beta-curl.md"
    body = document.read_bytes()
    clean = assemble(FIXTURES / "xai-grok-beta.txt").to_dict()
    sources: list[Path | bytes | list[bytes]] = [document, body, *random_cuts(body, seed=1)]
    for source in sources:
        completion = assemble(source).to_dict()
        # Behind its [DONE] stands a fence in the place of the blank line.
        assert [f.code for f in assemble(source).findings] == ["unfinished-event"]
        assert {**completion, "findings": []} == clean


@pytest.mark.parametrize("stream", HAND_MADE, ids=name_of)
def test_a_fixture_assembles_to_what_its_author_says(stream: Stream) -> None:
    expected = stream.expected
    assert {"protocol", "complete", "ended_by", "findings", "choices"} <= expected.keys()
    assert expected["protocol"] == stream.protocol
    whole = assemble(stream.body)
    assert not differences(expected, whole.to_dict())
    check(whole)
    assert json.loads(json.dumps(whole.to_dict())) == whole.to_dict()
    assert msgspec.json.decode(msgspec.json.encode(whole.to_dict())) == whole.to_dict()
    assert assemble(stream.body, stream.protocol) == whole
    for chunks in random_cuts(stream.body, seed=len(stream.body)):
        assert assemble(chunks) == whole


def test_every_protocol_has_fixtures_and_each_its_expected_file() -> None:
    assert {stream.protocol for stream in HAND_MADE} == PROTOCOLS.keys()
    for name in PROTOCOLS:
        files = {path.name for path in (FIXTURES / name).iterdir()}
        stems = {file.removesuffix(".txt") for file in files if file.endswith(".txt")}
        assert files == {f"{stem}{end}" for stem in stems for end in (".txt", ".expected.json")}


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_has_a_whole_fixture_a_cut_one_and_one_with_an_error(name: str) -> None:
    ends = [stream.expected["ended_by"] for stream in HAND_MADE if stream.protocol == name]
    assert {"eof", "error"} < set(ends)


def test_differences_are_seen() -> None:
    actual = {"raw": {"a": 1, "b": 2}, "list": [1, {"x": True}], "more": 0}
    assert differences({"list": [1, {"x": True}]}, actual) == []
    assert differences({"raw": {"a": 1}}, actual)
    assert differences({"list": [1, {"x": 1}]}, actual)
    assert differences({"list": [1]}, actual)
    assert differences({"absent": None}, actual)
