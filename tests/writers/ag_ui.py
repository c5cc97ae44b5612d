"""AG-UI: a run with its messages, thoughts, tool calls, state and activities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chunks import event
from hypothesis import strategies as st

from sseparse import Choice, Completion, ServerSentEvent, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._usage import build_usage
from writers import counts, ids, json_objects, pieces_of, scalars, some_text, times

_patches: st.SearchStrategy[list[Any]] = st.lists(
    st.builds(lambda path, value: {"op": "add", "path": f"/{path}", "value": value}, ids, scalars),
    min_size=1,
    max_size=3,
)
_outcomes = st.sampled_from(["success", "interrupt", "cancelled"])
_usages: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"model": ids, "inputTokens": counts, "outputTokens": counts}
)


@st.composite
def _messages(draw: st.DrawFn, found: str) -> JSONObject:
    """Draw a message that a stream spells; one without content is that of a lone tool call."""
    role = draw(
        st.sampled_from(["assistant", "assistant", "reasoning", "tool", "activity", "user"])
    )
    message: JSONObject = {"id": found, "role": role}
    if role == "activity":
        message.update(activityType=draw(ids), content=draw(json_objects))
        return {**message, "patch": draw(_patches)} if draw(st.booleans()) else message
    if role == "tool":
        return {**message, "content": draw(some_text), "toolCallId": draw(ids)}
    if role == "reasoning" and draw(st.booleans()):
        message["encryptedValue"] = draw(ids)
    message["content"] = draw(some_text)
    if role == "assistant" and draw(st.integers(0, 3)) == 0:
        message["content"] = None
    return message


def _text(messages: list[JSONObject], role: str) -> str | None:
    texts = [str(one["content"]) for one in messages if one["role"] == role and one["content"]]
    return "".join(texts) if texts else None


@st.composite
def _calls(draw: st.DrawFn, messages: list[JSONObject]) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for message in messages:
        if message["role"] != "assistant":
            continue
        lone = message["content"] is None
        for place in range(1 if lone else draw(st.integers(0, 2))):
            extra: JSONObject = {} if lone else {"parentMessageId": message["id"]}
            if draw(st.booleans()):
                extra["encryptedValue"] = draw(ids)
            found = str(message["id"]) if lone else f"{message['id']}-call-{place}"
            arguments = draw(st.one_of(st.just(""), some_text))
            calls.append(ToolCall(found, draw(ids), arguments, extra=extra))
    return calls


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that a run can spell."""
    messages = [draw(_messages(f"m-{place}")) for place in range(draw(st.integers(0, 5)))]
    run: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"threadId": ids}, optional={"result": json_objects}
    )
    extra: JSONObject = draw(run)
    if messages:
        extra["messages"] = [*messages]
    if draw(st.booleans()):
        extra["state"] = draw(json_objects)
    if draw(st.booleans()):
        extra["stateDelta"] = draw(_patches)
    for kind, key in (("STEP_STARTED", "steps"), ("CUSTOM", "custom"), ("RAW", "raw")):
        if kept := draw(st.lists(json_objects, max_size=2)):
            extra[key] = [{"value": value, "type": kind} for value in kept]
    usages = draw(st.lists(_usages, max_size=2))
    if len(usages) > 1:
        extra["usage"] = [*usages]
    usage = usages[0] if len(usages) == 1 else None
    outcome = draw(st.one_of(st.none(), _outcomes))
    if outcome is not None:
        extra["outcome"] = {"type": outcome}
    has_text = any(message["role"] == "assistant" and message["content"] for message in messages)
    choice = Choice(
        role="assistant" if has_text else None,
        content=_text(messages, "assistant"),
        reasoning=_text(messages, "reasoning"),
        tool_calls=tuple(draw(_calls(messages))),
        finish_reason=outcome,
    )
    return Completion(
        protocol="ag-ui",
        id=draw(ids),
        model=str(usage["model"]) if usage else None,
        created=draw(times),
        choices=(choice,),
        usage=build_usage(usage) if usage else None,
        complete=True,
        ended_by="terminal_event",
        extra=extra,
    )


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
