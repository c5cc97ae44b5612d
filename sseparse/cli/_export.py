"""``sseparse export``: a recording for other people's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
import msgspec

from sseparse import Recording, __version__
from sseparse.cli._destination import destination, write_to
from sseparse.cli._input import STDIN, file_argument, named, protocol_option, read_chunks
from sseparse.cli._output import encode_json, tell
from sseparse.recording import TimingSource


@click.command(
    "export",
    short_help="Write a recording as HAR, or as an asciicast to watch.",
    epilog="""\b
Examples:
  sseparse export answer.txt --har -o answer.har
  sseparse export answer.txt --har | jq '.log.entries[0].timings'
  sseparse export answer.txt --asciicast -o answer.cast
  sseparse export answer.txt --asciicast --view raw | asciinema play -
""",
)
@file_argument
@click.option("--har", is_flag=True, help="A HAR 1.2 file, for browsers and proxies.")
@click.option(
    "--asciicast",
    is_flag=True,
    help="An asciicast (version 2), for asciinema and its web player.",
)
@click.option("-o", "--output", "out", metavar="OUT", help="Where to; by default stdout.")
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.option(
    "--timing",
    type=click.Choice(["auto", "sidecar", "created", "none"]),
    default="auto",
    show_default=True,
    help="Where the times come from, as for replay.",
)
@click.option(
    "--view",
    type=click.Choice(["text", "raw"]),
    help="asciicast: what the model says (the default), or the stream as it came.",
)
@click.option(
    "--cols", type=click.IntRange(1, 65535), metavar="N", help="asciicast: columns, 80 by default."
)
@click.option(
    "--rows", type=click.IntRange(1, 65535), metavar="N", help="asciicast: rows, 24 by default."
)
@click.option("--title", metavar="TEXT", help="asciicast: its title, by default the name of FILE.")
@protocol_option
def export_command(
    file: str,
    har: bool,
    asciicast: bool,
    out: str | None,
    force: bool,
    timing: Literal["auto"] | TimingSource,
    view: str | None,
    cols: int | None,
    rows: int | None,
    title: str | None,
    protocol: str | None,
) -> None:
    """Write the recording FILE in the format of another tool, to stdout or to OUT.

    A HAR file that is imported again gives the very same recording: its reads and times stand in a
    field of their own. (The body of the request comes along with `import --request-body`.)
    """
    if har is asciicast:
        raise click.UsageError("say what to write: --har or --asciicast")
    cast_options = (view, cols, rows, title, protocol)
    if har and any(option is not None for option in cast_options):
        raise click.UsageError("--view, --cols, --rows, --title and --protocol are for --asciicast")
    if file == STDIN and timing == "sidecar":
        raise click.UsageError("stdin has no timing file beside it")
    path = destination(out, [file], force=force)
    from sseparse.formats import to_asciicast, to_har

    recording = _load(file, timing)
    if har:
        data = msgspec.json.format(encode_json(to_har(recording, __version__)), indent=2) + b"\n"
    else:
        shown = "stdin" if file == STDIN else Path(file).name
        cast = to_asciicast(
            recording,
            title=shown if title is None else title,
            view=view or "text",
            columns=cols or 80,
            rows=rows or 24,
            protocol=protocol,
        )
        data = cast.encode()
        if view != "raw" and recording.body and cast.count("\n") == 2 and '"o", ""' in cast:
            tell("nothing in it is known as text; --view raw shows the stream as it came")
    write_to(path, data)


def _load(file: str, timing: Literal["auto"] | TimingSource) -> Recording:
    """Read the recording, and say what the export will lack."""
    if file == STDIN:
        recording = Recording.from_bytes(b"".join(read_chunks(STDIN)), timing)
    else:
        with named(file):
            recording = Recording.load(file, timing)
    for warning in recording.warnings:
        tell(warning)
    if recording.timing == "none" and recording.reads:
        tell("no timing, so all stands at the start")
    elif recording.timing == "created":
        tell("the times come from the created stamps in the chunks: they were not measured")
    return recording
