"""A2A: a task with artifacts and messages, or one message; 0.3, 1.0, and 1.0 without JSON-RPC."""

from __future__ import annotations

from datetime import UTC, datetime

from sseparse._events import ServerSentEvent
from sseparse._generate._spelling import event
from sseparse.assembly import Completion
from sseparse.assembly._json import JSONObject, as_list, as_object

_NEWER = "TASK_STATE_"
"""How the states of 1.0 begin."""


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    results = list(_results(completion))
    if "jsonrpc_id" not in completion.extra:
        return [event(result) for result in results]
    head: JSONObject = {"jsonrpc": "2.0", "id": completion.extra["jsonrpc_id"]}
    return [event({**head, "result": result}) for result in results]


def _results(completion: Completion) -> list[JSONObject]:
    extra = completion.extra
    if "message" in extra:
        message = as_object(extra["message"])
        return [message if "kind" in message else {"message": message}]
    newer = str(completion.finish_reason).startswith(_NEWER)
    submitted: JSONObject = {"state": f"{_NEWER}SUBMITTED" if newer else "submitted"}
    if completion.created is not None:
        submitted["timestamp"] = datetime.fromtimestamp(completion.created, UTC).isoformat()
    history = as_list(extra["history"])
    task: JSONObject = {"id": completion.id, "contextId": extra["contextId"], "status": submitted}
    results: list[JSONObject] = [{"task": {**task, "history": history[:1]}}]
    if not newer:
        results = [{"kind": "task", **task, "history": history[:1]}]
    ours: JSONObject = {"taskId": completion.id, "contextId": extra["contextId"]}

    def add(member: str, kind: str, body: JSONObject) -> None:
        whole: JSONObject = {**ours, **body}
        results.append({member: whole} if newer else {"kind": kind, **whole})

    for said in history[1:]:
        working: JSONObject = {"state": f"{_NEWER}WORKING" if newer else "working"}
        body: JSONObject = {"status": {**working, "message": said}}
        add("statusUpdate", "status-update", body if newer else {**body, "final": False})
    for artifact in map(as_object, as_list(extra.get("artifacts"))):
        parts = as_list(artifact["parts"])
        for place, part in enumerate(parts):
            piece: JSONObject = {"artifactId": artifact["artifactId"], "parts": [part]}
            body = {"artifact": piece if place else {**artifact, "parts": [part]}}
            body.update(append=place > 0, lastChunk=place == len(parts) - 1)
            add("artifactUpdate", "artifact-update", body)
    body = {"status": extra["status"], **{k: extra[k] for k in ("metadata",) if k in extra}}
    add("statusUpdate", "status-update", body if newer else {**body, "final": True})
    return results
