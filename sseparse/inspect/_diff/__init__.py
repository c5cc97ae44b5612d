"""Diff: two recordings in, what differs out."""

from sseparse.inspect._diff._diff import Diff, Level, diff
from sseparse.inspect._diff._differences import ABSENT, Absent, Difference
from sseparse.inspect._diff._ignore import IGNORED
from sseparse.inspect._diff._timing import Figure

__all__ = ["ABSENT", "IGNORED", "Absent", "Diff", "Difference", "Figure", "Level", "diff"]
