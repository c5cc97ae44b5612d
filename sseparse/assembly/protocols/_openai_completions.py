"""OpenAI's completions of before chat (``/v1/completions``), and all who still serve them.

A chunk is a small ``text_completion`` object: ``choices[].text`` is appended per index, the lists
in ``logprobs`` are extended, the rest is set last. Nobody speaks here: the role stays null. The
usage comes with a chunk that has no choices, or with any other; the last one stands.

Field names: https://platform.openai.com/docs/api-reference/completions/object
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, known_index
from sseparse.assembly._completion import Choice, Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import keep_unheard_of
from sseparse.assembly._json import JSONObject, JSONValue, as_list
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step

_OF_CHUNK = frozenset(("id", "object", "created", "model", "choices", "usage", "error"))
_OF_CHOICE = frozenset(("index", "text", "finish_reason", "logprobs", "usage", "error"))


class OpenAICompletions(Protocol):
    """The fold of ``text_completion`` chunks."""

    name = "openai-completions"

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``text_completion`` that it would have been without streaming.

        Constants are filled in (``object``, ``""`` for an id or model that was never sent, and for
        a text of which nothing came); a missing finish_reason stays null.
        """
        native: JSONObject = {
            "id": completion.id or "",
            "object": "text_completion",
            "created": int(completion.created or 0),
            "model": completion.model or "",
            "choices": [_native_choice(choice) for choice in completion.choices],
            "usage": completion.usage.raw if completion.usage else None,
        }
        if completion.error is not None:
            native["error"] = completion.error
        return {**completion.extra, **native}

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        if payload.get("object") == "error" or payload.get("type") == "error":
            self.fail(payload.get("error") or payload, deltas)
            return
        self.set_first("id", payload.get("id"))
        self.set_first("model", payload.get("model"))
        self.set_created(payload.get("created"))
        keep_unheard_of(payload, _OF_CHUNK, self.extra)
        choices = payload.get("choices")
        if choices is not None and not isinstance(choices, list):
            self.bad_shape("choices", "list")
        if not choices and not payload.get("error"):
            self.step(Step.TAIL)
        for entry in as_list(choices):
            if isinstance(entry, dict):
                self._fold_choice(entry, deltas)
            else:
                self.bad_shape("a choice", "object")
        self.set_usage(payload.get("usage"), deltas)
        if payload.get("error"):
            self.fail(payload["error"], deltas)

    def _fold_choice(self, entry: JSONObject, deltas: list[Delta]) -> None:
        before = len(deltas)
        choice = self.choice(known_index(entry.get("index"), 0))
        self.grow(choice, "content", entry.get("text"), deltas)
        if len(deltas) == before:
            self.step(Step.TAIL)
        self._extend_logprobs(choice, entry.get("logprobs"))
        keep_unheard_of(entry, _OF_CHOICE, choice.extra)
        self.set_usage(entry.get("usage"), deltas)
        if entry.get("error"):
            self.fail(entry["error"], deltas)
        self.finish(choice, entry.get("finish_reason"), deltas)

    def _extend_logprobs(self, choice: ChoiceBuilder, value: JSONValue) -> None:
        if not isinstance(value, dict):
            if value is not None:
                self.bad_shape("logprobs", "object")
            return
        for key, entries in value.items():
            if isinstance(entries, list):
                choice.logprobs = choice.logprobs or {}
                choice.logprobs.setdefault(key, []).extend(entries)
            elif entries is not None:
                self.bad_shape(f"logprobs.{key}", "list")


def _native_choice(choice: Choice) -> JSONObject:
    native: JSONObject = {
        "index": choice.index,
        "text": choice.content or "",
        "logprobs": choice.logprobs,
        "finish_reason": choice.finish_reason,
    }
    return {**choice.extra, **native}
