"""A completion as OpenAI's own run object, as it stands when the stream has ended.

The messages and steps are objects of their own, which other calls return; they are in
``Completion.extra``. Field names: https://platform.openai.com/docs/api-reference/runs/object
"""

from __future__ import annotations

from sseparse.assembly._completion import Completion, ToolCall
from sseparse.assembly._json import JSONObject

_OF_STREAM = frozenset(("messages", "steps", "thread", "unknown_events"))


def to_run(completion: Completion) -> JSONObject:
    """Return the ``thread.run``.

    What every run has and no event of this stream said is filled in: ``""`` for ids, model and
    instructions, no tools, and the API's default of parallel tool calls. The status is the one last
    sent; while the run waits for the caller, the calls it waits for are in ``required_action``.
    """
    extra = completion.extra
    status = extra.get("status") or completion.finish_reason
    run: JSONObject = {
        "id": completion.id or "",
        "object": "thread.run",
        "created_at": int(completion.created or 0),
        "model": completion.model or "",
        "assistant_id": "",
        "thread_id": "",
        "instructions": "",
        "tools": [],
        "parallel_tool_calls": True,
        "required_action": None,
        **{key: value for key, value in extra.items() if key not in _OF_STREAM},
        "status": status,
        "usage": completion.usage.raw if completion.usage else None,
    }
    if status == "requires_action" and completion.tool_calls:
        run["required_action"] = {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": {"tool_calls": [_tool_call(c) for c in completion.tool_calls]},
        }
    return run


def _tool_call(call: ToolCall) -> JSONObject:
    function: JSONObject = {"name": call.name or "", "arguments": call.arguments}
    return {"id": call.id or "", "type": call.type, "function": function, **call.extra}
