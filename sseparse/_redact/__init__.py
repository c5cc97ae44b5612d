"""Redact: values taken out of a body, at the JSON paths that somebody names."""

from sseparse._redact._redacting import (
    Redacted,
    load_whole,
    nothing_at,
    redact,
    redacted_recording,
)
from sseparse._redact._search import BadPath, Change

__all__ = [
    "BadPath",
    "Change",
    "Redacted",
    "load_whole",
    "nothing_at",
    "redact",
    "redacted_recording",
]
