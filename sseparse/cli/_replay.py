"""``sseparse replay``: a recorded stream again, at its own or any other pace."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import attrs
import click

from sseparse import Read, Recording, RecordingError, play
from sseparse.cli._input import STDIN, file_argument, named, protocol_option, read_chunks
from sseparse.cli._keys import Keys, Quit, keys_at_once, keys_work
from sseparse.cli._output import one_line, tell
from sseparse.cli._pipe import Pipe
from sseparse.cli._transforms import FAULTS_HELP, checked, transform_options
from sseparse.cli._views import VIEWS, RawView, TextView
from sseparse.recording import TimingSource, sidecar_path
from sseparse.replay import Ending, Transforms, ending_of, status_of


@click.command(
    "replay",
    short_help="Play a recorded stream back.",
    epilog=FAULTS_HELP
    + """
\b
Examples:
  sseparse replay fixtures/xai-grok-beta.txt
  sseparse replay answer.txt --view text --speed 4
  sseparse replay answer.txt --max-gap 0.5 | my-client
  sseparse replay answer.txt --view events --speed max
  sseparse replay answer.txt --rate 20 --rechunk random | my-client
  sseparse replay answer.txt --fault cut@event=2,stall@byte=40:1s | my-client
  curl -sN "$URL" | tee answer.txt | sseparse replay - --view text
""",
)
@file_argument
@transform_options
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
    type=click.Choice([*VIEWS, "live"]),
    default="raw",
    show_default=True,
    help="raw: the bytes as they were; text: what the model says (on a terminal its reasoning too, "
    "dim); events: a line for each event; live: the text over a line that tells how fast it comes.",
)
@click.option("--loop", is_flag=True, help="Begin anew at the end, until Ctrl-C or q.")
@protocol_option
def replay_command(
    file: str,
    transforms: Transforms,
    timing: Literal["auto"] | TimingSource,
    view: str,
    protocol: str | None,
    loop: bool,
) -> None:
    """Play FILE back to stdout at its own pace, one write for each read of the recording.

    A pipe gets the next write when its reader has taken the last (for which it has 10 ms), so that
    the reads of the recording come as reads; not with --speed max.

    The times come from FILE.timing.jsonl if it is there, else from the created stamps in the
    chunks. From stdin (-) the bytes are passed on as they arrive; with --timing created or none
    stdin is read to its end first, then played.

    On a terminal, with any --view but raw, keys work: space stops and goes on, a dot shows the
    next event, + and - double and halve the speed, q ends.

    A line on stderr sums up: events, seconds, finish_reason, tokens.
    """
    if file == STDIN and timing == "sidecar":
        raise click.UsageError(
            "stdin has no timing file beside it; --timing created takes the times from the stamps "
            "in the chunks"
        )
    plain = attrs.evolve(transforms, speed=1.0) == Transforms()
    if file == STDIN and timing == "auto" and not (plain and transforms.speed in (1.0, math.inf)):
        raise click.UsageError(
            "--speed, --max-gap and the like need the whole stream, and stdin is passed on as it "
            "arrives; --timing created takes the times from the stamps in the chunks"
        )
    if file == STDIN and timing in ("auto", "none") and plain:
        if loop:
            raise click.UsageError("--loop plays a file again; stdin comes once")
        start = time.monotonic()
        _show(_live_reads(start), _view(view, protocol, STDIN), start)
        return
    paced = transforms.interval is None and transforms.rate is None and not transforms.token_rate
    pace_matters = paced and not math.isinf(transforms.speed)
    recording = _transformed(_load(file, timing, pace_matters=pace_matters), transforms)
    timed = not math.isinf(transforms.speed) and bool(recording.reads and recording.reads[-1].time)
    pipe = Pipe(sys.stdout.buffer) if view == "raw" and timed else None
    with_keys = view != "raw" and keys_work() and (loop or not math.isinf(transforms.speed))
    with keys_at_once() if with_keys else contextlib.nullcontext(), contextlib.suppress(Quit):
        while True:
            keys = Keys(transforms.speed) if with_keys else None
            shown = _view(view, protocol, file, keys, transforms.speed)
            _show(_played(recording, transforms, keys), shown, time.monotonic(), pipe)
            if not loop:
                break
    _tell_ending(recording)


def _view(
    name: str, protocol: str | None, file: str, keys: Keys | None = None, speed: float = 1.0
) -> RawView:
    if name != "live":
        return VIEWS[name](protocol)
    if not sys.stdout.isatty():  # nothing can be drawn there
        return TextView(protocol)
    from sseparse.cli._live import LiveView  # rich: 60 ms to import, for terminals only

    pace = 1.0 if math.isinf(speed) else speed
    return LiveView(
        file,
        "--view events",
        protocol=protocol,
        out=sys.stdout,
        now=keys.now if keys else lambda: time.monotonic() * pace,
        state=keys.state if keys else str,
    )


def _show(reads: Iterator[Read], shown: RawView, start: float, pipe: Pipe | None = None) -> None:
    shown.start()
    try:
        for read in reads:
            if pipe is not None:
                pipe.wait()
            shown.show(read)
    finally:
        shown.stop()
        # What is there is summed up, also where somebody pressed q.
        if not isinstance(sys.exception(), KeyboardInterrupt | OSError):
            shown.close()
            sys.stdout.flush()  # before the summary, also where both go to one place
            click.echo(one_line(shown.summary(time.monotonic() - start)), err=True)


def _tell_ending(recording: Recording) -> None:
    """Say what a pipe cannot show: a status, and that the stream did not end as it should."""
    how = {
        Ending.CUT: "the connection was closed before the end of the stream",
        Ending.RESET: "the connection was reset",
        Ending.SILENCE: "nothing more came, and the client gave up",
    }
    if (status := status_of(recording)) >= 400:
        tell(f"the response has status {status}")
    ending = ending_of(recording)
    if ending in how:
        tell(f"{how[ending]}, after {len(recording.body)} bytes")


def _live_reads(start: float) -> Iterator[Read]:
    for chunk in read_chunks(STDIN):
        yield Read(time.monotonic() - start, chunk)


def _transformed(recording: Recording, transforms: Transforms) -> Recording:
    """Apply all but ``speed`` and ``max_gap``: the times that are shown are the recording's."""
    return checked(attrs.evolve(transforms, speed=1.0, max_gap=None), recording)


def _played(recording: Recording, transforms: Transforms, keys: Keys | None) -> Iterator[Read]:
    """Yield each read when its time has come, with the time it has in the recording."""
    speed, max_gap = transforms.speed, transforms.max_gap
    if keys is None:
        data = play(recording, speed=speed, max_gap=max_gap)
        for read, _ in zip(recording.reads, data, strict=True):
            yield read
        return
    factor = speed if math.isinf(speed) else 1.0  # any other is the clock's
    data = play(recording, speed=factor, max_gap=max_gap, clock=keys.now, sleep=keys.wait)
    keys.heed()  # a recording may have no reads, and be looped all the same
    for read, _ in zip(recording.reads, data, strict=True):
        keys.heed()
        yield read
        keys.shown()


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
