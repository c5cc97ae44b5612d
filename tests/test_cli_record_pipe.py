"""``… | sseparse record``: from stdin, with a real curl in front of it."""

from __future__ import annotations

import re
import shutil
import signal
from itertools import accumulate
from pathlib import Path

import pytest
from cli import (
    FIXTURE,
    REPOSITORY,
    feed,
    finish,
    on_terminal,
    posix,
    read_some,
    run,
    shell,
    start,
    wait_until_read,
)
from origin import Served, origin
from recorded import EOLS, NEAR, in_threads, served

from sseparse import Recording
from sseparse.recording import sidecar_path

SEED = (REPOSITORY / FIXTURE).read_bytes()
curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@curl
@posix
def test_what_curl_writes_is_recorded_read_by_read_with_its_times(tmp_path: Path) -> None:
    with origin() as server:

        def record(name: str, attempt: int = 1) -> None:
            # The response waits a second: times count from when both processes are up.
            tag, out = f"{name}-{attempt}", tmp_path / f"{name}-{attempt}"
            url = server.url(name, delay=1, tag=tag)
            done = shell(f"curl -sN '{url}' | $sseparse record -o {out} --tee | wc -c")
            fact = served(server, tag)
            assert done.status == 0, done.err
            assert int(done.out) == len(fact.body)
            recording = Recording.load(out)
            assert recording.body == fact.body
            assert recording.end.reason == "eof"
            try:
                check_reads(recording, fact)
            except AssertionError:
                if attempt < 3:
                    record(name, attempt + 1)
                else:
                    check_that_reads_are_writes(recording, fact)

        def check_reads(recording: Recording, fact: Served) -> None:
            assert [read.data for read in recording.reads] == [write.data for write in fact.writes]
            # When curl sent the request, a recorder behind a pipe cannot know: gaps are compared.
            first, wrote = recording.reads[0].time, fact.writes[0].time
            apart = sorted(
                abs((read.time - first) - (write.time - wrote))
                for read, write in zip(recording.reads, fact.writes, strict=True)
            )
            assert apart[len(apart) // 2] < NEAR

        def check_that_reads_are_writes(recording: Recording, fact: Served) -> None:
            # A machine that is busy all the time is late, and a pipe joins what nobody fetched in
            # time: whole writes, if so.
            reads = list(accumulate(len(read.data) for read in recording.reads))
            assert set(reads) <= set(accumulate(len(write.data) for write in fact.writes))
            assert len(reads) > 0.3 * len(fact.writes)

        in_threads(*(lambda name=name: record(name) for name in EOLS))


@posix
def test_each_read_is_on_disk_and_passed_on_before_the_next_comes(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with start("record", "-o", out, "--tee") as process:
        for number in range(1, 4):
            feed(process, b"data: %d\n\n" % number)
            assert read_some(process.stdout) == b"data: %d\n\n" % number
            wait_until_read(process)
        feed(process, b"data: [DONE]\n\n")
        assert read_some(process.stdout) == b"data: [DONE]\n\n"
        assert out.read_bytes().startswith(b"data: 1\n\ndata: 2\n\ndata: 3\n\n")
        assert finish(process).status == 0
    assert len(Recording.load(out).reads) == 4


@posix
def test_a_kill_leaves_what_came_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with start("record", "-o", out, "--tee") as process:
        feed(process, SEED[:1000])
        assert read_some(process.stdout) == SEED[:1000]
        feed(process, SEED[1000:1500])
        assert read_some(process.stdout) == SEED[1000:1500]
        process.send_signal(signal.SIGKILL)
        process.wait()
    recording = Recording.load(out)
    assert recording.end.reason == "interrupted"
    assert SEED.startswith(recording.body)
    assert len(recording.body) >= 1000


@posix
def test_when_the_reader_behind_tee_goes_away_the_recording_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with start("record", "-s", "-o", out, "--tee") as process:
        feed(process, SEED[:1000])
        assert read_some(process.stdout) == SEED[:1000]
        assert process.stdout is not None
        process.stdout.close()
        feed(process, SEED[1000:2000])
        assert process.wait(20) == 141
        process.stdout = None
    assert Recording.load(out).end.reason == "client_closed"


def test_nothing_on_stdin_is_no_recording(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_bytes(b"old")
    result = run("record", "-o", out, "--force")
    assert result.status == 1
    assert result.error_lines == ["sseparse: nothing came on stdin, so nothing is recorded"]
    assert out.read_bytes() == b"old"
    assert not sidecar_path(out).exists()


def test_what_is_no_stream_is_recorded_and_told_of(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    result = run("record", "-o", out, stdin=b'{"error": "no API key"}')
    assert result.status == 1
    assert 'this is no event stream; it begins with {"error": "no API key"}' in result.err
    assert out.read_bytes() == b'{"error": "no API key"}'


@posix
def test_a_terminal_for_stdin_is_nothing_to_record(tmp_path: Path) -> None:
    status, shown = on_terminal("record", "-o", str(tmp_path / "out.txt"))
    assert status == 2
    assert "nothing to record: give a URL, or pipe a stream in" in shown
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_full_disk_ends_the_recording_and_not_the_stream(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    limited = f"trap '' XFSZ; ulimit -f 8; cat {FIXTURE} | $sseparse record -o {out} --tee -s"
    result = shell(f"({limited})")
    assert result.out == SEED
    assert result.status == 1
    (line,) = result.error_lines
    assert line == f"sseparse: {out}: File too large; the recording ends here, the stream goes on"
    recording = Recording.load(out)
    assert recording.end.reason == "interrupted"
    assert SEED.startswith(recording.body)
    assert recording.body


@posix
def test_a_folder_that_is_removed_ends_the_recording_and_not_the_stream(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with start("record", "-s", "-o", folder / "out.txt", "--tee") as process:
        feed(process, SEED[:1000])
        assert read_some(process.stdout) == SEED[:1000]
        shutil.rmtree(folder)
        feed(process, SEED[1000:])
        result = finish(process)
    assert (result.status, result.out) == (1, SEED[1000:])
    (line,) = result.error_lines
    assert "the file was removed while it was being written" in line


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder closed to all")
def test_a_folder_that_nobody_may_write_to_is_told_of() -> None:
    result = run("record", "-o", "/sys/kernel/out.txt", stdin=SEED)
    assert (result.status, len(result.error_lines)) == (2, 1)
    assert re.search("/sys/kernel/out.txt.*: (Permission denied|Read-only)", result.err)


def test_a_dash_is_stdin_as_everywhere(tmp_path: Path) -> None:
    out = tmp_path / "answer.txt"
    done = run("record", "-", "-o", str(out), stdin=SEED)
    assert done.status == 0, done.err
    assert out.read_bytes() == SEED
