"""any-llm: chunks of ``completion`` into ``accumulate_chunks``."""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.rebuilt._cases import Case
from benchmarks.rebuilt._judge import Rebuilt
from benchmarks.rebuilt._openai import QUESTION, Rebuild, failed, read_chat, spoken

_PROVIDERS = {
    "deepseek": "deepseek",
    "moonshot": "moonshot",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "vllm": "vllm",
    "llama": "llamacpp",
    "zai": "zai",
}
"""How any-llm calls those who speak like OpenAI, where that needs no further package."""


def _rebuild(prefix: str) -> Rebuild:
    completion = importlib.import_module("any_llm").completion
    accumulate = importlib.import_module("any_llm.utils.streaming").accumulate_chunks
    importlib.import_module(f"any_llm.providers.{prefix}")

    def rebuild(url: str, case: Case) -> Rebuilt:
        provider = _PROVIDERS.get(case.provider, prefix) if prefix == "openai" else prefix
        chunks: list[Any] = []
        error = None
        try:
            for chunk in completion(
                model="m",
                provider=provider,
                api_key="none",
                api_base=url,
                messages=QUESTION,
                stream=True,
                **({"stream_options": {"include_usage": True}} if prefix == "openai" else {}),
            ):
                chunks.append(chunk)  # noqa: PERF402  # what came before an exception counts
        except Exception as caught:  # whatever it raises is its answer
            error = caught
        made = Rebuilt(tool_calls=[])
        try:
            made = read_chat(accumulate(chunks))
        except Exception as caught:  # likewise
            made = spoken(chunks)
            error = error or caught
        return failed(made, error) if error else made

    return rebuild


def openai_chat() -> Rebuild:
    """Return any-llm for OpenAI chat."""
    return _rebuild("openai")


def anthropic_messages() -> Rebuild:
    """Return any-llm for Anthropic."""
    return _rebuild("anthropic")


def gemini() -> Rebuild:
    """Return any-llm for Gemini."""
    return _rebuild("gemini")
