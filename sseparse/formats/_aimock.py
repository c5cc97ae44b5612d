"""Fixtures of CopilotKit's aimock: what the model answers, as JSON, and not how it came.

So the stream is made up: the answer as OpenAI's chat completion chunks, a few characters each,
which any client and ``assemble`` read. Where the fixture was recorded it has the times of the
frames that came (``recordedTimings``, in milliseconds); the made-up chunks are spread over them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import accumulate

import msgspec

from sseparse._encoder import encode
from sseparse._events import ServerSentEvent
from sseparse.formats._documents import convert, read_json
from sseparse.formats._exchange import BOUNDARIES, REQUEST, TIMES, Exchange, untimed
from sseparse.recording import End, Read

STREAM = "the stream: its chunks are made up, as openai-chat"
MATCH_OF_TIMES = "which of the times belong to which words"

CHUNK_SIZE = 20
"""Characters of a chunk where the fixture does not say."""


class _Call(msgspec.Struct):
    name: str
    arguments: object = "{}"
    id: str | None = None


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    name: str = ""
    arguments: object = "{}"
    id: str | None = None


class _Response(msgspec.Struct, rename="camel"):
    content: object = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None
    blocks: list[_Block] | None = None
    error: dict[str, object] | None = None
    status: int | None = None
    id: str | None = None
    created: int | None = None
    model: str | None = None
    usage: dict[str, object] | None = None
    finish_reason: str | None = None
    system_fingerprint: str | None = None
    role: str | None = None


class _Timings(msgspec.Struct, rename="camel"):
    ttft_ms: float
    inter_chunk_delays_ms: list[float] = []


class _Match(msgspec.Struct):
    model: str | None = None


class _Fixture(msgspec.Struct, rename="camel"):
    response: _Response
    match: _Match = msgspec.field(default_factory=_Match)
    chunk_size: int | None = None
    recorded_timings: _Timings | None = None


class _File(msgspec.Struct):
    fixtures: list[object]


def read_aimock(data: bytes, path: str) -> list[Exchange]:
    """Return the fixtures of a file, each as the stream of a chat completion.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it is no such file.

    >>> fixtures = b'{"fixtures":[{"match":{},"response":{"content":"Hello"}}]}'
    >>> exchange = read_aimock(fixtures, "a.json")[0]
    >>> exchange.event_stream, exchange.reads[0].data.count(b"data: ")
    (True, 4)
    """
    value = read_json(data, path)
    if isinstance(value, dict) and "fixtures" not in value and "response" in value:
        value = [value]
    if isinstance(value, list):
        value = {"fixtures": value}
    fixtures = convert(value, _File, "no aimock fixtures", path).fixtures
    return [
        _exchange(convert(fixture, _Fixture, f"entry {number}", path))
        for number, fixture in enumerate(fixtures, 1)
    ]


def _exchange(fixture: _Fixture) -> Exchange:
    response = fixture.response
    if response.error is not None:
        return Exchange(
            untimed(msgspec.json.encode({"error": response.error})),
            status=response.status or 500,
            headers=(("content-type", "application/json"),),
            lacks=(REQUEST, TIMES),
        )
    if response.content is None and not response.tool_calls and not response.blocks:
        return Exchange(
            None,
            media_type="text/event-stream",
            missing="it is no chat answer (content, toolCalls or blocks)",
        )
    events = list(_events(fixture))
    times = _times(fixture.recorded_timings, len(events))
    lacks: tuple[str, ...] = (STREAM, REQUEST)
    if times is None:
        reads, lacks = untimed(b"".join(events)), (*lacks, TIMES, BOUNDARIES)
    else:
        reads = tuple(Read(time, event) for time, event in zip(times, events, strict=True))
        lacks = (*lacks, MATCH_OF_TIMES, BOUNDARIES)
    return Exchange(
        reads,
        times is not None,
        status=200,
        headers=(("content-type", "text/event-stream"),),
        end=End("eof", t=times[-1] if times else None),
        lacks=lacks,
    )


def _events(fixture: _Fixture) -> Iterator[bytes]:
    response = fixture.response
    head: dict[str, object] = {
        "id": response.id or "chatcmpl-aimock",
        "object": "chat.completion.chunk",
        "created": response.created or 0,
        "model": response.model or fixture.match.model or "unknown",
    }
    if response.system_fingerprint is not None:
        head["system_fingerprint"] = response.system_fingerprint
    called = False
    for delta in _deltas(fixture):
        called = called or "tool_calls" in delta
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield _event({**head, "choices": [choice]})
    reason = response.finish_reason or ("tool_calls" if called else "stop")
    yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    if response.usage is not None:
        yield _event({**head, "choices": [], "usage": response.usage})
    yield encode(ServerSentEvent("[DONE]"))


def _deltas(fixture: _Fixture) -> Iterator[dict[str, object]]:
    response, size = fixture.response, fixture.chunk_size or CHUNK_SIZE
    yield {"role": response.role or "assistant", "content": ""}
    for piece in _pieces(response.reasoning or "", size):
        yield {"reasoning_content": piece}
    blocks = response.blocks
    if not blocks:
        text = "" if response.content is None else _text(response.content)
        calls = response.tool_calls or []
        blocks = [_Block("text", text=text)]
        blocks += [_Block("toolCall", "", call.name, call.arguments, call.id) for call in calls]
    index = 0
    for block in blocks:
        if block.type == "text":
            for piece in _pieces(block.text, size):
                yield {"content": piece}
        else:
            function = {"name": block.name, "arguments": ""}
            call = {"index": index, "id": block.id or f"call_{index}", "type": "function"}
            yield {"tool_calls": [{**call, "function": function}]}
            for piece in _pieces(_text(block.arguments), size):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            index += 1


def _pieces(text: str, size: int) -> Iterator[str]:
    step = max(size, 1)
    for start in range(0, len(text), step):
        yield text[start : start + step]


def _text(value: object) -> str:
    """Return a text, or the JSON of what a fixture may have in its place."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _event(chunk: dict[str, object]) -> bytes:
    return encode(ServerSentEvent(json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))))


def _times(timings: _Timings | None, count: int) -> list[float] | None:
    """Spread so many events evenly over the frames that were recorded."""
    delays = [] if timings is None else [timings.ttft_ms, *timings.inter_chunk_delays_ms]
    if not delays or not all(map(math.isfinite, delays)):
        return None
    frames = list(accumulate(max(delay, 0.0) / 1000 for delay in delays))
    last = len(frames) - 1
    return [round(frames[number * last // max(count - 1, 1)], 6) for number in range(count)]
