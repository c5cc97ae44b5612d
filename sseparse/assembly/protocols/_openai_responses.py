"""The Responses API of OpenAI, and all who speak it (Azure, xAI, DeepSeek, OpenRouter, vLLM …).

A response is a list of items: messages, reasoning, calls. ``extra["output"]`` has them in order, in
the provider's own form, less the arguments of calls that come in pieces: those are in
``tool_calls`` (``server_tool_calls`` for what the provider runs itself), and ``to_native`` puts
them back. The other fields of the response stand in ``extra`` under their own names.

Two speeds, one behaviour. Most events are one more piece of what the event before was about: these
``USUAL`` recognises. What it refuses goes through ``fold``, which takes any JSON there is; after
each piece that went this way it is known what the usual next one looks like.

Events: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from typing import Any

from sseparse._events import Item, ServerSentEvent
from sseparse.assembly._builder import known_index
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta, DeltaKind
from sseparse.assembly._fragments import append, entries, fields, keep_unheard_of
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_list, as_object, as_text
from sseparse.assembly._progress import error_text
from sseparse.assembly._states import PartState, PartStep, State, Step
from sseparse.assembly.protocols._openai_responses_calls import (
    CALLS,
    OUTPUT_TEXT,
    REASONING,
    REFUSAL,
    SUMMARY,
    Text,
)
from sseparse.assembly.protocols._openai_responses_native import to_response
from sseparse.assembly.protocols._openai_responses_parts import settle_logprobs
from sseparse.assembly.protocols._openai_responses_tools import ToolFold
from sseparse.assembly.protocols._openai_responses_usual import USUAL, Decode, expect_nothing

_OF_RESPONSE = frozenset(
    ("id", "object", "created_at", "model", "status", "output", "usage", "error")
)
_OF_EVENT = frozenset(
    (
        *("type", "sequence_number", "response", "item", "item_id", "output_index", "part"),
        *("content_index", "summary_index", "annotation_index", "command_index", "obfuscation"),
        *("delta", "text", "refusal", "arguments", "input", "code", "name", "logprobs"),
        *("annotation", "command", "output", "error", "message", "param", "status"),
        *("partial_image_b64", "partial_image_index", "background", "output_format", "quality"),
        "size",
    )
)
_PENDING = ("queued", "in_progress")


class OpenAIResponses(ToolFold):
    """The fold of the events of a response."""

    name = "openai-responses"

    def __init__(self) -> None:
        super().__init__()
        # Of the last piece, if the next one can go the short way: what decodes its like, its part
        # (or call), where that grows, and what is told of it.
        self._decode: Decode = expect_nothing
        self._index: int | None = None
        self._place: int | None = None
        self._append = [""].append
        self._kind: DeltaKind = "content"
        self._position: int | None = None

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``response`` that it would have been without streaming."""
        return to_response(completion)

    # The usual piece

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in; append what it added to ``deltas`` if they are wanted."""
        # This is the price of every event, hence its shape.
        try:
            usual = self._decode(item.data)  # type: ignore[union-attr]  # what has none: see below
            named_error = item.event == "error"  # type: ignore[union-attr]  # it had data
        except (AttributeError, ValueError, RecursionError):
            self._take_any(item, deltas)
            return
        if usual.output_index != self._index or usual.place != self._place or named_error:
            self._take_any(item, deltas)
            return
        self.event_number += 1
        self._append(usual.delta)
        if deltas is not None:
            deltas.append(Delta(self._kind, 0, usual.delta, self._position))

    def _take_any(self, item: Item, deltas: list[Delta] | None) -> None:
        """Fold one item of any shape in, and see what would be usual after it."""
        self._decode = expect_nothing
        super().take(item, deltas)

    def _expect(self, event: JSONObject, growing: list[Any], kind: DeltaKind) -> None:
        """Expect more of the same."""
        index = as_index(event.get("output_index"))
        if index is not None and growing and self.state is State.STREAMING:
            self._decode = USUAL.get(str(event.get("type")), expect_nothing)
            self._index = index
            self._append = growing.append
            self._kind = kind

    # Any event

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.bad_shape("the data", "object")
            return
        kind = as_text(payload.get("type")) or event.event
        step = STEPS.get(kind)
        if step is None:
            self._fold_other(kind, payload, deltas)
            return
        self.step(Step.TAIL)
        keep_unheard_of(payload, _OF_EVENT, self.extra)
        handler, what, about = step
        handler(self, payload, what, about, deltas)

    def _fold_other(self, kind: str, payload: JSONObject, deltas: list[Delta]) -> None:
        if kind == "error" or (payload.get("error") and not kind.startswith("response.")):
            self._fold_error(payload, deltas)
            return
        self.step(Step.TAIL)
        if kind not in _SAY_NOTHING:
            self.keep_event(kind, payload)

    # The response

    def begin(self, event: JSONObject, step: Step, about: None, deltas: list[Delta]) -> None:
        """Take a response that is on its way."""
        self.answer()
        self._fold_response(event, deltas)

    def finish_response(
        self, event: JSONObject, step: Step, word: str, deltas: list[Delta]
    ) -> None:
        """Take the response as it is in the end."""
        choice = self.answer()
        response = self._fold_response(event, deltas)
        if not as_list(response.get("output")) and self.items:
            message = "the final response has no output; what was streamed is all there is"
            self.find("output-missing", "info", message, once=True)
        status = as_text(response.get("status"))
        self.finish(choice, word if status is None or status in _PENDING else status, deltas)
        if response.get("error"):
            self._fail_at_last(response["error"], deltas)
        elif word == "failed" and self.state is not State.FAILED:
            self.step(Step.ERROR)
            self.find("error-in-stream", "error", "the response failed, and does not say why")
            deltas.append(Delta("error", text=word))
        self.end(deltas)

    def _fold_response(self, event: JSONObject, deltas: list[Delta]) -> JSONObject:
        """Fold in what a response says of itself: everything, each time."""
        response = event.get("response")
        if not isinstance(response, dict):
            self.bad_shape("a response", "object")
            return {}
        self.set_first("id", response.get("id"))
        self.set_first("model", response.get("model"))
        self.set_created(response.get("created_at"))
        entries(self.extra, "output")
        output = response.get("output")
        if isinstance(output, list):
            if output:
                self.fold_output(output, deltas)
        elif output is not None:
            self.bad_shape("an output", "list")
        self.set_usage(response.get("usage"), deltas)
        keep_unheard_of(response, _OF_RESPONSE, self.extra)
        return response

    # Errors

    def take_error(self, text: str, deltas: list[Delta]) -> None:
        """Take an error that came under this name."""
        try:
            payload = self.loads(text)
        except ValueError:
            payload = {"message": text}
        self._fold_error(payload, deltas)

    def _fold_error(self, payload: JSONValue, deltas: list[Delta]) -> None:
        """Take an error: an object in the event, or the event itself as it was at first."""
        sent = as_object(payload)
        error = sent.get("error")
        if not error and "error" not in sent:
            framing = {"sequence_number", "type" if sent.get("type") == "error" else ""}
            error = {key: value for key, value in sent.items() if key not in framing}
        self.fail(error or payload, deltas)

    def _fail_at_last(self, error: JSONValue, deltas: list[Delta]) -> None:
        """Take the error of a response that failed: it stands, whatever was told before."""
        known, self.error = self.error, error
        if self.state is not State.FAILED or error_text(known) != error_text(error):
            self.fail(error, deltas)

    # Texts

    def fold_text(self, event: JSONObject, step: PartStep, text: Text, deltas: list[Delta]) -> None:
        """Fold in a piece of a text, or a text that is done."""
        item = self.need_item(event, text.item, deltas)
        part = self.need_part(item, text, event)
        if step is PartStep.CLOSE:
            self.settle_text(item, text.list, part, event.get(text.key), deltas)
            if isinstance(logprobs := event.get("logprobs"), list):
                settle_logprobs(part, logprobs)
            self.part_step(part, step)
            return
        piece = event.get("delta")
        if as_text(piece):
            self.part_step(item, step)
        self.grow_text(item, text.list, part, piece, deltas)
        if logprobs := as_list(event.get("logprobs")):
            entries(part.fields, "logprobs").extend(logprobs)
        if part.kind is not None and part.state is item.state is PartState.OPEN:
            self._place, self._position = known_index(event.get(text.index_key), 0), None
            self._expect(event, part.pieces, part.kind)

    def fold_annotation(
        self, event: JSONObject, step: PartStep, text: Text, deltas: list[Delta]
    ) -> None:
        """Fold in an annotation of a text."""
        annotation = event.get("annotation")
        if annotation is not None:
            part = self.need_part(self.need_item(event, text.item, deltas), text, event)
            entries(part.fields, "annotations").append(annotation)
            self.cite(self.answer(), annotation, deltas)

    def fold_audio(self, event: JSONObject, step: PartStep, key: str, deltas: list[Delta]) -> None:
        """Fold in a piece of spoken audio, or of its transcript."""
        piece = event.get("delta")
        if not isinstance(piece, str):
            self.bad_shape(f"a piece of {key}", "text")
            return
        choice = self.answer()
        self.grew(choice)
        append(fields(choice.extra, "audio"), key, piece)
        deltas.append(Delta("audio", 0, piece if key == "transcript" else ""))

    # Arguments

    def fold_arguments(
        self, event: JSONObject, step: PartStep, kind: str, deltas: list[Delta]
    ) -> None:
        """Fold in a piece of the arguments of a call, or arguments that are done."""
        item = self.need_item(event, kind, deltas)
        call = self.need_call(item, kind, {"name": event.get("name")}, deltas)
        if step is PartStep.CLOSE:
            self.settle_arguments(item, event.get(CALLS[kind].key), deltas)
            self.part_step(item, step)
            return
        piece = event.get("delta")
        if piece is None or piece == "":
            return
        self.part_step(item, step)
        self.grow_arguments(self.answer(), call, piece, deltas)
        if item.state is PartState.OPEN and not call.server:
            self._place, self._position = None, call.position
            self._expect(event, call.arguments, "arguments")

    def pass_over(
        self, event: JSONObject, step: PartStep, about: None, deltas: list[Delta]
    ) -> None:
        """Take an event that repeats what is known."""


_SAY_NOTHING = frozenset(("keepalive", "ping"))
"""Events that only keep a connection open."""

_of = OpenAIResponses
_OPEN, _GROW, _CLOSE = PartStep.OPEN, PartStep.GROW, PartStep.CLOSE

STEPS: dict[str, tuple[Any, Step | PartStep, Any]] = {
    "response.created": (_of.begin, Step.START, None),
    "response.queued": (_of.begin, Step.START, None),
    "response.in_progress": (_of.begin, Step.START, None),
    "response.completed": (_of.finish_response, Step.DONE, "completed"),
    "response.incomplete": (_of.finish_response, Step.DONE, "incomplete"),
    "response.failed": (_of.finish_response, Step.DONE, "failed"),
    "response.cancelled": (_of.finish_response, Step.DONE, "cancelled"),
    # Items and their parts
    "response.output_item.added": (_of.fold_item, _OPEN, None),
    "response.output_item.done": (_of.fold_item, _CLOSE, None),
    "response.content_part.added": (_of.fold_part, _OPEN, "content"),
    "response.content_part.done": (_of.fold_part, _CLOSE, "content"),
    "response.reasoning_part.added": (_of.fold_part, _OPEN, "content"),  # vLLM
    "response.reasoning_part.done": (_of.fold_part, _CLOSE, "content"),
    "response.reasoning_summary_part.added": (_of.fold_part, _OPEN, "summary"),
    "response.reasoning_summary_part.done": (_of.fold_part, _CLOSE, "summary"),
    # Texts
    "response.output_text.delta": (_of.fold_text, _GROW, OUTPUT_TEXT),
    "response.output_text.done": (_of.fold_text, _CLOSE, OUTPUT_TEXT),
    "response.output_text.annotation.added": (_of.fold_annotation, _GROW, OUTPUT_TEXT),
    "response.refusal.delta": (_of.fold_text, _GROW, REFUSAL),
    "response.refusal.done": (_of.fold_text, _CLOSE, REFUSAL),
    "response.reasoning_text.delta": (_of.fold_text, _GROW, REASONING),
    "response.reasoning_text.done": (_of.fold_text, _CLOSE, REASONING),
    "response.reasoning_summary_text.delta": (_of.fold_text, _GROW, SUMMARY),
    "response.reasoning_summary_text.done": (_of.fold_text, _CLOSE, SUMMARY),
    "response.audio.delta": (_of.fold_audio, _GROW, "data"),
    "response.audio.done": (_of.pass_over, _CLOSE, None),
    "response.audio.transcript.delta": (_of.fold_audio, _GROW, "transcript"),
    "response.audio.transcript.done": (_of.pass_over, _CLOSE, None),
    # Calls: their arguments, how far they are, what they gave
    "response.function_call_arguments.delta": (_of.fold_arguments, _GROW, "function_call"),
    "response.function_call_arguments.done": (_of.fold_arguments, _CLOSE, "function_call"),
    "response.custom_tool_call_input.delta": (_of.fold_arguments, _GROW, "custom_tool_call"),
    "response.custom_tool_call_input.done": (_of.fold_arguments, _CLOSE, "custom_tool_call"),
    "response.mcp_call_arguments.delta": (_of.fold_arguments, _GROW, "mcp_call"),
    "response.mcp_call_arguments.done": (_of.fold_arguments, _CLOSE, "mcp_call"),
    "response.code_interpreter_call_code.delta": (
        *(_of.fold_arguments, _GROW, "code_interpreter_call"),
    ),
    "response.code_interpreter_call_code.done": (
        *(_of.fold_arguments, _CLOSE, "code_interpreter_call"),
    ),
    "response.shell_call_command.added": (_of.fold_command, _OPEN, "shell_call"),
    "response.shell_call_command.delta": (_of.fold_command, _GROW, "shell_call"),
    "response.shell_call_command.done": (_of.fold_command, _CLOSE, "shell_call"),
    "response.shell_call_output_content.delta": (_of.fold_shell, _GROW, "shell_call_output"),
    "response.shell_call_output_content.done": (_of.fold_shell, _CLOSE, "shell_call_output"),
    "response.image_generation_call.partial_image": (
        *(_of.fold_image, _GROW, "image_generation_call"),
    ),
    **{
        f"response.{kind}.{status}": (_of.fold_status, _GROW, kind)
        for kind, statuses in {
            "web_search_call": ("in_progress", "searching", "completed", "failed"),
            "file_search_call": ("in_progress", "searching", "completed", "failed"),
            "code_interpreter_call": ("in_progress", "interpreting", "completed", "failed"),
            "image_generation_call": ("in_progress", "generating", "completed", "failed"),
            "mcp_call": ("in_progress", "completed", "failed"),
            "mcp_list_tools": ("in_progress", "completed", "failed"),
            "compaction": ("compacting",),
        }.items()
        for status in statuses
    },
}
"""What each event does, and what it is about."""
