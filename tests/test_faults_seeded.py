"""Chance that can be had again: the same seed gives the same bytes and times, in every process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from typing import Any

import pytest
from cli import REPOSITORY, TIMEOUT, arrivals, environment, read_some, run_all, start
from proxies import converse, get

from sseparse import Recording
from sseparse.replay import Transforms, parse_faults
from sseparse.replay._faults import FAULTS

SEED = 7
CHAT = "fixtures/openai-chat/openrouter.txt"
LEFT_TO_CHANCE = [
    f"{name}:2s" if kind.takes else name for name, kind in FAULTS.items() if kind.units
]
"""The faults that happen at a place, none of which is named here."""

IN_ONE_RUN = [
    "duplicate,keep_alive:3s,reorder,corrupt_utf8,bad_json,stall:3s,cut",
    "duplicate,duplicate,reset",
    "reorder,inject_error",
]
"""All of them, as they are given to the command; each works on what those before it have made."""

OPTIONS: list[dict[str, Any]] = [
    *({"faults": fault} for fault in [*LEFT_TO_CHANCE, *IN_ONE_RUN]),
    {"rechunk": "random"},
    {"interval": 0.1, "jitter": 0.5},
    {"rechunk": "random", "interval": 0.1, "jitter": 1.0, "faults": IN_ONE_RUN[1]},
]

PRINT_READS = """
import json, sys
from sseparse import Recording
from sseparse.replay import Transforms
for options in json.loads(sys.argv[2]):
    broken = Transforms(seed=7, **options).apply(Recording.load(sys.argv[1]))
    print(broken.end, [(repr(read.time), read.data) for read in broken.reads])
"""


def broken(seed: int = SEED, **options: Any) -> Recording:
    recording = Recording.load(REPOSITORY / CHAT)
    return Transforms(seed=seed, **options).apply(recording)


def as_printed(recording: Recording) -> str:
    return f"{recording.end} {[(repr(read.time), read.data) for read in recording.reads]}"


def test_every_process_makes_the_same_of_a_seed_to_the_last_digit() -> None:
    def in_a_process(hash_seed: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", PRINT_READS, CHAT, json.dumps(OPTIONS)],
            capture_output=True,
            check=True,
            cwd=REPOSITORY,
            env=environment({"PYTHONHASHSEED": hash_seed}),
            timeout=TIMEOUT,
        )
        return done.stdout.decode().splitlines()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(in_a_process, ["1", "2"])
    assert one == other == [as_printed(broken(**options)) for options in OPTIONS]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_another_seed_gives_something_else(options: dict[str, Any]) -> None:
    made = {as_printed(broken(seed, **options)) for seed in range(20)}
    assert len(made) > 4


def test_replay_prints_the_same_bytes_at_the_same_seed() -> None:
    runs = [
        ("replay", CHAT, "--fault", faults, "--seed", str(SEED), "--speed", "1000")
        for faults in IN_ONE_RUN
    ]
    results = run_all(runs * 2)
    bodies = [result.out for result in results]
    assert bodies[:3] == bodies[3:] == [broken(faults=faults).body for faults in IN_ONE_RUN]


def test_replay_stalls_at_the_same_place_at_the_same_seed() -> None:
    options = ["--interval", "0.02", "--jitter", "1", "--fault", "stall:400ms", "--seed", str(SEED)]
    planned = broken(interval=0.02, jitter=1.0, faults="stall:400ms").reads
    gaps = [later.time - sooner.time for sooner, later in pairwise(planned)]
    (stalled,) = [number for number, gap in enumerate(gaps, 1) if gap > 0.3]
    so_far = sum(len(read.data) for read in planned[:stalled])
    with (
        start("replay", CHAT, *options) as one,
        start("replay", CHAT, *options) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        runs = list(pool.map(arrivals, [one, other]))
    for came in runs:
        assert b"".join(data for _, data in came) == b"".join(read.data for read in planned)
        sizes = list(accumulate(len(data) for _, data in came))
        before = sizes.index(so_far)
        assert came[before + 1][0] - came[before][0] > 0.2


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """Two servers with the same seed."""
    options = ("--allow-request-faults", "--speed", "1000", "--seed", str(SEED), "--silent")
    with start("serve", CHAT, *options) as one, start("serve", CHAT, *options) as other:
        urls = [read_some(process.stdout) for process in (one, other)]
        yield int(urls[0].rpartition(b":")[2]), int(urls[1].rpartition(b":")[2])


@pytest.mark.parametrize("fault", [*LEFT_TO_CHANCE, *IN_ONE_RUN])
def test_servers_send_the_same_bytes_at_the_same_seed(fault: str, ports: tuple[int, int]) -> None:
    asked = get("/v1/chat/completions", f"X-SSEParse-Fault: {fault}")
    one, other = (converse(port, asked) for port in ports)
    assert one.data == other.data
    assert (one.status, one.end) == (200, other.end)
    assert one.body == broken(faults=fault).body


def test_every_fault_that_happens_at_a_place_is_looked_at() -> None:
    in_runs = {fault.name for run in IN_ONE_RUN for fault in parse_faults(run)}
    assert in_runs == {fault.name for text in LEFT_TO_CHANCE for fault in parse_faults(text)}
    assert len(in_runs) == 9
