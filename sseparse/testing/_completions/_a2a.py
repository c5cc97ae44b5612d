"""What A2A can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sseparse import Choice, Completion
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.testing._completions._common import (
    ids,
    json_objects,
    some_text,
    times,
)

_NEWER = "TASK_STATE_"
_STATES = ["completed", "canceled", "input-required", "auth-required"]


def _part(text: str, *, newer: bool) -> JSONObject:
    return {"text": text} if newer else {"kind": "text", "text": text}


def _message(found: str, role: str, texts: list[str], *, newer: bool) -> JSONObject:
    message: JSONObject = {"messageId": found, "role": f"ROLE_{role.upper()}" if newer else role}
    if not newer:
        message["kind"] = "message"
    return {**message, "parts": [_part(text, newer=newer) for text in texts]}


@st.composite
def _artifacts(draw: st.DrawFn, found: str, *, newer: bool) -> JSONObject:
    artifact: JSONObject = {"artifactId": found}
    if draw(st.booleans()):
        artifact["name"] = draw(ids)
    if draw(st.booleans()):
        artifact["metadata"] = draw(json_objects)
    mark: JSONObject = {} if newer else {"kind": "data"}
    parts: st.SearchStrategy[Any] = st.one_of(
        some_text.map(lambda text: _part(text, newer=newer)),
        json_objects.map(lambda data: {**mark, "data": data}),
    )
    artifact["parts"] = draw(st.lists(parts, min_size=1, max_size=4))
    return artifact


def _text(holders: list[JSONValue]) -> str | None:
    parts = [part for holder in holders for part in as_list(as_object(holder)["parts"])]
    texts = [as_object(part).get("text") for part in parts]
    found = [text for text in texts if isinstance(text, str)]
    return "".join(found) if found else None


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that A2A events can spell."""
    newer, alone = draw(st.booleans()), draw(st.integers(0, 4)) == 0
    rpc = {} if newer and draw(st.booleans()) else {"jsonrpc_id": draw(st.one_of(ids, times))}
    extra: JSONObject = {**rpc, "contextId": draw(ids)}
    role = "ROLE_AGENT" if newer else "agent"
    if alone:
        found = draw(ids)
        message = _message(found, "agent", draw(st.lists(some_text, max_size=3)), newer=newer)
        extra["message"] = {**message, "contextId": extra["contextId"]}
        only = Choice(role=role, content=_text([message]))
        return _finished(found, None, only, extra)
    said: list[JSONValue] = [
        _message(f"said-{place}", "agent", [draw(some_text)], newer=newer)
        for place in range(draw(st.integers(0, 2)))
    ]
    asked = _message("asked", "user", [draw(some_text)], newer=newer)
    extra["history"] = [asked, *said]
    artifacts: list[JSONValue] = [
        draw(_artifacts(f"a-{place}", newer=newer)) for place in range(draw(st.integers(0, 2)))
    ]
    if artifacts:
        extra["artifacts"] = artifacts
    if draw(st.booleans()):
        extra["metadata"] = draw(json_objects)
    state = draw(st.sampled_from(_STATES))
    if newer:
        state = _NEWER + state.upper().replace("-", "_")
    last: list[JSONValue] = []
    status: JSONObject = {"state": state}
    if draw(st.booleans()):
        last = [_message("last", "agent", [draw(some_text)], newer=newer)]
        status["message"] = last[0]
    extra["status"] = status
    content = _text(artifacts) or _text(last) or (None if artifacts else _text(said))
    choice = Choice(role=role if said or last else None, content=content, finish_reason=state)
    return _finished(draw(ids), draw(st.one_of(st.none(), times)), choice, extra)


def _finished(found: str, created: float | None, choice: Choice, extra: JSONObject) -> Completion:
    return Completion(
        protocol="a2a",
        id=found,
        created=created,
        choices=(choice,),
        complete=True,
        ended_by="terminal_event",
        extra=extra,
    )
