"""What OpenAI's completions of before chat can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion
from sseparse.assembly._json import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
    times,
)

_floats = st.floats(-20, 0)
_logprobs: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {},
    optional={
        "tokens": st.lists(some_text, max_size=3),
        "token_logprobs": st.lists(st.one_of(st.none(), _floats), max_size=3),
        "top_logprobs": st.lists(st.dictionaries(some_text, _floats, max_size=2), max_size=3),
        "text_offset": st.lists(counts, max_size=3),
    },
)
_extras: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {}, optional={"stop_reason": counts, "token_ids": st.lists(counts)}
)
_usages = st.builds(
    lambda prompt, answer: {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    },
    counts,
    counts,
)


@st.composite
def _choices(draw: st.DrawFn, index: int) -> Choice:
    return Choice(
        index=index,
        content=draw(st.one_of(st.just(""), some_text)),
        finish_reason=draw(st.sampled_from(["stop", "length", "content_filter"])),
        logprobs=draw(_logprobs) or None,
        extra=draw(_extras),
    )


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that ``text_completion`` chunks can spell."""
    usage = draw(st.one_of(st.none(), _usages))
    extra: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
        {}, optional={"system_fingerprint": ids, "meta": json_objects}
    )
    return Completion(
        protocol="openai-completions",
        id=draw(ids),
        model=draw(ids),
        created=draw(times),
        choices=tuple([draw(_choices(index)) for index in range(draw(st.integers(1, 3)))]),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by=draw(st.sampled_from(["done_marker", "finish_reason"])),
        extra=draw(extra),
    )
