"""What each protocol usually says: where it is asked, its words for an end, and how it counts.

A text alone is no completion. This is what is put around it, so that the stream made of it looks
like one of the provider's.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from sseparse.assembly._json import JSONObject

PROMPT_TOKENS = 12
"""Tokens of the prompt, which nobody knows here."""


@attrs.frozen(kw_only=True)
class Usual:
    """What a protocol usually says.

    Attributes:
        url: where it is asked.
        model: one that it has; None: its streams name none.
        id: how its ids begin; None: its streams have none.
        role: who speaks, or None.
        finish: its word for having come to the end, or None.
        called: likewise, for waiting for the result of a tool.
        failed: likewise, for having failed; mostly there is none.
        ended_by: how its streams end.
        created: whether they say when they began.
        usage: makes the usage of tokens read, written and thought, or None.
    """

    url: str
    model: str | None
    id: str | None
    role: str | None = "assistant"
    finish: str | None
    called: str | None = None
    failed: str | None = None
    ended_by: str = "terminal_event"
    created: bool = True
    usage: Callable[[int, int, int], JSONObject] | None = None

    def reason(self, *, called: bool) -> str | None:
        """Return the word for the end."""
        return self.called if called and self.called is not None else self.finish


def _of_chat(read: int, written: int, thought: int) -> JSONObject:
    usage: JSONObject = {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
    }
    if thought:
        usage["completion_tokens_details"] = {"reasoning_tokens": thought}
    return usage


def _of_responses(read: int, written: int, thought: int) -> JSONObject:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": read + written,
    }


def _of_gemini(read: int, written: int, thought: int) -> JSONObject:
    usage: JSONObject = {
        "promptTokenCount": read,
        "candidatesTokenCount": written - thought,
        "totalTokenCount": read + written,
    }
    return {**usage, "thoughtsTokenCount": thought} if thought else usage


def _of_interactions(read: int, written: int, thought: int) -> JSONObject:
    return {
        "total_input_tokens": read,
        "total_output_tokens": written - thought,
        "total_thought_tokens": thought,
        "total_tokens": read + written,
    }


def _of_cohere(read: int, written: int, _: int) -> JSONObject:
    counts: JSONObject = {"input_tokens": read, "output_tokens": written}
    return {"billed_units": counts, "tokens": dict(counts)}


def _plain(read: int, written: int, _: int) -> JSONObject:
    return {"input_tokens": read, "output_tokens": written}


_OPENAI = "https://api.openai.com/v1"
_ANTHROPIC = "https://api.anthropic.com/v1"
_GOOGLE = "https://generativelanguage.googleapis.com/v1beta"

# fmt: off
USUAL: dict[str, Usual] = {
    "openai-chat": Usual(
        url=f"{_OPENAI}/chat/completions", model="gpt-4o-2024-11-20", id="chatcmpl-",
        finish="stop", called="tool_calls", ended_by="done_marker", usage=_of_chat,
    ),
    "openai-completions": Usual(
        url=f"{_OPENAI}/completions", model="gpt-3.5-turbo-instruct", id="cmpl-", role=None,
        finish="stop", ended_by="done_marker", usage=_of_chat,
    ),
    "openai-responses": Usual(
        url=f"{_OPENAI}/responses", model="gpt-4o-2024-11-20", id="resp_",
        finish="completed", usage=_of_responses,
    ),
    "openai-assistants": Usual(
        url=f"{_OPENAI}/threads/thread_1/runs", model="gpt-4o-2024-11-20", id="run_",
        finish="completed", called="requires_action", ended_by="done_marker", usage=_of_chat,
    ),
    "openai-transcription": Usual(
        url=f"{_OPENAI}/audio/transcriptions", model=None, id=None, role=None, finish=None,
        created=False,
        usage=lambda read, written, _: {
            "type": "tokens", "input_tokens": read, "output_tokens": written,
            "total_tokens": read + written,
        },
    ),
    "anthropic-messages": Usual(
        url=f"{_ANTHROPIC}/messages", model="claude-sonnet-4-5-20250929", id="msg_",
        finish="end_turn", called="tool_use", created=False, usage=_plain,
    ),
    "anthropic-complete": Usual(
        url=f"{_ANTHROPIC}/complete", model="claude-2.1", id="compl_", role=None,
        finish="stop_sequence", ended_by="finish_reason", created=False,
    ),
    "gemini": Usual(
        url=f"{_GOOGLE}/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        model="gemini-2.5-flash", id="", role="model", finish="STOP", ended_by="finish_reason",
        created=False, usage=_of_gemini,
    ),
    "google-interactions": Usual(
        url=f"{_GOOGLE}/interactions", model="gemini-2.5-flash", id="v1_", role=None,
        finish="completed", called="requires_action", ended_by="done_marker",
        usage=_of_interactions,
    ),
    "cohere-v2": Usual(
        url="https://api.cohere.com/v2/chat", model=None, id="", finish="COMPLETE",
        called="TOOL_CALL", failed="ERROR", created=False, usage=_of_cohere,
    ),
    "watsonx": Usual(
        url="https://us-south.ml.cloud.ibm.com/ml/v1/text/generation_stream",
        model="ibm/granite-3-8b-instruct", id=None, role=None, finish="eos_token",
        ended_by="finish_reason",
        usage=lambda _, written, __: {"generated_token_count": written, "input_token_count": 0},
    ),
    "replicate": Usual(
        url="https://stream.replicate.com/v1/streams/1", model=None, id=None, role=None,
        finish=None, created=False,
    ),
    "mcp": Usual(
        url="http://127.0.0.1/mcp", model=None, id="", role=None, finish=None, created=False,
    ),
    "a2a": Usual(
        url="http://127.0.0.1/a2a", model=None, id="task-", role=None, finish="completed",
        created=False,
    ),
    "ag-ui": Usual(
        url="http://127.0.0.1/agent", model=None, id="run-", finish=None,
    ),
}
"""By the name of the protocol."""
# fmt: on

PROTOCOLS = tuple(USUAL)
"""The protocols that can be written: all but the unknown one."""
