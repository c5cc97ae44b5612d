"""The assemblers under pytest-benchmark, and what they make of the streams."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import hashlib

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.answers import Made, answer
from benchmarks.assembly import CONTESTANTS, FIELDS, SSEPARSE, Assemble, Contestant, fault

CONTENT_SHA256 = "90352a2135b08e1d216cbc206c7717838e9a23b8f5497767c821c74a15b2d61e"

RUNS = [
    *(("openai-chat", contestant) for contestant in CONTESTANTS),
    *(
        (protocol, contestant)
        for protocol, field in FIELDS.items()
        for contestant in (SSEPARSE, field.sdk, field.floor)
    ),
]


def _loaded(contestant: Contestant) -> Assemble:
    try:
        return contestant.load()
    except ImportError as error:
        pytest.skip(f"{contestant.name} is not there: {error}")


@pytest.mark.benchmark(max_time=0.3, min_rounds=5)
@pytest.mark.parametrize(
    ("protocol", "contestant"), RUNS, ids=[f"{name}-{run.name}" for name, run in RUNS]
)
def test_an_assembler_spells_out_what_was_said(
    benchmark: BenchmarkFixture, protocol: str, contestant: Contestant
) -> None:
    benchmark.group = f"assembly of {protocol}"
    assemble, stream = _loaded(contestant), answer(protocol)
    made = contestant.read(benchmark(assemble, stream.body))
    assert fault(made, stream) is None
    assert made.total_tokens in (stream.truth.total_tokens, None)
    benchmark.extra_info |= {"role length": len(made.role or ""), "usage": made.total_tokens}


def test_the_seed_says_what_it_always_said() -> None:
    content = answer("openai-chat").truth.content or ""
    assert hashlib.sha256(content.encode()).hexdigest() == CONTENT_SHA256


@pytest.mark.parametrize("protocol", ["openai-chat", *FIELDS])
def test_the_role_and_the_usage_are_not_added_up(protocol: str) -> None:
    stream = answer(protocol)
    made = SSEPARSE.read(_loaded(SSEPARSE)(stream.body))
    assert (made.role, made.total_tokens) == (stream.truth.role, stream.truth.total_tokens)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (Made("half"), "wrong content"),
        (Made(answer("gemini").truth.content, reasoning=""), "wrong reasoning"),
        (Made(answer("gemini").truth.content, tool_calls=()), "wrong tool calls"),
        (Made(answer("gemini").truth.content), None),
    ],
)
def test_an_assembler_that_loses_something_is_found_out(wrong: Made, says: str | None) -> None:
    assert fault(wrong, answer("gemini")) == says
