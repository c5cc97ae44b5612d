"""From recordings to one page: what came, when, what it amounts to, and what is odd about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import attrs

from sseparse.assembly import JSONObject
from sseparse.inspect._check._check import CheckFold
from sseparse.inspect._metrics import MetricsFold
from sseparse.inspect._report._data import PageFold, page_data
from sseparse.inspect._report._page import page
from sseparse.inspect._walk import Recorded, Source, opened, walk
from sseparse.recording._files import replace_file


@attrs.frozen
class Report:
    """A page that shows recordings, and needs nothing but itself.

    Attributes:
        title: its title.
        html: the page, with all styles, scripts and data in it; to be written as UTF-8.
    """

    title: str
    html: str = attrs.field(repr=False)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the page, whole or not at all; what is in it is a conversation: mode 0600.

        Args:
            path: where to.
            force: replace the file that is there.

        Returns:
            The path.

        Raises:
            FileExistsError: the file is there, and ``force`` is false.
            OSError: it cannot be written.
        """
        path = Path(path)
        if path.exists() and not force:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        replace_file(path, self.html.encode())
        return path


def report(
    recordings: Source | Iterable[Source] | Mapping[str, Source],
    *,
    title: str | None = None,
    protocol: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Report:
    r"""Make a page that shows recordings: timeline, answer, events, figures and findings.

    Args:
        recordings: one or several; each a ``Recording``, or the path of one, which then is read
            piece by piece. A mapping gives them the names they have on the page.
        title: of the page; None or blank: the name of the recording, or how many there are.
        protocol: what the streams speak; None: it is found out.
        progress: called with the bytes of each read.

    Raises:
        OSError, RecordingError: a recording cannot be read; see ``Recording.load``.
        ValueError: there is no recording, or no protocol of that name.

    >>> from sseparse.recording import Recording
    >>> made = report(Recording.from_bytes(b"data: <b>hi</b>\n\n"))
    >>> made.title, "<b>" in made.html, r"\u003cb\u003ehi" in made.html
    ('recording', False, True)
    """
    named = _named(recordings)
    if not named:
        raise ValueError("there is no recording to report on")
    told = [_told(name, opened(one), protocol, progress) for name, one in named]
    if title is None or not title.strip():
        first = Path(named[0][0]).name
        title = first if len(named) == 1 else f"{len(named):,} streams"
    return Report(title, page(title, told))


def _named(
    recordings: Source | Iterable[Source] | Mapping[str, Source],
) -> list[tuple[str, Source]]:
    """Return each recording with its name."""
    if isinstance(recordings, Mapping):
        return list(recordings.items())
    if isinstance(recordings, (str, os.PathLike)) or not isinstance(recordings, Iterable):
        recordings = [recordings]
    return [(_name(one), one) for one in recordings]


def _name(recording: Source) -> str:
    if isinstance(recording, (str, os.PathLike)):
        return os.fsdecode(recording)
    path = getattr(recording, "path", None)
    return "recording" if path is None else str(path)


def _told(
    name: str,
    recorded: Recorded,
    protocol: str | None,
    progress: Callable[[int], object] | None,
) -> JSONObject:
    """Walk through a recording once, and return what the page is told of it."""
    fold, figures, checks = PageFold(), MetricsFold(recorded), CheckFold(recorded)
    walk(recorded, fold, figures, checks, protocol=protocol, progress=progress)
    return page_data(name, recorded, fold, figures.metrics(), checks.findings())
