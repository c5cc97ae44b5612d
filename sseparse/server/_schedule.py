"""One heap of deadlines for all streams, and one timer, for the earliest.

A coroutine for each stream that sleeps from chunk to chunk costs a task switch and a timer each
time, and is later with every stream more. Here a deadline is an entry in a heap, and one turn of
the event loop plays all that is due.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from typing import Protocol

TURN = 32
"""Deadlines that are met in one turn of the event loop, before it looks at its sockets again: a
request that waits there begins its stream late, and each of its chunks stays so."""

FEW = 64
"""Abandoned entries that are not worth the search for them."""


class Playable(Protocol):
    """What has deadlines."""

    closed: bool

    def play(self, now: float) -> float | None:
        """Do what is due, and return the next deadline; None: there is none for now.

        It must not enter anything into the schedule.
        """


class Schedule:
    """Calls everything that has deadlines when they are reached. Times are the event loop's."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[float, int, Playable]] = []
        self._numbers = count()  # of two that are due at one time, the first comes first
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._abandoned = 0

    def enter(self, due: float, playable: Playable) -> None:
        """Call it at this time; it must not be in the schedule already."""
        heapq.heappush(self._heap, (due, next(self._numbers), playable))
        self._arm()

    def abandon(self) -> None:
        """Note that something was closed before its time, so that it is not held for ever."""
        self._abandoned += 1
        if self._abandoned > FEW and 2 * self._abandoned > len(self._heap):
            self._heap = [entry for entry in self._heap if not entry[2].closed]
            heapq.heapify(self._heap)
            self._abandoned = 0

    def _arm(self) -> None:
        if not self._heap:
            return
        due = self._heap[0][0]
        if self._timer is not None:
            if self._timer_at <= due:
                return
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._run)

    def _run(self) -> None:
        heap, time = self._heap, self._loop.time
        turns = TURN
        now = time()
        while heap and heap[0][0] <= now:
            if not turns:
                self._timer_at = heap[0][0]
                self._timer = self._loop.call_soon(self._run)
                return
            turns -= 1
            playable = heap[0][2]
            due = playable.play(now)
            if due is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (due, next(self._numbers), playable))
            now = time()
        self._timer = None
        self._arm()
