"""A completion as Cohere's own chat response, the shape of a non-streaming answer.

Field names: https://docs.cohere.com/v2/reference/chat
"""

from __future__ import annotations

from sseparse.assembly._completion import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list

_OF_MESSAGE = ("content", "tool_plan")


def to_chat_response(completion: Completion) -> JSONObject:
    """Return the chat response that the same answer would have been without streaming.

    The constants are filled in (the role, ``""`` for an id that was never sent); a missing
    finish_reason stays null.
    """
    choice = completion.choices[0] if completion.choices else Choice()
    native: JSONObject = {
        "id": completion.id or "",
        "finish_reason": choice.finish_reason,
        "message": _message(choice),
        "usage": completion.usage.raw if completion.usage else None,
    }
    if choice.logprobs is not None:
        native["logprobs"] = choice.logprobs.get("content")
    if completion.error is not None:
        native["error"] = completion.error
    return {**completion.extra, **native}


def _message(choice: Choice) -> JSONObject:
    message: JSONObject = {"role": choice.role or "assistant"}
    if choice.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in choice.tool_calls]
    if "tool_plan" in choice.extra:
        message["tool_plan"] = choice.extra["tool_plan"]
    if content := _content(choice):
        message["content"] = content
    if choice.annotations:
        message["citations"] = list(choice.annotations)
    message.update({k: v for k, v in choice.extra.items() if k not in _OF_MESSAGE})
    return message


def _content(choice: Choice) -> list[JSONValue]:
    """Return the content blocks; made of the texts where they were not kept."""
    if "content" in choice.extra:
        return [_block(block) for block in as_list(choice.extra["content"])]
    blocks: list[JSONValue] = []
    if choice.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": choice.reasoning})
    if choice.content is not None:
        blocks.append({"type": "text", "text": choice.content})
    return blocks


def _block(block: JSONValue) -> JSONValue:
    """Return a block with a text, be it empty: null says that no piece of it came."""
    kind = block.get("type") if isinstance(block, dict) else None
    if isinstance(block, dict) and isinstance(kind, str) and kind in ("text", "thinking"):
        return {**block, kind: block.get(kind) or ""}
    return block


def _tool_call(call: ToolCall) -> JSONObject:
    function: JSONObject = {"name": call.name or "", "arguments": call.arguments}
    return {"id": call.id or "", "type": call.type, "function": function, **call.extra}
