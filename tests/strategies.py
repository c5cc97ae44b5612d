"""Hypothesis strategies: byte streams that are hard to decode, ways to cut them, and items.

Random bytes hardly ever spell ``data:``; so streams are strung together from what the decoder
treats differently from the rest: line ends, the fields, the order mark, bad UTF-8, and whole plain
blocks, which take its fast path, right beside what must throw it off that path.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

from hypothesis import strategies as st

from sseparse._events import Comment, Item, ServerSentEvent, UnknownField

LINE_ENDS = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b"\r\r\n"]
FIELDS = [b"data", b"event", b"id", b"retry", b"error", b"dat", b"Data", b"datas", b" data"]
STARTS = [*(name + b":" for name in FIELDS), *(name + b": " for name in FIELDS), b":", b": "]
BOM = b"\xef\xbb\xbf"
SPICE: list[bytes | str] = [
    *(BOM, BOM[:1], BOM[:2], BOM[1:], b"\0", b" ", b"  ", b"\t"),
    *(b"\v", b"\f", b"\x1c", b"\x1e", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8"),  # no line ends
    *(b"\xff", b"\x80", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xc0\xaf"),
    *("é", "€", "😀", "豆"),
]
SPICE_BYTES = [piece if isinstance(piece, bytes) else piece.encode() for piece in SPICE]
VALUES = [b"", b"x", b"0", b"7", b"0012", b"500", b'{"a": 1}', b"[DONE]", b"data: ", b"event: "]

pieces = st.one_of(
    st.sampled_from(LINE_ENDS),
    st.sampled_from(STARTS),
    st.sampled_from(FIELDS),
    st.sampled_from(SPICE_BYTES),
    st.sampled_from(VALUES),
    st.binary(max_size=4),
)

_plain_values = st.one_of(
    st.sampled_from(VALUES),
    st.sampled_from(SPICE_BYTES),
    st.lists(st.sampled_from(SPICE_BYTES + VALUES), max_size=3).map(b"".join),
)


@st.composite
def plain_runs(draw: st.DrawFn) -> bytes:
    """Blocks of one form in a row: data only, or event and data; LF or CRLF throughout."""
    eol = draw(st.sampled_from([b"\n", b"\r\n"]))
    values = draw(st.lists(_plain_values, min_size=1, max_size=4))
    if draw(st.booleans()):
        names = draw(st.lists(_plain_values, min_size=len(values), max_size=len(values)))
        blocks = [
            b"event: " + name + eol + b"data: " + value
            for name, value in zip(names, values, strict=True)
        ]
    else:
        blocks = [b"data: " + value for value in values]
    return (eol + eol).join(blocks) + eol + eol


@st.composite
def long_streams(draw: st.DrawFn) -> bytes:
    """Streams as providers send them: many blocks of a few forms, with something odd in places."""
    blocks = [*(b"data: " + value for value in VALUES), b"event: e\ndata: x", b": ping", b"id: 3"]
    chosen = draw(st.lists(st.sampled_from(blocks), min_size=5, max_size=40))
    odd = draw(st.sampled_from([b"", b"", *SPICE_BYTES, *LINE_ENDS, *STARTS]))
    place = draw(st.integers(0, len(chosen)))
    eol = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    return (eol + eol).join([*chosen[:place], odd, *chosen[place:]]) + eol + eol


streams = st.one_of(
    st.lists(pieces, max_size=25).map(b"".join),
    st.lists(st.one_of(pieces, plain_runs()), max_size=8).map(b"".join),
    long_streams(),
    st.binary(max_size=60),
).flatmap(lambda stream: st.sampled_from([stream, stream, BOM + stream]))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """Return the stream in chunks; a place named twice gives an empty chunk."""
    bounds = [0, *sorted(places), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(bounds)]


def chunkings(stream: bytes) -> st.SearchStrategy[list[bytes]]:
    """Ways to cut the stream, empty chunks included.

    Byte by byte, every n bytes, anywhere, about the line ends, and behind each blank line: this is
    how servers send, and the decoder has a way of its own for one whole event in one read.
    """
    every = st.integers(1, 7).map(lambda n: cut(stream, list(range(n, len(stream), n))))
    places = st.lists(st.integers(0, len(stream)), max_size=12)
    line_ends = [at for at, byte in enumerate(stream) if byte in b"\r\n"]
    about = [min(at + step, len(stream)) for at in line_ends for step in (0, 1, 2)]
    at_line_ends = st.lists(st.sampled_from(about or [0]), max_size=12)
    blank_lines = [match.end() for match in re.finditer(rb"\n\n|\r\n\r\n|\r\r", stream)]
    return st.one_of(
        every,
        places.map(lambda places: cut(stream, places)),
        at_line_ends.map(lambda places: cut(stream, places)),
        st.just(cut(stream, blank_lines)),
        st.sampled_from(about or [0]).map(lambda place: cut(stream, [*blank_lines, place])),
    )


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream and one way to cut it."""
    stream = draw(streams)
    return stream, draw(chunkings(stream))


def exhaustive_cuts(stream: bytes, seed: int, most_splits: int = 400) -> Iterator[list[bytes]]:
    """Yield the cuts that every known stream has to stand, seeded and without Hypothesis.

    Whole, byte by byte, in two at each place (at ``most_splits`` of them if there are more) with an
    empty chunk between, and in random chunks.
    """
    yield [stream]
    yield cut(stream, list(range(1, len(stream))))
    chance = random.Random(seed)
    places = list(range(len(stream) + 1))
    for place in places if len(places) <= most_splits else chance.sample(places, most_splits):
        yield cut(stream, [place, place])
    for _ in range(10):
        yield cut(stream, chance.choices(places, k=chance.randint(2, 12)))


_hard_texts = ["", "\0", " ", "  x", ":", "\n", "\r", "\ufeff", "message", "12", "\u2028", "é€😀"]
texts = st.lists(
    st.one_of(st.sampled_from(_hard_texts), st.text(st.characters(exclude_categories=["Cs"]))),
    max_size=3,
).map("".join)
"""Any text that UTF-8 can carry: a lone surrogate it cannot."""

field_names = st.one_of(st.sampled_from([name.decode() for name in FIELDS]), texts)
retries = st.one_of(st.none(), st.integers(-1, 10), st.integers(10**999, 10**1001))

items: st.SearchStrategy[Item] = st.one_of(
    st.builds(ServerSentEvent, texts, texts, st.none() | texts, st.just(""), retries),
    st.builds(ServerSentEvent, texts),
    st.builds(Comment, texts),
    st.builds(UnknownField, field_names, texts),
)
"""Items of all kinds, whether bytes can be found that decode to them or not."""
