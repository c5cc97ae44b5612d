"""Checks of usage: whether it grows, and whether its total is a sum."""

from __future__ import annotations

from sseparse.assembly import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._walk import SeenItem

MANY = 3
"""Chunks with usage from which on it is cumulative: at the start and at the end it may stand."""


class UsageChecks:
    """Checks every usage of one stream."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._times = 0
        self._first: int | None = None  # the first event with usage
        self._told: dict[str, int] = {}  # the last counts, by their kind

    def take(self, raw: JSONObject, item: SeenItem) -> None:
        """Take the usage of one event."""
        usage = build_usage(raw)
        told = {"input": usage.input_tokens, "output": usage.output_tokens}
        if any(told.values()):  # (Gemini says on every chunk only what kind of traffic it is)
            self._times += 1
            self._first = self._first or item.number
        for kind, count in told.items():
            before = self._told.get(kind)
            if count is not None and before is not None and count < before:
                message = f"{kind} tokens fall from {before:,} to {count:,}"
                self._notes.of_item("usage-falls", item, message)
            if count is not None:
                self._told[kind] = count
        parts = usage.input_tokens, usage.output_tokens
        if usage.total_tokens is None or None in parts:
            return
        sum_of_two = sum(part or 0 for part in parts)
        sums = {sum_of_two, sum_of_two + (usage.reasoning_tokens or 0)}
        others = [value for key, value in raw.items() if key in _ALSO and isinstance(value, int)]
        sums |= {each + sum(others) for each in tuple(sums)}
        if usage.total_tokens not in sums:
            message = f"total {usage.total_tokens:,}, but {parts[0]:,} in and {parts[1]:,} out"
            self._notes.of_item("usage-sum", item, message)

    def end(self) -> None:
        """Take the end of the stream."""
        if self._times >= MANY:
            self._notes.note("cumulative-usage", number=self._first, times=self._times)


_ALSO = frozenset(["toolUsePromptTokenCount", "total_tool_use_tokens", "cache_read_input_tokens"])
"""Tokens that are counted besides."""
