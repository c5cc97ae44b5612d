"""Anthropic's text completions: the text in pieces, a ping, and a last piece with why it ends."""

from __future__ import annotations

from chunks import event
from hypothesis import strategies as st

from sseparse import Choice, Completion, ServerSentEvent
from sseparse.assembly._json import JSONObject
from writers import ids, pieces_of, some_text

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


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    (choice,) = completion.choices
    head: JSONObject = {
        "type": "completion",
        "id": completion.id,
        "model": completion.model,
        **completion.extra,
        "stop": None,  # (only the last event has it)
        "stop_reason": None,
    }
    last: JSONObject = {"stop_reason": choice.finish_reason, "stop": completion.extra.get("stop")}
    payloads = [{**head, "completion": piece} for piece in pieces_of(choice.content or "")]
    payloads = [*payloads, {"type": "ping"}, {**head, "completion": "", **last}]
    return [event(payload, str(payload["type"])) for payload in payloads]
