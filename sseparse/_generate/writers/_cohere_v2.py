"""Cohere's chat: a message that is built up block by block and call by call, then its end."""

from __future__ import annotations

from collections.abc import Iterator

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import DONE, event
from sseparse.assembly import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    choice = completion.choices[0]
    nothing: JSONObject = {"content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    start = _said("message-start", {"role": choice.role, **nothing})
    end: JSONObject = {"finish_reason": choice.finish_reason}
    if completion.usage is not None:
        end["usage"] = completion.usage.raw
    payloads: list[JSONObject] = [
        {"id": completion.id, **start},
        *({"type": "debug", key: value} for key, value in completion.extra.items()),
        *_message(choice),
        {"type": "message-end", "id": completion.id, "delta": end},
    ]
    events = [event(payload, str(payload["type"])) for payload in payloads]
    return [*events, DONE] if completion.ended_by == "done_marker" else events


def _said(kind: str, message: JSONObject, index: int | None = None) -> JSONObject:
    payload: JSONObject = {"type": kind, "delta": {"message": message}}
    return payload if index is None else {**payload, "index": index}


def _message(choice: Choice) -> Iterator[JSONObject]:
    for piece in pieces_of(str(choice.extra.get("tool_plan", ""))):
        yield _said("tool-plan-delta", {"tool_plan": piece})
    logprobs = as_list((choice.logprobs or {}).get("content"))
    for index, block in enumerate(map(as_object, as_list(choice.extra.get("content")))):
        kind = str(block["type"])
        yield _said("content-start", {"content": {"type": kind, kind: ""}}, index)
        for piece in pieces_of(str(block[kind])):
            yield _said("content-delta", {"content": {kind: piece}}, index)
        if index == 0:
            for entry in logprobs:
                empty = _said("content-delta", {"content": {kind: ""}}, index)
                yield {**empty, "logprobs": entry}
        yield {"type": "content-end", "index": index}
    for index, call in enumerate(choice.tool_calls):
        yield from _call(index, call)
    for index, citation in enumerate(choice.annotations):
        yield _said("citation-start", {"citations": citation}, index)
        yield {"type": "citation-end", "index": index}


def _call(index: int, call: ToolCall) -> Iterator[JSONObject]:
    def piece(function: JSONValue, **fields: JSONValue) -> JSONObject:
        return {"tool_calls": {**fields, "function": function}}

    begin = piece({"name": call.name, "arguments": ""}, id=call.id, type=call.type)
    yield _said("tool-call-start", begin, index)
    for arguments in pieces_of(call.arguments):
        yield _said("tool-call-delta", piece({"arguments": arguments}), index)
    yield {"type": "tool-call-end", "index": index}
