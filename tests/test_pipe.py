"""Into a pipe: reads of a recording that come together stay apart, and no reader holds a stream."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sseparse import Read, Recording
from sseparse.cli import _pipe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
SSEPARSE = (sys.executable, "-m", "sseparse")
MANY = 200


def bursts(tmp_path: Path) -> Path:
    """Return a recording of many reads at three moments."""
    reads = [Read(0.05 * (number % 3), b"data: %d\n\n" % number) for number in range(MANY)]
    return Recording(tuple(sorted(reads, key=lambda read: read.time))).save(tmp_path / "bursts.txt")


def test_reads_of_one_moment_are_reads_again(tmp_path: Path) -> None:
    path = bursts(tmp_path)
    with subprocess.Popen([*SSEPARSE, "replay", path], stdout=subprocess.PIPE, bufsize=0) as replay:
        assert replay.stdout is not None
        got = list(iter(lambda: replay.stdout.read(65536), b""))  # type: ignore[union-attr]
    wanted = [read.data for read in Recording.load(path).reads]
    assert b"".join(got) == b"".join(wanted)
    # (A machine with other things to do may let a reader sleep for longer than it is waited for.)
    assert len(got) > 0.9 * MANY


def test_a_reader_that_takes_nothing_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr("sseparse.cli._pipe.time.sleep", looks.append)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0) as end, os.fdopen(writer, "wb", 0) as out:
        pipe = _pipe.Pipe(out)
        pipe.wait()
        assert not looks, "there is nothing to wait for"
        out.write(b"data: 1")
        pipe.wait()
        assert looks
        looks.clear()
        pipe.wait()
        assert not looks, "it has had its time"
        end.read(100)
        pipe.wait()
        out.write(b"data: 2")
        pipe.wait()
        assert looks, "it had caught up"


def test_a_file_has_no_reader_to_wait_for(tmp_path: Path) -> None:
    with Path(tmp_path / "out").open("wb") as out:
        out.write(b"data: 1")
        _pipe.Pipe(out).wait()
    _pipe.Pipe(io.BytesIO()).wait()
