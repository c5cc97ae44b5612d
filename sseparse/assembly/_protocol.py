"""What all protocols are: a fold of events into a completion.

A protocol is a class in a file of its own under ``protocols/``, or in a package of somebody else's
(an entry point in the group ``sseparse.protocols``). It folds one decoded payload after the other
(``fold``) with the verbs of ``_growth``; this base takes the events, decodes them, moves the state
and builds the completion.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from msgspec.structs import replace

from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse.assembly._completion import Completion, without_halves
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import joined_fields
from sseparse.assembly._growth import Growth
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_object,
    decode,
    loads_leniently,
    whole,
)
from sseparse.assembly._usage import build_usage


class Protocol(Growth, ABC):
    """The fold of one protocol: events in, deltas out, a completion at any time.

    A subclass gives ``name`` (that of its entry point too), ``detects`` and ``fold``; it may give
    ``to_native``. Whatever an event holds, ``fold`` must not raise: ``find`` notes what is odd.
    It is called with the decoded data of each event but for these, which are taken before: one
    without data, ``[DONE]`` (``take_done_marker``), one named ``error`` (``fail``), and data that
    is no JSON (a finding). Override ``take_event`` where a protocol differs in that.

    What ``fold`` does it does with these verbs; each also says what it did as a delta:

    - ``choice()`` gives the answer; its ``role`` and ``extra`` are set directly.
    - ``grow``, ``cite``, ``begin_call`` and ``grow_arguments`` add to it; ``finish`` gives it its
      finish_reason. ``open_part`` and ``grow_part`` are for answers sent in parts.
    - ``set_first("id", …)``, ``set_first("model", …)``, ``set_created``, ``set_usage`` and
      ``extra`` are about the completion.
    - ``fail`` takes an error, ``end`` the protocol's own last event, if it has one.

    ``has_finish_reason = False`` says that there is no such thing in the protocol: its last event
    finishes the answer.

    >>> class Acme(Protocol):
    ...     name = "acme"
    ...
    ...     def fold(self, event, payload, deltas):
    ...         self.grow(self.choice(), "content", payload.get("say"), deltas)
    ...         self.finish(self.choice(), payload.get("over"), deltas)
    >>> acme = Acme()
    >>> for data in ('{"say": "Hel"}', '{"say": "lo", "over": "stop"}'):
    ...     acme.take(ServerSentEvent(data))
    >>> acme.completion().content, acme.completion().finish_reason
    ('Hello', 'stop')
    """

    name: ClassVar[str]
    """What ``Completion.protocol`` says, such as ``"openai-chat"``."""

    def __init__(self) -> None:
        super().__init__()
        self._halves = False  # half a character may have come, escaped
        self._held: dict[tuple[object, ...], tuple[int, str]] = {}  # such halves, by their text

    @classmethod
    def detects(cls, event: ServerSentEvent, payload: JSONValue) -> bool:
        """Return whether this event can only be of this protocol.

        For the protocols of other packages; those here have their rules side by side in
        ``_detection``.

        Args:
            event: the event.
            payload: its data, decoded, or None where that is no JSON.
        """
        return False

    @abstractmethod
    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold the decoded JSON of one event in; append what it added to ``deltas``."""

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the provider's own non-streaming object.

        Raises:
            ValueError: the protocol has none.
        """
        raise ValueError(f"protocol {completion.protocol!r} has no object to return")

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in; append what it added to ``deltas`` if they are wanted."""
        if deltas is None:
            deltas = []
        before = len(deltas)
        if isinstance(item, ServerSentEvent):
            self.event_number += 1
            self.take_event(item, deltas)
        elif isinstance(item, UnknownField) and item.name == "error":
            # llama.cpp reports its errors in a field of this name, which the standard ignores.
            self.take_error(item.value, deltas)
        else:
            check_item(item)
        if self._halves:
            deltas[before:] = [self._whole(delta) for delta in deltas[before:]]

    def _whole(self, delta: Delta) -> Delta:
        """Hold half a character back until the next event, which may bring the other half."""
        place = delta.kind, delta.choice, delta.tool_call, delta.server
        text = delta.text
        number, half = self._held.pop(place, (0, ""))
        if number == self.event_number - 1 and "\udc00" <= text[:1] <= "\udfff":
            text = half + text
        if "\ud800" <= text[-1:] <= "\udbff":
            self._held[place], text = (self.event_number, text[-1]), text[:-1]
        return delta if text == delta.text == whole(text) else replace(delta, text=whole(text))

    def take_event(self, event: ServerSentEvent, deltas: list[Delta]) -> None:
        """Fold one event in, by what its type and its data are."""
        data = event.data.strip()
        if data == "[DONE]":
            self.take_done_marker(deltas)
        elif event.event == "error":
            self.take_error(event.data, deltas)
        elif data:  # (an event without data is a keep-alive or a priming event)
            try:
                payload = self.loads(data)
            except ValueError as problem:
                self.find("bad-json", "warning", f"the data is no JSON: {problem}; it was skipped")
            else:
                self.fold(event, payload, deltas)

    def take_error(self, text: str, deltas: list[Delta]) -> None:
        """Take an error that came as one: its ``error`` if it is an object with such a key."""
        payload: JSONValue
        try:
            payload = self.loads(text)
        except ValueError:
            payload = None
        if payload is None:
            payload = {"message": text}
        self.fail(as_object(payload).get("error") or payload, deltas)

    def loads(self, text: str) -> JSONValue:
        """Decode JSON, and note whether half characters may be in it."""
        try:
            return decode(text)  # type: ignore[no-any-return]  # untyped JSON is just JSONValue
        except (ValueError, RecursionError):
            self._halves = True
            return loads_leniently(text)

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
            complete=ended_by not in ("eof", "error") and not self.only_an_end,
            ended_by=ended_by,
            findings=tuple(self.findings),
            extra=joined_fields(self.extra),
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
