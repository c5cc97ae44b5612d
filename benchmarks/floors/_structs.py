"""What the floors share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

JSON = dict[str, Any]
Decode = Callable[[bytes], list[Any]]


class Struct(msgspec.Struct, gc=False):
    """A part of a payload."""


class Tagged(msgspec.Struct, gc=False, tag_field="type"):
    """An event, or a part of one, that says its type."""


def named(decode: Callable[[bytes], Any]) -> Decode:
    """Return the floor of a protocol whose events have a name line above the data line."""

    def split_and_decode(body: bytes) -> list[Any]:
        blocks = body.split(b"\n\n")
        return [decode(block[block.index(b"\n") + 7 :]) for block in blocks if block]

    return split_and_decode
