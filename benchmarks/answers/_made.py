"""An answer, what is made of it, and the texts they are written from."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass

Object = dict[str, object]


@dataclass(frozen=True)
class Made:
    """What an assembler made of a stream; None where it has no place for it.

    Attributes:
        content: the text.
        role: who speaks.
        total_tokens: of the usage (Anthropic, which sends no total: the output tokens).
        reasoning: the thoughts before the text.
        tool_calls: names and arguments (as one string of JSON), in order.
    """

    content: str | None
    role: str | None = None
    total_tokens: int | None = None
    reasoning: str | None = None
    tool_calls: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class Answer:
    """A stream and what it says.

    Attributes:
        protocol: as sseparse names it.
        body: the bytes.
        truth: what must come out.
    """

    protocol: str
    body: bytes
    truth: Made

    @property
    def events(self) -> int:
        """How many events there are: each ends in a blank line."""
        return self.body.replace(b"\r", b"").count(b"\n\n")


_WORDS = (
    *("the", "stream", "of", "words", "that", "nobody", "has", "to", "read", "again", "is", "as"),
    *("long", "as", "an", "answer", "mostly", "gets", "naïve", "“quoted”", "1,024", "🙂", "π"),
)
_ENDS = (" ", " ", " ", " ", " ", ", ", ". ", ".\n\n")


def pieces_of(rng: random.Random, count: int, most: int) -> list[str]:
    """Return so many pieces of text, of one word up to ``most`` each."""
    words = len(_WORDS)
    return [
        "".join(
            _WORDS[int(rng.random() * words)] + _ENDS[int(rng.random() * len(_ENDS))]
            for _ in range(1 + int(rng.random() * most))
        )
        for _ in range(count)
    ]


def arguments_of(rng: random.Random, entries: int) -> str:
    """Return the arguments of a call: a list of so many small objects."""
    edits = [
        {"line": number, "text": pieces_of(rng, 1, 4)[0], "keep": number % 3 == 0}
        for number in range(entries)
    ]
    return json.dumps({"path": "src/answer.py", "edits": edits}, ensure_ascii=False)


def cut(text: str, count: int) -> list[str]:
    """Return a text in so many pieces of about the same length."""
    places = [len(text) * number // count for number in range(count + 1)]
    return [text[start:end] for start, end in itertools.pairwise(places)]


def letters(rng: random.Random, count: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(letters[int(rng.random() * len(letters))] for _ in range(count))


def compact(payload: object) -> str:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
