"""What can stand in the output of a response: its texts, and its calls of tools.

Two tables, which the fold reads in one direction and ``to_native`` in the other. Item and part
types: https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sseparse.assembly._builder import TextKind
from sseparse.assembly._json import JSONValue, as_object


class Text(NamedTuple):
    """A part that is a text.

    Attributes:
        type: the type of the part.
        item: the type of the item it is in.
        list: the field of the item that lists such parts.
        index_key: the field of an event that numbers them.
        key: the field of the part that is the text.
        kind: which text of the choice that is.
    """

    type: str
    item: str
    list: str
    index_key: str
    key: str
    kind: TextKind


OUTPUT_TEXT = Text("output_text", "message", "content", "content_index", "text", "content")
REFUSAL = Text("refusal", "message", "content", "content_index", "refusal", "refusal")
REASONING = Text("reasoning_text", "reasoning", "content", "content_index", "text", "reasoning")
SUMMARY = Text("summary_text", "reasoning", "summary", "summary_index", "text", "reasoning")

TEXTS = {text.type: text for text in (OUTPUT_TEXT, REFUSAL, REASONING, SUMMARY)}


class Call(NamedTuple):
    """An item that is a call of a tool.

    Attributes:
        type: what ``ToolCall.type`` says.
        key: the field of the item that is the arguments, or "".
        streams: that field is a text; it stands in ``ToolCall.arguments`` alone, and comes in
            pieces. Others are objects, and stand in the item as well.
        server: the provider makes the call.
    """

    type: str
    key: str
    streams: bool
    server: bool


CALLS = {
    "function_call": Call("function", "arguments", streams=True, server=False),
    "custom_tool_call": Call("custom", "input", streams=True, server=False),
    "computer_call": Call("computer_call", "action", streams=False, server=False),
    "local_shell_call": Call("local_shell_call", "action", streams=False, server=False),
    "shell_call": Call("shell_call", "action", streams=False, server=False),  # see made_by_server
    "apply_patch_call": Call("apply_patch_call", "operation", streams=False, server=False),
    "tool_search_call": Call("tool_search_call", "arguments", streams=False, server=True),
    "mcp_call": Call("mcp_call", "arguments", streams=True, server=True),
    "code_interpreter_call": Call("code_interpreter_call", "code", streams=True, server=True),
    "program": Call("program", "code", streams=True, server=True),
    "web_search_call": Call("web_search_call", "action", streams=False, server=True),
    "file_search_call": Call("file_search_call", "queries", streams=False, server=True),
    "image_generation_call": Call("image_generation_call", "", streams=False, server=True),
}

OTHERS = frozenset(
    (
        *("message", "reasoning", "compaction", "program_output", "additional_tools"),
        *("mcp_list_tools", "mcp_approval_request", "mcp_approval_response"),
        *("function_call_output", "custom_tool_call_output", "computer_call_output"),
        *("local_shell_call_output", "shell_call_output", "apply_patch_call_output"),
        "tool_search_output",
    )
)
"""The items that are no calls."""


def made_by_server(kind: str, item: Mapping[str, JSONValue]) -> bool:
    """Return whether the provider makes this call itself; two types leave that to their item."""
    if kind == "tool_search_call":
        return item.get("execution") != "client"
    if kind == "shell_call":
        return as_object(item.get("environment")).get("type") not in (None, "local")
    return CALLS[kind].server
