"""Recorded, replayed and recorded again a stream is the same: its bytes, its reads and its times.

How exact the times are, ``benchmarks/fidelity.py`` measures; here only what no busy machine
explains.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest
from cli import REPOSITORY

from sseparse import Read, Recording
from sseparse.recording import End, Header

GAP = 0.04
PIECES = (b"data: \xe2\x82", b"\xac\r\n\r", b"\n", b"x" * 9000, b"\n\n", b"data: [DONE]\n\n")
NEAR = 12.0
"""Milliseconds that half of the reads may be off; at another pace they would be twice as far."""

WAYS = (
    "`replay` to a pipe",
    "`serve` to `record`",
    "`serve` to httpx",
    "httpx",
    "httpx2",
    "httpx, async",
    "httpx2, async",
    "requests",
    "aiohttp",
    "ASGI app in uvicorn",
)
Rows: TypeAlias = dict[tuple[str, str], list[str]]


def measured(path: Path, *options: str) -> Rows:
    """Return the rows of the benchmark's table: by way and speed, what came of the recording."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.fidelity", str(path), *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        timeout=120,
    )
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in told.stdout.splitlines()]
    return {(row[0], row[1]): row[2:] for row in cells[2:]}


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reads = tuple(Read(GAP * (2 + number), piece) for number, piece in enumerate(PIECES))
    header = Header(status=200, headers=(("content-type", "text/event-stream"),), headers_at=GAP)
    recording = Recording(reads, header, End("eof", t=GAP * (2 + len(PIECES))))
    return recording.save(tmp_path_factory.mktemp("fidelity") / "scripted.txt")


@pytest.fixture(scope="module")
def rows(scripted: Path) -> Rows:
    return measured(scripted)


@pytest.mark.parametrize("speed", ["1", "10"])
@pytest.mark.parametrize("way", WAYS)
def test_played_and_recorded_again_it_is_the_same(
    way: str, speed: str, rows: Rows, scripted: Path
) -> None:
    row = rows[way, speed]
    for _ in range(2):  # a reader that had to wait for the machine is given another chance
        reads, same_bytes, same_reads, median, *_ = row
        assert (reads, same_bytes) == (str(len(PIECES)), "1 of 1")
        if same_reads == "1 of 1" and float(median.removesuffix(" ms")) < NEAR:
            return
        row = measured(scripted, "--way", way, "--speed", speed)[way, speed]
    assert row[2] == "1 of 1"
    assert float(row[3].removesuffix(" ms")) < NEAR


def test_no_way_is_left_out(rows: Rows) -> None:
    assert set(rows) == {(way, speed) for way in WAYS for speed in ("1", "10")}
