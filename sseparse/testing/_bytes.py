"""Strategies for bytes that are hard to decode, and for ways to cut them.

Random bytes hardly ever spell ``data:``; so streams are strung together from what a decoder has to
treat differently from the rest: line ends, the fields, the order mark, bad UTF-8, and whole plain
blocks, which invite a fast path, right beside what must throw a decoder off that path.
"""

from __future__ import annotations

import itertools
import re

from hypothesis import strategies as st

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

PIECES = st.one_of(
    st.sampled_from(LINE_ENDS),
    st.sampled_from(STARTS),
    st.sampled_from(FIELDS),
    st.sampled_from(SPICE_BYTES),
    st.sampled_from(VALUES),
    st.binary(max_size=4),
)

_PLAIN_VALUES = st.one_of(
    st.sampled_from(VALUES),
    st.sampled_from(SPICE_BYTES),
    st.lists(st.sampled_from(SPICE_BYTES + VALUES), max_size=3).map(b"".join),
)


@st.composite
def plain_runs(draw: st.DrawFn) -> bytes:
    """Blocks of one form in a row: data only, or event and data; LF or CRLF throughout."""
    eol = draw(st.sampled_from([b"\n", b"\r\n"]))
    values = draw(st.lists(_PLAIN_VALUES, min_size=1, max_size=4))
    if draw(st.booleans()):
        names = draw(st.lists(_PLAIN_VALUES, min_size=len(values), max_size=len(values)))
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


def raw_streams() -> st.SearchStrategy[bytes]:
    r"""Return a strategy for what a socket may bring: good streams, odd ones, and rubbish.

    Every decoder that conforms to the standard takes every one of them without an error, and makes
    of it what ``sseparse.Decoder`` makes of it.

    >>> from hypothesis import given
    >>> import sseparse
    >>> @given(raw_streams())
    ... def test_no_stream_is_refused(body: bytes) -> None:
    ...     assert isinstance(sseparse.Decoder().feed(body), list)
    >>> test_no_stream_is_refused()
    """
    return st.one_of(
        st.lists(PIECES, max_size=25).map(b"".join),
        st.lists(st.one_of(PIECES, plain_runs()), max_size=8).map(b"".join),
        long_streams(),
        st.binary(max_size=60),
    ).flatmap(lambda stream: st.sampled_from([stream, stream, BOM + stream]))


def cut(body: bytes, places: list[int]) -> list[bytes]:
    """Return the body in chunks; a place named twice gives an empty chunk."""
    bounds = [0, *sorted(places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(bounds)]


def chunkings(body: bytes) -> st.SearchStrategy[list[bytes]]:
    r"""Return a strategy for the ways to cut a body into network reads, empty ones included.

    Byte by byte, every n bytes, anywhere, about the line ends, and behind each blank line. Joined,
    the chunks are the body; what is made of them must not depend on the cuts.

    Args:
        body: the bytes of a stream.

    >>> from hypothesis import given
    >>> @given(chunkings(b"data: 1\n\n"))
    ... def test_nothing_is_lost(chunks: list[bytes]) -> None:
    ...     assert b"".join(chunks) == b"data: 1\n\n"
    >>> test_nothing_is_lost()
    """
    every = st.integers(1, 7).map(lambda n: cut(body, list(range(n, len(body), n))))
    places = st.lists(st.integers(0, len(body)), max_size=12)
    line_ends = [at for at, byte in enumerate(body) if byte in b"\r\n"]
    about = [min(at + step, len(body)) for at in line_ends for step in (0, 1, 2)]
    at_line_ends = st.lists(st.sampled_from(about or [0]), max_size=12)
    blank_lines = [match.end() for match in re.finditer(rb"\n\n|\r\n\r\n|\r\r", body)]
    return st.one_of(
        every,
        places.map(lambda places: cut(body, places)),
        at_line_ends.map(lambda places: cut(body, places)),
        st.just(cut(body, blank_lines)),
        st.sampled_from(about or [0]).map(lambda place: cut(body, [*blank_lines, place])),
    )
