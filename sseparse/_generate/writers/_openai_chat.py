"""Chat completions: a role, then all choices by turns, then usage and ``[DONE]``.

OpenAI's own form, and those of whoever speaks like it: what differs stands in a ``Form``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal

import attrs

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import DONE, event, growing
from sseparse.assembly import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object

PLACED = frozenset(["prompt_filter_results", "x_groq"])
"""Fields that do not stand on every chunk."""

IN_DELTAS = frozenset(["reasoning_details", "audio"])
"""Fields of a choice that come in its deltas; the others come with its finish_reason."""


@attrs.frozen(kw_only=True)
class Form:
    """How the chunks of a provider differ from others'.

    Attributes:
        role_always: the role stands in every delta, and not in one of its own at the start.
        content_always: so does a content, be it empty.
        nulls: what may come later is null before (``finish_reason``, ``logprobs``).
        reasoning: the key of reasoning; ``"thinking"``: it is a part of a list in ``content``.
        calls_whole: a tool call comes in one piece.
        finish_with_last: the finish_reason comes with the last delta.
        usage: where it stands: in a chunk of its own, on the chunk of the finish_reason, in a chunk
            after it that has an empty choice, or, cumulative, on every chunk.
        groq: usage stands in ``x_groq`` as well.
        filtered: every choice has the results of a content filter.
        padding: chunks have a key ``p`` of changing length.
    """

    role_always: bool = False
    content_always: bool = False
    nulls: bool = True
    reasoning: Literal["reasoning_content", "reasoning", "thinking"] = "reasoning_content"
    calls_whole: bool = False
    finish_with_last: bool = False
    usage: Literal["chunk", "finish", "after", "each"] = "chunk"
    filtered: bool = False
    padding: bool = False


OPENAI = Form()

SAFE: JSONObject = {
    kind: {"filtered": False, "severity": "safe"}
    for kind in ("hate", "self_harm", "sexual", "violence")
}
"""What Azure's filter says of a harmless piece."""


def write(completion: Completion, form: Form = OPENAI) -> list[ServerSentEvent]:
    """Return the chunks that spell a completion."""
    chunks = list(_chunks(completion, form))
    if completion.usage is not None:
        chunks = list(_with_usage(chunks, completion.usage.raw, completion, form))
    if form.padding:
        chunks = [chunks[0], *map(_padded, chunks[1:])]
    filtered = completion.extra.get("prompt_filter_results")
    if filtered is not None:
        nameless: JSONObject = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
        chunks.insert(0, {**nameless, "prompt_filter_results": filtered})
    return [*map(event, chunks), DONE]


def _head(completion: Completion) -> JSONObject:
    return {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        **{key: value for key, value in completion.extra.items() if key not in PLACED},
    }


def _chunks(completion: Completion, form: Form) -> Iterator[JSONObject]:
    head = _head(completion)
    by_turns = zip_longest(*[_entries(of, form) for of in completion.choices])
    entries = [entry for turn in by_turns for entry in turn if entry is not None]
    groq = as_object(completion.extra.get("x_groq"))
    for place, entry in enumerate(entries):
        chunk: JSONObject = {**head, "choices": [entry]}
        if groq and place == len(entries) - 1:
            chunk["x_groq"] = groq
        elif groq and place == 0:
            chunk["x_groq"] = {key: value for key, value in groq.items() if key != "usage"}
        yield chunk


def _with_usage(
    chunks: list[JSONObject], raw: JSONObject, completion: Completion, form: Form
) -> Iterator[JSONObject]:
    *before, last = chunks
    if form.usage == "each":
        for place, chunk in enumerate(before, 1):
            yield {**chunk, "usage": growing(raw, place, len(chunks))}
        yield {**last, "usage": raw}
        return
    if form.usage == "finish":
        yield from ({**chunk, "usage": None} if form.nulls else chunk for chunk in before)
        yield {**last, "usage": raw}
        return
    yield from chunks
    choices: list[JSONValue] = []
    if form.usage == "after":
        first = completion.choices[0]
        choices = [_entry({"role": first.role, "content": _empty(first)}, first, form)]
    yield {**_head(completion), "choices": choices, "usage": raw}


def _padded(chunk: JSONObject) -> JSONObject:
    """Return the chunk with a padding, so that its length does not tell that of the text."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return {**chunk, "p": letters[: 15 + len(str(chunk)) % 21]}


def _entries(of: Choice, form: Form) -> Iterator[JSONObject]:
    """Yield the entries of ``choices`` that spell one choice, one after the other."""
    deltas = list(_deltas(of, form))
    if not form.role_always or not deltas or of.content == "":
        deltas.insert(0, {"role": of.role, "content": _empty(of)})
    extra = {key: value for key, value in of.extra.items() if key not in IN_DELTAS}
    last: JSONObject = {}
    if form.finish_with_last and not of.logprobs:
        last = deltas.pop()
    for delta in deltas:
        yield _entry(_always(delta, of, form), of, form)
    for key, tokens in (of.logprobs or {}).items():
        yield {**_entry(_always({}, of, form), of, form), "logprobs": {key: []}}
        for token in as_list(tokens):
            yield {**_entry(_always({}, of, form), of, form), "logprobs": {key: [token]}}
    if of.finish_reason is not None or extra or last:
        end = {**_entry(_always(last, of, form), of, form), "finish_reason": of.finish_reason}
        yield {**end, **extra}


def _entry(delta: JSONObject, of: Choice, form: Form) -> JSONObject:
    entry: JSONObject = {"index": of.index, "delta": delta}
    if form.nulls:
        entry |= {"logprobs": None, "finish_reason": None}
    if form.filtered and "content_filter_results" in of.extra:
        entry["content_filter_results"] = SAFE if delta.get("content") else {}
    if form.content_always and "native_finish_reason" in of.extra:
        entry["native_finish_reason"] = None
    return entry


def _empty(of: Choice) -> str | None:
    """Return a content that adds nothing: null where there is none at all."""
    return "" if of.content is not None else None


def _always(delta: JSONObject, of: Choice, form: Form) -> JSONObject:
    """Return the delta with what stands in every one."""
    if form.content_always:
        delta = {"content": _empty(of), **delta}
    if form.role_always:
        delta = {"role": of.role, **delta}
    return delta


def _deltas(of: Choice, form: Form) -> Iterator[JSONObject]:
    yield from _reasoning(of, form)
    for piece in pieces_of(of.content or ""):
        yield {"content": piece}
    for piece in pieces_of(of.refusal or ""):
        yield {"refusal": piece}
    for annotation in of.annotations:
        yield {"annotations": [annotation]}
    if of.function_call is not None:
        yield {"function_call": {"name": of.function_call.name, "arguments": ""}}
        for piece in pieces_of(of.function_call.arguments):
            yield {"function_call": {"arguments": piece}}
    for place, call in enumerate(of.tool_calls):
        for part in _call_pieces(place, call, whole=form.calls_whole):
            yield {"tool_calls": [part]}
    if audio := as_object(of.extra.get("audio")):
        yield {"audio": {"id": audio["id"]}}
        for key in ("data", "transcript"):
            for piece in pieces_of(str(audio[key])):
                yield {"audio": {key: piece}}


def _reasoning(of: Choice, form: Form) -> Iterator[JSONObject]:
    details = [as_object(detail) for detail in as_list(of.extra.get("reasoning_details"))]
    for piece in pieces_of(of.reasoning or ""):
        if details:
            parts: list[JSONValue] = [{**_head_of(detail), "text": piece} for detail in details]
            yield {"reasoning": piece, "reasoning_details": parts}
        elif form.reasoning == "thinking":
            said: JSONValue = [{"type": "text", "text": piece}]
            yield {"content": [{"type": "thinking", "thinking": said}]}
        else:
            yield {form.reasoning: piece}
    for detail in details:
        rest = {key: value for key, value in detail.items() if key != "text"}
        yield {"reasoning_details": [rest]}


def _call_pieces(place: int, call: ToolCall, *, whole: bool) -> Iterator[JSONObject]:
    inner, arguments = ("custom", "input") if call.type == "custom" else ("function", "arguments")
    begin: JSONObject = {"name": call.name, arguments: call.arguments if whole else ""}
    yield {"index": place, "id": call.id, "type": call.type, inner: begin}
    for piece in pieces_of("" if whole else call.arguments):
        yield {"index": place, inner: {arguments: piece}}


def _head_of(detail: JSONObject) -> JSONObject:
    return {"type": detail["type"], "index": detail["index"]}
