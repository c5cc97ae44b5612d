"""Gemini Interactions: a status, the steps one after the other, the usage in the last event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from chunks import event
from hypothesis import strategies as st

from sseparse import Choice, Completion, ServerSentEvent, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object, dumps, loads
from sseparse.assembly._usage import build_usage
from writers import counts, ids, json_objects, pieces_of, some_text, times

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


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    choice = completion.choices[0]
    head: JSONObject = {"id": completion.id, "model": completion.model, "object": "interaction"}
    assert completion.created is not None
    created = datetime.fromtimestamp(completion.created, UTC).isoformat()
    end: JSONObject = {**head, "status": choice.finish_reason, "created": created}
    end |= {key: value for key, value in completion.extra.items() if key != "steps"}
    if completion.usage is not None:
        end["usage"] = completion.usage.raw
    events = [
        _event("interaction.created", interaction={**head, "status": "in_progress"}),
        _event("interaction.status_update", interaction_id=completion.id, status="in_progress"),
    ]
    calls, server_calls = iter(choice.tool_calls), iter(choice.server_tool_calls)
    for index, step in enumerate(map(as_object, as_list(completion.extra.get("steps")))):
        kind = str(step["type"])
        if kind.endswith("_call"):
            call = next(calls if kind == "function_call" else server_calls)
            start = {key: value for key, value in step.items() if key != "signature"}
            start |= {"arguments": {}, "signature": ""}
            deltas = [*_arguments(call, kind), *_signature(step, kind)]
        elif kind.endswith("_result"):
            start = {"type": kind, "call_id": step["call_id"]}
            deltas = [{"type": kind, "result": piece} for piece in _results_of(step["result"])]
        else:
            start = {"type": kind}
            deltas = [*_of_blocks(step), *_signature(step, "thought_signature")]
        events.append(_event("step.start", index=index, step=start))
        events += [_event("step.delta", index=index, delta=delta) for delta in deltas]
        events.append(_event("step.stop", index=index))
    events.append(_event("interaction.completed", interaction=end))
    return [*events, ServerSentEvent("[DONE]", "done")]


def _event(kind: str, **fields: JSONValue) -> ServerSentEvent:
    return event({**fields, "event_type": kind}, kind)


def _arguments(call: ToolCall, kind: str) -> Iterator[JSONObject]:
    if kind == "function_call":
        for piece in pieces_of(call.arguments):
            yield {"type": "arguments_delta", "arguments": piece}
    else:
        yield {"type": kind, "arguments": loads(call.arguments)}


def _signature(step: JSONObject, kind: str) -> Iterator[JSONObject]:
    if "signature" in step:
        named = {} if kind == "function_call" else {"type": kind}
        yield {"signature": step["signature"], **named}


def _results_of(result: JSONValue) -> list[JSONValue]:
    if isinstance(result, str):
        return [*pieces_of(result)]
    return [[entry] for entry in as_list(result)]


def _of_blocks(step: JSONObject) -> Iterator[JSONObject]:
    summary = step["type"] == "thought"
    for block in map(as_object, as_list(step.get("summary" if summary else "content"))):
        if block["type"] == "image":
            yield {"type": "thought_summary", "content": block} if summary else block
            continue
        for piece in pieces_of(str(block["text"])):
            text: JSONObject = {"type": "text", "text": piece}
            yield {"type": "thought_summary", "content": text} if summary else text
        if "annotations" in block:
            yield {"type": "text_annotation_delta", "annotations": block["annotations"]}
