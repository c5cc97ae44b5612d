"""The same few words as a stream of each protocol, for clients to be shown what breaks in them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cli import END, chunk

from sseparse import Read, Recording
from sseparse.recording import Header, split_blocks

PIECES = ("The sea ", "is ", "deep ", "🐙 and wide.")
"""The text; each piece is an event of its own."""


def named(kind: str, **fields: object) -> bytes:
    """Return an event whose name stands in its data too."""
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode()


def chat() -> list[bytes]:
    texts = [chunk(content=piece) for piece in PIECES]
    return [chunk(role="assistant"), *texts, *split_blocks(END)]


def responses() -> list[bytes]:
    response = {"id": "resp_1", "object": "response", "model": "m", "created_at": 1, "output": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    text = "".join(PIECES)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    whole = {**item, "status": "completed", "content": [part]}
    events: list[tuple[str, dict[str, object]]] = [
        ("created", {"response": {**response, "status": "in_progress"}}),
        ("output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress"}}),
        ("content_part.added", {**place, "part": {**part, "text": ""}}),
        *(("output_text.delta", {**place, "delta": piece}) for piece in PIECES),
        ("output_text.done", {**place, "text": text}),
        ("content_part.done", {**place, "part": part}),
        ("output_item.done", {"output_index": 0, "item": whole}),
        ("completed", {"response": {**response, "status": "completed", "output": [whole]}}),
    ]
    return [
        named(f"response.{kind}", sequence_number=number, **fields)
        for number, (kind, fields) in enumerate(events)
    ]


def messages() -> list[bytes]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    start = {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}
    return [
        named("message_start", message=start),
        named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(
            named("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
            for piece in PIECES
        ),
        named("content_block_stop", index=0),
        named("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 4}),
        named("message_stop"),
    ]


def gemini() -> list[bytes]:
    def candidate(text: str, **more: object) -> bytes:
        content = {"role": "model", "parts": [{"text": text}]}
        data = {"candidates": [{"index": 0, "content": content, **more}], "modelVersion": "m"}
        return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"

    return [*map(candidate, PIECES), candidate("", finishReason="STOP")]


def cohere() -> list[bytes]:
    def text(piece: str) -> dict[str, object]:
        return {"message": {"content": {"text": piece}}}

    begun = {"message": {"role": "assistant", "content": [], "tool_calls": [], "citations": []}}
    block = {"message": {"content": {"type": "text", "text": ""}}}
    return [
        named("message-start", id="c-1", delta=begun),
        named("content-start", index=0, delta=block),
        *(named("content-delta", index=0, delta=text(piece)) for piece in PIECES),
        named("content-end", index=0),
        named("message-end", delta={"finish_reason": "COMPLETE"}),
    ]


STREAMS = {
    "openai-chat": ("/v1/chat/completions", chat()),
    "openai-responses": ("/v1/responses", responses()),
    "anthropic-messages": ("/v1/messages", messages()),
    "gemini": ("/v1beta/models/m:streamGenerateContent", gemini()),
    "cohere-v2": ("/v2/chat", cohere()),
}
"""The path at which each protocol is asked, and its stream, event by event."""


def recording_of(protocol: str) -> Recording:
    """Return the stream, an event every 10 ms, as the answer to a request at its path."""
    path, events = STREAMS[protocol]
    request = {"method": "POST", "url": f"https://api.example{path}", "headers": []}
    reads = tuple(Read(0.01 * number, data) for number, data in enumerate(events))
    return Recording(reads, Header(request=request, headers_at=0.0))


def recordings() -> list[Recording]:
    """Return the streams of all protocols."""
    return [recording_of(protocol) for protocol in STREAMS]


def place_of(protocol: str, piece: str) -> int:
    """Return the number of the event that holds a piece, from 1."""
    events: Iterable[bytes] = STREAMS[protocol][1]
    return next(number for number, data in enumerate(events, 1) if f'"{piece}"'.encode() in data)
