"""Anthropic messages: a start, the blocks one after the other, then why it stopped and the end.

A completion is drawn as the blocks it consists of; what its common fields say follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion, ToolCall
from sseparse.assembly._json import JSONObject, as_list, as_object, loads


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    return [event(payload, str(payload["type"])) for payload in _payloads(completion)]


def _payloads(completion: Completion) -> Iterator[JSONObject]:
    (choice,) = completion.choices
    usage = completion.usage.raw if completion.usage else None
    message: JSONObject = {
        "id": completion.id,
        "type": "message",
        "role": choice.role,
        "model": completion.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": None if usage is None else {**usage, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": message}
    yield {"type": "ping"}
    calls, server_calls = iter(choice.tool_calls), iter(choice.server_tool_calls)
    for index, block in enumerate(as_list(choice.extra.get("content"))):
        fields = as_object(block)
        call = None
        if "name" in fields:
            call = next(calls if fields["type"] == "tool_use" else server_calls)
        yield from _block(index, fields, call)
    delta = {key: value for key, value in choice.extra.items() if key.startswith(("stop_", "cont"))}
    delta.pop("content", None)
    beside = {"context_management": delta.pop("context_management", None)}
    delta["stop_reason"] = choice.finish_reason
    final: JSONObject | None = None
    if usage is not None:  # what is null here was said at the start, and stays
        final = dict.fromkeys(usage)
        final |= {key: usage[key] for key in ("input_tokens", "output_tokens")}
    yield {"type": "message_delta", "delta": delta, "usage": final, **beside}
    yield {"type": "message_stop"}


def _block(index: int, fields: JSONObject, call: ToolCall | None) -> Iterator[JSONObject]:
    """Yield the events of one block."""
    begin, deltas = _in_pieces(fields) if call is None else _call_in_pieces(fields, call)
    yield {"type": "content_block_start", "index": index, "content_block": begin}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _call_in_pieces(fields: JSONObject, call: ToolCall) -> tuple[JSONObject, list[JSONObject]]:
    """Return how a call's block begins, and its deltas."""
    kind = "input_json_delta"
    if call.arguments[:1] == "{" and len(call.arguments) % 2:  # some come whole
        return {**fields, "input": loads(call.arguments)}, []
    pieces = ["", *pieces_of(call.arguments)]
    return {**fields, "input": {}}, [{"type": kind, "partial_json": piece} for piece in pieces]


def _in_pieces(fields: JSONObject) -> tuple[JSONObject, list[JSONObject]]:
    """Return how a block begins, and its deltas."""
    deltas: list[JSONObject] = []
    if fields["type"] == "text":
        deltas += [
            {"type": "text_delta", "text": piece} for piece in pieces_of(str(fields["text"]))
        ]
        cited = as_list(fields.get("citations"))
        deltas += [{"type": "citations_delta", "citation": citation} for citation in cited]
        return {"citations": [], "type": "text", "text": ""}, deltas
    if fields["type"] == "thinking":
        pieces = pieces_of(str(fields["thinking"]))
        deltas += [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
        deltas += [{"type": "signature_delta", "signature": fields["signature"]}]
        return {"type": "thinking", "thinking": "", "signature": ""}, deltas
    if fields["type"] == "compaction":
        begin: JSONObject = {"type": "compaction", "content": None, "encrypted_content": None}
        return begin, [{**fields, "type": "compaction_delta"}]
    return fields, deltas
