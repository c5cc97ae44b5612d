"""Streams of real providers, for ``fidelity``: those of ``fixtures/`` and of the folder beside.

Most have no times of their own, and are given some: a first read after 50 ms, then 20 ms from read
to read in the mean, exponentially distributed, and every tenth read right behind the one before.
Half of them are cut anew, inside events and characters, for where reads end is there to be kept.
"""

from __future__ import annotations

import random
from pathlib import Path

from sseparse import Read, Recording
from sseparse.recording import End, Header
from sseparse.replay import Transforms

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "streams"

FEWEST_READS = 5
"""A stream of fewer says little about times."""

FIRST, GAP, BURST = 0.05, 0.02, 0.1
"""Seconds to the first read; seconds from read to read, in the mean; share of reads with no gap."""


def recorded(most: int) -> dict[str, Recording]:
    """Return up to so many streams, picked evenly from all there are; each has times."""
    paths = [
        path
        for folder in (ROOT / "fixtures", SHARED)
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".txt", ".sse")
    ]
    loaded = {str(path): Recording.load(path) for path in paths}
    timed = [(name, with_times(one, seed)) for seed, (name, one) in enumerate(loaded.items())]
    enough = [(name, one) for name, one in timed if len(one.reads) >= FEWEST_READS]
    step = max(1.0, len(enough) / most)
    return dict(enough[int(number * step)] for number in range(min(most, len(enough))))


def with_times(recording: Recording, seed: int) -> Recording:
    """Return the recording with the times it has, or with some that a provider might have had."""
    if recording.timing == "sidecar":
        return recording
    if seed % 2:
        recording = Transforms(rechunk="random", seed=seed).apply(recording)
    chance = random.Random(seed)  # noqa: S311 (the same each time)
    reads, time = [], FIRST
    for read in recording.reads:
        # (In whole microseconds, as the timing file has them.)
        reads.append(Read(round(time, 6), read.data))
        time += 0.0 if chance.random() < BURST else chance.expovariate(1 / GAP)
    header = Header(status=200, headers=(("content-type", "text/event-stream"),), headers_at=FIRST)
    return Recording(tuple(reads), header, End("eof", t=round(time, 6)))
