"""All streams that there are to test with: the hand-made ones of every protocol, and the recorded.

The recorded streams lie beside the repository; where they are absent, there are none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chunks import FIXTURES, INDEX, STREAMS

from sseparse import Assembler, Completion, Decoder, Delta, Finding, ServerSentEvent
from sseparse._events import Item
from sseparse.assembly._json import loads
from sseparse.assembly._registry import PROTOCOLS

NAMES = list(PROTOCOLS)
"""The names of all protocols."""


@dataclass(frozen=True)
class Stream:
    """A stream in a file.

    Attributes:
        protocol: what it speaks.
        path: the file.
    """

    protocol: str
    path: Path

    @property
    def name(self) -> str:
        """What it is called in a test's report."""
        return f"{self.path.parent.name}-{self.path.stem}"

    @property
    def body(self) -> bytes:
        """Its bytes."""
        return self.path.read_bytes()

    @property
    def items(self) -> list[Item]:
        """Its items as ``assemble`` sees them, the unfinished one at the end included."""
        return list(_items_of(self.body))

    @property
    def expected(self) -> dict[str, Any]:
        """What the author of a fixture says that it amounts to."""
        text = self.path.with_suffix(".expected.json").read_text("utf-8")
        return json.loads(text)["completion"]  # type: ignore[no-any-return]  # it is JSON


@cache
def _items_of(body: bytes) -> tuple[Item, ...]:
    decoder = Decoder(keep_unknown=True)
    items = decoder.feed(body)
    leftover = decoder.close()
    return tuple(items if leftover is None else [*items, leftover])


HAND_MADE = [
    Stream(name, path) for name in NAMES for path in sorted((FIXTURES / name).glob("*.txt"))
]
RECORDED = [Stream(entry["dialect"], STREAMS / entry["file"]) for entry in INDEX]
EVERY = [*HAND_MADE, *RECORDED, Stream("openai-chat", FIXTURES / "xai-grok-beta.txt")]


def name_of(stream: Stream) -> str:
    """Return what a stream is called in a test's report."""
    return stream.name


def follow(items: list[Item], protocol: str | None = None) -> tuple[Completion, list[Delta]]:
    """Return the completion of the items, and all deltas on the way."""
    assembler = Assembler(protocol)
    deltas = [delta for item in items for delta in assembler.feed(item)]
    return assembler.close(), deltas


def data_of(item: Item) -> Any:
    """Return the decoded data of an event; None for another item, and for what is no JSON."""
    try:
        return loads(item.data) if isinstance(item, ServerSentEvent) else None
    except ValueError:
        return None


BY_TURNS = {"a2a"}
"""Where parts of an answer grow by turns: pieces come as they do, the text has them in order."""

_TEXTS = {"content", "reasoning", "refusal", "tool_calls.arguments", "server_tool_calls.arguments"}
_REPLACED = {
    ("openai-responses", "message-differs"): _TEXTS | {"annotations"},
    ("gemini", "arguments-out-of-order"): {"tool_calls.arguments"},
    ("a2a", "artifact-replaced"): {"content"},
}


def replaces(completion: Completion, finding: Finding) -> set[str]:
    """Return which values were replaced by later ones, if that is what a finding tells."""
    return _REPLACED.get((completion.protocol, finding.code), set())
