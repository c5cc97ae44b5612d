"""The figures of a stream as the page shows them: a label, the value in words, and what it means.

The definitions are those of ``Metrics`` and of ``sseparse inspect --help``, in one sentence each.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs

from sseparse.inspect._metrics import Metrics


@attrs.frozen
class Figure:
    """One figure.

    Attributes:
        label: its name.
        value: itself, with its unit.
        meaning: its definition.
    """

    label: str
    value: str
    meaning: str


_HUGE = 10**9
"""Where figures stop to be spelled in full: their cards are a dozen digits wide."""

_E2E = "request sent to the end of the stream, else to its last byte"
_ICL = (
    "inter-chunk latency: the gaps between events that carry what the model writes "
    "(content, reasoning, refusals, tool arguments)"
)


def figures(metrics: Metrics) -> Iterator[Figure]:
    r"""Yield what is known of a stream, the times first.

    >>> from sseparse.inspect._metrics import metrics
    >>> from sseparse.recording import Recording
    >>> for one in figures(metrics(Recording.from_bytes(b"data: 1\n\ndata: 2\n\n"))):
    ...     print(one.label, one.value)
    Events 2
    Bytes 18
    """
    for figure in (*_times(metrics), *_counts(metrics)):
        if figure.value:
            yield figure


def _times(metrics: Metrics) -> Iterator[Figure]:
    sent = "request sent to the first"
    yield Figure("TTFB", seconds(metrics.ttfb), f"time to first byte: {sent} byte of the response")
    yield Figure(
        "TTFT content",
        seconds(metrics.ttft_content),
        f"time to first token: {sent} content that is not empty",
    )
    yield Figure(
        "TTFT reasoning",
        seconds(metrics.ttft_reasoning),
        f"time to first token: {sent} reasoning that is not empty",
    )
    yield Figure(
        "TTFT tool call", seconds(metrics.ttft_tool_call), f"{sent} tool call".capitalize()
    )
    if (icl := metrics.icl) is not None:
        yield Figure("ICL p50", seconds(icl.p50), f"{_ICL}: half of {icl.count:,} are at most this")
        yield Figure("ICL p95", seconds(icl.p95), "95 of 100 of these gaps are at most this")
        yield Figure("ICL p99", seconds(icl.p99), "99 of 100 of these gaps are at most this")
        yield Figure("ICL max", seconds(icl.max), "the longest of these gaps")
    yield Figure(
        "TPOT",
        seconds(metrics.tpot),
        "time per output token: (end to end - TTFT) / (output tokens - 1)",
    )
    yield Figure("End to end", seconds(metrics.e2e), _E2E)
    yield Figure("Events/s", _rate(metrics.events_per_second), "events / end to end")
    yield Figure(
        "Tokens/s",
        _rate(metrics.tokens_per_second),
        "output tokens, as the stream tells them, / end to end",
    )
    if metrics.stalls and metrics.timing == "sidecar":
        yield Figure(
            "Longest stall",
            seconds(metrics.stalls[0].seconds),
            "the longest wait between two reads, or before the end",
        )


def _counts(metrics: Metrics) -> Iterator[Figure]:
    usage = metrics.completion.usage
    if usage is not None:
        yield Figure("Tokens in", _count(usage.input_tokens), "tokens of the prompt, as told")
        yield Figure("Tokens out", _count(usage.output_tokens), "tokens of the answer, as told")
    yield Figure("Events", f"{metrics.events:,}", "dispatched events, an unfinished one left out")
    if metrics.timing == "sidecar":
        yield Figure("Reads", f"{metrics.reads:,}", "network reads, as they were recorded")
        cuts = metrics.cuts
        yield Figure(
            "Split events", f"{cuts.split_events:,}", "events that more than one read brought"
        )
    yield Figure("Bytes", f"{metrics.bytes:,}", "of the body")


def unknown(metrics: Metrics) -> list[str]:
    r"""Return why other figures are not known: each reason once, with the figures it is about.

    >>> from sseparse.inspect._metrics import metrics
    >>> from sseparse.recording import Recording
    >>> unknown(metrics(Recording.from_bytes(b"data: 1\n\n")))
    ['times: the recording has no times']
    """
    reasons: dict[str, list[str]] = {}
    for name, reason in metrics.unknown.items():
        reasons.setdefault(reason, []).append(name)
    return [
        f"{'times' if len(names) > 8 else ', '.join(names)}: {reason}"
        for reason, names in reasons.items()
    ]


def seconds(value: float | None) -> str:
    """Return a time in words: ``"412.3 ms"``, ``"2.488 s"``; nothing for None.

    >>> seconds(0.0123), seconds(2.4881), seconds(172_800.5), seconds(1e300)
    ('12.3 ms', '2.488 s', '172,800 s', '1.000e+300 s')
    """
    if value is None:
        return ""
    if abs(value) >= _HUGE:
        return f"{value:.3e} s"
    if abs(value) < 1:
        return f"{value * 1000:,.1f} ms"
    digits = 3 if abs(value) < 10_000 else 1 if abs(value) < 100_000 else 0
    return f"{value:,.{digits}f} s"


def _rate(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3e}" if value >= _HUGE else f"{value:,.1f}"


def _count(value: int | None) -> str:
    if value is None:
        return ""
    # A stranger's number may have more digits than a float, or than Python spells.
    return f"{Decimal(value):.3e}" if abs(value) >= _HUGE else f"{value:,}"
