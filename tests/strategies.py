"""Hypothesis strategies of these tests alone; those for everybody are in sseparse.testing."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import strategies as st

from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse.testing import chunkings, raw_streams
from sseparse.testing._bytes import FIELDS, PIECES, cut, long_streams, plain_runs

__all__ = ["chunkings", "cut", "long_streams", "plain_runs"]

pieces = PIECES
streams = raw_streams()


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
