"""Streams that are no LLM stream, or of a protocol not known here.

Nothing is guessed: what the events carried is kept, and the completion says ``unknown``.
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._json import JSONValue, as_object
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step


class Unknown(Protocol):
    """The fold of a stream that no protocol claims: its payloads under ``extra["events"]``."""

    name = "unknown"

    def __init__(self) -> None:
        super().__init__()
        self._events: list[JSONValue] = []

    @classmethod
    def detects(cls, event: ServerSentEvent, payload: JSONValue) -> bool:
        """Return False: only what nobody claims is unknown."""
        return False

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Keep the payload; an ``error`` in it is one in any protocol."""
        fields = as_object(payload)
        if fields.get("error") or "error" in (fields.get("type"), fields.get("object")):
            self.fail(fields.get("error") or payload, deltas)
        else:
            self.step(Step.TAIL)
        self._events.append(payload)

    def completion(self) -> Completion:
        """Return what came."""
        if self._events:
            self.extra["events"] = list(self._events)
        return super().completion()

    def close(self) -> None:
        """Say that nobody knew the stream, unless it was an error and nothing else."""
        if self.error is None and self.event_number:
            message = "no known protocol: the events were kept, nothing was assembled"
            self.find("unknown-protocol", "warning", message, of_stream=True)
        super().close()
