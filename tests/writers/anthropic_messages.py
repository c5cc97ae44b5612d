"""Anthropic messages: a start, the blocks one after the other, then why it stopped and the end.

A completion is drawn as the blocks it consists of; what its common fields say follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator

from chunks import event
from hypothesis import strategies as st

from sseparse import Choice, Completion, ServerSentEvent, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, dumps, loads
from sseparse.assembly._usage import build_usage
from writers import counts, ids, json_objects, pieces_of, some_text

Block = tuple[JSONObject, ToolCall | None]
"""A content block as it is kept, and the call it is."""

_texts = st.one_of(st.just(""), some_text)
_inputs = st.one_of(st.just(""), json_objects.map(dumps), some_text)
_citations = st.builds(lambda text: {"type": "char_location", "cited_text": text}, some_text)
_extras: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {},
    optional={
        "stop_sequence": some_text,
        "stop_details": json_objects,
        "container": json_objects,
        "context_management": json_objects,
    },
)
_usages: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {"input_tokens": counts, "output_tokens": counts},
    optional={
        "cache_creation_input_tokens": counts,
        "cache_read_input_tokens": counts,
        "server_tool_use": json_objects,
        "service_tier": ids,
        "iterations": st.lists(json_objects, max_size=2),
    },
)


@st.composite
def _text_blocks(draw: st.DrawFn) -> Block:
    block: JSONObject = {"type": "text", "text": draw(_texts)}
    if citations := draw(st.lists(_citations, max_size=2)):
        block["citations"] = list[JSONValue](citations)
    return block, None


@st.composite
def _thinking_blocks(draw: st.DrawFn) -> Block:
    return {"type": "thinking", "thinking": draw(_texts), "signature": draw(ids)}, None


@st.composite
def _whole_blocks(draw: st.DrawFn) -> Block:
    kinds = ["redacted_thinking", "web_search_tool_result", "container_upload", "new_in_2030"]
    return {"type": draw(st.sampled_from(kinds)), "data": draw(json_objects)}, None


@st.composite
def _compactions(draw: st.DrawFn) -> Block:
    return {"type": "compaction", "content": draw(some_text), "encrypted_content": draw(ids)}, None


@st.composite
def _call_blocks(draw: st.DrawFn) -> Block:
    kind = draw(st.sampled_from(["tool_use", "server_tool_use", "mcp_tool_use"]))
    more: JSONObject = {}
    if kind == "mcp_tool_use":
        more["server_name"] = draw(ids)
    elif draw(st.booleans()):
        more["caller"] = {"type": "direct"}
    call = ToolCall(
        id=draw(ids),
        name=draw(ids),
        arguments=draw(_inputs),
        type="function" if kind == "tool_use" else kind,
        extra=more,
    )
    return {"type": kind, "id": call.id, "name": call.name, **more}, call


_blocks = st.one_of(
    _text_blocks(), _thinking_blocks(), _call_blocks(), _whole_blocks(), _compactions()
)


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that a message's events can spell."""
    drawn = draw(st.lists(_blocks, max_size=6))
    blocks = [block for block, _ in drawn]
    calls = [call for _, call in drawn if call is not None]
    texts = [str(block["text"]) for block in blocks if block["type"] == "text"]
    thoughts = [str(block["thinking"]) for block in blocks if block.get("thinking")]
    cited = [citation for block in blocks for citation in as_list(block.get("citations"))]
    kept: JSONObject = {"content": list[JSONValue](blocks)} if blocks else {}
    choice = Choice(
        role="assistant",
        content="".join(texts) if texts else None,
        reasoning="\n\n".join(thoughts) if thoughts else None,
        tool_calls=tuple(call for call in calls if call.type == "function"),
        server_tool_calls=tuple(call for call in calls if call.type != "function"),
        finish_reason=draw(st.sampled_from(["end_turn", "max_tokens", "tool_use", "refusal"])),
        annotations=tuple(cited),
        extra={**kept, **draw(_extras)},
    )
    usage = draw(st.one_of(st.none(), _usages))
    return Completion(
        protocol="anthropic-messages",
        id=draw(ids),
        model=draw(ids),
        choices=(choice,),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by="terminal_event",
    )


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    return [event(payload, str(payload["type"])) for payload in _payloads(completion)]


def _payloads(completion: Completion) -> Iterator[JSONObject]:
    (choice,) = completion.choices
    usage = completion.usage.raw if completion.usage else None
    message: JSONObject = {
        "id": completion.id,
        "type": "message",
        "role": choice.role,
        "model": completion.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": None if usage is None else {**usage, "input_tokens": 3, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": message}
    yield {"type": "ping"}
    calls, server_calls = iter(choice.tool_calls), iter(choice.server_tool_calls)
    for index, block in enumerate(as_list(choice.extra.get("content"))):
        fields = as_object(block)
        call = None
        if "name" in fields:
            call = next(calls if fields["type"] == "tool_use" else server_calls)
        yield from _block(index, fields, call)
    delta = {key: value for key, value in choice.extra.items() if key.startswith(("stop_", "cont"))}
    delta.pop("content", None)
    beside = {"context_management": delta.pop("context_management", None)}
    delta["stop_reason"] = choice.finish_reason
    final: JSONObject | None = None
    if usage is not None:  # what is null here was said at the start, and stays
        final = dict.fromkeys(usage)
        final |= {key: usage[key] for key in ("input_tokens", "output_tokens")}
    yield {"type": "message_delta", "delta": delta, "usage": final, **beside}
    yield {"type": "message_stop"}


def _block(index: int, fields: JSONObject, call: ToolCall | None) -> Iterator[JSONObject]:
    """Yield the events of one block."""
    begin, deltas = _in_pieces(fields) if call is None else _call_in_pieces(fields, call)
    yield {"type": "content_block_start", "index": index, "content_block": begin}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _call_in_pieces(fields: JSONObject, call: ToolCall) -> tuple[JSONObject, list[JSONObject]]:
    """Return how a call's block begins, and its deltas."""
    kind = "input_json_delta"
    if call.arguments[:1] == "{" and len(call.arguments) % 2:  # some come whole
        return {**fields, "input": loads(call.arguments)}, []
    pieces = ["", *pieces_of(call.arguments)]
    return {**fields, "input": {}}, [{"type": kind, "partial_json": piece} for piece in pieces]


def _in_pieces(fields: JSONObject) -> tuple[JSONObject, list[JSONObject]]:
    """Return how a block begins, and its deltas."""
    deltas: list[JSONObject] = []
    if fields["type"] == "text":
        deltas += [
            {"type": "text_delta", "text": piece} for piece in pieces_of(str(fields["text"]))
        ]
        cited = as_list(fields.get("citations"))
        deltas += [{"type": "citations_delta", "citation": citation} for citation in cited]
        return {"citations": [], "type": "text", "text": ""}, deltas
    if fields["type"] == "thinking":
        pieces = pieces_of(str(fields["thinking"]))
        deltas += [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
        deltas += [{"type": "signature_delta", "signature": fields["signature"]}]
        return {"type": "thinking", "thinking": "", "signature": ""}, deltas
    if fields["type"] == "compaction":
        begin: JSONObject = {"type": "compaction", "content": None, "encrypted_content": None}
        return begin, [{**fields, "type": "compaction_delta"}]
    return fields, deltas
