"""What listens: a proxy that records the streams that pass through it, a server that plays them."""

from sseparse.server._proxy import RecordingProxy
from sseparse.server._replay import ReplayServer
from sseparse.server._shared import Relayed
from sseparse.server._stage import Limits, Played
from sseparse.server._thread import serve_in_thread

__all__ = [
    "Limits",
    "Played",
    "RecordingProxy",
    "Relayed",
    "ReplayServer",
    "serve_in_thread",
]
