"""Anthropic's text completions, the API before messages (``/v1/complete``, version 2023-06-01).

Each event is a completion object of its own with the next piece of text; pings come in between. The
last one has a stop_reason, and nothing else marks the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Choice, Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import keep_unheard_of
from sseparse.assembly._json import JSONObject, JSONValue, as_text
from sseparse.assembly._protocol import Protocol

_Handler = Callable[["AnthropicComplete", JSONObject, list[Delta]], None]

_OF_COMPLETION = frozenset(("type", "id", "model", "completion", "stop_reason", "error"))
_OF_PING = frozenset(("type", "error"))


class AnthropicComplete(Protocol):
    """The fold of ``completion`` events.

    The object: https://platform.claude.com/docs/en/api/completions; what ``stop`` and ``log_id``
    say stands in ``extra``.
    """

    name = "anthropic-complete"

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        kind = as_text(payload.get("type")) or event.event
        error = payload.get("error") or (payload if kind == "error" else None)
        if kind in self.STEPS:
            self.STEPS[kind](self, payload, deltas)
        elif error is None:
            self.keep_event(kind, payload)
        if error is not None:
            self.fail(error, deltas)

    def _complete(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.set_first("id", payload.get("id"))
        self.set_first("model", payload.get("model"))
        choice = self.choice()
        self.grow(choice, "content", payload.get("completion"), deltas)
        keep_unheard_of(payload, _OF_COMPLETION, self.extra)
        self.finish(choice, payload.get("stop_reason"), deltas)

    def _ping(self, payload: JSONObject, deltas: list[Delta]) -> None:
        keep_unheard_of(payload, _OF_PING, self.extra)

    STEPS: ClassVar[dict[str, _Handler]] = {
        "completion": _complete,  # Step.START, Step.DELTA, and Step.FINISH with a stop_reason
        "ping": _ping,  # no step
    }
    """The types of event. An ``error`` is Step.ERROR, whatever it comes with."""

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``completion`` that it would have been without streaming.

        A text or an id that was never sent is ``""``; a missing stop_reason stays null.
        """
        choice = next((entry for entry in completion.choices if entry.index == 0), Choice())
        native: JSONObject = {
            "id": "" if completion.id is None else str(completion.id),
            "type": "completion",
            "completion": choice.content or "",
            "model": completion.model or "",
            "stop_reason": choice.finish_reason,
        }
        kept = {key: value for key, value in completion.extra.items() if key not in native}
        native.update(kept)
        if completion.error is not None:
            native["error"] = completion.error
        return native
