"""OpenAI transcriptions: pieces of the text, segments between them, and the whole of it last."""

from __future__ import annotations

from itertools import zip_longest

from chunks import event
from hypothesis import strategies as st

from sseparse import Choice, Completion, ServerSentEvent
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._usage import build_usage
from writers import counts, ids, json_objects, pieces_of, some_text

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


def write(completion: Completion) -> list[ServerSentEvent]:
    """Return the events that spell a completion."""
    (choice,) = completion.choices
    logprobs = as_list(choice.logprobs["content"]) if choice.logprobs else []
    kind = "transcript.text"
    payloads: list[JSONObject] = []
    for piece, entry in zip_longest(pieces_of(choice.content or ""), logprobs):
        delta: JSONObject = {"type": f"{kind}.delta", "delta": piece or ""}
        payloads.append(delta if entry is None else {**delta, "logprobs": [entry]})
    segments = as_list(completion.extra.get("segments"))
    payloads += [{"type": f"{kind}.segment", **as_object(segment)} for segment in segments]
    done: JSONObject = {"type": f"{kind}.done", "text": choice.content, "logprobs": logprobs}
    if completion.usage is not None:
        done["usage"] = completion.usage.raw
    return [event(payload) for payload in [*payloads, done]]
