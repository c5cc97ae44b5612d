"""The rules that rebuild a chat completion, one sentence each, in the order of the rules.

1 nothing overwrites, 2 set first, 3 set last, 4 append, 5 extend, 6 usage, 7 tool call slots,
8 lists of parts, 9 null and "", 10 going on, 11 errors, 12 the end, 14 fragments, 15 odd data (13
is of another protocol); then the table of states, the deltas, and the ways in.
"""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import requests.adapters
from chunks import (
    CREATED,
    DONE,
    FIXTURES,
    ID,
    MODEL,
    ROLE,
    USAGE,
    body_of,
    call_piece,
    calls,
    choice,
    chunk,
    chunk_of,
    codes,
    deltas_of,
    event,
    fold,
)

from sseparse import (
    Assembler,
    AssemblyError,
    Comment,
    Delta,
    NotAnEventStream,
    Recording,
    ServerSentEvent,
    State,
    ToolCall,
    UnknownField,
    assemble,
)
from sseparse._events import Item
from sseparse.assembly._completion import EndedBy
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._states import ORDER, Step
from sseparse.assembly._unknown import Unknown

STOP = chunk({}, finish_reason="stop")
HELLO = [chunk(ROLE), chunk({"content": "Hel"}), chunk({"content": "lo"}), STOP, DONE]
ERROR: JSONObject = {"message": "overloaded", "type": "server_error", "code": 529}


# 1. Absent, null and "" are the same, and overwrite nothing.


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


# 2. Set first.


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


# 3. Set last, if not null.


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


# 4. Append.


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


# 5. Extend, and by key.


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


# 6. Usage is never added up.


def test_of_cumulative_usages_the_last_stands_as_it_was_sent() -> None:
    usages: list[JSONObject] = [{**USAGE, "total_tokens": n, "odd": {"n": n}} for n in (3, 5, 8)]
    completion = fold(chunk(ROLE), *[chunk({"content": "x"}, usage=u) for u in usages])
    assert completion.usage is not None
    assert completion.usage.raw == usages[-1]
    assert completion.usage.total_tokens == 8


@pytest.mark.parametrize("nothing", [None, {}, "", [], "many"])
def test_a_usage_that_says_nothing_replaces_none(nothing: JSONValue) -> None:
    before = fold(chunk(ROLE), chunk({}, usage=USAGE), chunk({}, usage=nothing))
    after = fold(chunk(ROLE), chunk({}, usage=nothing), chunk({}, usage=USAGE))
    assert before.usage is not None
    assert after.usage is not None
    assert before.usage.raw == after.usage.raw == USAGE


def test_usage_is_found_at_the_top_then_under_x_groq_then_in_a_choice() -> None:
    top, groq, inside = ({**USAGE, "total_tokens": n} for n in (1, 2, 3))
    entry = choice({}, usage=inside)

    def raw(*items: ServerSentEvent) -> JSONValue:
        usage = fold(*items).usage
        return usage.raw if usage else None

    assert raw(chunk_of(entry, usage=top, x_groq={"usage": groq})) == top
    assert raw(chunk_of(entry, usage=None, x_groq={"usage": groq})) == groq
    assert raw(chunk_of(entry, usage={}, x_groq={"id": "r"})) == inside
    assert raw(chunk_of(entry), chunk_of(usage=top)) == top
    assert raw(chunk_of(usage=top), chunk_of(entry)) == inside


def test_usage_has_its_figures_under_common_names_and_no_sums() -> None:
    raw: JSONObject = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    usage = fold(chunk(ROLE, usage=raw)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (9, 2, 13)
    assert (usage.cached_tokens, usage.reasoning_tokens) == (4, 2)
    bare = fold(chunk(ROLE, usage={"prompt_tokens": 9, "completion_tokens": 2})).usage
    assert bare is not None
    assert (bare.total_tokens, bare.cached_tokens, bare.reasoning_tokens) == (None, None, None)


# 7. Which tool call a delta belongs to.


def test_the_index_names_the_slot_of_a_tool_call() -> None:
    completion = fold(
        calls(call_piece(0, "a", "one", "{"), call_piece(1, "b", "two", "[")),
        calls(call_piece(1, arguments="]"), call_piece(0, arguments="}")),
        calls(call_piece(5, "c", "three", "1")),
    )
    assert completion.tool_calls == (
        ToolCall("a", "one", "{}"),
        ToolCall("b", "two", "[]"),
        ToolCall("c", "three", "1"),
    )


def test_another_id_with_a_name_at_the_same_index_opens_a_new_call() -> None:
    completion = fold(
        calls(call_piece(0, "a", "one", "{}")),
        calls(call_piece(0, "b", "two", "[")),
        calls(call_piece(0, arguments="]")),
    )
    assert completion.tool_calls == (ToolCall("a", "one", "{}"), ToolCall("b", "two", "[]"))


def test_two_calls_with_one_index_in_one_chunk_are_two_calls() -> None:
    completion = fold(calls(call_piece(0, "a", "one", "{}"), call_piece(0, "b", "two", "[]")))
    assert [call.id for call in completion.tool_calls] == ["a", "b"]


def test_another_id_without_a_name_at_the_same_index_opens_no_call() -> None:
    completion = fold(calls(call_piece(0, "a", "one", "{")), calls(call_piece(0, "z", None, "}")))
    assert completion.tool_calls == (ToolCall("a", "one", "{}"),)


def test_an_id_and_name_that_are_repeated_open_no_call_and_do_not_concatenate() -> None:
    piece = call_piece(0, "a", "one", "x")
    assert fold(calls(piece), calls(piece), calls(piece)).tool_calls == (
        ToolCall("a", "one", "xxx"),
    )


def test_a_call_that_goes_on_after_another_took_its_index_is_found_by_its_id_and_name() -> None:
    a, b = call_piece(0, "a", "one", "1"), call_piece(0, "b", "two", "2")
    completion = fold(calls(a), calls(b), calls(a), calls(b))
    assert completion.tool_calls == (ToolCall("a", "one", "11"), ToolCall("b", "two", "22"))


def test_without_an_index_the_id_finds_the_call() -> None:
    completion = fold(
        calls(call_piece(None, "a", "one", "{"), call_piece(None, "b", "two", "[")),
        calls(call_piece(None, "a", None, "}")),
        calls(call_piece(None, "b", "two", "]")),
    )
    assert completion.tool_calls == (ToolCall("a", "one", "{}"), ToolCall("b", "two", "[]"))


def test_without_index_id_and_name_the_last_call_goes_on() -> None:
    completion = fold(
        calls(call_piece(None, "a", "one")),
        calls(call_piece(None, "b", "two", "[")),
        calls(call_piece(None, None, None, "]")),
    )
    assert completion.tool_calls == (ToolCall("a", "one"), ToolCall("b", "two", "[]"))


def test_without_an_index_a_new_id_or_a_name_alone_opens_a_call() -> None:
    completion = fold(
        calls(call_piece(None, "a", "one")),
        calls(call_piece(None, "b")),
        calls(call_piece(None, None, "three")),
    )
    assert completion.tool_calls == (
        ToolCall("a", "one"),
        ToolCall("b"),
        ToolCall(None, "three"),
    )


def test_a_name_may_come_after_the_arguments() -> None:
    items = [calls(call_piece(0, "a", "", "{}")), calls(call_piece(0, None, "late"))]
    assert fold(*items).tool_calls == (ToolCall("a", "late", "{}"),)
    begins = [delta for delta in deltas_of(*items) if delta.kind == "tool_call"]
    assert [(delta.id, delta.text, delta.tool_call) for delta in begins] == [
        ("a", "", 0),
        ("a", "late", 0),
    ]


def test_arguments_that_are_an_object_are_written_as_json() -> None:
    completion = fold(calls(call_piece(0, "a", "one", {"n": [1, None], "é": "\ud83d"})))
    assert completion.tool_calls[0].arguments in (
        '{"n":[1,null],"\\u00e9":"\\ud83d"}',
        '{"n":[1,null],"é":"\ufffd"}',
    )
    assert completion.tool_calls[0].parsed()


def test_arguments_are_parsed_when_asked_for() -> None:
    assert ToolCall(arguments='{"a": [1]}').parsed() == {"a": [1]}
    assert ToolCall(arguments=" ").parsed() == {}
    with pytest.raises(ValueError, match=r"."):
        ToolCall(arguments='{"a": [1').parsed()


def test_a_custom_tool_call_has_its_input_as_arguments() -> None:
    first = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh", "input": "l"}}
    completion = fold(calls(first), calls({"index": 0, "custom": {"input": "s"}}))
    assert completion.tool_calls == (ToolCall("a", "sh", "ls", "custom"),)


def test_further_fields_of_a_tool_call_are_kept() -> None:
    piece: JSONObject = {**call_piece(0, "a", "one"), "extra_content": {"signature": "s"}}
    assert fold(calls(piece)).tool_calls[0].extra == {"extra_content": {"signature": "s"}}


# 8. Content that is a list of parts.


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


# 9. Null and "" of content.


@pytest.mark.parametrize("absent", [{}, {"content": None}, {"content": []}])
def test_content_is_null_when_no_piece_ever_came(absent: JSONObject) -> None:
    assert fold(chunk(ROLE), chunk(absent), chunk(absent)).content is None


@pytest.mark.parametrize("delta", [{"content": ""}, {"content": [{"type": "text", "text": ""}]}])
def test_content_is_empty_when_only_empty_pieces_came(delta: JSONObject) -> None:
    assert fold(chunk(ROLE), chunk(delta), chunk({"content": None}), chunk(delta)).content == ""


# 10. Going on after the end.


def test_what_comes_after_the_finish_reason_is_folded_in_and_flagged() -> None:
    completion = fold(chunk(ROLE), STOP, chunk({"content": "more"}), DONE)
    assert completion.content == "more"
    assert [(f.code, f.severity, f.event_number) for f in completion.findings] == [
        ("delta-after-finish", "warning", 3)
    ]


def test_a_choice_that_goes_on_is_flagged_also_while_another_is_open() -> None:
    completion = fold(
        chunk(ROLE),
        chunk(ROLE, 1),
        STOP,
        chunk({"content": "more"}),
        chunk({}, 1, "stop"),
        DONE,
    )
    assert completion.content == "more"
    assert codes(completion) == ["delta-after-finish"]


def test_empty_chunks_and_usage_after_the_finish_reason_are_no_news() -> None:
    tail = [chunk({"role": "assistant", "content": ""}, usage=USAGE), chunk_of(usage=USAGE)]
    assert fold(*HELLO[:-1], *tail, DONE).findings == ()


def test_what_comes_after_done_is_folded_in_and_flagged() -> None:
    completion = fold(*HELLO, chunk_of(usage={**USAGE, "cost": 1}), chunk({"content": "!"}))
    assert completion.usage is not None
    assert completion.usage.raw == {**USAGE, "cost": 1}
    assert completion.content == "Hello!"
    assert completion.ended_by == "done_marker"
    assert [(f.code, f.event_number) for f in completion.findings] == [("event-after-done", 6)]


def test_a_choice_that_begins_after_another_has_finished_is_in_order() -> None:
    completion = fold(chunk(ROLE), STOP, chunk(ROLE, 1), chunk({}, 1, "length"), DONE)
    assert completion.findings == ()
    assert [entry.finish_reason for entry in completion.choices] == ["stop", "length"]


# 11. Errors.

ERRORS = {
    "an error key": event({"error": ERROR}),
    "an error key beside choices": chunk({"content": ""}, finish_reason="error", error=ERROR),
    "an error key without choices": chunk_of(error=ERROR),
    "an event named error": event({"error": ERROR}, "error"),
    "an event named error, bare": event(ERROR, "error"),
    "type error": event({"type": "error", "error": ERROR}),
    "object error": event({"object": "error", "error": ERROR}),
    "an error in a choice": chunk_of(choice({}, error=ERROR)),
    "a field named error": UnknownField("error", str(event(ERROR).data)),
    "a field named error, wrapped": UnknownField("error", str(event({"error": ERROR}).data)),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_of_any_form_ends_the_completion_and_keeps_what_came(
    error: ServerSentEvent | UnknownField,
) -> None:
    completion = fold(*HELLO[:3], error, DONE)
    assert completion.error == ERROR
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert (completion.content, completion.id) == ("Hello", ID)
    assert [(f.code, f.severity) for f in completion.findings] == [("error-in-stream", "error")]
    assert "overloaded" in completion.findings[0].message


def test_an_error_that_is_the_whole_object_is_kept_whole() -> None:
    for whole in ({"object": "error", **ERROR}, {**ERROR, "type": "error"}):
        assert fold(*HELLO[:2], event(whole)).error == whole


@pytest.mark.parametrize("text", ["", "Service unavailable", "529"])
def test_an_error_event_without_json_is_an_error_all_the_same(text: str) -> None:
    completion = fold(chunk(ROLE), ServerSentEvent(text, "error"))
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert text in str(completion.error)


def test_the_first_error_stands_and_each_is_a_finding() -> None:
    completion = fold(chunk(ROLE), event({"error": "one"}), event({"error": "two"}))
    assert completion.error == "one"
    assert [f.event_number for f in completion.findings] == [2, 3]


@pytest.mark.parametrize("nothing", [None, {}, "", False])
def test_an_error_that_says_nothing_is_none(nothing: JSONValue) -> None:
    assert fold(chunk(ROLE, error=nothing), STOP, DONE).error is None


def test_what_comes_after_an_error_is_folded_in_and_flagged() -> None:
    completion = fold(chunk(ROLE), event({"error": ERROR}), chunk({"content": "on"}), STOP, DONE)
    assert (completion.content, completion.finish_reason) == ("on", "stop")
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert codes(completion) == ["error-in-stream", "delta-after-error"]


def test_an_error_alone_is_found_whatever_the_protocol() -> None:
    for item in (event({"error": ERROR}), UnknownField("error", event(ERROR).data)):
        completion = assemble([item])
        assert (completion.protocol, completion.error) == ("unknown", ERROR)
        assert [f.code for f in completion.findings] == ["error-in-stream"]


# 12. How it ended.

WHOLE = chunk_of(choice({}, 0, "stop"), object="chat.completion.done")
ENDS: list[tuple[EndedBy, bool, list[ServerSentEvent]]] = [
    ("done_marker", True, HELLO),
    ("terminal_event", True, [*HELLO[:3], WHOLE]),
    ("finish_reason", True, HELLO[:4]),
    ("error", False, [*HELLO[:3], event({"error": ERROR})]),
    ("eof", False, HELLO[:3]),
    ("eof", False, []),
    ("eof", False, [chunk(ROLE), chunk(ROLE, 1), STOP]),
    ("done_marker", True, [*HELLO[:3], WHOLE, DONE]),
    ("error", False, [*HELLO, event({"error": ERROR})]),
]


@pytest.mark.parametrize(("ended_by", "complete", "items"), ENDS)
def test_how_a_stream_ended_is_told(
    ended_by: EndedBy, complete: bool, items: list[ServerSentEvent]
) -> None:
    completion = fold(*items)
    assert (completion.ended_by, completion.complete) == (ended_by, complete)
    errors = [f.code for f in completion.findings if f.severity == "error"]
    told = {"error": ["error-in-stream"], "eof": ["incomplete"]}
    assert errors == told.get(ended_by, [])


def test_done_without_a_finish_reason_is_complete_with_a_warning() -> None:
    completion = fold(*HELLO[:3], DONE)
    assert completion.complete
    assert completion.finish_reason is None
    assert [(f.code, f.severity) for f in completion.findings] == [
        ("done-without-finish-reason", "warning")
    ]


# 14. Fragments.


def test_a_character_split_into_two_surrogates_is_put_together() -> None:
    items = [chunk({"content": "\ud83d", "reasoning": "\ud83d"}), chunk({"content": "\ude00"})]
    completion = fold(*items)
    assert (completion.content, completion.reasoning) == ("😀", "\ufffd")


# 15. Odd data.

ODD = {
    "no JSON": (ServerSentEvent('{"choices": ['), "bad-json"),
    "JSON nested too deeply": (ServerSentEvent("[" * 100_000 + "]" * 100_000), "bad-json"),
    "a list": (event([1]), "bad-shape"),
    "a text": (event("text"), "bad-shape"),
    "null": (event(None), "bad-shape"),
    "choices that are no list": (event({"choices": {"0": 1}}), "bad-shape"),
    "a choice that is no object": (chunk_of("one"), "bad-shape"),
    "a delta that is no object": (chunk("text"), "bad-shape"),
    "content that is no text": (chunk({"content": 5}), "bad-shape"),
    "refusal that is no text": (chunk({"refusal": [1]}), "bad-shape"),
    "tool calls that are no list": (chunk({"tool_calls": call_piece(0, "a", "one")}), "bad-shape"),
    "a tool call that is no object": (calls("one"), "bad-shape"),
    "a tool call that is null": (calls(None), "bad-shape"),
    "a function that is no object": (calls({"index": 0, "function": "one"}), "bad-shape"),
    "a function call that is no object": (chunk({"function_call": "one"}), "bad-shape"),
    "audio that is no object": (chunk({"audio": "AAAA"}), "bad-shape"),
    "annotations that are no list": (chunk({"annotations": {"n": 1}}), "bad-shape"),
    "logprobs that are no object": (chunk_of(choice({}, logprobs=[1])), "bad-shape"),
    "reasoning details that are no list": (chunk({"reasoning_details": "x"}), "bad-shape"),
    "a reasoning detail that is no object": (chunk({"reasoning_details": ["x"]}), "bad-shape"),
}


@pytest.mark.parametrize(("odd", "code"), ODD.values(), ids=ODD.keys())
def test_odd_data_is_a_finding_with_its_number_and_the_fold_goes_on(
    odd: ServerSentEvent, code: str
) -> None:
    completion = fold(*HELLO[:2], odd, *HELLO[2:])
    assert [(f.code, f.severity, f.event_number) for f in completion.findings] == [
        (code, "warning", 3)
    ]
    assert (completion.content, completion.complete) == ("Hello", True)
    assert completion.tool_calls in ((), (ToolCall(),) if "function" in odd.data else ())


def test_fields_nobody_has_heard_of_are_kept() -> None:
    completion = fold(chunk_of(choice({**ROLE, "in_delta": 1}, in_choice=2), in_chunk={"n": 3}))
    assert completion.extra == {"in_chunk": {"n": 3}}
    assert completion.choices[0].extra == {"in_delta": 1, "in_choice": 2}


def test_padding_is_not_kept() -> None:
    items = [chunk(ROLE, obfuscation="abc", p="de"), chunk({"content": "x"}, obfuscation="f")]
    assert fold(*items).extra == {}


def test_comments_pings_and_empty_events_are_no_events_of_the_completion() -> None:
    silent: list[Item] = [
        Comment(" ping"),
        ServerSentEvent(""),
        ServerSentEvent("  "),
        UnknownField("x", ""),
    ]
    items: list[Item] = [
        entry for pair in zip(HELLO, itertools.cycle(silent), strict=False) for entry in pair
    ]
    assert fold(*items) == fold(*HELLO)


def test_a_whole_message_in_place_of_a_delta_is_content_once() -> None:
    message: JSONObject = {"role": "assistant", "content": "Hello"}
    whole = {"index": 0, "message": message, "finish_reason": "stop"}
    alone = fold(event({"object": "chat.completion", "choices": [whole]}))
    assert (alone.content, alone.finish_reason) == ("Hello", "stop")
    assert fold(*HELLO[:3], chunk_of(whole), DONE).content == "Hello"


def test_a_whole_message_adds_nothing_to_the_calls_and_thoughts_that_were_streamed() -> None:
    delta: JSONObject = {"tool_calls": [call_piece(0, "a", "one", "{}")], "reasoning": "Hm"}
    whole = {"index": 0, "message": {**ROLE, **delta}, "finish_reason": "tool_calls"}
    completion = fold(chunk(ROLE), chunk(delta), chunk_of(whole), DONE)
    assert completion.tool_calls == (ToolCall("a", "one", "{}"),)
    assert completion.reasoning == "Hm"


# The table of states.

STATES_TO: dict[Step, list[ServerSentEvent]] = {
    Step.START: [chunk({"content": "x"}, 7)],
    Step.DELTA: [chunk({"content": "x"})],
    Step.TAIL: [chunk_of()],
    Step.DONE: [DONE],
    Step.ERROR: [event({"error": ERROR})],
}
WAYS_TO: dict[State, list[ServerSentEvent]] = {
    State.WAITING: [chunk_of()],
    State.STREAMING: [chunk(ROLE)],
    State.FINISHED: [chunk(ROLE), STOP],
    State.DONE: [chunk(ROLE), STOP, DONE],
    State.FAILED: [chunk(ROLE), event({"error": ERROR})],
}


def test_the_table_has_an_answer_for_every_step_in_every_state() -> None:
    assert set(ORDER) == set(State)
    for row in ORDER.values():
        assert set(row) == set(Step)
        assert all(isinstance(after, State) for after, _ in row.values())
    from_failed = {after for after, _ in ORDER[State.FAILED].values()}
    assert from_failed == {State.FAILED}  # nothing heals an error
    assert all(row[Step.ERROR][0] is State.FAILED for row in ORDER.values())


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_each_step_does_what_the_table_says(state: State, step: Step) -> None:
    after, code = ORDER[state][step]
    protocol = Unknown()
    protocol.state = state
    protocol.step(step)
    assert protocol.state is after
    assert [finding.code for finding in protocol.findings] == ([code] if code else [])
    for finding in protocol.findings:
        assert repr(state.value) in finding.message
        assert repr(step.value) in finding.message
        assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (state, step)
        for state in State
        for step in STATES_TO
        if (state, step) != (State.WAITING, Step.DELTA)
    ],
)
def test_events_make_the_steps_of_the_table(state: State, step: Step) -> None:
    assembler = Assembler("openai-chat")
    assembler.feed_all(WAYS_TO[state])
    assert assembler.state is state
    before = len(assembler.snapshot.findings)
    assembler.feed_all(STATES_TO[step])
    after, code = ORDER[state][step]
    assert assembler.state is after
    new = [f for f in assembler.snapshot.findings[before:] if f.code != "error-in-stream"]
    assert [finding.code for finding in new] == ([code] if code else [])


# Deltas.


def test_deltas_say_what_each_event_added() -> None:
    citation: JSONObject = {"type": "url_citation", "url": "https://example.com/"}
    items = [
        chunk({**ROLE, "content": ""}),
        chunk({"reasoning": "Hm"}),
        chunk({"content": "a", "refusal": "n"}, usage=USAGE),
        chunk({"annotations": [citation]}),
        chunk({"audio": {"data": "AA", "transcript": "t"}}),
        calls(call_piece(0, "c", "f", "{}")),
        chunk({"function_call": {"name": "g", "arguments": "1"}}),
        chunk({}, 1, "stop"),
        chunk({}, x_groq={"usage": USAGE}),
        chunk_of(choice({}, usage=USAGE)),
        DONE,
        event({"error": ERROR}),
    ]
    deltas = deltas_of(*items)
    told = [(d.kind, d.choice, d.text, d.tool_call, d.id, d.json()) for d in deltas]
    assert told == [
        ("reasoning", 0, "Hm", None, None, None),
        ("content", 0, "a", None, None, None),
        ("refusal", 0, "n", None, None, None),
        ("usage", 0, "", None, None, USAGE),
        ("citation", 0, "", None, None, citation),
        ("audio", 0, "t", None, None, None),
        ("tool_call", 0, "f", 0, "c", None),
        ("arguments", 0, "{}", 0, None, None),
        ("tool_call", 0, "g", None, None, None),
        ("arguments", 0, "1", None, None, None),
        ("finish", 1, "stop", None, None, None),
        ("usage", 0, "", None, None, USAGE),
        ("usage", 0, "", None, None, USAGE),
        ("end", 0, "", None, None, None),
        ("error", 0, "overloaded", None, None, ERROR),
    ]


def test_deltas_of_a_usual_chunk_are_the_same_as_of_any() -> None:
    usual = deltas_of(chunk(ROLE), chunk({"content": "a", "reasoning": "b"}, usage=USAGE))
    odd = deltas_of(chunk(ROLE), chunk({"content": "a", "reasoning": "b"}, usage=USAGE, odd=1))
    assert [(d.kind, d.text, d.json()) for d in usual] == [(d.kind, d.text, d.json()) for d in odd]
    assert usual[-1].json() == USAGE


@pytest.mark.parametrize("blank", ["\u00a0", " ", "\n", "\u3000"])
def test_a_usage_delta_can_be_read_whatever_blanks_stand_before_the_json(blank: str) -> None:
    data = blank + chunk(ROLE, usage=USAGE).data
    assert [delta.json() for delta in deltas_of(ServerSentEvent(data))] == [USAGE]


def test_deltas_of_one_more_citation_do_not_repeat_the_others() -> None:
    deltas = deltas_of(*[chunk({"annotations": [{"n": n}]}) for n in range(3)])
    assert [delta.json() for delta in deltas] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_delta_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Delta("content").text = "x"  # type: ignore[misc]  # what is to be refused


# The assembler.


def test_the_protocol_is_open_until_a_choice_decides_and_nothing_is_lost() -> None:
    assembler = Assembler()
    undecided: list[Item] = [
        Comment(" hi"),
        event({"type": "ping"}),
        chunk_of(prompt_filter_results=[1]),
    ]
    assert [assembler.feed(item) for item in undecided] == [[], [], []]
    assert assembler.protocol is None
    assert assembler.state is State.WAITING
    assert assembler.snapshot.protocol == "unknown"
    deltas = assembler.feed(chunk({"content": "x"}, usage=USAGE))
    assert [delta.kind for delta in deltas] == ["content", "usage"]
    assert assembler.protocol == "openai-chat"
    assert assembler.snapshot.extra["prompt_filter_results"] == [1]


@pytest.mark.parametrize(
    "item",
    [
        event({"choices": []}),
        event({"choices": [], "object": "chat.completion.chunk"}),
        event({"choices": [{"index": 0, "text": "a"}], "object": "text_completion"}),
        event({"type": "message_start", "message": {}}),
        event({"value": "text"}),
        event([1]),
        Comment(" ping"),
        ServerSentEvent("no JSON"),
        DONE,
    ],
)
def test_what_decides_nothing_leaves_the_protocol_open(
    item: ServerSentEvent | Comment,
) -> None:
    assembler = Assembler()
    assembler.feed(item)
    assert assembler.protocol is None
    assert assembler.close().protocol == "unknown"


def test_an_unknown_stream_keeps_its_events_and_says_so() -> None:
    completion = assemble([event({"value": "a"}), event({"value": "b"})])
    assert completion.extra == {"events": [{"value": "a"}, {"value": "b"}]}
    assert codes(completion) == ["unknown-protocol"]
    assert not completion.complete


def test_a_protocol_can_be_named() -> None:
    assert fold(chunk_of(usage=USAGE)).protocol == "openai-chat"
    assert assemble(body_of(HELLO), "unknown").protocol == "unknown"


def test_a_protocol_of_no_known_name_is_refused_with_the_known_ones() -> None:
    for call in (lambda: Assembler("opnai"), lambda: assemble(b"", "opnai")):
        with pytest.raises(ValueError, match=r"'opnai'.*openai-chat.*unknown"):
            call()


def test_an_empty_protocol_name_is_no_protocol() -> None:
    with pytest.raises(ValueError, match=r"''.*openai-chat"):
        Assembler("")


def test_snapshots_are_the_assembly_of_what_came_so_far() -> None:
    items = [*HELLO[:2], calls(call_piece(0, "a", "f", "{")), chunk({"audio": {"data": "A"}})]
    items += [chunk({"reasoning_details": [{"type": "t", "text": "x"}]}), *HELLO[2:]]
    for protocol in ("openai-chat", "unknown", None):
        assembler = Assembler(protocol)
        taken = []
        for item in items:
            assembler.feed(item)
            taken.append((assembler.snapshot, assembler.snapshot.to_dict()))
        for count, (snapshot, as_dict) in enumerate(taken, 1):
            fresh = Assembler(protocol)
            fresh.feed_all(items[:count])
            assert snapshot == fresh.snapshot
            assert snapshot.to_dict() == as_dict  # what came later has not changed it
        assert assembler.close() == assembler.snapshot == assembler.close()


def test_nothing_can_be_fed_after_close() -> None:
    assembler = Assembler()
    assembler.feed_all(HELLO)
    assembler.close()
    with pytest.raises(RuntimeError, match="closed"):
        assembler.feed(DONE)
    with pytest.raises(RuntimeError, match="closed"):
        assembler.feed_all([DONE])
    with pytest.raises(RuntimeError, match="closed"):
        assembler.feed_unfinished(DONE)


@pytest.mark.parametrize("wrong", [b"data: x\n\n", "data: x", None, {"data": "x"}])
def test_what_is_no_item_is_refused(wrong: object) -> None:
    for fed in ([], HELLO[:1]):
        assembler = Assembler()
        assembler.feed_all(fed)
        with pytest.raises(TypeError, match=type(wrong).__name__):
            assembler.feed(wrong)  # type: ignore[arg-type]  # what is to be refused
        with pytest.raises(TypeError, match=type(wrong).__name__):
            assembler.feed_all([*HELLO[:2], wrong])  # type: ignore[list-item]  # the same


def test_strict_raises_at_the_first_error_and_says_where() -> None:
    assembler = Assembler(strict=True)
    assembler.feed(chunk(ROLE))
    assembler.feed(chunk({"content": 5}))  # a warning raises nothing
    with pytest.raises(AssemblyError, match="overloaded") as caught:
        assembler.feed(event({"error": ERROR}))
    assert caught.value.protocol == "openai-chat"
    assert caught.value.event_number == 3
    assert caught.value.code == "error-in-stream"
    assert assembler.snapshot.error == ERROR


def test_strict_raises_at_the_end_of_a_stream_that_has_none() -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble(HELLO[:3], strict=True)
    assert (caught.value.code, caught.value.event_number) == ("incomplete", None)
    assert caught.value.protocol == "openai-chat"
    assert "end of stream" in str(caught.value)


def test_strict_raises_for_an_error_that_is_the_first_event() -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble([event({"error": ERROR})], strict=True)
    assert (caught.value.code, caught.value.event_number) == ("error-in-stream", 1)


def test_strict_raises_nothing_for_a_stream_with_warnings_only() -> None:
    items = [*HELLO[:3], ServerSentEvent("{"), *HELLO[3:], chunk_of(usage=USAGE)]
    assert assemble(items, strict=True) == assemble(items)
    assert len(assemble(items).findings) == 2


# The ways in.


class Refusing(requests.adapters.BaseAdapter):
    """Answers every request with status 500 and some JSON, without a network."""

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = 500
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(b'{"error": "down"}')
        response.request = request
        return response

    def close(self) -> None:
        """Hold nothing open."""


def test_any_source_assembles_to_the_same() -> None:
    body = body_of(HELLO)
    expected = fold(*HELLO)

    def generator() -> Iterator[ServerSentEvent]:
        yield from HELLO

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.txt"
        path.write_bytes(body)
        assert assemble(path) == assemble(str(path)) == expected
        assert assemble(Recording.load(path)) == expected
        with path.open("rb") as file:
            assert assemble(file) == expected
    headers = {"content-type": "text/event-stream"}
    sources = [body, [body], [body[:40], b"", body[40:]], iter([body]), HELLO, generator()]
    for source in [*sources, io.BytesIO(body), httpx.Response(200, headers=headers, content=body)]:
        assert assemble(source) == expected  # type: ignore[arg-type]  # a union of all of them


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_of_any_kind_assemble_to_the_same(kind: type[bytearray | memoryview]) -> None:
    body = body_of(HELLO)
    assert assemble(kind(body)) == assemble([kind(body)]) == fold(*HELLO)


def test_nothing_at_all_is_incomplete() -> None:
    sources: list[Any] = [b"", [], iter(()), io.BytesIO()]
    for source in sources:
        completion = assemble(source)
        assert (completion.protocol, completion.ended_by) == ("unknown", "eof")
        assert [finding.code for finding in completion.findings] == ["incomplete"]


def test_a_response_that_is_no_event_stream_is_refused() -> None:
    response = httpx.Response(401, json={"error": ERROR})
    with pytest.raises(NotAnEventStream, match="401"):
        assemble(response)


def test_a_response_of_requests_that_is_no_event_stream_is_refused() -> None:
    with requests.Session() as session:
        session.mount("test://", Refusing())
        response = session.get("test://host/", stream=True)
        with pytest.raises(NotAnEventStream, match="500"):
            assemble(response)


def test_bytes_among_events_are_refused() -> None:
    mixed: list[Any] = [*HELLO, b"data: x\n\n"]
    with pytest.raises(TypeError, match="bytes"):
        assemble(mixed)


def test_the_last_words_of_a_cut_stream_are_kept_with_a_finding() -> None:
    completion = assemble(body_of(HELLO[:3])[:-1])
    assert completion.content == "Hello"
    assert codes(completion) == ["unfinished-event"]


def test_a_missing_file_is_an_error_of_the_file() -> None:
    with pytest.raises(FileNotFoundError):
        assemble(FIXTURES / "no such file")
