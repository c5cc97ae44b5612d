r"""The JSON that is in a body, and where each value of it stands.

Nothing is decoded by the decoder here and written again: what matters are places. The data of an
event can lie in several lines, so a document is a list of pieces of the body, which joined by LF
are the JSON. The lines are cut as the standard cuts them, and a text that is known to be JSON needs
no parser to be walked through: strings, punctuation and whatever stands between them will do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

Location = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


class Document(NamedTuple):
    """JSON in a body: what to call it, and the pieces of the body that it is written in."""

    where: str
    pieces: list[tuple[int, int]]


# A line and its end: LF, CR or CRLF, in any mixture.
_LINE = re.compile(rb"([^\r\n]*)(\r\n?|\n|\Z)")
_BOM = b"\xef\xbb\xbf"


def documents(body: bytes) -> list[Document]:
    """Find the JSON in a body: of its events, or else the body itself, or its lines."""
    found: list[Document] = []
    pieces: list[tuple[int, int]] = []
    lines = list(_lines(body))
    for start, end in [*lines, (0, 0)]:  # the last event may lack its blank line
        line = body[start : min(end, start + 5)]
        if start == end and pieces:
            found.append(Document(f"event {len(found) + 1}", pieces))
            pieces = []
        elif line == b"data:" or (line == b"data" and end - start == 4):
            pieces.append((min(start + 5, end), end))  # a blank in front is none of JSON's business
    if found:
        return found
    whole = [(lines[0][0], len(body))] if lines else []
    if sum(start < end for start, end in lines) > 1 and not _is_json(body, *whole[0]):
        return [
            Document(f"line {number}", [(start, end)])
            for number, (start, end) in enumerate(lines, 1)
            if start < end
        ]
    return [Document("body", whole)]


def _lines(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each line begins and ends, its line end and a BOM left out."""
    at = len(_BOM) if body.startswith(_BOM) else 0
    for match in _LINE.finditer(body, at):
        if match.start() < len(body):
            yield match.span(1)


def _is_json(body: bytes, start: int, end: int) -> bool:
    try:
        json.loads(body[start:end].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True


def place(pieces: list[tuple[int, int]], offset: int) -> int:
    """Return where in the body a byte of a document stands; its pieces are joined by one LF."""
    for start, end in pieces:
        if offset <= end - start:
            return start + offset
        offset -= end - start + 1
    raise AssertionError("the document ends before")


# Where in a JSON text its values are

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def scalars(text: bytes) -> Iterator[tuple[Location, int, int]]:
    """Yield the place of each scalar in a text that is JSON, and where it begins and ends."""
    location: list[str | int] = []
    in_object: list[bool] = []
    at_key = False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (b"{", b"["):
            at_key = token == b"{"
            in_object.append(at_key)
            location.append("" if at_key else 0)
        elif token in (b"}", b"]"):
            in_object.pop()
            location.pop()
            at_key = False
        elif token == b",":
            at_key = in_object[-1]
            last = location[-1]
            if isinstance(last, int):
                location[-1] = last + 1
        elif token == b":":
            at_key = False
        elif at_key:
            location[-1] = json.loads(token.decode("utf-8", "replace"))
        else:
            yield tuple(location), match.start(), match.end()


def normalized(location: Location) -> str:
    """Return the normalized path of RFC 9535, section 2.7."""
    return "$" + "".join(
        f"[{part}]" if isinstance(part, int) else f"[{_quoted(part)}]" for part in location
    )


def _quoted(name: str) -> str:
    inside = json.dumps(name, ensure_ascii=False)[1:-1].replace(r"\"", '"')
    return "'" + inside.replace("'", r"\'") + "'"
