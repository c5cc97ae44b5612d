"""The recordings that clients are to read to their end, and what is to come out of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asking import Heard
from cli import FIXTURE

from sseparse import Completion, assemble

ODD = {
    "openai-chat/cut-before-the-blank-line": "no blank line ends the last event: SDKs drop it",
    "openai-chat/mistral": "the content is a list of parts, which clients of OpenAI do not know",
    "openai-responses/done-differs": "its deltas say one thing and its end another",
    "openai-assistants/no-event-names": "the SDK goes by the names of events",
    "anthropic-messages/no-event-names": "the SDK goes by the names of events",
    "google-interactions/contents": "an older form, which the SDK no longer knows",
}
"""Recordings that the SDK itself reads in another way than ``assemble``, and why."""

CURRENT = Path(FIXTURE).name
"""The one recording that is not in a folder: a chat of xAI's."""


def whole_streams(fixtures_dir: Path, protocol: str) -> dict[str, Completion]:
    """Return what each whole recording of a protocol amounts to, by its name."""
    paths = sorted((fixtures_dir / protocol).glob("*.txt"))
    if protocol == "openai-chat":
        paths.append(fixtures_dir / CURRENT)
    found = {path.relative_to(fixtures_dir).as_posix(): assemble(path) for path in paths}
    return {
        name: completion
        for name, completion in found.items()
        if completion.complete and completion.error is None
        if name.removesuffix(".txt") not in ODD
    }


def joined(text: str) -> str:
    """Return a text in which two halves of a character, sent in two chunks, are one."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def check_all(expected: Mapping[str, Completion], heard: Mapping[str, Heard]) -> None:
    """See that a client heard each recording as ``assemble`` did."""
    assert {name: one.error for name, one in heard.items()} == dict.fromkeys(expected)
    assert {name: joined(one.text) for name, one in heard.items()} == {
        name: completion.content or "" for name, completion in expected.items()
    }
    assert any(one.text for one in heard.values())
