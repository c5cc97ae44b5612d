"""Streams that have what ``check`` finds, one for each code, and streams that nearly have it."""

from __future__ import annotations

import json
from typing import Any

DONE = b"data: [DONE]\n\n"


def chunk(finish: str | None = None, usage: Any = None, top: Any = (), **delta: Any) -> bytes:
    entry = {"index": 0, "delta": delta, "finish_reason": finish}
    payload = {"id": "c-1", "object": "chat.completion.chunk", "choices": [entry], **dict(top)}
    if usage is not None:
        payload["usage"] = usage
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def usage(read: int, wrote: int, total: int | None = None) -> dict[str, int]:
    sum_of = read + wrote if total is None else total
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": sum_of}


def call(index: Any = 0, id: Any = None, name: Any = None, arguments: Any = "", **more: Any) -> Any:  # noqa: A002
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    piece = {"function": function, **more}
    if index is not None:
        piece["index"] = index
    return piece if id is None else {**piece, "id": id}


ROLE = chunk(role="assistant", content="")
HI, HO = chunk(content="Hi"), chunk(content="Ho")
STOP = chunk("stop", usage(9, 2))
GOOD = [ROLE, HI, HO, STOP, DONE]
CALL = chunk(tool_calls=[call(0, "a", "f")])
CALLED = chunk("tool_calls", usage(9, 2))


def named(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def nameless(*events: bytes) -> list[bytes]:
    return [event.partition(b"\n")[2] for event in events]


USAGE = {"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 7}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": []}
START = named("message_start", message={**MESSAGE, "usage": USAGE})
BLOCK = named("content_block_start", index=0, content_block={"type": "text", "text": ""})
TEXT = named("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"})
CLOSE = named("content_block_stop", index=0)
DELTA = named("message_delta", delta={"stop_reason": "end_turn"}, usage=USAGE)
END = [DELTA, named("message_stop")]
REDACTED = named("content_block_start", index=0, content_block={"type": "redacted_thinking"})


def gemini(*parts: Any, finish: str | None = None, **more: Any) -> bytes:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}
    return b"data: " + json.dumps({"candidates": [candidate], **more}).encode() + b"\n\n"


def response(kind: str, number: int, **fields: Any) -> bytes:
    return named(f"response.{kind}", sequence_number=number, **fields)


RESPONSE = {"id": "r", "object": "response", "model": "m", "output": []}

# code → a stream that has it, and the number of the event where it is first found
CASES: dict[str, tuple[list[bytes], int | None]] = {
    # the format
    "bad-utf8": ([ROLE, HI.replace(b"Hi", b"H\xe9"), *GOOD[1:]], 2),
    "bom-twice": ([b"\xef\xbb\xbf", ROLE, b"\xef\xbb\xbf", *GOOD[1:]], 1),
    "cr-line-ends": ([line.replace(b"\n", b"\r") for line in GOOD], 1),
    "crlf-line-ends": ([line.replace(b"\n", b"\r\n") for line in GOOD], 1),
    "mixed-line-ends": ([ROLE, HI.replace(b"\n", b"\r\n"), *GOOD[1:]], 2),
    "error-field": ([ROLE, b"error: overloaded\n", *GOOD[1:]], 1),
    "unknown-field": ([ROLE, b"dat: typo\n", *GOOD[1:]], 1),
    "invalid-retry": ([ROLE, b"retry: 3s\n", *GOOD[1:]], 1),
    "oversized-event": ([ROLE, chunk(content="x" * 70_000), *GOOD[1:]], 2),
    "unfinished-event": ([*GOOD, b"data: x"], None),
    # the end, and the order
    "data-after-done": ([*GOOD, b"data: x\n\n"], 6),
    "delta-after-finish": ([ROLE, STOP, HI, DONE], 3),
    "event-after-done": ([*GOOD, HI], 6),
    "delta-after-error": ([ROLE, b'data: {"error":{"message":"x"}}\n\n', HI], 3),
    "error-in-stream": ([ROLE, b'data: {"error":{"message":"x"}}\n\n'], 2),
    "done-without-finish-reason": ([ROLE, HI, DONE], 3),
    "incomplete": ([ROLE, HI], 2),
    "missing-end-marker": (GOOD[:-1], 4),
    "part-not-opened": ([START, TEXT, CLOSE, *END], 2),
    "part-opened-twice": ([START, BLOCK, BLOCK, TEXT, CLOSE, *END], 3),
    "delta-after-part-closed": ([START, BLOCK, CLOSE, TEXT, *END], 4),
    "part-left-open": ([START, BLOCK, TEXT, *END], 2),
    "sequence-back": (
        [
            response("created", 1, response={**RESPONSE, "status": "in_progress"}),
            response("completed", 1, response={**RESPONSE, "status": "completed"}),
        ],
        2,
    ),
    "sequence-gap": (
        [
            response("created", 0, response={**RESPONSE, "status": "in_progress"}),
            response("completed", 2, response={**RESPONSE, "status": "completed"}),
        ],
        2,
    ),
    "no-answer": ([DONE], 1),
    # errors and refusals
    "refusal": ([ROLE, chunk(refusal="No."), STOP, DONE], 2),
    "filtered": ([ROLE, HI, chunk("content_filter", usage(1, 1)), DONE], 4),
    "prompt-blocked": ([b'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n'], 1),
    # usage
    "cumulative-usage": (
        [*[chunk(usage=usage(9, n), content="a") for n in range(4)], STOP, DONE],
        1,
    ),
    "usage-falls": ([ROLE, chunk(usage=usage(9, 5), content="a"), STOP, DONE], 3),
    "usage-sum": ([ROLE, HI, chunk("stop", usage(9, 2, 999)), DONE], 3),
    "usage-elsewhere": (
        [ROLE, HI, chunk("stop", top={"x_groq": {"usage": usage(9, 2)}}), DONE],
        3,
    ),
    "usage-in-parts": (
        [
            *(START, BLOCK, TEXT, CLOSE),
            named("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
            named("message_stop"),
        ],
        5,
    ),
    "no-usage": ([ROLE, HI, chunk("stop"), DONE], 4),
    # names, ids and shapes
    "bad-json": ([ROLE, b"data: {\n\n", *GOOD[1:]], 2),
    "json-not-strict": ([ROLE, chunk(content="Hi", top={"p": float("nan")}), *GOOD[1:]], 2),
    "bad-shape": ([ROLE, b"data: [1]\n\n", *GOOD[1:]], 2),
    "choice-after-finish": ([ROLE, HI, chunk("stop"), chunk(usage=usage(9, 2)), DONE], 4),
    "finish-reason-repeated": ([ROLE, HI, chunk("stop"), STOP, DONE], 4),
    "finish-reason-changed": ([ROLE, HI, chunk("stop"), chunk("length"), DONE], 4),
    "chunk-without-choices": ([chunk(top={"choices": []}), *GOOD], 1),
    "content-parts": ([ROLE, chunk(content=[{"type": "text", "text": "Hi"}]), STOP, DONE], 2),
    "data-not-json": (
        [b"event: output\ndata: Hi\n\n", b"event: done\ndata: {}\n\n"],
        1,
    ),
    "extra-fields": ([ROLE, chunk(content="Hi", top={"timings": {}}), *GOOD[1:]], 2),
    "finish-with-content": ([ROLE, chunk("stop", content="Hi"), DONE], 2),
    "id-empty": ([chunk(top={"id": ""}, role="assistant"), *GOOD[1:]], 1),
    "missing-event-names": (nameless(START, BLOCK, TEXT, CLOSE, *END), 1),
    "missing-object": ([HI.replace(b'"object"', b'"thing"'), *GOOD], 1),
    "null-content": ([chunk(role="assistant", content=None), *GOOD[1:]], 1),
    "redacted-thinking": ([START, REDACTED, CLOSE, *END], 2),
    "role-repeated": ([ROLE, chunk(role="assistant", content="Hi"), *GOOD[1:]], 2),
    "several-choices": (
        [ROLE, HI.replace(b'"index": 0', b'"index": 1'), *GOOD[1:]],
        2,
    ),
    "several-ids": ([ROLE, HI.replace(b"c-1", b"c-2"), *GOOD[1:]], 2),
    "several-models": (
        [chunk(top={"model": "a"}, content="a"), chunk(top={"model": "b"}, content="b"), STOP],
        2,
    ),
    "unknown-protocol": ([b'data: {"value": "x"}\n\n'] * 2, 1),
    "message-start-repeated": ([START, START, BLOCK, TEXT, CLOSE, *END], 2),
    # tools
    "arguments-no-json": ([chunk(tool_calls=[call(0, "a", "f", "{")]), CALLED, DONE], 3),
    "finish-reason-unlike-calls": ([CALL, STOP, DONE], 3),
    "arguments-not-text": ([chunk(tool_calls=[call(0, "a", "f", {})]), CALLED, DONE], 1),
    "calls-missing": ([ROLE, HI, CALLED, DONE], 4),
    "tool-without-name": ([chunk(tool_calls=[call(0, "a", None, "{}")]), CALLED, DONE], 3),
    "legacy-function-call": (
        [chunk(function_call={"name": "f", "arguments": "{}"}), STOP, DONE],
        1,
    ),
    "partial-arguments": (
        [
            gemini({"functionCall": {"name": "f", "willContinue": True}}),
            gemini({"functionCall": {"partialArgs": [{"jsonPath": "$.a", "numberValue": 1}]}}),
            gemini({"functionCall": {}}, finish="STOP"),
        ],
        2,
    ),
    "tool-call-without-index": ([chunk(tool_calls=[call(None, "a", "f", "{}")]), CALLED, DONE], 1),
    "tool-fields-empty": ([CALL, chunk(tool_calls=[call(0, "", None, "{}")]), CALLED, DONE], 2),
    "tool-index-in-chunk-twice": (
        [chunk(tool_calls=[call(0, "a", "f"), call(0, None, None, "{}")]), CALLED, DONE],
        1,
    ),
    "tool-index-reused": ([CALL, chunk(tool_calls=[call(0, "b", "g")]), CALLED, DONE], 2),
    "tool-name-late": (
        [
            chunk(tool_calls=[call(0, "a", None, "{")]),
            chunk(tool_calls=[call(0, None, "f", "}")]),
            *(CALLED, DONE),
        ],
        2,
    ),
}

NEAR_MISSES: dict[str, list[bytes]] = {
    "bad-utf8": [ROLE, chunk(content="x").replace(b"x", "é".encode()), *GOOD[2:]],
    "bom-twice": [b"\xef\xbb\xbf", *GOOD],
    "unknown-field": [b": a comment\n\n", b"event: message\n", *GOOD],
    "invalid-retry": [b"retry: 300\n\n", *GOOD],
    "oversized-event": [chunk(content="x" * 60_000), *GOOD],
    "cumulative-usage": [ROLE, chunk(usage=usage(9, 1), content="a"), STOP, DONE],
    "usage-falls": [chunk(usage=usage(9, 2), content="a"), STOP, DONE],
    "usage-sum": GOOD,
    "role-repeated": GOOD,
    "finish-reason-repeated": GOOD,
    "several-choices": GOOD,
    "tool-index-reused": [
        CALL,
        chunk(tool_calls=[call(1, "b", "g")]),
        chunk(tool_calls=[call(0, None, None, "")]),
        *(CALLED, DONE),
    ],
    "tool-fields-empty": [CALL, chunk(tool_calls=[call(0, None, None, "{}")]), CALLED, DONE],
    "arguments-no-json": [chunk(tool_calls=[call(0, "a", "f", "{}")]), CALLED, DONE],
    "part-left-open": [START, BLOCK, TEXT, CLOSE, *END],
    "usage-in-parts": [START, BLOCK, TEXT, CLOSE, *END],
    "missing-event-names": [START, BLOCK, TEXT, CLOSE, *END],
    "unfinished-event": GOOD,
    "data-after-done": [*GOOD, b": a comment\n\n"],
    "null-content": GOOD,
    "incomplete": [b'data: {"value": "x"}\n\n'],  # nobody knows how such a stream ends
    "json-not-strict": [ROLE, chunk(content="NaN", tool_calls=None), *GOOD[1:]],
    "calls-missing": [CALL, CALLED, DONE],
    "sequence-gap": [
        response("created", 7, response={**RESPONSE, "status": "in_progress"}),
        response("completed", 8, response={**RESPONSE, "status": "completed"}),
    ],
    "no-answer": GOOD,
}
