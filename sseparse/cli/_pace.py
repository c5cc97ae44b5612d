"""How fast a stream writes, while it does."""

from __future__ import annotations

from sseparse import Delta
from sseparse.assembly._usage import build_usage

WRITTEN = frozenset(["content", "reasoning", "refusal", "arguments", "audio"])


class Pace:
    """Tokens per second so far.

    Few providers tell the tokens before the end. Until one does, an event with text is taken for a
    token, and the figure is marked as a guess.

    >>> pace = Pace()
    >>> for second in (1.0, 1.5, 2.0):
    ...     pace.take([Delta("content", text="Hi")], second)
    >>> pace.told()
    ['~2 tokens/s']
    """

    def __init__(self) -> None:
        self._written = 0
        self._first: float | None = None
        self._last = 0.0
        self._tokens: int | None = None

    def take(self, deltas: list[Delta], time: float) -> None:
        """Take what one event added, at this time."""
        if any(delta.kind in WRITTEN and delta.text for delta in deltas):
            self._first = time if self._first is None else self._first
            self._last = time
            self._written += 1
        for delta in deltas:
            if delta.kind == "usage" and isinstance(usage := delta.json(), dict):
                self._tokens = build_usage(usage).output_tokens or self._tokens

    def told(self) -> list[str]:
        """Return the rate as a part of a status line; nothing while there is none."""
        if self._first is None or self._last == self._first:
            return []
        seconds = self._last - self._first
        if self._tokens is not None and self._tokens > 1:
            return [f"{(self._tokens - 1) / seconds:.0f} tokens/s"]
        return [f"~{(self._written - 1) / seconds:.0f} tokens/s"]
