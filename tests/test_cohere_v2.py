"""Cohere's chat: what each event does, in order and out of it."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import DONE, ERROR, FIXTURES, INDEX, STREAMS, codes, event, run
from cohere.v2.types.v2chat_response import V2ChatResponse

from sseparse import Choice, Completion, Delta, ServerSentEvent, ToolCall, assemble, detect
from sseparse.assembly._json import JSONObject
from sseparse.assembly.protocols._cohere_v2 import STEPS, CohereV2

NAME = "cohere-v2"
USAGE: JSONObject = {"billed_units": {"input_tokens": 3}, "tokens": {"input_tokens": 5}}
SOURCES = [
    *sorted((FIXTURES / NAME).glob("*.txt")),
    *[STREAMS / entry["file"] for entry in INDEX if entry["dialect"] == NAME],
]


def said(kind: str, index: Any = None, **message: Any) -> ServerSentEvent:
    """Return an event that carries a message; its name is left out, as by a proxy."""
    payload: dict[str, Any] = {"type": kind, "delta": {"message": message}}
    return event(payload if index is None else {**payload, "index": index})


def begin(index: Any = 0, kind: str = "text", text: str = "") -> ServerSentEvent:
    return said("content-start", index, content={"type": kind, kind: text})


def more(text: Any, index: Any = 0, kind: str = "text") -> ServerSentEvent:
    return said("content-delta", index, content={kind: text})


def close(index: Any = 0, kind: str = "content-end") -> ServerSentEvent:
    return event({"type": kind, "index": index})


def call(index: Any, arguments: Any = "", **head: Any) -> ServerSentEvent:
    """Return the start of a tool call if it has an id, else a piece of its arguments."""
    function = {"arguments": arguments}
    if "name" in head:
        function["name"] = head.pop("name")
    kind = "tool-call-start" if head else "tool-call-delta"
    return said(kind, index, tool_calls={**head, "function": function})


def end(reason: Any = "COMPLETE", **delta: Any) -> ServerSentEvent:
    return event({"type": "message-end", "delta": {"finish_reason": reason, **delta}})


START = event(
    {
        "type": "message-start",
        "id": "m-1",
        "delta": {
            "message": {
                "role": "assistant",
                "content": [],
                "tool_plan": "",
                "tool_calls": [],
                "citations": [],
            }
        },
    }
)


def follow(*events: ServerSentEvent) -> tuple[Completion, list[Delta]]:
    return run(CohereV2(), events)


def fold(*events: ServerSentEvent) -> Completion:
    return follow(*events)[0]


# The message, from its start to its end


def test_a_message_is_put_together() -> None:
    completion, deltas = follow(START, begin(), more("Hi"), more("!"), close(), end(usage=USAGE))
    assert completion.choices == (
        Choice(
            role="assistant",
            content="Hi!",
            finish_reason="COMPLETE",
            extra={"content": [{"type": "text", "text": "Hi!"}]},
        ),
    )
    assert completion.id == "m-1"
    assert completion.usage is not None
    assert (completion.usage.raw, completion.usage.input_tokens) == (USAGE, 5)
    assert (completion.ended_by, codes(completion)) == ("terminal_event", [])
    assert [delta.kind for delta in deltas] == ["content", "content", "finish", "usage", "end"]


def test_done_after_the_end_of_the_message_says_no_more() -> None:
    completion, deltas = follow(START, end(), DONE)
    assert (completion.ended_by, codes(completion)) == ("done_marker", [])
    assert [delta.kind for delta in deltas] == ["finish", "end"]


def test_without_its_end_a_message_is_not_complete() -> None:
    completion = fold(START, begin(), more("Hi"), close())
    assert (completion.content, completion.ended_by) == ("Hi", "eof")


def test_what_comes_after_the_end_is_kept_and_flagged() -> None:
    completion = fold(START, begin(), end(), more("late"))
    assert completion.content == "late"
    assert codes(completion) == ["event-after-done"]


def test_an_end_without_a_finish_reason_is_flagged() -> None:
    completion = fold(START, end(None))
    assert (completion.finish_reason, completion.complete) == (None, True)
    assert codes(completion) == ["done-without-finish-reason"]


@pytest.mark.parametrize("error", ["out of memory", ERROR])
def test_an_error_at_the_end_stands_as_sent(error: Any) -> None:
    completion = fold(START, begin(), more("Half"), end("ERROR", error=error))
    assert (completion.content, completion.finish_reason) == ("Half", "ERROR")
    assert (completion.error, completion.ended_by) == (error, "error")


def test_the_finish_reason_error_is_one_without_further_words() -> None:
    assert fold(START, end("ERROR")).error == {"finish_reason": "ERROR"}
    assert fold(START, end("TIMEOUT")).error is None


@pytest.mark.parametrize(
    "sent", [event({"error": ERROR}), event({"type": "error", "error": ERROR})]
)
def test_an_error_in_the_middle_ends_it(sent: ServerSentEvent) -> None:
    completion = fold(START, begin(), more("Half"), sent)
    assert (completion.content, completion.error) == ("Half", ERROR)


def test_the_name_of_the_event_stands_in_for_a_missing_type() -> None:
    assert fold(START, event({"delta": {"finish_reason": "COMPLETE"}}, "message-end")).complete


def test_an_event_unheard_of_is_kept() -> None:
    completion = fold(START, event({"type": "content-polished", "index": 0}), end())
    assert completion.extra == {"unknown_events": [{"type": "content-polished", "index": 0}]}
    assert codes(completion) == ["unknown-event"]


def test_every_event_that_cohere_knows_has_its_step() -> None:
    from cohere.v2.types import v2chat_stream_response as theirs

    types = {
        kind.model_fields["type"].default
        for name, kind in vars(theirs).items()
        if name.endswith("V2ChatStreamResponse") and hasattr(kind, "model_fields")
    }
    assert types == STEPS.keys()


# Its blocks


def test_thoughts_are_reasoning_and_blocks_stay_in_order() -> None:
    completion = fold(
        START,
        begin(0, "thinking", "Hm"),
        more(", yes.", 0, "thinking"),
        close(0),
        begin(1),
        more("Yes."),
        more("Yes.", 1),
        end(),
    )
    assert (completion.reasoning, completion.content) == ("Hm, yes.", "Yes.Yes.")
    assert completion.choices[0].extra["content"] == [
        {"type": "thinking", "thinking": "Hm, yes."},
        {"type": "text", "text": "Yes."},
        {"type": "text", "text": "Yes."},
    ]
    # (the first "Yes." said the index of the thoughts: another block, which nobody had opened)
    assert codes(completion) == ["part-not-opened"]


def test_blocks_may_grow_by_turns() -> None:
    completion = fold(START, begin(0), begin(1), more("a"), more("c", 1), more("b"), end())
    assert (completion.content, codes(completion)) == ("abc", [])


@pytest.mark.parametrize(
    ("events", "content", "code"),
    [
        ([more("Hi")], "Hi", "part-not-opened"),
        ([close()], None, "part-not-opened"),
        ([begin(), begin(), more("Hi")], "Hi", "part-opened-twice"),
        ([begin(), close(), more("Hi")], "Hi", "delta-after-part-closed"),
        ([call(0, "{}")], None, "part-not-opened"),
        ([call(0, id="c", name="f"), call(0, id="c", name="f")], None, "part-opened-twice"),
        ([close(0, "tool-call-end")], None, "part-not-opened"),
    ],
)
def test_what_breaks_the_order_of_the_parts_is_kept_and_flagged(
    events: list[ServerSentEvent], content: str | None, code: str
) -> None:
    completion = fold(START, *events, end())
    assert (completion.content, codes(completion)) == (content, [code])


def test_without_an_index_a_piece_belongs_to_the_last_block() -> None:
    completion = fold(START, begin(None), more("a", None), begin(None), more("b", None), end())
    assert completion.choices[0].extra["content"] == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    assert codes(completion) == []


def test_a_block_of_a_type_unheard_of_is_kept_as_sent() -> None:
    block = {"type": "picture", "url": "data:,"}
    completion = fold(START, said("content-start", 0, content=block), close(), end())
    assert completion.choices[0].extra["content"] == [block]
    assert completion.content is None


def test_a_message_that_starts_with_all_it_has_is_taken_whole() -> None:
    whole = {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}],
        "tool_plan": "Wait.",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f"}}],
        "citations": [{"start": 0}],
    }
    completion = fold(said("message-start", **whole), end())
    first = completion.choices[0]
    assert (first.content, first.reasoning, first.extra["tool_plan"]) == ("Hi", "Hm", "Wait.")
    assert (first.tool_calls, first.annotations) == ((ToolCall("c", "f"),), ({"start": 0},))
    assert codes(completion) == []


# Its plan, calls and citations


def test_the_plan_is_neither_content_nor_reasoning() -> None:
    plan = [said("tool-plan-delta", tool_plan=piece) for piece in ("I will ", "look.")]
    completion, deltas = follow(START, *plan, end("TOOL_CALL"))
    assert (completion.content, completion.reasoning) == (None, None)
    assert completion.choices[0].extra == {"tool_plan": "I will look."}
    assert [delta.kind for delta in deltas] == ["finish", "end"]


def test_a_snapshot_does_not_grow_with_the_plan() -> None:
    protocol = CohereV2()
    protocol.take(said("tool-plan-delta", tool_plan="I will "))
    before = protocol.completion()
    protocol.take(said("tool-plan-delta", tool_plan="look."))
    assert before.choices[0].extra == {"tool_plan": "I will "}


def test_tool_calls_grow_by_index() -> None:
    completion, deltas = follow(
        START,
        call(5, id="c5", name="f", type="function"),
        call(7, id="c7", name="g", type="function", note="x"),
        call(5, '{"a":'),
        call(7, "{}"),
        call(5, "1}"),
        close(5, "tool-call-end"),
        close(7, "tool-call-end"),
        end("TOOL_CALL"),
    )
    assert completion.tool_calls == (
        ToolCall("c5", "f", '{"a":1}'),
        ToolCall("c7", "g", "{}", extra={"note": "x"}),
    )
    assert codes(completion) == []
    told = [(d.kind, d.tool_call, d.text) for d in deltas if d.tool_call is not None]
    assert told == [
        ("tool_call", 0, "f"),
        ("tool_call", 1, "g"),
        ("arguments", 0, '{"a":'),
        ("arguments", 1, "{}"),
        ("arguments", 0, "1}"),
    ]


def test_calls_that_all_have_the_same_index_are_told_apart_by_their_ids() -> None:
    completion = fold(
        START,
        call(0, id="a", name="f"),
        call(0, "1"),
        call(0, id="b", name="g"),
        call(0, "2"),
        end(),
    )
    assert completion.tool_calls == (ToolCall("a", "f", "1"), ToolCall("b", "g", "2"))
    assert codes(completion) == []


def test_a_name_that_comes_late_is_told_once_more() -> None:
    late = said("tool-call-delta", 0, tool_calls={"function": {"name": "f", "arguments": "{}"}})
    completion, deltas = follow(START, call(0, id="a"), late, end())
    assert completion.tool_calls == (ToolCall("a", "f", "{}"),)
    assert [delta.text for delta in deltas if delta.kind == "tool_call"] == ["", "f"]


def test_arguments_that_are_an_object_are_written_as_json() -> None:
    assert fold(START, call(0, {"a": 1}, id="c", name="f"), end()).tool_calls[0].parsed() == {
        "a": 1
    }


def test_citations_are_annotations() -> None:
    citations = [{"start": 0, "end": 2, "text": "Hi", "sources": []}, {"start": 3}]
    events = [said("citation-start", 0, citations=citation) for citation in citations]
    completion, deltas = follow(
        START, begin(), more("Hi"), *events, close(0, "citation-end"), end()
    )
    assert completion.choices[0].annotations == tuple(citations)
    assert [delta.json() for delta in deltas if delta.kind == "citation"] == citations
    assert codes(completion) == []


def test_logprobs_are_joined() -> None:
    items = [{"text": "a", "token_ids": [1], "logprobs": [-0.5]}, {"text": "b", "token_ids": [2]}]
    events = [
        event({"type": "content-delta", "index": 0, "delta": {}, "logprobs": item})
        for item in items
    ]
    assert fold(START, begin(), *events, end()).choices[0].logprobs == {"content": items}


@pytest.mark.parametrize(
    "odd",
    [
        event(["no object"]),
        event({"type": "content-delta", "index": 0, "delta": "none"}),
        event({"type": "content-delta", "index": 0, "delta": {"message": "none"}}),
        said("content-delta", 0, content="none"),
        more(["none"]),
        said("tool-plan-delta", tool_plan=["none"]),
        said("citation-start", 0, citations="none"),
        said("citation-start", 0, tool_calls=["none"]),
        event({"type": "content-delta", "index": 0, "logprobs": "none"}),
    ],
)
def test_what_is_of_another_shape_is_skipped(odd: ServerSentEvent) -> None:
    completion = fold(START, begin(), more("Hi"), odd, end())
    assert (completion.content, completion.tool_calls) == ("Hi", ())
    assert codes(completion) == ["bad-shape"]


def test_a_usage_of_another_shape_is_skipped() -> None:
    completion = fold(START, end(usage="none"))
    assert (completion.usage, codes(completion)) == (None, ["bad-shape"])


# What Cohere's own library says to it


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_cohere_accepts_every_completion_that_ended(path: Any) -> None:
    completion = assemble(path)
    native = completion.to_native()
    if completion.finish_reason is None:
        assert native["finish_reason"] is None
        return
    theirs = V2ChatResponse.model_validate(native)
    message = theirs.message
    blocks = message.content or []
    text = "".join(block.text for block in blocks if block.type == "text")
    thoughts = "".join(block.thinking for block in blocks if block.type == "thinking")
    assert (text or None, thoughts or None) == (completion.content, completion.reasoning)
    assert message.tool_plan == completion.choices[0].extra.get("tool_plan")
    called = [(c.id, c.function and c.function.name) for c in message.tool_calls or []]
    assert called == [(c.id, c.name) for c in completion.tool_calls]
    assert len(message.citations or []) == len(completion.choices[0].annotations)
    assert theirs.finish_reason == completion.finish_reason


def test_cohere_accepts_a_completion_made_by_hand() -> None:
    calls = (ToolCall("c", "f", '{"cut'),)
    choice = Choice(content="Hi", reasoning="Hm", tool_calls=calls, finish_reason="TOOL_CALL")
    native = Completion(NAME, choices=(choice,), error="late").to_native()
    message = V2ChatResponse.model_validate(native).message
    assert [block.type for block in message.content or []] == ["thinking", "text"]
    assert V2ChatResponse.model_validate(Completion(NAME).to_native()).message.content is None


def test_thoughts_of_which_nothing_came_are_empty_for_cohere() -> None:
    completion = fold(START, begin(0, "thinking"), close(), end())
    assert completion.reasoning is None
    block = {"type": "thinking", "thinking": ""}
    assert completion.to_native()["message"] == {"role": "assistant", "content": [block]}


def test_its_events_are_known_by_their_types() -> None:
    assert detect([event({"type": "debug", "prompt": "x"}), START]) == NAME
