"""From a text to a completion: with an id, a model, an end and a usage, as is usual."""

from __future__ import annotations

from random import Random
from typing import cast

from sseparse._generate._pieces import pieces_of
from sseparse._generate._usual import PROMPT_TOKENS, Usual
from sseparse.assembly import Choice, Completion, ToolCall
from sseparse.assembly._completion import EndedBy
from sseparse.assembly._json import JSONValue
from sseparse.assembly._usage import build_usage
from sseparse.replay._error_forms import error_value

CREATED = 1_735_689_600
"""The first second of 2025: the same each time, for streams are compared."""


def completed(
    text: str,
    *,
    usual: Usual,
    protocol: str,
    model: str | None,
    reasoning: str | None,
    tool_calls: tuple[ToolCall, ...],
    finish_reason: str | None,
    error: str | None,
    seed: int,
) -> Completion:
    """Return a completion of one choice; what is not given is as is usual.

    An empty text beside something else is none: a model that only calls a tool says nothing.
    """
    chance = Random(seed)  # noqa: S311 (chance that can be repeated)
    content = text if text or not (reasoning or tool_calls) else None
    reason = finish_reason or usual.reason(called=bool(tool_calls))
    own = None if usual.id is None else f"{usual.id}{chance.getrandbits(96):024x}"
    texts = [content or "", *[call.arguments for call in tool_calls]]
    thought = len(pieces_of(reasoning or ""))
    written = thought + sum(len(pieces_of(said)) for said in texts)
    usage = None
    if usual.usage is not None and error is None:
        usage = build_usage(usual.usage(PROMPT_TOKENS, written, thought))
    return Completion(
        protocol=protocol,
        id=own,
        model=model,
        created=CREATED if usual.created else None,
        choices=(
            Choice(
                role=usual.role,
                content=content,
                reasoning=reasoning,
                tool_calls=tool_calls,
                finish_reason=reason if error is None else usual.failed,
            ),
        ),
        usage=usage,
        error=None if error is None else cast("JSONValue", error_value(protocol, error)),
        complete=error is None,
        ended_by=cast("EndedBy", usual.ended_by if error is None else "error"),
    )
