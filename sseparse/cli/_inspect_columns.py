"""Several recordings side by side, for ``sseparse inspect``: a column for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from sseparse.cli._inspect_screen import SEVERITY, Inspected, console, measured, rate, seconds
from sseparse.cli._output import cut_short

NARROWEST = 14
"""Cells of a column that holds what is in it without breaking words."""

NAMES = 18
"""Cells of the names of the rows."""


def columns(found: Sequence[Inspected]) -> None:
    """Print several recordings side by side; those that find no room, below."""
    out = console()
    each = max(1, (out.width - NAMES) // (NARROWEST + 1))
    names = [Path(one.file).name for one in found]
    if len(set(names)) < len(names):
        names = [one.file for one in found]
    for start in range(0, len(found), each):
        if start:
            click.echo()
        _block(out, found[start : start + each], names[start : start + each])


def _block(out: Console, found: Sequence[Inspected], names: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", style="bold cyan", no_wrap=True)
    for name in names:
        table.add_column(cut_short(name), justify="right", overflow="fold")
    for name, cells in _compared(found):
        if any(cells):
            table.add_row(name, *[cell or "-" for cell in cells])
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=True)


def _compared(found: Sequence[Inspected]) -> Iterator[tuple[str, list[str]]]:
    every = [one.metrics for one in found]
    completions = [each.completion for each in every]
    yield "protocol", [one.protocol for one in completions]
    yield "model", [cut_short(one.model or "") for one in completions]
    yield "finish_reason", [cut_short(one.finish_reason or "") for one in completions]
    yield "ended by", [one.ended_by for one in completions]
    usages = [one.usage for one in completions]
    yield "tokens in", [_count(one.input_tokens) if one else "" for one in usages]
    yield "tokens out", [_count(one.output_tokens) if one else "" for one in usages]
    yield "bytes", [_count(one.bytes) for one in every]
    yield "reads", [_count(one.reads) if measured(one) else "" for one in every]
    yield "events", [_count(one.events) for one in every]
    yield "comments", [_count(one.comments) for one in every]
    cuts = [one.cuts if measured(one) else None for one in every]
    yield "split events", [_count(one.split_events) if one else "" for one in cuts]
    yield "coalesced reads", [_count(one.coalesced_reads) if one else "" for one in cuts]
    yield "TTFB", [seconds(one.ttfb) for one in every]
    yield "TTFT", [seconds(one.ttft) for one in every]
    icls = [one.icl for one in every]
    yield "ICL p50", [seconds(one.p50) if one else "" for one in icls]
    yield "ICL p95", [seconds(one.p95) if one else "" for one in icls]
    yield "ICL p99", [seconds(one.p99) if one else "" for one in icls]
    yield "ICL max", [seconds(one.max) if one else "" for one in icls]
    yield "TPOT", [seconds(one.tpot) for one in every]
    yield "e2e", [seconds(one.e2e) for one in every]
    yield "events/s", [rate(one.events_per_second) for one in every]
    yield "tokens/s", [rate(one.tokens_per_second) for one in every]
    longest = [one.stalls[0].seconds if one.stalls and measured(one) else None for one in every]
    yield "longest stall", [seconds(one) for one in longest]
    for severity in SEVERITY:
        counts = [sum(f.severity == severity for f in one.findings) for one in found]
        yield f"findings: {severity}", [_count(count) if any(counts) else "" for count in counts]


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
