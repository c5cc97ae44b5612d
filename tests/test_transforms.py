"""Everything that is done to a recording before it is played, in its fixed order."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse import FaultError, Read, Recording
from sseparse.recording import End, Header
from sseparse.replay import Transforms, parse_faults, play

EVENTS = [b'data: {"n":%d}\n\n' % number for number in range(1, 5)]
RECORDING = Recording(
    tuple(Read(float(number), data) for number, data in enumerate(EVENTS, 1)),
    header=Header(status=200, headers_at=0.5),
    end=End("eof", 6.0, sum(map(len, EVENTS)), "ab" * 32),
)


def times(recording: Recording) -> list[float | None]:
    """Of the head, the reads, and the end."""
    head = None if recording.header is None else recording.header.headers_at
    return [head, *(read.time for read in recording.reads), recording.duration]


def test_without_any_the_recording_is_what_it_was() -> None:
    assert Transforms().apply(RECORDING) is RECORDING


def test_speed_is_of_the_head_the_reads_and_the_end() -> None:
    assert times(Transforms(speed=2.0).apply(RECORDING)) == [0.25, 0.5, 1.0, 1.5, 2.0, 3.0]
    assert times(Transforms(speed=math.inf).apply(RECORDING)) == [0.0] * 6


def test_max_gap_is_of_the_end_too_and_comes_before_speed() -> None:
    shorter = Transforms(max_gap=0.5, speed=2.0).apply(RECORDING)
    assert times(shorter) == [0.25, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_faults_come_after_the_pace_and_before_speed() -> None:
    made = Transforms(interval=1.0, faults="stall@event=2:2s", speed=2.0).apply(RECORDING)
    assert times(made) == [0.25, 0.5, 2.0, 2.5, 3.0, 4.0]


def test_a_fault_counts_the_events_as_they_are_sent() -> None:
    made = Transforms(coalesce=2, faults="cut@event=3").apply(RECORDING)
    assert [read.data for read in made.reads] == [EVENTS[0] + EVENTS[1]]


def test_a_rate_makes_a_read_of_each_event_unless_told_otherwise() -> None:
    whole = Recording((Read(1.0, b"".join(EVENTS)),))
    assert [read.time for read in Transforms(rate=2.0).apply(whole).reads] == [1.0, 1.5, 2.0, 2.5]
    assert len(Transforms(rate=2.0, rechunk=1000).apply(whole).reads) == 1


def test_the_head_never_comes_after_the_first_read() -> None:
    assert times(Transforms(ttft=0.25).apply(RECORDING))[:2] == [0.25, 0.25]


def test_what_was_known_of_the_bytes_is_not_said_of_others() -> None:
    made = Transforms(faults="bad_json@event=1").apply(RECORDING)
    assert (made.end.reason, made.end.bytes, made.end.sha256) == ("eof", None, None)


def test_what_is_made_can_be_saved_and_played(tmp_path: Path) -> None:
    made = Transforms(speed=50.0, rechunk=7, faults="cut@event=3").apply(RECORDING)
    path = made.save(tmp_path / "cut.txt")
    again = Recording.load(path)
    assert [read.data for read in again.reads] == [read.data for read in made.reads]
    assert again.end.reason == "truncated"
    assert b"".join(play(again)) == b"".join(EVENTS[:2])


def test_two_paces_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="interval and rate are both given"):
        Transforms(interval=1.0, rate=2.0)


@pytest.mark.parametrize(
    "options",
    [{"speed": 0.0}, {"max_gap": -1.0}, {"jitter": 2.0}, {"coalesce": 0}, {"rechunk": 0}],
)
def test_what_is_out_of_range_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} is"):
        Transforms(**options).apply(RECORDING)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"faults": b"cut@event=2"}, "faults is b'cut@event=2'; it is a text"),
        ({"faults": 5}, "faults is 5; it is a text"),
        ({"faults": [5]}, "faults is [5]; it is a text"),
        ({"rate": "x"}, "rate is 'x'; it is a number of events per second, or None"),
        ({"jitter": "x"}, "jitter is 'x'; it is a number from 0 to 1"),
        ({"coalesce": 1.5}, "coalesce is 1.5; it is a whole number"),
        ({"speed": None}, "speed is None; it is a number above 0"),
        ({"max_gap": True}, "max_gap is True; it is a number of seconds, or None"),
        ({"seed": "x"}, "seed is 'x'; it is a whole number"),
    ],
)
def test_an_option_of_another_type_is_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        Transforms(**options)


def test_one_fault_may_be_given_as_a_value() -> None:
    (fault,) = parse_faults("cut@event=2")
    assert Transforms(faults=fault) == Transforms(faults="cut@event=2")


def test_a_fault_that_cannot_be_understood_is_refused_at_once() -> None:
    with pytest.raises(FaultError):
        Transforms(faults="explode")


@given(
    st.lists(st.tuples(st.floats(0, 50), st.sampled_from([*EVENTS, b": hi\n\n", b"data"]))),
    st.builds(
        Transforms,
        rechunk=st.sampled_from([None, 5, "events", "random"]),
        coalesce=st.integers(1, 3),
        jitter=st.floats(0, 1),
        max_gap=st.none() | st.floats(0, 5),
        speed=st.floats(0.1, 10),
        seed=st.integers(0, 9),
        ttft=st.none() | st.floats(0, 5),
    ),
)
def test_times_rise_bytes_stay_and_it_can_be_repeated(
    pairs: list[tuple[float, bytes]], transforms: Transforms
) -> None:
    recording = Recording(
        tuple(itertools.starmap(Read, sorted(pairs))), header=Header(headers_at=0.0)
    )
    made = transforms.apply(recording)
    assert made.body == recording.body
    moments = [time for time in times(made) if time is not None]
    assert all(before <= after + 1e-9 for before, after in itertools.pairwise(moments))
    assert transforms.apply(recording) == made
