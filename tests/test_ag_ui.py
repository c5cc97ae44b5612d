"""AG-UI: messages, thoughts and tool calls by id; state and activities as they were sent."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import FIXTURES, codes, event

from sseparse import Assembler, Choice, Completion, Delta, ToolCall, assemble
from sseparse.assembly._json import as_list, as_object


def ev(type: str, **fields: Any) -> Any:  # noqa: A002 (the events')
    return {"type": type, **fields}


RUN = ev("RUN_STARTED", threadId="th", runId="run")
END = ev("RUN_FINISHED", threadId="th", runId="run")


def text(found: str, *pieces: Any, role: Any = "assistant") -> list[Any]:
    content = [ev("TEXT_MESSAGE_CONTENT", messageId=found, delta=piece) for piece in pieces]
    start = ev("TEXT_MESSAGE_START", messageId=found, role=role)
    return [start, *content, ev("TEXT_MESSAGE_END", messageId=found)]


def call(found: str, *pieces: Any, **fields: Any) -> list[Any]:
    arguments = [ev("TOOL_CALL_ARGS", toolCallId=found, delta=piece) for piece in pieces]
    start = ev("TOOL_CALL_START", toolCallId=found, toolCallName="add", **fields)
    return [start, *arguments, ev("TOOL_CALL_END", toolCallId=found)]


def fold(*payloads: Any) -> Completion:
    return assemble([event(payload) for payload in payloads], "ag-ui")


def messages(completion: Completion) -> list[Any]:
    return as_list(completion.extra["messages"])


def test_a_run_without_an_outcome_has_no_finish_reason_and_is_complete() -> None:
    completion = fold(RUN, *text("m", "Hel", "lo"), END)
    assert (completion.content, completion.role, completion.id) == ("Hello", "assistant", "run")
    assert (completion.finish_reason, completion.ended_by) == (None, "terminal_event")
    assert completion.findings == ()


@pytest.mark.parametrize("outcome", [{"type": "interrupt", "interrupts": []}, "interrupt"])
def test_the_outcome_is_the_finish_reason(outcome: Any) -> None:
    completion = fold(RUN, {**END, "outcome": outcome})
    assert (completion.finish_reason, completion.extra["outcome"]) == ("interrupt", outcome)
    assert completion.findings == ()


def test_messages_that_grow_by_turns_keep_their_order() -> None:
    first, second = text("a", "one ", "two "), text("b", "three ", "four")
    turns = [event for pair in zip(first, second, strict=True) for event in pair]
    completion = fold(RUN, *turns, END)
    assert (completion.content, completion.findings) == ("one two three four", ())
    assert [message["content"] for message in messages(completion)] == ["one two ", "three four"]


def test_a_text_in_another_role_is_a_message_but_no_content() -> None:
    completion = fold(RUN, *text("u", "Hi", role="user"), *text("m", "Hello", role=None), END)
    assert (completion.content, completion.role) == ("Hello", None)
    assert messages(completion)[0] == {"id": "u", "role": "user", "content": "Hi"}


def test_chunks_open_messages_and_calls_and_need_no_id_to_go_on() -> None:
    completion = fold(
        RUN,
        ev("TEXT_MESSAGE_CHUNK", messageId="a", role="assistant", delta="x"),
        ev("TEXT_MESSAGE_CHUNK", delta="y"),
        ev("TOOL_CALL_CHUNK", toolCallId="c", toolCallName="add", delta="{"),
        ev("TOOL_CALL_CHUNK", delta="}"),
        ev("TEXT_MESSAGE_CHUNK", messageId="b", delta="z"),
        END,
    )
    assert (completion.content, completion.findings) == ("xyz", ())
    assert completion.tool_calls == (ToolCall("c", "add", "{}"),)


def test_each_thought_of_old_is_a_message_of_its_own_without_an_id() -> None:
    thought = [ev("THINKING_TEXT_MESSAGE_CONTENT", delta="a"), ev("THINKING_TEXT_MESSAGE_END")]
    start = ev("THINKING_TEXT_MESSAGE_START")
    completion = fold(RUN, start, *thought, start, *thought, END)
    assert (completion.reasoning, completion.findings) == ("aa", ())
    assert messages(completion) == [{"role": "reasoning", "content": "a"}] * 2


def test_a_thought_and_a_text_may_share_an_id() -> None:
    thought = ev("REASONING_MESSAGE_CHUNK", messageId="m", delta="Hm")
    completion = fold(RUN, thought, *text("m", "Yes"), END)
    assert (completion.reasoning, completion.content) == ("Hm", "Yes")


def test_encrypted_thoughts_stand_with_what_they_belong_to() -> None:
    def value(subtype: str, entity: str) -> Any:
        kind = "REASONING_ENCRYPTED_VALUE"
        return ev(kind, subtype=subtype, entityId=entity, encryptedValue=f"of {entity}")

    completion = fold(
        RUN,
        *text("m", "a"),
        *call("c", "{}", parentMessageId="m"),
        value("message", "m"),
        value("tool-call", "c"),
        value("message", "nobody"),
        END,
    )
    assert messages(completion)[0]["encryptedValue"] == "of m"
    assert completion.tool_calls[0].extra["encryptedValue"] == "of c"
    assert completion.extra["encryptedValues"] == [value("message", "nobody")]


def test_the_deltas_of_a_call_name_its_place() -> None:
    assembler = Assembler("ag-ui")
    payloads = [RUN, *call("c", "{", "}"), *call("d")]
    deltas = [delta for payload in payloads for delta in assembler.feed(event(payload))]
    assert deltas == [
        Delta("tool_call", text="add", tool_call=0, id="c"),
        Delta("arguments", text="{", tool_call=0),
        Delta("arguments", text="}", tool_call=0),
        Delta("tool_call", text="add", tool_call=1, id="d"),
    ]


def test_a_result_of_a_tool_is_a_message() -> None:
    result = ev("TOOL_CALL_RESULT", messageId="r", toolCallId="c", content="5", role="tool")
    completion = fold(RUN, *call("c", "{}"), result, END)
    answer = {"id": "r", "role": "tool", "content": "5", "toolCallId": "c"}
    assert messages(completion)[1] == answer


def test_state_is_the_last_snapshot_and_the_patches_since() -> None:
    def patch(value: int) -> Any:
        return ev("STATE_DELTA", delta=[{"op": "add", "path": "/n", "value": value}])

    completion = fold(
        RUN, patch(1), ev("STATE_SNAPSHOT", snapshot={"n": 2}), patch(3), patch(4), END
    )
    assert completion.extra["state"] == {"n": 2}
    assert [as_object(one)["value"] for one in as_list(completion.extra["stateDelta"])] == [3, 4]


def test_an_activity_is_a_message_whose_patches_are_kept_beside_its_content() -> None:
    def shown(content: Any, **fields: Any) -> Any:
        head = {"messageId": "act", "activityType": "PLAN"}
        return ev("ACTIVITY_SNAPSHOT", **head, content=content, **fields)

    change = ev("ACTIVITY_DELTA", messageId="act", activityType="PLAN", patch=[{"op": "test"}])
    head = {"id": "act", "role": "activity", "activityType": "PLAN"}
    grown = fold(RUN, shown({"n": 1}), change, shown({"n": 2}, replace=False), END)
    assert messages(grown) == [{**head, "content": {"n": 1}, "patch": [{"op": "test"}]}]
    again = fold(RUN, shown({"n": 1}), change, shown({"n": 2}), END)
    assert messages(again) == [{**head, "content": {"n": 2}}]


def test_a_snapshot_of_messages_is_no_content_where_some_was_streamed() -> None:
    sent = [{"id": "m", "role": "assistant", "content": "Hello"}]
    same = fold(RUN, *text("m", "Hello"), ev("MESSAGES_SNAPSHOT", messages=sent), END)
    assert (same.content, same.findings) == ("Hello", ())
    other = fold(RUN, *text("m", "Hallo"), ev("MESSAGES_SNAPSHOT", messages=sent), END)
    assert (other.content, codes(other)) == ("Hallo", ["message-differs"])


def test_a_snapshot_alone_is_the_answer_from_the_users_last_word_on() -> None:
    sent = [
        {"id": "m1", "role": "assistant", "content": "Before"},
        {"id": "u1", "role": "user", "content": "Hi"},
        {"id": "r1", "role": "reasoning", "content": "Hm"},
        {"id": "m2", "role": "assistant", "content": "Hello"},
    ]
    assembler = Assembler("ag-ui")
    assembler.feed_all(event(one) for one in (RUN, ev("MESSAGES_SNAPSHOT", messages=sent)))
    assert assembler.snapshot.content is None
    deltas = assembler.feed(event(END))
    assert [(delta.kind, delta.text) for delta in deltas[:2]] == [
        ("reasoning", "Hm"),
        ("content", "Hello"),
    ]
    assert assembler.close().role == "assistant"
    assert fold(RUN, ev("MESSAGES_SNAPSHOT", messages=sent[:2]), END).content is None


def test_tokens_of_one_model_are_the_usage_and_of_several_they_are_not_added_up() -> None:
    one = {"model": "x", "inputTokens": 5, "outputTokens": 3, "totalTokens": 8}
    single = fold(RUN, {**END, "usage": [one]})
    assert single.usage is not None
    assert (single.usage.raw, single.usage.input_tokens, single.model) == (one, 5, "x")
    several = fold(RUN, {**END, "usage": [one, one]})
    assert (several.usage, several.extra["usage"]) == (None, [one, one])


def test_an_error_of_the_run_is_the_error() -> None:
    fault = ev("RUN_ERROR", message="Out of luck", code="LUCK")
    completion = fold(RUN, *text("m", "He")[:2], fault)
    assert (completion.content, completion.error, completion.ended_by) == ("He", fault, "error")


def test_an_error_of_a_subagent_is_not_the_runs() -> None:
    fault = ev("SUBAGENT_ERROR", subagentRunId="s", message="no")
    completion = fold(RUN, fault, END)
    assert (completion.complete, completion.extra["subagents"]) == (True, [fault])


@pytest.mark.parametrize(
    ("timestamp", "created"),
    [(1772445605120, 1772445605.12), (True, None), (0, None), (10**400, None), ("x", None)],
)
def test_times_are_milliseconds(timestamp: Any, created: float | None) -> None:
    assert fold({**RUN, "timestamp": timestamp}, END).created == created


def test_what_belongs_to_no_message_is_kept() -> None:
    kept = {
        "steps": ev("STEP_STARTED", stepName="a"),
        "custom": ev("CUSTOM", name="n", value=1),
        "raw": ev("RAW", event={"x": 1}),
        "unknown_events": ev("NEWS"),
    }
    completion = fold(RUN, *kept.values(), END)
    assert completion.extra == {"threadId": "th", **{key: [one] for key, one in kept.items()}}
    assert codes(completion) == ["unknown-event"]


def test_pieces_out_of_order_are_kept_with_a_finding() -> None:
    start, piece, end = text("m", "a")
    assert codes(fold(RUN, piece, end, END)) == ["part-not-opened"]
    assert codes(fold(RUN, start, piece, start, END)) == ["part-opened-twice"]
    late = fold(RUN, start, end, piece, END)
    assert (late.content, codes(late)) == ("a", ["delta-after-part-closed"])
    assert codes(fold(RUN, END, *text("m", "a"))) == ["event-after-done"]


@pytest.mark.parametrize(
    "odd",
    [
        [1],
        ev("TEXT_MESSAGE_CONTENT", messageId="m", delta=5),
        ev("STATE_DELTA", delta={}),
        ev("ACTIVITY_DELTA", messageId="x", patch=None),
        ev("MESSAGES_SNAPSHOT", messages={}),
    ],
)
def test_odd_shapes_are_findings_and_the_fold_goes_on(odd: Any) -> None:
    start, piece, end = text("m", "a")
    completion = fold(RUN, start, odd, piece, end, END)
    assert (completion.content, codes(completion)) == ("a", ["bad-shape"])


def test_a_snapshot_of_the_completion_does_not_change_when_more_comes() -> None:
    assembler = Assembler("ag-ui")
    start, piece, _ = text("m", "a")
    assembler.feed_all(map(event, [RUN, start, piece]))
    before = assembler.snapshot
    assembler.feed(event(piece))
    assert messages(before)[0]["content"] == "a"
    assert messages(assembler.snapshot)[0]["content"] == "aa"


def test_the_native_object_is_a_snapshot_of_messages_with_the_calls_in_them() -> None:
    native = assemble(FIXTURES / "ag-ui" / "complete.txt").to_native()
    assert native["type"] == "MESSAGES_SNAPSHOT"
    sent = [as_object(message) for message in as_list(native["messages"])]
    calls = [[as_object(c)["id"] for c in as_list(one.get("toolCalls"))] for one in sent]
    assert [message["id"] for message in sent] == ["r-1", "m-1", "c-2", "m-2", "act-1", "m-3"]
    assert calls == [[], ["c-1"], ["c-2"], [], [], []]
    function = {"name": "weather", "arguments": '{"city":"Ulm"}'}
    assert as_list(sent[1]["toolCalls"]) == [
        {"id": "c-1", "type": "function", "function": function}
    ]
    assert "content" not in sent[2]


def test_the_native_object_has_the_snapshot_that_was_sent_and_what_is_not_in_it() -> None:
    sent = [{"id": "u", "role": "user", "content": "Hi"}]
    own = {"id": "m", "role": "assistant", "content": "a"}
    before = fold(RUN, ev("MESSAGES_SNAPSHOT", messages=sent), *text("m", "a"), END)
    assert before.to_native()["messages"] == [*sent, own]
    after = fold(RUN, *text("m", "a"), ev("MESSAGES_SNAPSHOT", messages=[*sent, own]), END)
    assert after.to_native()["messages"] == [*sent, own]


def test_the_native_object_of_a_completion_made_by_hand_has_all_it_says() -> None:
    choice = Choice(content="a", reasoning="b", tool_calls=(ToolCall("c", "add", '{"a'),))
    native = Completion("ag-ui", choices=(choice,)).to_native()
    assert [as_object(one)["role"] for one in as_list(native["messages"])] == [
        "reasoning",
        "assistant",
        "assistant",
    ]
