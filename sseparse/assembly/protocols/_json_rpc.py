"""JSON-RPC 2.0, which MCP and A2A are spoken in: what kind of message each payload is.

A payload is one message or, in MCP of 2025-03-26, a list of them. A message with a ``method`` is a
call (without an id: a notification), one with a ``result`` or an ``error`` answers one.
"""

from __future__ import annotations

from abc import abstractmethod

from sseparse._events import ServerSentEvent
from sseparse.assembly._delta import Delta
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_text
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step


class JSONRPC(Protocol):
    """The fold of JSON-RPC messages.

    The messages: https://www.jsonrpc.org/specification
    """

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold a message in, or a list of them."""
        for message in payload if isinstance(payload, list) else [payload]:
            if not isinstance(message, dict):
                self.bad_shape("a JSON-RPC message", "object")
            elif "method" in message:
                self.take_call(message, deltas)
            elif message.get("error") is not None:
                self.take_failure(message, deltas)
            elif "result" in message:
                self.take_result(message, deltas)
            else:
                self.take_other(message, deltas)

    @abstractmethod
    def take_result(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take an answer."""

    def take_failure(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take an answer that is an error."""
        self.fail(message["error"], deltas)

    def take_call(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take a call, or a notification."""
        self.take_other(message, deltas)

    def take_other(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take what is no message of JSON-RPC, or none that this protocol knows."""
        self.step(Step.TAIL)
        self.keep_event(as_text(message.get("method")) or "", message)


def rpc_id(message: JSONObject) -> str | int | None:
    """Return the id of a message with its type (1 and "1" are two ids), or None."""
    value = message.get("id")
    number = as_index(value)
    return as_text(value) if number is None else number
