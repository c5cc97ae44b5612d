"""langchain: message chunks, added with ``+`` as its manual says."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.rebuilt._cases import Case
from benchmarks.rebuilt._judge import NO_PLACE, Rebuilt
from benchmarks.rebuilt._openai import Rebuild, failed


def _rebuild(model: Callable[[str], Any]) -> Rebuild:
    def rebuild(url: str, case: Case) -> Rebuilt:  # noqa: ARG001
        whole: Any = None
        error = None
        try:
            for chunk in model(url).stream("?"):
                whole = chunk if whole is None else whole + chunk
        except Exception as caught:  # whatever it raises is its answer
            error = caught
        made = Rebuilt(NO_PLACE, NO_PLACE, tool_calls=[]) if whole is None else _read(whole)
        made.role = NO_PLACE
        return failed(made, error) if error else made

    return rebuild


def _read(message: Any) -> Rebuilt:
    metadata, usage = message.response_metadata, message.usage_metadata
    reasoning = [
        block.get("reasoning") or ""
        for block in message.content_blocks
        if block["type"] == "reasoning"
    ]
    reason = next(
        (metadata[key] for key in ("finish_reason", "stop_reason", "status") if metadata.get(key)),
        None,
    )
    return Rebuilt(
        message.text if isinstance(message.text, str) else message.text(),
        NO_PLACE,
        reason,
        [(call["id"], call["name"], call["args"]) for call in message.tool_call_chunks],
        "".join(reasoning) or None,
        usage and (usage["input_tokens"], usage["output_tokens"]),
    )


def openai_chat() -> Rebuild:
    """Return langchain-openai for chat completions."""
    model = importlib.import_module("langchain_openai").ChatOpenAI
    return _rebuild(
        lambda url: model(
            model="m",
            api_key="none",
            base_url=url,
            max_retries=0,
            stream_usage=True,
        )
    )


def openai_responses() -> Rebuild:
    """Return langchain-openai for responses."""
    model = importlib.import_module("langchain_openai").ChatOpenAI
    return _rebuild(
        lambda url: model(
            model="m",
            api_key="none",
            base_url=url,
            max_retries=0,
            use_responses_api=True,
        )
    )


def anthropic_messages() -> Rebuild:
    """Return langchain-anthropic."""
    model = importlib.import_module("langchain_anthropic").ChatAnthropic
    return _rebuild(
        lambda url: model(
            model="m",
            api_key="none",
            base_url=url,
            max_retries=0,
            stream_usage=True,
        )
    )


def gemini() -> Rebuild:
    """Return langchain-google-genai."""
    model = importlib.import_module("langchain_google_genai").ChatGoogleGenerativeAI
    return _rebuild(
        lambda url: model(
            model="gemini-m",
            api_key="none",
            base_url=url,
            max_retries=1,
            include_thoughts=True,
        )
    )
