"""Replicate: pieces of plain text, logs between them, and ``done``."""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse.assembly import Completion


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    pieces = ["", *pieces_of(completion.content or "")]
    events = [ServerSentEvent(piece, "output") for piece in pieces]
    logs = pieces_of(str(completion.extra.get("logs", "")))
    return [*events, *[ServerSentEvent(log, "logs") for log in logs], ServerSentEvent("{}", "done")]
