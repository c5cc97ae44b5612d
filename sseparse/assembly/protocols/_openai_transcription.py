"""OpenAI's transcriptions of audio, as ``audio/transcriptions`` streams them.

The text comes in pieces and once more as a whole at the end. With speakers told apart
(``diarized_json``) segments come between; they stand in ``extra["segments"]``, as sent.

Events: https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder
from sseparse.assembly._completion import Choice, Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import entries, keep_unheard_of
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_text, whole
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step

_OF_EVENT = frozenset(("type", "delta", "text", "logprobs", "usage"))


class OpenAITranscription(Protocol):
    """The fold of ``transcript.text`` events."""

    name = "openai-transcription"
    has_finish_reason = False

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``Transcription`` that it would have been without streaming.

        Its text is the whole one, where that differs from the pieces (``extra["text"]``).
        Fields: https://platform.openai.com/docs/api-reference/audio/json-object
        """
        first = next((choice for choice in completion.choices if choice.index == 0), Choice())
        native: JSONObject = {"text": first.content or "", **completion.extra}
        if first.logprobs:
            native["logprobs"] = first.logprobs.get("content")
        if completion.usage is not None:
            native["usage"] = completion.usage.raw
        if completion.error is not None:
            native["error"] = completion.error
        return native

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.bad_shape("the data", "object")
            return
        kind = as_text(payload.get("type")) or event.event
        step = STEPS.get(kind)
        if step is not None:
            step(self, payload, deltas)
        elif kind == "error" or payload.get("error"):
            self.fail(payload.get("error") or payload, deltas)
        else:
            self.step(Step.TAIL)
            self.keep_event(kind, payload)

    def fold_piece(self, event: JSONObject, deltas: list[Delta]) -> None:
        """Fold in a piece of the text."""
        choice = self.choice()
        self.grow(choice, "content", event.get("delta"), deltas)
        self._fold_logprobs(choice, event)
        keep_unheard_of(event, _OF_EVENT, self.extra)

    def fold_segment(self, event: JSONObject, deltas: list[Delta]) -> None:
        """Fold in a segment: what one speaker said, and when."""
        self.grew(self.choice())
        entries(self.extra, "segments").append(
            {key: value for key, value in event.items() if key != "type"}
        )

    def fold_end(self, event: JSONObject, deltas: list[Delta]) -> None:
        """Fold in the whole text: a check, and the text itself where no piece of it came."""
        choice = self.choice()
        text = event.get("text")
        if not choice.content:
            self.grow(choice, "content", text, deltas)
        elif isinstance(text, str) and text and whole(text) != whole("".join(choice.content)):
            message = "the text as a whole differs from its pieces; it stands in extra['text']"
            self.find("message-differs", "warning", message)
            self.extra["text"] = text
        if choice.logprobs is None:
            self._fold_logprobs(choice, event)
        self.set_usage(event.get("usage"), deltas)
        keep_unheard_of(event, _OF_EVENT, self.extra)
        self.end(deltas)

    def _fold_logprobs(self, choice: ChoiceBuilder, event: JSONObject) -> None:
        logprobs = event.get("logprobs")
        if logprobs and not isinstance(logprobs, list):
            self.bad_shape("logprobs", "list")
        elif logprobs:
            choice.logprobs = choice.logprobs or {"content": []}
            choice.logprobs["content"].extend(as_list(logprobs))


STEPS = {
    "transcript.text.delta": OpenAITranscription.fold_piece,
    "transcript.text.segment": OpenAITranscription.fold_segment,
    "transcript.text.done": OpenAITranscription.fold_end,
}
"""What each event does."""
