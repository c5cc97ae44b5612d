"""Verify: is a recording what was recorded, and is it fit to be shared?

Reads body and timing file once each and tells what is wrong with them as findings, from the damaged
(severity error) to the merely noteworthy. It changes nothing. What a finding means, and what to do,
stands in the table of ``verify``; each check is a function that yields findings.

Keys are looked for in the bytes and, since models spell them out over many events, in the text that
the events come to.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sseparse._decoder import Decoder
from sseparse._errors import RecordingError, UnsupportedVersion
from sseparse.assembly import Assembler, Finding
from sseparse.recording._git import advice
from sseparse.recording._keys import find_keys
from sseparse.recording._sidecar import SUFFIX, End, Timing, parse, sidecar_path

MOST_KEYS = 20
"""Keys that are told of one by one; a body with more of them has the rest counted."""

SHORTEST_KEY = 20
"""Bytes of a key that tell whether it stands in the body in one piece."""


def verify(path: str | os.PathLike[str]) -> list[Finding]:
    r"""Look a recording over.

    Codes of severity ``"error"``: the recording is damaged.

    - ``timing-damaged``: a line of the timing file cannot be understood, or its times go back. It
      was edited, or cut and written on. Restore it; without it the body still plays, untimed.
    - ``unsupported-version``: a newer sseparse wrote the timing file. Update.
    - ``body-missing``: there is a timing file and no body. Restore the body, or remove the file.
    - ``body-shorter``, ``body-longer``: the body has not the length that its reads come to. It was
      edited or cut. Restore it.
    - ``body-changed``: the length or the SHA-256 is not the one of the end line. Likewise.
    - ``line-ends-rewritten``: the body differs from what was recorded in its line ends only: git or
      an editor rewrote them. Restore it and have it kept as it is (``-text``).

    Codes of severity ``"warning"``: the recording is whole, but look at it.

    - ``interrupted``: the recorder was killed or could not write on; what came before is all there.
    - ``last-line-cut``: the last line of the timing file is not whole, by the same cause.
    - ``untimed-bytes``: the last bytes of the body came without their time, by the same cause.
    - ``read-before-headers``: a read has an earlier time than the headers; somebody edited them.
    - ``leftover-file``: writing the recording anew was broken off and left this. Remove it.
    - ``key-in-body``, ``key-in-text``, ``key-in-timing``: a string that looks like an API key, in
      the bytes, in what the events say together, or in the timing file. Do not share the recording;
      ``redact`` takes it out.
    - ``git-rewrites``: the file lies in a git work tree that may rewrite its line ends. The message
      has the line for ``.gitattributes`` that prevents it.

    Codes of severity ``"info"``:

    - ``no-timing``: the body alone, such as curl writes it; there is nothing to hold it against.
    - ``no-checksum``: the end line has no SHA-256, so that not every change can be noticed.

    Args:
        path: the file of the body, or the timing file beside it.

    Returns:
        What was found: damage first, then the order above. ``offset`` counts in the body.

    Raises:
        OSError: a file is there and cannot be read, or neither of the two is there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     body = Path(directory, "fixture.txt")
    ...     _ = body.write_bytes(b"data: 1\n\n")
    ...     _ = sidecar_path(body).write_text('{"sseparse_timing":1}\n[0.5,7]\n{"end":"eof"}\n')
    ...     [finding.code for finding in verify(body) if finding.severity == "error"]
    ['body-longer']
    """
    file = body_path(path)
    sidecar = sidecar_path(file)
    lines, body = _content(sidecar), _content(file)  # in this order: see Recording.load
    if lines is None and body is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    findings: list[Finding] = []
    if lines is None:
        findings.append(Finding("no-timing", "info", "there is no timing file; a body alone"))
    else:
        findings += _timing_findings(lines, sidecar, body)
        findings += _keys_in_timing(lines)
    findings += _leftovers(file)
    if body is not None:
        findings += _keys_in_body(body)
        if advised := advice(file):
            findings.append(Finding("git-rewrites", "warning", advised))
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(findings, key=lambda finding: rank[finding.severity])


def body_path(path: str | os.PathLike[str]) -> Path:
    """Return the file of the body, also where it is the timing file that is named.

    >>> body_path("answer.txt.timing.jsonl").name, body_path("answer.txt").name
    ('answer.txt', 'answer.txt')
    """
    file = Path(path)
    name = file.name.removesuffix(SUFFIX)
    return file.with_name(name) if name else file


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return None
        raise


def _timing_findings(lines: bytes, sidecar: Path, body: bytes | None) -> Iterator[Finding]:
    try:
        timing = parse(lines, str(sidecar))
    except UnsupportedVersion as error:
        yield Finding("unsupported-version", "error", error.message)
        return
    except RecordingError as error:
        where = "" if error.line is None else f"line {error.line} of "
        yield Finding("timing-damaged", "error", f"{where}the timing file: {error.message}")
        return
    yield from _line_findings(lines, timing)
    if body is not None:
        yield from _body_findings(body, timing)
    elif timing.reads or timing.end.reason != "interrupted":
        yield Finding("body-missing", "error", "there is a timing file, but no body beside it")


def _line_findings(lines: bytes, timing: Timing) -> Iterator[Finding]:
    """Tell what the timing file says of itself."""
    if any("cut short" in warning for warning in timing.warnings):
        number = lines.rstrip().count(b"\n") + 1
        where = f"line {number} of the timing file"
        if lines.endswith(b"\n"):  # a line that was written whole
            yield Finding("timing-damaged", "error", f"{where}: not JSON")
        else:
            yield Finding("last-line-cut", "warning", f"{where} is cut short")
    if timing.end.reason == "interrupted":
        why = timing.end.extra.get("error")
        said = f": {why}" if isinstance(why, str) else ""
        message = f"the recording was interrupted{said}; what came before is there"
        yield Finding("interrupted", "warning", message)
    elif timing.end.sha256 is None:
        yield Finding("no-checksum", "info", "the end line has no SHA-256 to hold the body against")
    at = timing.header.headers_at
    if at is not None and timing.reads and timing.reads[0][0] < at:
        message = f"the first read came at {timing.reads[0][0]} s, before the headers at {at} s"
        yield Finding("read-before-headers", "warning", message)


def _body_findings(body: bytes, timing: Timing) -> Iterator[Finding]:
    """Hold the body against what the timing file says of it: the first difference tells it all."""
    end, length = timing.end, len(body)
    timed = sum(size for _, size in timing.reads) if timing.header.timed else length
    fits = length == timed and end.bytes in (None, length)
    if fits and (end.sha256 is None or end.sha256.lower() == _sha256(body)):
        return
    if change := _rewritten_line_ends(body, end):
        message = f"line ends were rewritten: with {change} it is the body that was recorded"
        yield Finding("line-ends-rewritten", "error", message)
    elif length < timed:
        message = f"the body has {length} bytes, its reads come to {timed}"
        yield Finding("body-shorter", "error", message, offset=length)
    elif length > timed:
        message = f"the body has {length} bytes, its reads come to {timed}"
        if end.reason == "interrupted":
            yield Finding("untimed-bytes", "warning", message, offset=timed)
        else:
            yield Finding("body-longer", "error", message, offset=timed)
    elif end.bytes not in (None, length):
        message = f"the body has {length} bytes, the end line says {end.bytes}"
        yield Finding("body-changed", "error", message)
    else:
        message = "the body was changed since it was recorded: its SHA-256 differs"
        yield Finding("body-changed", "error", message)


def _rewritten_line_ends(body: bytes, end: End) -> str | None:
    """Say which line ends make the body again what was recorded."""
    if end.sha256 is None:
        return None
    unix = body.replace(b"\r\n", b"\n")
    for name, candidate in (("LF", unix), ("CRLF", unix.replace(b"\n", b"\r\n"))):
        if candidate != body and _sha256(candidate) == end.sha256.lower():
            return name
    return None


def _leftovers(file: Path) -> Iterator[Finding]:
    """Find what ``Recording.save`` left behind when it was killed."""
    names = "|".join(re.escape(name) for name in (file.name, sidecar_path(file).name))
    leftover = re.compile(rf"\.(?:{names})\.\w{{8}}\.tmp")
    for name in sorted(os.listdir(file.parent)):  # noqa: PTH208 (names are all that is needed)
        if leftover.fullmatch(name):
            message = f"{name} was left behind when the recording was written anew"
            yield Finding("leftover-file", "warning", message)


def _keys_in_body(body: bytes) -> Iterator[Finding]:
    found = find_keys(body)
    for offset, start in found[:MOST_KEYS]:
        message = f"what begins with {start!r} at byte {offset} looks like a key"
        yield Finding("key-in-body", "warning", message, offset=offset)
    if len(found) > MOST_KEYS:
        message = f"{len(found) - MOST_KEYS} more strings look like keys"
        yield Finding("key-in-body", "warning", message)
    for where, text in _texts(body):
        data = text.encode("utf-8", "replace")
        for offset, start in find_keys(data)[:MOST_KEYS]:
            if data[offset : offset + SHORTEST_KEY] not in body:
                message = f"what begins with {start!r} in the {where} looks like a key"
                yield Finding("key-in-text", "warning", message)


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield what the events come to, where they are those of a completion."""
    decoder = Decoder(oversize="skip")
    assembler = Assembler()
    for event in decoder.feed(body):
        assembler.feed(event)
    completion = assembler.close()
    for choice in completion.choices:
        yield f"content of choice {choice.index}", choice.content or ""
        yield f"reasoning of choice {choice.index}", choice.reasoning or ""
        for call in choice.tool_calls:
            yield f"arguments of a tool call of choice {choice.index}", call.arguments


def _keys_in_timing(lines: bytes) -> Iterator[Finding]:
    for offset, start in find_keys(lines)[:MOST_KEYS]:
        number = lines.count(b"\n", 0, offset) + 1
        message = f"what begins with {start!r} in line {number} of the timing file looks like a key"
        yield Finding("key-in-timing", "warning", message)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
