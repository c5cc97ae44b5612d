"""``sseparse diff``: what differs between two streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, cast

import click

from sseparse import Recording
from sseparse.cli._input import STDIN, Seconds, read_chunks
from sseparse.cli._output import one_line, print_json, tell

if TYPE_CHECKING:
    from sseparse.inspect import Diff, Difference, Figure, Level

SAME, DIFFER = 0, 1

SHOWN = 60
"""Characters of a value that are shown from where it differs, and as many before."""


@click.command(
    "diff",
    short_help="Tell what differs between two streams.",
    epilog="""\b
Examples:
  sseparse diff monday.txt tuesday.txt
  sseparse diff --completion gpt.txt gpt-through-proxy.txt
  sseparse diff --timing direct.txt proxied.txt --tolerance 0.02
  sseparse diff --bytes fixture.txt again.txt && echo identical
  sseparse diff a.txt b.txt --json | jq -r '.differences[].path'
""",
)
@click.argument("a", type=click.Path(readable=False, allow_dash=True))
@click.argument("b", type=click.Path(readable=False, allow_dash=True))
@click.option(
    "--events",
    "level",
    flag_value="events",
    default=True,
    help="Compare event by event: type, id, retry, and the data as JSON where it is JSON (the "
    "default).",
)
@click.option(
    "--completion",
    "level",
    flag_value="completion",
    help="Compare what the streams come to, however they are cut into events.",
)
@click.option(
    "--timing",
    "level",
    flag_value="timing",
    help="Compare the figures (TTFT and the like), how the reads are cut, and when they came.",
)
@click.option("--bytes", "level", flag_value="bytes", help="Compare the bodies, byte for byte.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="KEY",
    help="Leave the values of this key out, too; a pattern such as '*_at'; with a dot in it, a "
    "path from the top. May be given several times.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="Compare ids, time stamps and fingerprints, too; by default they are left out.",
)
@click.option(
    "--tolerance",
    type=Seconds(min=0),
    metavar="SECONDS",
    help="With --timing, by how much times may differ.  [default: 0.005]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status is the answer.")
@click.pass_context
def diff_command(
    context: click.Context,
    a: str,
    b: str,
    level: str,
    ignore: tuple[str, ...],
    exact: bool,
    tolerance: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell what differs between the recordings A and B (- is stdin).

    Ids, time stamps and fingerprints differ from run to run, so the keys id, *_id, created and the
    like are left out (--exact compares them), but for what stands in the arguments of a call, the
    result of a tool and the like. Keep-alive comments are always left out; --bytes has them.

    The exit status is 0 if nothing differs, 1 if something does, 2 if a file cannot be read.
    """
    from sseparse.inspect import IGNORED, diff
    from sseparse.inspect._diff._diff import TOLERANCE

    if tolerance is not None and level != "timing":
        raise click.UsageError("--tolerance is for --timing; other levels know no times")
    if (ignore or exact) and level in ("timing", "bytes"):
        raise click.UsageError(f"--ignore and --exact are about JSON keys; --{level} looks at none")
    if a == b == STDIN:
        raise click.UsageError("A and B are both stdin, which comes once")
    found = diff(
        _source(a),
        _source(b),
        level=cast("Level", level),
        ignore=(*(() if exact else IGNORED), *ignore),
        tolerance=TOLERANCE if tolerance is None else tolerance,
    )
    if as_json:
        print_json(found.to_dict())
    elif not quiet:
        for line in _lines(found, a, b):
            click.echo(line)
    context.exit(SAME if found.same else DIFFER)


def _source(file: str) -> Recording | str:
    return Recording.from_bytes(b"".join(read_chunks(file))) if file == STDIN else file


def _lines(found: Diff, a: str, b: str) -> Iterator[str]:
    """Yield what is printed, in the form that ``diff -u`` has."""
    known = [one for one in found.figures if one.a is not None or one.b is not None]
    if known:
        yield from _figures(known, a, b)
    elif found.level == "timing":
        tell("neither recording has measured times, so there are no figures to compare")
    if found.same:
        return
    yield click.style(one_line(f"--- {a}"), bold=True)
    yield click.style(one_line(f"+++ {b}"), bold=True)
    for where, differences in groupby(found.differences, _where):
        if where:
            yield click.style(f"@@ {where} @@", fg="cyan")
        for difference in differences:
            yield from _difference(difference, found.level)


def _where(difference: Difference) -> str:
    """Return where something stands: on both sides, or where there is but one, on that."""
    sides = [
        (difference.event_a, difference.offset_a),
        (difference.event_b, difference.offset_b),
    ]
    return " | ".join(
        "".join([f"event {event}, " if event else "", f"byte {offset:,}"])
        if offset is not None
        else "nothing"
        for event, offset in sides
        if any(at is not None for _, at in sides)
    )


def _difference(difference: Difference, level: Level) -> Iterator[str]:
    from sseparse.inspect import ABSENT

    name = f"{difference.path}: " if difference.path else ""
    start = _common_start(difference.a, difference.b)
    for mark, color, value in (("-", "red", difference.a), ("+", "green", difference.b)):
        if value is not ABSENT:
            shown = repr(cast("str", value).encode("latin-1"))[1:] if level == "bytes" else None
            text = shown or _excerpt(value, start)
            yield click.style(one_line(f"{mark} {name}{text}"), fg=color)


def _common_start(a: object, b: object) -> int:
    """Return how many characters two texts begin with together, if they are texts."""
    if not isinstance(a, str) or not isinstance(b, str):
        return 0
    pairs = zip(a, b, strict=False)
    parted = (at for at, (one, other) in enumerate(pairs) if one != other)
    return next(parted, min(len(a), len(b)))


def _excerpt(value: object, start: int) -> str:
    """Return a value as JSON; of a long text the part that differs."""
    if isinstance(value, str) and len(value) > 2 * SHOWN:
        first = max(0, start - SHOWN)
        text = json.dumps(value[first : start + SHOWN], ensure_ascii=False)
        before = f"…({first:,} characters) " if first else ""
        after = f" …({left:,} more)" if (left := len(value) - start - SHOWN) > 0 else ""
        return f"{before}{text}{after}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 4 * SHOWN else f"{text[: 4 * SHOWN]}…"


def _figures(figures: list[Figure], a: str, b: str) -> Iterator[str]:
    """Yield the table of the figures of both, and what changed."""
    from rich.console import Console
    from rich.table import Table

    from sseparse.inspect._diff._timing import RATES

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", one_line(a), one_line(b), "change"):
        table.add_column(title, justify="right" if title else "left", overflow="fold")
    for figure in figures:
        unit = "" if figure.name in RATES else " ms"
        scale = 1 if figure.name in RATES else 1000
        cells = [
            "-" if value is None else f"{value * scale:,.1f}{unit}"
            for value in (figure.a, figure.b)
        ]
        change = ""
        if figure.a is not None and figure.b is not None:
            change = f"{(figure.b - figure.a) * scale:+,.1f}{unit}"
        table.add_row(figure.name, *cells, change)
    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    yield captured.get().rstrip("\n")
