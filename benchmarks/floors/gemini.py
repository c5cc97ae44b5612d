"""The floor of Gemini."""

from __future__ import annotations

import json

import msgspec

from benchmarks.answers import Made
from benchmarks.floors._structs import JSON, Decode, Struct


class _Call(Struct):
    name: str
    args: JSON
    id: str | None = None


class _Part(Struct, rename="camel"):
    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: _Call | None = None


class _Content(Struct):
    parts: list[_Part]
    role: str


class _Candidate(Struct, rename="camel"):
    content: _Content
    index: int
    finish_reason: str | None = None


class _Modality(Struct, rename="camel"):
    modality: str
    token_count: int


class _GeminiUsage(Struct, rename="camel"):
    prompt_token_count: int
    total_token_count: int
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    prompt_tokens_details: list[_Modality] | None = None


class _GeminiChunk(Struct, rename="camel"):
    candidates: list[_Candidate]
    usage_metadata: _GeminiUsage
    model_version: str
    response_id: str


def load() -> Decode:
    """Return the floor of Gemini."""
    decode = msgspec.json.Decoder(_GeminiChunk).decode

    def split_and_decode(body: bytes) -> list[_GeminiChunk]:
        return [decode(block[6:]) for block in body.split(b"\r\n\r\n") if block]

    return split_and_decode


def read(chunks: list[_GeminiChunk]) -> Made:
    """Return what the chunks say."""
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    calls = [part.function_call for part in parts if part.function_call]
    return Made(
        "".join(part.text or "" for part in parts if not part.thought),
        chunks[0].candidates[0].content.role,
        chunks[-1].usage_metadata.total_token_count,
        "".join(part.text or "" for part in parts if part.thought),
        tuple((call.name, json.dumps(call.args, ensure_ascii=False)) for call in calls),
    )
