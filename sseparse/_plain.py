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


def named_events(blocks: bytes, eol: str, last_event_id: str) -> list[ServerSentEvent] | None:
    """Return the events of blocks that each have a type and one data line.

    Args:
        blocks: whole blocks, without the blank line of the last.
        eol: how their lines end.
        last_event_id: the sticky id in force.
    """
    if not blocks.startswith(b"event: "):
        return None
    pieces = blocks[7:].decode("utf-8", "replace").split(eol + eol + "event: ")
    pairs = [piece.partition(eol + "data: ") for piece in pieces]
    joined = "".join([name + data for name, _, data in pairs])
    if "\n" in joined or "\r" in joined or not all(found for _, found, _ in pairs):
        return None
    return [
        ServerSentEvent(data, name or "message", None, last_event_id) for name, _, data in pairs
    ]
