"""What Anthropic's text completions can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion
from sseparse.assembly._json import JSONObject
from sseparse.testing._completions._common import (
    ids,
    some_text,
)

_extras: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {}, optional={"stop": some_text, "log_id": ids, "truncated": st.booleans()}
)


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that ``completion`` events can spell."""
    choice = Choice(
        content=draw(st.one_of(st.just(""), some_text)),
        finish_reason=draw(st.sampled_from(["stop_sequence", "max_tokens"])),
    )
    return Completion(
        protocol="anthropic-complete",
        id=draw(ids),
        model=draw(ids),
        choices=(choice,),
        complete=True,
        ended_by="finish_reason",
        extra=draw(_extras),
    )
