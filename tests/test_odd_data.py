"""Odd data raise nothing: shapes no provider should send, and values that are hard to hold."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from chunks import (
    CREATED,
    DONE,
    HELLO,
    ID,
    MODEL,
    ROLE,
    USAGE,
    OneSpeed,
    call_piece,
    calls,
    check,
    choice,
    chunk,
    chunk_of,
    event,
    fold,
    paths,
    run,
)

from sseparse import Comment, ServerSentEvent, ToolCall, UnknownField, assemble
from sseparse._events import Item
from sseparse.assembly._json import JSONObject
from sseparse.assembly.protocols._openai_chat import OpenAIChat

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


# Values that JSON allows, or nearly, and that are hard to hold.

ANYWHERE = {
    "nested deeply": "[" * 400 + "]" * 400,
    "nested too deeply": '{"a":' * 5000 + "1" + "}" * 5000,
    "nested as deeply as Python's stack": "[" * 970 + "]" * 970,
    "a huge number": "9" * 400,
    "a number Python refuses": "9" * 5000,
    "a number over 64 bits": str(2**64),
    "a number below 64 bits": str(-(2**63) - 1),
    "infinity": "1e999",
    "NaN": "NaN",
    "a lone surrogate": '"a\\ud800b"',
    "an object with a lone surrogate": '{"message": "\\udc00", "\\ud800": 1, "text": "\\ud83d"}',
    "duplicate keys": '{"index": 1, "index": 0, "text": "a", "text": "b"}',
    "a NUL": '"\\u0000"',
    "a raw control character": '"\x01"',
    "no value": "",
    "two values": "1 2",
}
CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}
EVERYTHING: dict[str, Any] = {
    "id": ID,
    "object": "chat.completion.chunk",
    "created": CREATED,
    "model": MODEL,
    "system_fingerprint": "fp",
    "citations": ["https://example.com/"],
    "choices": [
        {
            "index": 0,
            "delta": {
                "role": "assistant",
                "content": "x",
                "reasoning": "y",
                "refusal": "z",
                "tool_calls": [CALL],
                "function_call": {"name": "f", "arguments": "{"},
                "audio": {"id": "a", "data": "AA", "transcript": "t", "expires_at": 1},
                "annotations": [{"type": "url_citation"}],
                "reasoning_details": [{"type": "t", "index": 0, "text": "y", "signature": "s"}],
            },
            "logprobs": {"content": [{"token": "x"}], "refusal": None},
            "finish_reason": "stop",
            "usage": USAGE,
            "error": {"message": "no"},
        }
    ],
    "usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 1}},
    "x_groq": {"usage": USAGE},
    "error": {"message": "no", "code": 1},
}
USUAL: dict[str, Any] = {
    "id": ID,
    "object": "chat.completion.chunk",
    "created": CREATED,
    "model": MODEL,
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "x"}}],
    "usage": {**USAGE, "details": {"cached_tokens": 1}},
}


def with_raw(payload: dict[str, Any], path: tuple[str | int, ...], raw: str) -> ServerSentEvent:
    """Return the event of a chunk that has a piece of raw JSON text at a path."""
    changed = json.loads(json.dumps(payload))
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = "@@"
    return ServerSentEvent(json.dumps(changed).replace('"@@"', raw, 1))


@pytest.mark.parametrize("raw", ANYWHERE.values(), ids=ANYWHERE.keys())
@pytest.mark.parametrize("payload", [EVERYTHING, USUAL], ids=["everything", "usual"])
def test_any_value_anywhere_raises_nothing_and_changes_no_speed(
    payload: dict[str, Any], raw: str
) -> None:
    for path in paths(payload):
        hard = with_raw(payload, path, raw)
        items = [chunk({**ROLE, "content": "be"}), hard, chunk({"content": "fore"}), DONE]
        fast, fast_deltas = run(OpenAIChat(), items)
        slow, slow_deltas = run(OneSpeed(), items)
        check(fast)
        assert (fast.content or "").startswith("be"), path
        assert (fast.content or "").endswith("fore") or path[0] == "choices", path
        assert repr(fast) == repr(slow), path
        assert fast_deltas == slow_deltas, path
        for delta in fast_deltas:
            delta.json()
        check(assemble(items))
        check(assemble([hard]))


@pytest.mark.parametrize("raw", ANYWHERE.values(), ids=ANYWHERE.keys())
def test_any_value_in_an_error_raises_nothing(raw: str) -> None:
    texts = [
        raw,
        f'{{"message": {raw}}}',
        f'{{"error": {raw}}}',
        f'{{"error": {{"message": {raw}}}}}',
    ]
    for text in texts:
        for hard in (ServerSentEvent(text, "error"), UnknownField("error", text)):
            completion = fold(chunk({"content": "before"}), hard)
            check(completion)
            assert (completion.content, completion.ended_by) == ("before", "error")
            check(assemble([hard]))


@pytest.mark.parametrize("depth", [150, *range(900, 1000, 5)])
def test_no_depth_of_json_raises_anything(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for text in (f'{{"error": {{"x": {deep}}}}}', f'{{"choices": [{{"usage": {{"x": {deep}}}}}]}}'):
        for name in ("message", "error"):
            check(fold(chunk({"content": "before"}), ServerSentEvent(text, name)))


def test_events_made_by_hand_may_hold_half_a_character() -> None:
    data = chunk({"content": "@"}).data.replace("@", "\ud83d")
    check(fold(chunk(ROLE), ServerSentEvent(data)))
    check(fold(chunk(ROLE), ServerSentEvent("\ud83d")))
    check(fold(chunk(ROLE), ServerSentEvent("\ud83d", "error")))
