r"""Redact: values taken out of a body, at the JSON paths that somebody names.

The only thing that ever rewrites a body, and it rewrites no byte more than it has to. What JSON is
in the body is found first (``documents``): the data of each event, wherever its lines lie; where
there are no events, the body as one document or one for each line. Paths (RFC 9535) are searched in
the decoded JSON; then the text is scanned for the scalars at these places (``scalars``) and only
their bytes are replaced. So numbers, blanks, the order of keys, line ends and whatever else is in
the body stay as they were::

    data: {"id": 7, "key": "hunter2"}      →      data: {"id": 7, "key": "REDACTED"}

The reads keep their number and times: a boundary between two reads moves along with the bytes round
it, and one that was inside a value is inside its replacement.
"""

from __future__ import annotations

import bisect
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sseparse._errors import RecordingError
from sseparse._redact._documents import Document, documents
from sseparse._redact._search import Change, Edit, Search
from sseparse.recording import Header, Read, Recording, sidecar_path
from sseparse.recording._sidecar import SUFFIX, parse

REPLACEMENT = "REDACTED"


class Redacted(NamedTuple):
    """A recording without the values.

    Attributes:
        recording: the new recording.
        changes: what was replaced, in order; never what it was.
        unmatched: the paths that nothing was found at.
        no_json: where in the body data is no JSON (``[DONE]`` apart), which no path can look into,
            such as an event that was cut short.
        remaining: offsets in the new body of texts that were replaced elsewhere.
    """

    recording: Recording
    changes: tuple[Change, ...]
    unmatched: tuple[str, ...]
    no_json: tuple[str, ...]
    remaining: tuple[int, ...]


def redact(
    path: str | os.PathLike[str],
    json_paths: Iterable[str],
    *,
    replacement: str = REPLACEMENT,
    request: bool = False,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> int:
    r"""Take values out of the body of a recording; its timing file is made anew.

    A string becomes the replacement, a number 0, ``true`` becomes ``false``; ``null`` stays. At an
    array or object that is done with every value in it; keys stay. Both files are replaced whole,
    or left as they are.

    Args:
        path: the file of the body.
        json_paths: where, in JSONPath (RFC 9535) on the data of each event; the leading ``$`` may
            be left out.
        replacement: what strings become.
        request: look into the JSON body of the request too, where the recording has it.
        out: where to write the recording to; None: in place of the old one.
        overwrite: whether ``out`` may be there already.

    Returns:
        How many values were replaced.

    Raises:
        BadPath: a path is no JSONPath; a ``ValueError``.
        LookupError: nothing was found at a path. Nothing is written then.
        RecordingError: the timing file is damaged, or does not fit the body.
        OSError: a file cannot be read or written.
        ImportError: the library for JSONPath is not installed.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     body = pathlib.Path(directory, "fixture.txt")
    ...     _ = body.write_bytes(b'data: {"id":7, "user":"me"}\n\n')
    ...     redact(body, ["$.user"]), body.read_bytes()
    (1, b'data: {"id":7, "user":"REDACTED"}\n\n')
    """
    recording = load_whole(path)
    redacted = redacted_recording(recording, json_paths, replacement=replacement, request=request)
    if redacted.unmatched:
        raise LookupError(nothing_at(redacted.unmatched, path))
    if out is None:
        redacted.recording.save(recording.path or path, overwrite=True)
    else:
        redacted.recording.save(out, overwrite=overwrite)
    return len(redacted.changes)


def nothing_at(paths: Sequence[str], file: str | os.PathLike[str]) -> str:
    """Say that these paths lead nowhere."""
    return f"{os.fspath(file)}: nothing is at {', '.join(paths)}; nothing was written"


def load_whole(path: str | os.PathLike[str]) -> Recording:
    """Load a recording; one that was interrupted is as good as any, one that does not fit is not.

    Raises:
        RecordingError: the timing file is damaged, or does not fit the body.
        OSError: a file cannot be read.
    """
    if os.fspath(path).endswith(SUFFIX):
        raise RecordingError("this is a timing file; name the body beside it", os.fspath(path))
    if Path(path).is_symlink() and not sidecar_path(path).exists():
        path = os.path.realpath(path)  # its timing file is beside the file, not beside the link
    recording = Recording.load(path)
    sidecar = sidecar_path(path)
    warnings = len(recording.warnings)
    if warnings:
        timing = parse(sidecar.read_bytes(), str(sidecar))
        short = sum(size for _, size in timing.reads) > len(recording.body)
        interrupted = not short and timing.end.reason == "interrupted"
        if warnings > len(timing.warnings) and not interrupted:
            raise RecordingError(
                "the body is not the one that the timing file speaks of; `sseparse verify` says "
                "more",
                os.fspath(path),
            )
    return recording


def redacted_recording(
    recording: Recording,
    json_paths: Iterable[str],
    *,
    replacement: str = REPLACEMENT,
    request: bool = False,
) -> Redacted:
    r"""Return the recording without the values at some paths; see ``redact``.

    >>> recording = Recording((Read(0.5, b'data: {"a":"sec'), Read(1.0, b'ret"}\n\n')))
    >>> redacted = redacted_recording(recording, ["$.a"], replacement="x")
    >>> [read.data for read in redacted.recording.reads], redacted.changes
    ([b'data: {"a":"x"', b'}\n\n'], (Change(where='event 1', path="$['a']"),))
    """
    search = Search(json_paths, replacement)
    body = recording.body
    edits: list[Edit] = []
    for document in documents(body):
        edits += search.edits(document, body)
    header = recording.header
    if request and header is not None and header.request is not None:
        header = _without(header, search)
    new = _spliced(body, edits)
    reads = _moved(recording.reads, edits, new)
    return Redacted(
        Recording(reads, header, recording.end, recording.timing, recording.path),
        tuple(search.changes),
        tuple(search.unmatched),
        tuple(search.no_json),
        tuple(search.remaining(new)),
    )


def _without(header: Header, search: Search) -> Header:
    asked = dict(header.request or {})
    if asked.get("body") is not None:
        text = json.dumps(asked["body"], ensure_ascii=False).encode("utf-8", "replace")
        edits = search.edits(Document("request", [(0, len(text))]), text)
        asked["body"] = json.loads(_spliced(text, edits))
    kept = {name: getattr(header, name) for name in Header.__match_args__}
    return Header(**{**kept, "request": asked})


def _spliced(text: bytes, edits: Sequence[Edit]) -> bytes:
    pieces = []
    at = 0
    for edit in edits:
        pieces += [text[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*pieces, text[at:]])


def _moved(reads: Sequence[Read], edits: Sequence[Edit], new: bytes) -> tuple[Read, ...]:
    """Cut the new body into as many reads, at the same places."""
    starts = [edit.start for edit in edits]
    shifts = [0]  # by how much what is behind each edit has moved
    for edit in edits:
        shifts.append(shifts[-1] + len(edit.new) - (edit.end - edit.start))

    def moved(offset: int) -> int:
        index = bisect.bisect_left(starts, offset)  # edits that begin before the offset
        if index and offset < edits[index - 1].end:
            edit = edits[index - 1]
            inside = min(offset - edit.start, len(edit.new))
            return edit.start + shifts[index - 1] + inside
        return offset + shifts[index]

    result, at, cut = [], 0, 0
    for read in reads:
        at += len(read.data)
        end = moved(at)
        result.append(Read(read.time, new[cut:end]))
        cut = end
    return tuple(result)
