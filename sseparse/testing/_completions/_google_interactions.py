"""What Gemini Interactions can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, dumps
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
    times,
)

_images = st.builds(lambda data: {"type": "image", "mime_type": "image/png", "data": data}, ids)
_texts = st.builds(lambda text: {"type": "text", "text": text}, some_text)
_cited = st.builds(
    lambda block, citations: {**block, "annotations": citations},
    _texts,
    st.lists(json_objects, min_size=1, max_size=2),
)
_signatures = st.fixed_dictionaries({}, optional={"signature": ids})
_results = st.builds(
    lambda call, result: {"type": "google_search_result", "call_id": call, "result": result},
    ids,
    st.lists(json_objects, min_size=1, max_size=2),
)
_code_results = st.builds(
    lambda call, result: {"type": "code_execution_result", "call_id": call, "result": result},
    ids,
    some_text,
)
_call_types = st.sampled_from(
    ["function_call", "google_search_call", "code_execution_call", "mcp_server_tool_call"]
)
_usages = st.builds(
    lambda prompt, answer: {
        "total_input_tokens": prompt,
        "total_output_tokens": answer,
        "total_tokens": prompt + answer,
    },
    counts,
    counts,
)


def _blocks(*kinds: st.SearchStrategy[JSONObject]) -> st.SearchStrategy[list[JSONValue]]:
    """Blocks of which no two texts follow one another: those would be one."""
    return st.lists(st.one_of(*kinds), max_size=3).map(
        lambda drawn: [
            block
            for place, block in enumerate(drawn)
            if not place or "image" in (block["type"], drawn[place - 1]["type"])
        ]
    )


@st.composite
def _thoughts(draw: st.DrawFn) -> JSONObject:
    summary = draw(_blocks(_texts, _images))
    return {"type": "thought", **({"summary": summary} if summary else {}), **draw(_signatures)}


@st.composite
def _outputs(draw: st.DrawFn) -> JSONObject:
    content = draw(_blocks(_texts, _cited, _images))
    return {"type": "model_output", **({"content": content} if content else {})}


@st.composite
def _calls(draw: st.DrawFn) -> tuple[JSONObject, ToolCall]:
    kind = draw(_call_types)
    step: JSONObject = {"type": kind, "id": draw(ids), **draw(_signatures)}
    if kind in ("function_call", "mcp_server_tool_call"):
        step["name"] = draw(ids)
    name = step.get("name")
    return step, ToolCall(
        id=str(step["id"]),
        name=None if name is None else str(name),
        arguments=dumps(draw(json_objects)),
        type="function" if kind == "function_call" else kind,
    )


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that interactions can spell."""
    steps: list[JSONValue] = []
    calls: list[ToolCall] = []
    server_calls: list[ToolCall] = []
    kinds = st.one_of(_thoughts(), _outputs(), _results, _code_results, _calls())
    for entry in draw(st.lists(kinds, max_size=5)):
        if isinstance(entry, tuple):
            step, call = entry
            (calls if step["type"] == "function_call" else server_calls).append(call)
        else:
            step = entry
        steps.append(step)
    usage = draw(st.one_of(st.none(), _usages))
    extra: JSONObject = {"object": "interaction"}
    if draw(st.booleans()):
        extra["updated"] = draw(ids)
    if steps:
        extra["steps"] = steps
    choice = Choice(
        content=_joined(steps, "model_output", "content"),
        reasoning=_joined(steps, "thought", "summary"),
        tool_calls=tuple(calls),
        server_tool_calls=tuple(server_calls),
        finish_reason=draw(st.sampled_from(["completed", "requires_action", "incomplete"])),
        annotations=tuple(
            annotation
            for step in map(as_object, steps)
            for block in map(as_object, as_list(step.get("content")))
            for annotation in as_list(block.get("annotations"))
        ),
    )
    return Completion(
        protocol="google-interactions",
        id=draw(ids),
        model=draw(ids),
        created=draw(times),
        choices=(choice,),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by="done_marker",
        extra=extra,
    )


def _joined(steps: list[JSONValue], kind: str, key: str) -> str | None:
    texts = [
        str(block["text"])
        for step in map(as_object, steps)
        for block in map(as_object, as_list(step.get(key)))
        if step["type"] == kind and "text" in block
    ]
    return "".join(texts) if texts else None
