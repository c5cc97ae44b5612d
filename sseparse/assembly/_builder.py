"""What grows while a stream comes in: the mutable side of a completion.

The names of the rules: *set first* (the first value stands), *set last* (the last value that is not
null stands), *append*, *extend*. Absent, null and ``""`` never overwrite anything.
"""

from __future__ import annotations

from itertools import chain
from typing import Literal

from sseparse.assembly._completion import Choice, FunctionCall, ToolCall
from sseparse.assembly._fragments import Fields, Pieces, joined_fields
from sseparse.assembly._json import JSONValue, as_index, join
from sseparse.assembly._states import PartState

TextKind = Literal["content", "reasoning", "refusal"]
"""The texts of a choice."""


class ToolCallBuilder:
    """A tool call as far as it has come: id, name and type set first, arguments appended.

    ``server`` tells whether the provider runs it itself, ``position`` its place among its like.
    """

    __slots__ = ("arguments", "extra", "id", "name", "position", "server", "type")

    def __init__(self, position: int, *, server: bool = False) -> None:
        self.position = position
        self.server = server
        self.id: str | None = None
        self.name: str | None = None
        self.type: str | None = None
        self.arguments: list[str] = []
        self.extra = Fields()

    def build(self) -> ToolCall:
        """Return the call so far."""
        return ToolCall(
            self.id,
            self.name,
            join(self.arguments) or "",
            self.type or "function",
            joined_fields(self.extra),
        )


class ToolCalls:
    """The tool calls of one choice, and which of them a delta belongs to."""

    __slots__ = ("_by_id", "_by_index", "_server", "builders")

    def __init__(self, *, server: bool = False) -> None:
        self.builders: list[ToolCallBuilder] = []
        self._by_index: dict[int, ToolCallBuilder] = {}
        self._by_id: dict[str, ToolCallBuilder] = {}
        self._server = server

    def find(self, index: int | None, id: str | None, name: str | None) -> ToolCallBuilder:  # noqa: A002 (the providers' word)
        """Return the call that a delta with these three belongs to, a new one if need be.

        The index names the slot; but another id together with a name opens a new call at the same
        index (some servers number all parallel calls 0). Without an index: the call with that id;
        without id and name, the last call.
        """
        call = self._find(index, id, name)
        if id and call.id in (None, id):
            self._by_id.setdefault(id, call)
        return call

    def _find(self, index: int | None, id: str | None, name: str | None) -> ToolCallBuilder:  # noqa: A002 (the providers' word)
        if index is not None:
            call = self._by_index.get(index)
            if call is None:
                call = self._by_index[index] = self.open()
            elif id and name and call.id and id != call.id:
                call = self._by_index[index] = self._by_id.get(id) or self.open()
            return call
        if id:
            return self._by_id.get(id) or self.open()
        if name or not self.builders:
            return self.open()
        return self.builders[-1]

    def open(self) -> ToolCallBuilder:
        """Return a new call."""
        call = ToolCallBuilder(len(self.builders), server=self._server)
        self.builders.append(call)
        return call

    def build(self) -> tuple[ToolCall, ...]:
        """Return the calls so far."""
        return tuple([call.build() for call in self.builders])


class Part:
    """A part of an answer that is sent in parts: a content block, an output item, a step.

    Attributes:
        fields: the part as the provider has it; its text, if it has one, is ``pieces``.
        kind: which text of the choice ``pieces`` belongs to, or None.
        pieces: the fragments of its text.
        call: the tool call that it is, or None.
        state: absent, open or closed.
    """

    __slots__ = ("call", "fields", "kind", "pieces", "state")

    def __init__(self, fields: Fields, kind: TextKind | None = None) -> None:
        self.fields = fields
        self.kind = kind
        self.pieces = Pieces()
        self.call: ToolCallBuilder | None = None
        self.state = PartState.ABSENT


class ChoiceBuilder:
    """A choice as far as it has come.

    Its texts are what came outside of parts, followed by those of the parts in the order in which
    they were opened: parts may grow by turns.
    """

    __slots__ = (
        "annotations",
        "content",
        "extra",
        "finish_reason",
        "function_call",
        "has_reasoning",
        "index",
        "logprobs",
        "parts",
        "reasoning",
        "reasoning_separator",
        "refusal",
        "role",
        "server_tool_calls",
        "tool_calls",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.role: str | None = None
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.parts: list[Part] = []
        self.has_reasoning = False  # some part has a reasoning that says something
        self.reasoning_separator = ""  # what stands between the reasoning of two parts
        self.tool_calls = ToolCalls()
        self.server_tool_calls = ToolCalls(server=True)
        self.function_call: ToolCallBuilder | None = None
        self.finish_reason: str | None = None
        self.logprobs: dict[str, list[JSONValue]] | None = None
        self.annotations: list[JSONValue] = []
        self.extra = Fields()

    @property
    def empty(self) -> bool:
        """Whether nothing of an answer has come."""
        return not (
            self.content
            or self.reasoning
            or self.refusal
            or self.parts
            or self.tool_calls.builders
            or self.function_call
        )

    def build(self) -> Choice:
        """Return the choice so far."""
        call = self.function_call
        logprobs = self.logprobs
        return Choice(
            index=self.index,
            role=self.role,
            content=self._text("content", self.content),
            reasoning=self._text("reasoning", self.reasoning, self.reasoning_separator),
            refusal=self._text("refusal", self.refusal),
            tool_calls=self.tool_calls.build(),
            server_tool_calls=self.server_tool_calls.build(),
            function_call=FunctionCall(call.name, join(call.arguments) or "") if call else None,
            finish_reason=self.finish_reason,
            logprobs=None if logprobs is None else {key: list(logprobs[key]) for key in logprobs},
            annotations=tuple(self.annotations),
            extra=joined_fields(self.extra),
        )

    def _text(self, kind: TextKind, fragments: list[str], separator: str = "") -> str | None:
        if not self.parts:
            return join(fragments)
        texts = [part.pieces.texts for part in self.parts if part.kind == kind and part.pieces]
        if not separator:
            return join([*fragments, *chain.from_iterable(texts)])
        wholes = ["".join(text) for text in (fragments, *texts)]
        shown = [whole for whole in wholes if whole]
        return join([separator.join(shown)]) if texts or fragments else None


def known_index(value: JSONValue, default: int) -> int:
    """Return an index as sent, or the default where it is missing or no number."""
    index = as_index(value)
    return default if index is None else index
