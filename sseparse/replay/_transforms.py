"""All that can be done to a recording before it is played, in one value and one fixed order.

1. chunking: ``rechunk``, then ``coalesce``
2. times: ``interval``, ``rate`` or ``token_rate``; then ``ttft``; then ``jitter``
3. ``faults``
4. ``max_gap``, then ``speed``

So a fault counts events and bytes as they are sent, and its seconds are seconds of the recording,
which ``max_gap`` and ``speed`` change like all others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from numbers import Integral, Real

import attrs

from sseparse._errors import FaultError
from sseparse.recording import Read, Recording
from sseparse.replay import _pacing as pacing
from sseparse.replay import _rates as rates
from sseparse.replay._chunking import Chunking, coalesce, rechunk
from sseparse.replay._faults import ONLY_WAITING, Fault, apply_faults, parse_faults


def _as_faults(faults: str | Fault | Iterable[str | Fault] | None) -> tuple[Fault, ...]:
    if isinstance(faults, bytes) or not isinstance(faults, str | Fault | Iterable | None):
        raise TypeError(_NO_FAULTS.format(faults))
    given = [faults] if isinstance(faults, str | Fault) else list(faults or ())
    if not all(isinstance(one, str | Fault) for one in given):
        raise TypeError(_NO_FAULTS.format(faults))
    parsed = [parse_faults(one) if isinstance(one, str) else (one,) for one in given]
    return tuple(itertools.chain.from_iterable(parsed))


_NO_FAULTS = (
    "faults is {!r}; it is a text, such as 'cut@event=12', or a list of texts and Fault values"
)

_NUMBERS = {
    "coalesce": (Integral, "a whole number"),
    "interval": (Real | None, "a number of seconds, or None"),
    "rate": (Real | None, "a number of events per second, or None"),
    "token_rate": (Real | None, "a number of tokens per second, or None"),
    "ttft": (Real | None, "a number of seconds, or None"),
    "jitter": (Real, "a number from 0 to 1"),
    "max_gap": (Real | None, "a number of seconds, or None"),
    "speed": (Real, "a number above 0"),
    "seed": (Integral, "a whole number"),
}
"""What each of the numbers may be."""


@attrs.frozen(kw_only=True)
class Transforms:
    r"""What a recording becomes before it is played.

    Attributes:
        rechunk: cut the bytes elsewhere: every so many, or see ``rechunk``; None: as recorded.
        coalesce: join so many reads into one.
        interval: seconds from each read to the next.
        rate: events per second, one read for each unless ``rechunk`` says otherwise.
        token_rate: tokens per second, in the same way; see ``token_rate``.
        ttft: seconds to the first token.
        jitter: the share of itself, 0 to 1, by which each gap is changed by chance.
        faults: what breaks, as text (``"cut@event=12,stall@byte=4000:3s"``), or as several texts
            or ``Fault`` values.
        max_gap: the longest gap to leave, in seconds of the recording.
        speed: 2.0 is twice as fast, ``math.inf`` at once.
        seed: of all that is left to chance: the same seed, the same bytes and times.

    Raises:
        ValueError: two of ``interval``, ``rate`` and ``token_rate`` are given. (What is out of its
            range is refused by ``apply``.)
        FaultError: (a ValueError) the text of ``faults`` cannot be understood or names none, or one
            of them is a wait that ``speed`` or ``max_gap`` does not leave.
        TypeError: an option is of another type than it takes.

    >>> recording = Recording((Read(1.0, b"data: 1\n\n"), Read(3.0, b"data: 2\n\n")))
    >>> Transforms(faults="stall@event=2:1s", speed=2.0).apply(recording).reads[1].time
    2.0
    """

    rechunk: int | Chunking | None = None
    coalesce: int = 1
    interval: float | None = None
    rate: float | None = None
    token_rate: float | None = None
    ttft: float | None = None
    jitter: float = 0.0
    faults: tuple[Fault, ...] = attrs.field(default=(), converter=_as_faults)
    max_gap: float | None = None
    speed: float = 1.0
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, (kind, words) in _NUMBERS.items():
            if not isinstance(value := getattr(self, name), kind) or isinstance(value, bool):
                raise TypeError(f"{name} is {value!r}; it is {words}")
        paces = {"interval": self.interval, "rate": self.rate, "token_rate": self.token_rate}
        given = [name for name, value in paces.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are both given; a stream has one pace")
        for fault in self.faults:
            if fault.name in ONLY_WAITING:
                self._check_wait(fault)

    def _check_wait(self, fault: Fault) -> None:
        """Refuse a wait that would not be there, or not be as long as it says."""
        if self.speed == math.inf:
            reason = "it is a wait, and at full speed nothing is waited for: give a speed"
            raise FaultError(str(fault), reason)
        seconds = fault.seconds or 0.0
        if self.max_gap is not None and seconds > self.max_gap:
            reason = (
                f"it is a wait of {seconds:g} s, and max_gap leaves none above {self.max_gap:g} s: "
                f"give a max_gap of {seconds:g} or more"
            )
            raise FaultError(str(fault), reason)

    def apply(self, recording: Recording) -> Recording:
        """Return the recording as it is to be played; nothing happens to the one given.

        Raises:
            ValueError: an option is out of its range.
            FaultError: (a ValueError) the recording has no such event, or nothing that a fault
                could break.
        """
        if self == _NOTHING:
            return recording
        recording = _with_reads(recording, self._paced(self._chunked(recording.reads)))
        recording = apply_faults(recording, self.faults, self.seed)
        return self._hurried(recording)

    def _chunked(self, reads: tuple[Read, ...]) -> tuple[Read, ...]:
        how = self.rechunk
        if how is None and (self.rate is not None or self.token_rate is not None):
            how = "events"
        if how is not None:
            reads = rechunk(reads, how, self.seed)
        return reads if self.coalesce == 1 else coalesce(reads, self.coalesce)

    def _paced(self, reads: tuple[Read, ...]) -> tuple[Read, ...]:
        if self.interval is not None:
            reads = rates.interval(reads, self.interval)
        if self.rate is not None:
            reads = rates.rate(reads, self.rate)
        if self.token_rate is not None:
            reads = rates.token_rate(reads, self.token_rate)
        if self.ttft is not None:
            reads = rates.ttft(reads, self.ttft)
        return rates.jitter(reads, self.jitter, self.seed)

    def _hurried(self, recording: Recording) -> Recording:
        """Apply ``max_gap`` and ``speed``, to the end as to the reads."""
        timed = [*recording.reads, Read(recording.duration, b"")]
        paced = tuple(pacing.schedule(timed, speed=self.speed, max_gap=self.max_gap))
        head = _head(recording)
        if head:
            (sooner,) = pacing.schedule([Read(head, b"")], speed=self.speed, max_gap=self.max_gap)
            head = sooner.time
        return _timed(recording, paced[:-1], head, paced[-1].time)


_NOTHING = Transforms()


def as_transforms(given: Transforms) -> Transforms:
    """Return what was given, if it is what it should be.

    Raises:
        TypeError: it is something else, such as the options of a ``Transforms`` in a dict.
    """
    if isinstance(given, Transforms):
        return given
    kind = type(given).__name__
    raise TypeError(
        f"transforms= takes a Transforms, such as Transforms(speed=10.0); this is {kind}"
    )


def _with_reads(recording: Recording, reads: tuple[Read, ...]) -> Recording:
    """Return the recording with other reads; the end keeps its distance to the last of them."""
    if reads == recording.reads:
        return recording
    last = recording.reads[-1].time if recording.reads else 0.0
    ends_at = recording.duration - last + (reads[-1].time if reads else 0.0)
    return _timed(recording, reads, _head(recording), ends_at)


def _head(recording: Recording) -> float | None:
    """Return when the head of the response came, if that is known."""
    return None if recording.header is None else recording.header.headers_at


def _timed(
    recording: Recording, reads: tuple[Read, ...], head: float | None, ends_at: float
) -> Recording:
    """Return the recording with other times; the head comes before the first read."""
    header = recording.header
    if header is not None and head is not None:
        first = reads[0].time if reads else ends_at
        header = attrs.evolve(header, headers_at=min(head, first))
    end = attrs.evolve(recording.end, t=ends_at, bytes=None, sha256=None)
    return attrs.evolve(recording, reads=reads, header=header, end=end, path=None, warnings=())
