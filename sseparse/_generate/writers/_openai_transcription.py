"""OpenAI transcriptions: pieces of the text, segments between them, and the whole of it last."""

from __future__ import annotations

from itertools import zip_longest

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import event
from sseparse.assembly import Completion
from sseparse.assembly._json import JSONObject, as_list, as_object


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
