"""Replicate's prediction streams.

The odd one out: what an event is stands in its name alone, and its data is plain text. ``"4"``,
``"true"``, ``"[DONE]"`` and ``"[1]"`` are text like any other, and blanks and line ends in it are
part of the answer. Only ``done`` and ``error`` carry JSON.
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import append, set_last
from sseparse.assembly._json import JSONObject, JSONValue, whole
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step


class Replicate(Protocol):
    """The fold of a prediction's events.

    ``output`` is text, ``logs`` goes to ``extra["logs"]``, ``error`` is the error, and ``done`` the
    end. What ``done`` says is kept in ``extra``: of its two reasons, ``"error"`` is an error even
    where no event told of it before, while ``"canceled"`` is a proper end, with a finding.

    The events: https://replicate.com/docs/topics/predictions/streaming
    """

    name = "replicate"
    has_finish_reason = False

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Refuse: there is no object that could be returned.

        The answer without streaming is a prediction. It has an id, a version, the input and its
        times, none of which a stream tells; and its ``output`` is the list of the pieces, which a
        completion has as one text.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "replicate's object is the prediction (id, version, input, times), and its stream "
            "tells none of them: take the content, and GET the prediction for the rest"
        )

    def take_event(self, event: ServerSentEvent, deltas: list[Delta]) -> None:
        """Fold one event in, by its name."""
        if event.event == "output":
            self.grow(self.choice(), "content", event.data, deltas)
        elif event.event == "logs":
            self.step(Step.TAIL)
            append(self.extra, "logs", event.data)
        elif event.event == "error":
            self.take_error(event.data, deltas)
        elif event.event == "done":
            self._take_done(event, deltas)
        elif event.data:
            self.step(Step.TAIL)
            self.keep_event(event.event, {"event": whole(event.event), "data": whole(event.data)})

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Take what ``done`` says."""
        if not isinstance(payload, dict):
            self.bad_shape("the data of done", "object")
            return
        for key, value in payload.items():
            set_last(self.extra, key, value)
        if payload.get("reason") == "error" and self.error is None:
            self.fail(payload, deltas)
        elif payload.get("reason") == "canceled":
            message = "the prediction was canceled: the output may not be all there was to be"
            self.find("canceled", "warning", message)

    def _take_done(self, event: ServerSentEvent, deltas: list[Delta]) -> None:
        data = event.data.strip()
        if data and data != "[DONE]":
            try:
                payload = self.loads(data)
            except ValueError as problem:
                self.find("bad-json", "warning", f"the data is no JSON: {problem}; it was skipped")
            else:
                self.fold(event, payload, deltas)
        self.end(deltas)
