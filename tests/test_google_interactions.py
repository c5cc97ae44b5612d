"""Gemini Interactions: what each event does to its step, in order and out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chunks import DONE, FIXTURES, INDEX, STREAMS, codes, differences, event, random_cuts, run
from google.genai.interactions import Interaction

from sseparse import Choice, Completion, Delta, ServerSentEvent, ToolCall, assemble
from sseparse._events import Item
from sseparse.assembly._json import JSONObject
from sseparse.assembly.protocols._google_interactions import GoogleInteractions

NAME = "google-interactions"
NAMES = sorted(path.stem for path in (FIXTURES / NAME).glob("*.txt"))
RECORDED = [entry for entry in INDEX if entry["dialect"] == NAME]


def sent(kind: str, **fields: Any) -> ServerSentEvent:
    """Return an event; its name is left out, as by a proxy."""
    return event({**fields, "event_type": kind})


def start(type: str | None, index: Any = 0, **fields: Any) -> ServerSentEvent:  # noqa: A002
    return sent("step.start", index=index, step={"type": type, **fields})


def more(type: str | None, index: Any = 0, **fields: Any) -> ServerSentEvent:  # noqa: A002
    return sent("step.delta", index=index, delta={"type": type, **fields})


def text(piece: Any, index: Any = 0) -> ServerSentEvent:
    return more("text", index, text=piece)


def stop(index: Any = 0, **fields: Any) -> ServerSentEvent:
    return sent("step.stop", index=index, **fields)


def done(status: Any = "completed", **fields: Any) -> ServerSentEvent:
    return sent("interaction.completed", interaction={"id": "i", "status": status, **fields})


def fold(*items: Item) -> Completion:
    return run(GoogleInteractions(), items)[0]


def steps(completion: Completion) -> Any:
    return completion.extra["steps"]


# Whole streams


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: Path(entry["file"]).stem)
def test_a_recorded_stream_assembles_to_what_it_is_known_to_say(entry: dict[str, Any]) -> None:
    body = (STREAMS / entry["file"]).read_bytes()
    completion = assemble(body)
    assert entry["expected"] == {
        "content": completion.content,
        "role": completion.role,
        "finish_reason": completion.finish_reason,
        "reasoning": completion.reasoning,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in completion.tool_calls
        ],
        "usage": completion.usage and completion.usage.raw,
        "model": completion.model,
        "id": completion.id,
        "error": completion.error,
        "complete": completion.complete,
    }
    assert completion.findings == ()
    for chunks in random_cuts(body, seed=len(body)):
        assert assemble(chunks) == completion
    Interaction.model_validate(completion.to_native())


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_assembles_to_what_its_author_says(name: str) -> None:
    path = FIXTURES / NAME / f"{name}.txt"
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))["completion"]
    body = path.read_bytes()
    completion = assemble(body)
    assert not differences(expected, completion.to_dict())
    for chunks in random_cuts(body, seed=len(body)):
        assert assemble(chunks) == completion
    if completion.complete:
        theirs = Interaction.model_validate(completion.to_native())
        assert (theirs.id, theirs.status) == (completion.id, completion.finish_reason)


# Steps


def test_texts_are_one_block_until_another_block_comes() -> None:
    image = {"type": "image", "data": "AA==", "mime_type": "image/png"}
    completion = fold(
        start("model_output"), text("a"), text("b"), more(**image), text("c"), stop(), done()
    )
    assert completion.content == "abc"
    assert steps(completion) == [
        {
            "type": "model_output",
            "content": [{"type": "text", "text": "ab"}, image, {"type": "text", "text": "c"}],
        }
    ]


def test_what_a_step_begins_with_is_its_first_piece() -> None:
    block = {"type": "text", "text": "Hm"}
    completion, deltas = run(
        GoogleInteractions(),
        [
            start("thought", summary=[block], signature=""),
            more("thought_summary", content={"type": "text", "text": "m."}),
            start("model_output", 1, content=[{"type": "text", "text": "a"}]),
            text("b", 1),
            done(),
        ],
    )
    assert (completion.reasoning, completion.content) == ("Hmm.", "ab")
    pieces = [(delta.kind, delta.text) for delta in deltas if delta.text]
    expected = [("reasoning", "Hm"), ("reasoning", "m."), ("content", "a"), ("content", "b")]
    assert pieces[:4] == expected
    assert steps(completion)[0] == {"type": "thought", "summary": [{**block, "text": "Hmm."}]}


def test_the_last_signature_stands_whether_its_delta_has_a_type_or_not() -> None:
    typed = fold(start("thought"), more("thought_signature", signature="cw=="), done())
    untyped = fold(
        start("thought"), sent("step.delta", index=0, delta={"signature": "cw=="}), done()
    )
    assert steps(typed) == steps(untyped) == [{"type": "thought", "signature": "cw=="}]
    assert typed.reasoning is None


def test_citations_belong_to_the_text_before_them() -> None:
    cite = {"type": "url_citation", "url": "u"}
    completion, deltas = run(
        GoogleInteractions(),
        [
            start("model_output"),
            text("a"),
            more("text_annotation_delta", annotations=[cite]),
            done(),
        ],
    )
    assert completion.choices[0].annotations == (cite,)
    assert steps(completion)[0]["content"] == [{"type": "text", "text": "a", "annotations": [cite]}]
    assert [delta.json() for delta in deltas if delta.kind == "citation"] == [cite]


def test_the_arguments_of_a_call_come_in_pieces_or_whole() -> None:
    completion, deltas = run(
        GoogleInteractions(),
        [
            start("function_call", 0, id="a", name="f", arguments={}),
            more("arguments_delta", 0, arguments='{"x"'),
            more("arguments_delta", 0, arguments=": 1}"),
            start("function_call", 1, id="b", name="g", arguments={"y": 2}),
            start("google_search_call", 2, id="c"),
            more("google_search_call", 2, arguments={"queries": ["q"]}, signature="cw=="),
            start("mcp_server_tool_call", 3, id="d", name="h", server_name="s", arguments={"z": 3}),
            start("google_search_result", 4, call_id="c"),
            more("google_search_result", 4, result=[1]),
            more("google_search_result", 4, result=[2], is_error=False),
            done("requires_action"),
        ],
    )
    choice = completion.choices[0]
    assert choice.tool_calls == (ToolCall("a", "f", '{"x": 1}'), ToolCall("b", "g", '{"y":2}'))
    assert choice.server_tool_calls == (
        ToolCall("c", None, '{"queries":["q"]}', "google_search_call"),
        ToolCall("d", "h", '{"z":3}', "mcp_server_tool_call"),
    )
    assert steps(completion)[2:] == [
        {"type": "google_search_call", "id": "c", "signature": "cw=="},
        {"type": "mcp_server_tool_call", "id": "d", "name": "h", "server_name": "s"},
        {"type": "google_search_result", "call_id": "c", "result": [1, 2], "is_error": False},
    ]
    assert Delta("tool_call", 0, "h", 1, "d", server=True) in deltas
    assert completion.finish_reason == "requires_action"
    assert completion.findings == ()


@pytest.mark.parametrize("then", ['{"a": 2}', {"a": 2}])
def test_other_arguments_after_the_whole_ones_are_a_finding(then: Any) -> None:
    completion = fold(
        start("function_call", id="a", name="f", arguments={"a": 1}),
        more("arguments_delta", arguments=then),
        done(),
    )
    assert completion.tool_calls[0].arguments == '{"a":1}'
    assert codes(completion) == ["arguments-differ"]


def test_steps_may_grow_by_turns_and_keep_the_order_in_which_they_began() -> None:
    completion = fold(
        start("model_output", 0),
        start("model_output", 1),
        text("c", 1),
        text("a", 0),
        text("d", 1),
        done(),
    )
    assert completion.content == "acd"


def test_a_delta_of_a_step_that_never_began_says_what_it_is() -> None:
    completion = fold(
        text("a", 4),
        more("thought_summary", 2, content={"text": "Hm"}),
        more("arguments_delta", 3, arguments="{}"),
        stop(9),
        done(),
    )
    assert (completion.content, completion.reasoning) == ("a", "Hm")
    assert completion.tool_calls == (ToolCall(None, None, "{}"),)
    assert [step["type"] for step in steps(completion)] == [
        "model_output",
        "thought",
        "function_call",
    ]
    assert codes(completion) == ["part-not-opened"]


def test_without_an_index_events_are_about_the_last_step() -> None:
    completion = fold(
        start("thought", None),
        more("thought_summary", None, content={"text": "Hm"}),
        start("model_output", None),
        text("a", None),
        stop(None),
        done(),
    )
    assert (completion.content, completion.reasoning) == ("a", "Hm")
    assert completion.findings == ()


def test_a_delta_after_the_end_of_its_step_is_kept_with_a_finding() -> None:
    completion = fold(start("model_output"), text("a"), stop(), text("b"), done())
    assert completion.content == "ab"
    assert codes(completion) == ["delta-after-part-closed"]


def test_events_and_deltas_of_types_unheard_of_are_kept() -> None:
    hologram = {"index": 0, "delta": {"type": "hologram", "x": 1}, "event_type": "step.delta"}
    other = {"event_type": "interaction.moved", "x": 2}
    completion = fold(start("model_output"), event(hologram), event(other), done())
    assert completion.extra["unknown_events"] == [hologram, other]
    assert codes(completion) == ["unknown-event"]


# The interaction


def test_the_status_on_the_way_is_no_end() -> None:
    update = sent("interaction.status_update", interaction_id="i", status="requires_action")
    completion = fold(start("model_output"), text("a"), update)
    assert (completion.complete, completion.finish_reason) == (False, None)
    assert completion.extra["status"] == "requires_action"
    assert completion.id == "i"
    ended = fold(start("model_output"), text("a"), update, done(), DONE)
    assert (ended.complete, ended.finish_reason) == (True, "completed")
    assert "status" not in ended.extra
    assert ended.ended_by == "done_marker"


def test_the_last_usage_stands_wherever_it_came() -> None:
    def total(tokens: int) -> JSONObject:
        return {"total_tokens": tokens}

    completion = fold(
        start("model_output"),
        sent("step.delta", index=0, delta={"text": "a"}, metadata={"total_usage": total(1)}),
        stop(usage=total(2), step_usage=total(1)),
        done(usage=total(3)),
    )
    assert completion.usage is not None
    assert completion.usage.raw == total(3)
    assert steps(completion)[0]["step_usage"] == total(1)


def test_a_failed_interaction_is_an_error_if_it_says_why() -> None:
    why = {"code": "internal", "message": "no"}
    for failed in (
        fold(start("model_output"), done("failed", errors=[why])),
        fold(start("model_output"), done("failed", error=why)),
        fold(start("model_output", error=why), done("failed")),
        fold(start("model_output"), sent("error", error=why)),
        fold(start("model_output"), event({"error": why}, "error")),
    ):
        assert (failed.complete, failed.error, failed.ended_by) == (False, why, "error")
    assert fold(start("model_output"), done("failed")).error is None
    assert fold(start("model_output"), done("completed", errors=[why])).error is None


def test_steps_that_stand_only_in_the_last_event_are_taken_from_it() -> None:
    whole = [
        {"type": "thought", "summary": [{"type": "text", "text": "Hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "a"}]},
    ]
    completion, deltas = run(GoogleInteractions(), [done(steps=whole)])
    assert steps(completion) == whole
    assert (completion.content, completion.reasoning) == ("a", "Hm")
    assert Delta("content", 0, "a") in deltas
    streamed = [start("model_output"), text("a")]
    assert fold(*streamed, done(steps=whole)).findings == ()
    assert fold(*streamed, done(steps=whole)).content == "a"
    assert codes(fold(*streamed, text("b"), done(steps=whole))) == ["message-differs"]


@pytest.mark.parametrize("odd", [None, True, 1, "x", [], [1], {}, {"type": 1}, {"text": 5}, [[{}]]])
@pytest.mark.parametrize("key", ["step", "delta", "interaction", "index", "event_type", "usage"])
def test_odd_values_raise_nothing(key: str, odd: Any) -> None:
    for kind in GoogleInteractions.STEPS:
        completion = fold(start("model_output"), event({"event_type": kind, "index": 0, key: odd}))
        json.dumps([completion.to_dict(), completion.to_native()])


def test_a_completion_made_by_hand_has_a_native_object_too() -> None:
    choice = Choice(
        content="a",
        reasoning="Hm",
        tool_calls=(ToolCall("c", "f", '{"x": 1}'), ToolCall("d", "g")),
        server_tool_calls=(ToolCall("s", None, '{"queries": []}', "google_search_call"),),
        finish_reason="requires_action",
    )
    native = Completion(NAME, "i", "gemini-3-flash-preview", choices=(choice,)).to_native()
    assert native["steps"] == [
        {"type": "thought", "summary": [{"type": "text", "text": "Hm"}]},
        {"type": "google_search_call", "id": "s", "arguments": {"queries": []}},
        {"type": "model_output", "content": [{"type": "text", "text": "a"}]},
        {"type": "function_call", "id": "c", "name": "f", "arguments": {"x": 1}},
        {"type": "function_call", "id": "d", "name": "g", "arguments": {}},
    ]
    theirs = Interaction.model_validate(native)
    assert [type(step).__name__ for step in theirs.steps or []] == [
        "ThoughtStep",
        "GoogleSearchCallStep",
        "ModelOutputStep",
        "FunctionCallStep",
        "FunctionCallStep",
    ]
