"""What grows while a stream comes in, in verbs that all protocols share.

Each verb changes a builder, makes its step in the order of the stream, and says what it did as a
``Delta``: that is why a terminal can follow any provider with one loop. Values come as JSON of any
type: what cannot be taken is a finding.
"""

from __future__ import annotations

import math
from datetime import UTC

from sseparse.assembly._builder import ChoiceBuilder, Part, TextKind, ToolCallBuilder
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, entries
from sseparse.assembly._json import JSONObject, JSONValue, as_text, dumps
from sseparse.assembly._progress import Progress
from sseparse.assembly._states import PartStep, State, Step


class Growth(Progress):
    """The completion as far as it has come."""

    def __init__(self) -> None:
        super().__init__()
        self.created: float | None = None
        self.usage: JSONObject | None = None
        self.extra = Fields()

    # The completion

    def set_created(self, value: JSONValue) -> None:
        """Set the time if it is not yet known: seconds since 1970, or an ISO 8601 text."""
        if self.created is None:
            self.created = as_time(value)

    def set_usage(self, usage: JSONValue, deltas: list[Delta]) -> None:
        """Keep the usage last sent; it is cumulative and never added up."""
        if isinstance(usage, dict) and usage:
            self.usage = usage
            deltas.append(Delta("usage", source=dumps(usage)))
        elif usage is not None and not isinstance(usage, dict):
            self.bad_shape("a usage", "object")

    def keep_event(self, kind: str, payload: JSONValue) -> None:
        """Keep an event of a type unheard of under ``extra["unknown_events"]``: nothing is lost."""
        text = f"{kind!r} is no event known here; it was kept in extra"
        self.find("unknown-event", "info", text, once=True)
        entries(self.extra, "unknown_events").append(payload)

    # A choice

    def choice(self, index: int = 0) -> ChoiceBuilder:
        """Return the choice of this index, which begins if it is new."""
        choice = self.choices.get(index)
        if choice is None:
            choice = self.choices[index] = ChoiceBuilder(index)
            self.step(Step.START)
        return choice

    def grow(
        self, choice: ChoiceBuilder, kind: TextKind, piece: JSONValue, deltas: list[Delta]
    ) -> None:
        """Append a piece to the content, the reasoning or the refusal of a choice."""
        if piece and isinstance(piece, str):
            self.grew(choice)
        self.append_text(choice, kind, piece, deltas)

    def append_text(
        self, choice: ChoiceBuilder, kind: TextKind, piece: JSONValue, deltas: list[Delta]
    ) -> None:
        """Do as ``grow``, without a step. An empty piece of content counts: ``""`` is not null."""
        fragments: list[str] = getattr(choice, kind)
        if isinstance(piece, str):
            if piece:
                fragments.append(piece)
                deltas.append(Delta(kind, choice.index, piece))
            elif kind == "content" and not fragments:
                fragments.append("")
        elif piece is not None:
            self.bad_shape(kind, "text")

    def grew(self, choice: ChoiceBuilder) -> None:
        """Make the step of a choice that grows."""
        self.step(Step.DELTA)
        if choice.finish_reason is not None and self.state is State.STREAMING:
            text = f"choice {choice.index} went on after its finish_reason; it was kept"
            self.find("delta-after-finish", "warning", text, once=True)

    def cite(self, choice: ChoiceBuilder, citation: JSONValue, deltas: list[Delta]) -> None:
        """Add a citation, or another annotation."""
        self.grew(choice)
        choice.annotations.append(citation)
        deltas.append(Delta("citation", choice.index, source=dumps(citation)))

    def finish(self, choice: ChoiceBuilder, value: JSONValue, deltas: list[Delta]) -> None:
        """Set the finish_reason; the last one stands, another one is worth a finding."""
        self.set_finish_reason(choice, value, deltas)
        if self.finished and self.state in (State.WAITING, State.STREAMING):
            self.step(Step.FINISH)

    def set_finish_reason(
        self, choice: ChoiceBuilder, value: JSONValue, deltas: list[Delta]
    ) -> None:
        """Do as ``finish``, without a step."""
        reason = as_text(value)
        if reason is None or reason == choice.finish_reason:
            return
        if choice.finish_reason is not None:
            message = f"the finish_reason changed from {choice.finish_reason!r} to {reason!r}"
            self.find("finish-reason-changed", "warning", message)
        choice.finish_reason = reason
        deltas.append(Delta("finish", choice.index, reason))

    # Its tool calls

    def begin_call(
        self,
        choice: ChoiceBuilder,
        deltas: list[Delta],
        *,
        id: JSONValue = None,  # noqa: A002 (the providers' word)
        name: JSONValue = None,
        type: JSONValue = None,  # noqa: A002 (the providers' word)
        server: bool = False,
    ) -> ToolCallBuilder:
        """Open a tool call: one that the caller is to make, or one that the provider makes."""
        self.grew(choice)
        call = (choice.server_tool_calls if server else choice.tool_calls).open()
        call.id, call.name, call.type = as_text(id), as_text(name), as_text(type)
        deltas.append(_call_begins(choice, call))
        return call

    def name_call(
        self,
        choice: ChoiceBuilder,
        call: ToolCallBuilder,
        deltas: list[Delta],
        *,
        id: JSONValue = None,  # noqa: A002 (the providers' word)
        name: JSONValue = None,
    ) -> None:
        """Set what is not yet known of a call; a name that comes late is told once more."""
        call.id = call.id or as_text(id)
        if call.name is None and as_text(name):
            call.name = as_text(name)
            deltas.append(_call_begins(choice, call))

    def grow_arguments(
        self, choice: ChoiceBuilder, call: ToolCallBuilder, value: JSONValue, deltas: list[Delta]
    ) -> None:
        """Append a piece of the arguments; an object is written as the JSON it stands for."""
        if value is not None and value != "":
            self.grew(choice)
            self.append_arguments(choice, call, value, deltas)

    def append_arguments(
        self, choice: ChoiceBuilder, call: ToolCallBuilder, value: JSONValue, deltas: list[Delta]
    ) -> None:
        """Do as ``grow_arguments``, without a step."""
        if value is None or value == "":
            return
        piece = value if isinstance(value, str) else dumps(value)
        call.arguments.append(piece)
        position = None if call is choice.function_call else call.position
        deltas.append(Delta("arguments", choice.index, piece, position, server=call.server))

    # Its parts

    def open_part(
        self,
        choice: ChoiceBuilder,
        fields: Fields,
        kind: TextKind | None = None,
        text_key: str = "",
    ) -> Part:
        """Add a part to a choice.

        Args:
            choice: the choice.
            fields: the part as the provider has it.
            kind: which text of the choice it holds, or None.
            text_key: the name of that text in ``fields``, where its pieces are kept as well.
        """
        part = Part(fields, kind)
        choice.parts.append(part)
        if text_key:
            fields[text_key] = part.pieces
        return part

    def grow_part(
        self, choice: ChoiceBuilder, part: Part, piece: JSONValue, deltas: list[Delta]
    ) -> None:
        """Append a piece to the text of a part."""
        if not isinstance(piece, str):
            if piece is not None:
                self.bad_shape(f"a piece of {part.kind}", "text")
            return
        if not piece:
            if not part.pieces and part.kind == "content":
                part.pieces.append("")
            return
        self.part_step(part, PartStep.GROW)
        self.grew(choice)
        separator = ""
        if part.kind == "reasoning":
            if choice.has_reasoning and not part.pieces:
                separator = choice.reasoning_separator
            choice.has_reasoning = True
        part.pieces.append(piece)
        if part.kind is not None:
            deltas.append(Delta(part.kind, choice.index, separator + piece))


def _call_begins(choice: ChoiceBuilder, call: ToolCallBuilder) -> Delta:
    # What the provider runs itself is often known by its type alone.
    name = call.name or (call.type if call.server else None) or ""
    return Delta("tool_call", choice.index, name, call.position, call.id, server=call.server)


def as_time(value: JSONValue) -> float | None:
    """Return seconds since 1970, or None for what cannot be any (0 is Azure's for none)."""
    if isinstance(value, str) and value:
        from datetime import datetime  # few streams write their times so

        try:
            time = datetime.fromisoformat(value)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return value
    return None
