"""The times and sizes of many reads, sixteen bytes for each.

As tuples they take ten times that, and with small reads more than the body itself; so a recording
larger than memory could not be looked at for its timing alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

LARGEST = 2**63 - 1
"""Bytes; a file may say that a read had more, but no body has them."""


class ReadTimes(Sequence[tuple[float, int]]):
    """The time (in seconds) and size (in bytes) of each read, as a sequence of pairs.

    >>> times = ReadTimes([(0.25, 3)])
    >>> times.append(0.5, 4)
    >>> list(times), times[-1]
    ([(0.25, 3), (0.5, 4)], (0.5, 4))
    """

    __slots__ = ("_sizes", "_times")

    def __init__(self, pairs: Iterable[tuple[float, int]] = ()) -> None:
        self._times = array("d")
        self._sizes = array("q")
        for time, size in pairs:
            self.append(time, size)

    def append(self, time: float, size: int) -> None:
        """Add a read."""
        self._times.append(time)
        self._sizes.append(min(size, LARGEST))

    def __len__(self) -> int:
        return len(self._times)

    def __iter__(self) -> Iterator[tuple[float, int]]:
        return zip(self._times, self._sizes, strict=True)

    @overload
    def __getitem__(self, place: int) -> tuple[float, int]: ...
    @overload
    def __getitem__(self, place: slice) -> ReadTimes: ...
    def __getitem__(self, place: int | slice) -> tuple[float, int] | ReadTimes:
        if isinstance(place, slice):
            return ReadTimes(zip(self._times[place], self._sizes[place], strict=True))
        return self._times[place], self._sizes[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ReadTimes):
            return NotImplemented
        return self._times == other._times and self._sizes == other._sizes

    def __hash__(self) -> int:
        return hash((self._times.tobytes(), self._sizes.tobytes()))

    def __repr__(self) -> str:
        return f"<{len(self)} reads>"
