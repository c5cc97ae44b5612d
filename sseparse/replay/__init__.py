"""Replay: pure transforms of timed reads, and the player that gives them a clock."""

from sseparse.replay._pacing import max_gap, schedule, speed
from sseparse.replay._player import aplay, play

__all__ = ["aplay", "max_gap", "play", "schedule", "speed"]
