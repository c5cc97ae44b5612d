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


def error_value(protocol: str, message: str) -> object:
    """Return an error as the completion of a protocol has it: what its events carry."""
    openai = {"message": message, "type": "server_error", "param": None, "code": None}
    return {
        "a2a": {"code": -32603, "message": message},
        "ag-ui": {"type": "RUN_ERROR", "message": message, "code": "server_error"},
        "anthropic-complete": {"type": "overloaded_error", "message": message},
        "anthropic-messages": {"type": "overloaded_error", "message": message},
        "cohere-v2": message,
        "gemini": {"code": 503, "message": message, "status": "UNAVAILABLE"},
        "google-interactions": {"code": "internal_error", "message": message},
        "mcp": {"code": -32603, "message": message},
        "openai-responses": {**openai, "code": "server_error"},
        "replicate": {"detail": message},
        "watsonx": {
            "errors": [{"code": "internal_error", "message": message}],
            "status_code": 500,
        },
    }.get(protocol, openai)


def error_event_of(
    protocol: str, error: object, *, number: int = 0, request: object = 1
) -> ServerSentEvent:
    """Return the event by which a protocol tells of an error.

    Args:
        protocol: such as ``"openai-chat"``.
        error: see ``error_value``.
        number: how many events were sent before, for protocols that count them.
        request: the id of the request that is answered, for JSON-RPC.
    """
    # `message` is the type of an event that names none.
    kind, payload = {
        "a2a": ("message", {"jsonrpc": "2.0", "id": request, "error": error}),
        "ag-ui": ("message", error),
        "anthropic-complete": ("error", {"type": "error", "error": error}),
        "anthropic-messages": ("error", {"type": "error", "error": error}),
        "cohere-v2": (
            "message-end",
            {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": error}},
        ),
        "gemini": ("message", {"error": error}),
        "google-interactions": ("error", {"event_type": "error", "error": error}),
        "mcp": ("message", {"jsonrpc": "2.0", "id": request, "error": error}),
        "openai-chat": ("message", {"error": error}),
        "openai-completions": ("message", {"error": error}),
        # As the API sends it, and as SDKs raise it: its reference has the fields of `error` on
        # top, and an SDK that is sent that gives it out as one event more (openai-dotnet#881).
        "openai-responses": ("error", {"type": "error", "error": error, "sequence_number": number}),
        "openai-transcription": ("message", {"error": error}),
        "replicate": ("error", error),
        "watsonx": ("error", error),
    }.get(protocol, ("error", {"error": error}))
    return ServerSentEvent(msgspec.json.encode(payload).decode(), event=kind)


def error_event(body: bytes) -> bytes:
    """Return the event that tells of an error in a stream like this one."""
    events = [block.event for block in event_blocks(body)]
    protocol = detect(events)
    value = error_value(protocol, MESSAGE)
    return encode(error_event_of(protocol, value, number=len(events), request=_request_id(events)))


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
