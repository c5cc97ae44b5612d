"""What MCP can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sseparse import Choice, Completion
from sseparse.assembly._json import JSONObject, as_list, as_object
from sseparse.testing._completions._common import (
    ids,
    json_objects,
    some_text,
)

_rpc_ids: st.SearchStrategy[str | int] = st.one_of(ids, st.integers(0, 2**40))
_notifications = st.builds(
    lambda name, params: {"jsonrpc": "2.0", "method": f"notifications/{name}", "params": params},
    ids,
    json_objects,
)
_requests = st.builds(
    lambda found, name, params: {"jsonrpc": "2.0", "id": found, "method": name, "params": params},
    _rpc_ids,
    st.sampled_from(["sampling/createMessage", "elicitation/create", "roots/list"]),
    json_objects,
)
_parts = st.one_of(
    some_text.map(lambda text: {"type": "text", "text": text}),
    ids.map(lambda data: {"type": "image", "data": data, "mimeType": "image/png"}),
)
_results: st.SearchStrategy[Any] = st.one_of(
    json_objects.map(lambda tool: {"tools": [tool]}),
    st.fixed_dictionaries(
        {"content": st.lists(_parts, max_size=4)},
        optional={"structuredContent": json_objects, "isError": st.just(False)},
    ),
)


def _content(result: JSONObject) -> str | None:
    texts = [as_object(part).get("text") for part in as_list(result.get("content"))]
    found = [text for text in texts if isinstance(text, str)]
    return "".join(found) if found else None


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that an MCP stream can spell."""
    answered = draw(st.lists(_rpc_ids, min_size=1, max_size=3, unique=True))
    results = [draw(_results) for _ in answered]
    choices = [
        Choice(
            index=place,
            content=_content(result),
            extra={"id": found, "result": result} if place else {},
        )
        for place, (found, result) in enumerate(zip(answered, results, strict=True))
    ]
    kept: dict[str, list[Any]] = {
        "notifications": draw(st.lists(_notifications, max_size=3)),
        "requests": draw(st.lists(_requests, max_size=2)),
    }
    return Completion(
        protocol="mcp",
        id=answered[0],
        choices=tuple(choices),
        complete=True,
        ended_by="terminal_event",
        extra={"result": results[0], **{key: kept[key] for key in kept if kept[key]}},
    )
