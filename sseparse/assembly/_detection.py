"""Which protocol a stream speaks: one rule for each, side by side, in the order they are asked.

The first event that a rule recognises decides. A ping, a comment, an empty ``choices`` or a
``[DONE]`` is nobody's: several protocols send them. So is a lone error.

The rules look at one payload and load no protocol: ``import sseparse`` stays light that way.
"""

from __future__ import annotations

from collections.abc import Callable

from sseparse._events import ServerSentEvent
from sseparse.assembly._json import JSONObject, as_list, as_object, as_text

Rule = Callable[[JSONObject], bool]


def _typed(*starts: str) -> Rule:
    """Return the rule that the payload's ``type`` starts with one of these."""

    def rule(payload: JSONObject) -> bool:
        kind = payload.get("type")
        return isinstance(kind, str) and kind.startswith(starts)

    return rule


def _openai_chat(payload: JSONObject) -> bool:
    choices = [as_object(choice) for choice in as_list(payload.get("choices"))]
    if not choices:
        return False  # a filter result or a usage: other protocols have such chunks too
    if (as_text(payload.get("object")) or "").startswith("chat.completion"):
        return True
    return any(isinstance(choice.get("delta"), dict) for choice in choices)


def _openai_completions(payload: JSONObject) -> bool:
    choices = [as_object(choice) for choice in as_list(payload.get("choices"))]
    return bool(choices) and (
        payload.get("object") == "text_completion"
        or any(isinstance(choice.get("text"), str) for choice in choices)
    )


def _openai_assistants(payload: JSONObject) -> bool:
    kind = payload.get("object")
    return isinstance(kind, str) and (kind == "thread" or kind.startswith("thread."))


def _anthropic_complete(payload: JSONObject) -> bool:
    return payload.get("type") == "completion" and "completion" in payload


def _gemini(payload: JSONObject) -> bool:
    return bool(as_list(payload.get("candidates"))) or any(
        isinstance(payload.get(key), dict) for key in ("usageMetadata", "promptFeedback")
    )


def _google_interactions(payload: JSONObject) -> bool:
    kind = payload.get("event_type")
    return isinstance(kind, str) and kind.startswith(("interaction.", "step.", "content."))


def _watsonx(payload: JSONObject) -> bool:
    return any("generated_text" in as_object(entry) for entry in as_list(payload.get("results")))


_A2A_KINDS = ("task", "status-update", "artifact-update", "message")


def _a2a(payload: JSONObject) -> bool:
    if payload.get("jsonrpc") != "2.0":  # its HTTP+JSON binding has nothing around the result
        task = as_object(payload.get("task"))
        return _has_a2a_member(payload) and (not task or isinstance(task.get("status"), dict))
    result = as_object(payload.get("result"))
    return result.get("kind") in _A2A_KINDS or _has_a2a_member(result)


def _has_a2a_member(result: JSONObject) -> bool:
    return (
        isinstance(result.get("statusUpdate"), dict)
        or isinstance(result.get("artifactUpdate"), dict)
        or "id" in as_object(result.get("task"))  # (MCP's tasks have a taskId)
        or "messageId" in as_object(result.get("message"))
    )


def _mcp(payload: JSONObject) -> bool:
    # An error alone may be A2A's as well.
    return payload.get("jsonrpc") == "2.0" and ("method" in payload or "result" in payload)


_ANTHROPIC = (
    *("message_start", "message_delta", "message_stop"),
    *("content_block_start", "content_block_delta", "content_block_stop"),
)
_COHERE = (
    *("message-start", "message-end", "content-start", "content-delta", "content-end"),
    *("tool-plan-delta", "tool-call-start", "tool-call-delta", "tool-call-end"),
    *("citation-start", "citation-end"),
)
_AG_UI = (
    *("RUN_STARTED", "RUN_FINISHED", "RUN_ERROR", "STEP_STARTED", "STEP_FINISHED"),
    *("TEXT_MESSAGE_", "TOOL_CALL_", "STATE_SNAPSHOT", "STATE_DELTA", "MESSAGES_SNAPSHOT"),
    *("ACTIVITY_", "REASONING_", "THINKING_"),
)

RULES: dict[str, Rule] = {
    "openai-chat": _openai_chat,
    "openai-completions": _openai_completions,
    "openai-responses": _typed("response."),
    "anthropic-messages": _typed(*_ANTHROPIC),
    "anthropic-complete": _anthropic_complete,
    "gemini": _gemini,
    "google-interactions": _google_interactions,
    "cohere-v2": _typed(*_COHERE),
    "openai-assistants": _openai_assistants,
    "openai-transcription": _typed("transcript.text."),
    "watsonx": _watsonx,
    "a2a": _a2a,
    "mcp": _mcp,
    "ag-ui": _typed(*_AG_UI),
}


def recognise(event: ServerSentEvent, payload: object) -> str | None:
    """Return the name of the protocol that an event can only belong to, or None.

    Args:
        event: the event.
        payload: its data, decoded, or None where that is no JSON.
    """
    if isinstance(payload, list):  # a batch, as MCP had it for a while: any message may decide
        batch = [as_object(entry) for entry in payload]
        whole = all(message.get("jsonrpc") == "2.0" for message in batch)
        if whole and any(map(_mcp, batch)):
            return "mcp"
    if isinstance(payload, dict):
        return next((name for name, rule in RULES.items() if rule(payload)), None)
    # Replicate's data is plain text, which may look like any JSON but an object.
    return "replicate" if event.event == "output" else None


def says_nothing(event: ServerSentEvent, payload: object) -> bool:
    """Return whether an event can be anybody's: a ping, an empty ``choices``, an end marker."""
    if isinstance(payload, dict):
        return payload.get("type") in ("ping", "error") or payload.get("choices") == []
    return event.data.strip() in ("", "[DONE]") or event.event in ("ping", "error")
