"""A recording that is saved is read back as it was, and what it replaces is whole until then."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import BODY, SIDECAR, stamped, write

from sseparse import RecordingError
from sseparse.recording import End, Header, Read, Recording, sidecar_path

READS = (Read(0.25, BODY[:5]), Read(0.5, BODY[5:22]), Read(0.5, b""), Read(1.0, BODY[22:]))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_recording_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = Recording(READS, Header(status=200, headers=(("a", "b"),)), End("reset", t=1.5))
    path = saved.save(tmp_path / "fixture.txt")
    loaded = Recording.load(path)
    assert loaded.reads == READS
    assert loaded.header == saved.header
    assert loaded.end == End("reset", 1.5, len(BODY), hashlib.sha256(BODY).hexdigest())
    assert loaded.warnings == ()
    assert names(tmp_path) == ["fixture.txt", "fixture.txt.timing.jsonl"]


def test_a_path_may_be_a_string_and_is_returned(tmp_path: Path) -> None:
    assert Recording(READS).save(str(tmp_path / "a.txt")) == tmp_path / "a.txt"


def test_what_was_loaded_is_saved_with_all_that_is_not_known_here(tmp_path: Path) -> None:
    path = write(tmp_path, BODY, SIDECAR)
    loaded = Recording.load(path)
    copy = tmp_path / "copy.txt"
    loaded.save(copy)
    again = Recording.load(copy)
    assert (again.reads, again.header, again.end) == (loaded.reads, loaded.header, loaded.end)
    assert again.header is not None
    assert again.header.extra == {"compressed": "gzip"}
    assert again.end.extra == {"why": [1]}


def test_numbers_of_any_size_that_are_not_known_here_survive(tmp_path: Path) -> None:
    sidecar = f'{{"sseparse_timing":1,"n":{10**40},"f":0.1}}\n[1,35]\n{{"end":"eof","t":2}}\n'
    recording = Recording.load(write(tmp_path, BODY, sidecar))
    recording.save(tmp_path / "copy.txt")
    header = Recording.load(tmp_path / "copy.txt").header
    assert header is not None
    assert header.extra == {"n": 10**40, "f": 0.1}


def test_an_interrupted_recording_stays_interrupted(tmp_path: Path) -> None:
    recording = Recording(READS, end=End("interrupted"))
    loaded = Recording.load(recording.save(tmp_path / "a.txt"))
    assert loaded.end == End("interrupted")
    assert sidecar_path(tmp_path / "a.txt").read_text().count("end") == 0
    told = End("interrupted", t=2.0, extra={"error": "No space left on device"})
    loaded = Recording.load(Recording(READS, end=told).save(tmp_path / "b.txt"))
    assert loaded.end.reason == "interrupted"
    assert loaded.end.extra == told.extra


def test_length_and_hash_are_made_anew(tmp_path: Path) -> None:
    recording = Recording(READS, end=End("eof", 2.0, bytes=7, sha256="0" * 64))
    loaded = Recording.load(recording.save(tmp_path / "a.txt"))
    assert loaded.end.bytes == len(BODY)
    assert loaded.end.sha256 == hashlib.sha256(BODY).hexdigest()


# --- without measured times


def test_a_body_without_times_is_saved_alone(tmp_path: Path) -> None:
    for body in (BODY, b"", stamped(1732551210, 1732551212)):
        Recording.from_bytes(body).save(tmp_path / "a.txt", overwrite=True)
        assert names(tmp_path) == ["a.txt"]
        assert (tmp_path / "a.txt").read_bytes() == body


def test_what_is_known_of_request_and_response_is_kept_without_times(tmp_path: Path) -> None:
    header = Header(status=200, headers=(("content-type", "text/event-stream"),), timed=False)
    saved = Recording((Read(0.0, BODY),), header, End("eof"), timing="none")
    path = saved.save(tmp_path / "a.txt")
    assert len(sidecar_path(path).read_text().splitlines()) == 2
    loaded = Recording.load(path)
    assert loaded.header == header
    assert loaded.timing == "none"
    assert loaded.body == BODY
    assert loaded.warnings == ()
    with pytest.raises(RecordingError, match="it holds no times"):
        Recording.load(path, timing="sidecar")


def test_the_stamps_of_an_untimed_recording_give_its_times(tmp_path: Path) -> None:
    body = stamped(1732551210, 1732551212)
    recording = Recording.from_bytes(body)
    header = Header(status=200)
    path = Recording(recording.reads, header, timing="created").save(tmp_path / "a.txt")
    loaded = Recording.load(path)
    assert loaded.timing == "created"
    assert loaded.reads == recording.reads
    assert loaded.header == Header(status=200, timed=False)


def test_a_change_of_the_body_is_noticed_without_times_too(tmp_path: Path) -> None:
    path = Recording((Read(0.0, BODY),), Header(), timing="none").save(tmp_path / "a.txt")
    path.write_bytes(BODY.replace(b"one", b"two"))
    assert any("SHA-256 differs" in warning for warning in Recording.load(path).warnings)


def test_a_timing_file_that_no_longer_applies_is_taken_away(tmp_path: Path) -> None:
    path = Recording(READS).save(tmp_path / "a.txt")
    Recording.from_bytes(b"data: other\n\n").save(path, overwrite=True)
    assert names(tmp_path) == ["a.txt"]


# --- what is there already


@pytest.mark.parametrize("there", ["a.txt", "a.txt.timing.jsonl"])
def test_nothing_is_overwritten_unless_it_is_asked_for(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_bytes(b"precious")
    with pytest.raises(FileExistsError) as caught:
        Recording(READS).save(tmp_path / "a.txt")
    assert caught.value.filename == str(tmp_path / there)
    assert names(tmp_path) == [there]
    assert (tmp_path / there).read_bytes() == b"precious"
    Recording(READS).save(tmp_path / "a.txt", overwrite=True)
    assert Recording.load(tmp_path / "a.txt").reads == READS


def test_new_files_are_private_and_old_ones_keep_their_mode(tmp_path: Path) -> None:
    path = Recording(READS).save(tmp_path / "a.txt")
    assert mode(path) == mode(sidecar_path(path)) == 0o600
    path.chmod(0o664)
    sidecar_path(path).chmod(0o640)
    Recording(READS[:2]).save(path, overwrite=True)
    assert (mode(path), mode(sidecar_path(path))) == (0o664, 0o640)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    real = Recording(READS).save(tmp_path / "store" / "real.txt")
    link = tmp_path / "link.txt"
    link.symlink_to(real)
    sidecar_path(link).symlink_to(sidecar_path(real))
    Recording(READS[:2]).save(link, overwrite=True)
    assert link.is_symlink()
    assert sidecar_path(link).is_symlink()
    assert Recording.load(real).reads == READS[:2]
    assert names(tmp_path / "store") == ["real.txt", "real.txt.timing.jsonl"]


def test_folders_and_pipes_are_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        Recording(READS).save(tmp_path / "folder", overwrite=True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        Recording(READS).save(tmp_path / "pipe", overwrite=True)
    with pytest.raises(FileNotFoundError) as caught:
        Recording(READS).save(tmp_path / "nowhere" / "a.txt")
    assert caught.value.filename == str(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError):
        Recording(READS).save(tmp_path / "pipe" / "a.txt")


def test_where_the_second_file_cannot_be_put_in_place_the_first_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where the body is a file mounted into a container."""
    path = Recording(READS).save(tmp_path / "a.txt")
    before = sidecar_path(path).read_bytes()
    replace = Path.replace

    def busy(self: Path, target: str | os.PathLike[str]) -> Path:
        if Path(target) == path.resolve():
            raise OSError(errno.EBUSY, "Device or resource busy", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(OSError, match="busy"):
        Recording(READS[:2]).save(path, overwrite=True)
    assert sidecar_path(path).read_bytes() == before
    assert Recording.load(path).reads == READS
    assert names(tmp_path) == ["a.txt", "a.txt.timing.jsonl"]


def test_what_an_earlier_save_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    for name in (f".a.txt.{os.getpid()}", f".a.txt.timing.jsonl.{os.getpid()}"):
        (tmp_path / name).write_bytes(b"left behind")
    Recording(READS).save(tmp_path / "a.txt")
    assert len(names(tmp_path)) == 4


def test_many_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    recordings = [Recording((Read(0.0, b"%d" % n * 1000),)) for n in range(8)]
    threads = [
        threading.Thread(target=recording.save, args=(path,), kwargs={"overwrite": True})
        for recording in recordings
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in [recording.body for recording in recordings]
    assert names(tmp_path) == ["a.txt", "a.txt.timing.jsonl"]


# --- what could not be read back


@pytest.mark.parametrize(
    "recording",
    [
        Recording((Read(1.0, b"a"), Read(0.5, b"b"))),
        Recording((Read(-1.0, b"a"),)),
        Recording((Read(math.inf, b"a"),)),
        Recording((Read(math.nan, b"a"), Read(1.0, b"b"))),
        Recording((Read(1.0, b"a"),), end=End("eof", t=0.5)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, recording: Recording) -> None:
    path = Recording(READS).save(tmp_path / "a.txt")
    with pytest.raises(RecordingError, match=r"a\.txt\.timing\.jsonl"):
        recording.save(path, overwrite=True)
    assert Recording.load(path).reads == READS
    assert names(tmp_path) == ["a.txt", "a.txt.timing.jsonl"]


seconds = st.floats(0, 1e6, allow_nan=False)


@given(
    st.lists(st.tuples(seconds, st.binary(max_size=9)), max_size=9),
    seconds,
    st.sampled_from(["eof", "reset", "interrupted", "odd \u2028 reason"]),
)
def test_any_recording_is_read_back_to_the_microsecond(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[float, bytes]], t: float, why: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    times = sorted([time for time, _ in pairs])
    reads = tuple(Read(time, data) for time, (_, data) in zip(times, pairs, strict=True))
    end = End(why, t=max([t, *times]))
    Recording(reads, Header(status=200), end).save(path, overwrite=True)
    loaded = Recording.load(path)
    assert [read.data for read in loaded.reads] == [read.data for read in reads]
    assert all(abs(a.time - b.time) < 1e-6 for a, b in zip(loaded.reads, reads, strict=True))
    assert loaded.end.reason == why
    assert loaded.warnings == ()
    loaded.save(path, overwrite=True)
    assert Recording.load(path).reads == loaded.reads  # and nothing drifts any more
