"""The recorder writes down what came and when, and never gets in the way of the stream."""

from __future__ import annotations

import errno
import gc
import hashlib
import json
import logging
import os
import shutil
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse.recording import End, Recorder, Recording, Request, sidecar_path


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def lines(path: Path) -> list[object]:
    return [json.loads(line) for line in sidecar_path(path).read_bytes().splitlines()]


def fall_silent(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fixture.txt"


# --- what is written


def test_reads_are_recorded_with_their_times(path: Path) -> None:
    clock = Clock()
    with Recorder(path, clock=clock) as recorder:
        clock.now += 0.125
        recorder.response(200, [("Content-Type", "text/event-stream")])
        for step, data in ((0.25, b"data: hel"), (0.0, b"lo\n"), (1.5, b"\n")):
            clock.now += step
            recorder.write(data)
        clock.now += 0.5
    assert path.read_bytes() == b"data: hello\n\n"
    header, *reads, end = lines(path)
    assert isinstance(header, dict)
    assert header["status"] == 200
    assert header["headers"] == [["content-type", "text/event-stream"]]
    assert header["headers_at"] == 0.125
    assert reads == [[0.375, 9], [0.375, 3], [1.875, 1]]
    digest = hashlib.sha256(b"data: hello\n\n").hexdigest()
    assert end == {"end": "eof", "t": 2.375, "bytes": 13, "sha256": digest}
    assert Recording.load(path).warnings == ()


def test_times_count_from_when_the_request_was_sent(path: Path) -> None:
    clock = Clock(50.0)
    recorder = Recorder(path, sent_at=48.5, clock=clock)
    recorder.response(200)
    recorder.write(b"a")
    recorder.write(b"b", at=7.0)
    recorder.close(at=8.0)
    recording = Recording.load(path)
    assert [read.time for read in recording.reads] == [1.5, 7.0]
    assert recording.end.t == 8.0
    assert recording.header is not None
    assert recording.header.headers_at == 1.5


def test_it_is_told_on_the_wall_clock_when_the_request_was_sent(path: Path) -> None:
    clock = Clock()
    before = datetime.now(UTC)
    with Recorder(path, sent_at=clock.now - 60.0, clock=clock) as recorder:
        recorder.write(b"a")
    header = Recording.load(path).header
    assert header is not None
    assert header.started is not None
    assert header.started.endswith("Z")
    off = datetime.fromisoformat(header.started) - (before - timedelta(seconds=60))
    assert timedelta(-1) / 86400 < off < timedelta(seconds=30)


def test_a_request_that_was_only_just_sent_starts_the_times_again(path: Path) -> None:
    clock = Clock()
    recorder = Recorder(path, clock=clock)
    clock.now += 5
    assert recorder.elapsed() == 5
    recorder.sent()
    clock.now += 1
    recorder.write(b"a")
    recorder.sent()  # too late to matter
    recorder.close()
    assert [read.time for read in Recording.load(path).reads] == [1.0]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_is_taken(path: Path, kind: type[bytes]) -> None:
    with Recorder(path) as recorder:
        recorder.write(kind(b"data: 1\n\n"))
    assert Recording.load(path).body == b"data: 1\n\n"


def test_what_is_changed_after_it_was_handed_over_is_recorded_as_it_was(path: Path) -> None:
    buffer = bytearray(b"one")
    with Recorder(path) as recorder:
        recorder.write(buffer)
        buffer[:] = b"two"
        recorder.write(memoryview(buffer)[::-1])
    assert Recording.load(path).body == b"oneowt"


def test_an_empty_read_is_none(path: Path) -> None:
    with Recorder(path) as recorder:
        for data in (b"", b"a", b"", b"b", b""):
            recorder.write(data)
        assert (recorder.reads, recorder.size) == (2, 2)
    assert [read.data for read in Recording.load(path).reads] == [b"a", b"b"]


def test_a_stream_without_a_byte_is_a_recording(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.response(204)
    recording = Recording.load(path)
    assert (recording.reads, recording.body, recording.end.reason) == ((), b"", "eof")
    assert recording.end.bytes == 0


def test_without_a_response_the_first_read_begins_the_recording(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write(b"a")
        recorder.response(200, [("date", "x")])  # too late
    header = Recording.load(path).header
    assert header is not None
    assert (header.status, header.headers, header.headers_at) == (None, (), None)


def test_a_recorder_that_is_closed_at_once_leaves_an_empty_recording(path: Path) -> None:
    Recorder(path).close()
    assert Recording.load(path).end.reason == "eof"


def test_time_never_goes_back(path: Path) -> None:
    clock = Clock()
    with Recorder(path, clock=clock) as recorder:
        recorder.response(200, at=0.5)
        for at in (0.25, 2.0, 1.0, float("nan"), float("inf"), -5.0):
            recorder.write(b"x", at=at)
        clock.now -= 3600  # somebody set it
        recorder.write(b"x")
    recording = Recording.load(path)
    assert [read.time for read in recording.reads] == [0.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    assert recording.end.t == 2.0


@given(st.lists(st.tuples(st.floats(0, 1e5), st.binary(max_size=5)), max_size=12))
def test_any_reads_at_any_times_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, reads: list[tuple[float, bytes]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    with Recorder(path, overwrite=True) as recorder:
        for at, data in reads:
            recorder.write(data, at=at)
    recording = Recording.load(path)
    assert [read.data for read in recording.reads] == [data for _, data in reads if data]
    latest, expected = 0.0, []
    for at, data in reads:
        latest = max(latest, at)
        expected += [latest] if data else []
    assert [read.time for read in recording.reads] == pytest.approx(expected, abs=1e-6)
    assert recording.warnings == ()


def test_each_read_is_on_the_disk_when_it_has_been_handed_over(path: Path) -> None:
    recorder = Recorder(path)
    for number in range(5):
        recorder.write(b"data: %d\n\n" % number)
        recording = Recording.load(path)
        assert len(recording.reads) == number + 1
        assert recording.end == End("interrupted")
    recorder.close()


def test_the_files_are_private(path: Path) -> None:
    before = os.umask(0)
    try:
        Recorder(path).close()
    finally:
        os.umask(before)
    for file in (path, sidecar_path(path)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


# --- request and response


def test_of_request_and_response_only_what_is_harmless_is_kept(path: Path) -> None:
    request = Request(
        "POST",
        "https://me:hunter2@a.example/v1?key=hunter2&alt=sse",
        [("Authorization", "Bearer hunter2"), ("Content-Type", "application/json")],
        b'{"model":"m","api_key":"hunter2"}',
    )
    with Recorder(path, request=request, request_body=True) as recorder:
        recorder.response(
            200, [("Set-Cookie", "s=hunter2"), ("OpenAI-Organization", "hunter2"), ("Date", "now")]
        )
        recorder.write(b"data: 1\n\n")
    assert b"hunter2" not in sidecar_path(path).read_bytes()
    header = Recording.load(path).header
    assert header is not None
    assert header.headers == (("date", "now"),)
    assert header.request == {
        "method": "POST",
        "url": "https://a.example/v1?alt=sse",
        "headers": [["content-type", "application/json"]],
        "body": {"model": "m", "api_key": "REDACTED"},
    }


def test_the_body_of_a_response_is_recorded_byte_for_byte(path: Path) -> None:
    body = b"data: sk-proj-0123456789abcdefghijklmnop \xff\r\r\n\n\0"
    with Recorder(path) as recorder:
        recorder.write(body)
    assert path.read_bytes() == body


def test_the_first_head_of_a_response_counts(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.response(200)
        recorder.response(500)
    header = Recording.load(path).header
    assert header is not None
    assert header.status == 200


def test_what_somebody_else_decoded_is_told(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.response(200, [("content-encoding", "gzip")])
        recorder.write(b"data: 1\n\n")
    recording = Recording.load(path)
    assert recording.header is not None
    assert recording.header.decoded == "gzip"
    assert recording.body == b"data: 1\n\n"


# --- how it ends


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionResetError(104, "Connection reset by peer"), "reset"),
        (TimeoutError("timed out"), "timeout"),
        (ValueError("a bug of somebody"), "error"),
        (KeyboardInterrupt(), "interrupted"),
        (GeneratorExit(), "client_closed"),
    ],
    ids=repr,
)
def test_an_exception_ends_the_recording_and_goes_on(
    path: Path, error: BaseException, reason: str
) -> None:
    def broken() -> None:
        recorder.write(b"data: 1\n\n")
        raise error

    with pytest.raises(type(error)) as caught, Recorder(path) as recorder:
        broken()
    assert caught.value is error
    recording = Recording.load(path)
    assert recording.end.reason == recorder.end == reason
    assert recording.body == b"data: 1\n\n"
    if isinstance(error, Exception):
        assert recording.end.extra == {"error": f"{type(error).__name__}: {error}"}


def test_what_an_exception_says_is_kept_without_secrets(path: Path) -> None:
    with pytest.raises(ValueError, match="hunter2"), Recorder(path):
        raise ValueError("no answer from https://me:hunter2@a.example/v1?key=hunter2 \udcff")
    said = Recording.load(path).end.extra["error"]
    assert said == "ValueError: no answer from https://a.example/v1 ?"


def test_a_recording_is_ended_once(path: Path) -> None:
    recorder = Recorder(path, on_error=fall_silent)
    recorder.write(b"a")
    recorder.close("reset")
    recorder.close()
    recorder.write(b"b")
    recorder.response(200)
    recorder.abandon()
    with recorder:
        recorder.write(b"c")
    assert Recording.load(path).end.reason == "reset"
    assert path.read_bytes() == b"a"


def test_a_recorder_that_is_dropped_leaves_what_it_has(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write(b"a")
    del recorder
    gc.collect()
    recording = Recording.load(path)
    assert (recording.body, recording.end) == (b"a", End("interrupted"))


def test_no_file_is_left_open(path: Path) -> None:
    recorders = [Recorder(path.with_name(f"{number}.txt")) for number in range(20)]
    recorders[0].abandon()
    recorders[1].write(b"a")
    recorders[1].abandon()
    for recorder in recorders:
        recorder.close()
    lowest_free = os.dup(0)
    os.close(lowest_free)
    again = [Recorder(path.with_name(f"again-{number}.txt")) for number in range(20)]
    for recorder in again:
        recorder.close()
    assert os.dup(0) == lowest_free
    os.close(lowest_free)


# --- no response came


def test_an_abandoned_recording_leaves_nothing(path: Path) -> None:
    Recorder(path).abandon()
    assert list(path.parent.iterdir()) == []


def test_an_abandoned_recording_leaves_what_was_there(path: Path) -> None:
    path.write_bytes(b"precious")
    Recorder(path, overwrite=True).abandon()
    assert path.read_bytes() == b"precious"
    assert not sidecar_path(path).exists()


def test_a_response_that_has_begun_is_not_abandoned(path: Path) -> None:
    recorder = Recorder(path)
    recorder.response(200)
    recorder.abandon()
    recording = Recording.load(path)
    assert recording.end.reason == "interrupted"
    assert recording.header is not None
    assert recording.header.status == 200


# --- what is there already


@pytest.mark.parametrize("there", ["fixture.txt", "fixture.txt.timing.jsonl"])
def test_nothing_is_overwritten_unless_it_is_asked_for(path: Path, there: str) -> None:
    (path.parent / there).write_bytes(b"precious")
    with pytest.raises(FileExistsError) as caught:
        Recorder(path)
    assert caught.value.filename == str(path.parent / there)
    assert [file.name for file in path.parent.iterdir()] == [there]
    assert (path.parent / there).read_bytes() == b"precious"


def test_what_is_there_is_replaced_once_the_response_begins(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write(b"an old and longer recording")
    old = Recording.load(path)
    recorder = Recorder(path, overwrite=True)
    assert Recording.load(path) == old
    recorder.response(200)
    recorder.write(b"new")
    recorder.close()
    recording = Recording.load(path)
    assert [read.data for read in recording.reads] == [b"new"]
    assert recording.warnings == ()


def test_where_nothing_can_be_written_is_told_before_the_request(path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Recorder(path.parent / "nowhere" / "a.txt")
    assert caught.value.filename == str(path.parent / "nowhere")
    with pytest.raises(IsADirectoryError):
        Recorder(path.parent, overwrite=True)
    path.write_bytes(b"x")
    with pytest.raises(NotADirectoryError):
        Recorder(path / "a.txt")
    os.mkfifo(path.with_name("pipe"))
    with pytest.raises(OSError, match="no regular file"):
        Recorder(path.with_name("pipe"), overwrite=True)
    with pytest.raises(OSError, match="too long"):
        Recorder(path.with_name("x" * 250))
    assert sorted(file.name for file in path.parent.iterdir()) == ["fixture.txt", "pipe"]


# --- what goes wrong while it runs


def test_files_that_are_taken_away_are_missed_and_it_is_told_once(path: Path) -> None:
    reports: list[str] = []
    with Recorder(path, on_error=reports.append) as recorder:
        recorder.write(b"a", at=0.0)
        path.unlink()
        recorder.write(b"b", at=1.0)
        recorder.write(b"c", at=2.0)
    assert len(reports) == 1
    assert str(path) in reports[0]
    assert "the stream goes on" in reports[0]
    assert isinstance(recorder.error, OSError)
    assert recorder.error.errno == errno.ENOENT


def test_a_folder_that_is_taken_away_is_missed_at_the_end_at_the_latest(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    reports: list[str] = []
    with Recorder(tmp_path / "folder" / "a.txt", on_error=reports.append) as recorder:
        recorder.write(b"a", at=0.0)
        shutil.rmtree(tmp_path / "folder")
        recorder.write(b"b", at=0.1)
    assert len(reports) == 1


def test_an_error_is_logged_where_nobody_asks_for_it(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "sseparse"), Recorder(path) as recorder:
        recorder.write(b"a", at=0.0)
        sidecar_path(path).unlink()
        recorder.write(b"b", at=1.0)
    (record,) = caplog.records
    assert "was removed" in record.getMessage()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_that_is_no_file_is_no_place_for_a_recording() -> None:
    with pytest.raises(OSError, match="no regular file"):
        Recorder("/dev/full", overwrite=True)


def test_a_recording_that_is_being_written_can_be_read(path: Path) -> None:
    recorder = Recorder(path)
    assert Recording.load(path).reads == ()
    recorder.response(200)
    recorder.write(b"data: 1\n\n")
    assert Recording.load(path).reads[0].data == b"data: 1\n\n"
    with path.open("ab") as body:
        body.write(b"data")  # whose line has not come yet
    recording = Recording.load(path)
    assert [read.data for read in recording.reads] == [b"data: 1\n\n", b"data"]
    recorder.close()


def test_a_recording_is_written_back_as_it_was_read(path: Path, tmp_path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.response(200, [("content-type", "text/event-stream")])
        for number in range(20):
            recorder.write(b"data: %d\n\n" % number)
    recording = Recording.load(path)
    copy = recording.save(tmp_path / "copy.txt")
    assert copy.read_bytes() == path.read_bytes()
    assert sidecar_path(copy).read_bytes() == sidecar_path(path).read_bytes()


def test_several_threads_may_write_at_once(tmp_path: Path) -> None:
    with Recorder(tmp_path / "out.txt") as recorder:

        def write() -> None:
            for _ in range(300):
                recorder.write(b"data: 1\n\n")

        threads = [threading.Thread(target=write) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    recording = Recording.load(tmp_path / "out.txt")
    assert (len(recording.reads), recording.warnings) == (1800, ())


def test_what_an_exception_says_is_kept_without_its_credentials(tmp_path: Path) -> None:
    def fail() -> None:
        with Recorder(tmp_path / "out.txt"):
            raise ValueError("sent Authorization: Bearer hunter2-canary, got nothing")

    with pytest.raises(ValueError, match="got nothing"):
        fail()
    assert b"hunter2" not in (tmp_path / "out.txt.timing.jsonl").read_bytes()
    assert Recording.load(tmp_path / "out.txt").end.extra["error"] == (
        "ValueError: sent Authorization: Bearer REDACTED, got nothing"
    )
