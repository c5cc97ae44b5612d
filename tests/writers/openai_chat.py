"""OpenAI chat completions: a role, then all choices by turns, then usage and ``[DONE]``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from chunks import DONE, choice, chunk_of
from hypothesis import strategies as st

from sseparse import Choice, Completion, FunctionCall, ServerSentEvent, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._usage import build_usage
from writers import counts, ids, json_objects, pieces_of, some_text, times

_calls = st.builds(
    ToolCall,
    id=ids,
    name=ids,
    arguments=st.one_of(st.just(""), json_objects.map(str), some_text),
    type=st.sampled_from(["function", "custom"]),
)
_extras: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {},
    optional={
        "audio": st.builds(
            lambda *sent: dict(zip(("id", "data", "transcript"), sent, strict=True)),
            ids,
            ids,
            some_text,
        ),
        "content_filter_results": json_objects,
    },
)
_usages = st.builds(
    lambda prompt, answer, cached: {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": {"cached_tokens": cached},
    },
    counts,
    counts,
    counts,
)


@st.composite
def _choices(draw: st.DrawFn, index: int) -> Choice:
    function_call = st.builds(FunctionCall, ids, st.one_of(st.just(""), some_text))
    reasoning = draw(st.one_of(st.none(), some_text))
    extra = draw(_extras)
    if reasoning is not None and draw(st.booleans()):  # in details as well, with a signature
        detail: JSONObject = {"type": "reasoning.text", "index": 0, "text": reasoning}
        extra["reasoning_details"] = [{**detail, "signature": draw(ids)}]
    logprobs: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
        {"content": st.lists(json_objects)}
    )
    return Choice(
        index=index,
        role="assistant",
        content=draw(st.one_of(st.none(), st.just(""), some_text)),
        reasoning=reasoning,
        refusal=draw(st.one_of(st.none(), some_text)),
        tool_calls=tuple(draw(st.lists(_calls, max_size=3))),
        function_call=draw(st.one_of(st.none(), function_call)),
        finish_reason=draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter"])),
        logprobs=draw(st.one_of(st.none(), logprobs)),
        annotations=tuple(draw(st.lists(json_objects, max_size=2))),
        extra=extra,
    )


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that chat chunks can spell."""
    usage = draw(st.one_of(st.none(), _usages))
    extra: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
        {}, optional={"system_fingerprint": ids, "service_tier": ids}
    )
    return Completion(
        protocol="openai-chat",
        id=draw(ids),
        model=draw(ids),
        created=draw(times),
        choices=tuple([draw(_choices(index)) for index in range(draw(st.integers(1, 3)))]),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by="done_marker",
        extra=draw(extra),
    )


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the chunks that spell a completion."""
    head: JSONObject = {
        "id": completion.id,
        "created": completion.created,
        "model": completion.model,
        **completion.extra,
    }
    by_turns = zip_longest(*map(_entries, completion.choices))
    events = [chunk_of(entry, **head) for turn in by_turns for entry in turn if entry is not None]
    if completion.usage is not None:
        events.append(chunk_of(**head, usage=completion.usage.raw))
    return [*events, DONE]


def _entries(of: Choice) -> Iterator[JSONObject]:
    """Yield the entries of ``choices`` that spell one choice, one after the other."""
    start = "" if of.content is not None else None
    yield choice({"role": of.role, "content": start}, of.index, logprobs=None)
    yield from (choice(delta, of.index) for delta in _deltas(of))
    for key, tokens in (of.logprobs or {}).items():
        yield choice({}, of.index, logprobs={key: []})
        for token in as_list(tokens):
            yield choice({}, of.index, logprobs={key: [token]})
    filters = {key: of.extra[key] for key in of.extra if key == "content_filter_results"}
    yield choice({}, of.index, of.finish_reason, **filters)


def _deltas(of: Choice) -> Iterator[JSONObject]:
    details = [as_object(detail) for detail in as_list(of.extra.get("reasoning_details"))]
    for piece in pieces_of(of.reasoning or ""):
        if details:
            parts: list[JSONValue] = [{**_head_of(detail), "text": piece} for detail in details]
            yield {"reasoning": piece, "reasoning_details": parts}
        else:
            yield {"reasoning_content": piece}
    for detail in details:
        yield {"reasoning_details": [{**_head_of(detail), "signature": detail["signature"]}]}
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
        for part in _call_pieces(place, call):
            yield {"tool_calls": [part]}
    if audio := as_object(of.extra.get("audio")):
        yield {"audio": {"id": audio["id"]}}
        for key in ("data", "transcript"):
            for piece in pieces_of(str(audio[key])):
                yield {"audio": {key: piece}}


def _call_pieces(place: int, call: ToolCall) -> Iterator[JSONObject]:
    inner, arguments = ("custom", "input") if call.type == "custom" else ("function", "arguments")
    begin: JSONObject = {"name": call.name, arguments: ""}
    yield {"index": place, "id": call.id, "type": call.type, inner: begin}
    for piece in pieces_of(call.arguments):
        yield {"index": place, inner: {arguments: piece}}


def _head_of(detail: JSONObject) -> JSONObject:
    return {"type": detail["type"], "index": detail["index"]}
