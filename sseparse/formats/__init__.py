"""Other people's recordings, read; and ours, written for other people's tools."""

from sseparse.formats._asciicast import to_asciicast
from sseparse.formats._detect import detect_format, read_imports
from sseparse.formats._exchange import Imported
from sseparse.formats._har_export import to_har

__all__ = [
    "Imported",
    "detect_format",
    "read_imports",
    "to_asciicast",
    "to_har",
]
