"""What watsonx text generation can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sseparse import Choice, Completion
from sseparse.assembly._json import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
)

_REASONS = ["eos_token", "max_tokens", "stop_sequence", "time_limit", "MAX_TOKENS"]
_extras: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"generated_token_count": st.integers(1, 100_000)},
    optional={
        "input_token_count": st.integers(1, 100_000),
        "seed": counts,
        "generated_tokens": st.lists(json_objects, min_size=1, max_size=3),
        "moderations": st.dictionaries(ids, st.lists(json_objects, min_size=1, max_size=2)),
    },
)


@st.composite
def _choices(draw: st.DrawFn, index: int) -> Choice:
    extra = draw(_extras)
    if not extra.get("moderations"):
        extra.pop("moderations", None)
    return Choice(
        index=index,
        content=draw(st.one_of(st.just(""), some_text)),
        finish_reason=draw(st.sampled_from(_REASONS)),
        extra=extra,
    )


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that generation events can spell."""
    choices = tuple([draw(_choices(index)) for index in range(draw(st.integers(1, 3)))])
    warnings: list[Any] = draw(st.lists(json_objects, max_size=2, unique_by=str))
    usage: JSONObject = {
        "generated_token_count": choices[0].extra["generated_token_count"],
        "input_token_count": 0,
    }
    return Completion(
        protocol="watsonx",
        model=draw(ids),
        created=draw(st.integers(1_600_000_000_000, 2_000_000_000_000)) / 1000,
        choices=choices,
        usage=build_usage(usage),
        complete=True,
        ended_by="finish_reason",
        extra={"system": {"warnings": warnings}} if warnings else {},
    )
