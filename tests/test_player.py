"""The player gives out exactly the reads, each at its time; a late one delays no other."""

from __future__ import annotations

import asyncio
import itertools
import math
import statistics
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse._errors import RecordingError
from sseparse.recording import Read, Recording, sidecar_path
from sseparse.replay import aplay, play

READS = (Read(0.5, b"a"), Read(0.5, b"b"), Read(1.25, b"c"), Read(1.5, b"d"))


class FakeTime:
    """A clock that only sleeping moves, each sleep a little longer than asked for."""

    def __init__(self, oversleep: float = 0.0) -> None:
        self.now = 1000.0
        self.oversleep = oversleep
        self.sleeps: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds + self.oversleep

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)

    def play(
        self, source: Recording | tuple[Read, ...], speed: float = 1.0, max_gap: float | None = None
    ) -> list[tuple[float, bytes]]:
        """Play and return when each read came, in seconds since the start."""
        start = self.now
        player = play(source, speed=speed, max_gap=max_gap, clock=self.clock, sleep=self.sleep)
        return [(self.now - start, data) for data in player]

    def aplay(
        self, source: Recording | tuple[Read, ...], speed: float = 1.0, max_gap: float | None = None
    ) -> list[tuple[float, bytes]]:
        async def collect() -> list[tuple[float, bytes]]:
            start = self.now
            player = aplay(
                source, speed=speed, max_gap=max_gap, clock=self.clock, sleep=self.asleep
            )
            return [(self.now - start, data) async for data in player]

        return asyncio.run(collect())


both = pytest.mark.parametrize("method", ["play", "aplay"])


@both
def test_each_read_comes_at_its_time(method: str) -> None:
    played = getattr(FakeTime(), method)(READS)
    assert played == [(0.5, b"a"), (0.5, b"b"), (1.25, b"c"), (1.5, b"d")]


@both
def test_options_are_applied_as_scheduled(method: str) -> None:
    played = getattr(FakeTime(), method)(Recording(READS), speed=2.0, max_gap=0.25)
    assert played == [(0.125, b"a"), (0.125, b"b"), (0.25, b"c"), (0.375, b"d")]


@both
def test_oversleeping_does_not_add_up(method: str) -> None:
    reads = tuple(Read(number / 8, b"x") for number in range(1, 801))
    late = 2**-6
    played = getattr(FakeTime(oversleep=late), method)(reads)
    assert [at - read.time for (at, _), read in zip(played, reads, strict=True)] == [late] * 800


@both
def test_infinite_speed_never_sleeps(method: str) -> None:
    fake = FakeTime()
    played = getattr(fake, method)(READS, speed=math.inf)
    assert played == [(0.0, b"a"), (0.0, b"b"), (0.0, b"c"), (0.0, b"d")]
    assert fake.sleeps == []


@both
def test_a_recording_without_times_never_sleeps(method: str) -> None:
    fake = FakeTime()
    played = getattr(fake, method)(Recording.from_bytes(b"data: 1\n\ndata: 2\n\n"))
    assert played == [(0.0, b"data: 1\n\n"), (0.0, b"data: 2\n\n")]
    assert fake.sleeps == []


def test_a_slow_consumer_is_caught_up_with_and_pushes_nothing_back() -> None:
    fake = FakeTime()
    came = []
    for data in play(READS, clock=fake.clock, sleep=fake.sleep):
        came.append((fake.now - 1000.0, data))
        if data == b"a":
            fake.now += 0.875
    assert came == [(0.5, b"a"), (1.375, b"b"), (1.375, b"c"), (1.5, b"d")]


def test_time_counts_from_the_first_next() -> None:
    fake = FakeTime()
    player = play(READS, clock=fake.clock, sleep=fake.sleep)
    fake.now += 60.0
    assert next(player) == b"a"
    assert fake.now == 1060.5


@both
def test_a_sleep_that_ends_early_is_followed_by_another(method: str) -> None:
    class Restless(FakeTime):
        def sleep(self, seconds: float) -> None:
            super().sleep(min(seconds, 0.375))

    fake = Restless()
    assert getattr(fake, method)((Read(1.0, b"a"),)) == [(1.0, b"a")]
    assert fake.sleeps == [0.375, 0.375, 0.25]


@both
def test_a_long_wait_is_slept_in_parts(method: str) -> None:
    fake = FakeTime()
    getattr(fake, method)((Read(3.5, b"a"),))  # so that a Ctrl-C is never noticed late
    assert fake.sleeps == [1.0, 1.0, 1.0, 0.5]


@given(
    st.lists(st.tuples(st.floats(0, 100), st.binary(max_size=3)), max_size=20),
    st.floats(0.1, 100) | st.just(math.inf),
    st.none() | st.floats(0, 10),
)
def test_exactly_the_reads_are_played(
    pairs: list[tuple[float, bytes]], speed: float, max_gap: float | None
) -> None:
    reads = tuple(itertools.starmap(Read, sorted(pairs)))
    expected = [read.data for read in reads]
    assert [data for _, data in FakeTime().play(reads, speed, max_gap)] == expected


def test_a_recording_a_path_and_reads_play_alike(tmp_path: Path) -> None:
    path = tmp_path / "fixture.txt"
    path.write_bytes(b"abcd")
    sidecar_path(path).write_text(
        '{"sseparse_timing":1}\n[0,1]\n[0,2]\n[0.001,1]\n{"end":"eof"}\n', "utf-8"
    )
    recording = Recording.load(path)
    for source in (path, str(path), recording, recording.reads, iter(recording.reads)):
        assert list(play(source)) == [b"a", b"bc", b"d"]


def test_wrong_arguments_are_refused_before_anything_is_played(tmp_path: Path) -> None:
    for player in (play, aplay):
        with pytest.raises(ValueError, match="speed"):
            player(READS, speed=0.0)
        with pytest.raises(ValueError, match="max_gap"):
            player(READS, max_gap=-1.0)
        with pytest.raises(FileNotFoundError):
            player(tmp_path / "absent")
        with pytest.raises(TypeError, match="from_bytes"):
            player(b"data: 1\n\n")  # type: ignore[arg-type]  # the point
    (tmp_path / "fixture.txt").touch()
    (tmp_path / "fixture.txt.timing.jsonl").write_text("\n")
    with pytest.raises(RecordingError):
        play(tmp_path / "fixture.txt")


def test_ctrl_c_passes_through() -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(play(READS, sleep=interrupted))


def test_other_tasks_run_while_aplay_waits() -> None:
    async def main() -> list[str]:
        log: list[str] = []

        async def player() -> None:
            async for data in aplay((Read(0.0, b"a"), Read(0.02, b"b"))):
                log.append(data.decode())  # noqa: PERF401 - the moment of appending is the point

        async def other() -> None:
            log.append("other")

        await asyncio.gather(player(), other())
        return log

    assert asyncio.run(main()) == ["a", "other", "b"]


# --- by the real clock


def sixty_reads(directory: Path) -> Recording:
    """60 reads in 1.5 s, unevenly: bursts of three, 65 to 85 ms apart."""
    path = directory / "fixture.txt"
    path.write_bytes(b"x" * 600)
    lines = []
    for burst in range(20):
        at = 0.06 + burst * 0.075 + (burst % 3 - 1) * 0.005
        lines += [f"[{at + part:.6f},10]\n" for part in (0.0, 0.0, 0.0037)]
    sidecar_path(path).write_text(
        '{"sseparse_timing":1}\n' + "".join(lines) + '{"end":"eof"}\n', "utf-8"
    )
    return Recording.load(path, timing="sidecar")


def arrivals(player: Iterator[bytes]) -> list[float]:
    start = time.monotonic()
    return [time.monotonic() - start for _ in player]


def async_arrivals(player: AsyncIterator[bytes]) -> list[float]:
    async def collect() -> list[float]:
        start = time.monotonic()
        return [time.monotonic() - start async for _ in player]

    return asyncio.run(collect())


class Control(threading.Thread):
    """Wakes every 10 ms beside the player and notes how late the machine lets it be."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.late = 0.0  # the worst, in ms
        self.done = threading.Event()

    def run(self) -> None:
        start = time.monotonic()
        for number in itertools.count(1):
            if self.done.wait(max(0.0, start + number / 100 - time.monotonic())):
                return
            self.late = max(self.late, (time.monotonic() - start - number / 100) * 1000)


@both
def test_reads_come_within_milliseconds_of_their_time(method: str, tmp_path: Path) -> None:
    recording = sixty_reads(tmp_path)
    assert len(recording.reads) == 60
    for _ in range(2):  # once more if something came between
        control = Control()
        control.start()
        came = arrivals(play(recording)) if method == "play" else async_arrivals(aplay(recording))
        control.done.set()
        control.join()
        late = [(at - read.time) * 1000 for at, read in zip(came, recording.reads, strict=True)]
        assert min(late) >= 0  # never early, on any machine
        median = statistics.median(late)
        p99 = statistics.quantiles(late, n=100, method="inclusive")[-1]
        drift = statistics.median(late[-20:]) - statistics.median(late[:20])
        figures = (
            f"{method} is late by {median:.3f} ms (median), {p99:.3f} ms (p99), {drift:+.3f} ms "
            f"(drift); a bare wait beside it by {control.late:.3f} ms"
        )
        print(figures)  # noqa: T201 - shown on failure, and with -s
        if median < 2 and p99 < 10 and abs(drift) < 2:
            return
    if control.late > 5:
        pytest.skip(f"this machine is too busy to judge: {figures}")
    pytest.fail(figures)
