"""``sseparse export``: a recording for other people's tools."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path
from typing import Literal

import click
import msgspec

from sseparse import Recording, __version__
from sseparse.cli._input import (
    STDIN,
    file_argument,
    forceable,
    named,
    protocol_option,
    read_chunks,
)
from sseparse.cli._output import encode_json, tell
from sseparse.recording import TimingSource, sidecar_path

MODE = 0o600


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
    path = None if out in (None, STDIN) else Path(str(out))
    if path is not None:
        if file != STDIN and path.resolve() in _files_of(Path(file)):
            raise click.UsageError(f"{path} is the recording itself; choose another name for OUT")
        _check(path, force=force)
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
    if path is None:
        sys.stdout.buffer.write(data)
    else:
        _write(path, data)


def _files_of(path: Path) -> list[Path]:
    """Return the two files of a recording, links followed."""
    return [path.resolve(), sidecar_path(path).resolve(), sidecar_path(path.resolve())]


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


def _check(path: Path, *, force: bool) -> None:
    """Refuse to replace a file, before any work is done.

    Raises:
        FileExistsError: it is there, and ``force`` is false.
    """
    if path.is_file() and not force:
        with forceable():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; a device or a pipe is written to as it is."""
    if path.exists() and not path.is_file():
        with named(str(path)):
            path.write_bytes(data)
        return
    target = path.resolve()  # through a link to the file itself
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else MODE
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, mode), "wb") as opened:  # noqa: PTH123 (a descriptor)
            opened.write(data)
        temporary.replace(target)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
