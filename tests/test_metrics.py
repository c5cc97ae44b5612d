"""Every figure of a stream: computed by hand, and a second time by NumPy."""

from __future__ import annotations

import itertools
import json
import random

import attrs
import numpy as np
import pytest
from chunks import FIXTURES, STREAMS
from hypothesis import given
from hypothesis import strategies as st

from sseparse import Decoder, Read, Recording, assemble, generate, iter_events
from sseparse.inspect import Cuts, Distribution, Metrics, metrics, timeline
from sseparse.recording import End, Header
from sseparse.replay import Transforms


def chunk(usage: dict[str, int] | None = None, finish: str | None = None, **delta: object) -> bytes:
    entry = {"index": 0, "delta": delta, "finish_reason": finish}
    payload: dict[str, object] = {
        "id": "c-1",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [entry],
    }
    if usage is not None:
        payload["usage"] = usage
    return f"data: {json.dumps(payload, ensure_ascii=False)}\r\n\r\n".encode()


CALL = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
USAGE = {"prompt_tokens": 9, "completion_tokens": 11, "total_tokens": 20}
EMOJI = chunk(content="🐙")
IN_EMOJI = EMOJI.index("🐙".encode()) + 2

# Times are sums of powers of two: no figure below is rounded.
SCRIPT = [
    (1.0, chunk(role="assistant", content="")),
    (1.5, chunk(reasoning_content="Hm.")),
    (2.0, chunk(content="one")),
    (2.25, chunk(content="two") + chunk(content="three")),  # two in one read
    (4.25, b": ping\n\n" + EMOJI[:IN_EMOJI]),  # 2 s after the one before; inside a character
    (4.5, EMOJI[IN_EMOJI:-1]),  # between CR and LF, where the event is there already
    (4.75, EMOJI[-1:] + chunk(tool_calls=[CALL])),
    (5.0, chunk(tool_calls=[{"index": 0, "function": {"arguments": "{}"}}])),
    (6.0, chunk(finish="tool_calls") + chunk(USAGE)),
    (6.0, b"error: x\ndata: [DONE]\n\n"),
    (6.5, b"data: not finish"),
]
"""Times and reads of a stream that has a bit of everything."""


@pytest.fixture
def scripted() -> Recording:
    reads = tuple(Read(time, data) for time, data in SCRIPT)
    return Recording(reads, Header(status=200, headers_at=0.75), End("eof", t=8.0))


def test_the_counts(scripted: Recording) -> None:
    figures = metrics(scripted)
    assert figures.bytes == sum(len(data) for _, data in SCRIPT)
    assert figures.reads == 11
    assert (figures.events, figures.events_by_type) == (11, {"message": 11})
    assert (figures.comments, figures.unknown_fields, figures.unfinished) == (1, 1, True)
    assert figures.completion == assemble(scripted.body)
    assert (figures.end, figures.timing) == ("eof", "sidecar")


def test_how_reads_and_events_fall_together(scripted: Recording) -> None:
    assert metrics(scripted).cuts == Cuts(
        split_events=1,  # the emoji
        coalesced_reads=2,  # two and three; the finish_reason and the usage
        most_events_in_a_read=2,
        inside_characters=1,
        inside_line_ends=1,
    )


def test_the_times(scripted: Recording) -> None:
    figures = metrics(scripted)
    assert figures.time_to_headers == 0.75
    assert figures.ttfb == 0.75
    assert figures.ttft == figures.ttft_reasoning == 1.5
    assert figures.ttft_content == 2.0
    assert figures.ttft_tool_call == 4.75
    assert figures.e2e == 8.0
    assert figures.tpot == (8.0 - 1.5) / (11 - 1)
    assert figures.events_per_second == 11 / 8.0
    assert figures.tokens_per_second == 11 / 8.0
    assert figures.unknown == {}


def test_the_gaps_between_what_is_written(scripted: Recording) -> None:
    # Written at 1.5, 2.0, 2.25, 2.25, 4.5 and, the arguments, at 5.0.
    gaps = sorted([0.5, 0.25, 0.0, 2.25, 0.5])
    icl = metrics(scripted).icl
    assert icl is not None
    assert icl.count == 5
    assert icl.mean == pytest.approx(0.7)
    assert icl.p50 == 0.5
    assert icl.p95 == pytest.approx(gaps[3] + (gaps[4] - gaps[3]) * 0.8)  # 0.95 × 4 = 3.8
    assert icl.p99 == pytest.approx(gaps[3] + (gaps[4] - gaps[3]) * 0.96)
    assert icl.max == 2.25


def test_the_stalls(scripted: Recording) -> None:
    stalls = metrics(scripted).stalls
    assert [(one.seconds, one.time, one.event_number) for one in stalls] == [
        (2.0, 2.25, 5),
        (1.5, 6.5, 11),  # before the end; of two as long, the first
        (1.0, 5.0, 8),
        (0.5, 1.0, 1),
        (0.5, 1.5, 2),
    ]
    assert stalls[0].offset == sum(len(data) for _, data in SCRIPT[:4])
    assert stalls[0].before == 'content "three"'


def test_without_the_head_the_first_byte_of_the_body_counts(scripted: Recording) -> None:
    figures = metrics(attrs.evolve(scripted, header=None))
    assert (figures.ttfb, figures.time_to_headers) == (1.0, None)
    assert figures.unknown == {
        "time_to_headers": "when the head of the response came was not recorded"
    }


def test_a_figure_that_cannot_be_given_is_none_and_says_why() -> None:
    figures = metrics(Recording((Read(1.0, chunk(content="a")),)))
    assert (figures.tpot, figures.icl, figures.ttft_reasoning) == (None, None, None)
    assert set(figures.unknown) == {
        *("time_to_headers", "ttft_reasoning", "ttft_tool_call", "icl", "tpot"),
        "tokens_per_second",
    }
    nothing = metrics(Recording.from_bytes(b"data: 1\n\n", "none"))
    assert set(nothing.unknown.values()) == {"the recording has no times"}
    assert nothing.stalls == ()


def test_the_names_of_opentelemetry(scripted: Recording) -> None:
    told = metrics(scripted).to_otel()
    assert told["gen_ai.client.operation.duration"] == 8.0
    assert told["gen_ai.client.operation.time_to_first_chunk"] == 1.5
    assert told["gen_ai.server.time_per_output_token"] == 0.65
    assert told["gen_ai.usage.output_tokens"] == 11
    assert told["gen_ai.response.finish_reasons"] == ["tool_calls"]


def test_the_dict_is_json(scripted: Recording) -> None:
    told = metrics(scripted).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["ttft"], told["finish_reason"]) == (1.5, "tool_calls")


# A second way


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=300))
def test_percentiles_are_those_of_numpy(values: list[float]) -> None:
    found = Distribution.of(values)
    assert found is not None
    shares = [50, 95, 99]
    expected = np.percentile(values, shares)
    assert [found.p50, found.p95, found.p99] == pytest.approx(list(expected))
    assert (found.max, found.count) == (np.max(values), len(values))
    assert found.mean == pytest.approx(np.mean(values))


def by_numpy(recording: Recording) -> dict[str, float]:
    """Return the figures of a stream of chat, each event a read of its own, by other means."""
    decoder = Decoder()
    times, written = [], []
    for read in recording.reads:
        for event in decoder.feed(read.data):
            times.append(read.time)
            if event.data != "[DONE]":
                choices = json.loads(event.data)["choices"]
                delta = choices[0]["delta"] if choices else {}
                written.append(bool(delta.get("content") or delta.get("reasoning_content")))
    at = np.array(times[: len(written)])[np.array(written)]
    gaps = np.diff(at)
    tokens = assemble(recording.body).usage
    assert tokens is not None
    assert tokens.output_tokens is not None
    e2e = recording.duration
    return {
        "ttft": at[0],
        "e2e": e2e,
        "mean": gaps.mean(),
        **dict(zip(("p50", "p95", "p99"), np.quantile(gaps, [0.5, 0.95, 0.99]), strict=True)),
        "max": gaps.max(),
        "tpot": (e2e - at[0]) / (tokens.output_tokens - 1),
        "events_per_second": len(times) / e2e,
        "tokens_per_second": tokens.output_tokens / e2e,
    }


def figures_of(found: Metrics) -> dict[str, float | None]:
    assert found.icl is not None
    icl = {name: getattr(found.icl, name) for name in ("mean", "p50", "p95", "p99", "max")}
    names = ("ttft", "e2e", "tpot", "events_per_second", "tokens_per_second")
    return {**icl, **{name: getattr(found, name) for name in names}}


@pytest.mark.parametrize("seed", range(5))
def test_all_figures_are_those_of_a_second_way(seed: int) -> None:
    chance = random.Random(seed)
    text = " ".join(chance.choices(["sea", "deep", "antidisestablishment", "🐙"], k=200))
    pace = Transforms(
        ttft=chance.random(),
        token_rate=chance.uniform(5, 200),
        jitter=0.9,
        faults="stall@event=30:2s,stall@event=80:3s",
        seed=seed,
    )
    recording = generate(text, reasoning="Hm, well.", transforms=pace)
    assert figures_of(metrics(recording)) == pytest.approx(by_numpy(recording))


@pytest.mark.skipif(not STREAMS.is_dir(), reason="the recorded streams are not here")
def test_so_they_are_of_a_recorded_stream() -> None:
    body = (STREAMS / "xai-seed-grok-beta.sse").read_bytes()
    blocks = [block + b"\n\n" for block in body.split(b"\n\n") if block]
    chance = random.Random(1)
    times = itertools.accumulate(chance.expovariate(20) for _ in blocks)
    recording = Recording(tuple(map(Read, times, blocks)))
    assert figures_of(metrics(recording)) == pytest.approx(by_numpy(recording))


def test_the_longest_waits_are_those_of_numpy() -> None:
    chance = random.Random(2)
    times = np.cumsum([chance.expovariate(10) for _ in range(300)])
    recording = Recording(tuple(Read(float(time), b"data: 1\n\n") for time in times))
    gaps = np.diff(times)
    longest = np.argsort(-gaps)[:5]
    stalls = metrics(recording).stalls
    assert [one.seconds for one in stalls] == pytest.approx(list(gaps[longest]))
    assert [one.event_number for one in stalls] == [int(place) + 1 for place in longest]


# The timeline


def test_the_timeline_has_every_read_and_every_item(scripted: Recording) -> None:
    found = timeline(scripted)
    assert [(one.time, one.size) for one in found.reads] == [(t, len(d)) for t, d in SCRIPT]
    assert [one.events for one in found.reads] == [1, 1, 1, 2, 0, 1, 1, 1, 2, 1, 0]
    assert found.duration == 8.0
    kinds = [one.kind for one in found.items]
    assert kinds.count("event") == len(list(iter_events([scripted.body])))
    assert [kind for kind in kinds if kind != "event"] == [
        *("comment", "unknown_field", "unfinished")
    ]
    body = scripted.body
    for one in found.items:
        if one.kind == "event":
            assert assemble(body[one.offset : one.offset + one.size] + b"\n").protocol
    gaps = [one.gap for one in found.items]
    assert sum(gaps) == found.items[-1].time


def test_the_timeline_tells_what_each_event_added(scripted: Recording) -> None:
    adds = [one.adds for one in timeline(scripted).items if one.kind == "event"]
    assert adds[1] == ("reasoning",)
    assert adds[2] == ("content",)
    assert adds[6][0] == "tool_call"
    assert adds[7] == ("arguments",)


# What is told oddly


def test_thoughts_that_are_counted_apart_are_output_too() -> None:
    """As Gemini does; 4 tokens of text and 6 of thoughts, the first of them after a second."""
    counts = {"promptTokenCount": 3, "candidatesTokenCount": 4, "thoughtsTokenCount": 6}

    def gemini(text: str, *, thought: bool = False, **more: object) -> bytes:
        part = {"text": text, "thought": thought}
        payload = {"candidates": [{"content": {"role": "model", "parts": [part]}, **more}]}
        return f"data: {json.dumps({**payload, 'usageMetadata': counts})}\n\n".encode()

    reads = (
        Read(1.0, gemini("Hm.", thought=True)),
        Read(2.0, gemini("Four words of it", finishReason="STOP")),
    )
    figures = metrics(Recording(reads, None, End("eof", t=4.0)))
    assert figures.tpot == pytest.approx((4.0 - 1.0) / (10 - 1))
    assert figures.tokens_per_second == pytest.approx(10 / 4.0)
    assert figures.to_otel()["gen_ai.usage.output_tokens"] == 10
    assert figures.to_otel()["gen_ai.usage.reasoning.output_tokens"] == 6


def test_cached_tokens_that_are_counted_apart_are_input_too() -> None:
    figures = metrics(STREAMS / "anthropic-cache-usage.sse")
    usage = figures.completion.usage
    assert usage is not None
    raw = usage.raw
    counts = [raw[f"{name}input_tokens"] for name in ("", "cache_read_", "cache_creation_")]
    assert figures.to_otel()["gen_ai.usage.input_tokens"] == sum(
        count for count in counts if isinstance(count, int)
    )


def test_a_number_of_tokens_that_cannot_be_is_none() -> None:
    huge = {"prompt_tokens": 1, "completion_tokens": 10**400, "total_tokens": 1}
    recording = Recording((Read(0.5, chunk(content="a")), Read(1.0, chunk(huge, "stop"))))
    assert metrics(recording).tpot is None
    assert "tokens_per_second" in metrics(recording).unknown


def test_of_created_stamps_no_wait_is_told() -> None:
    figures = metrics(Recording.load(FIXTURES / "xai-grok-beta.txt"))
    assert (figures.timing, figures.stalls) == ("created", ())


def test_what_is_no_recording_is_refused_in_words_that_help() -> None:
    with pytest.raises(TypeError, match=r"a bytes is no recording.*Recording\.from_bytes"):
        metrics(b"data: 1\n\n")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a NoneType is no recording"):
        timeline(None)  # type: ignore[arg-type]


def test_an_event_of_any_size_is_seen() -> None:
    large = Recording((Read(0.5, chunk(content="a" * (65 * 2**20))),))
    assert metrics(large).events == 1
