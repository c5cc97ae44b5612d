"""Usage: the last that says something stands, as it was sent; nothing is added up."""

from __future__ import annotations

import pytest
from chunks import ROLE, USAGE, choice, chunk, chunk_of, fold

from sseparse import ServerSentEvent
from sseparse.assembly._json import JSONObject, JSONValue


def test_of_cumulative_usages_the_last_stands_as_it_was_sent() -> None:
    usages: list[JSONObject] = [{**USAGE, "total_tokens": n, "odd": {"n": n}} for n in (3, 5, 8)]
    completion = fold(chunk(ROLE), *[chunk({"content": "x"}, usage=u) for u in usages])
    assert completion.usage is not None
    assert completion.usage.raw == usages[-1]
    assert completion.usage.total_tokens == 8


@pytest.mark.parametrize("nothing", [None, {}, "", [], "many"])
def test_a_usage_that_says_nothing_replaces_none(nothing: JSONValue) -> None:
    before = fold(chunk(ROLE), chunk({}, usage=USAGE), chunk({}, usage=nothing))
    after = fold(chunk(ROLE), chunk({}, usage=nothing), chunk({}, usage=USAGE))
    assert before.usage is not None
    assert after.usage is not None
    assert before.usage.raw == after.usage.raw == USAGE


def test_usage_is_found_at_the_top_then_under_x_groq_then_in_a_choice() -> None:
    top, groq, inside = ({**USAGE, "total_tokens": n} for n in (1, 2, 3))
    entry = choice({}, usage=inside)

    def raw(*items: ServerSentEvent) -> JSONValue:
        usage = fold(*items).usage
        return usage.raw if usage else None

    assert raw(chunk_of(entry, usage=top, x_groq={"usage": groq})) == top
    assert raw(chunk_of(entry, usage=None, x_groq={"usage": groq})) == groq
    assert raw(chunk_of(entry, usage={}, x_groq={"id": "r"})) == inside
    assert raw(chunk_of(entry), chunk_of(usage=top)) == top
    assert raw(chunk_of(usage=top), chunk_of(entry)) == inside


def test_usage_has_its_figures_under_common_names_and_no_sums() -> None:
    raw: JSONObject = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    usage = fold(chunk(ROLE, usage=raw)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (9, 2, 13)
    assert (usage.cached_tokens, usage.reasoning_tokens) == (4, 2)
    bare = fold(chunk(ROLE, usage={"prompt_tokens": 9, "completion_tokens": 2})).usage
    assert bare is not None
    assert (bare.total_tokens, bare.cached_tokens, bare.reasoning_tokens) == (None, None, None)
