"""The decoders under pytest-benchmark: one group for each workload."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.peers import PEERS, SSEPARSE, Peer, consume
from benchmarks.workloads import NAMES, workload


@pytest.mark.benchmark(max_time=0.3, min_rounds=5)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("peer", [SSEPARSE, *PEERS], ids=lambda peer: peer.name)
def test_a_decoder_runs_a_workload(
    benchmark: BenchmarkFixture, peer: Peer, name: str, wrong: str | None
) -> None:
    benchmark.group = name
    assert wrong is None
    work, decode = workload(name), peer.load()
    benchmark.extra_info |= {"bytes": work.size, "events": work.events}
    benchmark(lambda: consume(decode(work.chunks)))
