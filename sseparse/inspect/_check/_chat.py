"""Checks of chat chunks: what OpenAI's dialects do, and clients of OpenAI trip over."""

from __future__ import annotations

import attrs

from sseparse.assembly import JSONObject
from sseparse.assembly._json import JSONValue, as_list, as_object
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._check._usage import UsageChecks
from sseparse.inspect._walk import SeenItem

CHUNK = frozenset(
    (
        *("id", "object", "created", "model", "choices", "usage", "system_fingerprint"),
        *("service_tier", "obfuscation", "error"),
    )
)
CHOICE = frozenset(["index", "delta", "finish_reason", "logprobs", "usage"])
DELTA = frozenset(
    (
        *("role", "content", "refusal", "tool_calls", "function_call", "audio", "annotations"),
        *("reasoning_content", "reasoning", "reasoning_details"),
    )
)
"""The fields that chunks, choices and deltas of OpenAI and most others have."""


@attrs.define
class _Call:
    id: str | None = None
    named: bool = False
    begun: bool = False  # its arguments


@attrs.define
class _Choice:
    role: bool = False
    finish: JSONValue = None
    begun: bool = False
    calls: dict[JSONValue, _Call] = attrs.field(factory=dict)


class ChatChecks:
    """Checks the chunks of one stream."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._usage = UsageChecks(notes)
        self._choices: dict[JSONValue, _Choice] = {}
        self._answered = False  # a chunk with choices came
        self._extra: set[str] = set()
        self._stamp: float | None = None

    def payload(self, payload: JSONObject, item: SeenItem) -> None:
        """Take one chunk."""
        note = self._notes.of_item
        if "object" not in payload:
            note("missing-object", item)
        if empty := [name for name in ("id", "object", "model") if payload.get(name) == ""]:
            note("id-empty", item, f"{' and '.join(empty)} of a chunk {_are(empty)} empty")
        self._created(payload.get("created"), item)
        self._fields(payload, CHUNK, item)
        entries = [as_object(entry) for entry in as_list(payload.get("choices"))]
        if not entries and not self._answered and not payload.get("usage"):
            note("chunk-without-choices", item)
        self._answered = self._answered or bool(entries)
        for entry in entries:
            self._choice(entry, item)
        if len(self._choices) > 1:
            note("several-choices", item)
        self._usages(payload, entries, item)

    def _created(self, created: JSONValue, item: SeenItem) -> None:
        if not isinstance(created, (int, float)):
            return
        if self._stamp is not None and created < self._stamp and created:
            message = f"created goes back from {self._stamp} to {created}"
            self._notes.of_item("clock-back", item, message)
        self._stamp = created

    def _usages(self, payload: JSONObject, entries: list[JSONObject], item: SeenItem) -> None:
        elsewhere = [as_object(entry.get("usage")) for entry in entries]
        elsewhere.append(as_object(as_object(payload.get("x_groq")).get("usage")))
        told = as_object(payload.get("usage"))
        if not told and any(elsewhere):
            where = "x_groq" if elsewhere[-1] else "a choice"
            self._notes.of_item("usage-elsewhere", item, f"usage stands in {where}")
        if usage := told or next(filter(None, elsewhere), {}):
            self._usage.take(usage, item)

    def _fields(self, of: JSONObject, known: frozenset[str], item: SeenItem) -> None:
        for name in of.keys() - known - self._extra:
            self._extra.add(name)
            if len(self._extra) == 1:
                self._notes.of_item("extra-fields", item, f"such as {name[:40]!r}")

    def end(self) -> None:
        """Take the end of the stream."""
        self._usage.end()

    def extra(self) -> list[str]:
        """Return the names of the fields that are not OpenAI's."""
        return sorted(self._extra)

    def _choice(self, entry: JSONObject, item: SeenItem) -> None:
        note = self._notes.of_item
        index = entry.get("index")
        state = self._choices.setdefault(index if isinstance(index, int) else 0, _Choice())
        self._fields(entry, CHOICE, item)
        delta = as_object(entry.get("delta"))
        self._fields(delta, DELTA, item)
        if delta.get("role"):
            if state.role:
                note("role-repeated", item)
            state.role = True
        self._content(delta, state, item)
        finish = entry.get("finish_reason")
        says = any(value for key, value in delta.items() if key != "role")
        if state.finish is not None and finish:
            note("finish-reason-repeated", item)
        elif state.finish is not None and not says:
            note("choice-after-finish", item)
        if finish:
            state.finish = finish
            if delta.get("content"):
                note("finish-with-content", item)
        for piece in as_list(delta.get("tool_calls")):
            self._call(as_object(piece), state, item)
        self._twice(delta, item)
        if delta.get("function_call"):
            note("legacy-function-call", item)

    def _content(self, delta: JSONObject, state: _Choice, item: SeenItem) -> None:
        note = self._notes.of_item
        content = delta.get("content")
        if isinstance(content, list):
            note("content-parts", item)
        if "content" in delta and content is None and not state.begun:
            note("null-content", item)
        state.begun = True
        if delta.get("refusal"):
            note("refusal", item)

    def _twice(self, delta: JSONObject, item: SeenItem) -> None:
        indexes = [as_object(piece).get("index") for piece in as_list(delta.get("tool_calls"))]
        given = [index for index in indexes if isinstance(index, int)]
        if len(set(given)) < len(given):
            self._notes.of_item("tool-index-in-chunk-twice", item)

    def _call(self, piece: JSONObject, state: _Choice, item: SeenItem) -> None:
        note = self._notes.of_item
        index = piece.get("index")
        if not isinstance(index, int):
            note("tool-call-without-index", item)
            return
        known = index in state.calls
        call = state.calls.setdefault(index, _Call())
        function = as_object(piece.get("function") or piece.get("custom"))
        given = piece.get("id")
        if known and given and call.id and given != call.id:
            note("tool-index-reused", item, f"the index {index} names a second call, {given!r}")
            call = state.calls[index] = _Call()
        if isinstance(given, str) and given:
            call.id = given
        named = {"id": piece, "type": piece, "name": function}
        empty = [key for key, of in named.items() if known and key in of and not of[key]]
        if "arguments" in function and function["arguments"] is None:
            empty.append("arguments")
        if empty:
            note("tool-fields-empty", item, f"{' and '.join(empty)} of a call {_are(empty)} empty")
        if isinstance(function.get("arguments"), (dict, list)):
            note("arguments-not-text", item)
        if function.get("name"):
            if call.begun and not call.named:
                note("tool-name-late", item)
            call.named = True
        call.begun = call.begun or bool(function.get("arguments"))


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
