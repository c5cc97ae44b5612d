"""A response of OpenAI's: reasoning, a message, two calls of a tool."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from benchmarks.answers._made import (
    Answer,
    Made,
    Object,
    arguments_of,
    compact,
    cut,
    letters,
    pieces_of,
)


def openai_responses() -> Answer:
    rng = random.Random(12)  # noqa: S311  # no secret
    thoughts, texts = pieces_of(rng, 200, 3), pieces_of(rng, 250, 3)
    arguments = [arguments_of(rng, 12), arguments_of(rng, 8)]
    items: list[Object] = []
    events: list[Object] = [
        {"type": "response.created", "response": _response("in_progress", [], None)},
        {"type": "response.in_progress", "response": _response("in_progress", [], None)},
    ]
    events += _reasoning_item(rng, thoughts, items)
    events += _message_item(rng, texts, items)
    for text in arguments:
        events += _call_item(rng, text, items)
    usage: Object = {
        "input_tokens": 812,
        "input_tokens_details": {"cached_tokens": 512},
        "output_tokens": 1903,
        "output_tokens_details": {"reasoning_tokens": 640},
        "total_tokens": 2715,
    }
    done = _response("completed", items, usage)
    events.append({"type": "response.completed", "response": done})
    body = "".join(
        f"event: {event['type']}\ndata: {compact({**event, 'sequence_number': number})}\n\n"
        for number, event in enumerate(events)
    )
    calls = tuple(("edit", text) for text in arguments)
    truth = Made("".join(texts), "assistant", 2715, "".join(thoughts), calls)
    return Answer("openai-responses", body.encode(), truth)


_TOOL: Object = {
    "type": "function",
    "description": "Change a file",
    "name": "edit",
    "strict": False,
    "parameters": {
        "properties": {"path": {"type": "string"}, "edits": {"type": "array"}},
        "required": ["path", "edits"],
        "type": "object",
    },
}


def _response(status: str, output: list[Object], usage: Object | None) -> Object:
    """Return the response object, which echoes the request."""
    ended = 1763800042 if usage else None
    return {
        "id": "resp_0benchmark",
        "object": "response",
        "created_at": 1763800000,
        "status": status,
        "background": False,
        "completed_at": ended,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": "gpt-benchmark-1",
        "output": output,
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "high", "summary": "detailed"},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [_TOOL],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        "metadata": {},
    }


def _deltas(rng: random.Random, kind: str, place: Object, pieces: Iterable[str]) -> list[Object]:
    """Return the deltas of a part, padded so that their length does not tell that of the text."""
    return [
        {
            "type": f"response.{kind}.delta",
            **place,
            "delta": piece,
            **({"logprobs": []} if kind == "output_text" else {}),
            "obfuscation": letters(rng, 1 + int(rng.random() * 15)),
        }
        for piece in pieces
    ]


def _reasoning_item(
    rng: random.Random, thoughts: Sequence[str], items: list[Object]
) -> list[Object]:
    item_id = f"rs_{letters(rng, 48)}"
    where: Object = {"item_id": item_id, "output_index": len(items), "summary_index": 0}
    item: Object = {"id": item_id, "type": "reasoning", "summary": []}
    text = "".join(thoughts)
    done: Object = {**item, "summary": [{"type": "summary_text", "text": text}]}
    kind, part = "reasoning_summary_text", "response.reasoning_summary_part"
    empty, full = {"type": "summary_text", "text": ""}, {"type": "summary_text", "text": text}
    events: list[Object] = [
        {"type": "response.output_item.added", "output_index": len(items), "item": item},
        {"type": f"{part}.added", **where, "part": empty},
        *_deltas(rng, kind, where, thoughts),
        {"type": f"response.{kind}.done", **where, "text": text},
        {"type": f"{part}.done", **where, "part": full},
        {"type": "response.output_item.done", "output_index": len(items), "item": done},
    ]
    items.append(done)
    return events


def _message_item(rng: random.Random, texts: Sequence[str], items: list[Object]) -> list[Object]:
    item_id = f"msg_{letters(rng, 48)}"
    where: Object = {"item_id": item_id, "output_index": len(items), "content_index": 0}
    text = "".join(texts)
    empty: Object = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
    full: Object = {**empty, "text": text}
    item: Object = {
        "id": item_id,
        "type": "message",
        "status": "in_progress",
        "content": [],
        "role": "assistant",
    }
    done: Object = {**item, "status": "completed", "content": [full]}
    events: list[Object] = [
        {"type": "response.output_item.added", "output_index": len(items), "item": item},
        {"type": "response.content_part.added", **where, "part": empty},
        *_deltas(rng, "output_text", where, texts),
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": full},
        {"type": "response.output_item.done", "output_index": len(items), "item": done},
    ]
    items.append(done)
    return events


def _call_item(rng: random.Random, text: str, items: list[Object]) -> list[Object]:
    item_id = f"fc_{letters(rng, 48)}"
    where: Object = {"item_id": item_id, "output_index": len(items)}
    item: Object = {
        "id": item_id,
        "type": "function_call",
        "status": "in_progress",
        "arguments": "",
        "call_id": f"call_{letters(rng, 24)}",
        "name": "edit",
    }
    done: Object = {**item, "status": "completed", "arguments": text}
    kind = "function_call_arguments"
    events: list[Object] = [
        {"type": "response.output_item.added", "output_index": len(items), "item": item},
        *_deltas(rng, kind, where, cut(text, 75)),
        {"type": f"response.{kind}.done", **where, "arguments": text},
        {"type": "response.output_item.done", "output_index": len(items), "item": done},
    ]
    items.append(done)
    return events
