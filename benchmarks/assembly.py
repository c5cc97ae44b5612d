"""Bytes to a completion: each assembler fed by its own library's parser.

For each protocol that there is a stream of: sseparse, the provider's own SDK, and the floor, which
assembles nothing (see ``floors``). What each makes of the stream is read and compared before it is
timed. The chat stream is the seed, which repeats the role and a cumulative usage on every chunk:
that is where assemblers differ, so what they make of it is shown beside the speed.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import accumulators
from benchmarks.answers import Answer, Made
from benchmarks.floors import anthropic_messages, gemini, openai_chat, openai_responses

Assemble = Callable[[bytes], Any]


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
    usage = completion.usage
    return Made(
        completion.content,
        completion.role,
        usage.output_tokens if usage.total_tokens is None else usage.total_tokens,
        completion.reasoning,
        tuple((call.name, call.arguments) for call in completion.tool_calls),
    )


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
    return Made(content, total_tokens=usage["total_tokens"])


def fault(made: Made, answer: Answer) -> str | None:
    """Return what is wrong with what an assembler made of a stream, or None.

    What it has no place for is not looked at, nor are role and usage, which are reported. Arguments
    that were sent as an object, or are given out as one, are compared as JSON.
    """
    truth = answer.truth
    if made.content != truth.content:
        return "wrong content"
    if made.reasoning is not None and made.reasoning != truth.reasoning:
        return "wrong reasoning"
    if made.tool_calls is not None and _parsed(made) != _parsed(truth):
        return "wrong tool calls"
    return None


def _parsed(made: Made) -> list[tuple[str, object]]:
    return [(name, json.loads(arguments)) for name, arguments in made.tool_calls or ()]


def _floor(load: Callable[[], Assemble], read: Callable[[Any], Made]) -> Contestant:
    return Contestant("the floor: split, msgspec", "msgspec", load, read)


SSEPARSE = Contestant("sseparse.assemble", "sseparse", _sseparse, _read_sseparse)
OPENAI = Contestant(
    "openai ChatCompletionStreamState",
    "openai",
    accumulators.openai_chat,
    accumulators.read_openai_chat,
)
ANY_LLM = Contestant(
    "any-llm accumulate_chunks",
    "any-llm-sdk",
    accumulators.any_llm,
    accumulators.read_openai_chat,
)
NAIVE = Contestant("a json.loads loop", None, _naive, _read_naive)
ANTHROPIC = Contestant(
    "anthropic MessageStream",
    "anthropic",
    accumulators.anthropic,
    accumulators.read_anthropic,
)
RESPONSES = Contestant(
    "openai ResponseStreamState",
    "openai",
    accumulators.openai_responses,
    accumulators.read_openai_responses,
)
GOOGLE = Contestant(
    "google-genai, texts collected",
    "google-genai",
    accumulators.google_genai,
    accumulators.read_google_genai,
)

CONTESTANTS = (
    SSEPARSE,
    OPENAI,
    ANY_LLM,
    NAIVE,
    _floor(openai_chat.load, openai_chat.read),
)
"""Those that run on the seed; the last one is the floor."""


@dataclass(frozen=True)
class Field:
    """Who runs on the stream of a protocol, besides sseparse."""

    sdk: Contestant
    floor: Contestant


FIELDS = {
    "anthropic-messages": Field(
        ANTHROPIC, _floor(anthropic_messages.load, anthropic_messages.read)
    ),
    "openai-responses": Field(RESPONSES, _floor(openai_responses.load, openai_responses.read)),
    "gemini": Field(GOOGLE, _floor(gemini.load, gemini.read)),
}
"""By protocol; the seed's is ``CONTESTANTS``."""
