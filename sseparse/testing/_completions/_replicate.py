"""What Replicate can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion

_texts = st.one_of(
    # (A carriage return is a line end to event streams: no stream can carry it.)
    st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(["4", "true", "null", "[DONE]", "[1]", "{}", " a ", "\n\n", "\n a", '"']),
)


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that a prediction's events can spell."""
    logs = draw(_texts)
    return Completion(
        protocol="replicate",
        choices=(Choice(content=draw(_texts)),),
        complete=True,
        ended_by="terminal_event",
        extra={"logs": logs} if logs else {},
    )
