"""The floor of OpenAI chat."""

from __future__ import annotations

import msgspec

from benchmarks.answers import Made
from benchmarks.floors._structs import Decode, Struct


class _Delta(Struct):
    role: str | None = None
    content: str | None = None


class _Choice(Struct):
    index: int
    delta: _Delta
    finish_reason: str | None = None


class _PromptTokensDetails(Struct):
    text_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    cached_tokens: int = 0


class _ChatUsage(Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptTokensDetails | None = None


class _Chunk(Struct):
    id: str
    object: str
    created: int
    model: str
    choices: list[_Choice]
    usage: _ChatUsage | None = None
    system_fingerprint: str | None = None


def load() -> Decode:
    """Return the floor of OpenAI chat."""
    decode = msgspec.json.Decoder(_Chunk).decode

    def split_and_decode(body: bytes) -> list[_Chunk]:
        blocks = body.split(b"\n\n")
        return [decode(block[6:]) for block in blocks if block and block != b"data: [DONE]"]

    return split_and_decode


def read(chunks: list[_Chunk]) -> Made:
    """Return what the chunks say."""
    return Made("".join(chunk.choices[0].delta.content or "" for chunk in chunks))
