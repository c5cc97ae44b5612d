"""OpenAI Responses: item after item, each in pieces and then whole, and all of them at the end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object

STREAMED = {
    "function_call": ("arguments", "function"),
    "custom_tool_call": ("input", "custom"),
    "mcp_call": ("arguments", "mcp_call"),
    "code_interpreter_call": ("code", "code_interpreter_call"),
}
"""Calls whose arguments come in pieces: under which name, and the type of the tool call."""
OBJECTS = {
    "web_search_call": "action",
    "file_search_call": "queries",
    "computer_call": "action",
    "apply_patch_call": "operation",
}
"""Calls whose arguments come as they are, and where."""
SERVER = ("mcp_call", "code_interpreter_call", "web_search_call", "file_search_call")
DELTAS = {
    "function_call": "response.function_call_arguments",
    "custom_tool_call": "response.custom_tool_call_input",
    "mcp_call": "response.mcp_call_arguments",
    "code_interpreter_call": "response.code_interpreter_call_code",
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "reasoning_text": "response.reasoning_text",
    "summary_text": "response.reasoning_summary_text",
}


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    payloads = list(_payloads(completion))
    return [
        event({**payload, "sequence_number": number}, str(payload["type"]))
        for number, payload in enumerate(payloads)
    ]


def _payloads(completion: Completion) -> Iterator[JSONObject]:
    (choice,) = completion.choices
    head: JSONObject = {
        "object": "response",
        "id": completion.id,
        "model": completion.model,
        "created_at": completion.created,
        "error": None,
        "incomplete_details": None,
    }
    begun: JSONObject = {**head, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    calls = {True: iter(choice.server_tool_calls), False: iter(choice.tool_calls)}
    items: list[JSONValue] = []
    for index, kept in enumerate(as_list(completion.extra["output"])):
        item = dict(as_object(kept))
        kind = str(item["type"])
        if kind in STREAMED or kind in OBJECTS:
            call = next(calls[kind in SERVER])
            if kind in STREAMED:
                item[STREAMED[kind][0]] = call.arguments
        items.append(item)
        yield from _item(index, item, kind)
    usage = completion.usage.raw if completion.usage else None
    end: JSONObject = {**head, **completion.extra, "output": items, "usage": usage}
    status = choice.finish_reason
    yield {"type": f"response.{status}", "response": {**end, "status": status}}


def _item(index: int, item: JSONObject, kind: str) -> Iterator[JSONObject]:
    where: JSONObject = {"output_index": index, "item_id": item["id"]}
    begun: JSONObject = {**item, "status": "in_progress"} if "status" in item else dict(item)
    for key in ("content", "summary"):
        if key in item:
            begun[key] = []
    if kind in STREAMED:
        begun[STREAMED[kind][0]] = ""
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for key, added in (("summary", "reasoning_summary_part"), ("content", "content_part")):
        for place, part in enumerate(as_list(item.get(key))):
            number = {f"{key}_index": place}
            yield from _part_events({**where, **number}, as_object(part), f"response.{added}")
    if kind in STREAMED:
        key = STREAMED[kind][0]
        for piece in pieces_of(str(item[key])):
            yield {"type": f"{DELTAS[kind]}.delta", **where, "delta": piece, "obfuscation": "x"}
        yield {"type": f"{DELTAS[kind]}.done", **where, key: item[key]}
    if kind == "web_search_call":
        yield {"type": "response.web_search_call.searching", **where}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _part_events(where: JSONObject, part: JSONObject, name: str) -> Iterator[JSONObject]:
    kind = str(part["type"])
    key = "refusal" if kind == "refusal" else "text"
    lists: JSONObject = {name: [] for name in ("annotations", "logprobs") if name in part}
    yield {"type": f"{name}.added", **where, "part": {"type": kind, key: "", **lists}}
    logprobs = as_list(part.get("logprobs"))
    for piece, entry in zip_longest(pieces_of(str(part[key])), logprobs):
        more: JSONObject = {"logprobs": [] if entry is None else [entry]} if lists else {}
        yield {"type": f"{DELTAS[kind]}.delta", **where, "delta": piece or "", **more}
    for place, annotation in enumerate(as_list(part.get("annotations"))):
        told: JSONObject = {"annotation_index": place, "annotation": annotation}
        yield {"type": "response.output_text.annotation.added", **where, **told}
    yield {"type": f"{DELTAS[kind]}.done", **where, key: part[key]}
    yield {"type": f"{name}.done", **where, "part": part}
