"""Where a stream stands: its state by the table, what was odd, the error, and how it ended.

The lowest of three layers that make a protocol: this one knows what may come when, ``_growth`` what
grows, ``_protocol`` what an event is. Nothing here raises: what is odd becomes a ``Finding``.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from sseparse.assembly._builder import ChoiceBuilder, Part
from sseparse.assembly._completion import EndedBy, Finding, Severity
from sseparse.assembly._delta import Delta
from sseparse.assembly._json import JSONValue, as_object, as_text, dumps
from sseparse.assembly._states import ORDER, PART_ORDER, PartStep, State, Step

_TEXTS = {
    "done-without-finish-reason": "the end marker came before any finish_reason",
    "delta-after-finish": "a choice went on after its finish_reason; it was kept",
    "event-after-done": "an event came after the end marker; it was kept",
    "delta-after-error": "the completion went on after an error; it was kept",
    "part-not-opened": "a part went on that had never begun; it was kept",
    "part-opened-twice": "a part began that had begun before; it goes on",
    "delta-after-part-closed": "a part went on after its end; it was kept",
}


class Progress:
    """The state of one stream."""

    has_finish_reason: ClassVar[bool] = True
    """Whether the protocol has such a thing; without one, its last event finishes the answer."""

    def __init__(self) -> None:
        self.event_number = 0
        self.state = State.WAITING
        self.done = False  # ``[DONE]`` came, also after an error
        self.terminal = False  # the protocol's own last event came
        self.error: JSONValue = None
        self.id: str | int | None = None
        self.model: str | None = None
        self.choices: dict[int, ChoiceBuilder] = {}
        self.findings: list[Finding] = []
        self._found: set[str] = set()

    def find(
        self,
        code: str,
        severity: Severity,
        message: str,
        *,
        once: bool = False,
        of_stream: bool = False,
    ) -> None:
        """Note a finding about the current event, or about the stream as a whole.

        Args:
            code: its code.
            severity: how bad it is.
            message: one line for people.
            once: note only the first of its code.
            of_stream: it is about the stream, not about an event.
        """
        if once and code in self._found:
            return
        self._found.add(code)
        number = None if of_stream else self.event_number or None
        self.findings.append(Finding(code, severity, message, number))

    def bad_shape(self, what: str, shape: str) -> None:
        """Note that something was not of the shape it should have, such as ``"list"``."""
        self.find("bad-shape", "warning", f"{what} is no {shape}; it was skipped")

    def step(self, step: Step) -> None:
        """Move to the next state by the table; leave a finding where the order is broken."""
        before = self.state
        self.state, code = ORDER[before][step]
        if code is not None:
            text = f"{_TEXTS[code]} (step {step.value!r} in state {before.value!r})"
            self.find(code, "warning", text, once=True)

    def part_step(self, part: Part, step: PartStep) -> None:
        """Move a part to its next state by the table, likewise."""
        before = part.state
        part.state, code = PART_ORDER[before][step]
        if code is not None:
            text = f"{_TEXTS[code]} (step {step.value!r} of a part in state {before.value!r})"
            self.find(code, "warning", text, once=True)

    def set_first(self, name: Literal["id", "model"], value: JSONValue) -> None:
        """Set ``id`` or ``model`` if it is not yet known; another one later is worth a finding."""
        text = as_text(value)
        if text is None:
            return
        known = getattr(self, name)
        if known is None:
            setattr(self, name, text)
        elif known != text:
            message = f"the {name} changed from {known!r} to {text!r}; the first one stands"
            self.find(f"several-{name}s", "warning", message, once=True)

    def fail(self, error: JSONValue, deltas: list[Delta]) -> None:
        """Take an error that the stream carries; the first one stands."""
        self.step(Step.ERROR)
        if self.error is None:
            self.error = error
        try:
            text, source = error_text(error), dumps(error)
        except RecursionError:
            text, source = "nested too deeply to be shown", "null"
        self.find("error-in-stream", "error", f"the stream carried an error: {text}")
        deltas.append(Delta("error", text=text, source=source))

    def end(self, deltas: list[Delta]) -> None:
        """Take the protocol's own last event."""
        self._mark_end(deltas)
        self.terminal = True

    def take_done_marker(self, deltas: list[Delta]) -> None:
        """Take ``[DONE]``; where the protocol's own last event came first, it says no more."""
        if self.done or not self.terminal:
            self._mark_end(deltas)
        self.done = True

    def _mark_end(self, deltas: list[Delta]) -> None:
        if not self.has_finish_reason and self.state in (State.WAITING, State.STREAMING):
            self.step(Step.FINISH)
        self.step(Step.DONE)
        if not (self.done or self.terminal):  # (it is told of once)
            deltas.append(Delta("end"))

    @property
    def finished(self) -> bool:
        """Whether there are choices and each has its finish_reason."""
        for choice in self.choices.values():
            if choice.finish_reason is None:
                return False
        return bool(self.choices)

    @property
    def only_an_end(self) -> bool:
        """Whether ``[DONE]`` ends a stream in which no answer ever began."""
        if self.choices or self.terminal or not self.has_finish_reason:
            return False
        return self.ended_by == "done_marker"

    @property
    def ended_by(self) -> EndedBy:
        """How the stream has ended if nothing more comes."""
        if self.error is not None or self.state is State.FAILED:
            return "error"
        if self.done:
            return "done_marker"
        if self.terminal:
            return "terminal_event"
        return "finish_reason" if self.finished else "eof"

    def close(self) -> None:
        """Take the end of the stream: an end that is none is a finding."""
        if self.only_an_end:
            message = "nothing of an answer came, only the end marker"
            self.find("no-answer", "error", message, of_stream=True)
        if self.ended_by == "eof":
            message = "the stream ended without a finish_reason or an end marker"
            if not self.event_number:
                message = "the stream held no event at all"
            self.find("incomplete", "error", message, of_stream=True)


def error_text(error: JSONValue) -> str:
    """Return the one line of an error that people want to see."""
    if isinstance(error, str):
        return error
    fields = as_object(error)
    errors = fields.get("errors")  # a list of them, as watsonx has it
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        fields = errors[0]
    known = (fields.get(name) for name in ("message", "detail", "code"))
    return next((str(value) for value in known if value), dumps(error))
