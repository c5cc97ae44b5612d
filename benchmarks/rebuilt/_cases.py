"""The streams: the fixtures, and the recorded ones that may lie beside the repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
RECORDED = ROOT.parent / "shared" / "streams"
"""Recorded streams of others, which are no part of the project; there or not."""


@dataclass(frozen=True)
class Case:
    """A stream and what must come out.

    Attributes:
        protocol: as sseparse names it.
        name: of the file.
        provider: who sent it, as far as the name says.
        body: the bytes.
        truth: the fields to be judged (those of ``FIELDS``, and ``complete``).
    """

    protocol: str
    name: str
    provider: str
    body: bytes
    truth: dict[str, Any]


def fixtures() -> list[Case]:
    """Return the fixtures that have an expected completion, by protocol and name."""
    cases = [
        _fixture(path.parent.name, body, json.loads(path.read_text("utf-8"))["completion"])
        for path in sorted(FIXTURES.glob("*/*.expected.json"))
        if (body := path.with_name(path.name.replace(".expected.json", ".txt"))).exists()
    ]
    return [case for case in cases if _is_judged(case)]


def _is_judged(case: Case) -> bool:
    """Return whether the streams speaks a protocol, and does not end in an undispatched event."""
    tail = case.body.replace(b"\r", b"").rpartition(b"\n\n")[2]
    data = tail.rpartition(b"data: ")[2]
    try:
        json.loads(data)
    except ValueError:  # nothing there, or half of an event: that is nobody's
        return case.protocol != "unknown"
    return False


def _fixture(protocol: str, path: Path, completion: dict[str, Any]) -> Case:
    first: dict[str, Any] = next(iter(completion.get("choices", [])), {})
    truth: dict[str, Any] = {
        key: first[key]
        for key in ("content", "role", "finish_reason", "tool_calls", "reasoning", "refusal")
        if key in first
    }
    truth["tool_calls"] = [
        call for call in truth.get("tool_calls") or [] if call.get("type") in _PLAIN_CALLS
    ]
    if _has_reasoning_twice(completion):
        truth.pop("reasoning", None)
    truth |= {key: completion[key] for key in ("error", "complete") if key in completion}
    if "usage" in completion:
        usage = completion["usage"]
        truth["usage"] = usage and (usage.get("raw") or usage)
    return Case(protocol, path.stem, path.stem.partition("-")[0], path.read_bytes(), truth)


_PLAIN_CALLS = (None, "function", "custom")
"""Calls of tools that only one provider has (its computer) have no common form to compare."""


def _has_reasoning_twice(completion: dict[str, Any]) -> bool:
    """Return whether there is reasoning and a summary of it: which of them counts is a choice."""
    output = completion.get("extra", {}).get("output", [])
    return any(item.get("summary") and item.get("content") for item in output)


def recorded() -> list[Case]:
    """Return the recorded streams, none where they are not there."""
    index = RECORDED / "INDEX.json"
    if not index.is_file():
        return []
    cases = [
        Case(
            entry["dialect"],
            entry["file"],
            entry.get("provider") or "",
            (RECORDED / entry["file"]).read_bytes(),
            {**(entry.get("expected_extra") or {}), **entry["expected"]},
        )
        for entry in json.loads(index.read_text("utf-8"))
    ]
    return [case for case in cases if _is_judged(case)]
