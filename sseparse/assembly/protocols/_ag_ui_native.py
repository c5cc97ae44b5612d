"""A completion as AG-UI's own list of messages, in the event that carries one.

Without streaming, an agent would send its messages as a ``MESSAGES_SNAPSHOT``. Field names:
https://docs.ag-ui.com/sdk/python/core/types
"""

from __future__ import annotations

from sseparse.assembly._completion import Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text

_TEXTUAL = ("tool", "reasoning", "user", "system", "developer")
"""The roles whose messages always have a text."""


def to_messages(completion: Completion) -> JSONObject:
    """Return the ``MESSAGES_SNAPSHOT``.

    It has the messages of the snapshot that the stream carried, if it did, and after them those
    that were streamed and are not in it. Each tool call stands in its message.
    """
    sent = as_list(completion.extra.get("messagesSnapshot"))
    known = {_id(message) for message in sent} - {None}
    streamed = [as_object(one) for one in as_list(completion.extra.get("messages"))]
    if not streamed and not sent:
        streamed = _by_hand(completion)
    calls: dict[str | None, list[JSONValue]] = {}
    for call in completion.tool_calls:
        parent = as_text(call.extra.get("parentMessageId")) or call.id
        calls.setdefault(parent, []).append(_call(call))
    own: list[JSONValue] = [
        _message(message, calls.pop(_id(message), []))
        for message in streamed
        if _id(message) not in known
    ]
    left = [] if sent else [call for held in calls.values() for call in held]
    if left:  # calls of a message that nobody has: it was made by hand
        own.append({"id": "", "role": "assistant", "toolCalls": left})
    return {"type": "MESSAGES_SNAPSHOT", "messages": [*sent, *own]}


def _id(message: JSONValue) -> str | None:
    return as_text(as_object(message).get("id"))


def _message(message: JSONObject, calls: list[JSONValue]) -> JSONObject:
    native: JSONObject = {**message, "id": _id(message) or ""}
    if native.get("content") is None:
        native.pop("content", None)
        if native.get("role") in _TEXTUAL:
            native["content"] = ""
    if calls and native.get("role") == "assistant":
        native["toolCalls"] = calls
    return native


def _call(call: ToolCall) -> JSONObject:
    function: JSONObject = {"name": call.name or "", "arguments": call.arguments}
    extra = {key: value for key, value in call.extra.items() if key != "parentMessageId"}
    return {"id": call.id or "", "type": "function", "function": function, **extra}


def _by_hand(completion: Completion) -> list[JSONObject]:
    """Return the messages of a completion that was made by hand."""
    messages: list[JSONObject] = []
    if completion.reasoning is not None:
        messages.append({"id": "", "role": "reasoning", "content": completion.reasoning})
    if completion.content is not None:
        messages.append({"id": "", "role": "assistant", "content": completion.content})
    return messages
