"""Streams that are no LLM stream, or of a protocol not known here.

Nothing is guessed: what the events carried is kept and offered as it is, the JSON objects and lists
under ``extra["events"]``, everything else as text under ``extra["text"]``. The completion says
``unknown``.
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import append, entries
from sseparse.assembly._json import JSONValue, as_object
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step


class Unknown(Protocol):
    """The fold of a stream that no protocol claims."""

    name = "unknown"
    has_finish_reason = False

    def take_event(self, event: ServerSentEvent, deltas: list[Delta]) -> None:
        """Keep the data of one event, as text where it is no JSON object or list."""
        if event.event == "error" or event.data.strip() in ("", "[DONE]"):
            super().take_event(event, deltas)
            return
        payload: JSONValue
        try:
            payload = self.loads(event.data)
        except ValueError:
            payload = None
        if isinstance(payload, (dict, list)):
            self.fold(event, payload, deltas)
        else:
            self.step(Step.TAIL)
            append(self.extra, "text", event.data)

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Keep the payload; an ``error`` in it is one in any protocol."""
        found = as_object(payload)
        if found.get("error") or "error" in (found.get("type"), found.get("object")):
            self.fail(found.get("error") or payload, deltas)
        else:
            self.step(Step.TAIL)
        entries(self.extra, "events").append(payload)

    def close(self) -> None:
        """Say that nobody knew the stream, unless it was an error and nothing else."""
        if self.error is None and self.event_number:
            message = "no known protocol: the events were kept, nothing was assembled"
            self.find("unknown-protocol", "warning", message, of_stream=True)
        super().close()
