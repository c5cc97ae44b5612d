"""What Anthropic messages can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, dumps
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
)

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
