"""The two files of a recording on disk: opened, or replaced without losing what was there.

``claim`` opens both for a recorder, which then only appends; ``save_files`` writes a recording that
is at hand as a whole. Either way a file is made with mode 0600, for what is recorded is somebody's
conversation, and none that exists is touched unless ``overwrite`` says so.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from sseparse.recording._sidecar import (
    SUFFIX,
    End,
    Header,
    encode_end,
    encode_header,
    encode_read,
    parse,
    sidecar_path,
)

if TYPE_CHECKING:
    from sseparse.recording._recording import Recording

MODE = 0o600

TEMPORARY = ".tmp"
"""How the name of a file ends that is not in place yet: ``.NAME.XXXXXXXX.tmp``."""


@attrs.frozen
class Claim:
    """The two files of a recording to be, open for appending.

    Attributes:
        body: the file descriptor of the body.
        sidecar: that of the timing file.
        made: those of the two that were not there before.
    """

    body: int
    sidecar: int
    made: tuple[Path, ...]


def claim(path: Path, *, overwrite: bool) -> Claim:
    """Open the files of a new recording; files that exist keep their content for now.

    The timing file comes first: a kill between the two leaves one that says "interrupted", and not
    a body that looks whole.

    Raises:
        FileExistsError: one of them exists, and ``overwrite`` is false.
        OSError: one cannot be opened for writing; none was made then.
    """
    sidecar_file = sidecar_path(path)
    check(path, overwrite=overwrite)
    made = tuple(file for file in (sidecar_file, path) if not file.exists())
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    if not overwrite:
        flags |= os.O_EXCL
    sidecar = os.open(sidecar_file, flags, MODE)
    try:
        body = os.open(path, flags, MODE)
    except OSError:
        os.close(sidecar)
        remove([file for file in made if file == sidecar_file])
        raise
    return Claim(body, sidecar, made)


def replace(claimed: Claim, path: Path) -> Claim:
    """Put new, empty files in the place of those that are there, and open them for appending.

    They are other files under the same names: whoever still records to those that were there has
    files without a name then, and notices. Where the folder takes no new files, those that are
    there are emptied.

    Raises:
        OSError: they cannot be; what was there may still be whole.
    """
    opened = []
    for descriptor, file in ((claimed.sidecar, sidecar_path(path)), (claimed.body, path)):
        target = Path(os.path.realpath(file))  # of a symbolic link, the file behind it
        try:
            name = _write_beside(target, b"")
        except OSError:
            os.ftruncate(descriptor, 0)
            opened.append(descriptor)
            continue
        try:
            new = os.open(name, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            name.replace(target)
        except OSError:  # Windows replaces no open file
            remove([name])
            os.ftruncate(descriptor, 0)
            opened.append(descriptor)
            continue
        os.close(descriptor)
        opened.append(new)
    return Claim(opened[1], opened[0], claimed.made)


def check(path: Path, *, overwrite: bool) -> None:
    """See whether a recording can be written here, before anything is asked of a server.

    Raises:
        FileExistsError: there is one, and ``overwrite`` is false.
        OSError: there is something else, such as a folder or a pipe, or no folder to write to.
    """
    if path.name.endswith(SUFFIX):
        raise OSError(
            errno.EINVAL, "this names a timing file; give the name of the body", str(path)
        )
    for file in (path, sidecar_path(path)):
        try:
            mode = file.stat().st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(mode):
            if stat.S_ISDIR(mode):
                raise _os_error(errno.EISDIR, file)
            raise OSError(errno.EINVAL, "no regular file, and a recording needs one", str(file))
        if not overwrite:
            raise _os_error(errno.EEXIST, file)
    folder = path.parent
    if not folder.is_dir():
        raise _os_error(errno.ENOTDIR if folder.exists() else errno.ENOENT, folder)


def remove(files: list[Path] | tuple[Path, ...]) -> None:
    """Remove files that nobody is to find; one that is gone already is as good."""
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()


def save_files(
    recording: Recording, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a recording; see ``Recording.save``."""
    path = Path(path)
    check(path, overwrite=overwrite)
    # Of a symbolic link it is the file behind it that is replaced.
    body, sidecar = (Path(os.path.realpath(file)) for file in (path, sidecar_path(path)))
    timing = _timing(recording)
    if timing is not None:
        parse(timing, str(sidecar))  # what could not be read back shall not be written
    written: list[tuple[Path, Path]] = []
    try:
        for file, data in ((sidecar, timing), (body, recording.body)):
            if data is not None:
                written.append((_write_beside(file, data), file))
        _replace(written)
    finally:
        remove([temporary for temporary, _ in written])
    if timing is None:
        remove([sidecar_path(path)])  # of what was there before
    return path


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, through a link to the file itself; mode 0600 if it is new.

    A device or a pipe is written to as it is.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    temporary = _write_beside(target, data)
    try:
        temporary.replace(target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        remove([temporary])


def _replace(written: list[tuple[Path, Path]]) -> None:
    """Put files in place: all of them, or none.

    The timing goes first: beside the old body it is told of as not fitting, where a new body beside
    the old timing might fit by chance.
    """
    before = [(file, file.read_bytes() if file.exists() else None) for _, file in written[:-1]]
    try:
        for temporary, file in written:
            temporary.replace(file)
    except OSError:
        for file, data in before:
            if data is None:
                remove([file])
            else:
                file.write_bytes(data)
        raise


def _timing(recording: Recording) -> bytes | None:
    header, timed = recording.header, recording.timing == "sidecar"
    if header is None and not timed:
        return None
    header = attrs.evolve(header or Header(), timed=timed)
    if header.headers_at is not None:
        header = attrs.evolve(header, headers_at=round(header.headers_at, 6))
    end = attrs.evolve(
        recording.end,
        t=None if recording.end.t is None else round(recording.end.t, 6),  # as the reads are
        bytes=len(recording.body),
        sha256=hashlib.sha256(recording.body).hexdigest(),
    )
    reads = recording.reads if timed else ()
    lines = [encode_header(header), *(encode_read(read.time, len(read.data)) for read in reads)]
    if recording.end != End("interrupted"):  # which is what the missing line says
        lines.append(encode_end(end))
    return b"".join(lines)


def _write_beside(file: Path, data: bytes) -> Path:
    """Write data to a new file in the same folder, with the mode of the file that is there."""
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else MODE
    prefix = f".{file.name}."
    try:
        descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=TEMPORARY, dir=file.parent)
    except OSError as error:  # which names the other file
        raise _os_error(error.errno or errno.EIO, file) from error
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 (a descriptor)
            opened.write(data)
        temporary.chmod(mode)
    except OSError as error:
        remove([temporary])
        error.filename = error.filename or str(file)
        raise
    return temporary


def _os_error(code: int, file: Path) -> OSError:
    return OSError(code, os.strerror(code), str(file))
