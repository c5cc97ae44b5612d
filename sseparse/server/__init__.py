"""What listens: a proxy that records the streams that pass through it."""

from sseparse.server._proxy import RecordingProxy
from sseparse.server._shared import Relayed

__all__ = ["RecordingProxy", "Relayed"]
