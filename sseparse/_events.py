"""What a decoder gives out: events, and on request the lines the standard ignores.

The three types are msgspec structs because they are built once per event, a million times; without
garbage-collector tracking because they hold only strings and numbers and so can form no cycle.
All are immutable and equal by value: ``assert decode(data) == [ServerSentEvent("hi")]``.
"""

from __future__ import annotations

import msgspec


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event (HTML Living Standard, 9.2.6 *Interpreting an event stream*).

    Attributes:
        data: the data lines, joined by line feeds.
        event: the event type; ``"message"`` when the block names none.
        id: the id that this very block carried, or None.
        last_event_id: the sticky id in force after this block, ``""`` at first: what a client
            would send as ``Last-Event-ID`` when it reconnects.
        retry: this block's valid ``retry`` field in milliseconds, or None.

    >>> ServerSentEvent('{"n": 1}').json()
    {'n': 1}
    """

    data: str
    event: str = "message"
    id: str | None = None
    last_event_id: str = ""
    retry: int | None = None

    def json(self) -> object:
        """Return the data decoded as JSON.

        Raises:
            msgspec.DecodeError: (a ValueError) when the data is not JSON, such as ``[DONE]``.
        """
        return msgspec.json.decode(self.data)


class Comment(msgspec.Struct, frozen=True, gc=False):
    """A line that starts with a colon: a keep-alive, mostly.

    Attributes:
        text: what follows the colon, unchanged (``" ping"`` for the line ``: ping``).
    """

    text: str


class UnknownField(msgspec.Struct, frozen=True, gc=False):
    """A field that the standard ignores: its name is unknown, or its value is not allowed.

    llama.cpp reports errors in a field named ``error``. An ``id`` with a NUL and a ``retry`` that
    is no number come out here too.

    Attributes:
        name: what stands before the first colon; the whole line if there is none.
        value: what follows it, less one leading space.
    """

    name: str
    value: str


Item = ServerSentEvent | Comment | UnknownField
"""Whatever ``Decoder.feed`` can give out."""
