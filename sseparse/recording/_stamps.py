r"""Times for a body that has no timing file: the ``created`` stamps of its chunks.

OpenAI's completion chunks, and those of all who copy them, carry ``"created": 1732551210``, whole
seconds of Unix time. Most providers stamp a whole stream with its start, and then there is nothing
to learn; xAI, Ollama, GPUStack and others stamp each chunk with its own second. The chunks of one
second are spread evenly over it.

Works on raw bytes, with two regular expressions and in linear time: the body is cut into blocks
behind blank lines, and each block is searched for its stamp. It is neither decoded nor parsed,
because a body need not be what it should be.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable

# CR, LF and CRLF end a line, in any mixture. The LF is not given back once matched, or else a lone
# CRLF would pass for two line ends. A run of blank lines belongs to the block before it.
_LINE_END = rb"(?:\r\n?+|\n)"
_BLANK_LINES = re.compile(_LINE_END + _LINE_END + rb"++")

# Not after a backslash: a quoted quote belongs to the words of the model. (The look back stands
# behind the word because a pattern that starts with plain text is found four times as fast.)
# Ten digits are the seconds from 2001 to 2286: Azure's first chunk says 0, and who counts
# milliseconds means something else.
_STAMP = re.compile(
    rb'"created"(?<!\\"created")\s*+:\s*+([1-9]\d{9}(?:\.\d++)?+)(?![\d.eE])',
)

_LONGEST_SPAN = 86_400.0
"""Seconds. Stamps that lie further apart than a day were not made while one response streamed."""


def split_blocks(body: bytes) -> list[bytes]:
    r"""Cut a body behind its blank lines; joined again, the blocks are the body.

    >>> split_blocks(b"data: 1\n\ndata: 2\r\n\r\ndata")
    [b'data: 1\n\n', b'data: 2\r\n\r\n', b'data']
    """
    ends = [match.end() for match in _BLANK_LINES.finditer(body)]
    if body and (not ends or ends[-1] < len(body)):
        ends.append(len(body))
    return [body[start:end] for start, end in itertools.pairwise([0, *ends])]


def created_times(blocks: Iterable[bytes]) -> list[float] | None:
    """Return when each block came, in seconds since the first stamp, or None without two stamps.

    A block without a stamp came with the one before it (at the start: with the first that has one).
    A stamp that goes back leaves the time where it is. The k-th of n blocks of second s came at
    s + k/n, counting from 0. Where all stamps have fractions they are taken as they are; where only
    some have, they are rounded down like the rest.

    >>> created_times([b'{"created":1732551210}', b'[DONE]', b'{"created":1732551211}'])
    [0.0, 0.5, 1.0]
    """
    texts = [match[1] if (match := _STAMP.search(block)) else None for block in blocks]
    stamps = [float(text) for text in texts if text is not None]
    if not stamps:
        return None
    whole = any(text is not None and b"." not in text for text in texts)
    if whole:
        stamps = [float(math.floor(stamp)) for stamp in stamps]
    first = latest = stamps[0]
    following = iter(stamps)
    seconds = []
    for text in texts:
        if text is not None:
            latest = max(latest, next(following))
        seconds.append(latest - first)
    if not 0 < latest - first <= _LONGEST_SPAN:
        return None
    return _spread(seconds) if whole else seconds


def _spread(seconds: list[float]) -> list[float]:
    times = []
    for second, group in itertools.groupby(seconds):
        count = len(list(group))
        times += [second + k / count for k in range(count)]
    return times
