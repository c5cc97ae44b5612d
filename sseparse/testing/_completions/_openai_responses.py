"""What OpenAI Responses can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse._generate.writers._openai_responses import OBJECTS, SERVER, STREAMED
from sseparse.assembly._json import JSONObject, as_list, as_object, dumps
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
    times,
)


def _part(kind: str, text: st.SearchStrategy[str]) -> st.SearchStrategy[JSONObject]:
    return st.builds(lambda said: {"type": kind, "text": said}, text)


_logprobs = st.fixed_dictionaries(
    {
        "token": some_text,
        "bytes": st.lists(st.integers(0, 255), max_size=2),
        "logprob": st.floats(-9, 0),
        "top_logprobs": st.just([]),
    }
)
_output_texts = st.fixed_dictionaries(
    {
        "type": st.just("output_text"),
        "text": st.one_of(st.just(""), some_text),
        "annotations": st.lists(json_objects, max_size=2),
        "logprobs": st.lists(_logprobs, max_size=3),
    }
)
_refusals = st.builds(lambda said: {"type": "refusal", "refusal": said}, some_text)
_messages = st.fixed_dictionaries(
    {
        "type": st.just("message"),
        "id": ids,
        "role": st.just("assistant"),
        "status": st.just("completed"),
        "content": st.lists(st.one_of(_output_texts, _refusals), max_size=3),
    },
    optional={"phase": st.sampled_from(["commentary", "final_answer"])},
)
_summaries = st.lists(_part("summary_text", some_text), max_size=3)
_thoughts = st.lists(_part("reasoning_text", some_text), min_size=1, max_size=2)
_reasoning = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("reasoning"), "id": ids, "summary": _summaries},
        optional={"encrypted_content": ids},
    ),
    st.fixed_dictionaries(
        {"type": st.just("reasoning"), "id": ids, "summary": st.just([]), "content": _thoughts}
    ),
)


@st.composite
def _calls(draw: st.DrawFn) -> JSONObject:
    kind = draw(st.sampled_from([*STREAMED, *OBJECTS]))
    item: JSONObject = {"type": kind, "id": draw(ids), "status": "completed"}
    if kind not in SERVER:
        item["call_id"] = draw(ids)
    if kind in ("function_call", "custom_tool_call", "mcp_call"):
        item["name"] = draw(ids)
    if kind == "mcp_call":
        item |= {"server_label": draw(ids), "error": None, "output": draw(some_text)}
    if kind in STREAMED:
        item[STREAMED[kind][0]] = draw(st.one_of(st.just(""), json_objects.map(dumps), some_text))
    elif kind == "file_search_call":
        item["queries"] = list(draw(st.lists(some_text, min_size=1, max_size=2)))
    else:
        item[OBJECTS[kind]] = draw(json_objects)
    return item


_usages = st.builds(
    lambda read, cached, wrote, thought: {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": wrote,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": read + wrote,
    },
    counts,
    counts,
    counts,
    counts,
)
_extras: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {},
    optional={
        "service_tier": st.sampled_from(["default", "flex"]),
        "metadata": json_objects,
        "instructions": some_text,
        "store": st.booleans(),
    },
)


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that the events of a response can spell."""
    items = draw(st.lists(st.one_of(_messages, _reasoning, _calls()), max_size=5))
    usage = draw(st.one_of(st.none(), _usages))
    status = draw(st.sampled_from(["completed", "incomplete"]))
    extra = draw(_extras)
    if status == "incomplete":
        extra["incomplete_details"] = {"reason": "max_output_tokens"}
    return Completion(
        protocol="openai-responses",
        id=draw(ids),
        model=draw(ids),
        created=draw(times),
        choices=(_choice_of(items, status),),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by="terminal_event",
        extra={**extra, "output": [_without_arguments(item) for item in items]},
    )


def _choice_of(items: list[JSONObject], status: str) -> Choice:
    """Return the choice that these items amount to."""
    parts = [
        as_object(part)
        for item in items
        for key in ("summary", "content")
        for part in as_list(item.get(key))
    ]

    def texts(*kinds: str) -> list[str]:
        key = "refusal" if "refusal" in kinds else "text"
        return [str(part[key]) for part in parts if part["type"] in kinds]

    calls: dict[bool, list[ToolCall]] = {True: [], False: []}
    for item in items:
        kind = str(item["type"])
        if kind in STREAMED or kind in OBJECTS:
            calls[kind in SERVER].append(_call_of(item, kind))
    content, refusal = texts("output_text"), texts("refusal")
    thoughts = texts("summary_text", "reasoning_text")
    logprobs = [entry for part in parts for entry in as_list(part.get("logprobs"))]
    return Choice(
        role="assistant" if any(item["type"] == "message" for item in items) else None,
        content="".join(content) if content else None,
        reasoning="\n\n".join(thoughts) if thoughts else None,
        refusal="".join(refusal) if refusal else None,
        tool_calls=tuple(calls[False]),
        server_tool_calls=tuple(calls[True]),
        finish_reason=status,
        logprobs={"content": logprobs} if logprobs else None,
        annotations=tuple([a for part in parts for a in as_list(part.get("annotations"))]),
    )


def _call_of(item: JSONObject, kind: str) -> ToolCall:
    key, name = STREAMED.get(kind) or (OBJECTS[kind], kind)
    value = item[key]
    return ToolCall(
        id=str(item["id" if kind in SERVER else "call_id"]),
        name=str(item["name"]) if "name" in item else None,
        arguments=value if isinstance(value, str) else dumps(value),
        type=name,
    )


def _without_arguments(item: JSONObject) -> JSONObject:
    streamed, _ = STREAMED.get(str(item["type"]), ("", ""))
    return {key: value for key, value in item.items() if key != streamed}
