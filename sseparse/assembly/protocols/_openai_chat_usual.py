"""The usual chunk of a chat completion, described so that decoding it is recognising it.

msgspec checks types, literals and unknown keys while it decodes, in C. So a chunk that fits this
description is known to carry one piece of text or reasoning for one choice, and a usage at most.
Whatever else there can be makes it another chunk, which is for the caller to decode untyped.
"""

from __future__ import annotations

from typing import Literal

import msgspec


# The fields stand in the order in which servers mostly send them: msgspec looks for each key where
# the last one was found. kw_only lets a field with a default stand before one without.
class UsualDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """One piece of text or of reasoning."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None


class UsualChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A choice that goes on."""

    index: int
    delta: UsualDelta
    logprobs: None = None
    finish_reason: None = None
    native_finish_reason: None = None


class UsualUsage(msgspec.Struct, gc=False):
    """The usage so far."""

    total_tokens: int  # enough to know that it is a usage; the rest is read when asked for


class UsualChunk(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """One piece for one choice, and nothing unheard of."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    provider: str | None = None
    service_tier: str | None = None
    choices: tuple[UsualChoice]
    usage: UsualUsage | None = None
    system_fingerprint: str | None = None
    obfuscation: str = ""  # padding, as is p: its length hides the length of the text
    p: str = ""


decode_usual = msgspec.json.Decoder(UsualChunk).decode
"""Decode the JSON text of a usual chunk; a ValueError says that it is none."""
