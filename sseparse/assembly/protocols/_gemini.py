"""Gemini's ``streamGenerateContent?alt=sse``, of the Gemini API and of Vertex AI.

Each event is a ``GenerateContentResponse`` with the next parts of its candidates
(https://ai.google.dev/api/generate-content). There is no end marker: a candidate ends with its
``finishReason``, a prompt that was blocked with ``promptFeedback.blockReason``. The usage is a
snapshot each time, and not one that only grows: the last one stands, as it is.

Two speeds, one behaviour. Most chunks carry one piece of text for candidate 0 and nothing unheard
of: these ``decode_usual`` recognises. What it refuses is decoded untyped and goes through ``fold``,
which takes any JSON there is.
"""

from __future__ import annotations

from sseparse._events import Item, ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, Part, known_index
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import fields, keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, as_text, dumps
from sseparse.assembly._states import State, Step
from sseparse.assembly.protocols._gemini_native import to_generate_content_response
from sseparse.assembly.protocols._gemini_parts import PartFold
from sseparse.assembly.protocols._gemini_usual import decode_usual

_USAGE = ("usageMetadata",)
_OF_RESPONSE = frozenset(
    ("candidates", "usageMetadata", "modelVersion", "responseId", "createTime", "error")
)
_OF_CANDIDATE = frozenset(("index", "content", "finishReason", "logprobsResult"))
_OF_CONTENT = frozenset(("role", "parts"))


class Gemini(PartFold):
    """The fold of ``GenerateContentResponse`` objects."""

    name = "gemini"

    def __init__(self) -> None:
        super().__init__()
        self._usage_source: str | None = None  # the data of the last usual chunk with a usage
        self._cited: dict[int, set[str]] = {}  # by choice: its citations so far, as JSON
        # The text that a usual chunk can add to, if there is one, and whether it is a thought.
        self._text: Part | None = None
        self._thought = False

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``GenerateContentResponse`` that it would have been without streaming."""
        return to_generate_content_response(completion)

    # The usual chunk

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in; append what it added to ``deltas`` if they are wanted."""
        # This is the price of every event, hence its shape: the decoding finds out whether the
        # chunk is a usual one, and of such a chunk only what may have changed is compared.
        try:
            data = item.data  # type: ignore[union-attr]  # what is no event has none: see below
            chunk = decode_usual(data)
        except (AttributeError, ValueError, RecursionError):
            self._take_any(item, deltas)
            return
        part = self._text
        piece = chunk.candidates[0].content.parts[0]
        text = piece.text
        usage = chunk.usage_metadata
        if (
            part is None
            or not text
            or piece.thought is not self._thought
            or chunk.response_id != self.id
            or chunk.model_version != self.model
            or (self.created is None and chunk.create_time is not None)
            or (
                usage is not None and usage.total_token_count is None and usage.traffic_type is None
            )
            or item.event != "message"  # type: ignore[union-attr]  # it had data: it is an event
        ):
            self._take_any(item, deltas)
            return
        # From here on only a text and a usage can be new.
        self.event_number += 1
        part.pieces.append(text)
        if deltas is not None:
            deltas.append(Delta("reasoning" if piece.thought else "content", 0, text))
        if usage is not None:
            self._usage_source = data
            if deltas is not None:
                deltas.append(Delta("usage", 0, "", None, None, data, _USAGE))

    def _take_any(self, item: Item, deltas: list[Delta] | None) -> None:
        """Fold one item of any shape in, and see what would be usual after it."""
        super().take(item, deltas)
        self._text = None
        choice = self.choices.get(0)
        if choice is None or choice.role is None or choice.finish_reason is not None:
            return
        if self.state is State.STREAMING and (text := self.open_texts.get(0)) is not None:
            self._text, self._thought = text, text.kind == "reasoning"

    def current_usage(self) -> JSONObject | None:
        """Return the usage as last sent."""
        if self._usage_source is not None:
            source, self._usage_source = self._usage_source, None
            try:
                self.usage = as_object(as_object(self.loads(source)).get("usageMetadata"))
            except ValueError as problem:  # what was passed over unread turns out to be no JSON
                self.find("bad-json", "warning", f"a usage is no JSON: {problem}; it was skipped")
        return self.usage

    # Any chunk

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        self._fold_head(payload)
        candidates = payload.get("candidates")
        if candidates is not None and not isinstance(candidates, list):
            self.bad_shape("candidates", "list")
        for entry in as_list(candidates):
            if isinstance(entry, dict):
                self._fold_candidate(entry, deltas)
            else:
                self.bad_shape("a candidate", "object")
        if not candidates and not payload.get("error"):
            self.step(Step.TAIL)
        if self.finished and self.state in (State.WAITING, State.STREAMING):
            self.step(Step.FINISH)
        self._fold_usage(event, payload.get("usageMetadata"), deltas)
        if payload.get("error"):
            self.fail(payload["error"], deltas)
        elif not candidates:
            self._fold_feedback(as_object(payload.get("promptFeedback")), deltas)

    def _fold_head(self, response: JSONObject) -> None:
        """Fold what belongs to the completion: id, model, time, and whatever else is there."""
        self.set_first("id", response.get("responseId"))
        self.set_first("model", response.get("modelVersion"))
        self.set_created(response.get("createTime"))
        if self.created is None:  # no time that can be read: as it is, then
            set_last(self.extra, "createTime", response.get("createTime"))
        keep_unheard_of(response, _OF_RESPONSE, self.extra)

    def _fold_feedback(self, feedback: JSONObject, deltas: list[Delta]) -> None:
        """Take the end of a stream whose prompt was blocked: there will be no candidate."""
        reason = as_text(feedback.get("blockReason"))
        if reason is None:
            return
        self.find("prompt-blocked", "warning", f"the prompt was blocked: {reason}", once=True)
        if self.state is State.WAITING:
            self.step(Step.FINISH)  # there is no choice that could have a finish_reason
        self.end(deltas)

    def _fold_usage(self, event: ServerSentEvent, usage: JSONValue, deltas: list[Delta]) -> None:
        """Keep the last usage that says something; it is cumulative and never added up."""
        if isinstance(usage, dict) and usage:
            self.usage = usage
            self._usage_source = None
            deltas.append(Delta("usage", source=event.data, key=_USAGE))
        elif usage is not None and not isinstance(usage, dict):
            self.bad_shape("a usage", "object")

    def _fold_candidate(self, entry: JSONObject, deltas: list[Delta]) -> None:
        choice = self.choice(known_index(entry.get("index"), 0))
        before = len(deltas)
        content = entry.get("content")
        if content is not None and not isinstance(content, dict):
            self.bad_shape("a content", "object")
        content = as_object(content)
        choice.role = choice.role or as_text(content.get("role"))
        parts = content.get("parts")
        if parts is not None and not isinstance(parts, list):
            self.bad_shape("parts", "list")
        for part in as_list(parts):
            if isinstance(part, dict):
                self.fold_part(choice, part, deltas)
            else:
                self.bad_shape("a part", "object")
        keep_unheard_of(content, _OF_CONTENT, choice.extra)
        self._fold_citations(choice, as_object(entry.get("citationMetadata")), deltas)
        self._fold_logprobs(choice, entry.get("logprobsResult"))
        keep_unheard_of(entry, _OF_CANDIDATE, choice.extra)
        if len(deltas) == before:
            self.step(Step.TAIL)
        self.set_finish_reason(choice, entry.get("finishReason"), deltas)

    def _fold_citations(
        self, choice: ChoiceBuilder, metadata: JSONObject, deltas: list[Delta]
    ) -> None:
        """Cite each source once: chunks may repeat those before them."""
        cited = self._cited.setdefault(choice.index, set())
        for key in ("citationSources", "citations"):  # the Gemini API's word, and Vertex AI's
            for citation in as_list(metadata.get(key)):
                text = dumps(citation)
                if text not in cited:
                    cited.add(text)
                    self.cite(choice, citation, deltas)

    def _fold_logprobs(self, choice: ChoiceBuilder, result: JSONValue) -> None:
        """Extend the lists: each chunk has those of its own tokens."""
        if result is not None and not isinstance(result, dict):
            self.bad_shape("a logprobsResult", "object")
        for key, value in as_object(result).items():
            if isinstance(value, list):
                choice.logprobs = choice.logprobs or {}
                choice.logprobs.setdefault(key, []).extend(value)
            else:
                set_last(fields(choice.extra, "logprobsResult"), key, value)
