"""The words of OpenTelemetry's GenAI semantic conventions for what a completion is."""

from __future__ import annotations

from sseparse.assembly import Completion, JSONObject, Usage
from sseparse.assembly._json import as_index

_APART = ("thoughtsTokenCount", "total_thought_tokens")
"""Under which Gemini counts thoughts, beside the output tokens and not among them."""


def written_tokens(usage: Usage | None) -> int | None:
    """Return the output tokens with the thoughts; None where they are not told.

    >>> written_tokens(Usage({"thoughtsTokenCount": 6}, output_tokens=4, reasoning_tokens=6))
    10
    """
    if usage is None or usage.output_tokens is None:
        return None
    apart = any(name in usage.raw for name in _APART)
    return usage.output_tokens + (usage.reasoning_tokens or 0 if apart else 0)


def otel_attributes(completion: Completion) -> JSONObject:
    """Return the attributes of the span that a completion would be; what is not known is left out.

    Input tokens include those that were cached, output tokens the thoughts, as the conventions
    want it, also where a provider counts them apart.

    Source: https://github.com/open-telemetry/semantic-conventions-genai (in development).

    >>> otel_attributes(Completion("openai-chat", id="chatcmpl-1", model="gpt"))
    {'gen_ai.response.id': 'chatcmpl-1', 'gen_ai.response.model': 'gpt'}
    """
    usage = completion.usage or Usage({})
    raw = usage.raw
    written = as_index(raw.get("cache_creation_input_tokens"))
    read = usage.cached_tokens
    read_in = usage.input_tokens
    if "cache_read_input_tokens" in raw and read_in is not None:  # Anthropic counts those apart
        read_in += (written or 0) + (read or 0)
    reasons = [choice.finish_reason for choice in completion.choices]
    values: JSONObject = {
        "gen_ai.response.id": None if completion.id is None else str(completion.id),
        "gen_ai.response.model": completion.model,
        "gen_ai.response.finish_reasons": [*filter(None, reasons)] or None,
        "gen_ai.usage.input_tokens": read_in,
        "gen_ai.usage.output_tokens": written_tokens(usage),
        "gen_ai.usage.cache_read.input_tokens": read,
        "gen_ai.usage.cache_creation.input_tokens": written,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }
    return {name: value for name, value in values.items() if value is not None}
