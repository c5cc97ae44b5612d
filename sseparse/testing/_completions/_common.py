"""Small values that the completions of several protocols are made of."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse.assembly._json import JSONObject, JSONValue

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
