"""Texts in pieces, about as the tokenizers of models cut them.

A token of theirs is a short word with the space before it, a part of a long word, a sign or two, or
white space. The vocabulary of none is needed: where exactly they cut differs from model to model.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r" ?\w{1,7}(?:'\w{1,2}\b)?| ?[^\w\s]{1,3}|\s+", re.ASCII)
"""Characters beyond ASCII are no ``\\w`` here, and so come one to three at a time."""


def pieces_of(text: str) -> list[str]:
    """Return a text in pieces; of an empty text there is none.

    >>> pieces_of("The sea is deep, isn't it? 🐙")
    ['The', ' sea', ' is', ' deep', ',', " isn't", ' it', '?', ' 🐙']
    """
    return _PIECE.findall(text)
