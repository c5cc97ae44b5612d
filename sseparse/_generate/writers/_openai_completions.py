"""OpenAI's completions of before chat: all choices by turns, then usage, and mostly ``[DONE]``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from sseparse._events import ServerSentEvent
from sseparse._generate._pieces import pieces_of
from sseparse._generate._spelling import DONE, event, growing
from sseparse.assembly import Choice, Completion
from sseparse.assembly._json import JSONObject, JSONValue, as_list


def write(completion: Completion, *, cumulative: bool = False) -> list[ServerSentEvent]:
    """Return the chunks that spell a completion; cumulative: usage stands on each."""
    head: JSONObject = {
        "id": completion.id,
        "object": "text_completion",
        "created": completion.created,
        "model": completion.model,
        **completion.extra,
    }
    by_turns = zip_longest(*map(_entries, completion.choices))
    entries = [entry for turn in by_turns for entry in turn if entry is not None]
    chunks: list[JSONObject] = [{**head, "choices": [entry], "usage": None} for entry in entries]
    if completion.usage is not None and cumulative:
        for place, chunk in enumerate(chunks, 1):
            chunk["usage"] = growing(completion.usage.raw, place, len(chunks))
    elif completion.usage is not None:
        chunks.append({**head, "choices": [], "usage": completion.usage.raw})
    events = [event(chunk) for chunk in chunks]
    return [*events, DONE] if completion.ended_by == "done_marker" else events


def _entries(of: Choice) -> Iterator[JSONObject]:
    """Yield the entries of ``choices`` that spell one choice, one after the other."""

    def entry(**fields: JSONValue) -> JSONObject:
        plain: JSONObject = {"text": "", "index": of.index, "logprobs": None}
        return {**plain, "finish_reason": None, **fields}

    yield from (entry(text=piece) for piece in pieces_of(of.content or ""))
    for key, values in (of.logprobs or {}).items():
        yield entry(logprobs={key: []})
        for value in as_list(values):
            yield entry(logprobs={key: [value]})
    if of.finish_reason is not None or of.extra:
        yield entry(finish_reason=of.finish_reason, **of.extra)
