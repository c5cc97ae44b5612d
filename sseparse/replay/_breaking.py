"""The faults themselves: each a pure function from a recording to the recording that is broken.

Places are offsets in the body (``offset``: so many bytes come before it happens) or the index of an
event, from 0. What is inserted comes with the read that holds its place; all other bytes keep the
reads and the times they had.
"""

from __future__ import annotations

import itertools
import math
import re

import attrs
import msgspec

from sseparse._encoder import encode
from sseparse._events import Comment
from sseparse.recording import End, Header, Read, Recording
from sseparse.replay._blocks import Block, event_blocks, event_deltas
from sseparse.replay._error_forms import error_body, error_event

_STRING = re.compile(rb'":\s*"')
_DATA = re.compile(rb"^data: ?", re.MULTILINE)

KEEP_ALIVE_EVERY = 1.0
"""Seconds between the comments of ``keep_alive``."""

MOST_COMMENTS = 3600
"""Of one ``keep_alive``: what lasts longer than an hour has them less often (a day: every 24 s)."""


class NothingToBreak(Exception):
    """The stream has nothing of the kind that the fault breaks."""


def cut(recording: Recording, offset: int) -> Recording:
    """End after so many bytes: the connection is closed before the end of the body."""
    return _ended(recording, offset, "truncated")


def reset(recording: Recording, offset: int) -> Recording:
    """End after so many bytes: the connection is reset."""
    return _ended(recording, offset, "reset")


def stall(recording: Recording, offset: int, seconds: float) -> Recording:
    """Let nothing come for so long, after so many bytes."""
    before, after = _split(recording.reads, offset)
    reads = (*before, *(Read(read.time + seconds, read.data) for read in after))
    return _changed(recording, reads, recording.duration + seconds)


def keep_alive(recording: Recording, index: int, seconds: float) -> Recording:
    """Let only comments come for so long, one a second, or one at least, before an event.

    For more than an hour they come less often: so many are enough to keep a client waiting.
    """
    offset = _block(recording, index).start
    before, after = _split(recording.reads, offset)
    start = after[0].time
    ping = encode(Comment(" keep-alive")) + b"\n"
    count = min(int(seconds / KEEP_ALIVE_EVERY) or 1, MOST_COMMENTS)
    every = max(KEEP_ALIVE_EVERY, seconds / MOST_COMMENTS)
    if seconds < KEEP_ALIVE_EVERY:
        every = seconds / 2
    pings = [Read(start + every * number, ping) for number in range(1, count + 1)]
    reads = (*before, *pings, *(Read(read.time + seconds, read.data) for read in after))
    return _changed(recording, reads, recording.duration + seconds)


def slow_first_byte(recording: Recording, seconds: float) -> Recording:
    """Let everything come so much later, the head of the response too."""
    header = recording.header or Header()
    reads = tuple(Read(read.time + seconds, read.data) for read in recording.reads)
    late = attrs.evolve(header, headers_at=(header.headers_at or 0.0) + seconds)
    return attrs.evolve(_changed(recording, reads, recording.duration + seconds), header=late)


def drop_done(recording: Recording) -> Recording:
    """Leave the end marker out, such as ``[DONE]`` or ``message_stop``."""
    return _without(recording, "end", "the stream has no end marker")


def drop_finish(recording: Recording) -> Recording:
    """Leave out every event that carries a finish_reason, by whatever name."""
    return _without(recording, "finish", "no event carries a finish_reason")


def duplicate(recording: Recording, index: int) -> Recording:
    """Send an event twice."""
    block = _block(recording, index)
    data = recording.body[block.start : block.end]
    return _spliced(recording, block.end, block.end, data)


def reorder(recording: Recording, index: int) -> Recording:
    """Let an event and the one after it change places."""
    first = _block(recording, index)
    if index + 1 == len(event_blocks(recording.body)):
        raise NothingToBreak("it is the last event, so there is none to change places with")
    second = _block(recording, index + 1)
    body = recording.body
    between = body[first.end : second.start]
    swapped = body[second.start : second.end] + between + body[first.start : first.end]
    return _overwritten(recording, first.start, swapped)


def inject_error(recording: Recording, index: int) -> Recording:
    """Let an error come instead of an event, in the form of the protocol, and end there."""
    block = _block(recording, index)
    before, after = _split(recording.reads, block.start)
    error = Read(after[0].time, error_event(recording.body))
    changed = _changed(recording, (*before, error), after[0].time)
    return attrs.evolve(changed, end=End("eof", after[0].time))


def corrupt_utf8(recording: Recording, index: int) -> Recording:
    """Put a byte that UTF-8 does not know into an event: into its text if it has one."""
    block = _block(recording, index)
    data = recording.body[block.start : block.end]
    texts = [delta.text for delta in event_deltas(recording.body)[index] if delta.text]
    where = block.start + _in_a_string(data, texts)
    return _spliced(recording, where, where, b"\xff")


def bad_json(recording: Recording, index: int) -> Recording:
    """Take the last brace from the JSON of an event."""
    block = _block(recording, index)
    brace = recording.body.rfind(b"}", block.start, block.end)
    if brace < 0 or not re.match(r"\s*[{\[]", block.event.data):
        raise NothingToBreak(f"the data of event {index + 1} is no JSON object")
    return _spliced(recording, brace, brace + 1, b"")


def status(recording: Recording, code: int, retry_after: float | None = None) -> Recording:
    """Answer with another status, and an error in the form of the provider for a body."""
    header = recording.header or Header()
    headers = [("content-type", "application/json")]
    if retry_after is not None:
        # RFC 9110, 10.2.3: whole seconds. Azure tells milliseconds too, and the SDKs of OpenAI,
        # Anthropic and Cohere go by those.
        headers.append(("retry-after", str(math.ceil(retry_after))))
        if retry_after != int(retry_after):
            headers.append(("retry-after-ms", f"{retry_after * 1000:g}"))
    at = header.headers_at
    if at is None:
        at = recording.reads[0].time if recording.reads else 0.0
    body = error_body(recording.body, code)
    refused = attrs.evolve(header, status=code, headers=tuple(headers), headers_at=at, decoded=None)
    return attrs.evolve(
        _changed(recording, (Read(at, body),), at), header=refused, end=End("eof", at)
    )


def _in_a_string(data: bytes, texts: list[str]) -> int:
    """Return where a string of the JSON begins: that of a text, else any, else where data begin."""
    for text in texts:
        # Behind a colon: a comma that a model writes looks like one between two strings.
        member = re.search(rb':\s*(?=")' + re.escape(msgspec.json.encode(text)), data)
        if member:
            return data.index(b'"', member.start()) + 1
    match = _STRING.search(data) or _DATA.search(data)
    return match.end() if match else 0


def _block(recording: Recording, index: int) -> Block:
    return event_blocks(recording.body)[index]


def _changed(recording: Recording, reads: tuple[Read, ...], ends_at: float) -> Recording:
    """Return the recording with other reads, which are no longer those of a file."""
    return attrs.evolve(
        recording, reads=reads, end=End(recording.end.reason, ends_at), path=None, warnings=()
    )


def _split(reads: tuple[Read, ...], offset: int) -> tuple[tuple[Read, ...], tuple[Read, ...]]:
    """Return the reads up to an offset and those after it; the read around it is cut in two."""
    start = 0
    for number, read in enumerate(reads):
        end = start + len(read.data)
        if end > offset:
            cut = offset - start
            head = (Read(read.time, read.data[:cut]),) if cut else ()
            return (*reads[:number], *head), (
                Read(read.time, read.data[cut:]),
                *reads[number + 1 :],
            )
        start = end
    return reads, ()


def _ended(recording: Recording, offset: int, reason: str) -> Recording:
    before, after = _split(recording.reads, offset)
    at = after[0].time if after else recording.duration
    return attrs.evolve(_changed(recording, before, at), end=End(reason, at))


def _spliced(recording: Recording, start: int, end: int, data: bytes) -> Recording:
    """Replace the bytes from start to end. What is new joins the read of the byte before it."""
    reads = []
    begin = 0
    for read in recording.reads:
        stop = begin + len(read.data)
        head = read.data[: max(0, min(start, stop) - begin)]
        holds = begin < start <= stop or begin == start == 0
        changed = head + (data if holds else b"") + read.data[max(0, end - begin) :]
        if changed or not read.data:
            reads.append(Read(read.time, changed))
        begin = stop
    return _changed(recording, tuple(reads), recording.duration)


def _overwritten(recording: Recording, start: int, data: bytes) -> Recording:
    """Put bytes over those that are there; every read keeps its length and time."""
    body = recording.body
    body = body[:start] + data + body[start + len(data) :]
    ends = itertools.accumulate([len(read.data) for read in recording.reads], initial=0)
    reads = tuple(
        Read(read.time, body[begin : begin + len(read.data)])
        for begin, read in zip(ends, recording.reads, strict=False)
    )
    return _changed(recording, reads, recording.duration)


def _without(recording: Recording, kind: str, nothing: str) -> Recording:
    """Leave out the events that give a delta of this kind.

    Some providers say it twice, and the assembler tells it once: so it is looked for again.
    """
    dropped = _blocks_with(recording, kind)
    if not dropped:
        raise NothingToBreak(nothing)
    while dropped:
        for block in reversed(dropped):
            recording = _spliced(recording, block.start, block.end, b"")
        dropped = _blocks_with(recording, kind)
    return recording


def _blocks_with(recording: Recording, kind: str) -> list[Block]:
    pairs = zip(event_blocks(recording.body), event_deltas(recording.body), strict=True)
    return [block for block, deltas in pairs if any(delta.kind == kind for delta in deltas)]
