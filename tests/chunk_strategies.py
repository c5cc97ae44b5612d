"""Hypothesis strategies: streams of chat chunks, mostly usual, with something odd anywhere."""

from __future__ import annotations

import json
from typing import Any

from chunks import CREATED, DONE, ID, MODEL, ROLE, USAGE, chunk, event
from hypothesis import strategies as st

from sseparse import Comment, ServerSentEvent, UnknownField
from sseparse._events import Item

texts = st.sampled_from(["a", "b ", "", "é", "\ud83d", "\ude00", "😀", "\0", "[DONE]", "0"])
odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 1.5, 1e300, 2**70, "", "x", "\ud800"),
        *([], [None], ["x"], {}, {"a": 1}, [{"type": "text", "text": "t"}], [[1]]),
    ]
)


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Draw the usual value five times out of six."""
    rare = st.one_of(st.sampled_from(others), odd) if others else odd
    return st.integers(0, 5).flatmap(lambda n: rare if n == 0 else st.just(usual))


usages = st.one_of(
    st.sampled_from([None, {}, USAGE, {**USAGE, "total_tokens": 9, "cost": 0.5}]), odd
)
names = st.sampled_from(["f", "g", "", None])
ids = st.sampled_from(["call_1", "call_2", "", None])
functions = st.one_of(
    st.fixed_dictionaries({}, optional={"name": names, "arguments": texts}),
    st.fixed_dictionaries({}, optional={"name": names, "arguments": odd, "more": odd}),
    odd,
)
tool_calls = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"function": functions},
            optional={"index": st.sampled_from([0, 0, 1, None, "0"]), "id": ids, "type": odd},
        ),
        odd,
    ),
    max_size=2,
)
details = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["reasoning.text", "reasoning.summary"])},
            optional={"index": st.sampled_from([0, 1, None]), "text": texts, "summary": odd},
        ),
        odd,
    ),
    max_size=2,
)
usual_deltas: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": st.one_of(texts, st.none()),
        "reasoning_content": st.one_of(texts, st.none()),
        "reasoning": st.one_of(texts, st.none()),
        "refusal": st.none(),
        "tool_calls": st.none(),
    },
)
any_deltas = st.fixed_dictionaries(
    {},
    optional={
        "role": mostly("assistant", "", None, "user"),
        "content": st.one_of(texts, odd),
        "reasoning": st.one_of(texts, odd),
        "reasoning_content": st.one_of(texts, odd),
        "refusal": st.one_of(texts, odd),
        "tool_calls": st.one_of(tool_calls, odd),
        "function_call": functions,
        "audio": st.one_of(st.just({"data": "AA", "transcript": "t"}), odd),
        "annotations": st.one_of(st.just([{"n": 1}]), odd),
        "reasoning_details": st.one_of(details, odd),
        "unheard_of": odd,
    },
)
usual_choices = st.fixed_dictionaries(
    {"index": st.sampled_from([0, 0, 0, 1]), "delta": usual_deltas},
    optional={"finish_reason": st.none(), "logprobs": st.none()},
)
any_choices = st.fixed_dictionaries(
    {"delta": st.one_of(usual_deltas, any_deltas, odd)},
    optional={
        "index": mostly(0, 1, 2, "0"),
        "finish_reason": mostly(None, "stop", "length", "", "error"),
        "logprobs": st.one_of(st.just({"content": [1]}), odd),
        "usage": usages,
        "message": st.one_of(any_deltas, odd),
        "error": mostly(None, {"message": "no"}),
        "native_finish_reason": odd,
        "unheard_of": odd,
    },
)
heads = {
    "id": mostly(ID, "other", "", None),
    "model": mostly(MODEL, "other", "", None),
    "created": mostly(CREATED, 0, CREATED + 1, None),
}
also = {
    "object": mostly("chat.completion.chunk", "chat.completion.done", "", "error"),
    "usage": usages,
    "system_fingerprint": mostly("fp_1", "fp_2", None, ""),
    "service_tier": mostly("default", "flex", None, ""),
    "provider": mostly("One", "Two", None, ""),
    "obfuscation": mostly("abc", None),
    "p": mostly("abc", None),
}
usual_chunks = st.fixed_dictionaries(
    {
        "id": st.just(ID),
        "created": st.just(CREATED),
        "model": st.just(MODEL),
        "choices": st.lists(usual_choices, min_size=1, max_size=1),
    },
    optional={"usage": st.sampled_from([None, USAGE]), "obfuscation": st.just("xyz")},
)
nearly_usual_chunks = st.fixed_dictionaries(
    {"choices": st.lists(usual_choices, min_size=1, max_size=2)}, optional={**heads, **also}
)
any_chunks = st.fixed_dictionaries(
    {},
    optional={
        **heads,
        **also,
        "choices": st.one_of(st.lists(st.one_of(any_choices, odd), max_size=3), odd),
        "x_groq": st.one_of(st.fixed_dictionaries({"usage": usages}), odd),
        "error": mostly(None, {"message": "no"}, "no"),
        "type": mostly(None, "error"),
        "unheard_of": odd,
    },
)


@st.composite
def chunk_events(draw: st.DrawFn, chunks: st.SearchStrategy[Any]) -> ServerSentEvent:
    """An event with a chunk: keys in any order, blanks, and mostly the usual event type."""
    payload = draw(chunks)
    if draw(st.booleans()):
        payload = dict(reversed(payload.items()))
    data = json.dumps(payload, separators=draw(st.sampled_from([(",", ":"), (", ", " : ")])))
    name = draw(st.sampled_from(["message"] * 9 + ["error", "result"]))
    return ServerSentEvent(draw(st.sampled_from(["", "", "", "\n", "\u00a0"])) + data, name)


other_items: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(DONE, ServerSentEvent(""), ServerSentEvent("no JSON"), ServerSentEvent('{"choices": [')),
        *(Comment(" ping"), UnknownField("error", '{"message": "no"}'), UnknownField("x", "y")),
        *(event({"error": {"message": "no"}}), event({"message": "no"}, "error"), event([1])),
        chunk(ROLE),
        chunk({}, finish_reason="stop"),
        chunk({"content": "z"}, 1),
    ]
)
items_lists: st.SearchStrategy[list[Item]] = st.lists(
    st.one_of(
        chunk_events(usual_chunks),
        chunk_events(nearly_usual_chunks),
        chunk_events(any_chunks),
        other_items,
    ),
    max_size=8,
).flatmap(lambda items: st.sampled_from([items, [chunk(ROLE), *items]]))
