"""From a recording to what is odd about it.

One walk, with a fold for each group of rules; what the assembler finds on the way is taken along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from sseparse._events import ServerSentEvent
from sseparse.assembly import Completion, Finding
from sseparse.inspect._check import _rules_format, _rules_protocol, _rules_timing  # noqa: F401 (they register)
from sseparse.inspect._check._format import FormatChecks
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._check._protocol import ProtocolChecks
from sseparse.inspect._check._rules import chosen
from sseparse.inspect._check._timing import TimingChecks
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead, Source, opened, walk

_ORDER = {"error": 0, "warning": 1, "info": 2}


def check(
    recording: Source,
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
    protocol: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> tuple[Finding, ...]:
    r"""Return what is odd about a stream: in its format, in what it says, and in its timing.

    Args:
        recording: a ``Recording``, or the path of one, which then is read piece by piece.
        select: codes, or groups of them (``"format"``, ``"protocol"``, ``"timing"``); None: all.
        ignore: codes or groups that are left out all the same.
        protocol: what the stream speaks; None: it is found out.
        progress: called with the bytes of each read.

    Returns:
        The findings, each code once, with its first place and how often it was found; errors first,
        then warnings, and in the order of the stream.

    Raises:
        OSError, RecordingError: the recording cannot be read; see ``Recording.load``.
        ValueError: there is no such code, group or protocol.

    >>> from sseparse.recording import Recording
    >>> chunk = b'data: {"object":"c","choices":[{"delta":{"role":"a","content":"b"}}]}\n\n'
    >>> for finding in check(Recording.from_bytes(chunk + chunk), ignore=["no-usage"]):
    ...     print(finding.severity, finding.code, finding.event_number, finding.offset)
    error incomplete 2 71
    info role-repeated 2 71
    """
    codes = chosen(select, ignore)
    recorded = opened(recording)
    fold = CheckFold(recorded)
    walk(recorded, fold, protocol=protocol, progress=progress)
    return tuple(finding for finding in fold.findings() if finding.code in codes)


class CheckFold:
    """A fold that checks; ``findings()`` gives what was found at the end.

    Args:
        recording: what is walked through.
    """

    def __init__(self, recording: Recorded) -> None:
        self._notes = Notes()
        self._folds = (
            FormatChecks(recording, self._notes),
            ProtocolChecks(self._notes),
            TimingChecks(recording, self._notes),
        )
        self._unfinished: int | None = None
        self._completion: Completion | None = None

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        for fold in self._folds:
            fold.read(read)

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        if item.kind == "unfinished" and isinstance(item.item, ServerSentEvent):
            self._unfinished = item.offset
        for fold in self._folds:
            fold.item(item)

    def end(self, completion: Completion) -> None:
        """Take the end of the stream, and what it came to."""
        self._completion = completion
        for fold in self._folds:
            fold.end(completion)
        if self._unfinished is not None:
            self._notes.note("unfinished-event", offset=self._unfinished)

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found; errors first, and in the order of the stream."""
        found = {finding.code: finding for finding in self._notes.findings()}
        for code, findings in self._assemblers().items():
            found.setdefault(code, findings[0])
            if len(findings) > 1 and found[code] is findings[0]:
                more = f" (and {len(findings) - 1:,} more)"
                found[code] = attrs.evolve(findings[0], message=findings[0].message + more)
        if "event-after-done" in found:
            found.pop("data-after-done", None)  # which says less of the same
        if "unknown-protocol" in found and self._notes.events:
            found.pop("incomplete", None)  # nobody knows how such a stream ends
        return tuple(sorted(map(self._placed, found.values()), key=_place))

    def _assemblers(self) -> dict[str, list[Finding]]:
        """Return what the assembler found, by its code."""
        found: dict[str, list[Finding]] = {}
        for finding in self._completion.findings if self._completion else ():
            found.setdefault(finding.code, []).append(finding)
        return found

    def _placed(self, finding: Finding) -> Finding:
        """Return a finding with its byte, one of the whole stream with that of its last event."""
        if finding.offset is not None:
            return finding
        last = 1 if finding.code == "unknown-protocol" else self._notes.events
        number = finding.event_number or last or None
        offset = None if number is None else self._notes.offset_of(number)
        return attrs.evolve(finding, event_number=number, offset=offset)


def _place(finding: Finding) -> tuple[int, int, str]:
    offset = -1 if finding.offset is None else finding.offset
    return _ORDER[finding.severity], offset, finding.code
