"""OpenAI chat completions, and all who speak like them.

One dialect, many accents: xAI, Azure, DeepSeek, Groq, Mistral, OpenRouter, Together, Fireworks,
Perplexity, vLLM, llama.cpp, Ollama, Moonshot, Qwen, Z.ai, Cerebras, Snowflake, Writer and the
gateways. None is named below: their oddities are met by rules that hold for everybody.

Two speeds, one behaviour. Most chunks carry one piece for one choice and nothing unheard of: these
``decode_usual`` recognises. What it refuses is decoded untyped and goes through ``fold``, which
takes any JSON there is.
"""

from __future__ import annotations

from sseparse._events import Item, ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, known_index
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import keep_unheard_of
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_list,
    as_object,
    dumps,
    join,
)
from sseparse.assembly._states import State, Step
from sseparse.assembly.protocols._openai_chat_delta import DeltaFold
from sseparse.assembly.protocols._openai_chat_native import to_chat_completion
from sseparse.assembly.protocols._openai_chat_usual import decode_usual

_USAGE = ("usage",)
_OF_CHUNK = frozenset(
    ("id", "object", "created", "model", "choices", "usage", "error", "obfuscation", "p")
)
_OF_CHOICE = frozenset(
    ("index", "delta", "message", "text", "finish_reason", "logprobs", "usage", "error")
)


class OpenAIChat(DeltaFold):
    """The fold of ``chat.completion.chunk`` objects."""

    name = "openai-chat"

    def __init__(self) -> None:
        super().__init__()
        self._usage_source: str | None = None  # the data of the last usual chunk with a usage
        # The choices that a usual chunk can add to, and what it repeats beside id and model.
        self._open: dict[int, ChoiceBuilder] = {}
        self._system_fingerprint: JSONValue = None
        self._service_tier: JSONValue = None
        self._provider: JSONValue = None

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``chat.completion`` that it would have been without streaming."""
        return to_chat_completion(completion)

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
        usual = chunk.choices[0]
        choice = self._open.get(usual.index)
        fingerprint, tier, provider = chunk.system_fingerprint, chunk.service_tier, chunk.provider
        if (
            choice is None
            or chunk.id != self.id
            or chunk.model != self.model
            or (fingerprint is not None and fingerprint != self._system_fingerprint)
            or (tier is not None and tier != self._service_tier)
            or (provider is not None and provider != self._provider)
            or item.event != "message"  # type: ignore[union-attr]  # it had data: it is an event
        ):
            self._take_any(item, deltas)
            return
        # From here on only a content, a reasoning and a usage can be new.
        self.event_number += 1
        delta = usual.delta
        if reasoning := delta.reasoning_content or delta.reasoning:
            choice.reasoning.append(reasoning)
            if deltas is not None:
                deltas.append(Delta("reasoning", usual.index, reasoning))
        if content := delta.content:
            choice.content.append(content)
            if deltas is not None:
                deltas.append(Delta("content", usual.index, content))
        elif content is not None and not choice.content:
            choice.content.append("")
        if chunk.usage is not None:
            self._usage_source = data
            if deltas is not None:
                deltas.append(Delta("usage", 0, "", None, None, data, _USAGE))

    def _take_any(self, item: Item, deltas: list[Delta] | None) -> None:
        """Fold one item of any shape in, and see what would be usual after it."""
        super().take(item, deltas)
        self._system_fingerprint = self.extra.get("system_fingerprint")
        self._service_tier = self.extra.get("service_tier")
        self._provider = self.extra.get("provider")
        self._open = {}
        if self.state is State.STREAMING and self.created is not None:
            for index, choice in self.choices.items():
                if choice.role is not None and choice.finish_reason is None:
                    self._open[index] = choice

    def current_usage(self) -> JSONObject | None:
        """Return the usage as last sent."""
        if self._usage_source is not None:
            source, self._usage_source = self._usage_source, None
            try:
                self.usage = as_object(as_object(self.loads(source)).get("usage"))
            except ValueError as problem:  # what was passed over unread turns out to be no JSON
                self.find("bad-json", "warning", f"a usage is no JSON: {problem}; it was skipped")
        return self.usage

    # Any chunk

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        if payload.get("object") == "error" or payload.get("type") == "error":
            self.fail(payload.get("error") or payload, deltas)
            return
        self._fold_head(payload)
        choices = payload.get("choices")
        if choices is not None and not isinstance(choices, list):
            self.bad_shape("choices", "list")
        entries = [entry for entry in as_list(choices) if isinstance(entry, dict)]
        if len(entries) != len(as_list(choices)):
            self.bad_shape("a choice", "object")
        for entry in entries:
            self._fold_choice(entry, deltas)
        if not entries and not payload.get("error"):
            self.step(Step.TAIL)
        if self.finished and self.state in (State.WAITING, State.STREAMING):
            self.step(Step.FINISH)
        self._fold_usage(event, payload, entries, deltas)
        if payload.get("error"):
            self.fail(payload["error"], deltas)
        if payload.get("object") == "chat.completion.done":
            self.end(deltas)
            self._check_messages(entries)

    def _check_messages(self, entries: list[JSONObject]) -> None:
        """Hold what was assembled against the whole message that some servers send at the end."""
        for entry in entries:
            message = as_object(entry.get("message")).get("content")
            choice = self.choices[known_index(entry.get("index"), 0)]
            if isinstance(message, str) and message != join(choice.content):
                text = "the message in the last chunk differs from the content that was streamed"
                self.find("message-differs", "warning", text)

    def _fold_head(self, chunk: JSONObject) -> None:
        """Fold what belongs to the completion: id, model, created, and whatever else is there."""
        self.set_first("id", chunk.get("id"))
        self.set_first("model", chunk.get("model"))
        self.set_created(chunk.get("created"))
        keep_unheard_of(chunk, _OF_CHUNK, self.extra)

    def _fold_usage(
        self,
        event: ServerSentEvent,
        chunk: JSONObject,
        entries: list[JSONObject],
        deltas: list[Delta],
    ) -> None:
        """Keep the last usage that says something; it is cumulative and never added up."""
        usage = chunk.get("usage")
        key: tuple[str, ...] = _USAGE
        if not usage and "x_groq" in chunk:
            usage, key = as_object(chunk["x_groq"]).get("usage"), ("x_groq", "usage")
        if isinstance(usage, dict) and usage:
            deltas.append(Delta("usage", source=event.data, key=key))
        else:
            usage = next((as_object(e["usage"]) for e in entries if e.get("usage")), None)
            if not usage:
                return
            deltas.append(Delta("usage", source=dumps(usage)))
        self.usage = usage
        self._usage_source = None

    def _fold_choice(self, entry: JSONObject, deltas: list[Delta]) -> None:
        index = known_index(entry.get("index"), 0)
        choice = self.choices.get(index)
        step = Step.TAIL
        if choice is None:
            choice = self.choices[index] = ChoiceBuilder(index)
            step = Step.START
        before = len(deltas)
        delta = entry.get("delta")
        if isinstance(delta, dict):
            self.fold_delta(choice, delta, deltas)
        elif isinstance(entry.get("message"), dict) and choice.empty:
            # A whole message in place of a delta: some servers end, or answer at all, like this.
            self.fold_delta(choice, as_object(entry["message"]), deltas)
        elif delta is not None:
            self.bad_shape("a delta", "object")
        if step is Step.TAIL and len(deltas) > before:
            step = Step.DELTA
            if choice.finish_reason is not None and self.state is State.STREAMING:
                text = f"choice {index} went on after its finish_reason; it was kept"
                self.find("delta-after-finish", "warning", text, once=True)
        if (logprobs := entry.get("logprobs")) and not isinstance(logprobs, dict):
            self.bad_shape("logprobs", "object")
        _extend_logprobs(choice, entry.get("logprobs"))
        keep_unheard_of(entry, _OF_CHOICE, choice.extra)
        if entry.get("error"):
            self.fail(entry["error"], deltas)
        else:
            self.step(step)
        self.set_finish_reason(choice, entry.get("finish_reason"), deltas)


def _extend_logprobs(choice: ChoiceBuilder, value: JSONValue) -> None:
    for key, entries in as_object(value).items():
        if isinstance(entries, list):
            choice.logprobs = choice.logprobs or {}
            choice.logprobs.setdefault(key, []).extend(entries)
