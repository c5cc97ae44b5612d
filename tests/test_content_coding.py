"""Content codings are undone read by read, and each read gives at once what it brings."""

from __future__ import annotations

import gzip
import itertools
import random
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from sseparse.recording import Recorder, Recording
from sseparse.recording._content_coding import BadContentEncoding, ContentDecoder, coding_in

EVENTS = [b'data: {"choices":[{"delta":{"content":"word %d"}}]}\n\n' % n for n in range(40)]
BODY = b"".join(EVENTS)


def _zlib_flushed(wbits: int) -> Callable[[Iterable[bytes]], list[bytes]]:
    def pieces(events: Iterable[bytes]) -> list[bytes]:
        coder = zlib.compressobj(wbits=wbits)
        flushed = [coder.compress(event) + coder.flush(zlib.Z_SYNC_FLUSH) for event in events]
        return [*flushed, coder.flush()]

    return pieces


def _brotli_flushed(events: Iterable[bytes]) -> list[bytes]:
    coder = brotli.Compressor()
    return [*[coder.process(event) + coder.flush() for event in events], coder.finish()]


def _zstd_flushed(events: Iterable[bytes]) -> list[bytes]:
    coder = zstd.ZstdCompressor()
    return [*[coder.compress(event, coder.FLUSH_BLOCK) for event in events], coder.flush()]


def _twice(events: Iterable[bytes]) -> list[bytes]:
    """Brotli round gzip, as ``content-encoding: gzip, br`` says."""
    return _brotli_flushed(_zlib_flushed(zlib.MAX_WBITS | 16)(events))


CODERS: dict[str, tuple[str, Callable[[Iterable[bytes]], list[bytes]]]] = {
    "gzip": ("gzip", _zlib_flushed(zlib.MAX_WBITS | 16)),
    "x-gzip": ("x-gzip", _zlib_flushed(zlib.MAX_WBITS | 16)),
    "deflate": ("deflate", _zlib_flushed(zlib.MAX_WBITS)),
    "raw deflate": ("deflate", _zlib_flushed(-zlib.MAX_WBITS)),
    "small deflate": ("deflate", _zlib_flushed(9)),
    "br": ("br", _brotli_flushed),
    "zstd": ("zstd", _zstd_flushed),
    "gzip, br": ("gzip, br", _twice),
}
every_coding = pytest.mark.parametrize(("coding", "flushed"), CODERS.values(), ids=CODERS)


def decode(coding: str, reads: Iterable[bytes]) -> list[bytes]:
    decoder = ContentDecoder(coding)
    return [decoder.decode(read) for read in reads]


@every_coding
def test_each_read_gives_at_once_what_it_brings(
    coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]
) -> None:
    given_ = decode(coding, flushed(EVENTS))
    assert given_[: len(EVENTS)] == EVENTS
    assert b"".join(given_[len(EVENTS) :]) == b""


@every_coding
def test_a_body_is_the_same_whole_byte_by_byte_and_cut_anywhere(
    coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]
) -> None:
    data = b"".join(flushed(EVENTS))
    assert decode(coding, [data]) == [BODY]
    assert b"".join(decode(coding, [data[at : at + 1] for at in range(len(data))])) == BODY
    for seed in range(20):
        cuts = [0, *sorted(random.Random(seed).choices(range(len(data)), k=9)), len(data)]
        reads = [data[start:end] for start, end in itertools.pairwise(cuts)]
        assert b"".join(decode(coding, reads)) == BODY


@every_coding
def test_of_a_body_that_was_cut_short_all_that_came_is_given(
    coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]
) -> None:
    pieces = flushed(EVENTS)
    assert b"".join(decode(coding, pieces[:20])) == b"".join(EVENTS[:20])
    cut = b"".join(pieces[:20]) + pieces[20][:3]
    assert b"".join(decode(coding, [cut])).startswith(b"".join(EVENTS[:20]))


@every_coding
def test_garbage_is_refused(coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]) -> None:
    with pytest.raises(BadContentEncoding, match=r"the body is no "):
        decode(coding, [b"\x07data: this was never compressed\n\n" * 20])


@every_coding
def test_bytes_damaged_on_the_way_are_refused_or_show(
    coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]
) -> None:
    data = bytearray(b"".join(flushed(EVENTS)))
    for at in range(len(data) // 3, len(data) // 3 + 40):
        data[at] ^= 0xFF
    try:
        came = decode(coding, [bytes(data)])
    except BadContentEncoding:
        return
    assert b"".join(came) != BODY


@every_coding
def test_an_empty_body_gives_nothing(
    coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]
) -> None:
    assert b"".join(decode(coding, [b"", *flushed([]), b""])) == b""
    assert decode(coding, []) == []


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_members_that_follow_one_another_are_one_body(coding: str, size: int) -> None:
    compress = gzip.compress if coding == "gzip" else zstd.compress
    data = compress(b"data: 1\n\n") + compress(b"") + compress(b"data: 2\n\n")
    reads = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(decode(coding, reads)) == b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
@pytest.mark.parametrize("garbage", [b"\0" * 20, b"garbage", b"\x1f\x8b garbage", b"\n"])
def test_garbage_behind_a_whole_body_is_ignored(coding: str, garbage: bytes) -> None:
    whole = {
        "gzip": gzip.compress(BODY),
        "zstd": zstd.compress(BODY),
        "deflate": zlib.compress(BODY),
    }
    data = whole[coding] + garbage
    assert b"".join(decode(coding, [data])) == BODY
    assert b"".join(decode(coding, [data, b"more"])) == BODY
    assert b"".join(decode(coding, [data[at : at + 1] for at in range(len(data))])) == BODY


def test_garbage_behind_brotli_is_ignored_where_it_comes_by_itself() -> None:
    assert decode("br", [brotli.compress(BODY), b"garbage", b""]) == [BODY, b"", b""]


def test_damage_inside_a_second_member_is_no_garbage_behind_the_first() -> None:
    second = bytearray(gzip.compress(random.Random(1).randbytes(100_000)))
    second[60_000:60_100] = b"\xff" * 100
    with pytest.raises(BadContentEncoding):
        decode("gzip", [gzip.compress(b"one") + bytes(second[:40_000]), bytes(second[40_000:])])


def test_a_decoder_that_failed_does_not_give_more() -> None:
    decoder = ContentDecoder("gzip")
    for _ in range(2):
        with pytest.raises(BadContentEncoding):
            decoder.decode(b"this is no gzip at all")


@pytest.mark.parametrize("coding", ["snappy", "aws-chunked", "gzip, rot13", "identity2"])
def test_a_coding_that_is_not_known_is_named(coding: str) -> None:
    with pytest.raises(BadContentEncoding, match=rf"'{coding.split(', ')[-1]}' is not known"):
        ContentDecoder(coding)


@pytest.mark.parametrize(
    ("values", "coding"),
    [
        ([], ""),
        (["identity"], ""),
        ([""], ""),
        ([" GZip "], "gzip"),
        (["gzip, br"], "gzip, br"),
        (["gzip", "identity", "BR"], "gzip, br"),
        ([",,gzip,"], "gzip"),
    ],
)
def test_the_coding_is_read_off_the_headers(values: list[str], coding: str) -> None:
    headers = [("Content-Type", "text/plain"), *(("Content-ENCODING", value) for value in values)]
    assert coding_in(headers) == coding


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from(list(CODERS)))
def test_any_bytes_come_out_as_they_went_in(pieces: list[bytes], name: str) -> None:
    coding, flushed = CODERS[name]
    data = b"".join(flushed(pieces))
    assert b"".join(decode(coding, [data[at : at + 5] for at in range(0, len(data), 5)])) == (
        b"".join(pieces)
    )


@every_coding
def test_a_recorder_records_what_the_bytes_mean(
    tmp_path: Path, coding: str, flushed: Callable[[Iterable[bytes]], list[bytes]]
) -> None:
    path = tmp_path / "fixture.txt"
    with Recorder(path) as recorder:
        recorder.response(200, [("Content-Encoding", coding)], raw=True)
        for piece in flushed(EVENTS):
            recorder.write(piece)
    recording = Recording.load(path)
    assert [read.data for read in recording.reads] == EVENTS
    assert recording.header is not None
    assert recording.header.decoded == coding
    assert recording.warnings == ()


def test_a_body_that_cannot_be_decoded_ends_the_recording_and_says_so(tmp_path: Path) -> None:
    reports: list[str] = []
    path = tmp_path / "fixture.txt"
    with Recorder(path, on_error=reports.append) as recorder:
        recorder.response(200, [("content-encoding", "gzip")], raw=True)
        recorder.write(gzip.compress(b"data: 1\n\n")[:-8])
        recorder.write(b"garbage" * 9)
        recorder.write(b"more")
    recording = Recording.load(path)
    assert recording.body == b"data: 1\n\n"
    assert recording.end.reason == "bad_content_encoding"
    assert len(reports) == 1
