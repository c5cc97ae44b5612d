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


def named_events(blocks: bytes, eol: bytes, last_event_id: str) -> list[ServerSentEvent] | None:
    """Return the events of blocks that each have a type and one data line.

    Args:
        blocks: whole blocks, without the blank line of the last.
        eol: how their lines end.
        last_event_id: the sticky id in force.
    """
    if not blocks.startswith(b"event: "):
        return None
    gap, data_line = eol + eol + b"event: ", eol + b"data: "
    pieces = blocks[len(b"event: ") :].split(gap)
    # Most events are of one type; one in the middle likely has it. Of these, taking the prefix away
    # leaves the data; in the others a line end is left, and they are looked at one by one.
    common = pieces[len(pieces) // 2].partition(eol)[0]
    prefix = common + data_line
    texts = [piece.removeprefix(prefix) for piece in pieces]
    others = {
        place: pieces[place].partition(data_line) for place, text in enumerate(texts) if 10 in text
    }
    for place, (_, _, data) in others.items():
        texts[place] = data
    # There may be no other line in any block, and no block without data: every byte is accounted
    # for (bytes, because one wide character would make every text cut from a ``str`` dearer).
    left = b"".join([*texts, *[name for name, _, _ in others.values()]])
    size = len(left) + len(others) * len(data_line) + (len(pieces) - len(others)) * len(prefix)
    if size != len(blocks) + len(eol * 2) - len(pieces) * len(gap):
        return None
    if 10 in left or 13 in left or 10 in common or 13 in common:
        return None
    try:
        decoded = [text.decode() for text in texts]
    except UnicodeDecodeError:
        decoded = [text.decode("utf-8", "replace") for text in texts]
    name = _name(common)
    events = [ServerSentEvent(data, name, None, last_event_id) for data in decoded]
    for place, (other, _, _) in others.items():
        events[place] = ServerSentEvent(decoded[place], _name(other), None, last_event_id)
    return events


def _name(line: bytes) -> str:
    return line.decode("utf-8", "replace") or "message"
