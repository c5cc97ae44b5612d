"""Which recording answers a request.

In this order, and in turn where several fit equally well:

1. the one that is named;
2. those of the same method, path and JSON body (compared as values: neither spaces nor the order of
   keys matter, and 1.0 is 1);
3. those of the same path;
4. those of which no request is known: they fit any.

A request is compared by what a recording may keep of it (``Request.kept``): the body that comes in
is scrubbed of its credentials exactly as the recorded one was. Nothing fits? Then the nearest is
told, and what differs.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from sseparse._errors import NoSuchRecording, RecordingError
from sseparse.recording import Recording, Request, sidecar_path

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".txt", ".sse", ".raw")
"""How the file of a body ends, where no timing file beside it says that it is one."""


def find_recordings(paths: Iterable[str | os.PathLike[str]]) -> dict[str, Path]:
    """Return the files of recordings among files and folders, by name.

    A file given by its path is taken as it is, and named without folders. In a folder, all below it
    are taken that end in ``.txt``, ``.sse`` or ``.raw``, or have a timing file beside them; they
    are named by their path inside it. What starts with a dot is left alone.

    Raises:
        FileNotFoundError: there is no such file or folder.
        RecordingError: a folder without a recording, or two files of one name.
    """
    from pathlib import Path  # 10 ms to import, and who plays one recording needs none of this

    found: dict[str, Path] = {}
    for given in map(Path, paths):
        inside = _inside(given) if given.is_dir() else [given]
        if not inside:
            raise RecordingError(
                f"no recording in this folder: no file that ends in {', '.join(SUFFIXES)}, "
                "and none with a timing file beside it",
                str(given),
            )
        for path in inside:
            if not path.exists() and not sidecar_path(path).exists():
                raise FileNotFoundError(2, os.strerror(2), str(path))
            name = path.relative_to(given).as_posix() if path != given else path.name
            if found.setdefault(name, path) != path:
                raise RecordingError(
                    f"{found[name]} has the same name; give the folder they are in", str(path)
                )
    return found


def _inside(folder: Path) -> list[Path]:
    suffix = sidecar_path("").name
    bodies = set()
    for path in folder.rglob("*"):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if path.name.endswith(suffix):
            bodies.add(path.with_name(path.name.removesuffix(suffix)))
        elif path.suffix in SUFFIXES and path.is_file():
            bodies.add(path)
    return sorted(bodies)


class Recordings:
    r"""Recordings to choose from.

    Args:
        recordings: by name, such as ``"chat/weather.txt"``; or only in order, named by their files
            or their numbers from 1.

    >>> recordings = Recordings([Recording.from_bytes(b"data: 1\n\n")])
    >>> recordings.choose(Request("GET", "http://127.0.0.1/anything")).body
    b'data: 1\n\n'
    """

    def __init__(self, recordings: Mapping[str, Recording] | Sequence[Recording]) -> None:
        self.by_name: dict[str, Recording] = {}
        if isinstance(recordings, Mapping):
            self.by_name.update(recordings)
        else:
            for number, recording in enumerate(recordings, 1):
                name = str(number) if recording.path is None else recording.path.name
                self.by_name[f"{number}-{name}" if name in self.by_name else name] = recording
        self._turns: defaultdict[object, int] = defaultdict(int)
        self._exact: defaultdict[object, list[str]] = defaultdict(list)
        self._by_path: defaultdict[str, list[str]] = defaultdict(list)
        self._for_any: list[str] = []
        for name, recording in self.by_name.items():
            self._sort_in(name, recording)

    @classmethod
    def load(cls, paths: Iterable[str | os.PathLike[str]]) -> Recordings:
        """Read the recordings among files and folders; see ``find_recordings``.

        Raises:
            OSError: a file cannot be read.
            RecordingError: there is none, or one is damaged.
        """
        found = find_recordings(paths)
        return cls({name: Recording.load(path) for name, path in found.items()})

    def _sort_in(self, name: str, recording: Recording) -> None:
        request = None if recording.header is None else recording.header.request
        if not request or not isinstance(request.get("url"), str):
            self._for_any.append(name)
            return
        self._by_path[_path(request)].append(name)
        if "body" in request:
            self._exact[_key(request)].append(name)

    def choose(self, request: Request, name: str | None = None) -> Recording:
        """Return the recording that answers a request, and remember whose turn is next.

        Args:
            request: as it came in.
            name: the recording asked for, with or without the suffix of its file.

        Raises:
            NoSuchRecording: none has this name, or none fits.
        """
        if name is not None:
            return self.by_name[self._named(name)]
        if self._for_any and not self._by_path:
            # All fit, whatever it is: a third of the time of an answer.
            return self.by_name[self._next(None, self._for_any)]
        kept = request.kept(body=True)
        exact, path = _key(kept), _path(kept)
        for key, names in (
            (exact, self._exact.get(exact)),
            (path, self._by_path.get(path)),
            (None, self._for_any),
        ):
            if names:
                return self.by_name[self._next(key, names)]
        raise self._no_such(kept)

    def _next(self, key: object, names: list[str]) -> str:
        turn = self._turns[key]
        self._turns[key] = turn + 1
        return names[turn % len(names)]

    def _named(self, name: str) -> str:
        stems: list[str] = []
        meant = name
        for meant in _spellings(name):
            if meant in self.by_name:
                return meant
            # (Names are no paths, and may hold what paths do not.)
            stems = [known for known in self.by_name if os.path.splitext(known)[0] == meant]  # noqa: PTH122
            if len(stems) == 1:
                return stems[0]
        near = stems[0] if stems else _closest(meant, self.by_name)
        raise NoSuchRecording(f"no recording is named {meant!r}", near)

    def _no_such(self, kept: Mapping[str, object]) -> NoSuchRecording:
        asked = f"{kept['method']} {_path(kept)}"
        path = _closest(_path(kept), self._by_path)
        if path is None:
            return NoSuchRecording(f"there is no recording to answer {asked}", None)
        nearest = self._by_path[path][0]
        return NoSuchRecording(f"no recording answers {asked}", nearest, f"it answers {path}")


def _spellings(name: str) -> Iterator[str]:
    """Return a name as it was asked for, and what may be meant by it, the likeliest last.

    A header is bytes: UTF-8 of a name is read as Latin-1, and a client that sends ASCII only has to
    percent-encode it.
    """
    yield name
    with contextlib.suppress(UnicodeError):
        name = name.encode("latin-1").decode()
        yield name
    yield unquote(name)


def _closest(name: str, names: Iterable[str]) -> str | None:
    import difflib  # for an error only

    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.0)
    return near[0] if near else None


def _path(request: Mapping[str, object]) -> str:
    return urlsplit(str(request["url"])).path or "/"


def _key(request: Mapping[str, object]) -> tuple[object, str, bytes]:
    """Return what two requests have in common that ask for the same."""
    try:
        body = msgspec.json.encode(_canonical(request.get("body")), order="sorted")
    except RecursionError:  # of a recording: no request keeps a body so deep, so none is the same
        body = b""
    return request.get("method"), _path(request), body


def _canonical(value: object) -> object:
    """Return a JSON value with whole numbers as such, however they were written.

    As RFC 8785, 3.2.2.3, but for a long integer, which stays what it is and is not rounded.
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    return value
