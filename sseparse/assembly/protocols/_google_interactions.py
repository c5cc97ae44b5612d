"""Gemini Interactions, streamed: an interaction is made of steps, and each step comes in deltas.

The rules: https://ai.google.dev/gemini-api/docs/interactions/streaming. A step is a thought, an
output of the model, a call, a result; its ``index`` says which one an event is about. What a delta
holds is told by its keys rather than by its ``type``, which may be missing: ``text``, a ``content``
block (of a summary), ``annotations``, ``arguments``, a ``signature``, a ``result``.

Until May 2026 the steps were blocks of content (``content.start``, ``content.delta``,
``content.stop`` between ``interaction.start`` and ``interaction.complete``), and the finished
object had ``outputs`` in the place of ``steps``. Both are read, and each keeps its own names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_list, as_object, as_text
from sseparse.assembly._states import PartStep, Step
from sseparse.assembly.protocols._google_interactions_native import text_of, to_interaction
from sseparse.assembly.protocols._google_interactions_steps import MEDIA, StepBuilder, StepFold

_OURS = frozenset(("event_id", "status", "steps", "outputs", "unknown_events"))
"""What ``extra`` has from elsewhere."""
_OF_INTERACTION = frozenset(("id", "model", "created", "usage", "role", "error")) | _OURS
_OF_STATUS = frozenset(("event_type", "interaction_id", "usage", "metadata", "error")) | _OURS
_STEP_OF = {
    "text": "model_output",
    "text_annotation": "model_output",
    "text_annotation_delta": "model_output",
    "thought": "thought",
    "thought_summary": "thought",
    "thought_signature": "thought",
    "arguments_delta": "function_call",
    **dict.fromkeys(MEDIA, "model_output"),
}
"""Which type of step a delta is for; the types that are not here are both."""


class GoogleInteractions(StepFold):
    """The fold of the events of an interaction."""

    name = "google-interactions"

    STEPS: ClassVar[dict[str, Callable[[GoogleInteractions, JSONObject, list[Delta]], None]]]
    """What is done with an event, by its ``event_type``; any other is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[int, StepBuilder] = {}
        self._last: StepBuilder | None = None  # the one that began last
        self._next = 0  # the index of the next one, where none is sent

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the interaction that it would have been without streaming."""
        return to_interaction(completion)

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        kind = payload.get("event_type")
        fold = self.STEPS.get(kind) if isinstance(kind, str) else None
        if fold is None and payload.get("error"):
            fold = GoogleInteractions._fail
        if fold is None:
            self.step(Step.TAIL)
            self.keep_event(str(kind), payload)
        else:
            fold(self, payload, deltas)
        set_last(self.extra, "event_id", payload.get("event_id"))
        metadata = as_object(payload.get("metadata"))
        self.set_usage(payload.get("usage") or metadata.get("total_usage"), deltas)

    # The interaction

    def _begin(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.step(Step.TAIL)
        self._fold_interaction(payload, deltas)

    def _update(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Take a status on the way. It is no end: that has an event of its own."""
        self.step(Step.TAIL)
        self.set_first("id", payload.get("interaction_id"))
        set_last(self.extra, "status", payload.get("status"))
        keep_unheard_of(payload, _OF_STATUS, self.extra)
        if payload.get("error"):
            self.fail(payload["error"], deltas)

    def _complete(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Take the end; the steps stand in it only where they were not streamed."""
        interaction = self._fold_interaction(payload, deltas)
        choice = self.choice()
        choice.role = choice.role or as_text(interaction.get("role"))
        if not self.terminal:
            for key in ("steps", "outputs"):
                self._take_whole(choice, key, as_list(interaction.get(key)), deltas)
            for step in self._steps.values():
                self.close_step(step)
        status = as_text(interaction.get("status"))
        if status is not None:
            self.finish(choice, status, deltas)
            self.extra.pop("status", None)
        if error := self._error_of(interaction):
            self.fail(error, deltas)
        self.end(deltas)

    def _fail(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.fail(payload.get("error") or payload, deltas)

    def _error_of(self, interaction: JSONObject) -> JSONValue:
        """Return why the interaction failed, if it did and says so."""
        if error := interaction.get("error"):
            return error
        if interaction.get("status") != "failed" or self.terminal:
            return None
        faults = as_list(interaction.get("errors"))
        of_steps = [step.fields.get("error") for step in self._steps.values()]
        return next((fault for fault in [*faults, *of_steps] if fault), None)

    def _fold_interaction(self, payload: JSONObject, deltas: list[Delta]) -> JSONObject:
        sent = payload.get("interaction")
        if not isinstance(sent, dict):
            self.bad_shape("an interaction", "object")
        interaction = as_object(sent)
        self.set_first("id", interaction.get("id"))
        self.set_first("model", interaction.get("model"))
        self.set_created(interaction.get("created"))
        set_last(self.extra, "status", interaction.get("status"))
        self.set_usage(interaction.get("usage"), deltas)
        keep_unheard_of(interaction, _OF_INTERACTION, self.extra)
        return interaction

    def _take_whole(
        self, choice: ChoiceBuilder, key: str, whole: list[JSONValue], deltas: list[Delta]
    ) -> None:
        """Take the steps of the finished object, or hold what was streamed against them."""
        if whole and not self._steps:
            for index, step in enumerate(whole):
                self._open(choice, index, key, as_object(step), deltas)
        elif whole and text_of(whole) != (choice.build().content or ""):
            text = "the finished interaction differs from the content that was streamed"
            self.find("message-differs", "warning", text, once=True)

    # Its steps

    def _start(self, payload: JSONObject, deltas: list[Delta]) -> None:
        of_content = payload.get("event_type") == "content.start"
        sent = payload.get("content" if of_content else "step")
        if not isinstance(sent, dict):
            self.bad_shape("a step", "object")
        choice = self.choice()
        self.step(Step.TAIL)
        index = as_index(payload.get("index"))
        step = None if index is None else self._steps.get(index)
        if step is None:
            key = "outputs" if of_content else "steps"
            self._open(choice, self._index_of(payload), key, as_object(sent), deltas)
        else:
            self.part_step(step.part, PartStep.OPEN)
            self.grow_step(choice, step, as_object(sent), deltas)
            self._last = step

    def _open(
        self,
        choice: ChoiceBuilder,
        index: int,
        key: str,
        sent: JSONObject,
        deltas: list[Delta],
    ) -> None:
        """Begin a step with what its start, or the finished object, says of it."""
        step = self._add_step(choice, index, key)
        self.part_step(step.part, PartStep.OPEN)
        self.set_type(choice, step, as_text(sent.get("type")), sent, deltas)
        self.grow_step(choice, step, sent, deltas)

    def _delta(self, payload: JSONObject, deltas: list[Delta]) -> None:
        delta = payload.get("delta")
        if not isinstance(delta, dict):
            self.bad_shape("a delta", "object")
            return
        choice = self.choice()
        of_content = payload.get("event_type") == "content.delta"
        step = self._find(payload)
        if step is None:  # it never began: what it is, the delta tells
            key = "outputs" if of_content else "steps"
            step = self._add_step(choice, self._index_of(payload), key)
        self.part_step(step.part, PartStep.GROW)
        kind = as_text(delta.get("type"))
        if not step.type and kind is not None:
            of_step = _STEP_OF.get(kind, kind)
            of_step = "text" if of_content and of_step == "model_output" else of_step
            self.set_type(choice, step, of_step, delta, deltas)
        if kind is None or kind in _STEP_OF or kind == step.type:
            self.grow_step(choice, step, delta, deltas)
        else:
            self.keep_event(f"{payload.get('event_type')} of {kind}", payload)

    def _stop(self, payload: JSONObject, deltas: list[Delta]) -> None:
        step = self._find(payload)
        if step is None:
            text = "a step ended that had never begun"
            self.find("part-not-opened", "warning", text, once=True)
        else:
            self.step(Step.TAIL)
            self.close_step(step)
            set_last(step.fields, "step_usage", payload.get("step_usage"))

    def _find(self, payload: JSONObject) -> StepBuilder | None:
        """Return the step an event is about: that of its index; without one, the last."""
        index = as_index(payload.get("index"))
        return self._last if index is None else self._steps.get(index)

    def _index_of(self, payload: JSONObject) -> int:
        """Return the index of a new step: the next one where none is sent."""
        index = as_index(payload.get("index"))
        return self._next if index is None else index

    def _add_step(self, choice: ChoiceBuilder, index: int, key: str) -> StepBuilder:
        step = self._last = self._steps[index] = self.open_step(choice, key)
        self._next = max(self._next, index + 1)
        return step


GoogleInteractions.STEPS = {
    "interaction.created": GoogleInteractions._begin,
    "interaction.start": GoogleInteractions._begin,
    "interaction.status_update": GoogleInteractions._update,
    "step.start": GoogleInteractions._start,
    "content.start": GoogleInteractions._start,
    "step.delta": GoogleInteractions._delta,
    "content.delta": GoogleInteractions._delta,
    "step.stop": GoogleInteractions._stop,
    "content.stop": GoogleInteractions._stop,
    "interaction.completed": GoogleInteractions._complete,
    "interaction.complete": GoogleInteractions._complete,
    "error": GoogleInteractions._fail,
}
