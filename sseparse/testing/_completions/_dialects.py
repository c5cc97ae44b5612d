"""Chat completions with what a provider says besides, and without what it cannot say."""

from __future__ import annotations

import attrs

from sseparse._generate import DIALECTS
from sseparse.assembly import Choice, Completion


def in_dialect(completion: Completion, dialect: str) -> Completion:
    """Return a chat completion as it would be in a dialect."""
    form = DIALECTS[dialect]
    completion = attrs.evolve(
        completion, choices=tuple([_sayable(choice, dialect) for choice in completion.choices])
    )
    return form.fill(completion)


def _sayable(choice: Choice, dialect: str) -> Choice:
    if dialect == "openrouter":
        return choice
    # Only its reasoning comes in details.
    extra = {key: value for key, value in choice.extra.items() if key != "reasoning_details"}
    return attrs.evolve(choice, extra=extra)
