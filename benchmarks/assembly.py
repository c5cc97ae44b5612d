"""Bytes of the seed to a completion: each assembler fed by its own library's parser.

Beside the speed stands what each makes of the stream. The seed repeats the role and a cumulative
usage on every chunk, which is where assemblers differ. The floor assembles nothing: it splits the
body at blank lines and decodes each payload into typed structs.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

Assemble = Callable[[bytes], Any]


@dataclass(frozen=True)
class Made:
    """What an assembler made of a stream; None where it makes nothing of the kind."""

    content: str | None
    role: str | None
    total_tokens: int | None


@dataclass(frozen=True)
class Contestant:
    """An assembler to run.

    Attributes:
        name: the head of its row.
        distribution: the package it comes with, or None.
        load: imports it and returns the function to time; raises ImportError where it is missing.
        read: makes a ``Made`` of what that function returned, outside the timing.
    """

    name: str
    distribution: str | None
    load: Callable[[], Assemble]
    read: Callable[[Any], Made]


def _sseparse() -> Assemble:
    assemble: Assemble = importlib.import_module("sseparse").assemble
    return assemble


def _read_sseparse(completion: Any) -> Made:
    return Made(completion.content, completion.role, completion.usage.total_tokens)


def _read_native(completion: Any) -> Made:
    message = completion.choices[0].message
    return Made(message.content, message.role, completion.usage.total_tokens)


def _openai_chunks() -> Callable[[bytes], Iterator[Any]]:
    """Return what ``openai.Stream`` does between the response and its chunks."""
    decoder = importlib.import_module("openai._streaming").SSEDecoder
    construct_type = importlib.import_module("openai._models").construct_type
    chunk_type = importlib.import_module("openai.types.chat").ChatCompletionChunk

    def chunks(body: bytes) -> Iterator[Any]:
        for sse in decoder().iter_bytes(iter([body])):
            if sse.data.startswith("[DONE]"):
                break
            yield construct_type(type_=chunk_type, value=sse.json())

    return chunks


def _openai() -> Assemble:
    chunks = _openai_chunks()
    state_type = importlib.import_module("openai.lib.streaming.chat").ChatCompletionStreamState

    def assemble(body: bytes) -> Any:
        state = state_type()
        for chunk in chunks(body):
            state.handle_chunk(chunk)
        return state.get_final_completion()

    return assemble


def _any_llm() -> Assemble:
    accumulate = importlib.import_module("any_llm.utils.streaming").accumulate_chunks
    provider = importlib.import_module("any_llm.providers.openai.base").BaseOpenAIProvider
    convert = provider._convert_completion_chunk_response
    chunks = _openai_chunks()

    def assemble(body: bytes) -> Any:
        return accumulate(map(convert, chunks(body)))

    return assemble


def _naive() -> Assemble:
    return naive


def naive(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return content and last usage: the loop everyone writes first."""
    content = ""
    usage: dict[str, Any] = {}
    for line in body.decode().split("\n"):
        if not line.startswith("data: ") or line == "data: [DONE]":
            continue
        chunk = json.loads(line[6:])
        if chunk["choices"]:
            content += chunk["choices"][0]["delta"].get("content") or ""
        usage = chunk.get("usage") or usage
    return content, usage


def _read_naive(result: tuple[str, dict[str, Any]]) -> Made:
    content, usage = result
    return Made(content, None, usage["total_tokens"])


class _Delta(msgspec.Struct, gc=False):
    role: str | None = None
    content: str | None = None


class _Choice(msgspec.Struct, gc=False):
    index: int
    delta: _Delta
    finish_reason: str | None = None


class _PromptTokensDetails(msgspec.Struct, gc=False):
    text_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    cached_tokens: int = 0


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptTokensDetails | None = None


class _Chunk(msgspec.Struct, gc=False):
    id: str
    object: str
    created: int
    model: str
    choices: list[_Choice]
    usage: _Usage | None = None
    system_fingerprint: str | None = None


def _floor() -> Assemble:
    decode = msgspec.json.Decoder(_Chunk).decode

    def split_and_decode(body: bytes) -> list[_Chunk]:
        blocks = body.split(b"\n\n")
        return [decode(block[6:]) for block in blocks if block and block != b"data: [DONE]"]

    return split_and_decode


def _read_floor(chunks: list[_Chunk]) -> Made:
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    return Made(content, None, None)


SSEPARSE = Contestant("sseparse.assemble", "sseparse", _sseparse, _read_sseparse)
OPENAI = Contestant("openai ChatCompletionStreamState", "openai", _openai, _read_native)
ANY_LLM = Contestant("any-llm accumulate_chunks", "any-llm-sdk", _any_llm, _read_native)
NAIVE = Contestant("a json.loads loop", None, _naive, _read_naive)
FLOOR = Contestant("the floor: split, msgspec", "msgspec", _floor, _read_floor)

CONTESTANTS = (SSEPARSE, OPENAI, ANY_LLM, NAIVE, FLOOR)
