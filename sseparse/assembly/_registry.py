"""The protocols by name. A new one is a new file, a line in ``PROTOCOLS`` and a rule to detect it.

Each is loaded when a stream first speaks it. Protocols of other packages are entry points in the
group ``sseparse.protocols``: the name is the protocol's, the object a ``Protocol`` class.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Completion
from sseparse.assembly._detection import recognise, says_nothing
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._protocol import Protocol

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "sseparse.protocols"

PROTOCOLS = {
    "openai-chat": "_openai_chat:OpenAIChat",
    "openai-completions": "_openai_completions:OpenAICompletions",
    "openai-responses": "_openai_responses:OpenAIResponses",
    "openai-assistants": "_openai_assistants:OpenAIAssistants",
    "openai-transcription": "_openai_transcription:OpenAITranscription",
    "anthropic-messages": "_anthropic_messages:AnthropicMessages",
    "anthropic-complete": "_anthropic_complete:AnthropicComplete",
    "gemini": "_gemini:Gemini",
    "google-interactions": "_google_interactions:GoogleInteractions",
    "cohere-v2": "_cohere_v2:CohereV2",
    "watsonx": "_watsonx:Watsonx",
    "replicate": "_replicate:Replicate",
    "mcp": "_mcp:MCP",
    "a2a": "_a2a:A2A",
    "ag-ui": "_ag_ui:AGUI",
    "unknown": "_unknown:Unknown",
}


@cache
def _load(name: str) -> type[Protocol]:
    module, _, attribute = PROTOCOLS[name].partition(":")
    package = "sseparse.assembly.protocols"
    return cast("type[Protocol]", getattr(import_module(f"{package}.{module}"), attribute))


def load_all() -> None:
    """Load every protocol of this package now, for whoever has time now and none later.

    The first event of a stream waits for its protocol up to 10 ms otherwise; what comes meanwhile
    through a pipe is read as one.
    """
    for name in PROTOCOLS:
        _load(name)


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # 10 ms and more: only for streams we do not know

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _load_plugin(name: str) -> type[Protocol]:
    entry = _entry_points()[name]
    try:
        protocol = entry.load()
    except Exception as error:  # whatever somebody else's package may raise
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"protocol {name!r} ({entry.value}) cannot be loaded: {reason}") from error
    if not (isinstance(protocol, type) and issubclass(protocol, Protocol)):
        raise ValueError(  # noqa: TRY004 (of what is installed, not of an argument)
            f"protocol {name!r} ({entry.value}) is no subclass of sseparse.assembly.Protocol"
        )
    if getattr(protocol, "name", None) != name:
        found = getattr(protocol, "name", None)
        raise ValueError(f"protocol {name!r} ({entry.value}) calls itself {found!r}")
    return protocol


@cache
def _plugins() -> list[type[Protocol]]:
    """Return the protocols of other packages; one that cannot be loaded is warned of, once."""
    loaded = []
    for name, entry in _entry_points().items():
        if name in PROTOCOLS:
            _warn(f"protocol {name!r} ({entry.value}) has the name of one of sseparse: not used")
            continue
        try:
            loaded.append(_load_plugin(name))
        except ValueError as error:
            _warn(str(error))
    return loaded


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=3)


def _detects(plugin: type[Protocol], event: ServerSentEvent, payload: JSONValue) -> bool:
    try:
        return plugin.detects(event, payload)
    except Exception as error:  # somebody else's package may not break everybody's streams
        _warn(f"protocol {plugin.name!r} cannot tell its streams: {type(error).__name__}: {error}")
        return False


def protocol_names() -> list[str]:
    """Return the names of all protocols, those of other packages last.

    >>> "anthropic-messages" in protocol_names()
    True
    """
    return [*PROTOCOLS, *(name for name in _entry_points() if name not in PROTOCOLS)]


def by_name(name: str) -> type[Protocol]:
    """Return the protocol of this name.

    Raises:
        ValueError: there is none (the message lists those there are), or the package that it comes
            with cannot be loaded.
    """
    if name in PROTOCOLS:
        return _load(name)
    if name in _entry_points():
        return _load_plugin(name)
    raise ValueError(f"{name!r} is no protocol known here; there are {', '.join(protocol_names())}")


def claimant(event: ServerSentEvent, payload: JSONValue) -> type[Protocol] | None:
    """Return the protocol that this event can only belong to, or None while that is open.

    Args:
        event: the event.
        payload: its data, decoded, or None where that is no JSON.
    """
    name = recognise(event, payload)
    if name is not None:
        return _load(name)
    if says_nothing(event, payload):
        return None
    return next((plugin for plugin in _plugins() if _detects(plugin, event, payload)), None)


def native(completion: Completion) -> JSONObject:
    """Return the completion in its provider's own non-streaming shape."""
    return by_name(completion.protocol).to_native(completion)
