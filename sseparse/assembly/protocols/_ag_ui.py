"""AG-UI, the protocol between agents and the pages their users see.

A run consists of messages that begin, grow and end by id: texts, thoughts, tool calls and their
results, activities. The text of all assistant messages is the content. The messages themselves
stand under ``extra["messages"]`` in the form of the protocol's own; tool calls are not repeated in
them: they stand in ``tool_calls``, each with its ``parentMessageId``.

State is kept as sent: the last snapshot under ``extra["state"]``, and the operations of all JSON
Patches since under ``extra["stateDelta"]``; nothing is applied here. An activity likewise, with its
operations under ``patch``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import Part, TextKind, ToolCallBuilder
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, entries, keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text, join
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartState, PartStep, Step
from sseparse.assembly.protocols._ag_ui_native import to_messages

_OF_EVENT = frozenset(("type", "timestamp", "rawEvent"))
_OF_RUN = _OF_EVENT | {"runId", "usage", "outcome"}
_OF_MESSAGE = _OF_EVENT | {"id", "messageId", "role", "delta", "content"}
_OF_CALL = _OF_EVENT | {"id", "toolCallId", "toolCallName", "delta", "content", "messageId", "role"}
_OURS = frozenset(("messages", "messagesSnapshot", "state", "stateDelta", "rawEvents"))
"""What ``extra`` has of us: no field of an event may take its place."""

_KEPT = {
    "STEP_STARTED": "steps",
    "STEP_FINISHED": "steps",
    "SUBAGENT_STARTED": "subagents",
    "SUBAGENT_FINISHED": "subagents",
    "SUBAGENT_ERROR": "subagents",
    "RAW": "raw",
    "CUSTOM": "custom",
}
"""The events that are kept as they are, and where in ``extra``."""

_MOST_MILLISECONDS = 1e15
"""Times beyond the year 33,658 are none."""

_Step = Callable[["AGUI", JSONObject, list[Delta]], None]
_Grower = Callable[["AGUI", TextKind, JSONObject, list[Delta]], None]


class AGUI(Protocol):
    """The fold of a run's events.

    A run has no finish_reason of its own; where it tells an ``outcome``, the type of that is one
    (``"success"``, ``"interrupt"``, ``"cancelled"``). The role is the assistant messages', if sent.

    The events: https://docs.ag-ui.com/concepts/events
    """

    name = "ag-ui"
    has_finish_reason = False

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[tuple[str, str | None], Part] = {}  # by kind and message id
        self._calls: dict[str | None, tuple[Part, ToolCallBuilder]] = {}
        self._last: dict[str, str | None] = {}  # the id of each kind that an event was last about

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``MESSAGES_SNAPSHOT`` of the run, with the tool calls in its messages."""
        return to_messages(completion)

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold one event in, by its type."""
        if not isinstance(payload, dict):
            self.bad_shape("the data", "object")
            return
        self._set_time(payload.get("timestamp"))
        if payload.get("rawEvent") is not None:
            entries(self.extra, "rawEvents").append(payload["rawEvent"])
        kind = as_text(payload.get("type")) or ""
        if kind in self.STEPS:
            self.STEPS[kind](self, payload, deltas)
        elif kind in self.TEXTS:
            text, verb = self.TEXTS[kind]
            verb(self, text, payload, deltas)
        elif kind in _KEPT:
            self._keep(_KEPT[kind], payload)
        elif not kind and payload.get("error"):
            self.fail(payload["error"], deltas)
        else:
            self.step(Step.TAIL)
            self.keep_event(kind, payload)

    def _set_time(self, timestamp: JSONValue) -> None:
        # (More than 1: ``true`` is a number in Python.)
        if isinstance(timestamp, (int, float)) and 1 < timestamp < _MOST_MILLISECONDS:
            self.set_created(timestamp / 1000)

    def _keep(self, key: str, value: JSONValue) -> None:
        self.step(Step.TAIL)
        entries(self.extra, key).append(value)

    # The run

    def _start_run(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.step(Step.TAIL)
        self.choice()
        self._keep_run(payload)

    def _finish_run(self, payload: JSONObject, deltas: list[Delta]) -> None:
        choice = self.choice()
        self._keep_run(payload)
        self._take_usage(payload.get("usage"), deltas)
        if choice.empty:
            self._take_snapshot(deltas)
        outcome = payload.get("outcome")
        if outcome is not None:
            set_last(self.extra, "outcome", outcome)
        self.finish(choice, as_object(outcome).get("type") or outcome, deltas)
        self.end(deltas)

    def _fail_run(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self._take_usage(payload.get("usage"), deltas)
        self.fail(payload, deltas)

    def _keep_run(self, payload: JSONObject) -> None:
        self.set_first("id", payload.get("runId"))
        keep_unheard_of(payload, _OF_RUN | _OURS, self.extra)

    def _take_usage(self, usage: JSONValue, deltas: list[Delta]) -> None:
        """Take the tokens, which come for each model: of several nothing is added up."""
        models = as_list(usage)
        if len(models) == 1 and isinstance(models[0], dict):
            self.set_usage(models[0], deltas)
            self.set_first("model", models[0].get("model"))
        elif usage is not None:
            self.extra["usage"] = usage

    # Texts and thoughts

    def _part(self, kind: TextKind, payload: JSONObject) -> tuple[Part, bool]:
        """Return the message that an event is about, and whether it is new.

        Without an id it is the last one of its kind.
        """
        found = as_text(payload.get("messageId")) or self._last.get(kind)
        role = as_text(payload.get("role"))
        part = self._parts.get((kind, found))
        is_new = part is None
        if part is None:
            part = self._open_message(kind, found, role)
        self._last[kind] = found
        keep_unheard_of(payload, _OF_MESSAGE, part.fields)
        if part.kind == "content":
            choice = self.choice()
            choice.role = choice.role or role
        return part, is_new

    def _open_message(self, kind: TextKind, found: str | None, role: str | None) -> Part:
        message = Fields() if found is None else Fields(id=found)
        message["role"] = "reasoning" if kind == "reasoning" else role or "assistant"
        entries(self.extra, "messages").append(message)
        # A text in another role is nothing that the agent answers.
        is_answer = message["role"] in ("reasoning", "assistant")
        part = self.open_part(self.choice(), message, kind if is_answer else None, "content")
        self._parts[kind, found] = part
        return part

    def _start(self, kind: TextKind, payload: JSONObject, deltas: list[Delta]) -> None:
        if not as_text(payload.get("messageId")):
            self._last.pop(kind, None)  # (the thoughts of old have no id: each start is a new one)
            self._parts.pop((kind, None), None)
        part, _ = self._part(kind, payload)
        self.part_step(part, PartStep.OPEN)

    def _grow(self, kind: TextKind, payload: JSONObject, deltas: list[Delta]) -> None:
        part, _ = self._part(kind, payload)
        self.grow_part(self.choice(), part, payload.get("delta"), deltas)

    def _chunk(self, kind: TextKind, payload: JSONObject, deltas: list[Delta]) -> None:
        part, is_new = self._part(kind, payload)
        if is_new:
            self.part_step(part, PartStep.OPEN)
        self.grow_part(self.choice(), part, payload.get("delta"), deltas)

    def _end(self, kind: TextKind, payload: JSONObject, deltas: list[Delta]) -> None:
        part, _ = self._part(kind, payload)
        self.part_step(part, PartStep.CLOSE)

    def _frame(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Take the beginning or the end of thinking, which say nothing but (of old) a title."""
        self.step(Step.TAIL)
        keep_unheard_of(payload, _OF_MESSAGE | _OURS, self.extra)

    def _keep_encrypted(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Put the encrypted form of thoughts to the message or the call that it belongs to."""
        entity = as_text(payload.get("entityId"))
        _, call = self._calls.get(entity, (None, None))
        message = self._parts.get(("reasoning", entity)) or self._parts.get(("content", entity))
        if call is not None and payload.get("subtype") == "tool-call":
            target = call.extra
        elif message is not None:
            target = message.fields
        else:
            self._keep("encryptedValues", payload)
            return
        self.step(Step.TAIL)
        set_last(target, "encryptedValue", payload.get("encryptedValue"))

    # Tool calls

    def _call(self, payload: JSONObject, deltas: list[Delta]) -> tuple[Part, ToolCallBuilder, bool]:
        """Return the call that an event is about, its part, and whether it is new."""
        found = as_text(payload.get("toolCallId")) or self._last.get("call")
        name = payload.get("toolCallName")
        is_new = found not in self._calls
        if is_new:
            call = self.begin_call(self.choice(), deltas, id=found, name=name)
            self._calls[found] = Part(Fields()), call
            parent = as_text(payload.get("parentMessageId")) or found
            if ("content", parent) not in self._parts:  # it stands in a message of its own
                self._open_message("content", parent, None)
        self._last["call"] = found
        part, call = self._calls[found]
        self.name_call(self.choice(), call, deltas, name=name)
        keep_unheard_of(payload, _OF_CALL, call.extra)
        return part, call, is_new

    def _start_call(self, payload: JSONObject, deltas: list[Delta]) -> None:
        part, _, _ = self._call(payload, deltas)
        self.part_step(part, PartStep.OPEN)

    def _grow_call(self, payload: JSONObject, deltas: list[Delta]) -> None:
        part, call, is_new = self._call(payload, deltas)
        if is_new and payload.get("type") == "TOOL_CALL_CHUNK":
            self.part_step(part, PartStep.OPEN)
        self.part_step(part, PartStep.GROW)
        self.grow_arguments(self.choice(), call, payload.get("delta"), deltas)

    def _end_call(self, payload: JSONObject, deltas: list[Delta]) -> None:
        part, _, _ = self._call(payload, deltas)
        self.part_step(part, PartStep.CLOSE)

    def _take_result(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Keep what a tool gave back, as the message that it is."""
        message = Fields(id=payload.get("messageId"), role="tool")
        for key in ("content", "toolCallId"):
            message[key] = payload.get(key)
        keep_unheard_of(payload, _OF_CALL, message)
        self._keep("messages", message)

    # State, activities, and what is kept as it is

    def _set_state(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.step(Step.TAIL)
        self.extra["state"] = payload.get("snapshot")
        self.extra.pop("stateDelta", None)

    def _change_state(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.step(Step.TAIL)
        if isinstance(payload.get("delta"), list):
            entries(self.extra, "stateDelta").extend(as_list(payload["delta"]))
        else:
            self.bad_shape("a delta of the state", "list")

    def _set_activity(self, payload: JSONObject, deltas: list[Delta]) -> None:
        part, is_new = self._activity(payload)
        if is_new or payload.get("replace") is not False:
            part.fields["content"] = payload.get("content")
            part.fields.pop("patch", None)

    def _change_activity(self, payload: JSONObject, deltas: list[Delta]) -> None:
        part, _ = self._activity(payload)
        if isinstance(payload.get("patch"), list):
            entries(part.fields, "patch").extend(as_list(payload["patch"]))
        else:
            self.bad_shape("a patch", "list")

    def _activity(self, payload: JSONObject) -> tuple[Part, bool]:
        self.step(Step.TAIL)
        found = as_text(payload.get("messageId"))
        part = self._parts.get(("activity", found))
        if part is not None:
            set_last(part.fields, "activityType", payload.get("activityType"))
            return part, False
        message = Fields(id=found, role="activity", activityType=payload.get("activityType"))
        entries(self.extra, "messages").append(message)
        part = self._parts["activity", found] = Part(message)
        return part, True

    def _set_messages(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Keep the whole conversation; what was streamed of it should read the same."""
        self.step(Step.TAIL)
        if not isinstance(payload.get("messages"), list):
            self.bad_shape("messages", "list")
            return
        self.extra["messagesSnapshot"] = payload["messages"]
        messages = map(as_object, as_list(payload["messages"]))
        sent = {as_text(message.get("id")): message.get("content") for message in messages}
        for found, content in sent.items():
            part = self._parts.get(("content", found))
            if part is None or part.state is not PartState.CLOSED or not isinstance(content, str):
                continue
            if content != (join(part.pieces.texts) or ""):
                text = "a message of the snapshot differs from what was streamed"
                self.find("message-differs", "warning", text)

    def _take_snapshot(self, deltas: list[Delta]) -> None:
        """Take the answer from the last snapshot, of a run that streamed nothing else."""
        messages = [as_object(message) for message in as_list(self.extra.get("messagesSnapshot"))]
        roles = [as_text(message.get("role")) for message in messages]
        asked = [place for place, role in enumerate(roles) if role in ("user", "tool")]
        choice = self.choice()
        for message, role in list(zip(messages, roles, strict=True))[max(asked, default=-1) + 1 :]:
            if role == "reasoning":
                self.grow(choice, "reasoning", message.get("content"), deltas)
            if role != "assistant":
                continue
            choice.role = role
            self.grow(choice, "content", message.get("content"), deltas)
            for call in map(as_object, as_list(message.get("toolCalls"))):
                function = as_object(call.get("function"))
                named = function.get("name")
                begun = self.begin_call(choice, deltas, id=call.get("id"), name=named)
                self.grow_arguments(choice, begun, function.get("arguments"), deltas)
                set_last(begun.extra, "parentMessageId", message.get("id"))

    TEXTS: ClassVar[dict[str, tuple[TextKind, _Grower]]] = {
        "TEXT_MESSAGE_START": ("content", _start),  # PartStep.OPEN
        "TEXT_MESSAGE_CONTENT": ("content", _grow),  # PartStep.GROW, Step.DELTA
        "TEXT_MESSAGE_CHUNK": ("content", _chunk),  # the same, and PartStep.OPEN if it is new
        "TEXT_MESSAGE_END": ("content", _end),  # PartStep.CLOSE
        "REASONING_MESSAGE_START": ("reasoning", _start),
        "REASONING_MESSAGE_CONTENT": ("reasoning", _grow),
        "REASONING_MESSAGE_CHUNK": ("reasoning", _chunk),
        "REASONING_MESSAGE_END": ("reasoning", _end),
        "THINKING_TEXT_MESSAGE_START": ("reasoning", _start),  # the names of old
        "THINKING_TEXT_MESSAGE_CONTENT": ("reasoning", _grow),
        "THINKING_TEXT_MESSAGE_END": ("reasoning", _end),
    }
    """The types of event that texts and thoughts are made of."""

    STEPS: ClassVar[dict[str, _Step]] = {
        "RUN_STARTED": _start_run,  # Step.START
        "RUN_FINISHED": _finish_run,  # Step.FINISH, Step.DONE
        "RUN_ERROR": _fail_run,  # Step.ERROR
        "TOOL_CALL_START": _start_call,  # PartStep.OPEN, Step.DELTA
        "TOOL_CALL_ARGS": _grow_call,  # PartStep.GROW, Step.DELTA
        "TOOL_CALL_CHUNK": _grow_call,  # the same, and PartStep.OPEN if it is new
        "TOOL_CALL_END": _end_call,  # PartStep.CLOSE
        "REASONING_START": _frame,  # Step.TAIL, from here on
        "REASONING_END": _frame,
        "THINKING_START": _frame,
        "THINKING_END": _frame,
        "REASONING_ENCRYPTED_VALUE": _keep_encrypted,
        "TOOL_CALL_RESULT": _take_result,
        "STATE_SNAPSHOT": _set_state,
        "STATE_DELTA": _change_state,
        "MESSAGES_SNAPSHOT": _set_messages,
        "ACTIVITY_SNAPSHOT": _set_activity,
        "ACTIVITY_DELTA": _change_activity,
    }
    """All other types of event, but for those that are ``_KEPT``."""
