"""``Last-Event-ID``: the rest of a stream, for a client that lost its connection on the way.

A client says which event it had last (WHATWG HTML, section 9.2). What it gets is the recording from
the byte after that event, with the times moved so that it goes on at once. Faults are not applied
to the rest: a stream that was cut at an event would be cut there for ever.
"""

from __future__ import annotations

import attrs

from sseparse.recording import Read, Recording
from sseparse.replay._blocks import event_blocks


def rest_after(recording: Recording, event_id: str) -> Recording | None:
    r"""Return what follows the event that set this id; of several, the last.

    Returns:
        The rest; without reads, if nothing follows. None, if no event has the id.

    >>> recording = Recording((Read(1.0, b"id: 1\ndata: a\n\n"), Read(3.0, b"id: 2\ndata: b\n\n")))
    >>> rest_after(recording, "1").reads
    (Read(time=0.0, data=b'id: 2\ndata: b\n\n'),)
    """
    ends: list[int] = []
    before = ""
    for block in event_blocks(recording.body):
        event = block.event
        # (A block that is no event can set an id too; then it is that of the event after it.)
        if event.last_event_id == event_id and (event.id is not None or before != event_id):
            ends.append(block.end)
        before = event.last_event_id
    return _from(recording, ends[-1]) if ends else None


def _from(recording: Recording, offset: int) -> Recording:
    reads: list[Read] = []
    start = 0
    for read in recording.reads:
        skipped = max(0, offset - start)
        start += len(read.data)
        if skipped < len(read.data):
            reads.append(Read(read.time, read.data[skipped:]))
    begins = reads[0].time if reads else recording.duration
    header = recording.header
    if header is not None:
        header = attrs.evolve(header, headers_at=0.0)
    end = attrs.evolve(
        recording.end, t=max(0.0, recording.duration - begins), bytes=None, sha256=None
    )
    moved = tuple([Read(read.time - begins, read.data) for read in reads])
    return attrs.evolve(recording, reads=moved, header=header, end=end, path=None, warnings=())
