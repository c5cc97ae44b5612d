r"""The streams that are assembled: one for each of the big protocols, and what must come out.

What must come out is written first and turned into events after, so it is known without any
assembler. The sets of fields, the line ends and the padding are what the providers really send;
texts, ids and signatures are made up. Randomness is seeded, so the bytes are the same everywhere
(``test_answers.py`` holds them).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable

from benchmarks.answers._anthropic_messages import anthropic_messages
from benchmarks.answers._gemini import gemini
from benchmarks.answers._made import Answer, Made
from benchmarks.answers._openai_responses import openai_responses
from benchmarks.workloads import seed_body

__all__ = ["PROTOCOLS", "Answer", "Made", "answer"]


def _openai_chat() -> Answer:
    data = [line[6:] for line in seed_body().decode().split("\n") if line.startswith("data: {")]
    deltas = [json.loads(line)["choices"][0]["delta"] for line in data]
    content = "".join(delta.get("content") or "" for delta in deltas)
    return Answer("openai-chat", seed_body(), Made(content, "assistant", 121, None, ()))


_MAKERS: dict[str, Callable[[], Answer]] = {
    "openai-chat": _openai_chat,
    "anthropic-messages": anthropic_messages,
    "openai-responses": openai_responses,
    "gemini": gemini,
}

PROTOCOLS = tuple(_MAKERS)
"""Those there is a stream of, in the order of the tables."""


@functools.cache
def answer(protocol: str) -> Answer:
    """Return the stream of a protocol.

    Raises:
        KeyError: there is none; ``PROTOCOLS`` lists those there are.

    >>> answer("openai-chat").events
    81
    """
    return _MAKERS[protocol]()
