"""How much a recording stays the same when it is played and recorded again.

``python -m benchmarks.fidelity`` plays recordings in every way there is, at speed 1 and 10, records
what comes, and holds the two against each other: the bytes, where the reads end, and the times,
which should be those of the original divided by the speed. It prints the table of the README.

A pipe knows of no request, so its times are shifted as a whole until half of the reads are early
and half late; all others count from the request.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
from pathlib import Path

import attrs

from benchmarks._fidelity_streams import recorded
from benchmarks._fidelity_ways import WAYS, Way
from sseparse import Read, Recording, generate
from sseparse.replay import Transforms

TEXT = "The sea is deep, and the sky above it is wide; 很深的海洋, and none has seen it all. " * 2


def recordings() -> dict[str, Recording]:
    """Return streams of several protocols, at an uneven pace; in one the reads end anywhere."""
    pace = Transforms(ttft=0.2, token_rate=40.0, jitter=0.5)
    protocols = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")
    made = {
        protocol: generate(TEXT, protocol=protocol, transforms=attrs.evolve(pace, seed=seed))
        for seed, protocol in enumerate(protocols)
    }
    made["cut anywhere"] = generate(TEXT, transforms=attrs.evolve(pace, rechunk="random", seed=9))
    return {name: _as_received(recording) for name, recording in made.items()}


def _as_received(recording: Recording) -> Recording:
    """Join what comes at one moment, as a network does; and answer whatever is asked."""
    moments = itertools.groupby(recording.reads, key=lambda read: read.time)
    reads = [Read(time, b"".join(read.data for read in reads)) for time, reads in moments]
    header = None if recording.header is None else attrs.evolve(recording.header, request=None)
    return attrs.evolve(recording, reads=tuple(reads), header=header)


@attrs.define
class Compared:
    """What became of the recordings in one way, at one speed.

    Attributes:
        streams: how many were played.
        reads: how many reads they had.
        same_bytes: streams of which every byte came, and no other.
        same_reads: streams whose reads ended where they had.
        errors: how far each read was from its time, in seconds, either way.
    """

    streams: int = 0
    reads: int = 0
    same_bytes: int = 0
    same_reads: int = 0
    errors: list[float] = attrs.field(factory=list)

    def add(self, original: Recording, again: Recording, speed: float, *, piped: bool) -> None:
        """Hold a recording against its original."""
        self.streams += 1
        self.reads += len(original.reads)
        self.same_bytes += again.body == original.body
        same = [read.data for read in again.reads] == [read.data for read in original.reads]
        self.same_reads += same
        if same:
            due = [read.time / speed for read in original.reads]
            came = [read.time for read in again.reads]
            late = [at - then for at, then in zip(came, due, strict=True)]
            shift = statistics.median(late) if piped else 0.0
            self.errors += [abs(one - shift) for one in late]

    def percentile(self, share: float) -> float:
        """Return a percentile of the errors, in milliseconds."""
        if len(self.errors) < 2:
            return 1000 * max(self.errors, default=0.0)
        cuts = statistics.quantiles(self.errors, n=100, method="inclusive")
        return 1000 * cuts[round(share * 100) - 1]

    def row(self, way: str, speed: float) -> str:
        """Return it as a row of the table."""
        worst = 1000 * max(self.errors, default=0.0)
        return (
            f"| {way} | {speed:g} | {self.reads} | {self.same_bytes} of {self.streams} "
            f"| {self.same_reads} of {self.streams} | {self.percentile(0.5):.2f} ms "
            f"| {self.percentile(0.99):.2f} ms | {worst:.2f} ms |"
        )


HEAD = (
    "| way | speed | reads | same bytes | same reads | off by p50 | p99 | max |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def compare(way: Way, speed: float, originals: dict[str, Recording], folder: Path) -> Compared:
    """Play each recording in one way, at one speed."""
    compared = Compared()
    for number, original in enumerate(originals.values()):
        path = original.save(folder / f"{number}.txt", overwrite=True)
        again = way.again(path, speed, folder / f"again-{way.slug}-{speed:g}-{number}")
        compared.add(original, again, speed, piped=way.piped)
    return compared


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="recordings of your own")
    parser.add_argument(
        "--recorded",
        type=int,
        metavar="N",
        help="so many streams of real providers: of fixtures/, and of ../shared if it is there",
    )
    parser.add_argument("--speed", nargs="+", type=float, default=[1.0, 10.0])
    parser.add_argument("--way", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    originals = {str(path): Recording.load(path) for path in options.paths}
    if options.recorded:
        originals |= recorded(options.recorded)
    originals = originals or recordings()
    sys.stdout.write(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.way:
            for speed in options.speed:
                compared = compare(WAYS[name], speed, originals, Path(folder))
                sys.stdout.write(compared.row(name, speed) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
