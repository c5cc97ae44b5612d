"""What AG-UI can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    scalars,
    some_text,
    times,
)

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
