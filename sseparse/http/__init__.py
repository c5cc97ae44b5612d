"""HTTP clients: what records the streams that they are answered with."""

from sseparse.http._aiohttp import recording_middleware
from sseparse.http._record import record
from sseparse.http._requests import recording_hook
from sseparse.http._transports import AsyncRecordingTransport, RecordingTransport

__all__ = [
    "AsyncRecordingTransport",
    "RecordingTransport",
    "record",
    "recording_hook",
    "recording_middleware",
]
