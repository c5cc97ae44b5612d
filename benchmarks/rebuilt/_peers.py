"""Who takes part, and what each can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers import installed_version
from benchmarks.rebuilt import _any_llm, _langchain, _litellm, _openai, _pydantic_ai
from benchmarks.rebuilt._openai import Rebuild


@dataclass(frozen=True)
class Peer:
    """A library.

    Attributes:
        name: the head of its column.
        distributions: the packages it needs, in the order they are shown.
        loaders: by protocol; each imports it, and raises ImportError where something is missing.
    """

    name: str
    distributions: tuple[str, ...]
    loaders: dict[str, Callable[[], Rebuild]]

    def versions(self) -> list[str]:
        """Return the packages that are installed, with their versions."""
        found = [(name, installed_version(name)) for name in self.distributions]
        return [f"{name} {version}" for name, version in found if version]


SSEPARSE = "sseparse"

PEERS = (
    Peer(
        "openai, anthropic",
        ("openai", "anthropic"),
        {
            "openai-chat": _openai.openai_chat,
            "openai-responses": _openai.openai_responses,
            "anthropic-messages": _openai.anthropic_messages,
        },
    ),
    Peer(
        "litellm",
        ("litellm",),
        {
            "openai-chat": _litellm.openai_chat,
            "openai-completions": _litellm.openai_completions,
            "openai-responses": _litellm.openai_responses,
            "anthropic-messages": _litellm.anthropic_messages,
            "gemini": _litellm.gemini,
        },
    ),
    Peer(
        "langchain",
        ("langchain-core", "langchain-openai", "langchain-anthropic", "langchain-google-genai"),
        {
            "openai-chat": _langchain.openai_chat,
            "openai-responses": _langchain.openai_responses,
            "anthropic-messages": _langchain.anthropic_messages,
            "gemini": _langchain.gemini,
        },
    ),
    Peer(
        "pydantic-ai",
        ("pydantic-ai-slim",),
        {
            "openai-chat": _pydantic_ai.openai_chat,
            "openai-responses": _pydantic_ai.openai_responses,
            "anthropic-messages": _pydantic_ai.anthropic_messages,
            "gemini": _pydantic_ai.gemini,
        },
    ),
    Peer(
        "any-llm",
        ("any-llm-sdk",),
        {
            "openai-chat": _any_llm.openai_chat,
            "anthropic-messages": _any_llm.anthropic_messages,
            "gemini": _any_llm.gemini,
        },
    ),
)
"""All but sseparse, in the order of the columns."""

NAMES = (SSEPARSE, *(peer.name for peer in PEERS))


def loaded(protocol: str, only: str | None = None) -> dict[str, Rebuild]:
    """Return those that are installed and can be asked for a protocol, by name."""
    found = {SSEPARSE: _openai.sseparse()} if only in (None, SSEPARSE) else {}
    for peer in PEERS:
        if protocol in peer.loaders and only in (None, peer.name):
            try:
                found[peer.name] = peer.loaders[protocol]()
            except ImportError:
                continue
    return found
