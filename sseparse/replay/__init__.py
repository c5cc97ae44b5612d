"""Replay: pure transforms of a recording, and the player that gives them a clock."""

from sseparse.replay._choice import Recordings, find_recordings
from sseparse.replay._chunking import Chunking, coalesce, rechunk
from sseparse.replay._faults import Fault, apply_faults, parse_faults
from sseparse.replay._pacing import max_gap, schedule, speed
from sseparse.replay._player import aplay, play
from sseparse.replay._rates import interval, jitter, rate, token_rate, ttft
from sseparse.replay._response import Ending, ending_of, headers_of, status_of
from sseparse.replay._transforms import Transforms

__all__ = [
    "Chunking",
    "Ending",
    "Fault",
    "Recordings",
    "Transforms",
    "aplay",
    "apply_faults",
    "coalesce",
    "ending_of",
    "find_recordings",
    "headers_of",
    "interval",
    "jitter",
    "max_gap",
    "parse_faults",
    "play",
    "rate",
    "rechunk",
    "schedule",
    "speed",
    "status_of",
    "token_rate",
    "ttft",
]
