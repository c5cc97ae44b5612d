"""What the delta of a chat completion chunk does to its choice.

Every field here may be missing, null, or of a shape that nobody expects: what cannot be folded is a
finding, what has no place of its own goes into ``extra``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sseparse.assembly._builder import ChoiceBuilder, TextKind, ToolCallBuilder
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, entries, fields, keep_unheard_of, merge_fragments
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_index,
    as_list,
    as_object,
    as_text,
    dumps,
)
from sseparse.assembly._protocol import Protocol

_OF_DELTA = frozenset(
    (
        "role",
        "content",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "refusal",
        "tool_calls",
        "function_call",
        "audio",
        "annotations",
    )
)
_OF_TEXT = frozenset(("role", "content", "reasoning", "reasoning_content", "refusal"))
_SHAPES: dict[str, type] = {
    "tool_calls": list,
    "function_call": dict,
    "audio": dict,
    "annotations": list,
    "reasoning_details": list,
}
_OF_REASONING = frozenset(("reasoning", "reasoning_content", "reasoning_details"))
_OF_FUNCTION = frozenset(("name", "arguments", "input"))
_OF_TOOL_CALL = frozenset(("index", "id", "type", "function", "custom"))


class DeltaFold(Protocol):
    """The part of the fold that is about one delta."""

    def __init__(self) -> None:
        super().__init__()
        self._reasoning_details: dict[tuple[int, int | None, str | None], Fields] = {}

    def fold_delta(self, choice: ChoiceBuilder, delta: JSONObject, deltas: list[Delta]) -> None:
        """Fold a delta, or a whole message in its place, into its choice."""
        choice.role = choice.role or as_text(delta.get("role"))
        if not _OF_REASONING.isdisjoint(delta):
            self._fold_reasoning(choice, delta, deltas)
        if not _OF_TEXT.issuperset(delta):
            for key, shape in _SHAPES.items():
                if (value := delta.get(key)) and not isinstance(value, shape):
                    self.bad_shape(key, "object" if shape is dict else "list")
        if "content" in delta:
            self._fold_content(choice, delta["content"], deltas)
        if "refusal" in delta:
            self._grow(choice, "refusal", [delta["refusal"]], deltas)
        for entry in as_list(delta.get("tool_calls")):
            if isinstance(entry, dict):
                self._fold_tool_call(choice, entry, deltas)
            else:
                self.bad_shape("a tool call", "object")
        if isinstance(function := delta.get("function_call"), dict):
            self._fold_function_call(choice, function, deltas)
        if isinstance(audio := delta.get("audio"), dict):
            merge_fragments(fields(choice.extra, "audio"), audio)
            deltas.append(Delta("audio", choice.index, as_text(audio.get("transcript")) or ""))
        for annotation in as_list(delta.get("annotations")):
            choice.annotations.append(annotation)
            deltas.append(Delta("citation", choice.index, source=dumps(annotation)))
        keep_unheard_of(delta, _OF_DELTA, choice.extra)

    def _fold_content(self, choice: ChoiceBuilder, content: JSONValue, deltas: list[Delta]) -> None:
        """Fold a content: a text, or a list of parts of several kinds."""
        if not isinstance(content, list):
            self._grow(choice, "content", [content], deltas)
            return
        texts, thoughts, others = text_parts(content)
        self._grow(choice, "reasoning", thoughts, deltas)
        self._grow(choice, "content", texts, deltas)
        if others:
            entries(choice.extra, "content_parts").extend(others)

    def _fold_reasoning(
        self, choice: ChoiceBuilder, delta: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold the thoughts: one of two names, or only the details behind them."""
        sent = as_list(delta.get("reasoning_details"))
        details = [detail for detail in sent if isinstance(detail, dict)]
        if len(details) != len(sent):
            self.bad_shape("a reasoning detail", "object")
        for detail in details:
            key = choice.index, as_index(detail.get("index")), as_text(detail.get("type"))
            if key not in self._reasoning_details:
                self._reasoning_details[key] = Fields()
                entries(choice.extra, "reasoning_details").append(self._reasoning_details[key])
            merge_fragments(self._reasoning_details[key], detail)
        texts = [delta.get("reasoning_content"), delta.get("reasoning")]
        if not any(map(as_text, texts)) and any(details):
            texts = [as_text(detail.get("text")) for detail in details]
        else:
            texts = [next((text for text in texts if as_text(text)), None)]
        self._grow(choice, "reasoning", texts, deltas)

    def _grow(
        self,
        choice: ChoiceBuilder,
        kind: TextKind,
        pieces: Sequence[JSONValue],
        deltas: list[Delta],
    ) -> None:
        """Append pieces of text; of content an empty one counts as well: ``""`` is not null."""
        for piece in pieces:
            self.append_text(choice, kind, piece, deltas)

    def _fold_tool_call(
        self, choice: ChoiceBuilder, entry: JSONObject, deltas: list[Delta]
    ) -> None:
        inner = entry.get("function") or entry.get("custom")
        if inner and not isinstance(inner, dict):
            self.bad_shape("a function", "object")
        function = as_object(inner)
        id, name = as_text(entry.get("id")), as_text(function.get("name"))  # noqa: A001 (the providers' word)
        known = len(choice.tool_calls.builders)
        call = choice.tool_calls.find(as_index(entry.get("index")), id, name)
        begins = call.position == known or (name is not None and call.name is None)
        call.id = call.id or id
        call.name = call.name or name
        call.type = call.type or as_text(entry.get("type"))
        if begins:  # (again when the name comes late, which some servers send after the arguments)
            deltas.append(Delta("tool_call", choice.index, call.name or "", call.position, call.id))
        self.append_arguments(
            choice, call, function.get("arguments", function.get("input")), deltas
        )
        keep_unheard_of(entry, _OF_TOOL_CALL, call.extra)
        keep_unheard_of(function, _OF_FUNCTION, call.extra)

    def _fold_function_call(
        self, choice: ChoiceBuilder, function: JSONObject, deltas: list[Delta]
    ) -> None:
        call = choice.function_call
        name = as_text(function.get("name"))
        if call is None:
            call = choice.function_call = ToolCallBuilder(0)
            deltas.append(Delta("tool_call", choice.index, name or ""))
        elif name is not None and call.name is None:
            deltas.append(Delta("tool_call", choice.index, name))
        call.name = call.name or name
        self.append_arguments(choice, call, function.get("arguments"), deltas)


def text_parts(content: JSONValue) -> tuple[list[str], list[str], list[JSONValue]]:
    """Sort a content that is a list of parts (Mistral) into content, reasoning and the rest."""
    texts: list[str] = []
    thoughts: list[str] = []
    others: list[JSONValue] = []
    for part in as_list(content):
        kind = as_object(part).get("type")
        if isinstance(part, str):
            texts.append(part)
        elif kind == "text" and isinstance(text := as_object(part).get("text"), str):
            texts.append(text)
        elif kind == "thinking":
            thinking = as_object(part).get("thinking")
            pieces = thinking if isinstance(thinking, list) else [thinking]
            for piece in pieces:
                text = piece if isinstance(piece, str) else as_object(piece).get("text")
                if isinstance(text, str):
                    thoughts.append(text)
        else:
            others.append(part)
    return texts, thoughts, others
