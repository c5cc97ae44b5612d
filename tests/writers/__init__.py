"""A writer for each protocol: a completion in, the events a provider would send for it out.

A module here is named after its protocol and has two functions: ``completions()``, the Hypothesis
strategy of what that protocol can say, each as the assembler would give it; and ``write()``, which
spells one as a stream. What all of them need stands here.
"""

from __future__ import annotations

from itertools import cycle

from hypothesis import strategies as st

from sseparse.assembly._json import JSONObject, JSONValue

SIZES = (1, 3, 2, 7, 5, 40)
"""The lengths of the pieces that texts are cut into."""


def pieces_of(text: str) -> list[str]:
    """Return a text in pieces, the same ones each time; of an empty text there is no piece."""
    found: list[str] = []
    at = 0
    for size in cycle(SIZES):
        if at >= len(text):
            return found
        found.append(text[at : at + size])
        at += size
    return found


some_text = st.text(min_size=1, max_size=40)
"""A text that says something; no half characters, which JSON can spell and no text can hold."""
ids = st.text("abcdef0123456789-_", min_size=1, max_size=12)
"""An id or a name: what a provider makes of letters and digits."""
times = st.integers(1_600_000_000, 2_000_000_000)
"""Seconds since 1970."""
counts = st.integers(0, 100_000)
"""A number of tokens."""
scalars: st.SearchStrategy[JSONValue] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=10)
)
json_objects: st.SearchStrategy[JSONObject] = st.dictionaries(
    ids, st.one_of(scalars, st.lists(scalars, max_size=2)), min_size=1, max_size=3
)
"""A small JSON object that says something."""
