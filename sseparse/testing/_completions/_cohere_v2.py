"""What Cohere's chat can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
)

_blocks: st.SearchStrategy[JSONObject] = st.one_of(
    some_text.map(lambda text: {"type": "thinking", "thinking": text}),
    st.one_of(st.just(""), some_text).map(lambda text: {"type": "text", "text": text}),
)
_calls = st.builds(
    ToolCall, id=ids, name=ids, arguments=st.one_of(st.just(""), json_objects.map(str), some_text)
)
_logprobs = st.builds(
    lambda text, token, logprob: {"text": text, "token_ids": [token], "logprobs": [logprob]},
    some_text,
    counts,
    st.floats(-20, 0),
)
_tokens = st.builds(lambda sent, got: {"input_tokens": sent, "output_tokens": got}, counts, counts)
_usages = st.fixed_dictionaries(
    {"billed_units": _tokens, "tokens": _tokens}, optional={"cached_tokens": counts}
)
_REASONS = ["COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "TIMEOUT"]


def _text_of(blocks: list[JSONObject], kind: str) -> str | None:
    texts = [str(block[kind]) for block in blocks if block["type"] == kind]
    return "".join(texts) if texts else None


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that the events of a chat can spell."""
    extra: JSONObject = {}
    blocks = draw(st.lists(_blocks, max_size=3))
    if blocks:
        extra["content"] = list(blocks)
    if draw(st.booleans()):
        extra["tool_plan"] = draw(some_text)
    logprobs = draw(st.lists(_logprobs, max_size=3)) if blocks else []
    choice = Choice(
        role="assistant",
        content=_text_of(blocks, "text"),
        reasoning=_text_of(blocks, "thinking"),
        tool_calls=tuple(draw(st.lists(_calls, max_size=3))),
        finish_reason=draw(st.sampled_from(_REASONS)),
        logprobs={"content": list(logprobs)} if logprobs else None,
        annotations=tuple(draw(st.lists(json_objects, max_size=2))),
        extra=extra,
    )
    usage = draw(st.one_of(st.none(), _usages))
    return Completion(
        protocol="cohere-v2",
        id=draw(ids),
        choices=(choice,),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by=draw(st.sampled_from(["done_marker", "terminal_event"])),
        extra=draw(st.fixed_dictionaries({}, optional={"prompt": some_text})),
    )
