"""MCP: notifications and requests, then the response, or a batch of them."""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse._generate._spelling import event
from sseparse.assembly import Completion
from sseparse.assembly._json import JSONObject, JSONValue, as_list


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    kept = [
        message
        for key in ("notifications", "requests")
        for message in as_list(completion.extra.get(key))
    ]
    head: JSONObject = {"jsonrpc": "2.0"}
    first: JSONObject = {**head, "id": completion.id, "result": completion.extra.get("result")}
    rest: list[JSONValue] = [{**head, **choice.extra} for choice in completion.choices[1:]]
    priming = ServerSentEvent("", id="1", last_event_id="1", retry=3000)
    answer: JSONValue = [first, *rest] if rest else first
    return [priming, *map(event, kept), event(answer)]
