"""Other chunks, the same bytes: where each piece ends, and when it comes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse.recording import Read
from sseparse.replay import coalesce, rechunk

BODY = "data: é€😀\r\n\r\ndata: 2\n\n: ping\n\ndata: 3\n\n".encode()
READS = (Read(1.0, BODY[:9]), Read(2.0, BODY[9:25]), Read(3.0, BODY[25:]))

CHUNKINGS = [1, 7, 1000, "events", "random", "characters", "crlf"]

recordings = st.lists(
    st.tuples(
        st.floats(0, 100), st.binary(max_size=30) | st.sampled_from([BODY, b"\r\n", b"\n\n"])
    ),
    max_size=12,
).map(lambda reads: tuple(itertools.starmap(Read, sorted(reads))))


def datas(reads: tuple[Read, ...]) -> list[bytes]:
    return [read.data for read in reads]


def test_every_n_bytes() -> None:
    pieces = rechunk(READS, 10)
    assert [len(data) for data in datas(pieces)] == [10] * (len(BODY) // 10) + [len(BODY) % 10]


def test_one_read_for_each_event_and_comments_join_the_event_after_them() -> None:
    assert datas(rechunk(READS, "events")) == [
        "data: é€😀\r\n\r\n".encode(),
        b"data: 2\n\n",
        b": ping\n\ndata: 3\n\n",
    ]


def test_inside_every_character_of_several_bytes() -> None:
    whole = [Read(0.0, "aé€😀b".encode())]
    assert datas(rechunk(whole, "characters")) == [
        b"a\xc3",
        b"\xa9\xe2",
        b"\x82",
        b"\xac\xf0",
        b"\x9f",
        b"\x98",
        b"\x80b",
    ]


def test_between_every_cr_and_lf() -> None:
    assert datas(rechunk([Read(0.0, b"a\r\n\r\nb\n\r")], "crlf")) == [b"a\r", b"\n\r", b"\nb\n\r"]


def test_the_cuts_that_were_there_stay_where_only_more_are_made() -> None:
    plain = (Read(1.0, b"data: 1\n"), Read(2.0, b"\n"))
    assert rechunk(plain, "characters") == plain
    assert rechunk(plain, "crlf") == plain


def test_random_cuts_are_those_of_the_seed() -> None:
    body = [Read(0.0, bytes(5000))]
    assert rechunk(body, "random", 1) == rechunk(body, "random", 1)
    assert rechunk(body, "random", 1) != rechunk(body, "random", 2)
    assert all(1 <= len(data) <= 128 for data in datas(rechunk(body, "random", 3)))


def test_a_piece_comes_when_its_last_byte_came() -> None:
    reads = (Read(1.0, b"ab"), Read(2.0, b"cd"), Read(3.0, b"ef"))
    assert rechunk(reads, 3) == (Read(2.0, b"abc"), Read(3.0, b"def"))
    assert rechunk(reads, 1)[2] == Read(2.0, b"c")


@pytest.mark.parametrize("how", CHUNKINGS)
@given(reads=recordings)
def test_nothing_is_lost_changed_or_earlier(how: int, reads: tuple[Read, ...]) -> None:
    pieces = rechunk(reads, how)
    assert b"".join(datas(pieces)) == b"".join(datas(reads))
    assert all(pieces[n].time <= pieces[n + 1].time for n in range(len(pieces) - 1))
    came = [read.time for read in reads for _ in read.data]
    ends = itertools.accumulate([len(read.data) for read in pieces])
    assert [piece.time for piece in pieces] == [came[end - 1] for end in ends]


@pytest.mark.parametrize("how", [0, -1, "lines", ""])
def test_what_is_no_chunking_is_refused(how: int) -> None:
    with pytest.raises(ValueError, match="rechunk is"):
        rechunk(READS, how)


def test_reads_are_joined_and_come_with_the_last_of_them() -> None:
    reads = [Read(float(n), b"%d" % n) for n in range(5)]
    assert coalesce(reads, 2) == (Read(1.0, b"01"), Read(3.0, b"23"), Read(4.0, b"4"))
    assert coalesce(reads, 1) == tuple(reads)
    with pytest.raises(ValueError, match="coalesce is 0"):
        coalesce(reads, 0)
