"""A message of Anthropic's: thoughts, text, two calls of a tool."""

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


def anthropic_messages() -> Answer:
    rng = random.Random(11)  # noqa: S311  # no secret
    thoughts, texts = pieces_of(rng, 200, 3), pieces_of(rng, 250, 3)
    arguments = [arguments_of(rng, 12), arguments_of(rng, 8)]
    events = [_anthropic_start(), *_thinking(thoughts, letters(rng, 400))]
    events.insert(2, {"type": "ping"})
    events += _block(1, {"type": "text", "text": ""}, "text_delta", "text", texts)
    for place, text in enumerate(arguments):
        tool: Object = {
            "type": "tool_use",
            "id": f"toolu_{letters(rng, 24)}",
            "name": "edit",
            "input": {},
        }
        pieces = ["", *cut(text, 74)]  # the first one is always empty
        events += _block(2 + place, tool, "input_json_delta", "partial_json", pieces)
    usage = {
        "input_tokens": 812,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 2048,
        "output_tokens": 1903,
    }
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    events += [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
    # Spaces before the last brace, so that the length of an event does not tell that of its text.
    body = "".join(
        f"event: {event['type']}\ndata: {compact(event)[:-1]}{' ' * int(rng.random() * 16)}}}\n\n"
        for event in events
    )
    calls = tuple(("edit", text) for text in arguments)
    truth = Made("".join(texts), "assistant", 1903, "".join(thoughts), calls)
    return Answer("anthropic-messages", body.encode(), truth)


def _anthropic_start() -> Object:
    usage = {
        "input_tokens": 812,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 2048,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 5,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }
    message: Object = {
        "model": "claude-benchmark-1",
        "id": "msg_01Benchmark",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "message_start", "message": message}


def _block(index: int, block: Object, kind: str, key: str, pieces: Iterable[str]) -> list[Object]:
    """Return the events of one content block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *(
            {"type": "content_block_delta", "index": index, "delta": {"type": kind, key: piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": index},
    ]


def _thinking(thoughts: Sequence[str], signature: str) -> list[Object]:
    block: Object = {"type": "thinking", "thinking": "", "signature": ""}
    events = _block(0, block, "thinking_delta", "thinking", thoughts)
    delta = {"type": "signature_delta", "signature": signature}
    events.insert(-1, {"type": "content_block_delta", "index": 0, "delta": delta})
    return events
