"""``sseparse import``: what other tools recorded, made a recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sseparse import Recording, RecordingError
from sseparse.cli._input import STDIN, forceable, read_chunks
from sseparse.cli._output import one_line, tell

if TYPE_CHECKING:
    from sseparse.formats import Imported

FORMATS = ("curl-trace", "curl-i", "curl-v", "har", "vcr", "mitmproxy", "aimock")
"""What ``sseparse.formats`` reads; named here, for no other command is to load that."""

DONE, NOT_ALL = 0, 1

LARGEST_SOURCE = 2**30
"""Bytes of a file that are read; it is held in memory, and what is made of it too."""

LISTED = 20
"""Entries that are named in a message."""


class _Options(NamedTuple):
    out: str
    entries: tuple[int, ...]
    every: bool
    force: bool

    @property
    def folder(self) -> bool:
        return self.out.endswith("/") or Path(self.out).is_dir()


@click.command(
    "import",
    short_help="Make a recording of what curl, a browser or VCR kept.",
    epilog="""\b
Examples:
  sseparse import trace.txt -o fixture.txt
  sseparse import chrome.har --list
  sseparse import chrome.har --entry 3 -o fixture.txt
  sseparse import cassettes/chat.yaml -o recordings/
  curl -isN "$URL" | sseparse import - -o fixture.txt
""",
)
@click.argument("source", type=click.Path(readable=False, allow_dash=True, path_type=str))
@click.option(
    "-o",
    "--output",
    "out",
    metavar="OUT",
    help="A file for one stream; a folder (that is there, or a name with / at its end) for all.",
)
@click.option(
    "--from",
    "source_format",
    type=click.Choice(FORMATS),
    help="What SOURCE is; by default it is found out.",
)
@click.option(
    "--entry",
    "entries",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="N",
    help="Take the Nth entry of SOURCE, stream or not; several times for several.",
)
@click.option("--list", "list_only", is_flag=True, help="List the entries, and write nothing.")
@click.option("--all", "every", is_flag=True, help="Take responses that are no event streams too.")
@click.option("--force", is_flag=True, help="Replace recordings that are there.")
@click.option(
    "--request-body",
    is_flag=True,
    help="Keep the JSON bodies of requests too, less their credentials.",
)
def import_command(
    source: str,
    out: str | None,
    source_format: str | None,
    list_only: bool,
    request_body: bool,
    entries: tuple[int, ...],
    every: bool,
    force: bool,
) -> int:
    """Make recordings of what another tool kept in SOURCE.

    That can be: what curl wrote with --trace FILE --trace-time (all is in it: bytes, reads and
    times), or printed with -i or -v; a HAR file; a VCR cassette in YAML or JSON; flows that
    mitmproxy saved; fixtures of aimock.

    A line on stderr for each says what came, and what SOURCE cannot give. Cookies, keys and other
    secrets that SOURCE holds of the request are not taken over.
    """
    if (out is None) is not list_only:
        raise click.UsageError("give -o OUT, or --list to see what is there")
    if out in ("", STDIN):
        raise click.UsageError("a recording is two files: give a name or a folder with -o")
    from sseparse.formats import read_imports

    name = "stdin" if source == STDIN else source
    data = _read(source, name)
    source_format, found = read_imports(data, name, source_format, request_body=request_body)
    if list_only:
        _list(found)
        return DONE
    options = _Options(str(out), entries, every, force)
    chosen = _choose(found, name, options)
    return _save(chosen, source_format, name, options)


def _read(source: str, name: str) -> bytes:
    data = bytearray()
    for chunk in read_chunks(source):
        data += chunk
        if len(data) > LARGEST_SOURCE:
            raise RecordingError(f"it is larger than {LARGEST_SOURCE >> 20} MiB", name)
    return bytes(data)


def _list(found: Sequence[Imported]) -> None:
    for item in found:
        mark = "" if item.event_stream else "  (no event stream)"
        why = f"  ({item.missing})" if item.missing else mark
        click.echo(one_line(f"{item.number:4}  {item.title}{why}"))


def _choose(found: list[Imported], name: str, options: _Options) -> list[Imported]:
    """Return what is asked for, or say what there is."""
    if options.entries:
        for number in options.entries:
            if number > len(found):
                raise RecordingError(f"it has {_count(found, 'entry', 'entries')}", name)
        chosen = [found[number - 1] for number in dict.fromkeys(options.entries)]
    else:
        chosen = [item for item in found if options.every or item.event_stream]
    if not found:
        raise RecordingError("there is no request and no response in it", name)
    if not chosen:
        raise RecordingError(
            f"it holds no event stream, but {_named(found)}; --all takes every response", name
        )
    if len(chosen) > 1 and not options.folder:
        raise RecordingError(
            f"it holds {_count(chosen, 'response', 'responses')}: {_named(chosen)}; give a folder "
            "(-o DIR/), or --entry N",
            name,
        )
    if all(item.recording is None for item in chosen):
        raise RecordingError(f"entry {chosen[0].number}: {chosen[0].missing}", name)
    return chosen


def _count(items: Sequence[Imported], one: str, many: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else many}"


def _named(items: Sequence[Imported]) -> str:
    shown = ", ".join(f"{item.number}: {item.title}" for item in items[:LISTED])
    more = len(items) - LISTED
    return shown if more <= 0 else f"{shown} and {more} more (--list shows them)"


def _save(chosen: list[Imported], source_format: str, name: str, options: _Options) -> int:
    from sseparse.recording._files import check
    from sseparse.recording._git import advice, write_attributes

    folder = Path(options.out) if options.folder else None
    missing = [item for item in chosen if item.recording is None]
    there = [(item, item.recording) for item in chosen if item.recording is not None]
    paths = _paths([item for item, _ in there], folder, options)
    if folder is None or folder.is_dir():
        with forceable():
            for path in paths:  # before anything is written
                check(path, overwrite=options.force)
    if folder is not None and not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        write_attributes(folder)
    for (item, recording), path in zip(there, paths, strict=True):
        recording.save(path, overwrite=options.force)
        tell(f"{path}: {_summary(recording, source_format, item)}")
    if hint := advice(paths[0]):
        tell(hint)
    for item in missing:
        tell(f"{name}: entry {item.number} is left out: {item.missing}")
    return NOT_ALL if missing else DONE


def _paths(items: list[Imported], folder: Path | None, options: _Options) -> list[Path]:
    if folder is None:
        return [Path(options.out)]
    paths: list[Path] = []
    for item in items:
        path, number = folder / f"{item.name}.txt", 1
        while path in paths:
            number += 1
            path = folder / f"{item.name}-{number}.txt"
        paths.append(path)
    return paths


def _summary(recording: Recording, source_format: str, item: Imported) -> str:
    size = f"{len(recording.body):,} bytes"
    if recording.timing == "sidecar":
        reads = len(recording.reads)
        size = f"{reads} read{'' if reads == 1 else 's'}, {size}"
    ended = recording.end.reason
    broken = "" if ended == "eof" else f", ended by {ended}"
    *most, last = item.lacks or ("nothing",)
    words = f"{', '.join(most)} and {last}" if most else last
    if item.body_left_out:
        words += "; the request's body is left out (--request-body keeps it)"
    return f"{size} from {source_format}{broken}; it lacks {words}"
