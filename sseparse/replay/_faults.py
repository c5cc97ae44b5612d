"""Faults: a recording that breaks in the way that is named.

A fault is a pure function from a recording to a recording, so whoever plays one (to a terminal, a
socket, a client in the same process) needs to know nothing of faults: the bytes, the times, the
status and the end are what they are. A new fault is one such function, and one line in ``FAULTS``.

As people write them (``parse_faults``)::

    NAME[@event=N | @byte=N][:SECONDS or STATUS[:SECONDS]]

    cut@event=12              stall@byte=4000:3s       status:429:2s

Events are numbered from 1. A fault happens *at* its event: ``cut`` lets the events before it
through, ``stall`` waits before it, ``duplicate`` sends it twice. With ``byte=N`` it happens after N
bytes. Where a fault needs a place and none is given, the seed picks an event; one that cannot be
broken so (the last has none to change places with) is passed over for the next. Several faults are
applied one after another, each to what the one before has made. A fault that would leave the stream
as it is, is refused: a test would pass for the wrong reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import attrs

from sseparse._errors import FaultError
from sseparse.recording import Header, Recording
from sseparse.replay import _breaking as breaking
from sseparse.replay._blocks import event_blocks

Unit = Literal["event", "byte"]

LONGEST_WAIT = 86_400.0
"""Seconds of a fault: a day, which no client waits."""
_TOO_LONG = f"it takes 0 to {LONGEST_WAIT:g} seconds, which is a day"
_DIGITS = 15
"""Of a place: no stream is as long, and Python reads no number of thousands of them."""


@attrs.frozen
class Fault:
    """One fault, as it is written.

    Attributes:
        name: such as ``"cut"``; a key of ``FAULTS``.
        unit: what ``at`` counts, or None where no place is given.
        at: the event, counted from 1, or the number of bytes before it.
        seconds: how long, where that is given.
        status: the status code, where that is given.

    Raises:
        FaultError: ``seconds`` are none, or more than a day.
    """

    name: str
    unit: Unit | None = None
    at: int = 0
    seconds: float | None = None
    status: int | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what nobody can wait for."""
        if self.seconds is not None and not 0 <= self.seconds <= LONGEST_WAIT:
            raise FaultError(str(self), _TOO_LONG)

    def __str__(self) -> str:
        place = "" if self.unit is None else f"@{self.unit}={self.at}"
        arguments = [] if self.status is None else [str(self.status)]
        if self.seconds is not None:
            arguments.append(f"{self.seconds:g}s")
        return ":".join([self.name + place, *arguments])


@attrs.frozen
class Kind:
    """What a fault may be told, and what it does.

    Attributes:
        function: makes the recording with the fault; takes the recording, the place (see
            ``units``), and seconds or status where the fault has them.
        units: the places it can have; none where it needs no place.
        takes: the arguments after the colon, in order; what stands in brackets may be missing.
    """

    function: Callable[..., Recording]
    units: tuple[Unit, ...] = ()
    takes: str = ""


FAULTS: Mapping[str, Kind] = {
    "cut": Kind(breaking.cut, ("event", "byte")),
    "reset": Kind(breaking.reset, ("event", "byte")),
    "stall": Kind(breaking.stall, ("event", "byte"), "SECONDS"),
    "keep_alive": Kind(breaking.keep_alive, ("event",), "SECONDS"),
    "slow_first_byte": Kind(breaking.slow_first_byte, (), "SECONDS"),
    "drop_done": Kind(breaking.drop_done),
    "drop_finish": Kind(breaking.drop_finish),
    "duplicate": Kind(breaking.duplicate, ("event",)),
    "reorder": Kind(breaking.reorder, ("event",)),
    "inject_error": Kind(breaking.inject_error, ("event",)),
    "corrupt_utf8": Kind(breaking.corrupt_utf8, ("event",)),
    "bad_json": Kind(breaking.bad_json, ("event",)),
    "status": Kind(breaking.status, (), "STATUS[:SECONDS]"),
}
"""Every fault by its name."""

_KNOWN = f"faults are {', '.join(FAULTS)}, as in cut@event=12 or stall@byte=4000:3s"

ONLY_WAITING = ("stall", "slow_first_byte")
"""Those that change times and nothing else."""

_FAULT = re.compile(
    r"(?P<name>[a-z_0-9]+)(?:@(?P<unit>event|byte)=(?P<at>-?\d+))?(?P<arguments>(?::[^:]*)*)"
)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|)")


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Return the faults that a text names, separated by commas.

    Raises:
        FaultError: it cannot be understood, or names no fault.

    >>> parse_faults("cut@event=12")
    (Fault(name='cut', unit='event', at=12, seconds=None, status=None),)
    >>> [str(fault) for fault in parse_faults("stall@byte=4000:250ms,status:529")]
    ['stall@byte=4000:0.25s', 'status:529']
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise FaultError(text, f"it names no fault; {_KNOWN}")
    return tuple(_parse(part) for part in parts)


def _parse(text: str) -> Fault:
    match = _FAULT.fullmatch(text)
    if match is None or match["name"] not in FAULTS:
        raise FaultError(text, _KNOWN)
    name, unit = match["name"], match["unit"]
    kind = FAULTS[name]
    if unit is not None and unit not in kind.units:
        places = " or ".join(f"@{unit}=N" for unit in kind.units)
        raise FaultError(text, f"{name} takes {places}" if places else f"{name} has no place")
    if len(match["at"] or "") > _DIGITS:
        raise FaultError(text, f"no stream has so many {unit}s")
    at = int(match["at"] or 0)
    if at < 0 or (unit == "event" and at < 1):
        first = "events are counted from 1" if unit == "event" else "bytes are counted from 0"
        raise FaultError(text, first)
    seconds, status = _arguments(text, kind, match["arguments"].split(":")[1:])
    return Fault(name, unit, at, seconds, status)


def _arguments(text: str, kind: Kind, given: list[str]) -> tuple[float | None, int | None]:
    wanted = "it takes nothing"
    if kind.takes:
        example = "3s or 250ms" if kind.takes == "SECONDS" else "status:429:2s"
        wanted = f"write it {text.partition(':')[0]}:{kind.takes}, such as {example}"
    status = None
    if kind.takes.startswith("STATUS"):
        if not given or not re.fullmatch(r"[45]\d\d", given[0]):
            raise FaultError(text, f"{wanted}; an error is 400 to 599")
        status = int(given.pop(0))
    if not given:
        if kind.takes == "SECONDS":
            raise FaultError(text, wanted)
        return None, status
    match = _SECONDS.fullmatch(given[0])
    if match is None or len(given) > 1 or not kind.takes:
        raise FaultError(text, wanted)
    seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
    if seconds > LONGEST_WAIT:
        raise FaultError(text, _TOO_LONG)
    return seconds, status


def apply_faults(recording: Recording, faults: Iterable[Fault], seed: int = 0) -> Recording:
    r"""Return the recording with the faults, one after another.

    Args:
        recording: is not changed.
        faults: as ``parse_faults`` returns them.
        seed: picks the event for a fault without a place.

    Raises:
        FaultError: the stream has no such event, or nothing that the fault could break.

    >>> recording = Recording.from_bytes(b"data: 1\n\ndata: 2\n\n")
    >>> broken = apply_faults(recording, parse_faults("cut@event=2"))
    >>> broken.body, broken.end.reason
    (b'data: 1\n\n', 'truncated')
    """
    for number, fault in enumerate(faults):
        recording = _apply(recording, fault, seed + number)
    return recording


def _apply(recording: Recording, fault: Fault, seed: int) -> Recording:
    kind = FAULTS[fault.name]
    arguments = [value for value in (fault.status, fault.seconds) if value is not None]
    places = [(place,) for place in _places(recording, fault, seed)] if kind.units else [()]
    reason = ""
    for place in places:
        try:
            broken = kind.function(recording, *place, *arguments)
        except breaking.NothingToBreak as error:
            reason = reason or str(error)
            continue
        if not _same(broken, recording):
            return broken
        reason = reason or "it would leave the stream as it is"
    raise FaultError(str(fault), reason)


def _same(one: Recording, other: Recording) -> bool:
    """Whether a client could not tell them apart: the reads, the head and the end."""
    heads = [
        (header.status, tuple(header.headers), header.headers_at or 0.0)
        for header in (one.header or Header(), other.header or Header())
    ]
    ends = [(which.end.reason, which.duration) for which in (one, other)]
    return heads[0] == heads[1] and ends[0] == ends[1] and one.reads == other.reads


def _places(recording: Recording, fault: Fault, seed: int) -> list[int]:
    """Return where a fault may happen, the first choice first: offsets, or indexes of events."""
    if fault.unit == "byte":
        if fault.at > len(recording.body):
            raise FaultError(str(fault), f"the stream has {_count(len(recording.body), 'byte')}")
        return [fault.at]
    blocks = event_blocks(recording.body)
    named = fault.unit == "event"
    if not blocks or (named and not 1 <= fault.at <= len(blocks)):
        raise FaultError(str(fault), f"the stream has {_count(len(blocks), 'event')}")
    if named:
        indexes = [fault.at - 1]
    else:
        from random import Random  # 5 ms to import, and few replays leave anything to chance

        first = Random(seed).randrange(len(blocks))  # noqa: S311 (chance that can be repeated)
        indexes = [*range(first, len(blocks)), *range(first)]
    by_offset = "byte" in FAULTS[fault.name].units
    return [blocks[index].start for index in indexes] if by_offset else indexes


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
