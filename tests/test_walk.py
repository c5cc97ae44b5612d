"""A walk shows what a decoder gives out, and where and when each item was there."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest
import recordings
from hypothesis import given
from hypothesis import strategies as st
from strategies import cut_streams, streams

from sseparse import Decoder, Read, Recording, RecordingError, assemble
from sseparse._events import Item, ServerSentEvent
from sseparse.assembly import Completion
from sseparse.inspect import CheckFold, MetricsFold, SeenItem, SeenRead, StripFold, walk
from sseparse.recording import open_recording


@attrs.define
class Seen:
    """A fold that keeps all it is told."""

    reads: list[SeenRead] = attrs.field(factory=list)
    items: list[SeenItem] = attrs.field(factory=list)
    completion: Completion | None = None

    def read(self, read: SeenRead) -> None:
        self.reads.append(read)

    def item(self, item: SeenItem) -> None:
        self.items.append(item)

    def end(self, completion: Completion) -> None:
        self.completion = completion


def seen(*chunks: bytes) -> Seen:
    fold = Seen()
    walk(Recording(tuple(Read(number / 8, data) for number, data in enumerate(chunks))), fold)
    return fold


def decoded(body: bytes) -> list[Item]:
    decoder: Decoder[Item] = Decoder(keep_comments=True, keep_unknown=True)
    items = list(decoder.feed(body))
    rest = decoder.close()
    return items if rest is None else [*items, rest]


@given(streams)
def test_a_walk_shows_what_a_decoder_gives_out(body: bytes) -> None:
    assert [item.item for item in seen(body).items] == decoded(body)


@given(cut_streams())
def test_the_places_of_items_do_not_depend_on_the_reads(case: tuple[bytes, list[bytes]]) -> None:
    body, chunks = case
    whole, cut = seen(body).items, seen(*chunks).items
    assert [(i.item, i.number, i.offset, i.size, i.unfinished) for i in whole] == [
        (i.item, i.number, i.offset, i.size, i.unfinished) for i in cut
    ]


@given(cut_streams())
def test_an_item_was_there_with_the_read_that_brought_its_last_byte(
    case: tuple[bytes, list[bytes]],
) -> None:
    fold = seen(*case[1])
    for item in fold.items:
        first, last = fold.reads[item.first_read - 1], fold.reads[item.read - 1]
        assert first.offset <= item.offset < first.offset + len(first.data)
        if not item.unfinished:
            assert last.offset < item.offset + item.size <= last.offset + len(last.data)
        assert item.time == last.time


@given(streams)
def test_the_bytes_of_an_event_decode_to_it(body: bytes) -> None:
    for item in seen(body).items:
        if isinstance(item.item, ServerSentEvent) and not item.unfinished:
            (event,) = Decoder().feed(body[item.offset : item.offset + item.size])
            assert (event.data, event.event) == (item.item.data, item.item.event)


def test_an_event_is_there_at_the_cr_of_its_blank_line() -> None:
    fold = seen(b"data: 1\r\n\r", b"\ndata: 2\r", b"\r")
    assert [(item.offset, item.size, item.read) for item in fold.items] == [(0, 10, 1), (11, 9, 3)]


def test_a_comment_inside_an_event_has_the_time_of_its_own_line() -> None:
    fold = seen(b": waiting\n", b"data: 1\n", b"\n")
    assert [(item.kind, item.read) for item in fold.items] == [("comment", 1), ("event", 3)]


def test_the_completion_is_the_one_that_assemble_returns(fixtures_dir: Path) -> None:
    recording = Recording.load(fixtures_dir / "xai-grok-beta.txt")
    assert walk(recording) == assemble(recording)


def test_each_byte_is_looked_at_once_however_the_reads_cut_a_line() -> None:
    line = b"data: " + b"x" * 20_000
    fold = seen(*(line[at : at + 1] for at in range(len(line))), b"\n\n")
    assert len(fold.items) == 1
    assert fold.items[0].size == len(line) + 2


def test_progress_counts_the_bytes() -> None:
    sizes: list[int] = []
    walk(Recording((Read(0.0, b"data"), Read(0.1, b": 1\n\n"))), progress=sizes.append)
    assert sizes == [4, 5]


@pytest.mark.parametrize(
    ("body", "sidecar"),
    [
        (recordings.BODY, recordings.SIDECAR),
        (recordings.BODY, None),
        (recordings.stamped(1732551210, 1732551211, 1732551214), None),
        (recordings.BODY[:20], recordings.SIDECAR),
        (recordings.BODY + b"more", recordings.SIDECAR),
        (recordings.BODY, '{"sseparse_timing":1,"status":200,"timed":false}\n{"end":"reset"}\n'),
        (recordings.BODY[:5], recordings.HEADER + "[0.25,5]\n[0.5"),
        (b"", recordings.HEADER),
        (b"", None),
    ],
)
def test_a_stored_recording_has_the_reads_of_one_that_is_loaded(
    tmp_path: Path, body: bytes, sidecar: str | None
) -> None:
    path = recordings.write(tmp_path, body, sidecar)
    loaded, stored = Recording.load(path), open_recording(path)
    assert tuple(stored.reads) == loaded.reads
    assert tuple(stored.reads) == loaded.reads  # each pass opens the file anew
    assert (stored.header, stored.end, stored.timing) == (loaded.header, loaded.end, loaded.timing)
    assert stored.duration == loaded.duration
    assert bool(stored.warnings) == bool(loaded.warnings)


def test_a_recording_killed_before_its_first_byte_is_stored_as_an_empty_one(tmp_path: Path) -> None:
    path = recordings.write(tmp_path, b"", recordings.HEADER)
    path.unlink()
    assert tuple(open_recording(path).reads) == Recording.load(path).reads == ()
    assert not path.exists()


def test_what_cannot_be_loaded_cannot_be_opened_either(tmp_path: Path) -> None:
    path = recordings.write(tmp_path, recordings.BODY, "nonsense\n[1,2]\n")
    with pytest.raises(RecordingError, match="no header"):
        open_recording(path)
    with pytest.raises(FileNotFoundError):
        open_recording(tmp_path / "nowhere.txt")


@given(st.lists(st.sampled_from([b"data: 1\n\n", b": x\n\n", b"\r\n", b"data: 2\r\n\r\n", b"a"])))
def test_blocks_are_cut_from_a_file_as_from_memory(pieces: list[bytes]) -> None:
    import tempfile

    from sseparse.recording import _stored, split_blocks

    body = b"".join(pieces)
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_stored, "WINDOW", 7)
        path = Path(directory, "body.txt")
        path.write_bytes(body)
        assert [read.data for read in open_recording(path).reads] == split_blocks(body)


# What it costs


def calls(events: int) -> int:
    """Count the functions called, Python's and C's, to look at a stream of so many events."""
    chunk = b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"a","content":"b"}}]}\n\n'
    recording = Recording(tuple(Read(number / 100, chunk) for number in range(events)))
    strip = StripFold(recording.duration, 64)
    folds = (MetricsFold(recording), strip, CheckFold(recording))
    count = 0

    def seen(_: object, what: str, __: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    sys.setprofile(seen)
    try:
        walk(recording, *folds)
        folds[0].metrics(), strip.strip(), folds[2].findings()
    finally:
        sys.setprofile(None)
    return count


def test_the_work_grows_as_the_stream_does() -> None:
    calls(10)  # what is done once is done
    first, second, third = calls(200), calls(400), calls(800)
    assert second - first > 200 * 20  # it sees the work
    assert third - second <= 2.05 * (second - first)
