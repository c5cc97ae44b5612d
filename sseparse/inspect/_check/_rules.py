"""What a check can find: every code with its cause and its cure.

The rules of one group stand in one module. A finding of a code that is not here cannot be made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import attrs

from sseparse.assembly._completion import Severity

Group = Literal["format", "protocol", "timing"]


@attrs.frozen
class Rule:
    """What a code means.

    Attributes:
        code: of the findings.
        group: ``"format"``: the bytes; ``"protocol"``: what they say; ``"timing"``: when they came.
        severity: ``"error"``: the answer is not whole; ``"warning"``: clients may fail or lose
            something; ``"info"``: a peculiarity that a client has to know.
        title: what is found, in one line.
        cause: where it comes from.
        cure: what to do about it.
    """

    code: str
    group: Group
    severity: Severity
    title: str
    cause: str
    cure: str


RULES: dict[str, Rule] = {}
"""Every rule, by its code."""


def register(group: Group, rules: Iterable[tuple[str, Severity, str, str, str]]) -> None:
    """Add the rules of a group: code, severity, title, cause and cure of each."""
    for code, severity, title, cause, cure in rules:
        RULES[code] = Rule(code, group, severity, title, cause, cure)


def chosen(select: Iterable[str] | None, ignore: Iterable[str] | None) -> frozenset[str]:
    """Return the codes that are looked for.

    Args:
        select: codes or groups; None: all.
        ignore: codes or groups that are left out all the same.

    Raises:
        ValueError: there is no such code or group.
    """
    wanted = frozenset(RULES) if select is None else _codes(select)
    return wanted - (frozenset() if ignore is None else _codes(ignore))


def _codes(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):  # one, and not its letters
        names = [names]
    codes: set[str] = set()
    for name in names:
        found = {code for code, rule in RULES.items() if name in (code, rule.group)}
        if not found:
            raise ValueError(f"there is no code or group {name!r}; `sseparse check --list` has all")
        codes |= found
    return frozenset(codes)
