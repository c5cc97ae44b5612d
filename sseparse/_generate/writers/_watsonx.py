"""watsonx text generation: events with a piece for each result, the last with a stop_reason."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import zip_longest

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Choice, Completion
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_list, as_object


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    first: list[JSONValue] = [_first(choice) for choice in completion.choices]
    events = [_event(completion, first, **completion.extra)]
    texts = [pieces_of(choice.content or "") for choice in completion.choices]
    for pieces in zip_longest(*texts):
        results: list[JSONValue] = [_result(piece or "", 1) for piece in pieces]
        events.append(_event(completion, results))
    last: list[JSONValue] = [_last(choice) for choice in completion.choices]
    return [*events, _event(completion, last)]


def _event(
    completion: Completion, results: list[JSONValue], **fields: JSONValue
) -> ServerSentEvent:
    time = datetime.fromtimestamp(completion.created or 0, UTC).isoformat()
    head = {"model_id": completion.model, "created_at": time.replace("+00:00", "Z")}
    return event({**head, "results": results, **fields})


def _result(text: str, generated: JSONValue, reason: str | None = "not_finished") -> JSONObject:
    return {
        "generated_text": text,
        "generated_token_count": generated,
        "input_token_count": 0,
        "stop_reason": reason,
    }


def _first(choice: Choice) -> JSONObject:
    """Return the first result, which alone has the number of input tokens, and half the lists."""
    tokens = as_list(choice.extra.get("generated_tokens"))
    result = {
        **_result("", 0),
        "input_token_count": as_index(choice.extra.get("input_token_count")) or 0,
    }
    return {**result, "generated_tokens": tokens[:1]} if tokens else result


def _last(choice: Choice) -> JSONObject:
    extra = choice.extra
    result = _result("", extra["generated_token_count"], choice.finish_reason)
    if tokens := as_list(extra.get("generated_tokens")):
        result["generated_tokens"] = tokens[1:]
    result.update({key: extra[key] for key in ("seed",) if key in extra})
    if found := as_object(extra.get("moderations")):
        result["moderations"] = found
    return result
