"""Assembly: events in, completion out."""

from sseparse.assembly._assembler import Assembler, detect
from sseparse.assembly._completion import (
    Choice,
    Completion,
    EndedBy,
    Finding,
    FunctionCall,
    Severity,
    ToolCall,
    Usage,
)
from sseparse.assembly._delta import Delta, DeltaKind
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._registry import protocol_names
from sseparse.assembly._states import State, Step

__all__ = [
    "Assembler",
    "Choice",
    "Completion",
    "Delta",
    "DeltaKind",
    "EndedBy",
    "Finding",
    "FunctionCall",
    "JSONObject",
    "JSONValue",
    "Protocol",
    "Severity",
    "State",
    "Step",
    "ToolCall",
    "Usage",
    "detect",
    "protocol_names",
]
