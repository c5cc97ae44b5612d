"""Recordings: the bytes of a stream, and when each network read of them came."""

from sseparse.recording._recorder import Recorder
from sseparse.recording._recording import Read, Recording, TimingSource
from sseparse.recording._redaction import Request
from sseparse.recording._sidecar import End, Header, sidecar_path
from sseparse.recording._stamps import split_blocks
from sseparse.recording._stored import StoredRecording, open_recording

__all__ = [
    "End",
    "Header",
    "Read",
    "Recorder",
    "Recording",
    "Request",
    "StoredRecording",
    "TimingSource",
    "open_recording",
    "sidecar_path",
    "split_blocks",
]
