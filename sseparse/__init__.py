r"""sseparse: decode, assemble, record and replay the event streams of LLM APIs.

>>> import sseparse
>>> [event.data for event in sseparse.iter_events([b"data: hel", b"lo\n\n"])]
['hello']
"""

from importlib import import_module
from typing import TYPE_CHECKING

# isort: off
# fmt: off
from sseparse._assemble import assemble
from sseparse._decoder import Decoder
from sseparse._encoder import encode
from sseparse._errors import (
    AssemblyError, DecoderClosed, EventTooLarge, FaultError, NoSuchRecording, NotAnEventStream,
    RecordingError, SSEError, TransferError, UnsupportedVersion,
)
from sseparse._events import Comment, ServerSentEvent, UnknownField
from sseparse._sources import aiter_events, iter_events
from sseparse.assembly import (
    Assembler, Choice, Completion, Delta, Finding, FunctionCall, State, ToolCall, Usage, detect,
)
# fmt: on
# isort: on

if TYPE_CHECKING:
    from sseparse._generate import generate
    from sseparse._redact import redact
    from sseparse._verify import verify
    from sseparse.recording import Read, Recorder, Recording
    from sseparse.replay import aplay, play

__version__ = "0.1.0"

# fmt: off
_LAZY = {"Read": "recording", "Recorder": "recording", "Recording": "recording", "aplay": "replay",
         "generate": "_generate", "play": "replay", "redact": "_redact", "verify": "_verify"}

__all__ = [
    "Assembler", "AssemblyError", "Choice", "Comment", "Completion", "Decoder", "DecoderClosed",
    "Delta", "EventTooLarge", "FaultError", "Finding", "FunctionCall", "NoSuchRecording",
    "NotAnEventStream", "Read", "Recorder", "Recording", "RecordingError", "SSEError",
    "ServerSentEvent", "State", "ToolCall", "TransferError", "UnknownField", "UnsupportedVersion",
    "Usage", "__version__", "aiter_events", "aplay", "assemble", "detect", "encode", "generate",
    "iter_events", "play", "redact", "verify",
]
# fmt: on


def __getattr__(name: str) -> object:
    """Load recordings and the player when first asked for: whoever only decodes is spared 10 ms."""
    if name in _LAZY:
        return getattr(import_module(f"sseparse.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'sseparse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
