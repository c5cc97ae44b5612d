"""Checks of the protocol: every event by what it looks like, and at the end the completion."""

from __future__ import annotations

import contextlib
import json

from sseparse._events import ServerSentEvent
from sseparse.assembly import Choice, Completion, JSONObject, ToolCall
from sseparse.assembly._json import JSONValue, as_object, decode, loads_leniently
from sseparse.inspect._check._chat import ChatChecks
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._check._others import AnthropicChecks, GeminiChecks, ResponsesChecks
from sseparse.inspect._check._usage import UsageChecks
from sseparse.inspect._walk import SeenItem, SeenRead

DONE = "[DONE]"

WITH_DONE = ("openai-chat", "openai-completions")
"""The protocols whose streams end with ``[DONE]``."""

_JSON_CALLS = ("function", "mcp_call", "server_tool_use", "mcp_tool_use")
_STOPPED = ("stop", "STOP", "end_turn")
_CUT_SHORT = ("length", "max_tokens", "MAX_TOKENS", "incomplete")
_FILTERED = ("content_filter", "SAFETY", "PROHIBITED_CONTENT", "RECITATION")
_ANTHROPIC = ("message_start", "message_delta", "message_stop")


class ProtocolChecks:
    """A fold that checks what the events say."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._chat = ChatChecks(notes)
        self._anthropic = AnthropicChecks(notes)
        self._responses = ResponsesChecks(notes)
        self._gemini = GeminiChecks(notes)
        self._usage = UsageChecks(notes)  # of legacy completions
        self._payloads = 0
        self._done = False
        self._ended: int | None = None  # the first event of plain text, where data are no JSON
        self._terminal = False

    def read(self, read: SeenRead) -> None:
        """Take one read."""

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        event = item.item
        if not isinstance(event, ServerSentEvent):
            return
        if item.kind == "event":
            self._notes.event(item)
        data = event.data
        if self._done and data:
            self._notes.of_item("data-after-done", item)
        if data == DONE:
            self._done = True
            if self._terminal:
                self._notes.of_item("done-after-end", item)
            return
        payload = self._decoded(data, item)
        if isinstance(payload, dict):
            self._payloads += 1
            self._payload(payload, item)
        elif payload is None and data and self._ended is None:
            self._ended = item.number

    def _decoded(self, data: str, item: SeenItem) -> JSONValue:
        """Return the JSON of an event, or None."""
        if data[:1] not in ("{", "["):
            return None
        try:
            return decode(data)  # type: ignore[no-any-return]  # untyped JSON is just JSONValue
        except (ValueError, RecursionError):
            pass
        try:
            payload = loads_leniently(data)
        except ValueError:
            return None
        if constant := _constant_in(data):
            self._notes.of_item("json-not-strict", item, f"{constant} stands in the data")
        return payload

    def _payload(self, payload: JSONObject, item: SeenItem) -> None:
        kind = payload.get("type")
        if "choices" in payload:
            if payload.get("object") != "text_completion":
                self._chat.payload(payload, item)
            elif usage := as_object(payload.get("usage")):
                self._usage.take(usage, item)
        elif "candidates" in payload:
            self._gemini.payload(payload, item)
        elif isinstance(kind, str):
            self._terminal = self._terminal or kind in _LAST
            if kind.startswith("response."):
                self._responses.payload(payload, item)
            elif kind in _ANTHROPIC or kind.startswith("content_block_"):
                self._anthropic.payload(payload, item)

    def end(self, completion: Completion) -> None:
        """Take the end of the stream, and what it came to."""
        notes = self._notes
        for checks in (self._chat, self._anthropic, self._responses, self._gemini, self._usage):
            checks.end()
        if completion.protocol == "replicate":  # whose data are words, and any word may come
            notes.drop("data-after-done")
        elif self._done and not self._payloads:
            notes.note("no-answer")
        if extra := self._chat.extra():
            shown = ", ".join(name[:40] for name in extra[:8])
            notes.rephrase("extra-fields", f"fields that OpenAI's chunks do not have: {shown}")
        if self._ended is not None and completion.protocol == "replicate":
            notes.note("data-not-json", number=self._ended)
        whole = completion.complete and completion.error is None
        if whole and completion.protocol in WITH_DONE and not self._done:
            notes.note("missing-end-marker")
        if whole and completion.usage is None and completion.protocol in WITH_DONE:
            notes.note("no-usage")
        for choice in completion.choices:
            self._check_choice(choice)

    def _check_choice(self, choice: Choice) -> None:
        notes = self._notes
        for call in (*choice.tool_calls, *choice.server_tool_calls):
            if call.type not in _JSON_CALLS:  # whose input is any text, or code
                continue
            self._check_call(call, choice)
        if choice.tool_calls and choice.finish_reason in _STOPPED:
            word = choice.finish_reason
            notes.note(
                "finish-reason-unlike-calls", f"tools are called, and finish_reason is {word!r}"
            )
        calls = (*choice.tool_calls, *choice.server_tool_calls, choice.function_call)
        if choice.finish_reason in ("tool_calls", "tool_use") and not any(calls):
            notes.note(
                "calls-missing", f"finish_reason is {choice.finish_reason!r}, and no tool is called"
            )
        if choice.finish_reason in _FILTERED:
            notes.note("filtered", f"the answer was ended: {choice.finish_reason}")

    def _check_call(self, call: ToolCall, choice: Choice) -> None:
        """Check a call that should have a name, and arguments of JSON."""
        notes = self._notes
        if not call.name:
            notes.note("tool-without-name")
        why = ": the answer was cut short" if choice.finish_reason in _CUT_SHORT else ""
        try:
            call.parsed()
        except ValueError:
            notes.note("arguments-no-json", f"the arguments of {call.name!r} are no JSON{why}")
            return
        if constant := _constant_in(call.arguments):
            notes.note(
                "arguments-no-json",
                f"the arguments of {call.name!r} hold {constant}, which is no JSON",
            )


_LAST = ("message-end", "message_stop", "response.completed", "response.incomplete")
"""The last events of protocols that have some."""


def _constant_in(text: str) -> str:
    """Return the first NaN or Infinity of a JSON text, which JSON has not; or nothing."""
    found: list[str] = []
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(text, parse_constant=found.append)
    return found[0] if found else ""
