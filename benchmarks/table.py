"""From races to tables: plain text for a terminal, markdown for the README.

``decoding``, ``assembly`` and ``protocols`` measure and return rows of text; ``render`` lays them
out. A peer whose output is not what the workload says is shown as wrong and not timed.
"""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import assembly as assemblers
from benchmarks.answers import Answer, Made, answer
from benchmarks.peers import (
    PATIENCE,
    PEERS,
    SSEPARSE,
    TOO_SLOW,
    Decode,
    Peer,
    consume,
    fault,
    installed_version,
)
from benchmarks.targets import Verdict, judge_assembly, judge_decoding, judge_protocol
from benchmarks.timing import Run, race, ratio
from benchmarks.workloads import Workload, workload


@dataclass
class Report:
    """Tables and what is to be said below them."""

    head: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


def render(head: Sequence[str], rows: Sequence[Sequence[str]], markdown: bool) -> str:
    """Return a table; the first column is set left, all others right.

    >>> print(render(["name", "n"], [["a", "10"]], markdown=False))
    name   n
    ----  --
    a     10
    >>> print(render(["name", "n"], [["a", "10"]], markdown=True))
    | name |  n |
    | :--- | -: |
    | a    | 10 |
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        if markdown:
            return "| " + " | ".join([first, *rest]) + " |"
        return "  ".join([first, *rest])

    if markdown:
        dashes = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    else:
        dashes = ["-" * width for width in widths]
    return "\n".join([line(head), line(dashes), *map(line, rows)])


def machine() -> list[str]:
    """Return what the figures were taken on, and with which versions."""
    lines = [where()]
    distributions = [peer.distribution for peer in PEERS]
    distributions += [c.distribution for c in assemblers.CONTESTANTS if c.distribution]
    distributions += [str(field.sdk.distribution) for field in assemblers.FIELDS.values()]
    versions = {name: installed_version(name) for name in dict.fromkeys(distributions)}
    versions["sseparse"] = versions["sseparse"] or "from the source tree"
    lines.append(", ".join(f"{name} {ver or 'not installed'}" for name, ver in versions.items()))
    return lines


def where() -> str:
    """Return what a machine this is, and which day."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{_cpu_model()}, {os.cpu_count()} cores, {python}, {platform.system()}, {today}"


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def decoding(names: Sequence[str], rounds: int, say: Callable[[str], None]) -> Report:
    """Race all decoders over the named workloads."""
    report = Report(["workload", "sseparse", *(peer.name for peer in PEERS)])
    decoders: dict[str, Decode] = {}
    for peer in (SSEPARSE, *PEERS):
        try:
            decoders[peer.name] = peer.load()
        except ImportError:
            report.notes.append(f"{peer.name}: {peer.distribution} is not installed")
    for name in names:
        say(name)
        _decode_one(workload(name), decoders, rounds, report)
    return report


def _decode_one(work: Workload, decoders: dict[str, Decode], rounds: int, report: Report) -> None:
    cells: dict[str, str] = {}
    runs: dict[str, Run] = {}
    for name, decode in decoders.items():
        wrong = fault(decode, work)
        if wrong == TOO_SLOW:
            cells[name] = f">{PATIENCE:.0f} s"
            report.notes.append(f"{name}: over {PATIENCE:.0f} s for {work.name}, not timed")
        elif wrong:
            cells[name] = "wrong"
            report.notes.append(f"{name}: wrong on {work.name}, not timed: {wrong}")
        else:
            runs[name] = lambda decode=decode: consume(decode(work.chunks))  # type: ignore[misc]  # bound now, in the loop
    times = race(runs, rounds)
    base = times.get(SSEPARSE.name)
    ratios = {name: ratio(spent, base) for name, spent in times.items()} if base else {}
    ratios.pop(SSEPARSE.name, None)
    cells |= {name: f"{value:.2f}" for name, value in ratios.items()}
    if base:
        seconds = statistics.median(base)
        cells[SSEPARSE.name] = f"{seconds * 1e3:.2f} ms, {work.size / seconds / 1e6:.0f} MB/s"
        report.verdicts.append(judge_decoding(work.name, ratios))
    peers: tuple[Peer, ...] = (SSEPARSE, *PEERS)
    report.rows.append([work.name, *(cells.get(peer.name, "n/a") for peer in peers)])


def _race(
    contestants: Sequence[assemblers.Contestant], stream: Answer, rounds: int, report: Report
) -> tuple[dict[str, Made | None], dict[str, list[float]]]:
    """Race assemblers over a stream; return what each makes of it and their times."""
    made: dict[str, Made | None] = {}
    runs: dict[str, Run] = {}
    for contestant in contestants:
        try:
            assemble = contestant.load()
        except ImportError as error:
            made[contestant.name] = None
            report.notes.append(f"{contestant.name}: not there ({error})")
            continue
        reading = contestant.read(assemble(stream.body))
        made[contestant.name] = reading
        wrong = assemblers.fault(reading, stream)
        if wrong:
            report.notes.append(f"{contestant.name}: {wrong} of {stream.protocol}, not timed")
        else:
            runs[contestant.name] = lambda assemble=assemble: assemble(stream.body)  # type: ignore[misc]  # bound now, in the loop
    return made, race(runs, rounds)


def assembly(rounds: int, say: Callable[[str], None]) -> Report:
    """Race all assemblers over the seed, and report what each makes of it."""
    say("assembly of the seed")
    report = Report(["bytes of the seed to", "µs", "of sseparse", "role length", "total_tokens"])
    contestants = assemblers.CONTESTANTS
    made, times = _race(contestants, answer("openai-chat"), rounds, report)
    for name, result in made.items():
        report.rows.append([name, *_assembly_cells(name, result, times)])
    base = assemblers.SSEPARSE.name
    report.verdicts += judge_assembly(
        _ratio_of(times, assemblers.OPENAI.name, base),
        _ratio_of(times, base, contestants[-1].name),
    )
    return report


def protocols(rounds: int, say: Callable[[str], None]) -> Report:
    """Race sseparse, the floor and the provider's SDK over a long stream of each protocol."""
    report = Report(["bytes of a stream to", "events", "KiB", "sseparse", "the floor", "its SDK"])
    base = assemblers.SSEPARSE.name
    for protocol, field_ in assemblers.FIELDS.items():
        say(f"assembly of {protocol}")
        stream = answer(protocol)
        contestants = (assemblers.SSEPARSE, field_.floor, field_.sdk)
        made, times = _race(contestants, stream, rounds, report)
        cells = [protocol, str(stream.events), f"{len(stream.body) / 1024:.0f}"]
        spent = times.get(base)
        cells.append(f"{statistics.median(spent) * 1e6:.0f} µs" if spent else "n/a")
        for contestant in contestants[1:]:
            value = _ratio_of(times, contestant.name, base)
            absent = "n/a" if made[contestant.name] is None or not spent else "wrong"
            cells.append(absent if value is None else f"{value:.2f}")
        report.rows.append(cells)
        report.notes.append(f"{protocol}: its SDK is {field_.sdk.name}")
        report.verdicts += judge_protocol(
            protocol,
            _ratio_of(times, field_.sdk.name, base),
            _ratio_of(times, base, field_.floor.name),
        )
    return report


def _assembly_cells(name: str, made: Made | None, times: dict[str, list[float]]) -> list[str]:
    if made is None:
        return ["not there yet", "", "", ""]
    spent = times.get(name)
    to_base = _ratio_of(times, name, assemblers.SSEPARSE.name)
    return [
        "wrong" if spent is None else f"{statistics.median(spent) * 1e6:.0f}",
        "n/a" if to_base is None else f"{to_base:.2f}",
        "-" if made.role is None else str(len(made.role)),
        "-" if made.total_tokens is None else str(made.total_tokens),
    ]


def _ratio_of(times: dict[str, list[float]], name: str, base: str) -> float | None:
    return ratio(times[name], times[base]) if name in times and base in times else None
