"""The options that change a recording before it is played: one set for every command that plays.

``transform_options`` adds them to a command, which gets one ``transforms`` for all of them.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import TypeVar, get_args

import attrs
import click

from sseparse import FaultError, Recording
from sseparse.cli._input import Seconds
from sseparse.cli._output import cut_short
from sseparse.replay import Chunking, Transforms, parse_faults

ReturnT = TypeVar("ReturnT")

FAULTS_HELP = """\b
Faults (N counts from 1; where none is named, --seed picks an event):
  cut@event=N              the connection is closed before event N
  reset@event=N            the connection is reset before event N
  stall@event=N:3s         nothing comes for 3 s
  keep_alive@event=N:3s    only comments come for 3 s
  slow_first_byte:3s       everything comes 3 s later
  drop_done, drop_finish   without the end marker; without finish_reason
  duplicate@event=N        it comes twice
  reorder@event=N          it comes after the next one
  inject_error@event=N     an error comes instead of it, and nothing more
  corrupt_utf8@event=N     its bytes are no UTF-8
  bad_json@event=N         its data are no JSON
  status:429:2s            the status of an error, with Retry-After: 2
cut, reset and stall take @byte=N too: after so many bytes. Several are
separated by commas; each works on what those before it have made. One that
would leave the stream as it is, is refused.

The order is: --rechunk, --coalesce, the pace (--interval, --rate,
--token-rate), --ttft, --jitter, --fault, --max-gap, --speed.
"""


def parse_speed(context: click.Context, option: click.Parameter, value: str) -> float:
    """Return the factor that --speed gives, infinite for ``max``."""
    try:
        factor = math.inf if value == "max" else float(value.removesuffix("x"))
    except ValueError:
        factor = math.nan
    if not factor > 0:
        raise click.BadParameter(f"{value!r} is neither a number above 0 nor max.", context, option)
    return factor


def _parse_rechunk(
    context: click.Context, option: click.Parameter, value: str | None
) -> int | str | None:
    known = get_args(Chunking)
    if value is None or value in known:
        return value
    if not re.fullmatch(r"0*[1-9][0-9]{0,17}", value):
        words, given = ", ".join(known), cut_short(value)
        raise click.BadParameter(f"{given!r} is no number of bytes nor {words}.", context, option)
    return int(value)


_OPTIONS = [
    click.option(
        "--speed",
        callback=parse_speed,
        default="1",
        metavar="N|max",
        help="Play N times as fast; max waits for nothing.",
    ),
    click.option(
        "--max-gap",
        type=Seconds(min=0),
        metavar="S",
        help="Shorten every longer pause to S seconds of the recording (before --speed).",
    ),
    click.option(
        "--rechunk",
        callback=_parse_rechunk,
        metavar="N|events|random|characters|crlf",
        help="Cut the bytes elsewhere: every N; behind each event; at random; also inside each "
        "character of several bytes; also between CR and LF.",
    ),
    click.option(
        "--coalesce",
        type=click.IntRange(min=1),
        default=1,
        metavar="N",
        help="Join every N reads into one.",
    ),
    click.option("--interval", type=Seconds(min=0), metavar="S", help="A read every S seconds."),
    click.option(
        "--rate",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="N events per second, a read for each.",
    ),
    click.option(
        "--token-rate",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="N tokens per second: those that the usage tells, divided among the events by the "
        "length of their text.",
    ),
    click.option(
        "--ttft", type=Seconds(min=0), metavar="S", help="The first token comes after S seconds."
    ),
    click.option(
        "--jitter",
        type=click.FloatRange(min=0, max=1),
        default=0.0,
        metavar="SHARE",
        help="Make each gap longer or shorter by chance, by up to this share of it (0 to 1).",
    ),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="FAULT,...",
        help="Break the stream, such as cut@event=12 or stall@byte=4000:3s; see below.",
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="Of all that is left to chance: the same seed, the same bytes and times.",
    ),
]


def transform_options(command: Callable[..., ReturnT]) -> Callable[..., ReturnT]:
    """Add the options to a command; it is called with ``transforms``."""

    @functools.wraps(command)
    def with_transforms(*args: object, faults: tuple[str, ...], **options: object) -> ReturnT:
        names = [field.name for field in attrs.fields(Transforms) if field.name in options]
        chosen = {name: options.pop(name) for name in names}
        try:
            parsed = tuple(fault for text in faults for fault in parse_faults(text))
        except FaultError as error:
            raise click.BadParameter(f"{error}.", param_hint="'--fault'") from None
        try:
            transforms = Transforms(faults=parsed, **chosen)  # type: ignore[arg-type]
        except ValueError as error:
            raise click.UsageError(f"{as_options(str(error))}.") from None
        return command(*args, transforms=transforms, **options)

    for option in reversed(_OPTIONS):
        with_transforms = option(with_transforms)
    return with_transforms


def checked(transforms: Transforms, recording: Recording) -> Recording:
    """Apply transforms; what is wrong with them is said as of the options they came from."""
    of = "" if recording.path is None else f" (of {recording.path.name})"
    try:
        return transforms.apply(recording)
    except FaultError as error:
        raise click.BadParameter(f"{error}{of}.", param_hint="'--fault'") from None
    except ValueError as error:  # such as a rate that is no number
        raise click.UsageError(f"{as_options(str(error))}.") from None


_OPTION = re.compile(
    r"\b(interval|token_rate|rate|ttft|jitter|max_gap|speed)\b(?= (is|and|are|leaves|of) )"
)


def as_options(message: str) -> str:
    """Return what the library says of its arguments as it is said of options."""
    return _OPTION.sub(lambda found: f"--{found[0].replace('_', '-')}", message)
