"""Assembly: events in, completion out."""

from sseparse.assembly._assembler import Assembler
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
from sseparse.assembly._json import JSONValue
from sseparse.assembly._states import State

__all__ = [
    "Assembler",
    "Choice",
    "Completion",
    "Delta",
    "DeltaKind",
    "EndedBy",
    "Finding",
    "FunctionCall",
    "JSONValue",
    "Severity",
    "State",
    "ToolCall",
    "Usage",
]
