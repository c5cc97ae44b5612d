"""Replay: pure transforms of timed reads, and the player that gives them a clock."""

from sseparse.replay._choice import Recordings, find_recordings
from sseparse.replay._pacing import max_gap, schedule, speed
from sseparse.replay._player import aplay, play
from sseparse.replay._response import Ending, ending_of, headers_of, status_of

__all__ = [
    "Ending",
    "Recordings",
    "aplay",
    "ending_of",
    "find_recordings",
    "headers_of",
    "max_gap",
    "play",
    "schedule",
    "speed",
    "status_of",
]
