"""Differences between two JSON values, each with the path that leads to it.

What changes from run to run was left out on both sides before (see ``_ignore``).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Literal

import attrs

from sseparse.assembly import JSONObject, JSONValue


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = "absent"


ABSENT: Literal[Absent.ABSENT] = Absent.ABSENT
"""In place of a value that is not there; null is a value."""


@attrs.frozen
class Difference:
    """One thing that differs.

    Attributes:
        path: what differs: the way to it in the JSON of the event or the completion, such as
            ``"choices[0].delta.content"``; ``"data"`` where that is no JSON, ``"event"`` for the
            event type, ``"event.id"`` and ``"event.retry"`` for those fields, ``"unfinished"``
            where a stream ends inside an event, a name of ``Metrics`` for a figure; ``""``: all of
            it.
        a: what it is in the first recording, or ``ABSENT``.
        b: what it is in the second, or ``ABSENT``.
        event_a: the event of the first that it stands in, counted from 1, or None.
        event_b: likewise of the second.
        offset_a: the first byte of that event, or the byte that differs.
        offset_b: likewise.
    """

    path: str
    a: JSONValue | Absent
    b: JSONValue | Absent
    event_a: int | None = None
    event_b: int | None = None
    offset_a: int | None = None
    offset_b: int | None = None

    def to_dict(self) -> JSONObject:
        """Return it as plain JSON values; what is absent is left out."""
        values = {field.name: getattr(self, field.name) for field in attrs.fields(Difference)}
        return {
            name: value
            for name, value in values.items()
            if value is not ABSENT and (value is not None or name in ("a", "b"))
        }


def differences(a: JSONValue, b: JSONValue, path: str = "") -> Iterator[Difference]:
    """Yield where two JSON values differ, as deep down as can be said.

    >>> for found in differences({"x": [1, 2], "y": "a"}, {"x": [1, 3, 4]}):
    ...     print(found.path, found.a, found.b)
    x[1] 2 3
    x[2] Absent.ABSENT 4
    y a Absent.ABSENT
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            inner = f"{path}.{key}" if path else key
            yield from _entry(a.get(key, ABSENT), b.get(key, ABSENT), inner)
    elif isinstance(a, list) and isinstance(b, list):
        for index in range(max(len(a), len(b))):
            one = a[index] if index < len(a) else ABSENT
            other = b[index] if index < len(b) else ABSENT
            yield from _entry(one, other, f"{path}[{index}]")
    elif not _equal(a, b):
        yield Difference(path, a, b)


def _equal(a: JSONValue, b: JSONValue) -> bool:
    """Return whether two values are the same, of which one at most holds others."""
    if a != a and b != b:  # NaN, which Python reads in JSON: here it equals itself
        return True
    return a == b and isinstance(a, bool) == isinstance(b, bool)  # (in Python True is 1)


def _entry(a: JSONValue | Absent, b: JSONValue | Absent, path: str) -> Iterator[Difference]:
    if isinstance(a, Absent) or isinstance(b, Absent):
        yield Difference(path, a, b)
    else:
        yield from differences(a, b, path)
