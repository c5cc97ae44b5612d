"""What comes in pieces, and is put together when somebody asks for it.

Texts are kept as lists of fragments (``text += piece`` takes quadratic time). ``Pieces``,
``Entries`` and ``Fields`` are the text, the list and the object that still grow here; ``joined``
makes plain JSON of them and copies what they hold, so that later growth never changes it. Whatever
is none of the three is as it was sent: nobody changes it, and nobody has to look into it.
"""

from __future__ import annotations

from typing import cast

from sseparse.assembly._json import JSONObject, JSONValue, join


class Pieces(list[JSONValue]):
    """A text that grows: its fragments, all of them ``str``."""

    @property
    def texts(self) -> list[str]:
        """The fragments, typed as what they are."""
        return cast("list[str]", self)


class Entries(list[JSONValue]):
    """A list that grows."""


class Fields(dict[str, JSONValue]):
    """An object that grows."""


def joined(value: JSONValue) -> JSONValue:
    """Return a value with all that grows in it as it stands now, as plain JSON."""
    if isinstance(value, Pieces):
        return join(value.texts)
    if isinstance(value, Entries):
        return [joined(entry) for entry in value]
    if isinstance(value, Fields):
        return joined_fields(value)
    return value


def joined_fields(fields: Fields) -> JSONObject:
    """Return an object as it stands now, as plain JSON."""
    return {key: joined(entry) for key, entry in fields.items()}


def entries(target: Fields, key: str) -> Entries:
    """Return the growing list under a key, a new one if there is none."""
    found = target.get(key)
    if not isinstance(found, Entries):
        found = target[key] = Entries()
    return found


def fields(target: Fields, key: str) -> Fields:
    """Return the growing object under a key, a new one if there is none."""
    found = target.get(key)
    if not isinstance(found, Fields):
        found = target[key] = Fields()
    return found


def append(target: JSONObject, key: str, value: str) -> None:
    """Append a text to the fragments kept under a key."""
    fragments = target.get(key)
    if not isinstance(fragments, Pieces):
        fragments = target[key] = Pieces([fragments] if isinstance(fragments, str) else [])
    fragments.append(value)


def set_last(target: JSONObject, key: str, value: JSONValue) -> None:
    """Keep the last value that says something: absent, null and ``""`` overwrite nothing."""
    if value is not None and value != "":
        target[key] = value


APPENDED = frozenset({"text", "summary", "data", "transcript"})
"""The parts of a reasoning detail or an audio answer that come in pieces."""


def merge_fragments(target: JSONObject, piece: JSONObject) -> None:
    """Fold a piece into an object: its texts appended, the rest set last."""
    for key, value in piece.items():
        if key in APPENDED and isinstance(value, str):
            append(target, key, value)
        else:
            set_last(target, key, value)


def keep_unheard_of(source: JSONObject, known: frozenset[str], target: JSONObject) -> None:
    """Keep, as last sent, the fields that have no place of their own: nothing is lost."""
    if not known.issuperset(source):
        for key, value in source.items():
            if key not in known:
                set_last(target, key, value)
