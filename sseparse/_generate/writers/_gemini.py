"""Gemini: all candidates by turns, a few characters in each event, a usage on every event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event, growing
from sseparse.assembly import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, loads


def write(completion: Completion, *, cumulative: bool = True) -> list[ServerSentEvent]:
    """Return the chunks that spell a completion; cumulative: usage stands on each."""
    head: JSONObject = {"modelVersion": completion.model, "responseId": completion.id}
    if completion.created is not None:
        head["createTime"] = datetime.fromtimestamp(completion.created, UTC).isoformat()
    by_turns = zip_longest(*map(_candidates, completion.choices))
    sent = [candidate for turn in by_turns for candidate in turn if candidate is not None]
    events: list[ServerSentEvent] = []
    for place, candidate in enumerate(sent):
        payload: JSONObject = {"candidates": [candidate], **head}
        last = place == len(sent) - 1
        if completion.usage is not None and (cumulative or last):
            raw = completion.usage.raw
            payload["usageMetadata"] = raw if last else growing(raw, place + 1, len(sent))
        if place == 0:
            payload.update(completion.extra)
        events.append(event(payload))
    return events


def _candidates(of: Choice) -> Iterator[JSONObject]:
    """Yield what spells one choice, one candidate after the other."""
    place: JSONObject = {"index": of.index} if of.index else {}
    yield {"content": {"role": of.role, "parts": []}, **place}
    calls = iter(of.tool_calls)
    for part in map(as_object, as_list(of.extra.get("parts"))):
        pieces = _call(part, next(calls)) if "functionCall" in part else _pieces(part)
        for piece in pieces:
            yield {"content": {"parts": [piece], "role": of.role}, **place}
    for key, tokens in (of.logprobs or {}).items():
        yield {"logprobsResult": {key: []}, **place}
        for token in as_list(tokens):
            yield {"logprobsResult": {key: [token]}, **place}
    extra = {key: value for key, value in of.extra.items() if key != "parts"}
    if of.annotations:  # the first ones, and then all of them
        yield {"citationMetadata": {"citationSources": [of.annotations[0]]}, **place}
    yield {**extra, "finishReason": of.finish_reason, **place}


def _pieces(part: JSONObject) -> Iterator[JSONObject]:
    """Yield a part, in several pieces if it is a text that may come so."""
    if part.keys() <= {"text", "thought"}:
        yield from ({**part, "text": piece} for piece in pieces_of(str(part["text"])))
    else:
        yield part


def _call(part: JSONObject, call: ToolCall) -> Iterator[JSONObject]:
    """Yield a call: whole if it has an id, else value by value."""
    function = as_object(part["functionCall"])
    if call.id is not None:
        whole = {"args": call.parsed()} if call.arguments else {}
        yield {**part, "functionCall": {**function, **whole}}
        return
    yield {**part, "functionCall": {**function, "willContinue": True}}
    for argument in _partial("$", loads(call.arguments or "{}")):
        yield {"functionCall": {"partialArgs": [argument], "willContinue": True}}
    yield {"functionCall": {}}


def _partial(path: str, value: JSONValue) -> Iterator[JSONObject]:
    """Yield the partial arguments that spell a value."""
    if isinstance(value, dict):
        for key, entry in value.items():
            escaped = key.replace("\\", "\\\\").replace("'", "\\'")
            step = f".{key}" if key.isidentifier() else f"['{escaped}']"
            yield from _partial(path + step, entry)
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _partial(f"{path}[{place}]", entry)
    elif isinstance(value, str):
        for piece in pieces_of(value):
            yield {"jsonPath": path, "stringValue": piece, "willContinue": True}
        yield {"jsonPath": path, "stringValue": ""}
    elif value is None:
        yield {"jsonPath": path, "nullValue": "NULL_VALUE"}
    else:
        yield {"jsonPath": path, "boolValue" if isinstance(value, bool) else "numberValue": value}
