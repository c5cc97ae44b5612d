"""Assembly: events in, completion out."""

from sseparse.assembly._assembler import Assembler, detect
from sseparse.assembly._builder import ChoiceBuilder, Part, ToolCallBuilder
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
from sseparse.assembly._fragments import Entries, Fields, Pieces
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._registry import protocol_names
from sseparse.assembly._states import PartStep, State, Step

__all__ = [
    "Assembler",
    "Choice",
    "ChoiceBuilder",
    "Completion",
    "Delta",
    "DeltaKind",
    "EndedBy",
    "Entries",
    "Fields",
    "Finding",
    "FunctionCall",
    "JSONObject",
    "JSONValue",
    "Part",
    "PartStep",
    "Pieces",
    "Protocol",
    "Severity",
    "State",
    "Step",
    "ToolCall",
    "ToolCallBuilder",
    "Usage",
    "detect",
    "protocol_names",
]
