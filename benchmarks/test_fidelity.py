"""The benchmark of fidelity sees what differs."""

from __future__ import annotations

import pytest

from benchmarks.fidelity import Compared, recordings
from sseparse import Read, Recording

ORIGINAL = Recording((Read(0.5, b"data: 1\n\n"), Read(1.0, b"data: [DONE]\n\n")))
LATE = Recording(tuple(Read(read.time + 0.5, read.data) for read in ORIGINAL.reads))


def test_what_is_late_joined_or_changed_is_seen() -> None:
    """Each is counted as what it is."""
    compared = Compared()
    compared.add(ORIGINAL, LATE, 1.0, piped=False)
    assert (compared.same_bytes, compared.same_reads) == (1, 1)
    assert compared.percentile(0.5) == pytest.approx(500)
    compared.add(ORIGINAL, Recording((Read(1.0, ORIGINAL.body),)), 1.0, piped=False)
    compared.add(ORIGINAL, Recording((Read(1.0, b"data: other\n\n"),)), 1.0, piped=False)
    assert (compared.streams, compared.same_bytes, compared.same_reads) == (3, 2, 1)


def test_through_a_pipe_times_may_be_shifted_as_a_whole() -> None:
    """There is no request to count from."""
    piped = Compared()
    piped.add(ORIGINAL, LATE, 1.0, piped=True)
    assert piped.percentile(0.99) == pytest.approx(0, abs=1e-9)
    assert "1 of 1 | 1 of 1 | 0.00 ms" in piped.row("a pipe", 10.0)


def test_the_speed_divides_the_times() -> None:
    """Ten times as fast, the same is in time."""
    fast = Recording(tuple(Read(read.time / 10, read.data) for read in ORIGINAL.reads))
    compared = Compared()
    compared.add(ORIGINAL, fast, 10.0, piped=False)
    assert compared.percentile(0.5) == pytest.approx(0, abs=1e-9)


def test_no_two_reads_of_its_recordings_come_at_once() -> None:
    """Through a pipe they would be one."""
    for recording in recordings().values():
        times = [read.time for read in recording.reads]
        assert times == sorted(set(times))
