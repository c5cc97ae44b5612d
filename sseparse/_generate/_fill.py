"""The parts that a protocol wants a completion to be in, made of its texts and calls.

Some protocols number blocks, items or parts, and a completion of theirs keeps those in ``extra``.
One that was not read from a stream does not have them: here they are made, one for the reasoning,
one for the content and one for each call. What is there is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from sseparse.assembly import Choice, Completion
from sseparse.assembly._json import JSONObject, JSONValue


def fill(completion: Completion) -> Completion:
    """Return the completion with the parts that its protocol wants.

    Raises:
        ValueError: it has more choices than the protocol, or none.
    """
    count = len(completion.choices)
    if count == 0 and completion.error is not None:
        return completion
    if count == 0:
        raise ValueError("the completion has no choice, so there is nothing to say")
    if count > 1 and completion.protocol not in _SEVERAL:
        raise ValueError(f"{completion.protocol} has one choice, and the completion has {count}")
    if completion.protocol == "watsonx":
        return _watsonx(completion)
    of_choice = _OF_CHOICE.get(completion.protocol)
    if of_choice is not None:
        choices = [
            attrs.evolve(choice, extra={**of_choice(choice), **choice.extra})
            for choice in completion.choices
        ]
        return attrs.evolve(completion, choices=tuple(choices))
    of_completion = _OF_COMPLETION.get(completion.protocol)
    if of_completion is not None and not _KEPT & completion.extra.keys():
        extra = {**of_completion(completion), **completion.extra}
        return attrs.evolve(completion, extra=extra)
    return completion


def _listed(key: str, parts: list[JSONValue]) -> JSONObject:
    return {key: parts} if parts else {}


# In the extra of a choice


def _anthropic_messages(of: Choice) -> JSONObject:
    blocks: list[JSONValue] = []
    if of.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": of.reasoning, "signature": "c2lnbmF0dXJl"})
    if of.content is not None:
        blocks.append({"type": "text", "text": of.content})
    blocks += [{"type": "tool_use", "id": call.id, "name": call.name} for call in of.tool_calls]
    return _listed("content", blocks)


def _gemini(of: Choice) -> JSONObject:
    parts: list[JSONValue] = []
    if of.reasoning is not None:
        parts.append({"text": of.reasoning, "thought": True})
    if of.content is not None:
        parts.append({"text": of.content})
    for call in of.tool_calls:
        own: JSONObject = {} if call.id is None else {"id": call.id}
        parts.append({"functionCall": {"name": call.name, **own}})
    return _listed("parts", parts)


def _cohere_v2(of: Choice) -> JSONObject:
    blocks: list[JSONValue] = []
    if of.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": of.reasoning})
    if of.content is not None:
        blocks.append({"type": "text", "text": of.content})
    return _listed("content", blocks)


# In the extra of a completion, whose one choice is looked at


def _openai_responses(completion: Completion) -> JSONObject:
    of = completion.choices[0]
    items: list[JSONValue] = []
    if of.reasoning is not None:
        said: JSONValue = [{"type": "summary_text", "text": of.reasoning}]
        items.append({"type": "reasoning", "id": "rs_1", "summary": said})
    parts: list[JSONValue] = []
    if of.content is not None:
        lists: JSONObject = {"annotations": [*of.annotations], "logprobs": []}
        parts.append({"type": "output_text", "text": of.content, **lists})
    if of.refusal is not None:
        parts.append({"type": "refusal", "refusal": of.refusal})
    done: JSONObject = {"status": "completed"}
    if parts:
        message: JSONObject = {"type": "message", "id": "msg_1", "role": "assistant"}
        items.append({**message, **done, "content": parts})
    for number, call in enumerate(of.tool_calls, 1):
        kind = "custom_tool_call" if call.type == "custom" else "function_call"
        own: JSONObject = {"id": f"fc_{number}", "call_id": call.id, "name": call.name}
        items.append({"type": kind, **own, **done})
    return {"output": items}


def _openai_assistants(completion: Completion) -> JSONObject:
    of = completion.choices[0]
    extra: JSONObject = {"thread_id": "thread_1", "assistant_id": "asst_1"}
    if of.finish_reason is not None:
        extra["status"] = of.finish_reason
    steps: list[JSONValue] = []
    blocks: list[JSONValue] = []
    if of.content is not None:
        text: JSONObject = {"value": of.content, "annotations": [*of.annotations]}
        blocks.append({"type": "text", "text": text})
    if of.refusal is not None:
        blocks.append({"type": "refusal", "refusal": of.refusal})
    if blocks:
        creation: JSONObject = {"message_id": "msg_1"}
        details: JSONObject = {"type": "message_creation", "message_creation": creation}
        steps.append(_step("step_1", completion, details, "completed"))
        extra["messages"] = [
            {
                "id": "msg_1",
                "object": "thread.message",
                "run_id": completion.id,
                "role": "assistant",
                "status": "completed",
                "completed_at": None,
                "content": blocks,
            }
        ]
    if of.tool_calls:
        entries: list[JSONValue] = [
            {"id": call.id, "type": call.type, call.type: {}} for call in of.tool_calls
        ]
        details = {"type": "tool_calls", "tool_calls": entries}
        steps.append(_step("step_2", completion, details, "in_progress"))
    return {**extra, **_listed("steps", steps)}


def _step(name: str, run: Completion, details: JSONObject, status: str) -> JSONObject:
    step: JSONObject = {"id": name, "object": "thread.run.step", "run_id": run.id}
    return {**step, "type": details["type"], "status": status, "step_details": details}


def _google_interactions(completion: Completion) -> JSONObject:
    of = completion.choices[0]
    steps: list[JSONValue] = []
    if of.reasoning is not None:
        steps.append({"type": "thought", "summary": [{"type": "text", "text": of.reasoning}]})
    if of.content is not None:
        steps.append({"type": "model_output", "content": [{"type": "text", "text": of.content}]})
    steps += [{"type": "function_call", "id": one.id, "name": one.name} for one in of.tool_calls]
    return {"object": "interaction", **_listed("steps", steps)}


def _mcp(completion: Completion) -> JSONObject:
    of = completion.choices[0]
    return {"result": {"content": [{"type": "text", "text": of.content or ""}]}}


def _a2a(completion: Completion) -> JSONObject:
    of = completion.choices[0]
    extra: JSONObject = {"jsonrpc_id": "1", "contextId": "context-1"}
    asked: JSONObject = {"messageId": "asked", "role": "user", "kind": "message", "parts": []}
    extra["history"] = [asked]
    if of.content is not None:
        parts: list[JSONValue] = [{"kind": "text", "text": of.content}]
        extra["artifacts"] = [{"artifactId": "artifact-1", "parts": parts}]
    return {**extra, "status": {"state": of.finish_reason}}


def _ag_ui(completion: Completion) -> JSONObject:
    of = completion.choices[0]
    messages: list[JSONValue] = []
    if of.reasoning is not None:
        messages.append({"id": "thought-1", "role": "reasoning", "content": of.reasoning})
    if of.content:
        messages.append({"id": "message-1", "role": "assistant", "content": of.content})
    # A call belongs to a message; one without content is that of the call.
    messages += [{"id": one.id, "role": "assistant", "content": None} for one in of.tool_calls]
    return {"threadId": "thread-1", **_listed("messages", messages)}


def _watsonx(completion: Completion) -> Completion:
    """Return the completion with the number of tokens, which is all it has of usage."""
    written = completion.usage.output_tokens if completion.usage else None
    count: JSONObject = {"generated_token_count": written or 1}
    choices = [attrs.evolve(of, extra={**count, **of.extra}) for of in completion.choices]
    return attrs.evolve(completion, choices=tuple(choices))


_KEPT = frozenset(
    ["contextId", "message", "object", "output", "result", "steps", "thread_id", "threadId"]
)
"""What the completions of those have that were read from a stream."""

_SEVERAL = ("openai-chat", "openai-completions", "gemini", "watsonx", "mcp")
"""The protocols that can have several choices."""

_OF_CHOICE: dict[str, Callable[[Choice], JSONObject]] = {
    "anthropic-messages": _anthropic_messages,
    "cohere-v2": _cohere_v2,
    "gemini": _gemini,
}
_OF_COMPLETION: dict[str, Callable[[Completion], JSONObject]] = {
    "a2a": _a2a,
    "ag-ui": _ag_ui,
    "google-interactions": _google_interactions,
    "mcp": _mcp,
    "openai-assistants": _openai_assistants,
    "openai-responses": _openai_responses,
}
