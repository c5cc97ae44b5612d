"""Paces that a stream is given: every time computed by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse import Recording
from sseparse.recording import Read
from sseparse.replay import interval, jitter, rate, token_rate, ttft


def times(reads: Iterable[Read]) -> list[float]:
    return [round(read.time, 9) for read in reads]


def chunk(**delta: str) -> bytes:
    inside = ",".join(f'"{name}":"{value}"' for name, value in delta.items())
    return (
        b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{%b}}]}\n\n'
        % inside.encode()
    )


def usage(output: int) -> bytes:
    return (
        b'data: {"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,'
        b'"completion_tokens":%d,"total_tokens":9}}\n\n' % output
    )


CHAT = (
    Read(1.0, chunk(role="assistant")),
    Read(2.0, chunk(content="ab")),
    Read(2.5, chunk(content="cdef")),
    Read(9.0, chunk(content="gh")),
)


def test_an_interval_puts_every_read_so_far_behind_the_one_before() -> None:
    assert times(interval(CHAT, 0.5)) == [1.0, 1.5, 2.0, 2.5]
    assert times(interval(CHAT, 0.0)) == [1.0] * 4
    assert interval([], 1.0) == ()
    for endless in (interval, ttft):
        with pytest.raises(ValueError, match="is inf; it counts seconds"):
            endless(CHAT, float("inf"))


def test_a_rate_counts_events_whatever_the_reads() -> None:
    assert times(rate(CHAT, 4.0)) == [1.0, 1.25, 1.5, 1.75]
    # A read that ends inside an event comes with that event.
    body = b"".join(read.data for read in CHAT)
    cut = [Read(1.0, body[:10]), Read(1.0, body[10 : len(CHAT[0].data) + 1]), Read(5.0, b"")]
    assert times(rate([*cut, Read(5.0, body[len(CHAT[0].data) + 1 :])], 4.0)) == [
        1.0,
        1.25,
        1.25,
        1.75,
    ]


def test_a_comment_comes_with_the_event_after_it() -> None:
    reads = [Read(0.0, b"data: 1\n\n"), Read(0.0, b": ping\n\n"), Read(0.0, b"data: 2\n\n")]
    assert times(rate(reads, 2.0)) == [0.0, 0.5, 0.5]


def test_without_usage_each_event_with_text_is_a_token() -> None:
    assert times(token_rate(CHAT, 2.0)) == [1.0, 1.0, 1.5, 2.0]


def test_the_tokens_that_usage_tells_are_divided_by_length() -> None:
    # 16 tokens for 8 characters: 4, 8 and 4; the first are there when the clock starts.
    reads = [*CHAT, Read(9.0, usage(16))]
    assert times(token_rate(reads, 4.0)) == [1.0, 1.0, 3.0, 4.0, 4.0]


def test_the_first_token_comes_when_it_is_told_and_the_rest_keeps_its_pace() -> None:
    assert times(ttft(CHAT, 4.0)) == [2.0, 4.0, 4.5, 11.0]
    assert times(ttft(CHAT, 0.0)) == [0.0, 0.0, 0.5, 7.0]


def test_where_the_first_token_had_no_time_what_comes_before_it_has_none() -> None:
    reads = [Read(0.0, read.data) for read in CHAT]
    assert times(ttft(reads, 3.0)) == [0.0, 3.0, 3.0, 3.0]


def test_without_text_the_first_event_counts_and_without_events_the_first_read() -> None:
    assert times(ttft([Read(1.0, b": hi\n\n"), Read(2.0, b"data: 1\n\n")], 1.0)) == [0.5, 1.0]
    assert times(ttft([Read(1.0, b"x"), Read(2.0, b"y")], 3.0)) == [3.0, 4.0]
    assert ttft([], 1.0) == ()


def test_jitter_makes_each_gap_longer_or_shorter_by_its_share_at_most() -> None:
    reads = [Read(float(number), b"x") for number in range(1, 400)]
    uneven = times(jitter(reads, 0.25, seed=7))
    gaps = [after - before for before, after in itertools.pairwise([0.0, *uneven])]
    assert all(0.75 - 1e-6 <= gap <= 1.25 + 1e-6 for gap in gaps)
    assert min(gaps) < 0.8
    assert max(gaps) > 1.2
    assert uneven == times(jitter(reads, 0.25, seed=7))
    assert uneven != times(jitter(reads, 0.25, seed=8))


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (interval, -1.0),
        (interval, float("nan")),
        (rate, 0.0),
        (rate, float("nan")),
        (token_rate, -1.0),
        (ttft, -0.5),
        (ttft, float("nan")),
        (jitter, 1.5),
        (jitter, -0.1),
    ],
)
def test_what_is_out_of_range_is_refused(function, value: float) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=rf"{function.__name__} is"):
        function(CHAT, value)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.binary(max_size=9)), max_size=12),
    st.floats(0.01, 50),
)
def test_data_stay_as_they_are_and_times_rise(pairs: list[tuple[float, bytes]], n: float) -> None:
    reads = tuple(itertools.starmap(Read, sorted(pairs)))
    for paced in (
        interval(reads, n),
        rate(reads, n),
        token_rate(reads, n),
        ttft(reads, n),
        jitter(reads, n / 50),
    ):
        assert [read.data for read in paced] == [read.data for read in reads]
        assert all(before.time <= after.time for before, after in itertools.pairwise(paced))


def test_a_real_answer_can_be_given_any_pace(fixtures_dir: Path) -> None:
    reads = Recording.load(fixtures_dir / "xai-grok-beta.txt").reads
    steady = token_rate(reads, 40.0)
    # 80 tokens told; the first event with text is there at once.
    assert 1.9 < steady[-1].time - steady[0].time < 2.0
