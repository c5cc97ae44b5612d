"""The words of OpenTelemetry's GenAI semantic conventions for what a completion is."""

from __future__ import annotations

from sseparse.assembly import Completion, JSONObject, Usage


def otel_attributes(completion: Completion) -> JSONObject:
    """Return the attributes of the span that a completion would be; what is not known is left out.

    Source: https://github.com/open-telemetry/semantic-conventions-genai (in development).

    >>> otel_attributes(Completion("openai-chat", id="chatcmpl-1", model="gpt"))
    {'gen_ai.response.id': 'chatcmpl-1', 'gen_ai.response.model': 'gpt'}
    """
    usage = completion.usage or Usage({})
    reasons = [choice.finish_reason for choice in completion.choices]
    values: JSONObject = {
        "gen_ai.response.id": completion.id,
        "gen_ai.response.model": completion.model,
        "gen_ai.response.finish_reasons": [*filter(None, reasons)] or None,
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }
    return {name: value for name, value in values.items() if value is not None}
