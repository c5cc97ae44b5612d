r"""Events to bytes: what decodes to the same event again.

The standard defines only the way in; going out, the encoder writes the plainest form there is:
``event``, ``id``, ``retry``, then one ``data`` line per line of data, LF line ends, one blank line.
"""

from __future__ import annotations

from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse._interpreter import MAX_RECONNECTION_TIME


def encode(item: Item) -> bytes:
    r"""Return the bytes of one block that decodes to the same item.

    Args:
        item: an event, or a ``Comment`` or ``UnknownField`` (each a line, without a blank one).

    Returns:
        UTF-8 bytes. ``last_event_id`` is stream state and no part of a block: it comes back where
        the stream carries the ids that made it. A lone surrogate becomes ``?``: UTF-8 has none.

    Raises:
        ValueError: no bytes decode to the item: a CR in the data, a line end in the type, id,
            comment or field, a NUL in the id, an ``event`` that is empty, a negative ``retry``,
            or an ``UnknownField`` that the standard would not ignore.

    >>> encode(ServerSentEvent("one\ntwo", event="greeting", id="7"))
    b'event: greeting\nid: 7\ndata: one\ndata: two\n\n'
    >>> encode(Comment(" ping"))
    b': ping\n'
    """
    if isinstance(item, ServerSentEvent):
        return _encode_event(item)
    if not isinstance(item, (Comment, UnknownField)):
        raise TypeError(f"encode() takes an event, a comment or a field, not {type(item).__name__}")
    if isinstance(item, Comment):
        return f":{_one_line(item.text, 'comment')}\n".encode(errors="replace")
    return _encode_unknown(item)


def _encode_event(event: ServerSentEvent) -> bytes:
    if "\r" in event.data:
        raise ValueError("the data holds a CR, which would end its line; only LF can be sent")
    if not event.event:
        raise ValueError('the event type is empty; an event without one is of type "message"')
    lines = []
    if event.event != "message":
        lines.append(f"event: {_one_line(event.event, 'event type')}")
    if event.id is not None:
        if "\0" in event.id:
            raise ValueError("the id holds a NUL; the standard ignores such an id")
        lines.append(f"id: {_one_line(event.id, 'id')}")
    if event.retry is not None:
        if event.retry < 0:
            raise ValueError(f"retry is {event.retry}; it counts milliseconds, from 0 up")
        if event.retry > MAX_RECONNECTION_TIME:
            raise ValueError("retry has over 1000 digits; the decoder holds it at 10**1000 - 1")
        lines.append(f"retry: {event.retry}")
    lines += [f"data: {line}" for line in event.data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode(errors="replace")


def _encode_unknown(field: UnknownField) -> bytes:
    name = _one_line(field.name, "field name")
    refused = (name == "id" and "\0" in field.value) or (
        name == "retry" and not field.value.encode(errors="replace").isdigit()
    )
    # (a leading U+FEFF would be dropped as the order mark, were the field first in a stream)
    if (
        not name
        or name[0] == "\ufeff"
        or ":" in name
        or (name in ("data", "event", "id", "retry") and not refused)
    ):
        raise ValueError(
            f"{name!r} with the value {field.value!r} is no field the standard ignores"
        )
    return f"{name}: {_one_line(field.value, 'field value')}\n".encode(errors="replace")


def _one_line(text: str, what: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError(f"the {what} holds a line end: {text!r}")
    return text
