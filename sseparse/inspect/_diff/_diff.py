r"""Two recordings compared, on the level that the question is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import attrs

from sseparse.assembly import JSONObject
from sseparse.inspect._diff._bytes import byte_differences
from sseparse.inspect._diff._differences import Difference, differences
from sseparse.inspect._diff._events import event_differences
from sseparse.inspect._diff._ignore import IGNORED, Ignore
from sseparse.inspect._diff._timing import Figure, figures, timing_differences
from sseparse.inspect._walk import Recorded, Source, opened, walk

Level = Literal["events", "completion", "timing", "bytes"]
"""What of two streams is compared."""

TOLERANCE = 0.005
"""Seconds by which times may differ and still be called the same: what a busy machine takes."""


@attrs.frozen
class Diff:
    """What differs between two recordings.

    Attributes:
        level: what was compared.
        differences: all that differs, in the order of the first stream; of bytes the first only.
        figures: with ``"timing"`` all figures of both, whether they differ or not.
    """

    level: Level
    differences: tuple[Difference, ...]
    figures: tuple[Figure, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def to_dict(self) -> JSONObject:
        """Return it as plain JSON values."""
        return {
            "level": self.level,
            "same": self.same,
            "differences": [found.to_dict() for found in self.differences],
            **({"figures": [attrs.asdict(one) for one in self.figures]} if self.figures else {}),
        }


def diff(
    a: Source,
    b: Source,
    *,
    level: Level = "events",
    ignore: str | Iterable[str] = IGNORED,
    tolerance: float = TOLERANCE,
) -> Diff:
    r"""Compare two recordings.

    Args:
        a: the first: a ``Recording``, or the path of one.
        b: the second.
        level: ``"events"``: type, id, retry and data of each event, JSON by its values, and whether
            the stream ends inside it; comments are left out. ``"completion"``: what the streams
            come to, however they are cut. ``"timing"``: the figures of ``metrics``, and when each
            read came. ``"bytes"``: the bodies.
        ignore: keys that are left out of JSON, as a pattern or several: as the shell matches names,
            held against a key wherever it stands; one with a dot in it, against the path from the
            top, without indices (``"choices.delta.role"``). ``"id"`` and ``"retry"`` are the
            fields of events, too. The patterns of ``IGNORED`` spare arguments of calls, results of
            tools and the like: what is said there counts. ``()`` for none.
        tolerance: seconds by which times may differ.

    Raises:
        OSError, RecordingError: a recording cannot be read; see ``Recording.load``.
        TypeError: ``a`` or ``b`` is no recording and no path, or a pattern is no text.
        ValueError: there is no such level, or the tolerance is below 0 or no number.

    >>> from sseparse.recording import Recording
    >>> a = Recording.from_bytes(b'data: {"id": "1", "text": "Hi"}\n\n')
    >>> b = Recording.from_bytes(b'data: {"text":"Ho","id":"2"}\n\n')
    >>> [(found.path, found.a, found.b) for found in diff(a, b).differences]
    [('text', 'Hi', 'Ho')]
    """
    if level not in get_args(Level):
        raise ValueError(f"level is {level!r}; it is one of {', '.join(get_args(Level))}")
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}; it counts seconds, from 0 up")
    one, other = opened(a), opened(b)
    if level == "timing":
        compared = figures(one, other)
        found = timing_differences(one, other, compared, tolerance)
        return Diff(level, tuple(found), compared)
    if level == "bytes":
        return Diff(level, tuple(byte_differences(one, other)))
    ignored = Ignore(ignore)
    if level == "events":
        return Diff(level, tuple(event_differences(one, other, ignored)))
    values = [ignored.strip(_completion(recording)) for recording in (one, other)]
    return Diff(level, tuple(differences(values[0], values[1])))


def _completion(recording: Recorded) -> JSONObject:
    """Return what a stream comes to, and whether its last event is unfinished.

    What else was odd about it counts events, and is left out.
    """
    completion = walk(recording)
    value = completion.to_dict()
    del value["findings"]
    if any(finding.code == "unfinished-event" for finding in completion.findings):
        value["unfinished"] = True
    return value
