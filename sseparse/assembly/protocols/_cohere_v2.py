"""Cohere's chat, version 2 (``/v2/chat``).

A message that is built up: each event has a ``delta.message`` with a piece of one of its fields
(``content``, ``tool_plan``, ``tool_calls``, ``citations``), and an ``index`` where there may be
several of a kind. So one fold takes a message of any event; what the event's type adds is the step
it makes (``STEPS``). Content blocks are texts or thoughts; they are kept in ``extra["content"]``,
the plan of a tool call, which is neither, in ``extra["tool_plan"]``.

Events and field names: https://docs.cohere.com/v2/docs/streaming and
https://docs.cohere.com/v2/reference/chat-stream
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, Part, TextKind, ToolCallBuilder
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, append, entries, keep_unheard_of
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_object, as_text
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartStep, Step
from sseparse.assembly.protocols._cohere_v2_native import to_chat_response

STEPS: dict[str, Step | PartStep] = {
    "message-start": Step.START,
    "content-start": PartStep.OPEN,
    "content-delta": PartStep.GROW,
    "content-end": PartStep.CLOSE,
    "tool-plan-delta": Step.DELTA,
    "tool-call-start": PartStep.OPEN,
    "tool-call-delta": PartStep.GROW,
    "tool-call-end": PartStep.CLOSE,
    "citation-start": Step.DELTA,
    "citation-end": Step.TAIL,  # (a citation comes whole when it starts)
    "message-end": Step.DONE,
    "debug": Step.TAIL,
}
"""What each type of event does: to the completion, or to a content block or tool call of it."""

_KINDS: dict[str, TextKind] = {"text": "content", "thinking": "reasoning"}
_OF_EVENT = frozenset(("type", "id", "index", "delta", "logprobs", "error"))
_OF_DELTA = frozenset(("message", "finish_reason", "usage", "error"))
_OF_MESSAGE = frozenset(("role", "content", "tool_plan", "tool_calls", "citations"))
_OF_CALL = frozenset(("id", "type", "function"))
_OF_FUNCTION = frozenset(("name", "arguments"))


class CohereV2(Protocol):
    """The fold of the events of a chat."""

    name = "cohere-v2"

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[int, Part] = {}  # the content blocks, by index
        self._calls: dict[int, Part] = {}  # the tool calls, by index

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the chat response that it would have been without streaming."""
        return to_chat_response(completion)

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        kind = as_text(payload.get("type")) or event.event
        step = STEPS.get(kind)
        if kind == "error" or (step is None and payload.get("error")):
            self.fail(payload.get("error") or payload, deltas)
            return
        self.step(Step.TAIL)
        if step is None:
            self.keep_event(kind, payload)
            return
        self.set_first("id", payload.get("id"))
        keep_unheard_of(payload, _OF_EVENT, self.extra)
        if step is PartStep.CLOSE:
            self._close_part(kind, as_index(payload.get("index")))
        elif kind != "debug":
            self._fold_delta(step, payload, deltas)
        if payload.get("error"):
            self.fail(payload["error"], deltas)

    def _close_part(self, kind: str, index: int | None) -> None:
        parts = self._blocks if kind == "content-end" else self._calls
        if index is None:
            index = next(reversed(parts), 0)
        self.part_step(parts.get(index, Part(Fields())), PartStep.CLOSE)

    def _fold_delta(self, step: Step | PartStep, payload: JSONObject, deltas: list[Delta]) -> None:
        choice = self.choice()
        delta = payload.get("delta")
        if isinstance(delta, dict):
            message = delta.get("message")
            if isinstance(message, dict):
                self._fold_message(choice, step, as_index(payload.get("index")), message, deltas)
            elif message is not None:
                self.bad_shape("a message", "object")
            keep_unheard_of(delta, _OF_DELTA, self.extra)
        elif delta is not None:
            self.bad_shape("a delta", "object")
        for entry in self._objects("logprobs", payload.get("logprobs")):
            choice.logprobs = choice.logprobs or {"content": []}
            choice.logprobs["content"].append(entry)
        if step is Step.DONE:
            self._end(choice, as_object(delta), deltas)

    def _end(self, choice: ChoiceBuilder, delta: JSONObject, deltas: list[Delta]) -> None:
        reason = delta.get("finish_reason")
        self.finish(choice, reason, deltas)
        self.set_usage(delta.get("usage"), deltas)
        if delta.get("error"):
            self.fail(delta["error"], deltas)
        elif reason == "ERROR":
            self.fail({"finish_reason": reason}, deltas)
        self.end(deltas)

    def _objects(self, what: str, value: JSONValue) -> list[JSONObject]:
        """Return the objects in a value that may be one, a list of them or null."""
        if value is None:
            return []
        found = value if isinstance(value, list) else [value]
        objects = [entry for entry in found if isinstance(entry, dict)]
        if len(objects) != len(found):
            self.bad_shape(what, "object")
        return objects

    # A message, or a piece of one

    def _fold_message(
        self,
        choice: ChoiceBuilder,
        step: Step | PartStep,
        index: int | None,
        message: JSONObject,
        deltas: list[Delta],
    ) -> None:
        choice.role = choice.role or as_text(message.get("role"))
        if plan := message.get("tool_plan"):
            self._grow_plan(choice, plan)
        for block in self._objects("a content", message.get("content")):
            self._fold_block(choice, step, index, block, deltas)
        for call in self._objects("a tool call", message.get("tool_calls")):
            self._fold_call(choice, step, index, call, deltas)
        for citation in self._objects("a citation", message.get("citations")):
            self.cite(choice, citation, deltas)
        keep_unheard_of(message, _OF_MESSAGE, choice.extra)

    def _grow_plan(self, choice: ChoiceBuilder, piece: JSONValue) -> None:
        if isinstance(piece, str):
            self.grew(choice)
            append(choice.extra, "tool_plan", piece)
        else:
            self.bad_shape("a tool plan", "text")

    def _fold_block(
        self,
        choice: ChoiceBuilder,
        step: Step | PartStep,
        index: int | None,
        block: JSONObject,
        deltas: list[Delta],
    ) -> None:
        if index is None:  # nothing says which block: the last one, or a new one
            last = next(reversed(self._blocks), -1)
            index = max(last, 0) if step is PartStep.GROW else last + 1
        texts = (key for key in _KINDS if isinstance(block.get(key), str))
        kind = as_text(block.get("type")) or next(texts, None)
        part = self._blocks.get(index)
        if part is None or (kind is not None and kind != part.fields["type"]):
            kind = kind or "text"
            text_key = kind if kind in _KINDS else ""
            part = self.open_part(choice, Fields(type=kind), _KINDS.get(kind), text_key)
            self._blocks[index] = part
            entries(choice.extra, "content").append(part.fields)
            if step not in (PartStep.OPEN, PartStep.GROW):  # it came whole with the message
                self.part_step(part, PartStep.OPEN)
        if isinstance(step, PartStep):
            self.part_step(part, step)
        known = {"type"}
        if part.kind is not None:
            text_key = str(part.fields["type"])
            known.add(text_key)
            self.grow_part(choice, part, block.get(text_key), deltas)
        keep_unheard_of(block, frozenset(known), part.fields)

    def _fold_call(
        self,
        choice: ChoiceBuilder,
        step: Step | PartStep,
        index: int | None,
        entry: JSONObject,
        deltas: list[Delta],
    ) -> None:
        function = as_object(entry.get("function"))
        if entry.get("function") and not function:
            self.bad_shape("a function", "object")
        call = self._find_call(choice, index, entry, function, deltas)
        slot = call.position if index is None else index
        part = self._calls.get(slot)
        if part is None or part.call is not call:
            part = self._calls[slot] = Part(Fields())
            part.call = call
        self.part_step(part, step if isinstance(step, PartStep) else PartStep.OPEN)
        self.name_call(choice, call, deltas, id=entry.get("id"), name=function.get("name"))
        call.type = call.type or as_text(entry.get("type"))
        self.grow_arguments(choice, call, function.get("arguments"), deltas)
        keep_unheard_of(entry, _OF_CALL, call.extra)
        keep_unheard_of(function, _OF_FUNCTION, call.extra)

    def _find_call(
        self,
        choice: ChoiceBuilder,
        index: int | None,
        entry: JSONObject,
        function: JSONObject,
        deltas: list[Delta],
    ) -> ToolCallBuilder:
        id, name = as_text(entry.get("id")), as_text(function.get("name"))  # noqa: A001 (Cohere's word)
        known = len(choice.tool_calls.builders)
        call = choice.tool_calls.find(index, id, name)
        if call.position == known:
            self.grew(choice)
            call.id, call.name = id, name
            deltas.append(Delta("tool_call", choice.index, name or "", call.position, id))
        return call
