"""What recording costs: one read of a usual size, written to a real file, beside the floor.

A read of a stream of xAI's is 310 bytes. The floor is what writing it down cannot do without: two
bare ``os.write`` calls, of the bytes and of the line with their time. ``pytest benchmarks`` runs it
under pytest-benchmark; ``python -m benchmarks.test_recorder`` prints the figures and judges the
target.
"""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.timing import race, ratio
from sseparse.recording import Recorder, Recording

READS = 500
READ = (b'data: {"choices":[{"index":0,"delta":{"content":"word"}}]}' + b" " * 250)[:308] + b"\n\n"
MOST_MICROSECONDS = 10.0
"""Per read, of CPU time; what a stream of 100 reads a second does not notice."""

ROUNDS = 9


def recorded(path: Path) -> None:
    """Record the stream; opening, header and end are in it."""
    with Recorder(path, overwrite=True) as recorder:
        recorder.response(200)
        write = recorder.write
        for _ in range(READS):
            write(READ)


def bare(path: Path) -> None:
    """Write the same bytes, with nothing round it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    body, sidecar = os.open(path, flags, 0o600), os.open(f"{path}.bare", flags, 0o600)
    line = b"[%.6f,%d]\n" % (0.404839, len(READ))
    for _ in range(READS):
        os.write(body, READ)
        os.write(sidecar, line)
    os.close(body)
    os.close(sidecar)


def fault(path: Path) -> str | None:
    """Say what is wrong with what was recorded."""
    recording = Recording.load(path)
    if [read.data for read in recording.reads] != [READ] * READS:
        return "the reads are not those that were written"
    if recording.warnings or recording.end.reason != "eof":
        return f"{recording.end.reason}: {recording.warnings}"
    return None


@pytest.mark.benchmark(group="recorder", max_time=0.3, min_rounds=5)
@pytest.mark.parametrize("write", [recorded, bare], ids=lambda write: write.__name__)
def test_a_stream_is_written_down(
    benchmark: BenchmarkFixture, write: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "fixture.txt"
    recorded(path)
    assert fault(path) is None
    benchmark.extra_info |= {"reads": READS, "bytes": READS * len(READ)}
    benchmark(write, path)
    assert path.read_bytes() == READ * READS


def main() -> None:
    """Print the microseconds of a read, beside the floor, and whether the target is met."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fixture.txt")
        recorded(path)
        wrong = fault(path)
        times = race(
            {
                "sseparse.Recorder": lambda: recorded(path),
                "two bare os.write": lambda: bare(path.with_suffix(".bare")),
            },
            ROUNDS,
        )
    ours, floor = (
        statistics.median(times[name]) / READS * 1e6
        for name in ("sseparse.Recorder", "two bare os.write")
    )
    over = ratio(times["sseparse.Recorder"], times["two bare os.write"])
    holds = wrong is None and ours <= MOST_MICROSECONDS
    sys.stdout.write(
        f"µs per read of {len(READ)} bytes, CPU time, median of {ROUNDS} rounds of {READS} reads\n"
        f"  sseparse.Recorder  {ours:6.2f}\n"
        f"  two bare os.write  {floor:6.2f}\n"
        f"  ratio              {over:6.2f}\n"
        f"target: at most {MOST_MICROSECONDS:.0f} µs: {'pass' if holds else wrong or 'FAIL'}\n"
    )
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
