"""What ``generate`` is given, before anything is made of it: of the types it takes, or told so.

A text in bytes or a call that is no call would end somewhere inside, in an error about something
that the caller never wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import attrs

from sseparse.assembly import Completion, ToolCall
from sseparse.assembly._json import JSONValue, dumps


def check_texts(completion: object, **texts: object) -> None:
    """Refuse what is no text.

    Args:
        completion: may be a ``Completion`` too.
        texts: the options by their names; each may be None.

    Raises:
        TypeError: one is something else.
    """
    if not isinstance(completion, (str, Completion)):
        kind = type(completion).__name__
        raise TypeError(f"generate() takes a text or a Completion; this is {kind}")
    for name, value in texts.items():
        if not isinstance(value, str | None):
            raise TypeError(f"{name} is {value!r}; it is a text, or None")


def calls_of(given: Mapping[str, JSONValue] | Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Return calls as values; those without an id get one.

    Raises:
        TypeError: they are neither names with arguments, nor calls.
        ValueError: arguments are no JSON.

    >>> calls_of({"add": {"a": 2}})
    (ToolCall(id='call_1', name='add', arguments='{"a":2}', type='function', extra={}),)
    """
    if isinstance(given, Mapping):
        given = [
            ToolCall(name=_name(name), arguments=_arguments(name, value))
            for name, value in given.items()
        ]
    calls = [*given] if isinstance(given, Iterable) else []
    known = [call for call in calls if isinstance(call, ToolCall)]
    if len(known) < len(calls) or not isinstance(given, Iterable):
        raise TypeError(
            f"tool_calls is {given!r}; it is a mapping of names to arguments, such as "
            "{'weather': {'city': 'Vienna'}}, or a list of ToolCall"
        )
    return tuple(
        call if call.id is not None else attrs.evolve(call, id=f"call_{number}")
        for number, call in enumerate(known, 1)
    )


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"tool_calls has the name {name!r}; a name is a text")
    return name


def _arguments(name: str, value: JSONValue) -> str:
    try:
        json.dumps(value, allow_nan=False)  # what is decoded by others is not to be lost as null
        return dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the arguments of {name!r} are no JSON: {error}") from None
