"""The usual event of an Anthropic message, described so that decoding it is recognising it.

Most events are one more piece of text, of thinking or of a tool's input, for the block that is
open. msgspec checks types, literals and unknown keys while it decodes, in C: what fits one of the
three descriptions is known to be such a piece and nothing else. Everything else is for the caller
to decode untyped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, TypeVar

import msgspec


# The types are fields, not tags: where a lone tag is missing, msgspec takes it for granted.
class TextPiece(msgspec.Struct, rename={"piece": "text"}, forbid_unknown_fields=True, gc=False):
    """A piece of a text block."""

    type: Literal["text_delta"]
    piece: str


class ThinkingPiece(
    msgspec.Struct, rename={"piece": "thinking"}, forbid_unknown_fields=True, gc=False
):
    """A piece of a thinking block."""

    type: Literal["thinking_delta"]
    piece: str
    estimated_tokens: None = None  # a number only where the thinking is not shown


class InputPiece(
    msgspec.Struct, rename={"piece": "partial_json"}, forbid_unknown_fields=True, gc=False
):
    """A piece of the JSON that is a tool's input."""

    type: Literal["input_json_delta"]
    piece: str


P = TypeVar("P", TextPiece, ThinkingPiece, InputPiece)


class UsualDelta(msgspec.Struct, Generic[P], forbid_unknown_fields=True, gc=False):
    """One piece for one block, and nothing unheard of."""

    type: Literal["content_block_delta"]
    index: int
    delta: P


Decode = Callable[[str], UsualDelta[TextPiece] | UsualDelta[ThinkingPiece] | UsualDelta[InputPiece]]

# One decoder for each kind: a union of the three would have to be asked which one it has found.
decode_text: Decode = msgspec.json.Decoder(UsualDelta[TextPiece]).decode
"""Decode the JSON text of a piece of text; a ValueError says that it is none."""
decode_thinking: Decode = msgspec.json.Decoder(UsualDelta[ThinkingPiece]).decode
"""Do the same for thinking."""
decode_input: Decode = msgspec.json.Decoder(UsualDelta[InputPiece]).decode
"""Do the same for the input of a tool."""
