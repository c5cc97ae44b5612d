"""Small builders of chat completion chunks and streams, and what the tests of assembly share.

A chunk is said in as few words as it has to say: ``chunk({"content": "Hi"})`` has the id, model and
time that all have, ``chunk({}, finish_reason="stop")`` ends it. Whatever else is wanted goes by
name. What goes in is ``Any``: odd chunks are the point.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from strategies import cut

from sseparse import Assembler, Completion, Delta, ServerSentEvent, encode
from sseparse._events import Item
from sseparse.assembly._completion import EndedBy
from sseparse.assembly._json import JSONObject, JSONValue
from sseparse.assembly._protocol import Protocol
from sseparse.assembly.protocols._openai_chat import OpenAIChat

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
STREAMS = Path(__file__).resolve().parents[2] / "shared" / "streams"
"""Recorded streams, which lie beside the repository where they are at all."""
INDEX: list[dict[str, Any]] = (
    json.loads((STREAMS / "INDEX.json").read_text("utf-8")) if STREAMS.is_dir() else []
)
"""What each of them is known to say."""
CHATS = [entry for entry in INDEX if entry["dialect"] == "openai-chat"]
CHAT_FIXTURES = sorted((FIXTURES / "openai-chat").glob("*.txt"))
"""The hand-made streams of chat chunks; each has its expected completion beside it."""

WITHOUT_NATIVE = ("replicate", "unknown")
"""The protocols that have no object of their own to make of a completion."""

ID, MODEL, CREATED = "chatcmpl-1", "gpt-4o", 1763800000
DONE = ServerSentEvent("[DONE]")
ROLE: JSONObject = {"role": "assistant"}
USAGE: JSONObject = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
ERROR: JSONObject = {"message": "overloaded", "type": "server_error", "code": 529}


def event(payload: Any, type: str = "message") -> ServerSentEvent:  # noqa: A002 (the event's)
    """Return the event that carries a payload as JSON."""
    return ServerSentEvent(json.dumps(payload), type)


def choice(
    delta: Any = None,
    index: Any = 0,
    finish_reason: Any = None,
    **fields: Any,
) -> JSONObject:
    """Return an entry of ``choices``."""
    return {"index": index, "delta": delta, "finish_reason": finish_reason, **fields}


def chunk_of(*choices: Any, **fields: Any) -> ServerSentEvent:
    """Return the event of a chunk with these choices; ``fields`` stand beside them."""
    head: JSONObject = {
        "id": ID,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": MODEL,
    }
    return event({**head, "choices": list(choices), **fields})


def chunk(
    delta: Any = None,
    index: Any = 0,
    finish_reason: Any = None,
    **fields: Any,
) -> ServerSentEvent:
    """Return the event of a chunk with one choice; ``fields`` stand beside the choices."""
    return chunk_of(choice(delta, index, finish_reason), **fields)


def call_piece(
    index: Any = 0,
    id: Any = None,  # noqa: A002 (the providers' word)
    name: Any = None,
    arguments: Any = None,
) -> JSONObject:
    """Return an entry of ``delta.tool_calls``; what is None is not in it."""
    given = {"index": index, "id": id, "function": {"name": name, "arguments": arguments}}
    given["function"] = {
        key: value
        for key, value in {"name": name, "arguments": arguments}.items()
        if value is not None
    }
    return {key: value for key, value in given.items() if value is not None}


def calls(*pieces: Any, **fields: Any) -> ServerSentEvent:
    """Return the event of a chunk whose delta has these tool call pieces."""
    return chunk({"tool_calls": list(pieces)}, **fields)


STOP = chunk({}, finish_reason="stop")
HELLO = [chunk(ROLE), chunk({"content": "Hel"}), chunk({"content": "lo"}), STOP, DONE]
"""A whole stream, the smallest that has all: a role, two pieces of text, an end and its marker."""


def fold(*items: Item) -> Completion:
    """Return the completion of these items, read as an OpenAI chat completion."""
    assembler = Assembler("openai-chat")
    assembler.feed_all(items)
    return assembler.close()


def deltas_of(*items: Item) -> list[Delta]:
    """Return all deltas of these items, read as an OpenAI chat completion."""
    assembler = Assembler("openai-chat")
    return [delta for item in items for delta in assembler.feed(item)]


def codes(completion: Completion) -> list[str]:
    """Return the codes of the findings, less the one that every unfinished stream has."""
    return [finding.code for finding in completion.findings if finding.code != "incomplete"]


def check(completion: Completion) -> None:
    """Hold what must hold of every completion."""
    assert completion.ended_by in get_args(EndedBy)
    nothing = any(finding.code == "no-answer" for finding in completion.findings)
    ended = completion.ended_by not in ("eof", "error")
    assert completion.complete is (ended and not nothing)
    severities = {finding.severity for finding in completion.findings}
    assert ("error" in severities) is (not completion.complete)
    as_dict = completion.to_dict()
    json.dumps(as_dict).encode()
    msgspec.json.encode(as_dict)
    if completion.protocol not in WITHOUT_NATIVE:
        json.dumps(completion.to_native()).encode()
    for entry in completion.choices:
        for text in (entry.content, entry.reasoning, entry.refusal):
            assert text is None or isinstance(text, str)
        for call in (*entry.tool_calls, *entry.server_tool_calls):
            assert isinstance(call.arguments, str)


class OneSpeed(OpenAIChat):
    """The same fold with its fast path left out."""

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in the way that takes any shape."""
        self._take_any(item, deltas)


def run(protocol: Protocol, items: Iterable[Item]) -> tuple[Completion, list[Delta]]:
    """Return the completion that a protocol makes of the items, and all deltas on the way."""
    deltas: list[Delta] = []
    for item in items:
        protocol.take(item, deltas)
    protocol.close()
    return protocol.completion(), deltas


def body_of(items: Iterable[Item]) -> bytes:
    """Return the bytes of a stream."""
    return b"".join(map(encode, items))


def random_cuts(body: bytes, seed: int, times: int = 5) -> Iterator[list[bytes]]:
    """Yield the body in chunks of seeded random sizes, small ones and large ones."""
    chance = random.Random(seed)
    for most in [3, 20, 200, *([1500] * (times - 3))][-times:]:
        places: list[int] = []
        at = 0
        while (at := at + chance.randint(0, most)) < len(body):
            places.append(at)
        yield cut(body, places)


def differences(expected: Any, actual: Any, where: str = "completion") -> list[str]:
    """Return where a value lacks what is expected of it.

    Of an object only the keys named are looked at, but for ``raw`` and ``error``, the provider's
    own objects, which have to be the same.
    """
    exact = where.endswith((".raw", ".error"))
    if isinstance(expected, dict) and isinstance(actual, dict) and not exact:
        found = [f"{where}.{key} is missing" for key in expected if key not in actual]
        for key in expected.keys() & actual.keys():
            found += differences(expected[key], actual[key], f"{where}.{key}")
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = zip(expected, actual, strict=True)
        return [
            line
            for place, (one, other) in enumerate(pairs)
            for line in differences(one, other, f"{where}[{place}]")
        ]
    same = expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
    return [] if same else [f"{where} is {actual!r}, not {expected!r}"]


def paths(value: JSONValue, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each value inside a JSON value."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield (*path, key)
            yield from paths(entry, (*path, key))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield (*path, place)
            yield from paths(entry, (*path, place))
