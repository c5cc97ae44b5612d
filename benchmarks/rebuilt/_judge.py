"""One stream, one peer: which fields of it are right, and what is wrong with the others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

FIELDS = (
    *("content", "role", "finish_reason", "tool_calls", "reasoning", "usage", "error", "ended"),
)


@dataclass(frozen=True)
class NoPlace:
    """Stands for what a peer's result has no place for."""


NO_PLACE = NoPlace()

Call = tuple[str | None, str | None, Any]
"""The id, the name and the arguments (a text, or decoded) of a tool call."""


@dataclass
class Rebuilt:
    """What a peer made of a stream, in words that can be compared.

    Attributes:
        content: the text.
        role: who speaks.
        finish_reason: in the provider's word or the peer's; None where it is empty.
        tool_calls: in order.
        reasoning: the thoughts.
        usage: tokens of input and output, or None.
        error: all that the error says, as one text, or None.
        raised: the exception's class, if one was raised.
        whole: whether it says of itself that it is whole; None where it has no such word.
    """

    content: str | NoPlace | None = None
    role: str | NoPlace | None = None
    finish_reason: str | NoPlace | None = None
    tool_calls: list[Call] | NoPlace = NO_PLACE
    reasoning: str | NoPlace | None = None
    usage: tuple[int | None, int | None] | NoPlace | None = None
    error: str | None = None
    raised: str | None = None
    whole: bool | None = None


@dataclass(frozen=True)
class Verdict:
    """Of one field: right, or else what is wrong (None as well where it has no place)."""

    right: bool
    fault: str | None = None


def judge(truth: Mapping[str, Any], made: Rebuilt) -> dict[str, Verdict | None]:
    """Return the verdict on each field that is judged; None where there is no place for it."""
    verdicts: dict[str, Verdict | None] = {}
    for field in FIELDS:
        if not _is_judged(field, truth):
            continue
        if field == "error":
            verdicts[field] = _error(truth["error"], made)
        elif field == "ended":
            verdicts[field] = _ended(truth, made)
        elif getattr(made, field) == NO_PLACE:
            verdicts[field] = None
        elif field == "finish_reason" and _is_excused(truth, made):
            verdicts[field] = Verdict(True)
        else:
            verdicts[field] = _verdict(field, truth[field], getattr(made, field), made)
    return verdicts


def _is_excused(truth: Mapping[str, Any], made: Rebuilt) -> bool:
    """Return whether the peer's own finish_reason leads nobody astray."""
    if made.raised and (truth.get("error") or not truth["finish_reason"]):
        return True  # who catches the exception knows better
    return bool(truth.get("refusal")) and made.finish_reason in _REFUSED


def _is_judged(field: str, truth: Mapping[str, Any]) -> bool:
    if field == "ended":
        return "complete" in truth
    if field not in truth:
        return False
    if field == "usage" and truth["usage"]:
        return any(_figures(truth["usage"]))
    return field in ("finish_reason", "usage") or truth[field] not in (None, "", [])


def _verdict(field: str, true: Any, made: Any, all_made: Rebuilt) -> Verdict:
    fault = _FAULTS[field](true, made)
    if fault and all_made.raised and not made:
        return Verdict(False, f"{field} lost ({all_made.raised})")
    return Verdict(fault is None, fault)


def _content(true: str, made: str | None) -> str | None:
    if (made or "") == true:
        return None
    if not made:
        return "content lost"
    if made.encode("utf-16", "surrogatepass").decode("utf-16", "replace") == true:
        return "halves of a character left apart"
    return "too much content" if len(made) > len(true) else "content differs"


def _role(true: str, made: str | None) -> str | None:
    if made == true or {made, true} == {"model", "assistant"}:
        return None
    return "role lost" if not made else f"role {made[:18]!r}{'…' * (len(made) > 18)}"


_SAME = (
    {"stop", "end_turn", "stop_sequence", "complete", "completed", "eos", "eos_token"},
    {"length", "max_tokens", "max_output_tokens", "incomplete", "model_length"},
    {"tool_calls", "tool_call", "tool_use", "function_call", "completed", "stop"},
    {"content_filter", "safety", "refusal", "recitation", "prohibited_content", "blocklist"},
    {"error", "failed", "malformed_function_call"},
    {"incomplete", "pause_turn"},
)
"""Words for the same thing. Some providers say "stop" of tool calls as well."""

_REFUSED = ("content_filter", "refusal")
"""What a peer may call the end of an answer that is a refusal, whatever its provider says."""


def _finish_reason(true: str | None, made: str | None) -> str | None:
    if not true:
        return f"finish_reason {made!r} made up" if made else None
    if not made:
        return "finish_reason lost"
    if made == true or any({made.lower(), true.lower()} <= words for words in _SAME):
        return None
    return f"finish_reason {made!r} for {true!r}"


def _tool_calls(true: list[Mapping[str, Any]], made: list[Call]) -> str | None:
    if not made:
        return "tool calls lost"
    if len(made) != len(true):
        return f"{len(made)} tool calls for {len(true)}"
    for call, (call_id, name, arguments) in zip(true, made, strict=True):
        if "name" in call and call["name"] != name:
            return "a tool call's name is wrong"
        if call.get("id") and call["id"] != call_id:
            return "a tool call's id is wrong"
        if "arguments" in call and not _same_arguments(call["arguments"], arguments):
            return "a tool call's arguments are wrong"
    return None


def _same_arguments(true: str, made: Any) -> bool:
    decoded = _decoded(true)
    if made == {"__arg1": true} or made == json.dumps({"__arg1": true}):
        return True  # langchain's way to put a plain text into an object
    # Who gives arguments out decoded can say half of them in no way that could be compared.
    return decoded == _decoded(made) or (isinstance(decoded, str) and isinstance(made, dict))


def _decoded(arguments: Any) -> Any:
    if arguments in ("", None):
        return {}
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _reasoning(true: str, made: str | None) -> str | None:
    if not made:
        return "reasoning lost"
    same = re.sub(r"\s+", "", made) == re.sub(r"\s+", "", true)
    return None if same else "reasoning differs"


def _usage(true: Mapping[str, Any] | None, made: tuple[int | None, int | None]) -> str | None:
    given = made is not None and any(made)
    if not true:
        return "usage made up" if given else None
    if not given:
        return "usage lost"
    for accepted, figure in zip(_figures(true), made, strict=True):
        if accepted and figure not in accepted:
            return "usage too high" if (figure or 0) > max(accepted) else "usage too low"
    return None


_INPUT = ("prompt_tokens", "input_tokens", "promptTokenCount", "total_input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens", "candidatesTokenCount", "total_output_tokens")
_CACHE = ("cache_creation_input_tokens", "cache_read_input_tokens", "toolUsePromptTokenCount")
_THOUGHT = ("reasoning_tokens", "thoughtsTokenCount", "thinking_tokens")


def _figures(usage: Mapping[str, Any]) -> tuple[set[int], set[int]]:
    """Return what may be called the tokens of input and output, by any way of counting."""
    found: dict[str, set[int]] = {}
    _collect(usage, found)
    inputs = set[int]().union(*(found.get(name, ()) for name in _INPUT))
    outputs = set[int]().union(*(found.get(name, ()) for name in _OUTPUT))
    cached = [max(found.get(name, {0})) for name in _CACHE]
    thought = max(max(found.get(name, {0})) for name in _THOUGHT)
    extra = {0, sum(cached), *cached}
    return (
        {figure + more for figure in inputs for more in extra},
        {figure + more for figure in outputs for more in (0, thought, -thought)},
    )


def _collect(value: Any, found: dict[str, set[int]]) -> None:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            if isinstance(entry, (int, float)) and not isinstance(entry, bool):
                found.setdefault(key, set()).add(int(entry))
            if key != "billed_units":  # Cohere's: what is paid for is not what was used
                _collect(entry, found)


_FAULTS: dict[str, Callable[[Any, Any], str | None]] = {
    "content": _content,
    "role": _role,
    "finish_reason": _finish_reason,
    "tool_calls": _tool_calls,
    "reasoning": _reasoning,
    "usage": _usage,
}


def _error(true: Any, made: Rebuilt) -> Verdict:
    said = made.error or ""
    words = _texts(true, "message") or _texts(true) or [json.dumps(true)]
    longest = max(words, key=len)
    if longest in said or json.dumps(longest)[1:-1] in said:
        return Verdict(True)
    if made.raised:
        return Verdict(False, f"an error raised that does not say which ({made.raised})")
    return Verdict(False, "error not shown")


def _texts(value: Any, key: str = "") -> list[str]:
    """Return all texts in an object, or those under the key."""
    if not isinstance(value, Mapping):
        return [value] if isinstance(value, str) and not key else []
    mine = [entry for name, entry in value.items() if key == name and isinstance(entry, str)]
    return mine + [text for entry in value.values() for text in _texts(entry, key)]


def _ended(truth: Mapping[str, Any], made: Rebuilt) -> Verdict:
    whole = truth["complete"]
    if made.whole is not None:
        return Verdict(made.whole is whole, None if made.whole is whole else "ended otherwise")
    if whole:
        return Verdict(not made.raised, f"{made.raised} on a whole stream" if made.raised else None)
    told = made.raised or made.error or not made.finish_reason
    fault = "a failed stream" if truth.get("error") else "a cut stream"
    return Verdict(bool(told), None if told else f"{fault} reported as whole")
