"""What the writers of several protocols need: events of JSON, and usage that grows."""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._json import JSONObject, JSONValue, as_index, dumps

DONE = ServerSentEvent("[DONE]")
"""The end marker of OpenAI and of whoever speaks like it."""

_OUTPUT = ("completion_tokens", "candidatesTokenCount")
_TOTAL = ("total_tokens", "totalTokenCount")


def event(payload: JSONValue, type: str = "message") -> ServerSentEvent:  # noqa: A002 (the event's)
    """Return the event that carries a payload as JSON."""
    return ServerSentEvent(dumps(payload), type)


def growing(raw: JSONObject, sent: int, of: int) -> JSONObject:
    """Return the usage as it stands when so many chunks of all are sent.

    >>> growing({"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}, 1, 2)
    {'prompt_tokens': 5, 'completion_tokens': 2, 'total_tokens': 7}
    """
    grown = dict(raw)
    for key in _OUTPUT:
        whole = as_index(raw.get(key)) or 0
        written = -(-whole * sent // of)  # rounded up: with the first chunk there is one
        if key in raw:
            grown[key] = written
            for total in _TOTAL:
                if (sum_of_all := as_index(raw.get(total))) is not None:
                    grown[total] = max(0, sum_of_all - whole + written)
    return grown
