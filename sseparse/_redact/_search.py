"""What is to be replaced: JSON paths (RFC 9535) searched in documents, and edits made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sseparse._redact._documents import Document, Location, normalized, place, scalars

if TYPE_CHECKING:
    from jsonpath import JSONPath


TELLING = 14
"""Bytes of a text in quotes, from which on it is worth a word that it stands elsewhere too."""

MOST_TEXTS = 100
"""Replaced texts that are looked for elsewhere, the longest: each has to be held against all."""


class Change(NamedTuple):
    """One value that was replaced.

    Attributes:
        where: ``"event 3"`` (counted from 1), ``"line 3"`` or ``"body"`` where there are no events,
            ``"request"``.
        path: where in that JSON, as a normalized path of RFC 9535.
    """

    where: str
    path: str


class Edit(NamedTuple):
    start: int
    end: int
    new: bytes


class BadPath(ValueError):
    """What is no JSONPath, or one that cannot be searched for in this JSON."""


class Search:
    """The paths, and what was found at them so far."""

    def __init__(self, json_paths: Iterable[str], replacement: str) -> None:
        self._paths = {path: _compiled(path) for path in json_paths}
        self._replacement = json.dumps(replacement).encode()
        self._old: set[bytes] = set()
        self.unmatched = dict.fromkeys(self._paths)
        self.changes: list[Change] = []
        self.no_json: list[str] = []

    def edits(self, document: Document, text: bytes) -> list[Edit]:
        """Return what has to be replaced in the text round a document."""
        data = b"\n".join(text[start:end] for start, end in document.pieces)
        try:
            value = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            if data.strip() not in (b"", b"[DONE]"):
                self.no_json.append(document.where)
            return []
        wanted = self._locations(value, document.where)
        edits = []
        for location, start, end in scalars(data) if wanted else ():
            old = data[start:end]
            if any(location[:size] in wanted for size in range(len(location) + 1)) and (
                new := self._new(old)
            ):
                self.changes.append(Change(document.where, normalized(location)))
                at = place(document.pieces, start)
                edits.append(Edit(at, at + end - start, new))
        return edits

    def _locations(self, value: object, where: str) -> set[Location]:
        locations: set[Location] = set()
        for path, query in self._paths.items():
            found = _found(query, value, where)
            if found:
                self.unmatched.pop(path, None)
            locations |= found
        return locations

    def _new(self, old: bytes) -> bytes | None:
        """Return what replaces a scalar; None: it stays, as there is nothing in it."""
        if old == b'""':
            return None
        if old.startswith(b'"'):
            if len(old) >= TELLING and old != self._replacement:
                self._old.add(old[1:-1])
            return self._replacement
        return {b"null": None, b"true": b"false", b"false": b"false"}.get(old, b"0")

    def remaining(self, body: bytes) -> Iterator[int]:
        """Find texts in a new body that were replaced elsewhere in it."""
        if self._old:
            longest = sorted(self._old, key=len, reverse=True)[:MOST_TEXTS]
            for match in re.finditer(b"|".join(map(re.escape, longest)), body):
                yield match.start()


def _compiled(path: str) -> JSONPath:
    """Compile a JSONPath; without ``$`` it begins with a name, a dot or a bracket.

    Raises:
        BadPath: it is none.
        ImportError: the library is not installed.
    """
    try:
        import jsonpath  # not everybody who records has it, and it takes 50 ms to import
    except ImportError as error:
        raise ImportError(
            "redacting takes a library for JSONPath: pip install 'sseparse[formats]'"
        ) from error
    whole = path if path.startswith("$") else f"${path}" if path[:1] in (".", "[") else f"$.{path}"
    try:
        query = jsonpath.JSONPathEnvironment(strict=True).compile(whole)
    except jsonpath.JSONPathError as error:
        why = error.args[0] if error.args else "bad syntax"
        raise BadPath(f"{path!r} is no JSONPath (RFC 9535): {why}") from None
    assert isinstance(query, jsonpath.JSONPath)  # noqa: S101 (RFC 9535 has no compound ones)
    return query


def _found(query: JSONPath, value: object, where: str) -> set[Location]:
    import jsonpath

    if not isinstance(value, (dict, list)):  # which the library would not search: `$` or nothing
        return {()} if not query.segments else set()
    try:
        return {tuple(match.parts) for match in query.finditer(value)}
    except (jsonpath.JSONPathError, RecursionError):
        raise BadPath(f"{where}: its JSON is nested too deep to be searched by a path") from None
