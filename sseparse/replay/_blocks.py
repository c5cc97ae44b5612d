"""Where the events of a body are: what pacing, chunking and faults all ask.

A block is what stands between blank lines. Joined, the blocks are the body. Not every block is an
event: a keep-alive comment is a block of its own, and the standard dispatches nothing for it.
"""

from __future__ import annotations

import functools

import attrs

from sseparse._decoder import Decoder
from sseparse._events import ServerSentEvent
from sseparse.assembly import Assembler, Delta
from sseparse.recording import split_blocks


@attrs.frozen
class Block:
    """The bytes of one event.

    Attributes:
        start: the offset of its first byte in the body.
        end: the offset after its last, the blank line included.
        event: what a decoder dispatches for it.
    """

    start: int
    end: int
    event: ServerSentEvent


@functools.lru_cache(maxsize=8)  # one body is asked about by several transforms in a row
def event_blocks(body: bytes) -> tuple[Block, ...]:
    r"""Return the events of a body, and where they stand.

    >>> [(block.start, block.end) for block in event_blocks(b": hi\n\ndata: 1\n\ndata: cut")]
    [(6, 15)]
    """
    decoder = Decoder(max_event_size=len(body) + 1)
    blocks = []
    end = 0
    for data in split_blocks(body):
        start, end = end, end + len(data)
        blocks += [Block(start, end, event) for event in decoder.feed(data)]
    return tuple(blocks)


@functools.lru_cache(maxsize=8)
def event_deltas(body: bytes) -> tuple[tuple[Delta, ...], ...]:
    """Return what each event adds to the completion, in the order of ``event_blocks``."""
    assembler = Assembler()
    taken = [tuple(assembler.feed(block.event)) for block in event_blocks(body)]
    return tuple(taken)
