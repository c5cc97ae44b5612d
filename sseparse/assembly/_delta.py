"""What one event added to the completion, in one language for all protocols.

Joined, the pieces of a text are that text. Where a stream sends parts by turns, or replaces what it
sent (a finding says so), they come in the order of the stream, and the completion is right.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sseparse.assembly._json import JSONValue, loads

DeltaKind = Literal[
    "content",
    "reasoning",
    "refusal",
    "tool_call",
    "arguments",
    "audio",
    "citation",
    "usage",
    "finish",
    "error",
    "end",
]


class Delta(msgspec.Struct, frozen=True, gc=False):
    """One increment. A msgspec struct, because one or two are built for each event.

    Attributes:
        kind: what grew or happened:
            ``"content"``, ``"reasoning"``, ``"refusal"`` (``text`` is the new piece);
            ``"tool_call"`` (a call begins: ``tool_call``, ``id``, ``text`` is its name, or its type
            if the provider runs it and it has no name; once more if the name comes late);
            ``"arguments"`` (of the call ``tool_call``: ``text`` is the new piece);
            ``"audio"`` (``text`` is the new piece of its transcript);
            ``"citation"``, ``"usage"`` and ``"error"`` (``json()`` is the object);
            ``"finish"`` (``text`` is the finish_reason); ``"end"`` (the end marker came).
        choice: the index of the choice it belongs to.
        text: see ``kind``.
        tool_call: the call's place in ``Choice.tool_calls`` (or ``Choice.server_tool_calls``, see
            ``server``); None for other kinds, and for the one call that ``Choice.function_call``
            is.
        id: the id of the tool call that begins.
        source: the JSON text that ``json()`` decodes.
        key: where in that text the object stands.
        server: of the two kinds about tool calls: the provider runs this one itself.

    >>> Delta("content", text="Hello").text
    'Hello'
    """

    kind: DeltaKind
    choice: int = 0
    text: str = ""
    tool_call: int | None = None
    id: str | None = None
    source: str = "null"
    key: tuple[str, ...] = ()
    server: bool = False

    def json(self) -> JSONValue:
        """Return the object that came: a usage, a citation or an error; None for other kinds."""
        value = loads(self.source.strip())
        for name in self.key:
            value = value.get(name) if isinstance(value, dict) else None
        return value
