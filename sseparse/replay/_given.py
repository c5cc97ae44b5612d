"""What is given to be replayed, whoever replays it: a server in a thread, a transport, an app."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeAlias

from sseparse.recording import Recording
from sseparse.replay._choice import Recordings

PathOrRecording: TypeAlias = str | os.PathLike[str] | Recording

Replayable: TypeAlias = Recordings | PathOrRecording | Iterable[PathOrRecording]
"""What can answer: the path of a recording or of a folder, a recording, several of either."""


def as_recordings(given: Replayable) -> Recordings:
    r"""Return the recordings to choose from.

    Raises:
        ValueError: there are none.
        TypeError: what is given is neither a path nor a recording.
        OSError, RecordingError: see ``Recordings.load``.

    >>> list(as_recordings(Recording.from_bytes(b"data: 1\n\n")).by_name)
    ['1']
    """
    if isinstance(given, Recordings):
        return given
    if isinstance(given, (str, os.PathLike, Recording)):
        given = [given]
    if isinstance(given, (bytes, bytearray)) or not isinstance(given, Iterable):
        raise TypeError(_NO_RECORDINGS.format(type(given).__name__))
    items = list(given)
    if not items:
        raise ValueError("no recordings are given; a playback needs one at least")
    recordings = [item for item in items if isinstance(item, Recording)]
    if len(recordings) == len(items):
        return Recordings(recordings)
    paths = [item for item in items if isinstance(item, (str, os.PathLike))]
    if len(paths) == len(items):
        return Recordings.load(paths)
    others = [item for item in items if not isinstance(item, (str, os.PathLike, Recording))]
    raise TypeError(_NO_RECORDINGS.format(type(others[0]).__name__ if others else "a mixture"))


_NO_RECORDINGS = (
    "recordings are given as a path, a Recording, Recordings, or a list of paths or of Recordings; "
    "this is {}"
)
