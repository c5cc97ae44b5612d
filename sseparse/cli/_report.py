"""``sseparse report``: one page that shows recordings, for a browser."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sseparse import Recording
from sseparse.cli._destination import destination, write_to
from sseparse.cli._input import STDIN, in_folders, named, protocol_option, read_chunks
from sseparse.cli._output import one_line, tell
from sseparse.cli._progress import progress

if TYPE_CHECKING:
    from sseparse.inspect import Source

LARGE = 100 * 2**20
"""Bytes of a page from which on browsers take long, and somebody should know why."""


@click.command(
    "report",
    short_help="Make a page that shows streams: timeline, answer, events, player.",
    epilog="""\b
Examples:
  sseparse report answer.txt -o report.html
  sseparse report monday.txt tuesday.txt -o report.html --title "Two days"
  sseparse report recordings/ -o report.html --force
  sseparse report answer.txt -o - | gzip >report.html.gz
""",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("-o", "--output", "out", required=True, metavar="OUT", help="The page; - is stdout.")
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.option("--title", metavar="TEXT", help="Of the page; by default the name of FILE.")
@protocol_option
def report_command(
    files: tuple[str, ...], out: str, force: bool, title: str | None, protocol: str | None
) -> None:
    """Make one page that shows each FILE: a stream, a folder of recordings, or - for stdin.

    The timeline with zoom, the answer, every event with search, the figures, what is odd, and a
    player that shows the stream arriving at its own speed. The page is one file and needs no
    network. What a stream carries is shown as text: nothing in it runs.
    """
    if files.count(STDIN) > 1:
        raise click.UsageError("stdin comes once")
    paths = list(in_folders(files))
    path = destination(out, paths, force=force)
    from sseparse.inspect import opened, report

    recordings: dict[str, Source] = {}
    sizes = 0
    for file in paths:
        if file == STDIN:
            recordings["stdin"] = Recording.from_bytes(b"".join(read_chunks(STDIN)))
            continue
        with named(file):
            recordings[file] = recorded = opened(file)
        for warning in getattr(recorded, "warnings", ()):
            tell(one_line(warning))
        with contextlib.suppress(OSError):
            sizes += Path(file).stat().st_size
    with progress("reporting", sizes) as advance:
        made = report(recordings, title=title, protocol=protocol, progress=advance)
    data = made.html.encode()
    if len(data) > LARGE:
        tell(f"the page has {len(data) / 2**20:,.0f} MiB; browsers take a while to open it")
    write_to(path, data)
