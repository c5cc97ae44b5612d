"""Events in, completion out, whatever protocol they speak.

The assembler finds out which protocol it is (or is told), then hands every item to it. Until an
event decides, items are kept and folded in order once it does, so that nothing is lost: pings,
comments, empty ``choices`` and ``[DONE]`` decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from sseparse._errors import AssemblyError
from sseparse._events import Item, ServerSentEvent
from sseparse.assembly._completion import Completion, Finding
from sseparse.assembly._delta import Delta
from sseparse.assembly._json import JSONValue, loads
from sseparse.assembly._protocol import Protocol, check_item
from sseparse.assembly._registry import by_name, claimant
from sseparse.assembly._states import State
from sseparse.assembly.protocols._unknown import Unknown


class Assembler:
    """Rebuilds one completion from the events of its stream.

    Args:
        protocol: what the stream speaks, such as ``"openai-chat"``; None to find out from it.
        strict: raise ``AssemblyError`` on the first finding of severity error. By default nothing
            is raised: what is odd is told in ``Completion.findings``.

    Raises:
        ValueError: there is no protocol of that name.

    >>> assembler = Assembler()
    >>> chunk = '{"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}}]}'
    >>> [delta.text for delta in assembler.feed(ServerSentEvent(chunk))]
    ['Hi']
    >>> assembler.snapshot.content
    'Hi'
    >>> assembler.close().complete
    False
    """

    def __init__(self, protocol: str | None = None, *, strict: bool = False) -> None:
        self._strict = strict
        self._protocol: Protocol | None = None if protocol is None else by_name(protocol)()
        self._undecided: list[Item] = []
        self._completion: Completion | None = None
        self._notes: list[Finding] = []
        self._checked = 0  # findings that strict has looked at

    @property
    def protocol(self) -> str | None:
        """The name of the protocol, or None while nothing has decided it."""
        return self._protocol.name if self._protocol else None

    @property
    def state(self) -> State:
        """Where the stream stands."""
        return self._protocol.state if self._protocol else State.WAITING

    @property
    def snapshot(self) -> Completion:
        """The completion so far. Each call joins the fragments anew: ask when you need it."""
        if self._completion is not None:
            return self._completion
        return (self._protocol or self._as_unknown()).completion()

    def feed(self, item: Item) -> list[Delta]:
        """Fold one item of the stream in.

        Args:
            item: an event; a ``Comment`` or ``UnknownField`` if the decoder gives them out.

        Returns:
            What it added: nothing, one delta or several.

        Raises:
            AssemblyError: with ``strict``, at the first finding of severity error.
            RuntimeError: the assembler is closed.
        """
        deltas: list[Delta] = []
        self._take(item, deltas)
        return deltas

    def feed_all(self, items: Iterable[Item]) -> None:
        """Fold many items in, without their deltas: for whoever wants the completion alone.

        Raises:
            AssemblyError, RuntimeError: as ``feed``.
        """
        rest = iter(items)
        for item in rest:
            self._take(item, [])
            if self._protocol is not None and not self._strict:
                break  # nothing more to look after: straight to the protocol
        if self._protocol is not None:
            take = self._protocol.take
            for item in rest:
                take(item)

    def _take(self, item: Item, deltas: list[Delta]) -> None:
        if self._completion is not None:
            raise RuntimeError("this assembler is closed; make a new one for a new stream")
        if self._protocol is None:
            self._decide(item, deltas)
        else:
            self._protocol.take(item, deltas)
        if self._strict and self._protocol is not None:
            self._raise_new_error(self._protocol.findings)

    def close(self) -> Completion:
        """Take the end of the stream and return the completion; a second call returns the same.

        Raises:
            AssemblyError: with ``strict``, if the stream did not come to its end.
        """
        if self._completion is None:
            if self._protocol is None:
                self._protocol = self._as_unknown()
            self._protocol.findings += self._notes
            self._protocol.close()
            self._completion = self._protocol.completion()
            if self._strict:
                self._raise_new_error(self._protocol.findings)
        return self._completion

    def feed_unfinished(self, event: ServerSentEvent | None) -> list[Delta]:
        """Fold in what ``Decoder.close`` handed back, with a finding that says so.

        Args:
            event: the event that the stream left without its blank line, or None.

        Raises:
            AssemblyError, RuntimeError: as ``feed``.
        """
        if event is None:
            return []
        known = list(self._protocol.findings) if self._protocol else []
        deltas = self.feed(event)
        message = "the stream ended inside its last event, before the blank line; it was folded in"
        if self._protocol and any(
            finding.code == "bad-json" for finding in self._protocol.findings[len(known) :]
        ):
            # That it is no JSON is no news of its own: it was cut.
            self._protocol.findings[:] = known
            message = "the stream ended inside the JSON of its last event, which was left out"
        self._notes.append(Finding("unfinished-event", "warning", message))
        return deltas

    def _decide(self, item: Item, deltas: list[Delta]) -> None:
        """Keep the item until one decides the protocol; then fold all of them."""
        found = _claimant(item)
        self._undecided.append(item)
        if found is not None:
            self._protocol = found()
            for kept in self._undecided:
                self._protocol.take(kept, deltas)
            self._undecided = []

    def _as_unknown(self) -> Protocol:
        unknown = Unknown()
        for item in self._undecided:
            unknown.take(item)
        return unknown

    def _raise_new_error(self, findings: list[Finding]) -> None:
        """Raise the first error among the findings that were not looked at yet."""
        new, self._checked = findings[self._checked :], len(findings)
        for finding in new:
            if finding.severity == "error":
                raise AssemblyError(
                    finding.message, self.protocol, finding.event_number, finding.code
                )


def detect(items: Iterable[Item]) -> str:
    """Return the protocol that a stream speaks, by its first event that decides.

    Args:
        items: the events of the stream, with comments and unknown fields or without. No more of
            them is taken than it needs.

    Returns:
        Its name, such as ``"anthropic-messages"``; ``"unknown"`` if no event decides.

    >>> detect([ServerSentEvent('{"type": "ping"}'), ServerSentEvent('{"type": "message_stop"}')])
    'anthropic-messages'
    >>> detect([ServerSentEvent("[DONE]")])
    'unknown'
    """
    claimants = map(_claimant, items)
    return next((protocol.name for protocol in claimants if protocol is not None), Unknown.name)


def _claimant(item: Item) -> type[Protocol] | None:
    check_item(item)
    if not isinstance(item, ServerSentEvent):
        return None
    payload: JSONValue
    try:
        payload = loads(item.data)
    except ValueError:
        payload = None  # plain text, which some protocols send
    return claimant(item, payload)
