"""What grows while a stream comes in: the mutable side of a completion.

Fragments are kept in lists and joined when asked for (``text += piece`` takes quadratic time).
The names of the rules: *set first* (the first value stands), *set last* (the last value that is not
null stands), *append*, *extend*. Absent, null and ``""`` never overwrite anything.
"""

from __future__ import annotations

from sseparse.assembly._completion import Choice, FunctionCall, ToolCall, Usage
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_index,
    as_list,
    as_object,
    join,
)


class ToolCallBuilder:
    """A tool call as far as it has come: id, name and type set first, arguments appended."""

    __slots__ = ("arguments", "extra", "id", "name", "position", "type")

    def __init__(self, position: int) -> None:
        self.position = position
        self.id: str | None = None
        self.name: str | None = None
        self.type: str | None = None
        self.arguments: list[str] = []
        self.extra: JSONObject = {}

    def build(self) -> ToolCall:
        """Return the call so far."""
        return ToolCall(
            self.id,
            self.name,
            join(self.arguments) or "",
            self.type or "function",
            dict(self.extra),
        )


class ToolCalls:
    """The tool calls of one choice, and which of them a delta belongs to."""

    __slots__ = ("_by_index", "builders")

    def __init__(self) -> None:
        self.builders: list[ToolCallBuilder] = []
        self._by_index: dict[int, ToolCallBuilder] = {}

    def find(self, index: int | None, id: str | None, name: str | None) -> ToolCallBuilder:  # noqa: A002 (the providers' word)
        """Return the call that a delta with these three belongs to, a new one if need be.

        The index names the slot; but another id together with a name opens a new call at the same
        index (some servers number all parallel calls 0). Without an index: the call with that id;
        without id and name, the last call.
        """
        if index is not None:
            call = self._by_index.get(index)
            if call is None:
                call = self._by_index[index] = self._open()
            elif id and name and call.id and id != call.id:
                call = self._by_index[index] = self._by_id(id) or self._open()
            return call
        if id:
            return self._by_id(id) or self._open()
        if name or not self.builders:
            return self._open()
        return self.builders[-1]

    def _by_id(self, id: str) -> ToolCallBuilder | None:  # noqa: A002 (as above)
        return next((call for call in self.builders if call.id == id), None)

    def _open(self) -> ToolCallBuilder:
        call = ToolCallBuilder(len(self.builders))
        self.builders.append(call)
        return call


class ChoiceBuilder:
    """A choice as far as it has come."""

    __slots__ = (
        "annotations",
        "content",
        "extra",
        "finish_reason",
        "function_call",
        "index",
        "logprobs",
        "reasoning",
        "reasoning_details",
        "refusal",
        "role",
        "tool_calls",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.role: str | None = None
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.tool_calls = ToolCalls()
        self.function_call: ToolCallBuilder | None = None
        self.finish_reason: str | None = None
        self.logprobs: dict[str, list[JSONValue]] | None = None
        self.annotations: list[JSONValue] = []
        self.reasoning_details: dict[tuple[JSONValue, JSONValue], JSONObject] = {}
        self.extra: JSONObject = {}

    @property
    def empty(self) -> bool:
        """Whether nothing of an answer has come."""
        return not (
            self.content
            or self.reasoning
            or self.refusal
            or self.tool_calls.builders
            or self.function_call
        )

    def build(self) -> Choice:
        """Return the choice so far."""
        call = self.function_call
        extra = dict(self.extra)
        if self.reasoning_details:
            extra["reasoning_details"] = [
                _joined(detail) for detail in self.reasoning_details.values()
            ]
        if isinstance(parts := extra.get("content_parts"), list):
            extra["content_parts"] = list(parts)
        if isinstance(audio := extra.get("audio"), dict):
            extra["audio"] = _joined(audio)
        logprobs = self.logprobs
        return Choice(
            index=self.index,
            role=self.role,
            content=join(self.content),
            reasoning=join(self.reasoning),
            refusal=join(self.refusal),
            tool_calls=tuple([call.build() for call in self.tool_calls.builders]),
            function_call=FunctionCall(call.name, join(call.arguments) or "") if call else None,
            finish_reason=self.finish_reason,
            logprobs=None if logprobs is None else {key: list(logprobs[key]) for key in logprobs},
            annotations=tuple(self.annotations),
            extra=extra,
        )


def set_last(target: JSONObject, key: str, value: JSONValue) -> None:
    """Keep the last value that says something."""
    if value is not None and value != "":
        target[key] = value


class Pieces(list[JSONValue]):
    """The fragments of a text, which is not the same as a list that was sent."""


def append(target: JSONObject, key: str, value: str) -> None:
    """Append a text to the fragments kept under a key; ``build`` joins them."""
    fragments = target.get(key)
    if not isinstance(fragments, Pieces):
        fragments = target[key] = Pieces([fragments] if isinstance(fragments, str) else [])
    fragments.append(value)


APPENDED = frozenset({"text", "summary", "data", "transcript"})
"""The parts of a reasoning detail or an audio answer that come in pieces."""


def merge_fragments(target: JSONObject, piece: JSONObject) -> None:
    """Fold a piece into an object: its texts appended, the rest set last."""
    for key, value in piece.items():
        if key in APPENDED and isinstance(value, str):
            append(target, key, value)
        else:
            set_last(target, key, value)


def _joined(detail: JSONObject) -> JSONObject:
    return {
        key: join([str(piece) for piece in value]) if isinstance(value, Pieces) else value
        for key, value in detail.items()
    }


def build_usage(raw: JSONObject) -> Usage:
    """Return a usage object with its figures under common names as well, where they are known."""
    prompt_details = as_object(raw.get("prompt_tokens_details", raw.get("input_tokens_details")))
    output_details = as_object(
        raw.get("completion_tokens_details", raw.get("output_tokens_details"))
    )
    return Usage(
        raw,
        _first(raw, "prompt_tokens", "input_tokens"),
        _first(raw, "completion_tokens", "output_tokens"),
        _first(raw, "total_tokens"),
        _first({**raw, **prompt_details}, "cached_tokens", "prompt_cache_hit_tokens"),
        _first(output_details, "reasoning_tokens"),
    )


def _first(fields: JSONObject, *names: str) -> int | None:
    for name in names:
        if (number := as_index(fields.get(name))) is not None:
            return number
    return None


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


def known_index(value: JSONValue, default: int) -> int:
    """Return an index as sent, or the default where it is missing or no number."""
    index = as_index(value)
    return default if index is None else index
