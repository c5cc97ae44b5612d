"""Recorded, replayed and recorded again a stream is the same: its bytes, its reads and its times.

How exact the times are, ``benchmarks/fidelity.py`` measures; here only what no busy machine
explains.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from benchmarks._fidelity_ways import WAYS
from benchmarks.fidelity import Compared, compare
from sseparse import Read, Recording
from sseparse.recording import End, Header

GAP = 0.03
PIECES = (b"data: \xe2\x82", b"\xac\r\n\r", b"\n", b"x" * 9000, b"\n\n", b"data: [DONE]\n\n")
NEAR = 0.015
"""Seconds that half of the reads may be off: half a gap, so that no pace is taken for another."""


def scripted(speed: float) -> Recording:
    """Return a stream with a read each ``GAP`` at the speed that it will be played at."""
    gap = GAP * speed
    reads = tuple(Read(gap * (2 + number), piece) for number, piece in enumerate(PIECES))
    header = Header(status=200, headers=(("content-type", "text/event-stream"),), headers_at=gap)
    return Recording(reads, header, End("eof", t=gap * (2 + len(PIECES))))


@pytest.mark.parametrize("speed", [1.0, 10.0])
@pytest.mark.parametrize("name", WAYS)
def test_played_and_recorded_again_it_is_the_same(name: str, speed: float, tmp_path: Path) -> None:
    for turn in range(3):  # a pipe whose reader has to wait for the machine joins two reads
        folder = tmp_path / str(turn)
        folder.mkdir()
        found: Compared = compare(WAYS[name], speed, {"scripted": scripted(speed)}, folder)
        assert found.same_bytes == found.streams == 1
        if found.same_reads and statistics.median(found.errors) < NEAR:
            return
    raise AssertionError(f"three times not the same: {found}")


def test_what_differs_is_seen() -> None:
    original = scripted(1.0)
    late = Recording(tuple(Read(read.time + 0.5, read.data) for read in original.reads))
    joined = Recording((Read(1.0, original.body),))
    other = Recording((Read(1.0, b"data: other\n\n"),))
    compared = Compared()
    compared.add(original, late, 1.0, piped=False)
    assert (compared.same_bytes, compared.same_reads) == (1, 1)
    assert compared.percentile(0.5) == pytest.approx(500)
    compared.add(original, joined, 1.0, piped=False)
    compared.add(original, other, 1.0, piped=False)
    assert (compared.streams, compared.same_bytes, compared.same_reads) == (3, 2, 1)
    piped = Compared()
    piped.add(original, late, 1.0, piped=True)
    assert piped.percentile(0.99) == pytest.approx(0, abs=1e-9)
    assert "1 of 1 | 1 of 1 | 0.00 ms" in piped.row("a pipe", 10.0)
