"""Events of a plain shape, recognised at a glance: the short cuts beside the line-by-line way.

Each function looks at whole blocks that begin a block, and either says what they decode to or that
they are not of its shape (None), in which case they go line by line. The shapes are those that LLM
APIs send: a type and one data line (Anthropic, OpenAI Responses), and CRLF line ends (Gemini).
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent


def single_event(chunk: bytes, last_event_id: str) -> ServerSentEvent | None:
    """Return the event that a read is, if it is just one: with a type, or with CRLF line ends."""
    first = chunk.find(10)
    if chunk[:7] == b"event: " and chunk[first + 1 : first + 7] == b"data: ":
        if chunk.find(10, first + 1) != len(chunk) - 2 or chunk[-1] != 10 or 13 in chunk:
            return None
        name = chunk[7:first].decode("utf-8", "replace") or "message"
        data = chunk[first + 7 : -2].decode("utf-8", "replace")
        return ServerSentEvent(data, name, None, last_event_id)
    if chunk[:6] != b"data: " or chunk[-4:] != b"\r\n\r\n" or first != len(chunk) - 3:
        return None
    if chunk.find(13) != len(chunk) - 4:
        return None
    data = chunk[6:-4].decode("utf-8", "replace")
    return ServerSentEvent(data, "message", None, last_event_id)


# What stands between two data: by the line end, then by whether the field has its space.
_GAPS = (
    ((b"\n\ndata:", "\n\ndata:"), (b"\n\ndata: ", "\n\ndata: ")),
    ((b"\r\n\r\ndata:", "\r\n\r\ndata:"), (b"\r\n\r\ndata: ", "\r\n\r\ndata: ")),
)
_LONG = 128
"""Bytes of an event from which on it is cheaper to decode each by itself (measured)."""


def data_of_blocks(chunk: bytes, end: int, crlf: bool) -> list[str] | None:
    """Return the data of blocks that consist of data lines.

    Args:
        chunk: begins with them, and so with ``data:``.
        end: where they end, without the blank line of the last.
        crlf: whether the lines end in CRLF; else in LF.
    """
    spaced = chunk[5] == 32
    gap, gap_text = _GAPS[crlf][spaced]
    text = chunk[6 if spaced else 5 : end]
    # A line end inside a piece is another line of its block. Looking for one in all of them at once
    # costs a copy, and less than counting.
    if text.isascii() or text.find(gap) < _LONG:
        pieces = text.decode("utf-8", "replace").split(gap_text)
        joined = "".join(pieces)
        lines, returns = "\n" in joined, crlf and "\r" in joined
    else:  # or every text would be as wide as the widest character of all
        parts = text.split(gap)
        left = b"".join(parts)
        lines, returns = 10 in left, 13 in left
        pieces = [part.decode("utf-8", "replace") for part in parts]
    if returns:
        return None
    if lines:
        # (Piece by piece: across a seam of the joined ones there is no such line.)
        if any(piece.count("\n") != piece.count("\ndata: ") for piece in pieces):
            return None
        pieces = [piece.replace("\ndata: ", "\n") for piece in pieces]
    if not spaced:
        pieces = [piece.removeprefix(" ") for piece in pieces]
    return pieces


def named_events(blocks: bytes, eol: bytes, last_event_id: str) -> list[ServerSentEvent] | None:
    """Return the events of blocks that each have a type and one data line.

    Args:
        blocks: whole blocks, without the blank line of the last.
        eol: how their lines end.
        last_event_id: the sticky id in force.
    """
    if not blocks.startswith(b"event: "):
        return None
    data_line = eol + b"data: "
    prefix = b""
    kind = "message"
    texts, names = [], []
    events = []
    # An event mostly has the type of the one before it: then what stands before its data is known.
    # (Bytes, because one wide character would make every text cut from a ``str`` dearer.)
    for piece in blocks[len(b"event: ") :].split(eol + eol + b"event: "):
        text = piece.removeprefix(prefix)
        if len(text) == len(piece):
            name, found, text = piece.partition(data_line)
            if not found:
                return None
            prefix = name + data_line
            kind = name.decode("utf-8", "replace") or "message"
            names.append(name)
        texts.append(text)
        events.append(ServerSentEvent(text.decode("utf-8", "replace"), kind, None, last_event_id))
    # There may be no other line in any block.
    left = b"".join(texts + names)
    return None if 10 in left or 13 in left else events
