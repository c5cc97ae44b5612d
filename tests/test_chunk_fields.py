"""What becomes of each field of a chunk: the first stands, the last stands, or all are joined."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import (
    CREATED,
    DONE,
    ID,
    MODEL,
    ROLE,
    STOP,
    call_piece,
    choice,
    chunk,
    chunk_of,
    codes,
    deltas_of,
    event,
    fold,
)

from sseparse import ServerSentEvent, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue

# Absent, null and "" are the same, and overwrite nothing.


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_the_empty_text_overwrite_nothing(nothing: str | None) -> None:
    empty_call = {"index": 0, "id": nothing, "type": nothing, "function": {"name": nothing}}
    full_call = {**call_piece(0, "call_1", "add", "{}"), "type": "custom"}
    completion = fold(
        chunk({"role": "assistant", "tool_calls": [full_call]}, finish_reason="tool_calls"),
        chunk(
            {"role": nothing, "tool_calls": [empty_call]},
            finish_reason=nothing,
            id=nothing,
            model=nothing,
            system_fingerprint=nothing,
        ),
    )
    assert (completion.id, completion.model) == (ID, MODEL)
    assert (completion.role, completion.finish_reason) == ("assistant", "tool_calls")
    assert completion.tool_calls == (ToolCall("call_1", "add", "{}", "custom"),)
    assert "system_fingerprint" not in completion.extra
    assert codes(completion) == []


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_the_empty_text_are_overwritten_by_the_first_that_says_something(
    nothing: str | None,
) -> None:
    empty_call = {"index": 0, "id": nothing, "function": {"name": nothing}}
    completion = fold(
        chunk({"role": nothing, "tool_calls": [empty_call]}, id=nothing, model=nothing),
        chunk({"role": "assistant", "tool_calls": [call_piece(0, "call_1", "add")]}),
    )
    assert (completion.id, completion.model, completion.role) == (ID, MODEL, "assistant")
    assert completion.tool_calls == (ToolCall("call_1", "add"),)


# Set first.


def test_of_several_ids_and_models_the_first_stands_with_one_warning_each() -> None:
    completion = fold(
        chunk(ROLE),
        chunk({"content": "a"}, id="other", model="gpt-x"),
        chunk({"content": "b"}, id="stub"),
        STOP,
        DONE,
    )
    assert (completion.id, completion.model, completion.content) == (ID, MODEL, "ab")
    assert [(f.code, f.severity, f.event_number) for f in completion.findings] == [
        ("several-ids", "warning", 2),
        ("several-models", "warning", 2),
    ]
    assert repr(ID) in completion.findings[0].message
    assert "'other'" in completion.findings[0].message


def test_the_first_role_and_the_first_time_stand() -> None:
    completion = fold(
        chunk({"role": "tool"}, created=0),
        chunk({"role": "assistant"}, created=5),
        chunk({"content": "x"}, created=9),
    )
    assert (completion.role, completion.created) == ("tool", 5)


def test_a_time_that_only_a_later_usual_chunk_has_is_taken() -> None:
    without = event({"id": ID, "model": MODEL, "choices": [choice(ROLE)]})
    assert fold(without, chunk({"content": "x"})).created == CREATED


@pytest.mark.parametrize("created", [True, "now", None, -1, 0, []])
def test_a_time_that_is_none_is_not_taken(created: JSONValue) -> None:
    assert fold(chunk(ROLE, created=created)).created is None


# Set last, if not null.


def test_the_last_value_that_is_not_null_stands() -> None:
    names = ["system_fingerprint", "service_tier", "citations", "search_results", "timings"]
    first: JSONObject = {name: [1] for name in names}
    last: JSONObject = {name: {"n": 2} for name in names}
    null: JSONObject = dict.fromkeys(names)
    completion = fold(chunk(ROLE, **first), chunk({"content": "x"}, **last), chunk({}, **null))
    assert completion.extra == last


def test_of_two_finish_reasons_the_last_stands_with_a_warning() -> None:
    completion = fold(chunk(ROLE, finish_reason="tool_calls"), chunk({}, finish_reason="stop"))
    assert completion.finish_reason == "stop"
    assert codes(completion) == ["finish-reason-changed"]


def test_a_finish_reason_that_comes_twice_is_nothing_new() -> None:
    items = [chunk(ROLE), STOP, STOP, DONE]
    assert fold(*items).findings == ()
    assert [delta.kind for delta in deltas_of(*items)] == ["finish", "end"]


# Append.


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_pieces_of_text_are_appended(name: str) -> None:
    pieces: list[JSONObject] = [
        {"content": "a", "refusal": "x", name: "1"},
        {"content": "b", "refusal": "y", name: "2"},
    ]
    first = fold(*map(chunk, pieces)).choices[0]
    assert (first.content, first.refusal, first.reasoning) == ("ab", "xy", "12")


def test_reasoning_under_both_names_is_taken_once_per_chunk() -> None:
    both: JSONObject = {"reasoning": "Hm", "reasoning_content": "Hm"}
    completion = fold(
        chunk(ROLE),
        chunk(both),
        chunk({"reasoning_content": "", "reasoning": "m"}),
        chunk({"reasoning_content": "!", "reasoning": None}),
    )
    assert completion.reasoning == "Hmm!"


def test_audio_is_appended_and_its_id_and_expiry_are_kept() -> None:
    completion = fold(
        chunk({"audio": {"id": "audio_1", "transcript": "Hel"}}),
        chunk({"audio": {"data": "AA", "transcript": "lo"}}),
        chunk({"audio": {"data": "BB", "expires_at": 9}}),
    )
    audio: JSONObject = {
        "id": "audio_1",
        "transcript": "Hello",
        "data": "AABB",
        "expires_at": 9,
    }
    assert completion.choices[0].extra["audio"] == audio


def test_a_character_split_into_two_surrogates_is_put_together() -> None:
    items = [chunk({"content": "\ud83d", "reasoning": "\ud83d"}), chunk({"content": "\ude00"})]
    completion = fold(*items)
    assert (completion.content, completion.reasoning) == ("😀", "\ufffd")


# Extend, and by key.


def test_lists_of_logprobs_and_annotations_are_extended() -> None:
    completion = fold(
        chunk_of(choice({"annotations": [{"n": 1}]}, logprobs={"content": [1], "refusal": None})),
        chunk_of(choice({"annotations": [{"n": 2}]}, logprobs={"content": None, "refusal": [7]})),
        chunk_of(choice({}, logprobs={"content": [2, 3]})),
    )
    first = completion.choices[0]
    assert first.logprobs == {"content": [1, 2, 3], "refusal": [7]}
    assert first.annotations == ({"n": 1}, {"n": 2})


def test_reasoning_details_are_joined_by_index_and_type() -> None:
    def details(*entries: JSONValue) -> ServerSentEvent:
        return chunk({"reasoning": "x", "reasoning_details": list(entries)})

    completion = fold(
        details({"type": "reasoning.text", "index": 0, "text": "a", "signature": None}),
        details({"type": "reasoning.text", "index": 1, "text": "b"}),
        details({"type": "reasoning.summary", "index": 0, "summary": "s"}),
        details({"type": "reasoning.text", "index": 0, "text": "c", "signature": "early"}),
        details({"type": "reasoning.text", "index": 0, "signature": "late", "id": ""}),
        details({"type": "reasoning.encrypted", "index": 0, "data": "d", "id": "r1"}),
        details({"type": "reasoning.encrypted", "index": 0, "data": "e", "id": None}),
    )
    assert completion.choices[0].extra["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "ac", "signature": "late"},
        {"type": "reasoning.text", "index": 1, "text": "b"},
        {"type": "reasoning.summary", "index": 0, "summary": "s"},
        {"type": "reasoning.encrypted", "index": 0, "data": "de", "id": "r1"},
    ]


def test_reasoning_details_alone_are_reasoning_too() -> None:
    text = {"type": "reasoning.text", "index": 0, "text": "a"}
    assert fold(chunk({"reasoning_details": [text]})).reasoning == "a"
    assert fold(chunk({"reasoning": "b", "reasoning_details": [text]})).reasoning == "b"


def test_a_list_in_a_reasoning_detail_stays_the_list_it_was() -> None:
    detail: JSONObject = {"type": "reasoning.summary", "summary": ["a", {"b": 1}]}
    completion = fold(chunk({"reasoning_details": [detail]}))
    assert completion.choices[0].extra["reasoning_details"] == [detail]


# Content: a list of parts, null, and "".


def test_parts_of_content_are_sorted_into_content_and_reasoning() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, "m"]}
    plain = {"type": "thinking", "thinking": "!"}
    reference: dict[str, Any] = {"type": "reference", "reference_ids": [1]}
    completion = fold(
        chunk({"content": [thinking, {"type": "text", "text": "So "}, plain]}),
        chunk({"content": [reference, {"type": "text", "text": "be "}]}),
        chunk({"content": "it"}),
    )
    assert (completion.content, completion.reasoning) == ("So be it", "Hmm!")
    assert completion.choices[0].extra["content_parts"] == [reference]


@pytest.mark.parametrize("absent", [{}, {"content": None}, {"content": []}])
def test_content_is_null_when_no_piece_ever_came(absent: JSONObject) -> None:
    assert fold(chunk(ROLE), chunk(absent), chunk(absent)).content is None


@pytest.mark.parametrize("delta", [{"content": ""}, {"content": [{"type": "text", "text": ""}]}])
def test_content_is_empty_when_only_empty_pieces_came(delta: JSONObject) -> None:
    assert fold(chunk(ROLE), chunk(delta), chunk({"content": None}), chunk(delta)).content == ""


# All other fields.


def test_fields_nobody_has_heard_of_are_kept() -> None:
    completion = fold(chunk_of(choice({**ROLE, "in_delta": 1}, in_choice=2), in_chunk={"n": 3}))
    assert completion.extra == {"in_chunk": {"n": 3}}
    assert completion.choices[0].extra == {"in_delta": 1, "in_choice": 2}


def test_padding_is_not_kept() -> None:
    items = [chunk(ROLE, obfuscation="abc", p="de"), chunk({"content": "x"}, obfuscation="f")]
    assert fold(*items).extra == {}
