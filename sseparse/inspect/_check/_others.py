"""Checks of the protocols with events of many kinds: Anthropic, Responses, Gemini and others."""

from __future__ import annotations

from sseparse.assembly import JSONObject
from sseparse.assembly._json import as_index, as_list, as_object
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._check._usage import UsageChecks
from sseparse.inspect._walk import SeenItem


class AnthropicChecks:
    """Checks the events of Anthropic's messages."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._open: dict[int | None, int] = {}  # blocks that have not ended, by where they began
        self._at_start: JSONObject = {}
        self._usage = UsageChecks(notes)
        self._told = False

    def payload(self, payload: JSONObject, item: SeenItem) -> None:
        """Take one event."""
        kind = payload.get("type")
        if item.type == "message":
            self._notes.of_item("missing-event-names", item)
        if kind == "message_start":
            self._at_start = as_object(as_object(payload.get("message")).get("usage"))
        elif kind == "content_block_start":
            self._open[as_index(payload.get("index"))] = item.number
            if as_object(payload.get("content_block")).get("type") == "redacted_thinking":
                self._notes.of_item("redacted-thinking", item)
        elif kind == "content_block_stop":
            self._open.pop(as_index(payload.get("index")), None)
        elif kind == "message_delta":
            last = as_object(payload.get("usage"))
            kept = [key for key, value in self._at_start.items() if value and key not in last]
            if last and kept:
                names = ", ".join(name[:40] for name in kept[:8])
                self._notes.of_item("usage-in-parts", item, f"only the start has {names}")
            self._usage.take({**self._at_start, **last} if not self._told else last, item)
            self._told = True

    def end(self) -> None:
        """Take the end of the stream."""
        for number in self._open.values():
            self._notes.note("part-left-open", number=number)


class ResponsesChecks:
    """Checks the events of OpenAI's Responses."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._number: int | None = None
        self._open: dict[int | None, int] = {}  # items that are not done, by where they began
        self._usage = UsageChecks(notes)

    def payload(self, payload: JSONObject, item: SeenItem) -> None:
        """Take one event."""
        kind = payload.get("type")
        if item.type == "message":
            self._notes.of_item("missing-event-names", item)
        if kind == "response.output_item.added":
            self._open[as_index(payload.get("output_index"))] = item.number
        elif kind == "response.output_item.done":
            self._open.pop(as_index(payload.get("output_index")), None)
        if usage := as_object(as_object(payload.get("response")).get("usage")):
            self._usage.take(usage, item)
        number = as_index(payload.get("sequence_number"))
        if number is not None:
            before = number - 1 if self._number is None else self._number
            message = f"sequence_number {number} comes after {before}"
            if number <= before:
                self._notes.of_item("sequence-back", item, message)
            elif number > before + 1:
                self._notes.of_item("sequence-gap", item, message)
            self._number = number
        if kind == "response.refusal.done":
            self._notes.of_item("refusal", item)

    def end(self) -> None:
        """Take the end of the stream."""
        for number in self._open.values():
            self._notes.note("part-left-open", number=number)


class GeminiChecks:
    """Checks the chunks of Gemini."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._usage = UsageChecks(notes)

    def payload(self, payload: JSONObject, item: SeenItem) -> None:
        """Take one chunk."""
        for candidate in map(as_object, as_list(payload.get("candidates"))):
            content = as_object(candidate.get("content"))
            for part in map(as_object, as_list(content.get("parts"))):
                if "partialArgs" in as_object(part.get("functionCall")):
                    self._notes.of_item("partial-arguments", item)
        if usage := as_object(payload.get("usageMetadata")):
            self._usage.take(usage, item)

    def end(self) -> None:
        """Take the end of the stream."""
        self._usage.end()
