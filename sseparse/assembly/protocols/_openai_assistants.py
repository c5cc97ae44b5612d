"""OpenAI's Assistants: the stream of a run.

Each event carries an object whole (a run, a step of it, a message), or a delta of a step or a
message; ``object`` says which (``STEPS``), also where a proxy drops the names of the events. A
whole object stands as it was last sent. What the run does is told by its ``status``
(``STATUSES``), which in the end is the finish_reason.

The run's fields are in ``extra``; so are ``extra["messages"]`` and ``extra["steps"]``, in order.
How those grow stands in ``_openai_assistants_messages`` and ``_openai_assistants_steps``.

Events: https://platform.openai.com/docs/api-reference/assistants-streaming/events
"""

from __future__ import annotations

from collections.abc import Callable

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text
from sseparse.assembly._states import Step
from sseparse.assembly.protocols._openai_assistants_native import to_run
from sseparse.assembly.protocols._openai_assistants_steps import Steps

STATUSES: dict[str, Step] = {
    "queued": Step.TAIL,
    "in_progress": Step.START,
    "cancelling": Step.TAIL,
    "requires_action": Step.FINISH,
    "completed": Step.FINISH,
    "incomplete": Step.FINISH,
    "failed": Step.FINISH,
    "cancelled": Step.FINISH,
    "expired": Step.FINISH,
}
"""What a run's status does to the completion; a status unheard of does nothing."""

_ELSEWHERE = frozenset(("id", "object", "created_at", "model", "usage", "required_action"))
"""Fields of a run that have a place of their own."""
_OURS = frozenset(("messages", "steps", "thread", "unknown_events"))
"""What ``extra`` has beside them."""


class OpenAIAssistants(Steps):
    """The fold of the events of a run."""

    name = "openai-assistants"

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the run."""
        return to_run(completion)

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        kind = as_text(payload.get("object")) or ""
        handler = STEPS.get(kind) or STEPS.get(_kind_of(event.event))
        if handler is None and _is_error(payload):
            self.fail(payload.get("error") or payload, deltas)
            return
        self.step(Step.TAIL)
        if handler is None:
            self.keep_event(kind or event.event, payload)
        else:
            handler(self, event, payload, deltas)

    def fold_thread(self, event: ServerSentEvent, thread: JSONObject, deltas: list[Delta]) -> None:
        """Keep a thread that was created for the run."""
        self.extra["thread"] = thread

    def fold_run(self, event: ServerSentEvent, run: JSONObject, deltas: list[Delta]) -> None:
        """Fold a run in."""
        self.set_first("id", run.get("id"))
        self.set_first("model", run.get("model"))
        self.set_created(run.get("created_at"))
        self.set_usage(run.get("usage"), deltas)
        kept = run.keys() - _ELSEWHERE - _OURS
        self.extra.update({key: run[key] for key in run if key in kept})
        self._fold_required_action(run.get("required_action"), deltas)
        status = as_text(run.get("status")) or event.event.removeprefix("thread.run.")
        step = STATUSES.get(status)
        if step is Step.START:
            self.choice()
        if step is Step.FINISH:
            self.finish(self.choice(), status, deltas)
        if error := run.get("last_error"):
            self.fail(error, deltas)
        elif status == "failed":
            self.fail({"status": status}, deltas)

    def _fold_required_action(self, action: JSONValue, deltas: list[Delta]) -> None:
        """Take the calls that the caller is to make; mostly the steps had them already."""
        submit = as_object(action).get("submit_tool_outputs")
        if action is None:
            return
        if not isinstance(submit, dict):  # an action unheard of
            self.extra["required_action"] = action
            return
        for place, call in enumerate(as_list(submit.get("tool_calls"))):
            if isinstance(call, dict):
                self.fold_required_call(place, call, deltas)
            else:
                self.bad_shape("a tool call", "object")


_Handler = Callable[[OpenAIAssistants, ServerSentEvent, JSONObject, list[Delta]], None]

STEPS: dict[str, _Handler] = {
    "thread.run.step.delta": OpenAIAssistants.fold_step_delta,
    "thread.run.step": OpenAIAssistants.fold_step,
    "thread.run": OpenAIAssistants.fold_run,
    "thread.message.delta": OpenAIAssistants.fold_message_delta,
    "thread.message": OpenAIAssistants.fold_message,
    "thread": OpenAIAssistants.fold_thread,
}
"""What is done with each kind of object. Longer names come first: an event is named after them."""


def _kind_of(name: str) -> str:
    """Return the kind of object that an event of this name carries (``thread.run.queued``)."""
    kinds = (kind for kind in STEPS if name == kind or name.startswith(f"{kind}."))
    return next(kinds, "")


def _is_error(payload: JSONObject) -> bool:
    """Return whether an object of no known kind is an error, whose event has lost its name."""
    bare = "message" in payload and ("code" in payload or "type" in payload)
    return bare or bool(payload.get("error")) or payload.get("object") == "error"
