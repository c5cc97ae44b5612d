"""``sseparse replay``: a recorded stream again, at its own or any other pace."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click

from sseparse import Read, Recording, RecordingError, play
from sseparse.cli._input import STDIN, file_argument, named, protocol_option, read_chunks
from sseparse.cli._output import one_line, tell
from sseparse.cli._views import VIEWS
from sseparse.recording import TimingSource, sidecar_path


def parse_speed(context: click.Context, option: click.Parameter, value: str) -> float:
    """Return the factor that --speed gives, infinite for ``max``."""
    try:
        factor = math.inf if value == "max" else float(value.removesuffix("x"))
    except ValueError:
        factor = math.nan
    if not factor > 0:
        raise click.BadParameter(f"{value!r} is neither a number above 0 nor max.", context, option)
    return factor


@click.command(
    "replay",
    short_help="Play a recorded stream back.",
    epilog="""\b
Examples:
  sseparse replay fixtures/xai-grok-beta.txt
  sseparse replay answer.txt --view text --speed 4
  sseparse replay answer.txt --max-gap 0.5 | my-client
  sseparse replay answer.txt --view events --speed max
  curl -sN "$URL" | tee answer.txt | sseparse replay - --view text
""",
)
@file_argument
@click.option(
    "--speed",
    callback=parse_speed,
    default="1",
    metavar="N|max",
    help="Play N times as fast; max waits for nothing.",
)
@click.option(
    "--max-gap",
    type=click.FloatRange(min=0),
    metavar="S",
    help="Shorten every longer pause to S seconds of the recording (before --speed).",
)
@click.option(
    "--timing",
    type=click.Choice(["auto", "sidecar", "created", "none"]),
    default="auto",
    show_default=True,
    help="Where the times come from: the .timing.jsonl beside FILE, the created stamps in the "
    "chunks, the best there is, or nowhere.",
)
@click.option(
    "--view",
    type=click.Choice(list(VIEWS)),
    default="raw",
    show_default=True,
    help="raw: the bytes as they were; text: what the model says (on a terminal its reasoning too, "
    "dim); events: a line for each event.",
)
@protocol_option
def replay_command(
    file: str,
    speed: float,
    max_gap: float | None,
    timing: Literal["auto"] | TimingSource,
    view: str,
    protocol: str | None,
) -> None:
    """Play FILE back to stdout at its own pace, one write for each read of the recording.

    The times come from FILE.timing.jsonl if it is there, else from the created stamps in the
    chunks. From stdin (-) the bytes are passed on as they arrive; with --timing created stdin is
    read to its end first, then played.

    A line on stderr sums up: events, seconds, finish_reason, tokens.
    """
    if max_gap is not None and math.isnan(max_gap):
        raise click.BadParameter("'nan' is no number of seconds.", param_hint="'--max-gap'")
    if file == STDIN and timing == "sidecar":
        raise click.UsageError(
            "stdin has no timing file beside it; --timing created takes the times from the stamps "
            "in the chunks"
        )
    live = file == STDIN and timing in ("auto", "none")
    if live and (speed != 1.0 or max_gap is not None) and not math.isinf(speed):
        raise click.UsageError(
            "--speed and --max-gap need times, and stdin is passed on as it arrives; "
            "--timing created takes them from the stamps in the chunks"
        )
    shown = VIEWS[view](protocol)
    start = time.monotonic()
    if live:
        reads = _live_reads(start)
    else:
        recording = _load(file, timing, pace_matters=not math.isinf(speed))
        reads = _played(recording, speed, max_gap)
    for read in reads:
        shown.show(read)
    shown.close()
    sys.stdout.flush()  # before the summary, also where both go to one place
    click.echo(one_line(shown.summary(time.monotonic() - start)), err=True)


def _live_reads(start: float) -> Iterator[Read]:
    for chunk in read_chunks(STDIN):
        yield Read(time.monotonic() - start, chunk)


def _played(recording: Recording, speed: float, max_gap: float | None) -> Iterator[Read]:
    """Yield each read when its time has come, with the time it has in the recording."""
    data = play(recording, speed=speed, max_gap=max_gap)
    for read, _ in zip(recording.reads, data, strict=True):
        yield read


def _load(file: str, timing: Literal["auto"] | TimingSource, *, pace_matters: bool) -> Recording:
    """Read a recording, and say on stderr what is odd about its times."""
    if file == STDIN:
        body = b"".join(read_chunks(STDIN))
        try:
            recording = Recording.from_bytes(body, timing)
        except RecordingError as error:
            raise RecordingError(error.message, "stdin") from None
    else:
        with named(file):
            recording = Recording.load(file, timing)
    for warning in recording.warnings:
        tell(warning)
    if recording.timing == "none" and timing == "auto" and pace_matters and recording.reads[1:]:
        tell(
            f"no timing (no {sidecar_path(Path(file)).name}, no created stamps that differ), so it "
            "is played at once; --speed and --max-gap have nothing to go by"
        )
    return recording
