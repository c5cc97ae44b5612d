"""What OpenAI chat completions can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, FunctionCall, ToolCall
from sseparse.assembly._json import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
    times,
)

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
