"""The Responses API: what each event does, in order and out of it, at both speeds."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from chunks import DONE, ERROR, FIXTURES, check, codes, event, run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from streams import EVERY, Stream, data_of, name_of

from sseparse import Choice, Completion, Delta, ServerSentEvent, ToolCall, assemble
from sseparse._events import Item
from sseparse._generate.writers._openai_responses import write
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._usage import build_usage
from sseparse.assembly.protocols._openai_responses import STEPS, OpenAIResponses
from sseparse.assembly.protocols._openai_responses_usual import USUAL
from sseparse.testing import completions

NAME = "openai-responses"
FOLDER = FIXTURES / NAME
STREAMS = [stream for stream in EVERY if stream.protocol == NAME]
SPECIAL = {"error"}
"""Event types that are taken before ``STEPS`` is asked."""


class OneSpeed(OpenAIResponses):
    """The same fold with its fast path left out."""

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in the way that takes any shape."""
        self._take_any(item, deltas)


def said(kind: str, **fields: Any) -> ServerSentEvent:
    """Return an event of the API; its name is left out, as by a proxy."""
    return event({"type": f"response.{kind}", **fields})


def added(index: Any, kind: str, **fields: Any) -> ServerSentEvent:
    return said("output_item.added", output_index=index, item={"type": kind, **fields})


def done(index: Any, kind: str, **fields: Any) -> ServerSentEvent:
    return said("output_item.done", output_index=index, item={"type": kind, **fields})


def closed(index: Any, item: JSONObject) -> ServerSentEvent:
    return said("output_item.done", output_index=index, item=item)


def part(index: Any, kind: str = "output_text", place: Any = 0) -> ServerSentEvent:
    key = "refusal" if kind == "refusal" else "text"
    where = {"output_index": index, "content_index": place}
    return said("content_part.added", **where, part={"type": kind, key: ""})


def text(piece: Any, index: Any = 0, place: Any = 0, **more: Any) -> ServerSentEvent:
    where = {"output_index": index, "content_index": place}
    return said("output_text.delta", **where, delta=piece, **more)


def summary(piece: Any, index: Any = 0, place: Any = 0) -> ServerSentEvent:
    where = {"output_index": index, "summary_index": place}
    return said("reasoning_summary_text.delta", **where, delta=piece)


def summary_part(index: Any = 0, place: Any = 0) -> ServerSentEvent:
    where = {"output_index": index, "summary_index": place}
    return said("reasoning_summary_part.added", **where, part={"type": "summary_text", "text": ""})


def arguments(piece: Any, index: Any = 0, **more: Any) -> ServerSentEvent:
    return said("function_call_arguments.delta", output_index=index, delta=piece, **more)


def message(index: Any = 0, **fields: Any) -> list[ServerSentEvent]:
    """Return the begin of a message and of its first part."""
    return [added(index, "message", role="assistant", content=[], **fields), part(index)]


def end(output: Any = None, kind: str = "completed", **fields: Any) -> ServerSentEvent:
    sent = {} if output is None else {"output": output}
    return said(kind, response={"id": "r", "status": kind, **sent, **fields})


def whole(words: str, **fields: Any) -> JSONObject:
    """Return a message that is done."""
    content = [{"type": "output_text", "text": words, "annotations": []}]
    return {"type": "message", "role": "assistant", "content": content, **fields}


START = said("created", response={"id": "r", "model": "m", "status": "in_progress", "output": []})


def fold(*events: Item) -> Completion:
    """Return the completion of these events, whichever way they go."""
    fast, fast_deltas = run(OpenAIResponses(), events)
    slow, slow_deltas = run(OneSpeed(), events)
    assert fast_deltas == slow_deltas
    assert fast == slow
    check(fast)
    return fast


def deltas_of(*events: Item) -> list[Delta]:
    return run(OpenAIResponses(), events)[1]


def told(kind: str, *events: Item) -> list[str]:
    return [delta.text for delta in deltas_of(*events) if delta.kind == kind]


def output_of(completion: Completion) -> list[JSONObject]:
    return [as_object(item) for item in as_list(completion.extra["output"])]


# Which events there are


def test_every_event_of_the_api_has_its_step() -> None:
    union, *_ = get_args(ResponseStreamEvent)
    known = {
        kind
        for model in get_args(union)
        for kind in get_args(model.model_fields["type"].annotation)
    }
    assert len(known) > 50
    assert known - STEPS.keys() == SPECIAL
    assert USUAL.keys() <= STEPS.keys()


def test_an_event_of_a_type_unheard_of_is_kept() -> None:
    completion = fold(START, said("sang", song="la"), end())
    assert codes(completion) == ["unknown-event"]
    assert completion.extra["unknown_events"] == [{"type": "response.sang", "song": "la"}]


def test_an_event_that_only_keeps_the_connection_open_says_nothing() -> None:
    completion = fold(START, event({"type": "keepalive", "sequence_number": 3}), end())
    assert completion.findings == ()
    assert completion.extra == {"output": []}


def test_an_item_of_a_type_unheard_of_is_kept_and_noted() -> None:
    completion = fold(START, done(0, "song_call", verses=[1]), end([{"type": "song_call"}]))
    assert "unknown-item" in codes(completion)
    assert output_of(completion) == [{"type": "song_call", "verses": [1]}]
    assert completion.choices[0].tool_calls == ()


def test_the_name_of_the_event_will_do_where_the_payload_has_no_type() -> None:
    named = event({"response": {"id": "r", "status": "completed"}}, "response.completed")
    assert fold(named).finish_reason == "completed"


# Texts


def test_parts_of_a_text_stand_in_the_order_of_their_items() -> None:
    events = [*message(0), *message(1), text("b", 1), text("a", 0), text("B", 1), text("A", 0)]
    completion = fold(START, *events)
    assert completion.content == "aAbB"
    assert told("content", START, *events) == ["b", "a", "B", "A"]


def test_content_is_null_only_where_no_message_said_anything() -> None:
    assert fold(START, added(0, "message", content=[])).content is None
    assert fold(START, *message()).content == ""


def test_summaries_are_joined_by_a_blank_line_and_deltas_say_so() -> None:
    events = [
        *(START, added(0, "reasoning", summary=[])),
        *(summary_part(0, 0), summary("a"), summary("b")),
        *(summary_part(0, 1), summary("c", 0, 1), summary("d", 0, 1)),
    ]
    assert fold(*events).reasoning == "ab\n\ncd"
    assert told("reasoning", *events) == ["a", "b", "\n\nc", "d"]


def raw(piece: Any, place: Any = 0) -> ServerSentEvent:
    where = {"output_index": 0, "content_index": place}
    return said("reasoning_text.delta", **where, delta=piece)


@pytest.mark.parametrize("text_first", [True, False])
def test_of_a_reasoning_and_its_summary_the_one_that_speaks_first_counts(text_first: bool) -> None:
    begin = [START, added(0, "reasoning"), part(0, "reasoning_text"), summary_part()]
    pieces = [raw("long"), summary("short")]
    completion = fold(*begin, *(pieces if text_first else reversed(pieces)), raw("er"))
    assert completion.reasoning == ("longer" if text_first else "short")
    (item,) = output_of(completion)
    assert item["content"] == [{"type": "reasoning_text", "text": "longer"}]
    assert item["summary"] == [{"type": "summary_text", "text": "short"}]


def test_a_summary_does_not_silence_a_text_that_is_no_reasoning() -> None:
    completion = fold(START, *message(), summary("s"), text("a"))
    assert (completion.content, completion.reasoning) == ("a", "s")


def test_a_content_index_that_counts_the_pieces_of_one_reasoning_makes_no_parts() -> None:
    begin = [START, added(0, "reasoning"), part(0, "reasoning_text")]
    assert fold(*begin, raw("a"), raw("b", 1), raw("c", 2)).reasoning == "abc"


def test_a_refusal_has_a_place_of_its_own() -> None:
    where = {"output_index": 0, "content_index": 1}
    events = [
        *(START, *message(), text("So"), part(0, "refusal", 1)),
        *(said("refusal.delta", **where, delta="No"), said("refusal.delta", **where, delta=".")),
        said("refusal.done", **where, refusal="No."),
    ]
    completion = fold(*events)
    assert (completion.content, completion.choices[0].refusal) == ("So", "No.")
    assert told("refusal", *events) == ["No", "."]


def test_a_refusal_under_the_index_of_a_text_is_no_text() -> None:
    where = {"output_index": 0, "content_index": 0}
    refused = [said("refusal.delta", **where, delta=piece) for piece in "no"]
    completion = fold(START, *message(), text("a"), *refused, text("b"))
    assert (completion.content, completion.choices[0].refusal) == ("ab", "no")


def test_logprobs_are_collected_and_their_full_form_takes_their_place() -> None:
    short, full = {"token": "a", "logprob": -1}, {"token": "a", "logprob": -1, "bytes": [97]}
    events = [START, *message(), text("a", logprobs=[short]), text("b", logprobs=[short])]
    assert fold(*events).choices[0].logprobs == {"content": [short, short]}
    content = [{"type": "output_text", "text": "ab", "logprobs": [full, full]}]
    completion = fold(*events, done(0, "message", content=content))
    assert completion.choices[0].logprobs == {"content": [full, full]}
    assert output_of(completion)[0]["content"] == content


def test_annotations_come_one_by_one_and_are_not_told_again_by_the_part() -> None:
    cites: list[JSONObject] = [{"type": "url_citation", "url": str(n)} for n in range(2)]
    one = said("output_text.annotation.added", output_index=0, content_index=0, annotation=cites[0])
    content = [{"type": "output_text", "text": "a", "annotations": cites}]
    events = [START, *message(), text("a"), one, done(0, "message", content=content)]
    assert list(fold(*events).choices[0].annotations) == cites
    assert [delta.json() for delta in deltas_of(*events) if delta.kind == "citation"] == cites


@pytest.mark.parametrize("key", ["annotations", "logprobs"])
def test_lists_of_another_shape_do_not_replace_those_that_came(key: str) -> None:
    sent: JSONObject = {"type": "output_text", "text": "a", key: [{"url": "u"}]}
    items: list[JSONObject] = [
        {"type": "message", "content": [part_of]} for part_of in (sent, {**sent, key: True})
    ]
    completion = fold(START, *message(), *[closed(0, item) for item in items])
    assert output_of(completion)[0]["content"] == [sent]
    assert codes(completion) == ["bad-shape"]


def test_spoken_audio_and_its_transcript_are_kept() -> None:
    pieces = [
        ("audio", "AA"),
        ("audio.transcript", "He"),
        ("audio", "BB"),
        ("audio.transcript", "y"),
    ]
    events = [said(f"{kind}.delta", delta=piece) for kind, piece in pieces]
    ends = [said("audio.done"), said("audio.transcript.done")]
    completion = fold(START, *events, *ends)
    assert completion.choices[0].extra["audio"] == {"data": "AABB", "transcript": "Hey"}
    assert completion.findings[:-1] == ()
    assert told("audio", *events) == ["", "He", "", "y"]


# What is told as a whole


def whole_text(words: Any, index: int = 0) -> ServerSentEvent:
    return said("output_text.done", output_index=index, content_index=0, text=words)


@pytest.mark.parametrize(
    "last",
    [
        [whole_text("ab")],
        [whole_text(""), whole_text(None)],
        [done(0, "message", content=[{"type": "output_text", "text": "ab"}])],
        [end([whole("ab")])],
        [whole_text("ab"), closed(0, whole("ab")), end([whole("ab")])],
    ],
)
def test_a_text_that_was_streamed_is_not_taken_again(last: list[ServerSentEvent]) -> None:
    events = [START, *message(), text("a"), text("b"), *last]
    completion = fold(*events)
    assert (completion.content, codes(completion)) == ("ab", [])
    assert told("content", *events) == ["a", "b"]


@pytest.mark.parametrize(
    "events",
    [
        [*message(), whole_text("ab")],
        [added(0, "message", content=[]), closed(0, whole("ab"))],
        [end([whole("ab")])],
        [added(0, "message"), end([whole("ab")])],
    ],
)
def test_a_text_that_never_streamed_is_taken_whole(events: list[ServerSentEvent]) -> None:
    completion = fold(START, *events)
    assert (completion.content, codes(completion)) == ("ab", [])
    assert told("content", START, *events) == ["ab"]


def test_the_whole_text_overrides_its_pieces_with_a_finding() -> None:
    completion = fold(START, *message(), text("x"), end([whole("ab")]))
    assert (completion.content, codes(completion)) == ("ab", ["message-differs"])


def test_what_the_pieces_lack_is_told_when_the_whole_comes() -> None:
    events = [START, *message(), text("a"), whole_text("abc")]
    assert (fold(*events).content, codes(fold(*events))) == ("abc", ["message-differs"])
    assert told("content", *events) == ["a", "bc"]


def test_halves_of_a_character_are_one_with_the_whole() -> None:
    events = [START, *message(), text("\ud83d"), text("\ude00"), whole_text("😀")]
    assert (fold(*events).content, codes(fold(*events))) == ("😀", [])


def test_arguments_as_a_whole_override_their_pieces() -> None:
    call = added(0, "function_call", call_id="c", name="f", arguments="")
    close = said("function_call_arguments.done", output_index=0, arguments='{"a":1}')
    same = fold(START, call, arguments('{"a"'), arguments(":1}"), close)
    other = fold(START, call, arguments('{"a"'), arguments(":2}"), close)
    alone = fold(START, call, close)
    assert {c.tool_calls[0].arguments for c in (same, other, alone)} == {'{"a":1}'}
    assert [codes(c) for c in (same, other, alone)] == [[], ["message-differs"], []]
    assert told("arguments", START, call, close) == ['{"a":1}']


def test_a_done_item_overrides_but_says_nothing_by_null_or_an_empty_text() -> None:
    begun = added(0, "reasoning", id="i", status="in_progress", encrypted_content="x", note="n")
    ended = done(0, "reasoning", id="", status="completed", encrypted_content="y", note=None)
    (item,) = output_of(fold(START, begun, ended))
    assert item == {
        "type": "reasoning",
        "id": "i",
        "status": "completed",
        "encrypted_content": "y",
        "note": "n",
    }


def test_an_empty_name_in_the_done_item_does_not_erase_the_one_that_was_added() -> None:
    begun = added(0, "function_call", call_id="c", name="f", arguments="")
    ended = done(0, "function_call", call_id="c", name="", arguments="{}")
    completion = fold(START, begun, ended)
    assert completion.tool_calls == (ToolCall("c", "f", "{}"),)
    assert output_of(completion)[0]["name"] == "f"


@pytest.mark.parametrize("output", [[], None])
def test_an_empty_final_output_keeps_what_was_streamed(output: Any) -> None:
    completion = fold(START, *message(), text("a"), end(output))
    assert (completion.content, codes(completion)) == ("a", ["output-missing"])
    assert completion.complete
    assert len(output_of(completion)) == 1


def test_an_empty_final_output_is_no_finding_where_nothing_was_streamed() -> None:
    completion = fold(START, end([]))
    assert (completion.findings, completion.extra["output"]) == ((), [])


def test_a_final_output_that_lacks_an_item_keeps_it_and_says_so() -> None:
    events = [START, added(0, "reasoning", id="r"), *message(1), text("a", 1), end([whole("a")])]
    completion = fold(*events)
    assert [item["type"] for item in output_of(completion)] == ["reasoning", "message"]
    assert (completion.content, codes(completion)) == ("a", ["message-differs"])


def test_a_final_output_that_has_one_more_item_adds_it_and_says_so() -> None:
    completion = fold(START, *message(), text("a"), end([whole("a"), whole("b")]))
    assert (completion.content, codes(completion)) == ("ab", ["message-differs"])


# Items


def test_items_are_found_by_their_index_whatever_ids_are_sent() -> None:
    events = [
        *(START, added(0, "message", id="1", content=[]), part(0)),
        *(text("a", item_id="2"), text("b", item_id="3")),
        *(added(1, "function_call", id="2", call_id="c", name="f"), arguments("{", 1, item_id="1")),
        *(text("c", item_id="9"), arguments("}", 1, item_id="3")),
    ]
    completion = fold(*events)
    assert completion.content == "abc"
    assert completion.tool_calls == (ToolCall("c", "f", "{}"),)
    assert codes(completion) == []


def test_without_an_index_the_id_finds_the_item_and_else_the_last_of_its_type() -> None:
    calls = [
        said("output_item.added", item={"type": "function_call", "call_id": name, "name": name})
        for name in "ab"
    ]
    pieces = [
        said("function_call_arguments.delta", delta="1", item_id="a"),
        said("function_call_arguments.delta", delta="2", item_id="b"),
        said("function_call_arguments.delta", delta="3", item_id="unknown"),
        said("function_call_arguments.delta", delta="4"),
    ]
    begin = said("output_item.added", item={"type": "message", "content": []})
    piece = said("output_text.delta", delta="hi")
    completion = fold(START, *calls, begin, *pieces, piece)
    assert [call.arguments for call in completion.tool_calls] == ["1", "234"]
    assert completion.content == "hi"
    assert len(output_of(completion)) == 3


def test_another_item_under_an_index_in_use_is_another_item() -> None:
    one, two = (added(0, "function_call", id=name, call_id=name, name=name) for name in "ab")
    completion = fold(START, one, arguments("1"), two, arguments("2"))
    assert [(call.id, call.arguments) for call in completion.tool_calls] == [("a", "1"), ("b", "2")]
    assert codes(completion) == ["output-index-reused"]


def test_the_output_is_in_the_order_of_its_indices() -> None:
    completion = fold(START, *[added(index, "reasoning", id=str(index)) for index in (2, 0, 1)])
    assert [item["id"] for item in output_of(completion)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([text("a")], "part-not-opened"),
        ([*message(), *message()], "part-opened-twice"),
        ([*message(), text("a"), whole_text("a"), text("b")], "delta-after-part-closed"),
        ([done(0, "message", content=[])], "part-not-opened"),
    ],
)
def test_parts_out_of_order_are_kept_with_a_finding(events: list[Any], code: str) -> None:
    assert codes(fold(START, *events)) == [code]


def test_what_comes_after_the_end_is_kept_with_a_finding() -> None:
    completion = fold(START, *message(), text("a"), end([whole("a")]), text("b"))
    assert completion.content == "ab"
    assert "event-after-done" in codes(completion)


# Calls


@pytest.mark.parametrize(
    ("item", "server", "expected"),
    [
        (
            {"type": "function_call", "call_id": "c", "arguments": "1"},
            False,
            ("c", "function", "1"),
        ),
        ({"type": "custom_tool_call", "call_id": "c", "input": "x"}, False, ("c", "custom", "x")),
        (
            {"type": "computer_call", "call_id": "c", "action": {"type": "wait"}},
            False,
            ("c", "computer_call", '{"type":"wait"}'),
        ),
        (
            {"type": "apply_patch_call", "call_id": "c", "operation": {"path": "p"}},
            False,
            ("c", "apply_patch_call", '{"path":"p"}'),
        ),
        (
            {"type": "local_shell_call", "call_id": "c", "action": {"command": ["ls"]}},
            False,
            ("c", "local_shell_call", '{"command":["ls"]}'),
        ),
        (
            {"type": "shell_call", "call_id": "c", "action": {}, "environment": {"type": "local"}},
            False,
            ("c", "shell_call", "{}"),
        ),
        (
            {
                "type": "shell_call",
                "id": "i",
                "call_id": "c",
                "action": {},
                "environment": {"type": "container_reference", "container_id": "x"},
            },
            True,
            ("i", "shell_call", "{}"),
        ),
        (
            {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {}},
            False,
            ("c", "tool_search_call", "{}"),
        ),
        (
            {"type": "tool_search_call", "id": "i", "execution": "server", "arguments": {}},
            True,
            ("i", "tool_search_call", "{}"),
        ),
        ({"type": "mcp_call", "id": "i", "arguments": "{}"}, True, ("i", "mcp_call", "{}")),
        (
            {"type": "code_interpreter_call", "id": "i", "code": "1"},
            True,
            ("i", "code_interpreter_call", "1"),
        ),
        (
            {"type": "file_search_call", "id": "i", "queries": ["q"]},
            True,
            ("i", "file_search_call", '["q"]'),
        ),
        (
            {"type": "image_generation_call", "id": "i", "result": "AA"},
            True,
            ("i", "image_generation_call", ""),
        ),
    ],
)
def test_a_call_is_the_callers_or_the_providers(
    item: JSONObject, server: bool, expected: tuple[str, str, str]
) -> None:
    choice = fold(START, said("output_item.added", output_index=0, item=item), end([item])).choices[
        0
    ]
    calls, others = choice.tool_calls, choice.server_tool_calls
    (call,) = others if server else calls
    assert not (calls if server else others)
    assert (call.id, call.type, call.arguments) == expected


def test_the_progress_of_a_call_is_its_status_until_it_is_done() -> None:
    begun = added(0, "web_search_call", id="w", status="in_progress")
    searching = said("web_search_call.searching", output_index=0, item_id="w")
    assert output_of(fold(START, begun, searching))[0]["status"] == "searching"
    ended = done(0, "web_search_call", id="w", status="completed", action={"type": "search"})
    assert output_of(fold(START, begun, searching, ended))[0]["status"] == "completed"


def test_of_partial_images_a_trace_is_kept_and_the_data_of_the_last_till_the_image_comes() -> None:
    begun = added(0, "image_generation_call", id="i", status="in_progress")
    partial = [
        said(
            "image_generation_call.partial_image",
            output_index=0,
            partial_image_index=n,
            partial_image_b64="AB" * n,
        )
        for n in range(3)
    ]
    ended = done(0, "image_generation_call", id="i", status="completed", result="ABC")
    trace = [{"partial_image_index": n} for n in range(3)]
    for events, expected in (
        (partial, [*trace[:2], {**trace[2], "partial_image_b64": "ABAB"}]),
        ([*partial, ended], trace),
    ):
        (call,) = fold(START, begun, *events).choices[0].server_tool_calls
        assert call.extra == {"partial_images": expected}


def test_commands_of_a_shell_and_what_they_wrote_stand_in_their_items() -> None:
    where = {"output_index": 0, "command_index": 0}
    result = {"output_index": 1, "command_index": 0}
    completion = fold(
        START,
        added(0, "shell_call", call_id="c", action={"commands": [], "timeout_ms": 9}),
        said("shell_call_command.added", **where, command=""),
        said("shell_call_command.delta", **where, delta="l"),
        said("shell_call_command.delta", **where, delta="s"),
        added(1, "shell_call_output", call_id="c", output=[]),
        said("shell_call_output_content.delta", **result, delta={"stdout": "a"}),
        said("shell_call_output_content.delta", **result, delta={"stdout": "b", "stderr": "!"}),
    )
    call, output = output_of(completion)
    assert call["action"] == {"commands": ["ls"], "timeout_ms": 9}
    assert output["output"] == [{"stdout": "ab", "stderr": "!"}]
    assert codes(completion) == []


def test_arguments_that_stream_stand_in_the_call_alone() -> None:
    item: JSONObject = {
        "type": "mcp_call",
        "id": "i",
        "name": "f",
        "arguments": '{"a":1}',
        "output": "o",
    }
    completion = fold(START, closed(0, item), end([item]))
    assert "arguments" not in output_of(completion)[0]
    assert completion.to_native()["output"] == [item]


# The response


def test_the_fields_of_the_response_stand_in_extra_as_last_sent() -> None:
    last = end([], service_tier="default", incomplete_details={"reason": "x"}, user=None, tools=[])
    begun = said("created", response={"id": "r", "service_tier": "auto", "instructions": "Be."})
    assert fold(begun, last).extra == {
        "output": [],
        "service_tier": "default",
        "instructions": "Be.",
        "incomplete_details": {"reason": "x"},
        "tools": [],
    }


def test_usage_comes_from_the_response_at_the_end() -> None:
    usage: JSONObject = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    completion = fold(START, end([], usage=usage))
    assert completion.usage == build_usage(usage)


@pytest.mark.parametrize("word", ["completed", "incomplete", "cancelled"])
def test_the_final_status_is_the_finish_reason(word: str) -> None:
    completion = fold(START, end([], word))
    assert (completion.finish_reason, completion.ended_by) == (word, "terminal_event")
    assert fold(START, said(word, response={"id": "r"})).finish_reason == word


def test_a_done_marker_after_the_end_is_fine() -> None:
    completion = fold(START, end([]), DONE)
    assert (completion.ended_by, completion.findings) == ("done_marker", ())


def test_a_queued_response_has_not_finished() -> None:
    completion = fold(said("queued", response={"id": "r", "status": "queued", "output": []}))
    assert (completion.finish_reason, completion.ended_by) == (None, "eof")


# Errors


FLAT: JSONObject = {"message": "overloaded", "code": "x", "param": None}


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (event({"type": "error", "error": ERROR, "sequence_number": 2}), ERROR),
        (event({"type": "error", "error": ERROR}, "error"), ERROR),
        (event({"type": "error", **FLAT, "sequence_number": 2}), FLAT),
        (event({"type": "error", **FLAT, "sequence_number": 2}, "error"), FLAT),
        (event(ERROR, "error"), ERROR),
        (event({"error": ERROR}), ERROR),
        (ServerSentEvent("overloaded", "error"), {"message": "overloaded"}),
    ],
)
def test_an_error_event_is_the_error(sent: ServerSentEvent, error: JSONObject) -> None:
    completion = fold(START, *message(), text("a"), sent)
    assert completion.error == error
    assert (completion.content, completion.ended_by) == ("a", "error")


def test_the_error_of_the_failed_response_stands_and_is_told_once() -> None:
    last: JSONObject = {"code": "x", "message": ERROR["message"]}
    events = [START, event({"type": "error", "error": ERROR}), end([], "failed", error=last)]
    completion = fold(*events)
    assert (completion.error, completion.finish_reason) == (last, "failed")
    assert codes(completion) == ["error-in-stream"]
    assert told("error", *events) == ["overloaded"]


def test_a_failed_response_that_does_not_say_why_has_failed_all_the_same() -> None:
    completion = fold(START, end([], "failed"))
    assert (completion.error, completion.ended_by, completion.complete) == (None, "error", False)


# Two speeds

_texts = st.sampled_from(["a", "b ", "", "é", "\ud83d", "\ude00", "😀", None, 1])
_indices = st.sampled_from([0, 0, 0, 1, None])


@st.composite
def _events(draw: st.DrawFn) -> list[Item]:
    """A written stream whose pieces are repeated, changed and mixed with others."""
    events: list[Item] = list(write(draw(completions("openai-responses"))))
    kinds = [text, summary, arguments, raw_anywhere]
    for _ in range(draw(st.integers(0, 8))):
        piece, index = draw(_texts), draw(_indices)
        stranger = draw(st.sampled_from(kinds))(piece, index)
        events[(at := draw(st.integers(0, len(events)))) : at] = [
            stranger,
            *draw(st.lists(st.just(stranger), max_size=2)),
            *draw(st.lists(st.sampled_from([DONE, START, *events]), max_size=1)),
        ]
    if draw(st.booleans()):
        events = events[: draw(st.integers(0, len(events)))]
    if draw(st.integers(0, 5)) == 0:
        events = [
            ServerSentEvent(item.data, "error") if isinstance(item, ServerSentEvent) else item
            for item in events[:3]
        ] + events[3:]
    return events


def raw_anywhere(piece: Any, index: Any) -> ServerSentEvent:
    return said("reasoning_text.delta", output_index=index, content_index=index, delta=piece)


@given(_events())
@example([START, *message(), text("a"), event({**json.loads(text("b").data), "type": None})])
@example([START, *message(), text("a"), event({"output_index": 0, "delta": "b"})])
@example([START, *message(), text("a"), event(json.loads(text("b").data), "error")])
@example([START, *message(), text("a"), text("b", 0, 1), text("c", 1), text("d", True)])
@example([START, *message(), text("a"), text("b", sung=True), text("c", logprobs=[{}])])
def test_the_fast_path_changes_nothing(events: list[Item]) -> None:
    fast, fast_deltas = run(OpenAIResponses(), events)
    slow, slow_deltas = run(OneSpeed(), events)
    assert fast_deltas == slow_deltas
    assert repr(fast) == repr(slow)
    check(fast)
    silent = OpenAIResponses()
    for item in events:
        silent.take(item)
    silent.close()
    assert repr(silent.completion()) == repr(fast)


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (message(), text("a", logprobs=[], item_id="m", obfuscation="x")),
        ([added(0, "reasoning", summary=[]), summary_part()], summary("a")),
        ([added(0, "reasoning"), part(0, "reasoning_text")], raw("a")),
        ([added(0, "function_call", call_id="c", name="f")], arguments("a", obfuscation="x")),
        (
            [added(0, "custom_tool_call", call_id="c", name="f")],
            said("custom_tool_call_input.delta", output_index=0, delta="a"),
        ),
    ],
)
def test_all_pieces_but_the_first_take_the_fast_path(
    begin: list[ServerSentEvent], piece: ServerSentEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow: list[Item] = []
    take_any = OpenAIResponses._take_any

    def count(self: OpenAIResponses, item: Item, deltas: Any) -> None:
        slow.append(item)
        take_any(self, item, deltas)

    monkeypatch.setattr(OpenAIResponses, "_take_any", count)
    run(OpenAIResponses(), [START, *begin, *[piece] * 9])
    assert slow == [START, *begin, piece]


# The native object


@pytest.mark.parametrize("stream", STREAMS, ids=name_of)
def test_the_native_output_is_the_one_that_was_sent_at_the_end(stream: Stream) -> None:
    completion = assemble(stream.path)
    native = completion.to_native()
    if not completion.complete:
        return
    theirs = Response.model_validate(native)
    assert (theirs.id, theirs.status) == (completion.id, completion.finish_reason)
    assert theirs.output_text == (completion.content or "")
    last = [as_object(data_of(item)) for item in stream.items if data_of(item)][-1]
    sent = as_list(as_object(last["response"]).get("output"))
    if sent:
        assert len(sent) == len(as_list(native["output"]))
        for ours, whole_item in zip(as_list(native["output"]), sent, strict=True):
            assert as_object(ours) == {**as_object(ours), **as_object(whole_item)}


def test_a_completion_made_by_hand_has_a_native_object_too() -> None:
    choice = Choice(
        role="assistant",
        content="Hi",
        reasoning="Hm",
        refusal="No",
        tool_calls=(
            ToolCall("c1", "f", "{}"),
            ToolCall("c2", "g", "x", "custom"),
            ToolCall("c3", None, '{"type":"wait"}', "computer_call", {"pending_safety_checks": []}),
        ),
        server_tool_calls=(
            ToolCall("w", None, '{"type":"search","query":"q"}', "web_search_call"),
            ToolCall("m", "t", "{}", "mcp_call", {"server_label": "l"}),
        ),
        finish_reason="completed",
        annotations=({"type": "file_path", "file_id": "f", "index": 0},),
    )
    usage = build_usage({"input_tokens": 1, "output_tokens": 1, "total_tokens": 2})
    made = Completion(NAME, "r", "m", 1763800000, (choice,), usage, complete=True)
    theirs = Response.model_validate(made.to_native())
    assert [item.type for item in theirs.output] == [
        *("reasoning", "web_search_call", "mcp_call", "message"),
        *("function_call", "custom_tool_call", "computer_call"),
    ]
    assert theirs.output_text == "Hi"
    assert Response.model_validate(Completion(NAME).to_native()).output == []


def test_a_call_that_was_cut_has_a_native_form() -> None:
    completion = assemble(FOLDER / "truncated-call.txt")
    (item,) = as_list(completion.to_native()["output"])
    assert as_object(item)["arguments"] == '{"x":1,'
    choice = Choice(tool_calls=(ToolCall("c", None, '{"ty', "computer_call"),))
    (made,) = as_list(Completion(NAME, choices=(choice,)).to_native()["output"])
    assert as_object(made)["action"] is None


@settings(max_examples=settings().max_examples // 4)
@given(completions("openai-responses"))
def test_the_native_output_has_the_arguments_back(completion: Completion) -> None:
    last = json.loads(write(completion)[-1].data)["response"]
    native = completion.to_native()
    assert native["output"] == last["output"]


PAY = {"type": "function_call", "call_id": "c1", "name": "pay", "arguments": '{"to":"A"}'}
DROP = {"type": "function_call", "call_id": "c2", "name": "drop", "arguments": '{"x":"B"}'}
OTHER = {"type": "function_call", "call_id": "c9", "name": "other", "arguments": "{}"}


@pytest.mark.parametrize(
    ("output", "found"),
    [([DROP], ["message-differs"]), ([DROP, PAY], []), ([OTHER], ["message-differs"] * 2)],
)
def test_a_final_output_never_gives_a_call_the_arguments_of_another(
    output: list[JSONValue], found: list[str]
) -> None:
    completion = fold(
        event({"type": "response.created", "response": {"id": "r"}}),
        *(
            event({"type": f"response.output_item.{word}", "output_index": index, "item": item})
            for index, item in enumerate((PAY, DROP))
            for word in ("added", "done")
        ),
        event(
            {"type": "response.completed", "response": {"status": "completed", "output": output}}
        ),
    )
    calls = {call.id: call.arguments for call in completion.tool_calls}
    assert calls["c1"] == PAY["arguments"]
    assert calls["c2"] == DROP["arguments"]
    assert ("c9" in calls) is (OTHER in output)
    assert codes(completion) == found
