"""litellm: chunks of ``completion`` into ``stream_chunk_builder``; ``responses`` as it is.

``responses`` needs the package ``mcp``, which litellm does not ask for. Cohere is left out: litellm
asks it for JSON (``accept: application/json``), not for the events that the fixtures have.
"""

from __future__ import annotations

import importlib
import logging
import os
from typing import Any

from benchmarks.rebuilt._cases import Case
from benchmarks.rebuilt._judge import Rebuilt
from benchmarks.rebuilt._openai import (
    QUESTION,
    Rebuild,
    failed,
    read_chat,
    read_response,
    spoken,
    watch,
)

_PROVIDERS = {
    "deepseek": "deepseek",
    "groq": "groq",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "vllm": "hosted_vllm",
    "xai": "xai",
    "cerebras": "cerebras",
    "zai": "zai",
    "fireworks": "fireworks_ai",
    "together": "together_ai",
}
"""How litellm calls those who speak like OpenAI; it takes the others as OpenAI itself."""

_MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-20250514", "gemini": "gemini-2.5-pro"}
"""Models that litellm knows: of one it does not know it takes the answer for no stream."""


def _litellm() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it fetches one when imported
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    return litellm


def _rebuild(prefix: str) -> Rebuild:
    litellm = _litellm()

    def rebuild(url: str, case: Case) -> Rebuilt:
        provider = _PROVIDERS.get(case.provider, prefix) if prefix == "openai" else prefix
        model = f"{provider}/{_MODELS.get(provider, 'm')}"
        chunks = []
        error = None
        try:
            for chunk in litellm.completion(
                model=model,
                api_base=url,
                api_key="none",
                messages=QUESTION,
                stream=True,
                max_retries=0,
                num_retries=0,
                stream_options={"include_usage": True},
            ):
                chunks.append(chunk)  # noqa: PERF402  # what came before an exception counts
        except Exception as caught:  # whatever it raises is its answer
            error = caught
        made = Rebuilt(tool_calls=[])
        try:
            completion = litellm.stream_chunk_builder(chunks, messages=QUESTION)
            if completion is not None:
                made = read_chat(completion)
        except Exception as caught:  # likewise
            made = spoken(chunks)
            error = error or caught
        return failed(made, error) if error else made

    return rebuild


def openai_chat() -> Rebuild:
    """Return litellm for OpenAI chat."""
    return _rebuild("openai")


def anthropic_messages() -> Rebuild:
    """Return litellm for Anthropic."""
    return _rebuild("anthropic")


def gemini() -> Rebuild:
    """Return litellm for Gemini."""
    return _rebuild("gemini")


def openai_completions() -> Rebuild:
    """Return litellm for OpenAI's legacy completions, which it turns into chat."""
    return _rebuild("text-completion-openai")


def openai_responses() -> Rebuild:
    """Return litellm for responses: what it hands through, and the response at the end."""
    litellm = _litellm()

    def rebuild(url: str, case: Case) -> Rebuilt:  # noqa: ARG001
        made = Rebuilt(tool_calls=[])
        try:
            for event in litellm.responses(
                model="openai/gpt-4o",
                api_base=url,
                api_key="none",
                input="?",
                stream=True,
                max_retries=0,
                num_retries=0,
            ):
                watch(event, made)
                if event.type == "response.completed":
                    made = read_response(event.response)
        except Exception as caught:  # whatever it raises is its answer
            return failed(made, caught)
        return made

    return rebuild
