"""What an item says, in a few characters: what it added to the answer, or else its data."""

from __future__ import annotations

import json

from sseparse._events import Comment, UnknownField
from sseparse.inspect._walk import SeenItem

LENGTH = 80
"""Characters of a preview."""


def preview(seen: SeenItem, length: int = LENGTH) -> str:
    r"""Return one line that tells an item from its neighbours.

    The data of all events of a stream begin alike; what an event added does not.

    >>> from sseparse._events import ServerSentEvent
    >>> preview(SeenItem(Comment(" ping"), 0, 0, 7, 1, 1, 0.0, []))
    ': ping'
    >>> preview(SeenItem(ServerSentEvent("a\nb"), 1, 0, 12, 1, 1, 0.0, []))
    'a\\nb'
    """
    item = seen.item
    if isinstance(item, Comment):
        text = f":{item.text}"
    elif isinstance(item, UnknownField):
        text = f"{item.name}: {item.value}"
    else:
        text = "  ".join(
            f"{delta.kind} {json.dumps(delta.text, ensure_ascii=False)}"
            for delta in seen.deltas
            if delta.text and delta.kind not in ("usage", "citation")
        )
        text = text or item.data
    text = text[: 2 * length].replace("\r", "\\r").replace("\n", "\\n")
    return text if len(text) <= length else text[: length - 1] + "…"
