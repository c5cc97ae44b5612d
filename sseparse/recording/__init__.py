"""Recordings: the bytes of a stream, and when each network read of them came."""

from sseparse.recording._recorder import Recorder
from sseparse.recording._recording import Read, Recording, TimingSource
from sseparse.recording._redaction import Request
from sseparse.recording._sidecar import End, Header, sidecar_path
from sseparse.recording._stamps import split_blocks

__all__ = [
    "End",
    "Header",
    "Read",
    "Recorder",
    "Recording",
    "Request",
    "TimingSource",
    "sidecar_path",
    "split_blocks",
]
