"""The usual deltas of the Responses API, described so that decoding them is recognising them.

msgspec checks types and unknown keys while it decodes, in C. A piece is mostly followed by one more
of its kind: so one kind is asked for, and whatever does not fit it is another event, which is for
the caller to decode untyped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

Piece = Annotated[str, msgspec.Meta(min_length=1)]


# The fields stand in the order in which OpenAI sends them: msgspec looks for each key where the
# last one was found. ``place`` has one name in all of them, so that nobody has to ask which it is.
class _Usual(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One piece of a part or a call that is open."""


class UsualText(_Usual, kw_only=True):
    """A piece of the text."""

    type: Literal["response.output_text.delta"]
    place: int = msgspec.field(name="content_index", default=0)
    delta: Piece
    item_id: str = ""
    logprobs: tuple[()] | None = None
    obfuscation: str = ""  # padding: its length hides the length of the text
    output_index: int
    sequence_number: int = 0


class UsualReasoning(_Usual, kw_only=True):
    """A piece of the reasoning itself."""

    type: Literal["response.reasoning_text.delta"]
    place: int = msgspec.field(name="content_index", default=0)
    delta: Piece
    item_id: str = ""
    obfuscation: str = ""
    output_index: int
    sequence_number: int = 0


class UsualSummary(_Usual, kw_only=True):
    """A piece of a summary of the reasoning."""

    type: Literal["response.reasoning_summary_text.delta"]
    delta: Piece
    item_id: str = ""
    obfuscation: str = ""
    output_index: int
    sequence_number: int = 0
    place: int = msgspec.field(name="summary_index", default=0)


class UsualArguments(_Usual, kw_only=True):
    """A piece of the arguments of a function."""

    type: Literal["response.function_call_arguments.delta"]
    delta: Piece
    item_id: str = ""
    obfuscation: str = ""
    output_index: int
    sequence_number: int = 0
    place: None = None


class UsualInput(_Usual, kw_only=True):
    """A piece of what a tool of free form is given."""

    type: Literal["response.custom_tool_call_input.delta"]
    delta: Piece
    item_id: str = ""
    obfuscation: str = ""
    output_index: int
    sequence_number: int = 0
    place: None = None


UsualDelta = UsualText | UsualReasoning | UsualSummary | UsualArguments | UsualInput
Decode = Callable[[str], UsualDelta]

USUAL: dict[str, Decode] = {
    "response.output_text.delta": msgspec.json.Decoder(UsualText).decode,
    "response.reasoning_text.delta": msgspec.json.Decoder(UsualReasoning).decode,
    "response.reasoning_summary_text.delta": msgspec.json.Decoder(UsualSummary).decode,
    "response.function_call_arguments.delta": msgspec.json.Decoder(UsualArguments).decode,
    "response.custom_tool_call_input.delta": msgspec.json.Decoder(UsualInput).decode,
}
"""For each of these events the function that decodes it; a ValueError says that it is another."""


def expect_nothing(data: str) -> UsualDelta:  # noqa: ARG001 (it is a Decode)
    """Decode nothing: no event is usual where none has come to go on from.

    Raises:
        ValueError: always.
    """
    raise ValueError
