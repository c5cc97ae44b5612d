"""Recordings in a git work tree: git must be told not to rewrite line ends in them.

Whether git rewrites a file depends on attributes, and on settings that differ from machine to
machine (``core.autocrlf``). Only ``-text`` keeps every byte everywhere, so that is what is asked
for: git itself is asked, since its rules for attributes are its own.
"""

from __future__ import annotations

import contextlib
import os
import re
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
    return None if value == "unset" else Path(root.removesuffix("\n"))


def advice(path: Path) -> str | None:
    """Return one line on what to do, or None where nothing is to be done.

    Args:
        path: the file of a body.
    """
    root = rewritten_by_git(path)
    if root is None:
        return None
    attributes, pattern = _place(path.resolve(), root.resolve())
    return (
        f"git may rewrite line ends in {path}; put this line at the end of {attributes}: "
        f"{_quoted(pattern)} -text"
    )


def _place(path: Path, root: Path) -> tuple[Path, str]:
    """Return the ``.gitattributes`` to write to, and the pattern for it.

    That is the nearest one there is, for it overrules those further up; else that of the root.
    """
    folders = [folder for folder in path.parents if folder.is_relative_to(root)]
    chosen = next((folder for folder in folders if (folder / ATTRIBUTES).exists()), root)
    if chosen != path.parent and path.is_relative_to(chosen):
        return chosen / ATTRIBUTES, _escaped(path.parent.relative_to(chosen).as_posix()) + "/**"
    suffix = path.suffix
    return chosen / ATTRIBUTES, "*" + _escaped(suffix) if suffix else _escaped(path.name)


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


def _escaped(text: str) -> str:
    """Write a name such that a pattern of git means this very name."""
    return re.sub(r"([\\*?\[\]!#])", r"\\\1", text)


def _quoted(pattern: str) -> str:
    """Write a pattern as .gitattributes wants it: quoted as in C where a blank would end it."""
    if not re.search(r'[\s"\x00-\x1f\x7f]', pattern):
        return pattern
    escaped = pattern.replace("\\", r"\\").replace('"', r"\"")
    octal = re.sub(r"[\x00-\x1f\x7f]", lambda match: "\\" + f"{ord(match[0]):03o}", escaped)
    return f'"{octal}"'


def _git(folder: Path, *args: str) -> str | None:
    """Return what git prints, or None where it fails or is not there."""
    # In a hook git says by these which repository it is at work on, which need not be this one.
    env = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
    try:
        done = subprocess.run(  # noqa: S603 (the words are ours, the folder is one word)
            ["git", "-C", str(folder), *args],  # noqa: S607 (whichever git the user has)
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=env,
            timeout=10,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):  # ValueError: a NUL in the path
        return None
    return os.fsdecode(done.stdout)


# What `git rev-parse --local-env-vars` prints, as far as it matters here.
_OF_A_REPOSITORY = {
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
}
