"""OpenAI's Assistants: a run, its steps one after the other with what each wrote or called."""

from __future__ import annotations

from collections.abc import Iterator

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    kept = ("steps", "messages", "thread")
    extra = completion.extra
    run: JSONObject = {
        "id": completion.id,
        "object": "thread.run",
        "created_at": completion.created,
        "model": completion.model,
        "required_action": None,
        "usage": None,
        **{key: value for key, value in extra.items() if key not in kept},
    }
    choice = completion.choices[0]
    messages = {as_object(m)["id"]: as_object(m) for m in as_list(extra.get("messages"))}
    calls = {call.id: call for call in (*choice.tool_calls, *choice.server_tool_calls)}
    events: list[ServerSentEvent] = []
    if "thread" in extra:
        events.append(event(extra["thread"], "thread.created"))
    for status, name in (("queued", "created"), ("queued", "queued"), ("in_progress",) * 2):
        early = {**run, "status": status, "expires_at": 1, "completed_at": None}
        events.append(event(early, f"thread.run.{name}"))
    for step in map(as_object, as_list(extra.get("steps"))):
        events += _step_events(step, messages, calls)
    if choice.tool_calls:
        waiting: list[JSONValue] = [_called(call) for call in choice.tool_calls]
        submit: JSONObject = {"tool_calls": waiting}
        run["required_action"] = {"type": "submit_tool_outputs", "submit_tool_outputs": submit}
    run["usage"] = completion.usage.raw if completion.usage else None
    events.append(event(run, f"thread.run.{choice.finish_reason}"))
    if completion.ended_by == "done_marker":
        events.append(ServerSentEvent("[DONE]", "done"))
    return events


def _called(call: ToolCall) -> JSONObject:
    function: JSONObject = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": call.type, "function": function}


def _step_events(
    step: JSONObject, messages: dict[JSONValue, JSONObject], calls: dict[str | None, ToolCall]
) -> Iterator[ServerSentEvent]:
    details = as_object(step["step_details"])
    entries = [as_object(entry) for entry in as_list(details.get("tool_calls"))]
    begun = {**details, "tool_calls": []} if "tool_calls" in details else details
    early = {**step, "status": "in_progress", "usage": None, "step_details": begun}
    yield event(early, "thread.run.step.created")
    yield event(early, "thread.run.step.in_progress")
    if creation := as_object(details.get("message_creation")):
        yield from _message_events(messages[creation["message_id"]])
    for index, entry in enumerate(entries):
        for piece in _call_pieces(entry, calls[str(entry["id"])]):
            pieces: list[JSONValue] = [{"index": index, **piece}]
            delta: JSONObject = {"type": "tool_calls", "tool_calls": pieces}
            payload = {"id": step["id"], "object": "thread.run.step.delta"}
            yield event({**payload, "delta": {"step_details": delta}}, "thread.run.step.delta")
    if step["status"] == "completed":
        whole = {**details}
        if entries:
            whole["tool_calls"] = [_whole(entry, calls[str(entry["id"])]) for entry in entries]
        yield event({**step, "step_details": whole}, "thread.run.step.completed")


def _whole(entry: JSONObject, call: ToolCall) -> JSONObject:
    inner = as_object(entry[call.type])
    if call.type == "code_interpreter":
        inner = {"input": call.arguments, **inner}
    return {**entry, call.type: inner}


def _call_pieces(entry: JSONObject, call: ToolCall) -> Iterator[JSONObject]:
    kind = call.type
    empty: dict[str, JSONObject] = {
        "function": {"name": call.name, "arguments": "", "output": None},
        "code_interpreter": {"input": "", "outputs": []},
        "file_search": {},
    }
    key = "arguments" if kind == "function" else "input"
    yield {"id": call.id, "type": kind, kind: empty[kind]}
    for piece in pieces_of(call.arguments):
        yield {"type": kind, kind: {key: piece}}
    for place, output in enumerate(as_list(as_object(entry[kind]).get("outputs"))):
        begin = {**as_object(output), "index": place}
        pieces = pieces_of(str(begin.pop("logs", "")))
        yield {"type": kind, kind: {"outputs": [begin]}}
        for piece in pieces:
            yield {"type": kind, kind: {"outputs": [{"index": place, "logs": piece}]}}


def _message_events(message: JSONObject) -> Iterator[ServerSentEvent]:
    early = {**message, "status": "in_progress", "content": []}
    yield event(early, "thread.message.created")
    yield event(early, "thread.message.in_progress")
    for index, block in enumerate(map(as_object, as_list(message["content"]))):
        for piece in _block_pieces(block):
            content: list[JSONValue] = [{"index": index, "type": block["type"], **piece}]
            payload = {"id": message["id"], "object": "thread.message.delta"}
            yield event({**payload, "delta": {"content": content}}, "thread.message.delta")
    yield event(message, "thread.message.completed")


def _block_pieces(block: JSONObject) -> Iterator[JSONObject]:
    if block["type"] == "text":
        text = as_object(block["text"])
        yield {"text": {"value": "", "annotations": []}}
        for piece in pieces_of(str(text["value"])):
            yield {"text": {"value": piece}}
        for place, annotation in enumerate(as_list(text["annotations"])):
            yield {"text": {"annotations": [{"index": place, **as_object(annotation)}]}}
    elif block["type"] == "refusal":
        for piece in pieces_of(str(block["refusal"])):
            yield {"refusal": piece}
    else:
        yield block
