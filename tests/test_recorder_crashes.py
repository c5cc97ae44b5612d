"""Killed, out of space, without permission: what the recorder had taken is there all the same.

All of it in processes of their own, which are really killed and really run out of space.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import environment
from origin import script

from sseparse._verify import verify
from sseparse.recording import End, Recording, sidecar_path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs processes that can be killed")

PATIENCE = 60


def python(code: str, *args: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        check=True,
        env=environment({"PYTHONPATH": f"{Path(__file__).parents[1]}:{Path(__file__).parent}"}),
        timeout=PATIENCE,
    )


# --- killed

KILLED = 50
WRITES = 83

# Starts one process for each recording and says what each of them has done: "NUMBER PID COUNT" once
# the recorder has returned from so many writes; -1 is before there is a recorder.
MOTHER = """
import itertools, os, sys
from pathlib import Path
from origin import script
from sseparse.recording import Recorder, Request
folder, count, writes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
data = [write.data for write in script("crlf", writes)]
request = Request("POST", "https://a.example/v1", [("accept", "text/event-stream")])

def record(number):
    def say(done):
        os.write(1, b"%d %d %d\\n" % (number, os.getpid(), done))
    say(-1)
    recorder = Recorder(folder / f"{number}.txt", request=request, overwrite=number % 2 == 1)
    say(0)
    recorder.response(200, [("content-type", "text/event-stream")])
    for done, piece in enumerate(itertools.cycle(data), 1):
        recorder.write(piece)
        say(done)

for number in range(count):
    if os.fork() == 0:
        try:
            record(number)
        finally:
            os._exit(1)
for number in range(count):
    os.wait()
"""


def kill_many(folder: Path, moments: list[int]) -> list[int]:
    """Kill each recording once it has told of so many writes; return the last it told of."""
    told = [-2] * len(moments)
    mother = subprocess.Popen(
        [sys.executable, "-c", MOTHER, str(folder), str(len(moments)), str(WRITES)],
        stdout=subprocess.PIPE,
        env=environment({"PYTHONPATH": f"{Path(__file__).parents[1]}:{Path(__file__).parent}"}),
    )
    alive = set(range(len(moments)))
    deadline = time.monotonic() + PATIENCE
    with mother:
        assert mother.stdout is not None
        for line in mother.stdout:  # to its end: what was told before the kill counts too
            number, pid, count = map(int, line.split())
            told[number] = count
            if number in alive and (count >= moments[number] or time.monotonic() > deadline):
                os.kill(pid, signal.SIGKILL)
                alive.remove(number)
    assert not alive
    return told


def test_a_recording_that_is_killed_at_any_moment_has_all_that_was_handed_over(
    tmp_path: Path,
) -> None:
    rng = random.Random(20261126)
    moments = [-1, -1, 0, 0, *(rng.randrange(1, 600) for _ in range(KILLED - 4))]
    data = [write.data for write in script("crlf", WRITES)] * 1000
    told = kill_many(tmp_path, moments)
    assert sum(count > 0 for count in told) > KILLED // 2
    for number, count in enumerate(told):
        path = tmp_path / f"{number}.txt"
        if count < 0 and not sidecar_path(path).exists():
            continue  # it had not even begun
        recording = Recording.load(path)
        pieces = [read.data for read in recording.reads]
        assert recording.end == End("interrupted")
        assert len(pieces) >= count
        assert pieces[:-1] == data[: len(pieces[:-1])]
        assert not pieces or data[len(pieces) - 1].startswith(pieces[-1])  # cut between two pages
        assert pieces[:count] == data[: max(count, 0)]
        if count > 0:
            assert recording.header is not None
            assert recording.header.status == 200
        assert {finding.severity for finding in verify(path)} <= {"warning", "info"}
        assert "interrupted" in [finding.code for finding in verify(path)]


# --- out of space

PIECE = b"data: %05d\n\n"
PER_WRITE = 40
SIZE = len(PIECE % 0) * PER_WRITE
WHOLE = b"".join(PIECE % number * PER_WRITE for number in range(3000))

FILL = """
import json, resource, signal, sys
from sseparse.recording import Recorder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
reports = []
recorder = Recorder(sys.argv[1], on_error=reports.append)
recorder.response(200, [("content-type", "text/event-stream")])
if sys.argv[2] != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
with recorder:
    for number in range(3000):
        recorder.write(b"data: %05d\\n\\n" % number * 40)
print(json.dumps([reports, recorder.reads, str(recorder.error)]))
"""


def fill(path: Path, limit: int = 0) -> tuple[list[str], int, str]:
    """Record until nothing more can be written; tell of reports, reads and the error."""
    done = python(FILL, path, str(limit))
    assert done.stderr == b""
    reports, reads, error = json.loads(done.stdout)
    return reports, reads, error


def check_recorded(path: Path, reads: int) -> None:
    recording = Recording.load(path)
    assert recording.end.reason == "interrupted"
    assert WHOLE.startswith(recording.body)
    assert [len(read.data) for read in recording.reads[:reads]] == [SIZE] * reads
    assert not [finding for finding in verify(path) if finding.severity == "error"]


@pytest.mark.parametrize("limit", [1, 200, 300, SIZE, SIZE + 1, 4096, 100_000])
def test_a_file_that_may_not_grow_ends_the_recording_not_the_stream(
    tmp_path: Path, limit: int
) -> None:
    reports, reads, error = fill(tmp_path / "a.txt", limit)
    assert len(reports) == 1
    assert "File too large" in reports[0]
    assert "File too large" in error
    assert reads == limit // SIZE
    check_recorded(tmp_path / "a.txt", reads)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can make a small disk")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_ends_the_recording_not_the_stream(small_disk: Path) -> None:
    reports, reads, error = fill(small_disk / "a.txt")
    assert len(reports) == 1
    assert "No space left on device" in reports[0]
    assert "No space left on device" in error
    assert 0 < reads * SIZE < 64 * 1024
    check_recorded(small_disk / "a.txt", reads)


def test_a_disk_that_is_full_before_the_response_ends_the_recording_too(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="space"):
        filler.write_bytes(bytes(1 << 20))
    reports, reads, _ = fill(small_disk / "a.txt")
    assert (len(reports), reads) == (1, 0)
    check_recorded(small_disk / "a.txt", 0)


# --- without permission

FORBIDDEN = """
import os, sys
from sseparse.recording import Read, Recorder, Recording
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
for write in (Recorder, Recording((Read(0.0, b"a"),)).save):
    try:
        write(sys.argv[1])
    except PermissionError as error:
        print(error.filename)
"""


def test_a_folder_that_may_not_be_written_to_is_told_before_the_request() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        done = python(FORBIDDEN, folder / "a.txt")
        assert done.stdout.decode().splitlines() == [str(sidecar_path(folder / "a.txt"))] * 2
        assert list(folder.iterdir()) == []
        folder.chmod(0o755)
