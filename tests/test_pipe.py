"""Into a pipe: reads of a recording that come together stay apart, and no reader holds a stream."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sseparse import Read, Recording
from sseparse.cli import _pipe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
SSEPARSE = (sys.executable, "-m", "sseparse")
MANY = 60


def bursts(tmp_path: Path) -> Path:
    """Return a recording with three reads at each moment."""
    reads = [Read(0.02 * (number // 3), b"data: %d\n\n" % number) for number in range(MANY)]
    return Recording(tuple(reads)).save(tmp_path / "bursts.txt")


def test_reads_of_one_moment_are_reads_again(tmp_path: Path) -> None:
    path = bursts(tmp_path)
    wanted = [read.data for read in Recording.load(path).reads]

    def read_all() -> list[bytes]:
        command = [*SSEPARSE, "replay", str(path)]
        got: list[bytes] = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as replay:
            assert replay.stdout is not None
            while data := replay.stdout.read(65536):
                got.append(data)
                time.sleep(0.001)  # so that the second and the third would be there together
        assert b"".join(got) == b"".join(wanted)
        return got

    # A machine with other things to do may let a reader sleep for longer than it is waited for.
    assert any(len(read_all()) > 0.8 * MANY for _ in range(5))


def test_a_reader_that_takes_nothing_has_its_time_once_in_a_burst(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, looks = 100.0, 0

    def sleep(seconds: float) -> None:
        nonlocal now, looks
        now += 0.0001
        looks += 1

    monkeypatch.setattr("sseparse.cli._pipe.time.sleep", sleep)
    monkeypatch.setattr("sseparse.cli._pipe.time.monotonic", lambda: now)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0) as end, os.fdopen(writer, "wb", 0) as out:
        pipe = _pipe.Pipe(out)
        pipe.wait()
        assert not looks, "there is nothing to wait for"
        out.write(b"data: 1")
        pipe.wait()
        assert 0.009 < now - 100 < 0.011
        pipe.wait()
        assert now - 100 < 0.011, "it has had its time"
        now = 101.0
        pipe.wait()
        assert 0.009 < now - 101 < 0.011, "a new burst, a new chance"
        end.read(100)
        now = 102.0
        pipe.wait()
        assert now == 102


def test_a_file_has_no_reader_to_wait_for(tmp_path: Path) -> None:
    with Path(tmp_path / "out").open("wb") as out:
        out.write(b"data: 1")
        _pipe.Pipe(out).wait()
    _pipe.Pipe(io.BytesIO()).wait()
