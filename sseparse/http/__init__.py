"""HTTP clients: what records the streams that they are answered with, and what answers them."""

from sseparse.http._aiohttp import recording_middleware
from sseparse.http._record import record
from sseparse.http._replay_aiohttp import replay_connector
from sseparse.http._replay_app import replay_app
from sseparse.http._replay_requests import ReplayAdapter
from sseparse.http._replay_transports import AsyncReplayTransport, ReplayTransport
from sseparse.http._requests import recording_hook
from sseparse.http._transports import AsyncRecordingTransport, RecordingTransport

__all__ = [
    "AsyncRecordingTransport",
    "AsyncReplayTransport",
    "RecordingTransport",
    "ReplayAdapter",
    "ReplayTransport",
    "record",
    "recording_hook",
    "recording_middleware",
    "replay_app",
    "replay_connector",
]
