"""What a large recording costs to look at: ``python -m benchmarks.large_recordings``.

Recordings of a quarter, half and all of so many MiB are made, and each is given to the command in a
process of its own: the seconds of the processor it takes, and the most memory it ever has, less
what the command has with next to nothing to do. Time that is linear doubles with the size; memory
is held against the size of the file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from sseparse import Read, Recording

MIB = 2**20
GAP = 0.001
"""Seconds between two reads."""

PADDING = "x" * 150
"""What a completion chunk has besides its word."""

STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def _chunk(content: str, padding: str = "") -> bytes:
    delta = '{"index":0,"delta":{"content":"' + content + '"},"finish_reason":null}'
    return f'data: {{"id":"c-1","p":"{padding}","choices":[{delta}]}}\n\n'.encode()


SHAPES: dict[str, Callable[[int], bytes]] = {
    "chunks": lambda number: _chunk(f"word {number} ", PADDING),
    "bare chunks": lambda number: _chunk(f"w{number % 10}"),
    "megabytes": lambda number: _chunk(f"{number} " + "x" * MIB),
    "unknown": lambda number: f'data: {{"number":{number},"text":"{PADDING}"}}\n\n'.encode(),
}
"""What each read brings: chunks as providers pad them, without any padding, of a MiB each, and
events of no protocol."""


def make_recording(path: Path, size: int, shape: str = "chunks") -> None:
    """Write a recording of events, one a read, of so many bytes."""
    make = SHAPES[shape]
    reads: list[Read] = []
    written = 0
    while written < size:
        data = make(len(reads))
        reads.append(Read(len(reads) * GAP, data))
        written += len(data)
    Recording((*reads, Read(len(reads) * GAP, STOP))).save(path)


@attrs.frozen
class Cost:
    """What a run of a command cost.

    Attributes:
        seconds: of the processor, from start to end.
        memory: the most it had at once, in bytes.
    """

    seconds: float
    memory: int


def cost(command: list[str]) -> Cost:
    """Run a command in a process that tells how much memory its child had."""
    program = (
        "import resource, subprocess, sys\n"
        "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(status, used.ru_maxrss, used.ru_utime + used.ru_stime)"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=True
    )
    status, kilobytes, seconds = told.stdout.split()
    assert status in ("0", "1"), told.stderr
    return Cost(float(seconds), int(kilobytes) * 1024)


def rows(commands: list[str], size: int, shape: str) -> Iterator[str]:
    """Yield the rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.txt")
        make_recording(small, 10_000)
        sizes = [size // 4, size // 2, size]
        paths = [Path(folder, f"{each // MIB}.txt") for each in sizes]
        for path, each in zip(paths, sizes, strict=True):
            make_recording(path, each, shape)
        for name in commands:
            base = cost([sys.executable, "-m", "sseparse", name, str(small)])
            before = None
            for path in paths:
                bytes_ = path.stat().st_size
                found = cost([sys.executable, "-m", "sseparse", name, str(path)])
                seconds = found.seconds - base.seconds
                times = "" if before is None else f"{seconds / before:.2f}x"
                before = seconds
                memory = (found.memory - base.memory) / bytes_
                yield (
                    f"| {name} | {shape} | {bytes_ / MIB:.0f} MiB | {seconds:.1f} s | {times} "
                    f"| {bytes_ / MIB / seconds:.0f} MiB/s | {found.memory / MIB:.0f} MiB "
                    f"| {memory:.2f}x |"
                )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.large_recordings", description=__doc__
    )
    parser.add_argument("--size", type=int, default=100, help="MiB of the largest")
    parser.add_argument("--command", nargs="+", default=["inspect", "check"])
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=["chunks"])
    options = parser.parse_args()
    sys.stdout.write(
        "| command | of | recording | time | of half as much | speed | memory | of the file |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    for shape in options.shape:
        for row in rows(options.command, options.size * MIB, shape):
            sys.stdout.write(row + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
