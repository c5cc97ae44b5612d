"""A completion as OpenAI's own ``chat.completion`` object, the shape of a non-streaming answer.

Field names: https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

from sseparse.assembly._completion import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue

_TOP_LEVEL = ("system_fingerprint", "service_tier")
_TIERS = (None, "auto", "default", "flex", "scale", "priority", "fast")
_MESSAGE_EXTRA = ("audio", "reasoning_details")


def to_chat_completion(completion: Completion) -> JSONObject:
    """Return the ``chat.completion`` that the same answer would have been without streaming.

    The object's constants (``object``, the message's role, ``""`` for an id that was never sent)
    are filled in; what the model said is not: a missing finish_reason stays null.
    """
    native: JSONObject = {
        "id": completion.id or "",
        "object": "chat.completion",
        "created": int(completion.created or 0),
        "model": completion.model or "",
        "choices": [_choice(choice) for choice in completion.choices],
        "usage": completion.usage.raw if completion.usage else None,
    }
    for key in _TOP_LEVEL:
        native[key] = completion.extra.get(key)
    if native["service_tier"] not in _TIERS:
        native["service_tier"] = None  # (a word of another provider, which OpenAI's types refuse)
    native.update({k: v for k, v in completion.extra.items() if k not in _TOP_LEVEL})
    if completion.error is not None:
        native["error"] = completion.error
    return native


def _choice(choice: Choice) -> JSONObject:
    message: JSONObject = {
        "role": choice.role or "assistant",
        "content": choice.content,
        "refusal": choice.refusal,
    }
    if choice.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in choice.tool_calls]
    if choice.function_call is not None:
        message["function_call"] = {
            "name": choice.function_call.name or "",
            "arguments": choice.function_call.arguments,
        }
    if choice.reasoning is not None:
        message["reasoning_content"] = choice.reasoning
    if choice.annotations:
        message["annotations"] = list(choice.annotations)
    logprobs: JSONValue = choice.logprobs and {"content": None, "refusal": None, **choice.logprobs}
    native: JSONObject = {
        "index": choice.index,
        "message": message,
        "logprobs": logprobs,
        "finish_reason": choice.finish_reason,
    }
    for key, value in choice.extra.items():
        (message if key in _MESSAGE_EXTRA else native).setdefault(key, value)
    return native


def _tool_call(call: ToolCall) -> JSONObject:
    if call.type == "custom":
        inner: JSONObject = {"name": call.name or "", "input": call.arguments}
        return {"id": call.id or "", "type": "custom", "custom": inner, **call.extra}
    function: JSONObject = {"name": call.name or "", "arguments": call.arguments}
    return {"id": call.id or "", "type": call.type, "function": function, **call.extra}
