"""How each provider says, in a stream or instead of one, that something went wrong.

Facts, from the providers' references and recorded streams; the words of the messages are ours.
"""

from __future__ import annotations

import msgspec

from sseparse._encoder import encode
from sseparse._events import ServerSentEvent
from sseparse.assembly import detect
from sseparse.replay._blocks import event_blocks

MESSAGE = "The server had an error while it answered (made by sseparse)"

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_GOOGLE_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}

_OPENAI = {"message": MESSAGE, "type": "server_error", "param": None, "code": None}
_ANTHROPIC = {"type": "error", "error": {"type": "overloaded_error", "message": MESSAGE}}
_JSON_RPC = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": MESSAGE}}

# Protocol → event type and data. `message` is the type of an event that names none.
_EVENTS: dict[str, tuple[str, object]] = {
    "a2a": ("message", _JSON_RPC),
    "ag-ui": ("message", {"type": "RUN_ERROR", "message": MESSAGE, "code": "server_error"}),
    "anthropic-complete": ("error", _ANTHROPIC),
    "anthropic-messages": ("error", _ANTHROPIC),
    "cohere-v2": (
        "message-end",
        {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": MESSAGE}},
    ),
    "gemini": ("message", {"error": {"code": 503, "message": MESSAGE, "status": "UNAVAILABLE"}}),
    "google-interactions": (
        "error",
        {"event_type": "error", "error": {"code": "internal_error", "message": MESSAGE}},
    ),
    "mcp": ("message", _JSON_RPC),
    "openai-assistants": ("error", {"error": _OPENAI}),
    "openai-chat": ("message", {"error": _OPENAI}),
    "openai-completions": ("message", {"error": _OPENAI}),
    # As the API sends it, and as SDKs raise it: its reference has the fields of `error` on top,
    # and an SDK that is sent that gives it out as one event more (openai-dotnet#881).
    "openai-responses": (
        "error",
        {"type": "error", "error": {**_OPENAI, "code": "server_error"}, "sequence_number": 0},
    ),
    "openai-transcription": ("message", {"error": _OPENAI}),
    "replicate": ("error", {"detail": MESSAGE}),
    "watsonx": (
        "error",
        {"errors": [{"code": "internal_error", "message": MESSAGE}], "status_code": 500},
    ),
}


def error_event(body: bytes) -> bytes:
    """Return the event that tells of an error in a stream like this one."""
    events = [block.event for block in event_blocks(body)]
    event_type, data = _EVENTS.get(detect(events), ("error", {"error": _OPENAI}))
    if isinstance(data, dict) and "sequence_number" in data:
        data = {**data, "sequence_number": len(events)}
    if isinstance(data, dict) and "jsonrpc" in data:
        data = {**data, "id": _request_id(events)}
    return encode(ServerSentEvent(msgspec.json.encode(data).decode(), event=event_type))


def error_body(body: bytes, status: int) -> bytes:
    """Return the JSON with which the provider of a stream like this one answers instead of it."""
    protocol = detect([block.event for block in event_blocks(body)])
    message = f"{_TYPES.get(status, 'api_error')} (made by sseparse)"
    kind = _TYPES.get(status, "api_error")
    error: object
    if protocol.startswith("anthropic"):
        error = {"type": "error", "error": {"type": kind, "message": message}}
    elif protocol in ("gemini", "google-interactions"):
        name = _GOOGLE_STATUS.get(status, "UNKNOWN")
        error = {"error": {"code": status, "message": message, "status": name}}
    elif protocol == "cohere-v2":
        error = {"message": message}
    else:
        error = {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return msgspec.json.encode(error)


def _request_id(events: list[ServerSentEvent]) -> object:
    """Return the id of the JSON-RPC request that a stream answers."""
    for event in reversed(events):
        try:
            payload = event.json()
        except ValueError:
            continue
        if isinstance(payload, dict) and "id" in payload:
            return payload["id"]
    return 1
