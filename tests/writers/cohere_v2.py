"""Cohere's chat: a message that is built up block by block and call by call, then its end."""

from __future__ import annotations

from collections.abc import Iterator

from chunks import DONE, event
from hypothesis import strategies as st

from sseparse import Choice, Completion, ServerSentEvent, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._usage import build_usage
from writers import counts, ids, json_objects, pieces_of, some_text

_blocks: st.SearchStrategy[JSONObject] = st.one_of(
    some_text.map(lambda text: {"type": "thinking", "thinking": text}),
    st.one_of(st.just(""), some_text).map(lambda text: {"type": "text", "text": text}),
)
_calls = st.builds(
    ToolCall, id=ids, name=ids, arguments=st.one_of(st.just(""), json_objects.map(str), some_text)
)
_logprobs = st.builds(
    lambda text, token, logprob: {"text": text, "token_ids": [token], "logprobs": [logprob]},
    some_text,
    counts,
    st.floats(-20, 0),
)
_tokens = st.builds(lambda sent, got: {"input_tokens": sent, "output_tokens": got}, counts, counts)
_usages = st.fixed_dictionaries(
    {"billed_units": _tokens, "tokens": _tokens}, optional={"cached_tokens": counts}
)
_REASONS = ["COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "TIMEOUT"]


def _text_of(blocks: list[JSONObject], kind: str) -> str | None:
    texts = [str(block[kind]) for block in blocks if block["type"] == kind]
    return "".join(texts) if texts else None


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that the events of a chat can spell."""
    extra: JSONObject = {}
    blocks = draw(st.lists(_blocks, max_size=3))
    if blocks:
        extra["content"] = list(blocks)
    if draw(st.booleans()):
        extra["tool_plan"] = draw(some_text)
    logprobs = draw(st.lists(_logprobs, max_size=3)) if blocks else []
    choice = Choice(
        role="assistant",
        content=_text_of(blocks, "text"),
        reasoning=_text_of(blocks, "thinking"),
        tool_calls=tuple(draw(st.lists(_calls, max_size=3))),
        finish_reason=draw(st.sampled_from(_REASONS)),
        logprobs={"content": list(logprobs)} if logprobs else None,
        annotations=tuple(draw(st.lists(json_objects, max_size=2))),
        extra=extra,
    )
    usage = draw(st.one_of(st.none(), _usages))
    return Completion(
        protocol="cohere-v2",
        id=draw(ids),
        choices=(choice,),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by=draw(st.sampled_from(["done_marker", "terminal_event"])),
        extra=draw(st.fixed_dictionaries({}, optional={"prompt": some_text})),
    )


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    choice = completion.choices[0]
    nothing: JSONObject = {"content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    start = _said("message-start", {"role": choice.role, **nothing})
    end: JSONObject = {"finish_reason": choice.finish_reason}
    if completion.usage is not None:
        end["usage"] = completion.usage.raw
    payloads: list[JSONObject] = [
        {"id": completion.id, **start},
        *({"type": "debug", key: value} for key, value in completion.extra.items()),
        *_message(choice),
        {"type": "message-end", "id": completion.id, "delta": end},
    ]
    events = [event(payload, str(payload["type"])) for payload in payloads]
    return [*events, DONE] if completion.ended_by == "done_marker" else events


def _said(kind: str, message: JSONObject, index: int | None = None) -> JSONObject:
    payload: JSONObject = {"type": kind, "delta": {"message": message}}
    return payload if index is None else {**payload, "index": index}


def _message(choice: Choice) -> Iterator[JSONObject]:
    for piece in pieces_of(str(choice.extra.get("tool_plan", ""))):
        yield _said("tool-plan-delta", {"tool_plan": piece})
    logprobs = as_list((choice.logprobs or {}).get("content"))
    for index, block in enumerate(map(as_object, as_list(choice.extra.get("content")))):
        kind = str(block["type"])
        yield _said("content-start", {"content": {"type": kind, kind: ""}}, index)
        for piece in pieces_of(str(block[kind])):
            yield _said("content-delta", {"content": {kind: piece}}, index)
        if index == 0:
            for entry in logprobs:
                empty = _said("content-delta", {"content": {kind: ""}}, index)
                yield {**empty, "logprobs": entry}
        yield {"type": "content-end", "index": index}
    for index, call in enumerate(choice.tool_calls):
        yield from _call(index, call)
    for index, citation in enumerate(choice.annotations):
        yield _said("citation-start", {"citations": citation}, index)
        yield {"type": "citation-end", "index": index}


def _call(index: int, call: ToolCall) -> Iterator[JSONObject]:
    def piece(function: JSONValue, **fields: JSONValue) -> JSONObject:
        return {"tool_calls": {**fields, "function": function}}

    begin = piece({"name": call.name, "arguments": ""}, id=call.id, type=call.type)
    yield _said("tool-call-start", begin, index)
    for arguments in pieces_of(call.arguments):
        yield _said("tool-call-delta", piece({"arguments": arguments}), index)
    yield {"type": "tool-call-end", "index": index}
