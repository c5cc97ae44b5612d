"""What holds for every stream of chat chunks, usual or not, whole or damaged.

The judge is the same fold with its fast path left out, the same stream cut otherwise, or the part
of the stream before the damage. Costs are counted, never timed.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import tracemalloc
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import msgspec
import pytest
from chunks import (
    CREATED,
    DONE,
    FIXTURES,
    ID,
    MODEL,
    ROLE,
    STREAMS,
    USAGE,
    OneSpeed,
    body_of,
    call_piece,
    calls,
    choice,
    chunk,
    event,
    fold,
    run,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import chunkings

from sseparse import Assembler, Comment, Completion, Decoder, ServerSentEvent, State, UnknownField
from sseparse import assemble as assemble_source
from sseparse._events import Item
from sseparse.assembly import _builder
from sseparse.assembly._completion import EndedBy
from sseparse.assembly._json import JSONValue, join
from sseparse.assembly._openai_chat import OpenAIChat

FIXTURE_NAMES = sorted(path.name for path in (FIXTURES / "openai-chat").glob("*.txt"))
RECORDED = sorted(STREAMS.rglob("*.sse")) if STREAMS.is_dir() else []

# Streams of chunks: mostly what is usual, with something unusual anywhere.

texts = st.sampled_from(["a", "b ", "", "é", "\ud83d", "\ude00", "😀", "\0", "[DONE]", "0"])
odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 1.5, 1e300, 2**70, "", "x", "\ud800"),
        *([], [None], ["x"], {}, {"a": 1}, [{"type": "text", "text": "t"}], [[1]]),
    ]
)


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Draw the usual value five times out of six."""
    rare = st.one_of(st.sampled_from(others), odd) if others else odd
    return st.integers(0, 5).flatmap(lambda n: rare if n == 0 else st.just(usual))


usages = st.one_of(
    st.sampled_from([None, {}, USAGE, {**USAGE, "total_tokens": 9, "cost": 0.5}]), odd
)
names = st.sampled_from(["f", "g", "", None])
ids = st.sampled_from(["call_1", "call_2", "", None])
functions = st.one_of(
    st.fixed_dictionaries({}, optional={"name": names, "arguments": texts}),
    st.fixed_dictionaries({}, optional={"name": names, "arguments": odd, "more": odd}),
    odd,
)
tool_calls = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"function": functions},
            optional={"index": st.sampled_from([0, 0, 1, None, "0"]), "id": ids, "type": odd},
        ),
        odd,
    ),
    max_size=2,
)
details = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["reasoning.text", "reasoning.summary"])},
            optional={"index": st.sampled_from([0, 1, None]), "text": texts, "summary": odd},
        ),
        odd,
    ),
    max_size=2,
)
usual_deltas: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": st.one_of(texts, st.none()),
        "reasoning_content": st.one_of(texts, st.none()),
        "reasoning": st.one_of(texts, st.none()),
        "refusal": st.none(),
        "tool_calls": st.none(),
    },
)
any_deltas = st.fixed_dictionaries(
    {},
    optional={
        "role": mostly("assistant", "", None, "user"),
        "content": st.one_of(texts, odd),
        "reasoning": st.one_of(texts, odd),
        "reasoning_content": st.one_of(texts, odd),
        "refusal": st.one_of(texts, odd),
        "tool_calls": st.one_of(tool_calls, odd),
        "function_call": functions,
        "audio": st.one_of(st.just({"data": "AA", "transcript": "t"}), odd),
        "annotations": st.one_of(st.just([{"n": 1}]), odd),
        "reasoning_details": st.one_of(details, odd),
        "unheard_of": odd,
    },
)
usual_choices = st.fixed_dictionaries(
    {"index": st.sampled_from([0, 0, 0, 1]), "delta": usual_deltas},
    optional={"finish_reason": st.none(), "logprobs": st.none()},
)
any_choices = st.fixed_dictionaries(
    {"delta": st.one_of(usual_deltas, any_deltas, odd)},
    optional={
        "index": mostly(0, 1, 2, "0"),
        "finish_reason": mostly(None, "stop", "length", "", "error"),
        "logprobs": st.one_of(st.just({"content": [1]}), odd),
        "usage": usages,
        "message": st.one_of(any_deltas, odd),
        "error": mostly(None, {"message": "no"}),
        "native_finish_reason": odd,
        "unheard_of": odd,
    },
)
heads = {
    "id": mostly(ID, "other", "", None),
    "model": mostly(MODEL, "other", "", None),
    "created": mostly(CREATED, 0, CREATED + 1, None),
}
also = {
    "object": mostly("chat.completion.chunk", "chat.completion.done", "", "error"),
    "usage": usages,
    "system_fingerprint": mostly("fp_1", "fp_2", None, ""),
    "service_tier": mostly("default", "flex", None, ""),
    "provider": mostly("One", "Two", None, ""),
    "obfuscation": mostly("abc", None),
    "p": mostly("abc", None),
}
usual_chunks = st.fixed_dictionaries(
    {
        "id": st.just(ID),
        "created": st.just(CREATED),
        "model": st.just(MODEL),
        "choices": st.lists(usual_choices, min_size=1, max_size=1),
    },
    optional={"usage": st.sampled_from([None, USAGE]), "obfuscation": st.just("xyz")},
)
nearly_usual_chunks = st.fixed_dictionaries(
    {"choices": st.lists(usual_choices, min_size=1, max_size=2)}, optional={**heads, **also}
)
any_chunks = st.fixed_dictionaries(
    {},
    optional={
        **heads,
        **also,
        "choices": st.one_of(st.lists(st.one_of(any_choices, odd), max_size=3), odd),
        "x_groq": st.one_of(st.fixed_dictionaries({"usage": usages}), odd),
        "error": mostly(None, {"message": "no"}, "no"),
        "type": mostly(None, "error"),
        "unheard_of": odd,
    },
)


@st.composite
def chunk_events(draw: st.DrawFn, chunks: st.SearchStrategy[Any]) -> ServerSentEvent:
    """An event with a chunk: keys in any order, blanks, and mostly the usual event type."""
    payload = draw(chunks)
    if draw(st.booleans()):
        payload = dict(reversed(payload.items()))
    data = json.dumps(payload, separators=draw(st.sampled_from([(",", ":"), (", ", " : ")])))
    name = draw(st.sampled_from(["message"] * 9 + ["error", "result"]))
    return ServerSentEvent(draw(st.sampled_from(["", "", "", "\n", "\u00a0"])) + data, name)


other_items: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(DONE, ServerSentEvent(""), ServerSentEvent("no JSON"), ServerSentEvent('{"choices": [')),
        *(Comment(" ping"), UnknownField("error", '{"message": "no"}'), UnknownField("x", "y")),
        *(event({"error": {"message": "no"}}), event({"message": "no"}, "error"), event([1])),
        chunk(ROLE),
        chunk({}, finish_reason="stop"),
        chunk({"content": "z"}, 1),
    ]
)
items_lists: st.SearchStrategy[list[Item]] = st.lists(
    st.one_of(
        chunk_events(usual_chunks),
        chunk_events(nearly_usual_chunks),
        chunk_events(any_chunks),
        other_items,
    ),
    max_size=8,
).flatmap(lambda items: st.sampled_from([items, [chunk(ROLE), *items]]))


def check(completion: Completion) -> None:
    """Hold what must hold of every completion."""
    assert completion.ended_by in get_args(EndedBy)
    assert completion.complete is (completion.ended_by not in ("eof", "error"))
    severities = {finding.severity for finding in completion.findings}
    assert ("error" in severities) is (not completion.complete)
    as_dict = completion.to_dict()
    json.dumps(as_dict).encode()
    msgspec.json.encode(as_dict)
    if completion.protocol == "openai-chat":
        json.dumps(completion.to_native()).encode()
    for entry in completion.choices:
        for text in (entry.content, entry.reasoning, entry.refusal):
            assert text is None or isinstance(text, str)
        assert all(isinstance(call.arguments, str) for call in entry.tool_calls)


def kept(before: Completion, after: Completion) -> bool:
    """Return whether all that a part of a stream gave is in what the whole of it gave."""
    later = {entry.index: entry for entry in after.choices}
    for entry in before.choices:
        other = later[entry.index]
        pairs = [
            *((getattr(entry, name), getattr(other, name)) for name in ("content", "reasoning")),
            *(
                (one.arguments, two.arguments)
                for one, two in zip(entry.tool_calls, other.tool_calls, strict=False)
            ),
        ]
        # (half a character may have become a whole one)
        if not all((two or "").startswith((one or "").rstrip("\ufffd")) for one, two in pairs):
            return False
        if len(other.tool_calls) < len(entry.tool_calls):
            return False
    return (before.id in (None, after.id)) and (before.model in (None, after.model))


# Two speeds, one behaviour.


@given(items_lists)
def test_the_fast_path_changes_nothing(items: list[Item]) -> None:
    fast, fast_deltas = run(OpenAIChat(), items)
    slow, slow_deltas = run(OneSpeed(), items)
    assert fast_deltas == slow_deltas
    assert repr(fast) == repr(slow)  # (NaN is not equal to itself)
    check(fast)


@given(items_lists)
def test_asking_for_deltas_or_snapshots_changes_nothing(items: list[Item]) -> None:
    silent = Assembler("openai-chat")
    silent.feed_all(items)
    curious = Assembler("openai-chat")
    for count, item in enumerate(items, 1):
        curious.feed(item)
        if count % 2:
            assert curious.snapshot.ended_by
    assert repr(silent.snapshot) == repr(curious.snapshot)
    assert repr(silent.close()) == repr(curious.close())


def test_usual_chunks_do_take_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[Item] = []
    take_any = OpenAIChat._take_any

    def count(self: OpenAIChat, item: Item, deltas: Any) -> None:
        slow.append(item)
        take_any(self, item, deltas)

    monkeypatch.setattr(OpenAIChat, "_take_any", count)
    completion = assemble_source(FIXTURES / "xai-grok-beta.txt")
    assert completion.complete
    assert len(slow) == 3  # the first chunk, the last, and [DONE]


@given(st.data())
def test_where_the_reads_end_changes_nothing(data: st.DataObject) -> None:
    items = data.draw(items_lists)
    body = body_of(items)
    whole = assemble_source(body)
    assert repr(assemble_source(data.draw(chunkings(body)))) == repr(whole)


# Deltas and snapshots.


@given(items_lists)
def test_deltas_add_up_to_the_completion(items: list[Item]) -> None:
    completion, deltas = run(OpenAIChat(), items)

    def total(kind: str, index: int, tool_call: int | None = None) -> str:
        """Return the pieces as one text, as a completion has it."""
        pieces = [
            delta.text
            for delta in deltas
            if (delta.kind, delta.choice, delta.tool_call) == (kind, index, tool_call)
        ]
        return join(pieces) or ""

    for entry in completion.choices:
        assert total("content", entry.index) == (entry.content or "")
        assert total("reasoning", entry.index) == (entry.reasoning or "")
        assert total("refusal", entry.index) == (entry.refusal or "")
        for place, call in enumerate(entry.tool_calls):
            assert total("arguments", entry.index, place) == call.arguments
        if entry.function_call is not None:
            assert total("arguments", entry.index) == entry.function_call.arguments
    usages = [delta.json() for delta in deltas if delta.kind == "usage"]
    last = completion.usage.raw if completion.usage else None
    assert repr(usages[-1] if usages else None) == repr(last)
    begun = {(d.choice, d.tool_call) for d in deltas if d.kind == "tool_call"}
    assert begun == {
        *((c.index, place) for c in completion.choices for place in range(len(c.tool_calls))),
        *((c.index, None) for c in completion.choices if c.function_call is not None),
    }
    finishes = {delta.choice: join([delta.text]) for delta in deltas if delta.kind == "finish"}
    assert finishes == {c.index: c.finish_reason for c in completion.choices if c.finish_reason}


@given(items_lists, st.sampled_from([None, "openai-chat", "unknown"]))
def test_a_snapshot_is_the_assembly_of_what_came_and_stays_so(
    items: list[Item], protocol: str | None
) -> None:
    assembler = Assembler(protocol)
    taken = []
    for item in items:
        assembler.feed(item)
        taken.append((assembler.snapshot, repr(assembler.snapshot)))
    for count, (snapshot, text) in enumerate(taken, 1):
        fresh = Assembler(protocol)
        fresh.feed_all(items[:count])
        assert repr(snapshot) == text == repr(fresh.snapshot)


# Damage.


@cache
def items_of(body: bytes) -> list[Item]:
    """Return the items of a body as ``assemble`` sees them."""
    decoder = Decoder(keep_unknown=True)
    items = decoder.feed(body)
    leftover = decoder.close()
    return items if leftover is None else [*items, leftover]


@cache
def fixture_bodies() -> list[bytes]:
    return [(FIXTURES / "openai-chat" / name).read_bytes() for name in FIXTURE_NAMES]


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


RETYPED: list[Any] = [
    *(None, True, 0, -7, 2**70, 1.5, float("nan"), "", "text", "\ud800"),
    *([], {}, [None], ["text"], [[]], {"text": "t"}, {"index": None}),
]


def damage_value(data: str, chance: random.Random) -> str:
    """Return JSON with one value somewhere in it removed or made another."""
    try:
        payload = json.loads(data)
    except ValueError:
        return data
    places = list(paths(payload))
    if not places:
        return json.dumps(chance.choice(RETYPED))
    *way, last = chance.choice(places)
    target = payload
    for key in way:
        target = target[key]
    if chance.random() < 0.3:
        del target[last]
    else:
        target[last] = chance.choice(RETYPED)
    return json.dumps(payload)


def damage(items: list[Item], chance: random.Random) -> tuple[list[Item], int]:
    """Return the items with one thing broken, and how many of them come before it."""
    at = chance.randrange(len(items))
    before, item, after = items[:at], items[at], items[at + 1 :]
    kind = chance.choice(["drop", "repeat", "swap", "cut", "end", "value", "value", "value"])
    if kind == "drop":
        return [*before, *after], at
    if kind == "repeat":
        return [*before, item, item, *after], at
    if kind == "swap":
        return [*before, *after[:1], item, *after[1:]], at
    if kind == "end":
        return before, at
    if isinstance(item, ServerSentEvent):
        data = item.data
        broken = data[: chance.randrange(len(data) + 1)] if kind == "cut" else ""
        item = ServerSentEvent(broken if kind == "cut" else damage_value(data, chance), item.event)
    return [*before, item, *after], at


def check_damaged(items: list[Item], seed: int) -> None:
    damaged, at = damage(items, random.Random(seed))
    for protocol in (None, "openai-chat"):
        assembler = Assembler(protocol)
        for item in damaged[:at]:
            assembler.feed(item)
        before = assembler.snapshot
        for item in damaged[at:]:
            assembler.feed(item)
        assert assembler.state in State
        completion = assembler.close()
        check(completion)
        if protocol is not None:
            assert kept(before, completion)


@given(st.integers(0, len(FIXTURE_NAMES) - 1), st.integers(0, 2**32))
def test_a_damaged_fixture_raises_nothing_and_loses_nothing_that_came_before(
    which: int, seed: int
) -> None:
    check_damaged(items_of(fixture_bodies()[which]), seed)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_damaged_recorded_stream_raises_nothing_and_loses_nothing(path: Any) -> None:
    items = items_of(path.read_bytes())
    for seed in range(8):
        check_damaged(items, seed)


@pytest.mark.parametrize("name", FIXTURE_NAMES)
def test_a_fixture_can_be_cut_at_any_byte(name: str) -> None:
    body = (FIXTURES / "openai-chat" / name).read_bytes()
    small = len(body) < 1300
    places = range(len(body)) if small else random.Random(1).sample(range(len(body)), 120)
    whole = assemble_source(body)
    for place in places:
        completion = assemble_source(body[:place])
        check(completion)
        if completion.choices:
            assert kept(completion, whole)


# Values that JSON allows, or nearly, and that are hard to hold.

ANYWHERE = {
    "nested deeply": "[" * 400 + "]" * 400,
    "nested too deeply": '{"a":' * 5000 + "1" + "}" * 5000,
    "nested as deeply as Python's stack": "[" * 970 + "]" * 970,
    "a huge number": "9" * 400,
    "a number Python refuses": "9" * 5000,
    "a number over 64 bits": str(2**64),
    "a number below 64 bits": str(-(2**63) - 1),
    "infinity": "1e999",
    "NaN": "NaN",
    "a lone surrogate": '"a\\ud800b"',
    "an object with a lone surrogate": '{"message": "\\udc00", "\\ud800": 1, "text": "\\ud83d"}',
    "duplicate keys": '{"index": 1, "index": 0, "text": "a", "text": "b"}',
    "a NUL": '"\\u0000"',
    "a raw control character": '"\x01"',
    "no value": "",
    "two values": "1 2",
}
CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}
EVERYTHING: dict[str, Any] = {
    "id": ID,
    "object": "chat.completion.chunk",
    "created": CREATED,
    "model": MODEL,
    "system_fingerprint": "fp",
    "citations": ["https://example.com/"],
    "choices": [
        {
            "index": 0,
            "delta": {
                "role": "assistant",
                "content": "x",
                "reasoning": "y",
                "refusal": "z",
                "tool_calls": [CALL],
                "function_call": {"name": "f", "arguments": "{"},
                "audio": {"id": "a", "data": "AA", "transcript": "t", "expires_at": 1},
                "annotations": [{"type": "url_citation"}],
                "reasoning_details": [{"type": "t", "index": 0, "text": "y", "signature": "s"}],
            },
            "logprobs": {"content": [{"token": "x"}], "refusal": None},
            "finish_reason": "stop",
            "usage": USAGE,
            "error": {"message": "no"},
        }
    ],
    "usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 1}},
    "x_groq": {"usage": USAGE},
    "error": {"message": "no", "code": 1},
}
USUAL: dict[str, Any] = {
    "id": ID,
    "object": "chat.completion.chunk",
    "created": CREATED,
    "model": MODEL,
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "x"}}],
    "usage": {**USAGE, "details": {"cached_tokens": 1}},
}


def with_raw(payload: dict[str, Any], path: tuple[str | int, ...], raw: str) -> ServerSentEvent:
    """Return the event of a chunk that has a piece of raw JSON text at a path."""
    changed = json.loads(json.dumps(payload))
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = "@@"
    return ServerSentEvent(json.dumps(changed).replace('"@@"', raw, 1))


@pytest.mark.parametrize("raw", ANYWHERE.values(), ids=ANYWHERE.keys())
@pytest.mark.parametrize("payload", [EVERYTHING, USUAL], ids=["everything", "usual"])
def test_any_value_anywhere_raises_nothing_and_changes_no_speed(
    payload: dict[str, Any], raw: str
) -> None:
    for path in paths(payload):
        hard = with_raw(payload, path, raw)
        items = [chunk({**ROLE, "content": "be"}), hard, chunk({"content": "fore"}), DONE]
        fast, fast_deltas = run(OpenAIChat(), items)
        slow, slow_deltas = run(OneSpeed(), items)
        check(fast)
        assert (fast.content or "").startswith("be"), path
        assert (fast.content or "").endswith("fore") or path[0] == "choices", path
        assert repr(fast) == repr(slow), path
        assert fast_deltas == slow_deltas, path
        for delta in fast_deltas:
            delta.json()
        check(assemble_source(items))
        check(assemble_source([hard]))


@pytest.mark.parametrize("raw", ANYWHERE.values(), ids=ANYWHERE.keys())
def test_any_value_in_an_error_raises_nothing(raw: str) -> None:
    texts = [
        raw,
        f'{{"message": {raw}}}',
        f'{{"error": {raw}}}',
        f'{{"error": {{"message": {raw}}}}}',
    ]
    for text in texts:
        for hard in (ServerSentEvent(text, "error"), UnknownField("error", text)):
            completion = fold(chunk({"content": "before"}), hard)
            check(completion)
            assert (completion.content, completion.ended_by) == ("before", "error")
            check(assemble_source([hard]))


@pytest.mark.parametrize("depth", [150, *range(900, 1000, 5)])
def test_no_depth_of_json_raises_anything(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for text in (f'{{"error": {{"x": {deep}}}}}', f'{{"choices": [{{"usage": {{"x": {deep}}}}}]}}'):
        for name in ("message", "error"):
            check(fold(chunk({"content": "before"}), ServerSentEvent(text, name)))


def test_events_made_by_hand_may_hold_half_a_character() -> None:
    data = chunk({"content": "@"}).data.replace("@", "\ud83d")
    check(fold(chunk(ROLE), ServerSentEvent(data)))
    check(fold(chunk(ROLE), ServerSentEvent("\ud83d")))
    check(fold(chunk(ROLE), ServerSentEvent("\ud83d", "error")))


# Costs, counted.


class Joins:
    """Counts how often fragments are joined, and how many characters that gives."""

    def __init__(self) -> None:
        self.count = self.characters = 0

    def __call__(self, fragments: list[str]) -> str | None:
        text = join(fragments)
        if text:
            self.count += 1
            self.characters += len(text)
        return text


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> Joins:
    counter = Joins()
    monkeypatch.setattr(_builder, "join", counter)
    return counter


def test_a_hundred_thousand_deltas_are_joined_once(joins: Joins) -> None:
    piece = "x" * 100
    count = 100_000
    one = chunk({"content": piece})
    assembler = Assembler()
    assembler.feed(chunk(ROLE))
    assembler.feed_all(one for _ in range(count))
    assert joins.count == 0
    completion = assembler.close()
    assert (joins.count, joins.characters) == (1, count * len(piece))
    assert completion.content == piece * count


def peak_of(items: Iterator[Item]) -> tuple[Completion, int]:
    """Return the completion of the items and the most memory that it took, in bytes."""
    tracemalloc.start()
    try:
        completion = Assembler("openai-chat")
        completion.feed_all(items)
        return completion.close(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_a_small_multiple_of_the_content() -> None:
    piece, count = "x" * 200, 20_000
    data = chunk({"content": piece}).data
    completion, peak = peak_of(
        ServerSentEvent(data) if n else chunk(ROLE) for n in range(count + 1)
    )
    size = len(piece) * count
    assert completion.content is not None
    assert len(completion.content) == size
    assert size < peak < 4 * size


def test_a_tool_call_of_ten_mebibytes_is_joined_once_in_little_memory(joins: Joins) -> None:
    piece, count = "x" * 1024, 10 * 1024
    go_on = calls(call_piece(0, arguments=piece))
    begin = calls(call_piece(0, "call_1", "write", ""))
    completion, peak = peak_of(go_on if n else begin for n in range(count + 1))
    size = len(piece) * count
    assert (joins.count, joins.characters) == (1, size)
    assert len(completion.tool_calls[0].arguments) == size
    assert size < peak < 4 * size


def python_calls(assembler: Assembler, items: list[ServerSentEvent]) -> int:
    """Return how many function calls it takes to fold the items in."""
    count = 0

    def profile(frame: object, kind: str, argument: object) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    gc.disable()  # Hypothesis watches the collector with a function of its own
    sys.setprofile(profile)
    try:
        for item in items:
            assembler.feed(item)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize(
    "piece",
    [
        chunk({"content": "x"}),
        chunk({"content": "x"}, unheard_of=1),
        calls(call_piece(0, arguments="x")),
        chunk({"refusal": "x"}),
        chunk({"annotations": [{"n": 1}]}),
        chunk({"audio": {"data": "AA"}}),
        chunk({"reasoning_details": [{"type": "t", "text": "x"}]}),
        chunk({"content": [{"type": "image"}]}),
        event({"choices": [choice({}, logprobs={"content": [1]})]}),
        ServerSentEvent("no JSON"),
    ],
)
def test_a_late_piece_costs_as_many_calls_as_an_early_one(piece: ServerSentEvent) -> None:
    assembler = Assembler()
    assembler.feed_all([chunk(ROLE), calls(call_piece(0, "a", "f")), piece, piece])
    early = python_calls(assembler, [piece] * 20)
    assembler.feed_all([piece] * 2000)
    assert python_calls(assembler, [piece] * 20) == early
