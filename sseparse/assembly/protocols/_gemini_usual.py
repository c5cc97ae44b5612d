"""The usual chunk of a Gemini answer, described so that decoding it is recognising it.

msgspec checks types, literals and unknown keys while it decodes, in C. So a chunk that fits this
description is known to carry one piece of text or of thought for candidate 0, and a usage at most.
Whatever else there can be makes it another chunk, which is for the caller to decode untyped.
"""

from __future__ import annotations

from typing import Literal

import msgspec


# The fields stand in the order in which the API sends them: msgspec looks for each key where the
# last one was found.
class _Usual(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True, rename="camel"):
    """What all of the classes below are: nothing in them is unheard of."""


class UsualPart(_Usual):
    """One piece of text, without a signature."""

    text: str
    thought: bool = False


class UsualContent(_Usual):
    """The content of a candidate that goes on."""

    parts: tuple[UsualPart]
    role: Literal["model"] | None = None


class UsualCandidate(_Usual):
    """Candidate 0, going on."""

    content: UsualContent
    finish_reason: None = None
    index: Literal[0] = 0


class UsualUsage(msgspec.Struct, gc=False, rename="camel"):
    """The usage so far: one of these is enough to know it by; the rest is read when asked for."""

    total_token_count: int | None = None
    traffic_type: str | None = None  # Vertex sends no more than this before the last chunk


class UsualChunk(_Usual):
    """One piece for candidate 0, and nothing unheard of."""

    candidates: tuple[UsualCandidate]
    usage_metadata: UsualUsage | None = None
    model_version: str | None = None
    create_time: str | None = None
    response_id: str | None = None


decode_usual = msgspec.json.Decoder(UsualChunk).decode
"""Decode the JSON text of a usual chunk; a ValueError says that it is none."""
