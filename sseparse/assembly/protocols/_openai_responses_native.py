"""A completion as OpenAI's own ``response`` object, the shape of a non-streaming answer.

The items are those of ``extra["output"]``, with the arguments that streamed put back. A completion
that has none (made by hand) gets them from its choice: the reasoning, the provider's own calls, the
message, the caller's calls. Field names: https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import cast

from sseparse.assembly._completion import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text, loads
from sseparse.assembly.protocols._openai_responses_calls import CALLS, TEXTS

_STATUSES = ("completed", "failed", "in_progress", "cancelled", "queued", "incomplete")
_TIERS = (None, "auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
_BY_TYPE = {call.type: kind for kind, call in CALLS.items()}
_LOGPROB = frozenset(("token", "bytes", "logprob", "top_logprobs"))


def to_response(completion: Completion) -> JSONObject:
    """Return the ``response`` that the same answer would have been without streaming.

    The object's constants (types, roles, ``""`` for an id that was never sent) and what a request
    has by default are filled in, and 0 for token counts that every response has; what the model
    said is not.
    """
    first = next((choice for choice in completion.choices if choice.index == 0), Choice())
    items = completion.extra.get("output")
    native: JSONObject = {
        "id": str(completion.id or ""),
        "object": "response",
        "created_at": completion.created or 0,
        "model": completion.model or "",
        "status": first.finish_reason if first.finish_reason in _STATUSES else None,
        "output": _filled(items, first) if isinstance(items, list) else _made(first),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": completion.error,
        "incomplete_details": None,
        "usage": _usage(completion.usage.raw) if completion.usage else None,
    }
    native.update((key, value) for key, value in completion.extra.items() if key != "output")
    if native.get("service_tier") not in _TIERS:
        native["service_tier"] = None  # (a word of another provider, which OpenAI's types refuse)
    return native


def _usage(raw: JSONObject) -> JSONObject:
    """Return the usage with the counts that OpenAI's types require: others leave some out."""
    usage: JSONObject = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, **raw}
    known = as_object(raw.get("input_tokens_details"))
    usage["input_tokens_details"] = {"cached_tokens": 0, "cache_write_tokens": 0, **known}
    known = as_object(raw.get("output_tokens_details"))
    usage["output_tokens_details"] = {"reasoning_tokens": 0, **known}
    return usage


# The items as they came


def _filled(items: list[JSONValue], choice: Choice) -> JSONValue:
    """Return the items with the arguments of their calls."""
    calls = _Calls([*choice.tool_calls, *choice.server_tool_calls])
    return [_item(item, calls) if isinstance(item, dict) else item for item in items]


class _Calls:
    """The calls that no item has been given yet: by id, else the next of its type."""

    def __init__(self, calls: list[ToolCall]) -> None:
        self._by_id = {(call.type, call.id): call for call in reversed(calls) if call.id}
        self._by_type: dict[str, deque[ToolCall]] = {}
        self._given: set[int] = set()
        for call in calls:
            self._by_type.setdefault(call.type, deque()).append(call)

    def take(self, kind: str, ids: Iterable[JSONValue]) -> ToolCall | None:
        named = (self._by_id.get((kind, id)) for id in ids if isinstance(id, str))  # noqa: A001 (the provider's word)
        call = next((call for call in named if call and self._is_free(call)), None)
        queue = self._by_type.get(kind, deque())
        while call is None and queue:
            call = queue.popleft()
            call = call if self._is_free(call) else None
        if call is not None:
            self._given.add(id(call))
        return call

    def _is_free(self, call: ToolCall) -> bool:
        return id(call) not in self._given


def _item(item: JSONObject, calls: _Calls) -> JSONObject:
    kind = as_text(item.get("type"))
    spec = CALLS.get(kind or "")
    if spec is None:
        return _with_parts(item) if kind in ("message", "reasoning") else item
    call = calls.take(spec.type, (item.get("call_id"), item.get("id")))
    if call is None:
        return item
    if not spec.streams or spec.key in item:
        return item
    return {**item, spec.key: call.arguments}


def _with_parts(item: JSONObject) -> JSONObject:
    """Return a message or a reasoning with what all of them have."""
    native = dict(item)
    native.setdefault("id", "")
    if item["type"] == "message":
        native.setdefault("role", "assistant")
        native["content"] = [_part(part) for part in as_list(item.get("content"))]
    else:
        native["summary"] = [_part(part) for part in as_list(item.get("summary"))]
        if isinstance(item.get("content"), list):
            native["content"] = [_part(part) for part in as_list(item["content"])]
    return native


def _part(part: JSONValue) -> JSONValue:
    text = TEXTS.get(as_text(as_object(part).get("type")) or "")
    if text is None or not isinstance(part, dict):
        return part
    native = dict(part)
    if native.get(text.key) is None:
        native[text.key] = ""
    if text.type == "output_text":
        native["annotations"] = as_list(part.get("annotations"))
        _drop_short_logprobs(native)
    return native


def _drop_short_logprobs(part: JSONObject) -> None:
    """Drop log probabilities in the short form of the pieces, which the whole object has not."""
    entries = as_list(part.get("logprobs"))
    if not all(isinstance(entry, dict) and entry.keys() >= _LOGPROB for entry in entries):
        part.pop("logprobs", None)


# The items of a completion made by hand


def _made(choice: Choice) -> JSONValue:
    """Return the items that a choice amounts to."""
    items: list[JSONValue] = []
    if choice.reasoning is not None:
        summary: JSONValue = [{"type": "summary_text", "text": choice.reasoning}]
        items.append({"type": "reasoning", "id": "", "summary": summary})
    items += [_made_call(call) for call in choice.server_tool_calls]
    if choice.content is not None or choice.refusal is not None:
        items.append(_made_message(choice))
    items += [_made_call(call) for call in choice.tool_calls]
    return items


def _made_message(choice: Choice) -> JSONObject:
    parts: list[JSONValue] = []
    if choice.content is not None:
        part: JSONObject = {
            "type": "output_text",
            "text": choice.content,
            "annotations": list(choice.annotations),
            "logprobs": as_list(as_object(choice.logprobs).get("content")),
        }
        _drop_short_logprobs(part)
        parts.append(part)
    if choice.refusal is not None:
        parts.append({"type": "refusal", "refusal": choice.refusal})
    status = "incomplete" if choice.finish_reason == "incomplete" else "completed"
    return {
        "type": "message",
        "id": "",
        "role": choice.role or "assistant",
        "status": status,
        "content": parts,
    }


def _made_call(call: ToolCall) -> JSONValue:
    kind = _BY_TYPE.get(call.type, call.type)
    spec = CALLS.get(kind)
    item: JSONObject = {"type": kind, "id": call.id or "", "status": "completed"}
    if spec is None or not spec.server:
        item["call_id"] = call.id or ""
    if call.name is not None or kind in ("function_call", "custom_tool_call", "mcp_call"):
        item["name"] = call.name or ""
    if spec is None or spec.streams:
        item[spec.key if spec else "arguments"] = call.arguments
    elif spec.key and call.arguments:
        try:
            item[spec.key] = loads(call.arguments)
        except ValueError:  # cut short: there is no object yet
            item[spec.key] = cast("JSONValue", None)
    return {**item, **call.extra}
