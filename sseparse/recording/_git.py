"""Recordings in a git work tree: git must be told not to rewrite line ends in them.

Whether git rewrites a file depends on attributes, and on settings that differ from machine to
machine (``core.autocrlf``). Only ``-text`` keeps every byte everywhere, so that is what is asked
for: git itself is asked, since its rules for attributes are its own.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

ATTRIBUTES = ".gitattributes"


def rewritten_by_git(path: Path) -> Path | None:
    """Return the root of the work tree that may rewrite this file, or None: it keeps the bytes.

    Args:
        path: a file, which need not be there yet; its folder has to.
    """
    folder = path.resolve().parent
    root = _git(folder, "rev-parse", "--show-toplevel")
    if root is None or _git(folder, "check-ignore", "-q", "--", path.name) is not None:
        return None  # no work tree, or a file that git leaves alone
    answer = _git(folder, "check-attr", "-z", "text", "--", path.name) or ""
    value = answer.rstrip("\0").rpartition("\0")[2]
    return None if value == "unset" else Path(root.rstrip("\n"))


def advice(path: Path) -> str | None:
    """Return one line on what to do, or None where nothing is to be done.

    Args:
        path: the file of a body.
    """
    root = rewritten_by_git(path)
    if root is None:
        return None
    inside = path.resolve().parent.relative_to(root.resolve()).as_posix()
    pattern = f"*{path.suffix}" if inside == "." else f"{inside}/**"
    return (
        f"git may rewrite line ends in {path}; "
        f'put the line "{_quoted(pattern)} -text" into {root / ATTRIBUTES}'
    )


def write_attributes(folder: Path) -> Path | None:
    """Tell git to keep every byte in a folder of recordings, where it is not told so yet.

    Returns:
        The ``.gitattributes`` that was made, or None: there was no need, there is one already, or
        it could not be written (``advice`` then says what to do).
    """
    attributes = folder / ATTRIBUTES
    if attributes.exists() or rewritten_by_git(folder / "recording.txt") is None:
        return None
    with contextlib.suppress(OSError):
        attributes.write_text(
            "# Recordings are bytes: git must not rewrite a line end in them.\n* -text\n"
        )
        return attributes
    return None


def _quoted(pattern: str) -> str:
    """Write a pattern as .gitattributes wants it: in quotes if there is a blank in it."""
    return f'\\"{pattern}\\"' if " " in pattern else pattern


def _git(folder: Path, *args: str) -> str | None:
    """Return what git prints, or None where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 (the words are ours, the folder is one word)
            ["git", "-C", str(folder), *args],  # noqa: S607 (whichever git the user has)
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
