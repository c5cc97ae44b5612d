"""Each peer rebuilds a plain stream in full: what the table blames it for is then not our doing."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.rebuilt._cases import Case
from benchmarks.rebuilt._judge import judge
from benchmarks.rebuilt._openai import Rebuild
from benchmarks.rebuilt._peers import PEERS
from benchmarks.rebuilt._server import serving

Object = dict[str, Any]

TRUTH: Object = {
    "content": "Hello there.",
    "role": "assistant",
    "finish_reason": "stop",
    "complete": True,
    "usage": {"input_tokens": 9, "output_tokens": 3},
}
PIECES = ("Hello", " there.")


def _chat() -> list[Any]:
    head: Object = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas: list[Object] = [
        {"role": "assistant", "content": ""},
        *({"content": text} for text in PIECES),
    ]
    choices: list[Object] = [
        {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    chunks = [{**head, "choices": [choice], "usage": None} for choice in choices]
    return [*chunks, {**head, "choices": [], "usage": usage}, "[DONE]"]


def _completions() -> list[Any]:
    head: Object = {"id": "c-1", "object": "text_completion", "created": 1, "model": "m"}
    pairs = [(PIECES[0], None), (PIECES[1], "stop")]
    choices: list[Object] = [
        {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
        for text, reason in pairs
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    chunks = [{**head, "choices": [choice], "usage": None} for choice in choices]
    return [*chunks, {**head, "choices": [], "usage": usage}, "[DONE]"]


def _anthropic() -> list[Any]:
    message: Object = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 1},
    }
    deltas: list[Object] = [{"type": "text_delta", "text": text} for text in PIECES]
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": message},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": stop,
            "usage": {"input_tokens": 9, "output_tokens": 3},
        },
        {"type": "message_stop"},
    ]


def _responses() -> list[Any]:
    text = "".join(PIECES)
    head: Object = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "status": "in_progress",
    }
    item: Object = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    part: Object = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    full = {**part, "text": text}
    done = {**item, "status": "completed", "content": [full]}
    usage = {
        "input_tokens": 9,
        "output_tokens": 3,
        "total_tokens": 12,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    end = {**head, "status": "completed", "output": [done], "usage": usage}
    events: list[Object] = [
        {"type": "response.created", "response": head},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "status": "in_progress"},
        },
        {"type": "response.content_part.added", **where, "part": part},
        *(
            {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
            for piece in PIECES
        ),
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": full},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": end},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _gemini() -> list[Any]:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12}
    return [
        {
            "candidates": [
                {
                    "content": {"parts": [{"text": piece}], "role": "model"},
                    **({"finishReason": "STOP"} if piece == PIECES[-1] else {}),
                    "index": 0,
                }
            ],
            "usageMetadata": usage,
            "modelVersion": "gemini-m",
            "responseId": "r",
        }
        for piece in PIECES
    ]


PLAIN: dict[str, Callable[[], list[Any]]] = {
    "openai-chat": _chat,
    "openai-completions": _completions,
    "anthropic-messages": _anthropic,
    "openai-responses": _responses,
    "gemini": _gemini,
}


def _body(protocol: str) -> bytes:
    lines = []
    for payload in PLAIN[protocol]():
        if protocol in ("anthropic-messages", "openai-responses"):
            lines.append(f"event: {payload['type']}\n")
        data = payload if isinstance(payload, str) else json.dumps(payload)
        lines.append(f"data: {data}\n\n")
    return "".join(lines).encode()


ASKED = [
    pytest.param(protocol, load, id=f"{peer.name}-{protocol}")
    for peer in PEERS
    for protocol, load in peer.loaders.items()
]


@pytest.mark.filterwarnings("ignore")  # the peers' own: some leave loops and sockets open
@pytest.mark.parametrize(("protocol", "load"), ASKED)
def test_a_peer_rebuilds_a_plain_stream_in_full(protocol: str, load: Callable[[], Rebuild]) -> None:
    try:
        rebuild = load()
    except ImportError as error:
        pytest.skip(f"not installed: {error}")
    body = _body(protocol)
    with serving() as server:
        server.body = body
        made = rebuild(server.url, Case(protocol, "plain", "", body, TRUTH))
    gc.collect()  # here, where nobody minds
    verdicts = judge(TRUTH, made)
    assert {name: found.fault for name, found in verdicts.items() if found and found.fault} == {}
    assert verdicts["content"] is not None
