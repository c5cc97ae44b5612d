"""The assemblers under pytest-benchmark, and what they make of the seed."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import hashlib

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.assembly import CONTESTANTS, SSEPARSE, Contestant
from benchmarks.workloads import seed_body

CONTENT_SHA256 = "90352a2135b08e1d216cbc206c7717838e9a23b8f5497767c821c74a15b2d61e"


@pytest.mark.benchmark(group="assembly", max_time=0.3, min_rounds=5)
@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda contestant: contestant.name)
def test_an_assembler_spells_out_the_seed(
    benchmark: BenchmarkFixture, contestant: Contestant
) -> None:
    try:
        assemble = contestant.load()
    except ImportError as error:
        pytest.skip(f"{contestant.name} is not there: {error}")
    made = contestant.read(benchmark(assemble, seed_body()))
    assert made.content is not None
    assert hashlib.sha256(made.content.encode()).hexdigest() == CONTENT_SHA256
    assert made.total_tokens in (121, None)
    benchmark.extra_info |= {"role length": len(made.role or ""), "usage": made.total_tokens}


def test_the_role_and_the_usage_of_the_seed_are_not_added_up() -> None:
    made = SSEPARSE.read(SSEPARSE.load()(seed_body()))
    assert (made.role, made.total_tokens) == ("assistant", 121)
