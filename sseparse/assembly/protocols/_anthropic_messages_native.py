"""A completion as Anthropic's own ``message`` object, the shape of a non-streaming answer.

Field names: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections import deque

from sseparse.assembly._completion import Choice, Completion, ToolCall, without_halves
from sseparse.assembly._json import JSONObject, JSONValue, as_text

_MESSAGE = frozenset(("id", "type", "role", "model", "content", "stop_reason", "usage"))
_NEEDED: dict[str | None, JSONObject] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
}
"""What a block of these types always has."""


def to_message(completion: Completion) -> JSONObject:
    """Return the ``message`` that the same answer would have been without streaming.

    The object's constants are filled in where the stream did not give them: its ``type``, the role,
    ``""`` for an id or a signature that was never sent, 0 for the two token counts that every
    message has. What the model said is not: a missing stop_reason stays null. The input of a tool
    whose JSON was cut, or is no object, is ``{}``, as Anthropic's types take nothing but an object;
    ``ToolCall.arguments`` still has all that came of it.
    """
    choice = next((entry for entry in completion.choices if entry.index == 0), Choice())
    usage: JSONObject = dict(completion.usage.raw) if completion.usage else {}
    for key in ("input_tokens", "output_tokens"):
        if usage.get(key) is None:
            usage[key] = 0
    native: JSONObject = {
        "id": "" if completion.id is None else str(completion.id),
        "type": "message",
        "role": choice.role or "assistant",
        "model": completion.model or "",
        "content": _content(choice),
        "stop_reason": choice.finish_reason,
        "stop_sequence": None,
        "usage": usage,
    }
    native.update({key: value for key, value in choice.extra.items() if key not in _MESSAGE})
    if completion.error is not None:
        native["error"] = completion.error
    return native


def _content(choice: Choice) -> list[JSONValue]:
    """Return the content blocks, from those kept if there are any, else from the common fields."""
    blocks = choice.extra.get("content")
    content: list[JSONValue] = []
    calls = deque(choice.tool_calls)
    server_calls = deque(choice.server_tool_calls)
    if not isinstance(blocks, list):
        if choice.reasoning is not None:
            content.append({"type": "thinking", "thinking": choice.reasoning, "signature": ""})
        if choice.content is not None:
            text: JSONObject = {"type": "text", "text": choice.content}
            content.append(
                {**text, "citations": list(choice.annotations)} if choice.annotations else text
            )
    else:
        for block in blocks:
            if not isinstance(block, dict):
                content.append(block)
                continue
            kind = as_text(block.get("type"))
            needed = _NEEDED.get(kind, {})
            if kind == "tool_use" and calls:
                needed = _call(calls.popleft())
            elif server_calls and kind == server_calls[0].type:
                needed = _call(server_calls.popleft())
            said = {key: value for key, value in block.items() if value is not None}
            content.append({**block, **needed, **said})
    content += [_call(call) for call in (*server_calls, *calls)]
    return content


def _call(call: ToolCall) -> JSONObject:
    kind = call.type
    if kind == "function":
        kind = "tool_use"
    block: JSONObject = {
        "type": kind,
        "id": call.id or "",
        "name": call.name or "",
        "input": _input(call),
    }
    return {**block, **call.extra}


def _input(call: ToolCall) -> JSONObject:
    """Return the arguments as an object; ``{}`` where they are none, or not (yet) JSON."""
    try:
        value = without_halves(call.parsed())
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
