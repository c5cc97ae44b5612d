"""The screen of ``sseparse inspect``.

All that a stream says is a stranger's text: it is made printable and one line before it gets here
on the terminal, and cut by the cells it takes, as wide characters take two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from http import HTTPStatus

import attrs
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sseparse.assembly import Finding, JSONObject
from sseparse.cli._output import counted, cut_short, one_line
from sseparse.cli._progress import progress, size_of
from sseparse.inspect import (
    CheckFold,
    Metrics,
    MetricsFold,
    Recorded,
    Stall,
    Strip,
    StripFold,
    walk,
)

COLUMNS = 64
"""Stretches that the timeline is counted in; it is drawn as wide as the terminal is."""

LABEL = 9
"""Cells of the words on the left."""

LEVELS = " ▁▂▃▄▅▆▇█"
ASCII_LEVELS = " .:-=+*#@"
SEVERITY = {"error": "bold red", "warning": "yellow", "info": "cyan"}
FINDINGS_SHOWN = 8
LONG = 240
"""Characters after which a URL or a header is cut."""


@attrs.frozen
class Inspected:
    """A recording, looked at.

    Attributes:
        file: its name, as given.
        recorded: itself.
        metrics: its figures.
        strip: it over time.
        findings: what is odd about it.
    """

    file: str
    recorded: Recorded
    metrics: Metrics
    strip: Strip
    findings: tuple[Finding, ...]

    def to_dict(self) -> JSONObject:
        """Return all of it as JSON values."""
        header = self.recorded.header
        head: JSONObject = {"file": self.file}
        if header is not None:
            head["status"] = header.status
            head["headers"] = [[name, value] for name, value in header.headers]
            head["started"] = header.started
        figures = {**self.metrics.to_dict(), "otel": self.metrics.to_otel()}
        return {**head, **figures, "findings": [attrs.asdict(one) for one in self.findings]}


def inspected(recorded: Recorded, file: str, *, protocol: str | None) -> Inspected:
    """Walk through a recording once, and return what there is to show."""
    figures = MetricsFold(recorded)
    strip = StripFold(recorded.duration, COLUMNS)
    checks = CheckFold(recorded)
    with progress("inspecting", size_of(recorded)) as advance:
        walk(recorded, figures, strip, checks, protocol=protocol, progress=advance)
    return Inspected(file, recorded, figures.metrics(), strip.strip(), checks.findings())


def console() -> Console:
    """Return where it is printed: in color on a terminal, unless NO_COLOR says no."""
    return Console(highlight=False, markup=False, emoji=False)


def screen(one: Inspected) -> None:
    """Print one recording."""
    out = console()
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=LABEL, style="bold cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in _rows(one, out):
        grid.add_row(label, text)
    with out.capture() as captured:
        out.print(Text(one_line(one.file), style="bold"), soft_wrap=True)
        out.print(grid)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=True)  # rich has decided on that


def _rows(one: Inspected, out: Console) -> Iterator[tuple[str, Text]]:
    yield from _response(one)
    yield from _stream(one.metrics)
    yield from _counts(one.metrics)
    if measured(one.metrics):
        yield from _times(one.metrics)
        yield from _drawn(one, out.width - LABEL - 1)
        for number, stall in enumerate(one.metrics.stalls):
            yield "" if number else "stalls", _stall(stall, out.width - LABEL - 1)
    for number, finding in enumerate(one.findings[:FINDINGS_SHOWN]):
        yield "" if number else "findings", _finding(finding)
    if (more := len(one.findings) - FINDINGS_SHOWN) > 0:
        yield "", Text(f"… and {more} more", style="dim")
    if reasons := "; ".join(_unknown(one.metrics)):
        yield "unknown", Text(reasons, style="dim")


def measured(metrics: Metrics) -> bool:
    """Return whether reads and their times are those of the network."""
    return metrics.timing not in ("none", "created")


def _response(one: Inspected) -> Iterator[tuple[str, Text]]:
    header = one.recorded.header
    if header is None:
        return
    request = header.request or {}
    if request.get("url"):
        yield (
            "request",
            Text(cut_short(f"{request.get('method', '')} {request['url']}".strip(), LONG)),
        )
    if header.status is not None:
        try:
            phrase = f" {HTTPStatus(header.status).phrase}"
        except ValueError:
            phrase = ""
        status = Text(f"{header.status}{phrase}", style="" if header.status < 400 else "red")
        yield "response", status
    for name, value in header.headers:
        if name.lower() in ("content-type", "content-encoding", "retry-after", "x-request-id"):
            yield "", Text(cut_short(f"{name}: {value}", LONG), style="dim")


def _stream(metrics: Metrics) -> Iterator[tuple[str, Text]]:
    completion = metrics.completion
    reason = completion.finish_reason
    told = [completion.protocol, completion.model, f"finish_reason {reason}" if reason else None]
    yield "stream", Text(", ".join(cut_short(word, 80) for word in told if word))
    whole = "complete" if completion.complete else "incomplete"
    style = "" if completion.complete else "red"
    end = f"{whole}, by {completion.ended_by}; the connection: {metrics.end}"
    yield "ended", Text(one_line(end), style=style)
    if (usage := completion.usage) is not None:
        parts = {
            "in": usage.input_tokens,
            "out": usage.output_tokens,
            "total": usage.total_tokens,
            "cached": usage.cached_tokens,
            "reasoning": usage.reasoning_tokens,
        }
        known = [f"{count:,} {name}" for name, count in parts.items() if count is not None]
        counts = f"{', '.join(known)} (tokens)"
        yield "usage", Text(counts if known else cut_short(str(usage.raw), LONG))


def _counts(metrics: Metrics) -> Iterator[tuple[str, Text]]:
    types = [f"{count:,} {cut_short(name, 40)}" for name, count in metrics.events_by_type.items()]
    shown = ", ".join(types[:6]) + (f", … {len(types) - 6} types more" if len(types) > 6 else "")
    besides = [
        counted(metrics.comments, "comment") if metrics.comments else "",
        counted(metrics.unknown_fields, "unknown field") if metrics.unknown_fields else "",
        "one unfinished at the end" if metrics.unfinished else "",
    ]
    events = f"{metrics.events:,}" + (f" ({shown})" if types else "")
    yield "events", Text(one_line(", ".join(filter(None, [events, *besides]))))
    cuts = metrics.cuts
    if not measured(metrics):
        yield "bytes", Text(f"{metrics.bytes:,}")
        return
    yield "bytes", Text(f"{metrics.bytes:,} in {counted(metrics.reads, 'read')}")
    text = (
        f"{counted(cuts.split_events, 'split event')}, "
        f"{counted(cuts.coalesced_reads, 'coalesced read')} "
        f"(at most {counted(cuts.most_events_in_a_read, 'event')} in one), "
        f"{cuts.inside_characters:,} end inside UTF-8, {cuts.inside_line_ends:,} inside CRLF"
    )
    yield "reads", Text(text)


def _times(metrics: Metrics) -> Iterator[tuple[str, Text]]:
    firsts = [
        ("TTFB", metrics.ttfb),
        ("TTFT", metrics.ttft),
        ("content", metrics.ttft_content),
        ("reasoning", metrics.ttft_reasoning),
        ("tool call", metrics.ttft_tool_call),
    ]
    yield from _figures("first", [(name, seconds(value)) for name, value in firsts])
    if (icl := metrics.icl) is not None:
        values = [("p50", icl.p50), ("p95", icl.p95), ("p99", icl.p99), ("max", icl.max)]
        figures = [(name, seconds(value)) for name, value in values]
        yield from _figures("ICL", [*figures, ("of", counted(icl.count, "gap"))])
    totals = [
        ("e2e", seconds(metrics.e2e)),
        ("TPOT", seconds(metrics.tpot)),
        ("", rate(metrics.events_per_second, "events/s")),
        ("", rate(metrics.tokens_per_second, "tokens/s")),
    ]
    yield from _figures("all", totals)


def _figures(label: str, figures: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Text]]:
    """Yield a row of figures; those that are not known are left out."""
    known = [(name, value) for name, value in figures if value]
    if not known:
        return
    row = Text()
    for name, value in known:
        row.append(f"{name} " if name else "", style="dim")
        row.append(value)
        row.append("   ")
    row.rstrip()
    yield label, row


def seconds(value: float | None) -> str:
    """Return so many seconds for people, or nothing."""
    if value is None:
        return ""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.3f} s"


def rate(value: float | None, unit: str = "") -> str:
    """Return so many of something in a second, or nothing."""
    return "" if value is None else f"{value:,.1f} {unit}".rstrip()


def _drawn(one: Inspected, width: int) -> Iterator[tuple[str, Text]]:
    """Yield the stream over time: bytes, events, and where it stalled."""
    strip = one.strip
    if not strip.duration:
        return
    width = max(10, min(width - 1, COLUMNS))
    yield "bytes", Text(_bars(strip.bytes, width), style="blue")
    yield "events", Text(_bars(strip.events, width), style="green")
    marks = [" "] * width
    for stall in one.metrics.stalls:
        if stall.seconds * width >= strip.duration:  # what takes a column at least
            first = int(stall.time / strip.duration * width)
            last = int((stall.time + stall.seconds) / strip.duration * width)
            for column in range(first, min(last, width)):
                marks[column] = "-" if _ascii() else "─"
    if any(mark != " " for mark in marks):
        yield "stalled", Text("".join(marks).rstrip(), style="red")
    end = seconds(strip.duration)
    middle = seconds(strip.duration / 2)
    axis = "0".ljust(width // 2 - len(middle) // 2) + middle
    yield "", Text(axis.ljust(width - len(end)) + end, style="dim")


def _bars(counts: Sequence[int], width: int) -> str:
    """Return a bar for each column, as high as its share of the highest."""
    merged = [0] * width
    for place, count in enumerate(counts):
        merged[place * width // len(counts)] += count
    levels = ASCII_LEVELS if _ascii() else LEVELS
    highest = max(merged) or 1
    steps = len(levels) - 1
    return "".join(levels[-(-count * steps // highest)] for count in merged).rstrip()


def _ascii() -> bool:
    """Return whether the terminal's encoding has no bars."""
    try:
        LEVELS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return True
    return False


def _stall(stall: Stall, width: int) -> Text:
    text = Text(f"{seconds(stall.seconds)} ", style="red" if stall.seconds >= 1 else "")
    where = f"from {seconds(stall.time)} on, byte {stall.offset:,}, "
    before = f"after event {stall.event_number:,}: " if stall.event_number else "before any event"
    text.append(where + before, style="dim")
    text.append(one_line(stall.before))
    text.truncate(width, overflow="ellipsis")
    return text


def _finding(finding: Finding) -> Text:
    text = Text(f"{finding.severity} ", style=SEVERITY[finding.severity])
    text.append(f"{finding.code} ", style="bold")
    text.append(one_line(finding.message), style="")
    if finding.event_number is not None:
        text.append(f" (event {finding.event_number:,})", style="dim")
    return text


def _unknown(metrics: Metrics) -> Iterator[str]:
    """Yield the figures that are left out, by the reason; that of all is told once."""
    reasons: dict[str, list[str]] = {}
    for name, reason in metrics.unknown.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f"{'times' if len(names) > 8 else ', '.join(names)}: {reason}"
