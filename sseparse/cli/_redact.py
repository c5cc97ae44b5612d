"""``sseparse redact``: values taken out of the body of a recording."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import click

from sseparse.cli._input import forceable
from sseparse.cli._output import one_line, tell

NOTHING_THERE = 1

MOST_PLACES = 5
"""Places that are named where there are many."""


@click.command(
    "redact",
    short_help="Take values out of the body of a recording.",
    epilog="""\b
Examples:
  sseparse redact answer.txt '$.choices[*].delta.content' --dry-run
  sseparse redact answer.txt '$..user' '$.system_fingerprint'
  sseparse redact answer.txt '$..arguments' --replacement '' -o call.txt
  sseparse redact answer.txt '$.messages[?@.role=="system"].content' --request
""",
)
@click.argument("file", type=click.Path())
@click.argument("paths", nargs=-1, required=True, metavar="JSONPATH...")
@click.option(
    "-o",
    "--output",
    "out",
    metavar="FILE",
    help="Write the recording to FILE, and leave the old one as it is.",
)
@click.option("--force", is_flag=True, help="Replace a recording that is there, with -o.")
@click.option(
    "--replacement",
    default="REDACTED",
    metavar="TEXT",
    show_default=True,
    help="What strings become; numbers become 0, true becomes false.",
)
@click.option(
    "--request", is_flag=True, help="Look into the JSON body of the request, too, if it was kept."
)
@click.option("-n", "--dry-run", is_flag=True, help="Print what would be replaced, change nothing.")
@click.pass_context
def redact_command(
    context: click.Context,
    file: str,
    paths: tuple[str, ...],
    out: str | None,
    force: bool,
    replacement: str,
    request: bool,
    dry_run: bool,
) -> None:
    """Replace the values at each JSONPATH (RFC 9535) in the data of every event of FILE.

    The leading $ may be left out. All values in an array or object are replaced, keys stay. Every
    other byte of the body stays as it is, and each read keeps its time; length and SHA-256 in the
    timing file are made anew.

    The exit status is 1 if there is nothing at a JSONPATH; then nothing is written.
    """
    if force and out is None:
        raise click.UsageError("--force is for -o; without -o the recording itself is replaced")
    if out == "-":
        raise click.UsageError("-o - : a recording is two files; name the one of the body")
    if importlib.util.find_spec("jsonpath") is None:
        raise click.UsageError("JSONPath takes a library: pip install 'sseparse[formats]'")
    context.exit(_run(file, paths, out, force, replacement, request, dry_run))


def _run(
    file: str,
    paths: tuple[str, ...],
    out: str | None,
    force: bool,
    replacement: str,
    request: bool,
    dry_run: bool,
) -> int:
    from sseparse._redact import (  # what it takes is loaded by nobody else
        BadPath,
        load_whole,
        nothing_at,
        redacted_recording,
    )

    try:
        redacted = redacted_recording(
            load_whole(file), paths, replacement=replacement, request=request
        )
    except BadPath as error:
        raise click.UsageError(one_line(str(error))) from None
    if redacted.unmatched:
        tell(nothing_at(redacted.unmatched, file))
        return NOTHING_THERE
    if redacted.no_json:
        tell(f"{file}: {_left_as_it_is(redacted.no_json)}")
    if redacted.remaining:
        offsets = ", ".join(map(str, redacted.remaining[:MOST_PLACES]))
        more = ", …" if redacted.remaining[MOST_PLACES:] else ""
        tell(
            f"{file}: what was replaced still stands elsewhere in the body, at byte {offsets}{more}"
        )
    if dry_run:
        for change in redacted.changes:
            click.echo(one_line(f"{change.where}: {change.path}"))
    else:
        target = out or redacted.recording.path or file
        with forceable():
            written = redacted.recording.save(target, overwrite=force or out is None)
        if out is not None:
            _tell_of_git(written)
    values, places = len(redacted.changes), len({change.where for change in redacted.changes})
    done = "would be replaced" if dry_run else f"replaced, written to {os.fspath(out or file)}"
    click.echo(
        one_line(f"{_counted(values, 'value')} in {_counted(places, 'place')} {done}"), err=True
    )
    return 0


def _left_as_it_is(places: tuple[str, ...]) -> str:
    if len(places) == 1:
        return f"{places[0]} is no JSON; it is left as it is"
    shown, more = ", ".join(places[:MOST_PLACES]), len(places) - MOST_PLACES
    and_more = f" and {more} more" if more > 0 else ""
    return f"{shown}{and_more} are no JSON; they are left as they are"


def _tell_of_git(path: Path) -> None:
    from sseparse.recording._git import advice

    if advised := advice(path):
        tell(advised)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
