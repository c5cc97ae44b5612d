"""The protocols known here. A new one is a new file, and one line in ``PROTOCOLS``."""

from __future__ import annotations

from collections.abc import Callable

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Completion
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._openai_chat import OpenAIChat
from sseparse.assembly._openai_chat_native import to_chat_completion
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._unknown import Unknown

PROTOCOLS: dict[str, tuple[type[Protocol], Callable[[Completion], JSONObject] | None]] = {
    "openai-chat": (OpenAIChat, to_chat_completion),
    "unknown": (Unknown, None),
}


def by_name(name: str) -> type[Protocol]:
    """Return the protocol of this name.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    if name not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise ValueError(f"{name!r} is no protocol known here; there are {known}")
    return PROTOCOLS[name][0]


def claimant(event: ServerSentEvent, payload: JSONValue) -> type[Protocol] | None:
    """Return the protocol that this payload can only belong to, or None while that is open."""
    for protocol, _ in PROTOCOLS.values():
        if protocol.detects(event, payload):
            return protocol
    return None


def native(completion: Completion) -> JSONObject:
    """Return the completion in its provider's own non-streaming shape."""
    _, to_native = PROTOCOLS.get(completion.protocol, (None, None))
    if to_native is None:
        raise ValueError(f"protocol {completion.protocol!r} has no object to return")
    return to_native(completion)
