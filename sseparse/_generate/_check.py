"""Whether a stream says what it was to say: nothing is lost on the way without a word."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import attrs

from sseparse.assembly import Choice, Completion

_TOLD = frozenset(["content", "reasoning", "refusal", "tool_calls", "finish_reason"])


def check(wanted: Completion, found: Completion, *, made: bool) -> None:
    """Compare the completion that was wanted with the one that the stream gives.

    Args:
        wanted: what was to be spelled.
        found: what the assembler reads.
        made: it was made of a text: then what the text was given with has to be there, and the
            rest is as the protocol has it.

    Raises:
        ValueError: they differ; the first difference is named.
    """
    if not wanted.complete and wanted.error is None:
        raise ValueError(
            f"the completion is not complete (it ended by {wanted.ended_by}); write it whole, and "
            "have it cut: transforms=Transforms(faults='cut@event=…')"
        )
    for name, one, other in _differences(wanted, found):
        if made and (name.rpartition(".")[2] not in _TOLD or not (one or other)):
            continue
        raise ValueError(
            f"{wanted.protocol} cannot spell {name} {_short(one)}: it would be read as "
            f"{_short(other)}"
        )


def _differences(wanted: Completion, found: Completion) -> Iterator[tuple[str, object, object]]:
    if wanted.error is not None:  # then it says no more how it ends
        wanted = attrs.evolve(wanted, complete=False, ended_by="error")
    for field in attrs.fields(Completion):
        one, other = getattr(wanted, field.name), getattr(found, field.name)
        if field.name == "choices":
            if len(one) != len(other):
                yield "choices", one, other
            for left, right in zip_longest(one, other, fillvalue=Choice()):
                for inner in attrs.fields(type(left)):
                    pair = getattr(left, inner.name), getattr(right, inner.name)
                    if pair[0] != pair[1]:
                        yield f"choices[{left.index}].{inner.name}", *pair
        elif field.name != "findings" and one != other:
            yield field.name, one, other


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
