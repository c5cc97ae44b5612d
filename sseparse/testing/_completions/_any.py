"""Completions of any protocol or dialect; the strategies of each are loaded when asked for."""

from __future__ import annotations

from importlib import import_module

import attrs
from hypothesis import strategies as st

from sseparse._generate import DIALECTS, PROTOCOLS, generate
from sseparse.assembly import Completion
from sseparse.recording import Recording
from sseparse.testing._completions._dialects import in_dialect


@attrs.frozen
class CompletionStream:
    """A completion, and a recording of the stream that spells it.

    Attributes:
        completion: what ``sseparse.assemble`` is to make of the stream.
        recording: an event in each read, at their usual times.
        dialect: whose dialect of chat it is, or None.
    """

    completion: Completion
    recording: Recording
    dialect: str | None = None


def completions(
    protocol: str | None = None, *, dialect: str | None = None
) -> st.SearchStrategy[Completion]:
    """Return a strategy for completions, as ``sseparse.assemble`` gives them.

    They are complete and without findings, and each can be spelled: ``sseparse.generate`` takes it.

    Args:
        protocol: such as ``"anthropic-messages"``; None: any.
        dialect: of chat completions, such as ``"xai"``; None: OpenAI's own.

    Raises:
        ValueError: there is no such protocol or dialect.

    >>> from hypothesis import given
    >>> @given(completions("anthropic-messages"))
    ... def test_a_message_is_the_assistants(completion: Completion) -> None:
    ...     assert completion.role == "assistant"
    >>> test_a_message_is_the_assistants()
    """
    if dialect is not None:
        if dialect not in DIALECTS:
            raise ValueError(f"no dialect {dialect!r}; there are {', '.join(DIALECTS)}")
        if protocol not in (None, "openai-chat"):
            raise ValueError(f"dialects are of openai-chat, and not of {protocol}")
        return _of("openai-chat").map(lambda completion: in_dialect(completion, dialect))
    if protocol is None:
        return st.sampled_from(PROTOCOLS).flatmap(_of)
    if protocol not in PROTOCOLS:
        raise ValueError(f"no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}")
    return _of(protocol)


def completion_streams(
    protocol: str | None = None, *, dialect: str | None = None
) -> st.SearchStrategy[CompletionStream]:
    """Return a strategy for completions, each with a stream that spells it.

    Args:
        protocol: see ``completions``.
        dialect: see there.

    Raises:
        ValueError: see there.

    >>> import sseparse
    >>> from hypothesis import given
    >>> @given(completion_streams("gemini"))
    ... def test_it_is_read_again(stream: CompletionStream) -> None:
    ...     assert sseparse.assemble(stream.recording.body) == stream.completion
    >>> test_it_is_read_again()
    """

    def stream_of(completion: Completion) -> CompletionStream:
        return CompletionStream(completion, generate(completion, dialect=dialect), dialect)

    return completions(protocol, dialect=dialect).map(stream_of)


def _of(protocol: str) -> st.SearchStrategy[Completion]:
    module = import_module(f"{__package__}._{protocol.replace('-', '_')}")
    strategy: st.SearchStrategy[Completion] = module.completions()
    return strategy
