"""Testing: Hypothesis strategies for the tests of whoever reads event streams."""

from sseparse.testing._bytes import chunkings, raw_streams
from sseparse.testing._completions import CompletionStream, completion_streams, completions
from sseparse.testing._events import EventStream, event_streams, events
from sseparse.testing._recordings import FaultedRecording, faulted_recordings, recordings

__all__ = [
    "CompletionStream",
    "EventStream",
    "FaultedRecording",
    "chunkings",
    "completion_streams",
    "completions",
    "event_streams",
    "events",
    "faulted_recordings",
    "raw_streams",
    "recordings",
]
