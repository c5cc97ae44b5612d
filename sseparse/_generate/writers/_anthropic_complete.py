"""Anthropic's text completions: the text in pieces, a ping, and a last piece with why it ends."""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion
from sseparse.assembly._json import JSONObject


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    (choice,) = completion.choices
    head: JSONObject = {
        "type": "completion",
        "id": completion.id,
        "model": completion.model,
        **completion.extra,
        "stop": None,  # (only the last event has it)
        "stop_reason": None,
    }
    last: JSONObject = {"stop_reason": choice.finish_reason, "stop": completion.extra.get("stop")}
    payloads = [{**head, "completion": piece} for piece in pieces_of(choice.content or "")]
    payloads = [*payloads, {"type": "ping"}, {**head, "completion": "", **last}]
    return [event(payload, str(payload["type"])) for payload in payloads]
