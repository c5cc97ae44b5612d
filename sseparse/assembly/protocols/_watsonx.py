"""IBM watsonx.ai's text generation (``text/generation_stream``).

Each event is a small copy of the answer without streaming: a list of results, each with one more
piece of its text. A result is known by its place in that list. Nothing marks the end: the last
event of a result has a ``stop_reason`` other than ``not_finished``.

The number of input tokens comes once, in the first event, and is 0 from then on. ``usage`` is what
was sent last, as everywhere; the number itself stays under ``extra`` of its choice.
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder
from sseparse.assembly._completion import Choice, Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Fields, entries, fields, keep_unheard_of, set_last
from sseparse.assembly._json import (
    JSONObject,
    JSONValue,
    as_index,
    as_list,
    as_object,
    as_text,
    dumps,
)
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import Step

_COUNTS = ("generated_token_count", "input_token_count")
_OF_EVENT = frozenset(("model_id", "created_at", "results", "system"))
_OF_RESULT = frozenset(("generated_text", "stop_reason", *_COUNTS))


class Watsonx(Protocol):
    """The fold of generation events.

    The events: https://cloud.ibm.com/apidocs/watsonx-ai#text-generation-stream
    """

    name = "watsonx"

    def __init__(self) -> None:
        super().__init__()
        self._warned: set[str] = set()

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return what ``text/generation`` answers: the same object, with the whole text in it."""
        results: list[JSONValue] = [_result(completion, choice) for choice in completion.choices]
        native: JSONObject = {"model_id": completion.model, "results": results, **completion.extra}
        if (created := _iso(completion.created)) is not None:
            native["created_at"] = created
        return native

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold one event in."""
        if not isinstance(payload, dict):
            self.bad_shape("the data", "object")
            return
        if payload.get("errors") or payload.get("error"):
            # The whole of it is the error: trace and status_code stand beside the list.
            self.fail(payload.get("error") or payload, deltas)
            return
        self.set_first("model", payload.get("model_id"))
        self.set_created(payload.get("created_at"))
        keep_unheard_of(payload, _OF_EVENT, self.extra)
        self._keep_system(payload.get("system"))
        results = payload.get("results")
        if results is not None and not isinstance(results, list):
            self.bad_shape("results", "list")
        for place, result in enumerate(as_list(results)):
            if isinstance(result, dict):
                self._fold_result(self.choice(place), result, deltas)
            else:
                self.bad_shape("a result", "object")
        if not as_list(results):
            self.step(Step.TAIL)
        self._fold_usage(as_list(results), deltas)

    def _fold_result(self, choice: ChoiceBuilder, result: JSONObject, deltas: list[Delta]) -> None:
        self.grow(choice, "content", result.get("generated_text"), deltas)
        for key in _COUNTS:
            if as_index(result.get(key)):
                choice.extra[key] = result[key]
        _keep(choice.extra, {k: v for k, v in result.items() if k not in _OF_RESULT})
        reason = as_text(result.get("stop_reason"))
        if reason is not None and reason.lower() != "not_finished":
            self.finish(choice, reason, deltas)

    def _fold_usage(self, results: list[JSONValue], deltas: list[Delta]) -> None:
        """Take the counts of the first result that has any; the others have theirs in extra."""
        for result in map(as_object, results):
            counts = {key: result[key] for key in _COUNTS if result.get(key) is not None}
            if counts:
                self.set_usage(counts, deltas)
                return

    def _keep_system(self, system: JSONValue) -> None:
        """Keep the system's remarks; a warning that comes with every event is kept once."""
        if system is None:
            return
        if not isinstance(system, dict):
            self.bad_shape("system", "object")
            return
        kept = fields(self.extra, "system")
        for warning in as_list(system.get("warnings")):
            if (text := dumps(warning)) not in self._warned:
                self._warned.add(text)
                entries(kept, "warnings").append(warning)
        keep_unheard_of(system, frozenset(("warnings",)), kept)


def _keep(target: Fields, source: JSONObject) -> None:
    """Keep what has no place of its own: lists (tokens, moderations) grow, the rest is set last."""
    for key, value in source.items():
        if isinstance(value, list):
            entries(target, key).extend(value)
        elif key == "moderations" and isinstance(value, dict):
            for name, found in value.items():
                entries(fields(target, key), name).extend(as_list(found))
        else:
            set_last(target, key, value)


def _result(completion: Completion, choice: Choice) -> JSONObject:
    usage = completion.usage.raw if completion.usage and choice.index == 0 else {}
    result: JSONObject = {"generated_text": choice.content or ""}
    for key in _COUNTS:
        if key in choice.extra or key in usage:
            result[key] = choice.extra.get(key, usage.get(key))
    result["stop_reason"] = choice.finish_reason or "not_finished"
    return {**result, **{k: v for k, v in choice.extra.items() if k not in _COUNTS}}


def _iso(seconds: float | None) -> str | None:
    from datetime import UTC, datetime  # only here

    try:
        time = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # no time that a calendar knows
        return None
    return None if time is None else time.isoformat(timespec="milliseconds")[:-6] + "Z"
