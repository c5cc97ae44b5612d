"""AG-UI: a run with its messages, thoughts, tool calls, state and activities."""

from __future__ import annotations

from collections.abc import Iterator

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    return [event(payload) for payload in _payloads(completion)]


def _payloads(completion: Completion) -> Iterator[JSONObject]:
    extra = completion.extra
    run: JSONObject = {"threadId": extra["threadId"], "runId": completion.id}
    yield {"type": "RUN_STARTED", "timestamp": int(completion.created or 0) * 1000, **run}
    yield from (as_object(one) for one in as_list(extra.get("steps")))
    if "state" in extra:
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"of": "before"}}
        yield {"type": "STATE_DELTA", "delta": [{"op": "remove", "path": "/of"}]}
        yield {"type": "STATE_SNAPSHOT", "snapshot": extra["state"]}
    for message in map(as_object, as_list(extra.get("messages"))):
        yield from _of_message(message)
        for call in completion.tool_calls:
            if (call.extra.get("parentMessageId") or call.id) == message["id"]:
                yield from _of_call(call)
    for operation in as_list(extra.get("stateDelta")):
        yield {"type": "STATE_DELTA", "delta": [operation]}
    for key in ("custom", "raw"):
        yield from (as_object(one) for one in as_list(extra.get(key)))
    end: JSONObject = {key: extra[key] for key in ("result", "outcome", "usage") if key in extra}
    if completion.usage is not None:
        end["usage"] = [completion.usage.raw]
    yield {"type": "RUN_FINISHED", **run, **end}


def _of_message(message: JSONObject) -> Iterator[JSONObject]:
    found: JSONObject = {"messageId": message["id"]}
    role, content = message["role"], message["content"]
    if role == "activity":
        kind: JSONObject = {"activityType": message["activityType"]}
        yield {"type": "ACTIVITY_SNAPSHOT", **found, **kind, "content": content}
        for operation in as_list(message.get("patch")):
            yield {"type": "ACTIVITY_DELTA", **found, **kind, "patch": [operation]}
    elif role == "tool":
        call: JSONObject = {"toolCallId": message["toolCallId"]}
        yield {"type": "TOOL_CALL_RESULT", **found, **call, "content": content, "role": "tool"}
    elif content is not None:
        start = "REASONING_MESSAGE_" if role == "reasoning" else "TEXT_MESSAGE_"
        yield {"type": f"{start}START", **found, "role": role}
        for piece in pieces_of(str(content)):
            yield {"type": f"{start}CONTENT", **found, "delta": piece}
        yield {"type": f"{start}END", **found}
        if "encryptedValue" in message:
            yield _encrypted("message", message["id"], message["encryptedValue"])


def _of_call(call: ToolCall) -> Iterator[JSONObject]:
    found: JSONObject = {"toolCallId": call.id}
    parent = {key: call.extra[key] for key in ("parentMessageId",) if key in call.extra}
    yield {"type": "TOOL_CALL_START", **found, "toolCallName": call.name, **parent}
    for piece in pieces_of(call.arguments):
        yield {"type": "TOOL_CALL_ARGS", **found, "delta": piece}
    yield {"type": "TOOL_CALL_END", **found}
    if "encryptedValue" in call.extra:
        yield _encrypted("tool-call", call.id, call.extra["encryptedValue"])


def _encrypted(subtype: str, entity: JSONValue, value: JSONValue) -> JSONObject:
    head: JSONObject = {"type": "REASONING_ENCRYPTED_VALUE", "subtype": subtype}
    return {**head, "entityId": entity, "encryptedValue": value}
