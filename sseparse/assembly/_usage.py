"""What a stream says it cost, under common names beside the provider's own.

One table for all providers: where a figure stands in their usage objects. The first path that
leads to a whole number gives it. Nothing is added up: they count differently (see ``Usage``).
"""

from __future__ import annotations

from sseparse.assembly._completion import Usage
from sseparse.assembly._json import JSONObject, as_index

_Path = tuple[str] | tuple[str, str]

_PATHS: dict[str, tuple[_Path, ...]] = {
    "input_tokens": (
        ("prompt_tokens",),  # OpenAI chat and whoever speaks like it
        ("input_tokens",),  # OpenAI Responses, Anthropic
        ("promptTokenCount",),  # Gemini
        ("total_input_tokens",),  # Gemini Interactions
        ("tokens", "input_tokens"),  # Cohere
        ("inputTokens",),  # AG-UI
    ),
    "output_tokens": (
        ("completion_tokens",),
        ("output_tokens",),
        ("candidatesTokenCount",),
        ("total_output_tokens",),
        ("tokens", "output_tokens"),
        ("generated_token_count",),  # watsonx
        ("outputTokens",),
    ),
    "total_tokens": (("total_tokens",), ("totalTokenCount",), ("totalTokens",)),
    "cached_tokens": (
        ("prompt_tokens_details", "cached_tokens"),
        ("prompt_token_details", "cached_tokens"),  # OpenAI Assistants
        ("input_tokens_details", "cached_tokens"),
        ("cached_tokens",),  # Moonshot, Cohere
        ("prompt_cache_hit_tokens",),  # DeepSeek
        ("cache_read_input_tokens",),  # Anthropic
        ("cachedContentTokenCount",),
        ("total_cached_tokens",),
        ("cachedInputTokens",),
    ),
    "reasoning_tokens": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "thinking_tokens"),  # Anthropic
        ("thoughtsTokenCount",),
        ("total_thought_tokens",),
        ("reasoningTokens",),
    ),
}


def build_usage(raw: JSONObject) -> Usage:
    """Return a usage object with its figures under common names as well, where they are known."""
    return Usage(raw, *[_figure(raw, paths) for paths in _PATHS.values()])


def _figure(raw: JSONObject, paths: tuple[_Path, ...]) -> int | None:
    for key, *inner in paths:
        value = raw.get(key)
        if value is not None:
            if inner:
                value = value.get(inner[0]) if isinstance(value, dict) else None
            if (number := as_index(value)) is not None:
                return number
    return None
