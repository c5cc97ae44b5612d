"""What all protocols share: state, findings, the completion's own fields.

A protocol is a class in a file of its own. It says which payloads are its own (``detects``) and
folds them (``fold``). This base moves the state by the table, keeps the findings, and builds the
completion. Nothing here raises: what is odd becomes a ``Finding``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse.assembly._builder import ChoiceBuilder, build_usage
from sseparse.assembly._completion import (
    Completion,
    EndedBy,
    Finding,
    Severity,
    without_halves,
)
from sseparse.assembly._delta import Delta
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_object,
    as_text,
    decode,
    dumps,
    loads_leniently,
)
from sseparse.assembly._states import ORDER, State, Step

_ORDER_TEXTS = {
    "done-without-finish-reason": "the end marker came before any finish_reason",
    "delta-after-finish": "a choice went on after its finish_reason; it was kept",
    "event-after-done": "an event came after the end marker; it was kept",
    "delta-after-error": "the completion went on after an error; it was kept",
}


class Protocol(ABC):
    """The fold of one protocol: events in, deltas out, a completion at any time."""

    name: ClassVar[str]
    """What ``Completion.protocol`` says, such as ``"openai-chat"``."""

    def __init__(self) -> None:
        self.event_number = 0
        self.state = State.WAITING
        self.done = False  # the end marker came, also after an error
        self.terminal = False  # the protocol's own last event came
        self.error: JSONValue = None
        self.id: str | None = None
        self.model: str | None = None
        self.created: float | None = None
        self.choices: dict[int, ChoiceBuilder] = {}
        self.usage: JSONObject | None = None
        self.extra: JSONObject = {}
        self.findings: list[Finding] = []
        self._found: set[str] = set()
        self._halves = False  # half a character may have come, escaped

    @classmethod
    @abstractmethod
    def detects(cls, event: ServerSentEvent, payload: JSONValue) -> bool:
        """Return whether this payload can only be of this protocol."""

    @abstractmethod
    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold the decoded JSON of one event in; append what it added to ``deltas``."""

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in; append what it added to ``deltas`` if they are wanted."""
        if deltas is None:
            deltas = []
        if isinstance(item, ServerSentEvent):
            self.event_number += 1
            self._take_event(item, deltas)
        elif isinstance(item, UnknownField) and item.name == "error":
            # llama.cpp reports its errors in a field of this name, which the standard ignores.
            payload = self._json_or_message(item.value)
            self.fail(as_object(payload).get("error") or payload, deltas)
        else:
            check_item(item)

    def _take_event(self, event: ServerSentEvent, deltas: list[Delta]) -> None:
        data = event.data.strip()
        if data == "[DONE]":
            self.done = True
            self.step(Step.DONE)
            deltas.append(Delta("end"))
        elif event.event == "error":
            payload = self._json_or_message(event.data)
            self.fail(as_object(payload).get("error") or payload, deltas)
        elif data:  # (an event without data is a keep-alive or a priming event)
            try:
                payload = self.loads(data)
            except ValueError as problem:
                self.find("bad-json", "warning", f"the data is no JSON: {problem}; it was skipped")
            else:
                self.fold(event, payload, deltas)

    def loads(self, text: str) -> JSONValue:
        """Decode JSON, and note whether half characters may be in it."""
        try:
            return decode(text)  # type: ignore[no-any-return]  # untyped JSON is just JSONValue
        except (ValueError, RecursionError):
            self._halves = True
            return loads_leniently(text)

    def _json_or_message(self, text: str) -> JSONValue:
        try:
            return self.loads(text)
        except ValueError:
            return {"message": text}

    def step(self, step: Step) -> None:
        """Move to the next state by the table; leave a finding where the order is broken."""
        before = self.state
        self.state, code = ORDER[before][step]
        if code is not None:
            text = f"{_ORDER_TEXTS[code]} (step {step.value!r} in state {before.value!r})"
            self.find(code, "warning", text, once=True)

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

    def set_first(self, name: str, value: JSONValue) -> None:
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

    @property
    def finished(self) -> bool:
        """Whether there are choices and each has its finish_reason."""
        for choice in self.choices.values():
            if choice.finish_reason is None:
                return False
        return bool(self.choices)

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
        if self.ended_by == "eof":
            message = "the stream ended without a finish_reason or an end marker"
            if not self.event_number:
                message = "the stream held no event at all"
            self.find("incomplete", "error", message, of_stream=True)

    def current_usage(self) -> JSONObject | None:
        """Return the usage as last sent."""
        return self.usage

    def completion(self) -> Completion:
        """Return the completion as far as it has come."""
        ended_by = self.ended_by
        usage = self.current_usage()
        completion = Completion(
            protocol=self.name,
            id=self.id,
            model=self.model,
            created=self.created,
            choices=tuple([self.choices[index].build() for index in sorted(self.choices)]),
            usage=None if usage is None else build_usage(usage),
            error=self.error,
            complete=ended_by not in ("eof", "error"),
            ended_by=ended_by,
            findings=tuple(self.findings),
            extra=dict(self.extra),
        )
        if not self._halves:
            return completion
        try:
            return without_halves(completion)
        except RecursionError:  # JSON nested nearly as deeply as Python's stack: as it came
            return completion


def check_item(item: object) -> None:
    """Refuse what no decoder gives out.

    Raises:
        TypeError: it is no item of a stream.
    """
    if not isinstance(item, (ServerSentEvent, Comment, UnknownField)):
        raise TypeError(
            f"a stream is made of events, comments and unknown fields, not of "
            f"{type(item).__name__}; bytes go through a Decoder first, or to assemble()"
        )


def error_text(error: JSONValue) -> str:
    """Return the one line of an error that people want to see."""
    if isinstance(error, str):
        return error
    fields = as_object(error)
    known = (fields.get(name) for name in ("message", "detail", "code"))
    return next((str(value) for value in known if value), dumps(error))
