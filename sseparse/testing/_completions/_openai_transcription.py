"""What OpenAI transcriptions can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
)

_segments: st.SearchStrategy[JSONValue] = st.fixed_dictionaries(
    {
        "id": ids,
        "speaker": ids,
        "text": some_text,
        "start": st.floats(0, 100),
        "end": st.floats(0, 100),
    }
)
_usages = st.builds(
    lambda heard, wrote: {
        "type": "tokens",
        "input_tokens": heard,
        "output_tokens": wrote,
        "total_tokens": heard + wrote,
    },
    counts,
    counts,
)


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that the events of a transcription can spell."""
    usage = draw(st.one_of(st.none(), _usages))
    logprobs = draw(st.lists(json_objects, max_size=3))
    extra: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
        {}, optional={"segments": st.lists(_segments, min_size=1, max_size=2)}
    )
    choice = Choice(
        content=draw(st.one_of(st.just(""), some_text)),
        logprobs={"content": list(logprobs)} if logprobs else None,
    )
    return Completion(
        protocol="openai-transcription",
        choices=(choice,),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by="terminal_event",
        extra=draw(extra),
    )
