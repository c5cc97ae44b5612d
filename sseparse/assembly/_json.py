"""JSON in and out of the assembly, with its type.

msgspec decodes; where it refuses what other decoders accept (half a surrogate pair escaped in one
chunk, ``NaN``), the standard library's decoder gets its turn: a model's words are worth it.
"""

from __future__ import annotations

import json
from typing import cast

import msgspec

JSONValue = dict[str, "JSONValue"] | list["JSONValue"] | str | int | float | bool | None
"""Any JSON value as Python has it."""

JSONObject = dict[str, JSONValue]

decode = msgspec.json.Decoder().decode
"""Decode JSON of the strict kind, fast."""


def _int(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts: nobody counts so far
        return float(digits)


def loads(text: str) -> JSONValue:
    """Return the value that a JSON text spells.

    Raises:
        ValueError: it is not JSON, or nested deeper than Python's stack.
    """
    try:
        return decode(text)  # type: ignore[no-any-return]  # untyped JSON is just JSONValue
    except (ValueError, RecursionError):
        return loads_leniently(text)


def loads_leniently(text: str) -> JSONValue:
    """Do as ``loads``, for what ``decode`` refuses: half characters, ``NaN``, huge numbers."""
    try:
        return json.loads(text, parse_int=_int)  # type: ignore[no-any-return]  # as above
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def loads_so_far(text: str) -> JSONValue:
    """Return what a JSON text says that may be cut anywhere.

    A text that is cut is given as far as it goes; a key without its value, or a number, ``true``
    or ``null`` of which half is there, is left out.

    Raises:
        ValueError: it is not the beginning of a JSON value.
    """
    import jiter  # only whoever asks for it waits for it to load

    data = text.encode("utf-8", "replace")
    return cast("JSONValue", jiter.from_json(data, partial_mode="trailing-strings"))


def dumps(value: JSONValue) -> str:
    """Return the compact JSON text of a value."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair: only as an escape can it be written
        return json.dumps(value, separators=(",", ":"))
    except RecursionError:  # nested as deeply as Python's stack goes
        return "null"


def as_object(value: JSONValue) -> JSONObject:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: JSONValue) -> list[JSONValue]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: JSONValue) -> str | None:
    """Return the value if it is a text that says something, else None.

    Absent, ``null`` and ``""`` mean the same for ids, roles, names, models and finish reasons.
    """
    return value if isinstance(value, str) and value else None


def as_index(value: JSONValue) -> int | None:
    """Return the value if it is a whole number (``true`` is none), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def join(fragments: list[str]) -> str | None:
    """Return fragments as one text; None where there was none at all, not even an empty one.

    Surrogates that two chunks shared between them become the character they spell, lone ones
    U+FFFD, so that the text can be written anywhere.
    """
    return whole("".join(fragments)) if fragments else None


def whole(text: str) -> str:
    """Return a text without half characters: pairs become what they spell, lone ones U+FFFD."""
    if text.isascii():  # which takes no time, where encoding holds a second copy of a long text
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
