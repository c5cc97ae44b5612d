"""OpenAI's Assistants: what each event of a run does, in order and out of it."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import ERROR, FIXTURES, INDEX, STREAMS, USAGE, codes, event, run
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run
from pydantic import TypeAdapter

from sseparse import Choice, Completion, Delta, ServerSentEvent, ToolCall, assemble, detect
from sseparse._events import Item
from sseparse.assembly._json import JSONObject
from sseparse.assembly.protocols._openai_assistants import STATUSES, STEPS, OpenAIAssistants

NAME = "openai-assistants"
SOURCES = [
    *sorted((FIXTURES / NAME).glob("*.txt")),
    *[STREAMS / entry["file"] for entry in INDEX if entry["dialect"] == NAME],
]
DONE = ServerSentEvent("[DONE]", "done")
RUN: JSONObject = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1764000000,
    "model": "gpt-4o",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "instructions": "",
    "tools": [],
    "parallel_tool_calls": False,
}


def running(status: Any = "in_progress", **fields: Any) -> ServerSentEvent:
    """Return an event that carries the run; its name is left out, as by a proxy."""
    return event({**RUN, "status": status, **fields})


def message(content: Any = (), status: Any = "in_progress", id: Any = "msg_1") -> ServerSentEvent:  # noqa: A002 (theirs)
    return event(
        {
            "id": id,
            "object": "thread.message",
            "role": "assistant",
            "run_id": "run_1",
            "status": status,
            "content": list(content),
        }
    )


def wrote(*blocks: Any, id: Any = "msg_1") -> ServerSentEvent:  # noqa: A002 (theirs)
    payload = {"id": id, "object": "thread.message.delta"}
    return event({**payload, "delta": {"content": list(blocks)}})


def text(value: Any = None, index: Any = 0, annotations: Any = None) -> JSONObject:
    return {
        "index": index,
        "type": "text",
        "text": {"value": value, **({} if annotations is None else {"annotations": annotations})},
    }


def step(*calls: Any, status: Any = "in_progress", id: Any = "step_1") -> ServerSentEvent:  # noqa: A002 (theirs)
    details = {"type": "tool_calls", "tool_calls": list(calls)}
    payload = {"id": id, "object": "thread.run.step", "run_id": "run_1", "type": "tool_calls"}
    return event({**payload, "status": status, "step_details": details})


def called(*calls: Any, id: Any = "step_1") -> ServerSentEvent:  # noqa: A002 (theirs)
    details = {"type": "tool_calls", "tool_calls": list(calls)}
    payload = {"id": id, "object": "thread.run.step.delta"}
    return event({**payload, "delta": {"step_details": details}})


def function(index: Any, id: Any = None, **inner: Any) -> JSONObject:  # noqa: A002 (theirs)
    return {"index": index, "id": id, "type": "function", "function": inner}


def code(index: Any, id: Any = None, **inner: Any) -> JSONObject:  # noqa: A002 (theirs)
    return {"index": index, "id": id, "type": "code_interpreter", "code_interpreter": inner}


def required(*calls: JSONObject) -> ServerSentEvent:
    submit = {"tool_calls": [{k: v for k, v in call.items() if k != "index"} for call in calls]}
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": submit}
    return running("requires_action", required_action=action)


def follow(*items: Item) -> tuple[Completion, list[Delta]]:
    return run(OpenAIAssistants(), items)


def fold(*items: Item) -> Completion:
    return follow(*items)[0]


# The run


def test_the_run_gives_the_completion_its_head_and_its_end() -> None:
    completion = fold(running("queued"), running(), running("completed", usage=USAGE), DONE)
    assert (completion.id, completion.model, completion.created) == ("run_1", "gpt-4o", 1764000000)
    assert completion.usage is not None
    assert completion.usage.raw == USAGE
    assert (completion.finish_reason, completion.role) == ("completed", None)
    assert (completion.ended_by, codes(completion)) == ("done_marker", [])


def test_the_fields_of_the_run_stand_as_last_sent() -> None:
    completion = fold(running(expires_at=5, tools=[]), running("completed", expires_at=None))
    assert completion.extra == {
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "instructions": "",
        "tools": [],
        "parallel_tool_calls": False,
        "expires_at": None,
        "status": "completed",
    }


def test_a_thread_made_for_the_run_is_kept() -> None:
    thread = {"id": "thread_1", "object": "thread"}
    assert fold(event(thread), running("completed")).extra["thread"] == thread
    assert detect([event(thread)]) == NAME


@pytest.mark.parametrize("status", STATUSES)
def test_a_run_has_finished_when_its_status_says_so(status: str) -> None:
    open_ones = {"queued", "in_progress", "cancelling"}
    completion = fold(running(status))
    assert completion.finish_reason == (None if status in open_ones else status)
    assert completion.complete is (status not in {*open_ones, "failed"})


def test_every_status_that_openai_knows_has_its_step() -> None:
    assert STATUSES.keys() == set(Run.model_fields["status"].annotation.__args__)  # type: ignore[union-attr]


def test_every_event_that_openai_knows_is_folded() -> None:
    schema = TypeAdapter(AssistantStreamEvent).json_schema()
    names = {
        entry["properties"]["event"]["const"]
        for entry in schema["$defs"].values()
        if "event" in entry.get("properties", {})
    }
    assert {"thread.created", "thread.run.step.expired", "error"} <= names
    for name in names - {"error"}:  # (the object's kind is left out: the event's name has to do)
        completion = fold(event({"id": "x"}, name))
        assert "unknown-event" not in codes(completion), name
        assert completion.id or completion.extra


def test_usage_is_the_runs_and_not_that_of_its_steps() -> None:
    whole = {"id": "s", "object": "thread.run.step", "status": "completed", "usage": {"steps": 1}}
    completion = fold(running(), event(whole), running("completed", usage=USAGE))
    assert completion.usage is not None
    assert completion.usage.raw == USAGE
    assert completion.extra["steps"] == [whole]


def test_the_last_error_of_the_run_is_the_error() -> None:
    failed = running("failed", last_error=ERROR)
    completion = fold(running(), message(), wrote(text("Half")), failed, DONE)
    assert (completion.content, completion.finish_reason) == ("Half", "failed")
    assert (completion.error, completion.ended_by) == (ERROR, "error")
    assert codes(completion) == ["error-in-stream"]


def test_a_run_that_failed_without_a_word_carries_an_error_all_the_same() -> None:
    assert fold(running("failed")).error == {"status": "failed"}


@pytest.mark.parametrize(
    "sent", [event({"error": ERROR}, "error"), event({"error": ERROR}), event(ERROR)]
)
def test_an_error_is_known_with_and_without_its_name(sent: ServerSentEvent) -> None:
    completion = fold(running(), sent, DONE)
    assert (completion.error, completion.ended_by) == (ERROR, "error")


def test_an_object_unheard_of_is_kept() -> None:
    odd = {"id": "x", "object": "thread.vote"}
    completion = fold(running(), event(odd), running("completed"))
    assert completion.extra["unknown_events"] == [odd]
    assert codes(completion) == ["unknown-event"]


def test_what_comes_after_the_end_is_kept_and_flagged() -> None:
    completion = fold(message(), running("completed"), DONE, wrote(text("late")))
    assert (completion.content, codes(completion)) == ("late", ["event-after-done"])


def test_a_step_or_message_of_another_run_is_flagged() -> None:
    other = {"id": "m", "object": "thread.message", "run_id": "run_2", "status": "in_progress"}
    completion = fold(running(), event(other))
    assert (completion.id, codes(completion)) == ("run_1", ["several-ids"])


# Its messages


def test_the_texts_of_all_messages_are_the_content_in_order() -> None:
    completion, deltas = follow(
        message(),
        wrote(text("One", annotations=[])),
        wrote(text(" two")),
        message([text("One two")], "completed"),
        message(id="msg_2"),
        wrote(text(" three"), id="msg_2"),
        message([text(" three")], "completed", id="msg_2"),
        running("completed"),
    )
    assert (completion.content, completion.role) == ("One two three", "assistant")
    assert codes(completion) == []
    assert [delta.text for delta in deltas if delta.kind == "content"] == ["One", " two", " three"]
    messages = completion.extra["messages"]
    assert [(m["id"], m["status"], m["content"]) for m in messages] == [  # type: ignore[union-attr,index,call-overload]
        ("msg_1", "completed", [{"type": "text", "text": {"value": "One two", "annotations": []}}]),
        ("msg_2", "completed", [{"type": "text", "text": {"value": " three", "annotations": []}}]),
    ]


def test_blocks_grow_by_index_and_pictures_stay_in_their_message() -> None:
    picture = {"type": "image_file", "image_file": {"file_id": "file-1"}}
    completion = fold(
        message(), wrote(text("a"), {"index": 1, **picture}), wrote(text("c", 2)), wrote(text("b"))
    )
    assert completion.content == "abc"
    content = completion.extra["messages"][0]["content"]  # type: ignore[index,call-overload]
    assert content[1] == picture  # type: ignore[index]
    assert len(content) == 3  # type: ignore[arg-type]


def test_a_refusal_is_no_content() -> None:
    pieces = [wrote({"index": 0, "type": "refusal", "refusal": piece}) for piece in ("No", ".")]
    completion = fold(message(), *pieces)
    assert (completion.content, completion.choices[0].refusal) == (None, "No.")


def test_a_message_whose_deltas_never_came_is_taken_whole() -> None:
    note = {"type": "file_path", "text": "x"}
    completion, deltas = follow(message([text("Hi", annotations=[note])], "completed"))
    assert completion.content == "Hi"
    assert completion.choices[0].annotations == (note,)
    assert [delta.kind for delta in deltas] == ["content", "citation"]


def test_a_message_that_ends_otherwise_than_it_was_streamed_is_flagged() -> None:
    completion = fold(message(), wrote(text("Hi")), message([text("Ho")], "completed"))
    assert (completion.content, codes(completion)) == ("Hi", ["message-differs"])


def test_annotations_come_by_index_and_perhaps_in_pieces() -> None:
    first = {"index": 0, "type": "file_citation", "text": "[1]", "file_citation": {"quote": "q"}}
    other = {"index": 1, "type": "file_path", "text": "[2]"}
    completion, deltas = follow(
        message(),
        wrote(text("a [1] [2]", annotations=[first])),
        wrote(
            text(annotations=[other, {"index": 0, "file_citation": {"file_id": "f"}, "text": None}])
        ),
    )
    whole = {
        "type": "file_citation",
        "text": "[1]",
        "file_citation": {"quote": "q", "file_id": "f"},
    }
    expected = [whole, {"type": "file_path", "text": "[2]"}]
    assert completion.choices[0].annotations == tuple(expected)
    content = completion.extra["messages"][0]["content"]  # type: ignore[index,call-overload]
    assert content[0]["text"]["annotations"] == expected  # type: ignore[index,call-overload]
    assert [delta.kind for delta in deltas].count("citation") == 2


def test_a_snapshot_does_not_change_afterwards() -> None:
    protocol = OpenAIAssistants()
    first = {"index": 0, "type": "file_path", "text": "x"}
    for item in (running(), message(), wrote(text("a", annotations=[first])), called(code(0, "c"))):
        protocol.take(item)
    before = protocol.completion()
    shown = repr(before)
    protocol.take(wrote(text("b", annotations=[{"index": 0, "start_index": 3}])))
    protocol.take(called(code(0, input="x", outputs=[{"index": 0, "type": "logs", "logs": "y"}])))
    protocol.take(message([], "completed"))
    assert repr(before) == shown
    assert protocol.completion() != before


def test_a_content_that_is_one_object_is_a_list_of_one() -> None:
    delta = {"role": "assistant", "content": {"type": "text", "text": {"value": "Hi"}}}
    odd = event(
        {"object": "thread.message.delta", "id": "msg_1", "delta": delta, "status_code": 200}
    )
    completion = fold(message(), odd)
    assert (completion.content, codes(completion)) == ("Hi", [])


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([wrote(text("a"))], "part-not-opened"),
        ([message(), message([], "completed"), wrote(text("a"))], "delta-after-part-closed"),
        ([message([], "completed"), message(), wrote(text("a"))], "part-opened-twice"),
    ],
)
def test_what_breaks_the_order_of_the_messages_is_kept_and_flagged(
    events: list[ServerSentEvent], found: str
) -> None:
    completion = fold(*events)
    assert (completion.content, codes(completion)) == ("a", [found])


# Its steps


def test_functions_are_the_callers_calls_and_required_action_repeats_them() -> None:
    completion, deltas = follow(
        running(),
        step(),
        called(function(0, "call_a", name="f", arguments="", output=None)),
        called(function(0, arguments='{"a"'), function(1, "call_b", name="g", arguments="")),
        called(function(0, arguments=":1}")),
        required(
            function(0, "call_a", name="f", arguments='{"a":1}'),
            function(1, "call_b", name="g", arguments="{}"),
        ),
        DONE,
    )
    # (of the second call's arguments nothing was streamed: they are taken from the whole)
    assert completion.tool_calls == (
        ToolCall("call_a", "f", '{"a":1}'),
        ToolCall("call_b", "g", "{}"),
    )
    assert (completion.finish_reason, codes(completion)) == ("requires_action", [])
    assert "required_action" not in completion.extra
    assert [d.id for d in deltas if d.kind == "tool_call"] == ["call_a", "call_b"]
    told = [(d.tool_call, d.text) for d in deltas if d.kind == "arguments"]
    assert told == [(0, '{"a"'), (0, ":1}"), (1, "{}")]


def test_required_action_alone_says_what_to_call() -> None:
    completion = fold(required(function(0, "call_a", name="f", arguments="{}")))
    assert completion.tool_calls == (ToolCall("call_a", "f", "{}"),)
    assert completion.role is None


def test_required_action_that_says_other_arguments_is_flagged() -> None:
    completion = fold(
        step(),
        called(function(0, "call_a", name="f", arguments="{}")),
        required(function(0, "call_a", name="f", arguments="[]")),
    )
    assert completion.tool_calls == (ToolCall("call_a", "f", "{}"),)
    assert codes(completion) == ["message-differs"]


def test_an_action_unheard_of_is_kept() -> None:
    action = {"type": "sign_here"}
    completion = fold(running("requires_action", required_action=action))
    assert completion.extra["required_action"] == action


def test_a_call_that_was_answered_before_is_not_asked_for_again() -> None:
    answered = function(0, "call_a", name="f", arguments="{}", output="4")
    del answered["index"]
    completion = fold(step(answered, status="completed"), running("completed"))
    assert completion.tool_calls == ()
    assert completion.extra["steps"][0]["step_details"]["tool_calls"] == [answered]  # type: ignore[index,call-overload]
    assert codes(completion) == []


def test_an_answer_that_comes_to_a_call_of_this_stream_stands_in_its_step() -> None:
    completion = fold(
        step(),
        called(function(0, "call_a", name="f", arguments="{}")),
        step(function(0, "call_a", name="f", arguments="{}", output="4"), status="completed"),
    )
    assert completion.tool_calls == (ToolCall("call_a", "f", "{}"),)
    details = completion.extra["steps"][0]["step_details"]  # type: ignore[index,call-overload]
    kept = {"id": "call_a", "type": "function", "function": {"output": "4"}}
    assert details["tool_calls"] == [kept]  # type: ignore[index,call-overload]


def test_code_that_openai_runs_is_a_server_tool_call_and_its_outputs_stand_in_the_step() -> None:
    logs = [{"index": 0, "type": "logs", "logs": "4"}, {"index": 0, "type": "logs", "logs": "\n"}]
    image = {"index": 1, "type": "image", "image": {"file_id": "f"}}
    completion, deltas = follow(
        step(),
        called(code(0, "call_c", input="", outputs=[])),
        called(code(0, input="2+")),
        called(code(0, input="2", outputs=logs[:1])),
        called(code(0, outputs=[logs[1], image])),
    )
    first = completion.choices[0]
    assert first.server_tool_calls == (ToolCall("call_c", None, "2+2", "code_interpreter"),)
    assert first.tool_calls == ()
    outputs = [{"type": "logs", "logs": "4\n"}, {"type": "image", "image": {"file_id": "f"}}]
    kept = {"id": "call_c", "type": "code_interpreter", "code_interpreter": {"outputs": outputs}}
    assert completion.extra["steps"][0]["step_details"] == {  # type: ignore[index,call-overload]
        "type": "tool_calls",
        "tool_calls": [kept],
    }
    assert all(delta.server for delta in deltas)
    assert codes(completion) == []


def test_what_the_end_of_a_step_says_more_than_its_deltas_is_taken() -> None:
    search = {"type": "file_search", "id": "call_s", "file_search": {"results": [{"score": 1}]}}
    outputs = [{"type": "logs", "logs": "4"}]
    whole = code(1, "call_c", input="2+2", outputs=outputs)
    completion = fold(
        step(),
        called({"index": 0, "id": "call_s", "type": "file_search", "file_search": {}}),
        step(search, whole, status="completed"),
    )
    assert completion.choices[0].server_tool_calls == (
        ToolCall("call_s", None, "", "file_search"),
        ToolCall("call_c", None, "2+2", "code_interpreter"),
    )
    assert completion.extra["steps"][0]["step_details"]["tool_calls"] == [  # type: ignore[index,call-overload]
        search,
        {"type": "code_interpreter", "id": "call_c", "code_interpreter": {"outputs": outputs}},
    ]


def test_a_step_that_ends_otherwise_than_it_was_streamed_is_flagged() -> None:
    completion = fold(
        step(), called(code(0, "c", input="1")), step(code(0, "c", input="2"), status="completed")
    )
    assert completion.choices[0].server_tool_calls[0].arguments == "1"
    assert codes(completion) == ["message-differs"]


def test_calls_of_several_steps_have_the_same_indices() -> None:
    completion = fold(
        step(),
        called(code(0, "a", input="1")),
        step(id="step_2"),
        called(code(0, "b"), id="step_2"),
    )
    assert [call.id for call in completion.choices[0].server_tool_calls] == ["a", "b"]


def test_two_functions_at_the_same_index_are_told_apart_by_their_ids() -> None:
    completion = fold(
        step(),
        called(function(0, "a", name="f", arguments="1")),
        called(function(0, "b", name="g", arguments="2")),
        called(function(0, "rotated", arguments="3")),
    )
    assert completion.tool_calls == (ToolCall("a", "f", "1"), ToolCall("b", "g", "23"))


@pytest.mark.parametrize(
    "odd",
    [
        event(["no object"]),
        event({"id": "msg_1", "object": "thread.message.delta", "delta": "none"}),
        wrote("none"),
        wrote({"index": 0, "type": "text", "text": "none"}),
        wrote(text(["none"])),
        wrote(text(annotations=["none"])),
        event({"id": "step_1", "object": "thread.run.step.delta", "delta": {"step_details": 5}}),
        called("none"),
        called({"index": 0, "type": "code_interpreter", "code_interpreter": "none"}),
        called(code(0, outputs=["none"])),
        running("in_progress", usage="none"),
        running(required_action={"submit_tool_outputs": {"tool_calls": ["none"]}}),
    ],
)
def test_what_is_of_another_shape_is_skipped_and_flagged(odd: ServerSentEvent) -> None:
    completion = fold(running(), message(), step(), wrote(text("a")), odd, wrote(text("b")))
    assert completion.content == "ab"
    assert codes(completion) == ["bad-shape"]


# What OpenAI's own library says to it


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_openai_accepts_every_run_that_ended(path: Any) -> None:
    completion = assemble(path)
    native = completion.to_native()
    assert (native["id"], native["created_at"]) == (completion.id, completion.created)
    theirs = Run.model_validate(native)
    assert theirs.status == (completion.finish_reason or completion.extra["status"])
    assert (theirs.usage and theirs.usage.total_tokens) == (
        completion.usage and completion.usage.total_tokens
    )
    asked = theirs.required_action and theirs.required_action.submit_tool_outputs.tool_calls
    assert [(c.id, c.function.name, c.function.arguments) for c in asked or []] == [
        (call.id, call.name, call.arguments) for call in completion.tool_calls
    ]


def test_the_native_run_is_the_one_that_was_last_sent() -> None:
    last = {**RUN, "status": "completed", "usage": USAGE, "required_action": None, "top_p": 1.0}
    completion = fold(running("queued"), message(), wrote(text("Hi")), event(last), DONE)
    assert completion.to_native() == last


def test_openai_accepts_a_run_made_by_hand() -> None:
    choice = Choice(tool_calls=(ToolCall("c", "f", '{"cut'),), finish_reason="requires_action")
    theirs = Run.model_validate(Completion(NAME, choices=(choice,)).to_native())
    assert theirs.required_action is not None
    assert theirs.required_action.submit_tool_outputs.tool_calls[0].function.name == "f"


def test_longer_names_of_objects_come_before_what_they_begin_with() -> None:
    names = list(STEPS)
    assert not any(
        later.startswith(name) for place, name in enumerate(names) for later in names[place + 1 :]
    )
