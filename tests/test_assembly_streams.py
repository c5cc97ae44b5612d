"""Whole streams: the recorded ones with what they are known to say, and the hand-made fixtures.

The recorded streams lie beside the repository; without them their tests are skipped. Each is
assembled whole and in seeded random cuts: where the reads end must not matter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from chunks import CHAT_FIXTURES, CHATS, FIXTURES, INDEX, STREAMS, differences, random_cuts

from sseparse import Choice, Completion, assemble
from sseparse.assembly._json import JSONObject

Entry = dict[str, Any]

OTHERS = [entry for entry in INDEX if entry["dialect"] != "openai-chat"]
FIXTURE_NAMES = [path.stem for path in CHAT_FIXTURES]

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


def name_of(entry: Entry) -> str:
    return Path(entry["file"]).stem


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


def check_extra(completion: Completion, extra: Entry) -> None:
    first = completion.choices[0]
    for key, value in extra.items():
        if key == "choices":
            assert [{"index": c.index, **seen(c)} for c in completion.choices] == value
        elif key == "refusal":
            assert first.refusal == value
        elif key == "logprobs_count":
            assert first.logprobs is not None
            content = first.logprobs["content"]
            assert isinstance(content, list)
            assert len(content) == value
        elif key == "annotations":
            assert list(first.annotations) == value
        elif key in ("reasoning_details", "native_finish_reason"):
            assert first.extra[key] == value
        else:
            assert completion.extra[key] == value, key


def check_recorded(completion: Completion, entry: Entry) -> None:
    expected = dict(entry["expected"])
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
    assert actual == {"function_call": None, **expected}
    assert completion.protocol == "openai-chat"
    check_extra(completion, entry.get("expected_extra") or {})
    severities = {finding.severity for finding in completion.findings}
    assert ("error" in severities) is (not completion.complete)


@pytest.mark.parametrize("entry", CHATS, ids=name_of)
def test_a_recorded_chat_stream_assembles_to_what_it_is_known_to_say(entry: Entry) -> None:
    body = (STREAMS / entry["file"]).read_bytes()
    whole = assemble(body)
    check_recorded(whole, entry)
    for chunks in random_cuts(body, seed=len(body)):
        assert assemble(chunks) == whole


def test_all_recorded_chat_streams_are_looked_at() -> None:
    if not INDEX:
        pytest.skip("the shared streams are not on this machine")
    assert len(CHATS) == 55


@pytest.mark.parametrize("entry", OTHERS, ids=name_of)
def test_a_recorded_stream_of_another_dialect_raises_nothing(entry: Entry) -> None:
    body = (STREAMS / entry["file"]).read_bytes()
    for protocol in (None, "openai-chat", "unknown"):
        completion = assemble(body, protocol)
        json.dumps(completion.to_dict())
        assert completion.protocol != "openai-chat" or protocol == "openai-chat"
    if entry["dialect"] == "unknown":
        assert assemble(body).protocol == "unknown"
        assert not assemble(body).complete


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


@pytest.mark.parametrize("name", FIXTURE_NAMES)
def test_a_fixture_assembles_to_what_its_author_says(name: str) -> None:
    folder = FIXTURES / "openai-chat"
    expected = json.loads((folder / f"{name}.expected.json").read_text("utf-8"))["completion"]
    assert {"protocol", "complete", "ended_by", "findings", "choices"} <= expected.keys()
    body = (folder / f"{name}.txt").read_bytes()
    whole = assemble(body)
    assert not differences(expected, whole.to_dict())
    assert json.loads(json.dumps(whole.to_dict())) == whole.to_dict()
    assert msgspec.json.decode(msgspec.json.encode(whole.to_dict())) == whole.to_dict()
    for chunks in random_cuts(body, seed=len(body)):
        assert assemble(chunks) == whole


def test_every_fixture_has_its_expected_file_and_the_other_way_round() -> None:
    folder = FIXTURES / "openai-chat"
    expected = {path.name.removesuffix(".expected.json") for path in folder.glob("*.json")}
    assert expected == set(FIXTURE_NAMES)
    assert len(FIXTURE_NAMES) >= 30


def test_differences_are_seen() -> None:
    actual = {"raw": {"a": 1, "b": 2}, "list": [1, {"x": True}], "more": 0}
    assert differences({"list": [1, {"x": True}]}, actual) == []
    assert differences({"raw": {"a": 1}}, actual)
    assert differences({"list": [1, {"x": 1}]}, actual)
    assert differences({"list": [1]}, actual)
    assert differences({"absent": None}, actual)
