"""Gemini Interactions: a status, the steps one after the other, the usage in the last event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, loads


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    choice = completion.choices[0]
    head: JSONObject = {"id": completion.id, "model": completion.model, "object": "interaction"}
    end: JSONObject = {**head, "status": choice.finish_reason}
    if completion.created is not None:
        end["created"] = datetime.fromtimestamp(completion.created, UTC).isoformat()
    end |= {key: value for key, value in completion.extra.items() if key != "steps"}
    if completion.usage is not None:
        end["usage"] = completion.usage.raw
    events = [
        _event("interaction.created", interaction={**head, "status": "in_progress"}),
        _event("interaction.status_update", interaction_id=completion.id, status="in_progress"),
    ]
    calls, server_calls = iter(choice.tool_calls), iter(choice.server_tool_calls)
    for index, step in enumerate(map(as_object, as_list(completion.extra.get("steps")))):
        kind = str(step["type"])
        if kind.endswith("_call"):
            call = next(calls if kind == "function_call" else server_calls)
            start = {key: value for key, value in step.items() if key != "signature"}
            start |= {"arguments": {}, "signature": ""}
            deltas = [*_arguments(call, kind), *_signature(step, kind)]
        elif kind.endswith("_result"):
            start = {"type": kind, "call_id": step["call_id"]}
            deltas = [{"type": kind, "result": piece} for piece in _results_of(step["result"])]
        else:
            start = {"type": kind}
            deltas = [*_of_blocks(step), *_signature(step, "thought_signature")]
        events.append(_event("step.start", index=index, step=start))
        events += [_event("step.delta", index=index, delta=delta) for delta in deltas]
        events.append(_event("step.stop", index=index))
    events.append(_event("interaction.completed", interaction=end))
    return [*events, ServerSentEvent("[DONE]", "done")]


def _event(kind: str, **fields: JSONValue) -> ServerSentEvent:
    return event({**fields, "event_type": kind}, kind)


def _arguments(call: ToolCall, kind: str) -> Iterator[JSONObject]:
    if kind == "function_call":
        for piece in pieces_of(call.arguments):
            yield {"type": "arguments_delta", "arguments": piece}
    else:
        yield {"type": kind, "arguments": loads(call.arguments)}


def _signature(step: JSONObject, kind: str) -> Iterator[JSONObject]:
    if "signature" in step:
        named = {} if kind == "function_call" else {"type": kind}
        yield {"signature": step["signature"], **named}


def _results_of(result: JSONValue) -> list[JSONValue]:
    if isinstance(result, str):
        return [*pieces_of(result)]
    return [[entry] for entry in as_list(result)]


def _of_blocks(step: JSONObject) -> Iterator[JSONObject]:
    summary = step["type"] == "thought"
    for block in map(as_object, as_list(step.get("summary" if summary else "content"))):
        if block["type"] == "image":
            yield {"type": "thought_summary", "content": block} if summary else block
            continue
        for piece in pieces_of(str(block["text"])):
            text: JSONObject = {"type": "text", "text": piece}
            yield {"type": "thought_summary", "content": text} if summary else text
        if "annotations" in block:
            yield {"type": "text_annotation_delta", "annotations": block["annotations"]}
