"""The deltas of all protocols speak one language: who can follow one can follow them all."""

from __future__ import annotations

import json
from itertools import chain
from typing import get_args

import pytest
from streams import BY_TURNS, EVERY, Stream, follow, name_of, replaces

from sseparse import Assembler, Choice, Completion, Delta, ToolCall, assemble
from sseparse.assembly._delta import DeltaKind
from sseparse.assembly._json import JSONValue, join
from sseparse.assembly._progress import error_text

KINDS = get_args(DeltaKind)
CALLS = [("tool_calls", False), ("server_tool_calls", True)]


def joined(deltas: list[Delta], kind: str, choice: int) -> str | None:
    """Return the texts of one kind, for one choice, as one text; None where there are none."""
    return join([delta.text for delta in deltas if (delta.kind, delta.choice) == (kind, choice)])


def calls_of(completion: Completion) -> dict[tuple[int, bool, int | None], ToolCall]:
    """Return all tool calls, by what the deltas about them say: choice, server, tool_call."""
    found: dict[tuple[int, bool, int | None], ToolCall] = {
        (choice.index, server, place): call
        for choice in completion.choices
        for name, server in CALLS
        for place, call in enumerate(getattr(choice, name))
    }
    for choice in completion.choices:
        if (function := choice.function_call) is not None:
            found[choice.index, False, None] = ToolCall(None, function.name, function.arguments)
    return found


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_every_delta_is_of_a_known_kind_and_of_a_choice_that_there_is(stream: Stream) -> None:
    completion, deltas = follow(stream.items, stream.protocol)
    indices = {choice.index for choice in completion.choices} | {0}
    for delta in deltas:
        assert delta.kind in KINDS
        assert delta.choice in indices
        assert isinstance(delta.text, str)
        json.dumps(delta.json())
        assert (delta.json() is not None) is (delta.kind in ("citation", "usage", "error"))
        assert delta.server is False or delta.kind in ("tool_call", "arguments")
        assert delta.tool_call is None or delta.kind in ("tool_call", "arguments")
        assert delta.id is None or delta.kind == "tool_call"
        assert delta.text or delta.kind not in ("content", "reasoning", "refusal", "arguments")


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_the_texts_of_the_deltas_are_the_texts_of_the_choice(stream: Stream) -> None:
    completion, deltas = follow(stream.items, stream.protocol)
    replaced = {name for finding in completion.findings for name in replaces(completion, finding)}
    for choice in completion.choices:
        for kind in sorted({"content", "reasoning", "refusal"} - replaced):
            told, text = joined(deltas, kind, choice.index) or "", getattr(choice, kind) or ""
            assert told == text or (stream.protocol in BY_TURNS and sorted(told) == sorted(text))


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_a_call_is_told_before_its_arguments_and_they_are_told_whole(stream: Stream) -> None:
    completion, deltas = follow(stream.items, stream.protocol)
    told: dict[tuple[int, bool, int | None], list[Delta]] = {}
    for delta in deltas:
        if delta.kind in ("tool_call", "arguments"):
            told.setdefault((delta.choice, delta.server, delta.tool_call), []).append(delta)
    calls = calls_of(completion)
    assert told.keys() == calls.keys()
    for key, call in calls.items():
        assert told[key][0].kind == "tool_call"
        begun = [delta for delta in told[key] if delta.kind == "tool_call"]
        # (Twice if the name comes late; of a provider's own call the type is told till then.)
        assert len(begun) == 1 or (len(begun) == 2 and begun[0].text in ("", call.type))
        assert begun[-1].text == (call.name or (call.type if key[1] else ""))
        assert {delta.id for delta in begun} <= {call.id, None}
        assert begun[0].id == call.id or begun[-1].id == call.id
        pieces = [delta.text for delta in told[key] if delta.kind == "arguments"]
        assert (join(pieces) or "") == call.arguments


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_what_comes_as_an_object_is_told_as_it_came(stream: Stream) -> None:
    completion, deltas = follow(stream.items, stream.protocol)
    objects: dict[str, list[JSONValue]] = {
        kind: [delta.json() for delta in deltas if delta.kind == kind] for kind in KINDS
    }
    cited = chain.from_iterable(choice.annotations for choice in completion.choices)
    assert objects["citation"] == list(cited)
    assert bool(objects["error"]) is (completion.error is not None)
    if completion.error is not None:
        (first, *_) = [delta for delta in deltas if delta.kind == "error"]
        assert first.text == error_text(completion.error)
        # Responses tells an error twice, in two forms: once is enough, and the second one stands.
        assert first.json() == completion.error or completion.protocol == "openai-responses"
    assert bool(objects["usage"]) is (completion.usage is not None)
    if completion.usage is not None:
        # The last usage, or the last part of it: Anthropic lays one over the other.
        *_, last = objects["usage"]
        assert isinstance(last, dict)
        said = {key: value for key, value in last.items() if value is not None}
        assert {**completion.usage.raw, **said} == completion.usage.raw
        if completion.protocol != "anthropic-messages":
            assert last == completion.usage.raw


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_the_end_is_told_once_and_so_is_why(stream: Stream) -> None:
    completion, deltas = follow(stream.items, stream.protocol)
    kinds = [delta.kind for delta in deltas]
    if completion.ended_by in ("done_marker", "terminal_event"):
        again = any(finding.code == "event-after-done" for finding in completion.findings)
        assert kinds.count("end") == 1 or (again and kinds.count("end") > 1)
    elif completion.ended_by != "error":
        assert kinds.count("end") == 0
    finishes = {delta.choice: delta.text for delta in deltas if delta.kind == "finish"}
    reasons = {choice.index: choice.finish_reason for choice in completion.choices}
    assert finishes == {index: reason for index, reason in reasons.items() if reason is not None}


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_looking_on_changes_nothing_and_what_was_seen_stays_as_it_was(stream: Stream) -> None:
    unseen = Assembler()
    unseen.feed_all(stream.items)
    assembler = Assembler()
    snapshots: list[tuple[Completion, str]] = []
    for item in stream.items:
        assembler.feed(item)
        snapshots.append((assembler.snapshot, json.dumps(assembler.snapshot.to_dict())))
    whole = assembler.close()
    assert whole == unseen.close() == assemble(stream.items)
    for snapshot, as_seen in snapshots:
        assert json.dumps(snapshot.to_dict()) == as_seen
    last, _ = snapshots[-1]
    assert (last.choices, last.usage, last.extra) == (whole.choices, whole.usage, whole.extra)


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_deltas_are_the_same_whether_the_protocol_was_named_or_recognised(stream: Stream) -> None:
    if stream.protocol != "unknown":  # (which is only known at the end, when no deltas are told)
        assert follow(stream.items) == follow(stream.items, stream.protocol)


def test_the_kinds_are_all_met_with() -> None:
    met = {delta.kind for stream in EVERY for delta in follow(stream.items, stream.protocol)[1]}
    assert met == set(KINDS)


def test_calls_are_found_by_what_the_deltas_say_of_them() -> None:
    mine, theirs = ToolCall("a", "f", "1"), ToolCall("b", "g", "2")
    choice = Choice(1, tool_calls=(mine,), server_tool_calls=(theirs,))
    found = calls_of(Completion("x", choices=(choice,)))
    assert found == {(1, False, 0): mine, (1, True, 0): theirs}
