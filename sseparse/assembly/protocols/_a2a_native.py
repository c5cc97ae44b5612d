"""A completion as A2A's own Task, or as its Message where an agent answered with one.

Both versions name their fields alike. 0.3 marks each object and part with its ``kind`` and has
states in lower case; 1.0 has neither marks nor lower case. Field names:
https://a2a-protocol.org/latest/specification/
"""

from __future__ import annotations

from sseparse.assembly._completion import Completion
from sseparse.assembly._json import JSONObject, as_object

_OF_TASK = ("artifacts", "history", "metadata")


def to_task_or_message(completion: Completion) -> JSONObject:
    """Return the object that the same answer would have been without streaming.

    Constants and the empty ids of what was never sent are filled in, as the types want them; what
    the agent said is not.
    """
    extra = completion.extra
    if "message" in extra and "status" not in extra:
        return as_object(extra["message"])
    state = completion.finish_reason or as_object(extra.get("status")).get("state")
    newer = str(state or completion.role).startswith(("TASK_STATE_", "ROLE_"))
    native: JSONObject = {"id": completion.id or "", "contextId": extra.get("contextId") or ""}
    if not newer:
        native["kind"] = "task"
    native["status"] = extra.get("status") or _status(completion, newer=newer)
    native.update({key: extra[key] for key in _OF_TASK if extra.get(key)})
    return native


def _status(completion: Completion, *, newer: bool) -> JSONObject:
    """Return the status of a completion that was made by hand: all it has is in one message."""
    unknown = "TASK_STATE_UNSPECIFIED" if newer else "unknown"
    status: JSONObject = {"state": completion.finish_reason or unknown}
    if completion.content is not None:
        part: JSONObject = {"text": completion.content}
        role = completion.role or ("ROLE_AGENT" if newer else "agent")
        message: JSONObject = {"messageId": "", "role": role, "parts": [part]}
        if not newer:
            message["kind"], part["kind"] = "message", "text"
        status["message"] = message
    return status
