"""``sseparse inspect``: one screen that tells what a recording is, and how it came."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from sseparse import Recording
from sseparse.cli._input import STDIN, named, protocol_option, read_chunks
from sseparse.cli._output import one_line, print_json, tell

if TYPE_CHECKING:
    from sseparse.inspect import Recorded

DEFINITIONS = """\b
Figures (in seconds since the request was sent, unless told otherwise):
  TTFB    time to first byte: of the head of the response, else of its body
  TTFT    time to first token: the first content or reasoning not empty
  ICL     inter-chunk latency: the gaps between events that carry what the
          model writes (content, reasoning, refusals, tool arguments)
  TPOT    time per output token: (e2e - TTFT) / (output tokens - 1), where
          the stream tells its output tokens
  e2e     end to end: the end of the stream, else its last byte
  events/s, tokens/s   events, or output tokens as told, divided by e2e
  stall   a wait between two reads, or before the end: the five longest
  p50 ... percentiles, interpolated linearly
Reads and events:
  split event       one that more than one read brought
  coalesced read    one that completed more than one event
  inside UTF-8, inside CRLF   reads that end inside a character, or between
                              the CR and the LF of a line end
What a recording cannot tell is left out, and the last line says why.
"""


def _finite(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """Return a number of seconds; ``nan`` is none, though Python reads it."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("it is no number of seconds", context, option)
    return value


@click.command(
    "inspect",
    short_help="Show on one screen what a stream is, and how it came.",
    epilog=DEFINITIONS
    + """
\b
Examples:
  sseparse inspect answer.txt
  sseparse inspect monday.txt tuesday.txt
  sseparse inspect answer.txt --events --from 2 --to 3.5
  sseparse inspect answer.txt --events --type error --text overloaded
  sseparse inspect answer.txt --json | jq .icl.p99
""",
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(readable=False, allow_dash=True),
)
@click.option("--events", is_flag=True, help="List the events instead, one a line.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="--events: of this type only.")
@click.option("--text", metavar="TEXT", help="--events: only those that hold this text.")
@click.option(
    "--from",
    "since",
    type=float,
    callback=_finite,
    metavar="S",
    help="--events: from this second on.",
)
@click.option(
    "--to",
    "until",
    type=float,
    callback=_finite,
    metavar="S",
    help="--events: up to this second.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@protocol_option
def inspect_command(
    files: tuple[str, ...],
    events: bool,
    types: tuple[str, ...],
    text: str | None,
    since: float | None,
    until: float | None,
    as_json: bool,
    protocol: str | None,
) -> None:
    """Show what each FILE (- is stdin) is and how it came; several are laid side by side.

    Status and headers, bytes, reads and events, what the stream came to, its times, its longest
    stalls, and what is odd about it. --json has the figures under their names in Python, and
    OpenTelemetry's under otel.
    """
    filters = types or text is not None or since is not None or until is not None
    if filters and not events:
        raise click.UsageError("--type, --text, --from and --to choose events; add --events")
    if events and len(files) > 1:
        raise click.UsageError("--events lists those of one FILE")
    if since is not None and until is not None and since > until:
        raise click.UsageError(f"--from {since:g} is after --to {until:g}, so no event is chosen")
    if files.count(STDIN) > 1:
        raise click.UsageError("stdin comes once")
    if events:
        from sseparse.cli._inspect_events import Chosen, list_events

        chosen = Chosen(types, text, since, until)
        (file,) = files
        list_events(_opened(file), file, chosen, as_json=as_json, protocol=protocol)
        return
    from sseparse.cli._inspect_columns import columns
    from sseparse.cli._inspect_screen import Inspected, inspected, screen

    found: list[Inspected] = []
    for file in files:
        recorded = _opened(file)
        one = inspected(recorded, file, protocol=protocol)
        found.append(one)
        if as_json:
            print_json(one.to_dict())
    if as_json:
        return
    if len(found) == 1:
        screen(found[0])
    else:
        columns(found)


def _opened(file: str) -> Recorded:
    """Return the recording, and say what is odd about its files."""
    if file == STDIN:
        return Recording.from_bytes(b"".join(read_chunks(STDIN)))
    from sseparse.inspect import opened

    with named(file):
        recorded = opened(file)
    for warning in getattr(recorded, "warnings", ()):
        tell(one_line(warning))
    return recorded
