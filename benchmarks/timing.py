"""Races: several runs in one process in turn, and the ratios between them.

A B C, A B C, …: whatever slows the machine for a while slows all of them, and the ratio is taken
within each round before the median is taken over the rounds. CPU time, not wall time, for the
machine may be busy; nothing here waits for anything. The garbage collector stays on, as it is for
users; it only starts each measurement from a clean state.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping

Run = Callable[[], object]

ENOUGH = 0.02
"""Seconds that a measurement takes at least; shorter runs are repeated to get there."""


def measure(run: Run, loops: int = 1) -> float:
    """Return the CPU seconds of one run, as the mean over so many."""
    gc.collect()
    start = time.process_time()
    for _ in range(loops):
        run()
    return (time.process_time() - start) / loops


def calibrate(run: Run, enough: float = ENOUGH) -> int:
    """Return how many runs take ``enough`` seconds; the last try also warms up."""
    loops = 1
    while True:
        spent = measure(run, loops) * loops
        if spent >= enough:
            return loops
        # Aim a little over: a guess from a short measurement is a rough one.
        factor = 1.2 * enough / spent if spent > 0 else 10.0
        loops = math.ceil(loops * min(10.0, max(1.2, factor)))


def race(runs: Mapping[str, Run], rounds: int) -> dict[str, list[float]]:
    """Return the seconds per run of each, round by round."""
    # The modules of all peers together are 180,000 objects, which each full collection would look
    # at: 0.14 s, seven times the measurement, and charged to whoever makes most garbage. Frozen,
    # they are out of it; that favours the peers, if anyone.
    gc.collect()
    gc.freeze()
    try:
        loops = {name: calibrate(run) for name, run in runs.items()}
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                times[name].append(measure(run, loops[name]))
    finally:
        gc.unfreeze()
    return times


def ratio(times: list[float], base: list[float]) -> float:
    """Return the median over the rounds of time over base time.

    >>> ratio([2.0, 9.0, 2.2], [1.0, 1.0, 1.0])
    2.2
    """
    return statistics.median(a / b for a, b in zip(times, base, strict=True))
