"""The Agent2Agent protocol: a task (or a single message) that an agent works on, event by event.

Three versions of one thing. In 0.3 a result says its ``kind``; in 1.0 it has one member, named
after what it is; its HTTP+JSON binding sends the same members without JSON-RPC around them. Earlier
ones say neither, and are known by their fields.

What is content? Artifacts are an agent's results and messages what it says about its work, so:

- the texts of all artifacts, in the order in which the artifacts began;
- where no artifact has any text, the message of the status that ends the stream;
- where that says nothing and there are no artifacts at all, the agent's messages on the way.

The task itself is kept as an agent's own library would keep it: ``extra["artifacts"]`` with all
parts as sent, ``extra["status"]`` the last one, and the messages of those before it in
``extra["history"]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from sseparse.assembly._builder import ChoiceBuilder, Part
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Entries, Fields, entries, fields, keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text, join
from sseparse.assembly._states import PartState, PartStep, State, Step
from sseparse.assembly.protocols._a2a_native import to_task_or_message
from sseparse.assembly.protocols._json_rpc import JSONRPC, rpc_id

_MEMBERS = {
    "task": "task",
    "message": "message",
    "statusUpdate": "status-update",
    "artifactUpdate": "artifact-update",
}
"""The members of 1.0, and the kinds of 0.3 that they are."""

_TERMINAL = ("completed", "failed", "canceled", "rejected")
_INTERRUPTED = ("input-required", "auth-required")
"""The states in which a task waits for its user: a stream ends with them as well."""

_OF_EVENT = frozenset(
    (
        *("kind", "id", "taskId", "contextId", "metadata"),
        *("status", "final", "artifacts", "history", "message"),
        *("artifact", "append", "lastChunk", "jsonrpc_id"),
    )
)
_OF_ARTIFACT = frozenset(("parts", "metadata"))


class A2A(JSONRPC):
    """The fold of a task's events.

    The state that ends the task is the finish_reason, in the version's own word. A task that failed
    or was rejected is told by it and by a finding; an error is only what JSON-RPC calls one.

    The events: https://a2a-protocol.org/latest/specification/
    """

    name = "a2a"

    def __init__(self) -> None:
        super().__init__()
        self._artifacts: dict[str, Part] = {}
        self._places: dict[str, int] = {}  # of the artifacts in ``extra["artifacts"]``
        self._said: list[str] = []  # the agent's messages on the way
        self._closing: JSONValue = None  # the message of the last status

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the Task, or the Message, in the form of the version that the stream spoke."""
        return to_task_or_message(completion)

    def take_result(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take what JSON-RPC carries."""
        if (found := rpc_id(message)) is not None:
            self.extra["jsonrpc_id"] = found
        result = message["result"]
        kind, body = _kind_of(as_object(result))
        if kind in self.STEPS:
            self.STEPS[kind](self, body, deltas)
        elif isinstance(result, dict):
            self.step(Step.TAIL)
            self.keep_event(kind, message)
        else:
            self.bad_shape("a result", "object")

    def take_other(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take an event that came without JSON-RPC around it."""
        kind, body = _kind_of(message)
        if kind in self.STEPS:
            self.STEPS[kind](self, body, deltas)
        else:
            super().take_other(message, deltas)

    def close(self) -> None:
        """Take the end of the stream: a task that waits for its user may end it without a word."""
        status = as_object(self.extra.get("status"))
        if self.ended_by == "eof" and _plain(status.get("state")) in _INTERRUPTED:
            self._finish(status.get("state"), [])
        super().close()

    # The kinds of result

    def _take_task(self, task: JSONObject, deltas: list[Delta]) -> None:
        choice = self._begin(task, task.get("id"))
        keep_unheard_of(task, _OF_EVENT, self.extra)
        if isinstance(task.get("history"), list):
            history = self.extra["history"] = Entries(as_list(task["history"]))
            if _id_of(self._closing) in map(_id_of, history):
                self._closing = None  # what the last status said is history already
        listed = self._list("artifacts", task.get("artifacts"))
        for key, artifact in {_artifact_id(artifact): artifact for artifact in listed}.items():
            known = self._artifacts.get(key)
            if known is None:
                self._take_artifact(choice, artifact, deltas)
            elif "".join(_texts(artifact)) != (join(known.pieces.texts) or ""):
                text = "an artifact of the whole task differs from what was streamed"
                self.find("message-differs", "warning", text)
        state = self._take_status(choice, task.get("status"))
        if _plain(state) in _TERMINAL:  # (one that waits may be the state from before the stream)
            self._finish(state, deltas)
            self.end(deltas)

    def _take_status_update(self, update: JSONObject, deltas: list[Delta]) -> None:
        choice = self._begin(update, update.get("taskId") or update.get("id"))
        keep_unheard_of(update, _OF_EVENT, self.extra)
        state = self._take_status(choice, update.get("status"))
        plain, final = _plain(state), update.get("final")
        # 0.3 says which status is the last one; 1.0 leaves it to the state.
        is_last = final is True or (final is None and plain in (*_TERMINAL, *_INTERRUPTED))
        if is_last or plain in _TERMINAL:
            self._finish(state, deltas)
        if is_last:
            self.end(deltas)

    def _take_artifact_update(self, update: JSONObject, deltas: list[Delta]) -> None:
        choice = self._begin(update, update.get("taskId") or update.get("id"))
        keep_unheard_of(update, _OF_EVENT, self.extra)
        artifact = update.get("artifact")
        if not isinstance(artifact, dict):
            self.bad_shape("an artifact", "object")
            return
        more, last = update.get("append") is True, update.get("lastChunk") is True
        self._take_artifact(choice, artifact, deltas, more=more, last=last)

    def _take_message(self, message: JSONObject, deltas: list[Delta]) -> None:
        choice = self._begin({}, message.get("taskId") or message.get("messageId"))
        set_last(self.extra, "contextId", message.get("contextId"))
        is_alone = "message" not in self.extra and "status" not in self.extra
        if is_alone and self._is_agents(choice, message):
            self.extra["message"] = message
        else:
            entries(self.extra, "history").append(message)
        if self._is_agents(choice, message):
            for text in _texts(message):
                self.grow(choice, "content", text, deltas)
            if "status" not in self.extra:  # a message in place of a task is the whole answer
                if self.state in (State.WAITING, State.STREAMING):
                    self.step(Step.FINISH)
                self.end(deltas)

    # What they are made of

    def _begin(self, body: JSONObject, task_id: JSONValue) -> ChoiceBuilder:
        """Take what all have, and return the choice."""
        self.step(Step.TAIL)
        self.set_first("id", task_id)
        set_last(self.extra, "contextId", body.get("contextId"))
        self._merge_metadata(self.extra, body.get("metadata"))
        return self.choice()

    def _merge_metadata(self, target: Fields, metadata: JSONValue) -> None:
        if isinstance(metadata, dict):
            fields(target, "metadata").update(metadata)
        elif metadata is not None:
            self.bad_shape("metadata", "object")

    def _list(self, name: str, value: JSONValue) -> list[JSONObject]:
        """Return the objects of a list; what is none is a finding."""
        if value is not None and not isinstance(value, list):
            self.bad_shape(name, "list")
        found = [entry for entry in as_list(value) if isinstance(entry, dict)]
        if len(found) != len(as_list(value)):
            self.bad_shape(f"an entry of {name}", "object")
        return found

    def _is_agents(self, choice: ChoiceBuilder, message: JSONObject) -> bool:
        """Return whether the agent says it (its user's message may come back); note its role."""
        role = as_text(message.get("role"))
        if role in ("user", "ROLE_USER"):
            return False
        choice.role = choice.role or role
        return True

    def _take_status(self, choice: ChoiceBuilder, status: JSONValue) -> JSONValue:
        """Take a status and return its state; the message of the one before it is history now."""
        if not isinstance(status, dict):
            if status is not None:
                self.bad_shape("a status", "object")
            return None
        message = status.get("message")
        before = as_object(self._closing)
        if before and (_id_of(before) is None or _id_of(before) != _id_of(message)):
            entries(self.extra, "history").append(before)
            if self._is_agents(choice, before):
                self._said += _texts(before)
        self._closing = message
        self.extra["status"] = status
        self.set_created(status.get("timestamp"))
        if isinstance(message, dict):
            self._is_agents(choice, message)
        elif message is not None:
            self.bad_shape("a message", "object")
        return status.get("state")

    def _finish(self, state: JSONValue, deltas: list[Delta]) -> None:
        """Take the state that ends the task; if nothing else is content, its message is."""
        choice = self.choice()
        message = as_object(as_object(self.extra.get("status")).get("message"))
        is_open = self.state in (State.WAITING, State.STREAMING)
        if is_open and not any(self._answers(choice)):
            texts = _texts(message) if self._is_agents(choice, message) else []
            if not texts and not self._artifacts:
                texts = self._said
            for text in texts:
                self.grow(choice, "content", text, deltas)
        self.finish(choice, state, deltas)
        if _plain(state) in ("failed", "rejected"):
            self.find("task-failed", "warning", f"the task ended as {state!r}", once=True)

    def _answers(self, choice: ChoiceBuilder) -> Iterator[str]:
        """Yield the texts that are content so far."""
        yield from choice.content
        for part in choice.parts:
            yield from part.pieces.texts

    def _take_artifact(
        self,
        choice: ChoiceBuilder,
        artifact: JSONObject,
        deltas: list[Delta],
        *,
        more: bool = False,
        last: bool = False,
    ) -> None:
        key = _artifact_id(artifact)
        part = self._artifacts.get(key)
        if part is None or not more:
            part = self._open_artifact(choice, key)
            if not more:
                self.part_step(part, PartStep.OPEN)
        keep_unheard_of(artifact, _OF_ARTIFACT, part.fields)
        self._merge_metadata(part.fields, artifact.get("metadata"))
        parts = entries(part.fields, "parts")
        for piece in self._list("parts", artifact.get("parts")):
            parts.append(piece)
            if _is_text(piece):
                self.grow_part(choice, part, piece.get("text"), deltas)
            else:
                self.part_step(part, PartStep.GROW)
                self.grew(choice)
        if last:
            self.part_step(part, PartStep.CLOSE)

    def _open_artifact(self, choice: ChoiceBuilder, key: str) -> Part:
        """Begin an artifact; one that is sent anew takes the place of the one before."""
        listed = entries(self.extra, "artifacts")
        fresh = Fields()
        part = self._artifacts.get(key)
        if part is None:
            part = self.open_part(choice, fresh, "content")
            self._places[key] = len(listed)
            listed.append(fresh)
        else:
            text = "an artifact was sent anew, not appended to: the new one stands"
            self.find("artifact-replaced", "info", text, once=True)
            part.fields, part.state = fresh, PartState.ABSENT
            part.pieces.clear()
            listed[self._places[key]] = fresh
        self._artifacts[key] = part
        return part

    STEPS: ClassVar[dict[str, Callable[[A2A, JSONObject, list[Delta]], None]]] = {
        "task": _take_task,  # Step.TAIL; in a terminal state Step.FINISH and Step.DONE
        "status-update": _take_status_update,  # likewise; the last one ends the stream
        "artifact-update": _take_artifact_update,  # PartStep.OPEN or GROW, Step.DELTA; CLOSE
        "message": _take_message,  # Step.DELTA, Step.FINISH, Step.DONE
    }
    """The kinds of result. An error of JSON-RPC is Step.ERROR."""


def _kind_of(result: JSONObject) -> tuple[str, JSONObject]:
    """Return what a result is, as 0.3 calls it, and the object that says so."""
    kind = as_text(result.get("kind"))
    if kind is not None:
        return kind, result
    for member, kind_of_member in _MEMBERS.items():
        body = result.get(member)
        if isinstance(body, dict):
            return kind_of_member, body
    if "artifact" in result:
        return "artifact-update", result
    if "status" in result:
        return ("status-update" if "final" in result else "task"), result
    return ("message" if "parts" in result else ""), result


def _id_of(message: JSONValue) -> str | None:
    return as_text(as_object(message).get("messageId"))


def _artifact_id(artifact: JSONObject) -> str:
    return as_text(artifact.get("artifactId")) or ""


def _plain(state: JSONValue) -> str:
    """Return a state as 0.3 spells it: TASK_STATE_INPUT_REQUIRED is input-required."""
    text = as_text(state) or ""
    return text.lower().removeprefix("task_state_").replace("_", "-")


def _is_text(part: JSONObject) -> bool:
    kind = as_text(part.get("kind")) or as_text(part.get("type"))
    return "text" in part and kind in (None, "text")


def _texts(holder: JSONObject) -> list[str]:
    """Return the texts of the parts of a message, or of an artifact."""
    found: list[str] = []
    for part in map(as_object, as_list(holder.get("parts"))):
        text = part.get("text")
        if _is_text(part) and isinstance(text, str):
            found.append(text)
    return found
