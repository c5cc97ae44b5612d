"""pydantic-ai: ``model_request_stream``, read to its end, and the response it then has."""

from __future__ import annotations

import asyncio
import atexit
import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.rebuilt._judge import NO_PLACE, Rebuilt
from benchmarks.rebuilt._openai import Rebuild, failed

Model = Callable[[str], Any]


def _rebuild(model: Model, settings: dict[str, Any] | None = None) -> Rebuild:
    request = importlib.import_module("pydantic_ai.direct").model_request_stream
    prompt = importlib.import_module("pydantic_ai").ModelRequest.user_text_prompt

    async def ask(url: str) -> Rebuilt:
        made = Rebuilt(role=NO_PLACE, tool_calls=[])
        try:
            async with request(model(url), [prompt("?")], model_settings=settings) as stream:
                try:
                    async for _ in stream:
                        pass
                finally:
                    made = _read(stream.get())
        except Exception as caught:  # whatever it raises is its answer
            return failed(made, caught)
        return made

    # One loop for all: closed after each, it would leave the clients' connections behind.
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return lambda url, _: runner.run(ask(url))


def _read(response: Any) -> Rebuilt:
    parts = response.parts
    texts = [part.content for part in parts if part.part_kind == "text"]
    thoughts = [part.content for part in parts if part.part_kind == "thinking"]
    usage = response.usage
    return Rebuilt(
        "".join(texts) if texts else None,
        NO_PLACE,
        (response.provider_details or {}).get("finish_reason") or response.finish_reason,
        [
            (part.tool_call_id, part.tool_name, part.args)
            for part in parts
            if part.part_kind == "tool-call"
        ],
        "".join(thoughts) or None,
        (usage.input_tokens, usage.output_tokens) if usage.has_values() else None,
    )


def _openai_client(url: str) -> Any:
    openai = importlib.import_module("openai")
    return openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0)


def openai_chat() -> Rebuild:
    """Return its OpenAI chat, with the setting that cumulative usage needs.

    Its models for OpenRouter and the like build on this one, but are stricter: it does better.
    """
    models = importlib.import_module("pydantic_ai.models.openai")
    provider = importlib.import_module("pydantic_ai.providers.openai").OpenAIProvider
    return _rebuild(
        lambda url: models.OpenAIChatModel(
            "m", provider=provider(openai_client=_openai_client(url))
        ),
        {"openai_continuous_usage_stats": True},
    )


def openai_responses() -> Rebuild:
    """Return its OpenAI Responses."""
    models = importlib.import_module("pydantic_ai.models.openai")
    provider = importlib.import_module("pydantic_ai.providers.openai").OpenAIProvider
    return _rebuild(
        lambda url: models.OpenAIResponsesModel(
            "m", provider=provider(openai_client=_openai_client(url))
        )
    )


def anthropic_messages() -> Rebuild:
    """Return its Anthropic."""
    anthropic = importlib.import_module("anthropic")
    models = importlib.import_module("pydantic_ai.models.anthropic")
    provider = importlib.import_module("pydantic_ai.providers.anthropic").AnthropicProvider
    return _rebuild(
        lambda url: models.AnthropicModel(
            "claude-m",
            provider=provider(
                anthropic_client=anthropic.AsyncAnthropic(
                    api_key="none", base_url=url, max_retries=0
                )
            ),
        )
    )


def gemini() -> Rebuild:
    """Return its Gemini."""
    models = importlib.import_module("pydantic_ai.models.google")
    provider = importlib.import_module("pydantic_ai.providers.google").GoogleProvider
    return _rebuild(
        lambda url: models.GoogleModel("gemini-m", provider=provider(api_key="none", base_url=url))
    )
