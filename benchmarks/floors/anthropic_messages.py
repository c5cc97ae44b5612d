"""The floor of Anthropic Messages."""

from __future__ import annotations

from typing import Any

import msgspec

from benchmarks.answers import Made
from benchmarks.floors._structs import JSON, Decode, Struct, Tagged, named


class _CacheCreation(Struct):
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class _MessageUsage(Struct):
    output_tokens: int
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: _CacheCreation | None = None
    service_tier: str | None = None
    inference_geo: str | None = None


class _TextBlock(Tagged, tag="text"):
    text: str


class _ThinkingBlock(Tagged, tag="thinking"):
    thinking: str
    signature: str


class _ToolUseBlock(Tagged, tag="tool_use"):
    id: str
    name: str
    input: JSON


class _TextDelta(Tagged, tag="text_delta"):
    text: str


class _ThinkingDelta(Tagged, tag="thinking_delta"):
    thinking: str


class _SignatureDelta(Tagged, tag="signature_delta"):
    signature: str


class _InputJSONDelta(Tagged, tag="input_json_delta"):
    partial_json: str


class _Message(Tagged, tag="message"):
    id: str
    role: str
    model: str
    content: list[_TextBlock | _ThinkingBlock | _ToolUseBlock]
    usage: _MessageUsage
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _Stop(Struct):
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _MessageStart(Tagged, tag="message_start"):
    message: _Message


class _BlockStart(Tagged, tag="content_block_start"):
    index: int
    content_block: _TextBlock | _ThinkingBlock | _ToolUseBlock


class _BlockDelta(Tagged, tag="content_block_delta"):
    index: int
    delta: _TextDelta | _ThinkingDelta | _SignatureDelta | _InputJSONDelta


class _BlockStop(Tagged, tag="content_block_stop"):
    index: int


class _MessageDelta(Tagged, tag="message_delta"):
    delta: _Stop
    usage: _MessageUsage


class _MessageStop(Tagged, tag="message_stop"):
    pass


class _Ping(Tagged, tag="ping"):
    pass


_MessageEvent = (
    _MessageStart | _BlockStart | _BlockDelta | _BlockStop | _MessageDelta | _MessageStop | _Ping
)


def load() -> Decode:
    """Return the floor of Anthropic Messages."""
    return named(msgspec.json.Decoder(_MessageEvent).decode)


def read(events: list[Any]) -> Made:
    """Return what the events say."""
    deltas = [event.delta for event in events if isinstance(event, _BlockDelta)]
    starts = [event.content_block for event in events if isinstance(event, _BlockStart)]
    return Made(
        "".join(delta.text for delta in deltas if isinstance(delta, _TextDelta)),
        events[0].message.role,
        events[-2].usage.output_tokens,
        "".join(delta.thinking for delta in deltas if isinstance(delta, _ThinkingDelta)),
        tuple(
            (start.name, _input_of(events, index))
            for index, start in enumerate(starts)
            if isinstance(start, _ToolUseBlock)
        ),
    )


def _input_of(events: list[Any], index: int) -> str:
    return "".join(
        event.delta.partial_json
        for event in events
        if isinstance(event, _BlockDelta)
        and event.index == index
        and isinstance(event.delta, _InputJSONDelta)
    )
