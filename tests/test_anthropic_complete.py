"""Anthropic's text completions: pieces of one text, and a last event with why it ends."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from chunks import FIXTURES, INDEX, STREAMS, check, codes, event, run

from sseparse import Assembler, Choice, Completion, Decoder, ServerSentEvent, assemble
from sseparse._events import Item
from sseparse.assembly.protocols._anthropic_complete import AnthropicComplete

NAME = "anthropic-complete"
SOURCES = [
    *sorted((FIXTURES / NAME).glob("*.txt")),
    *[STREAMS / entry["file"] for entry in INDEX if entry["dialect"] == NAME],
]


def piece(text: Any, reason: Any = None, **fields: Any) -> ServerSentEvent:
    head = {"type": "completion", "id": "compl_1", "model": "claude-2.1"}
    return event({**head, "completion": text, "stop_reason": reason, **fields}, "completion")


def fold(*items: Item) -> Completion:
    assembler = Assembler(NAME)
    assembler.feed_all(items)
    return assembler.close()


def test_the_pieces_are_one_text() -> None:
    completion = fold(piece(" a"), event({"type": "ping"}), piece("b"), piece("", "max_tokens"))
    assert (completion.content, completion.finish_reason) == (" ab", "max_tokens")
    assert (completion.id, completion.model, completion.role) == ("compl_1", "claude-2.1", None)
    assert (completion.complete, completion.ended_by) == (True, "finish_reason")
    assert completion.findings == ()


def test_the_deltas_are_the_pieces_and_the_reason() -> None:
    _, deltas = run(AnthropicComplete(), [piece("a"), piece("b"), piece("", "stop_sequence")])
    assert [(delta.kind, delta.text) for delta in deltas] == [
        ("content", "a"),
        ("content", "b"),
        ("finish", "stop_sequence"),
    ]


def test_further_fields_are_kept() -> None:
    completion = fold(
        piece("a", stop=None, log_id="l1", truncated=False),
        piece("", "stop_sequence", stop="\n\nHuman:", log_id="l1"),
    )
    assert completion.extra == {"log_id": "l1", "truncated": False, "stop": "\n\nHuman:"}


def test_without_a_stop_reason_it_has_not_ended() -> None:
    completion = fold(piece("a"))
    assert (completion.complete, completion.ended_by) == (False, "eof")


@pytest.mark.parametrize("name", ["error", "message"])
def test_an_error_is_the_inner_object(name: str) -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    completion = fold(piece("a"), event({"type": "error", "error": error}, name))
    assert (completion.error, completion.content, completion.complete) == (error, "a", False)


def test_pieces_after_the_reason_are_kept_with_a_finding() -> None:
    completion = fold(piece("a"), piece("b", "max_tokens"), piece("c"))
    assert (completion.content, codes(completion)) == ("abc", ["delta-after-finish"])


def test_events_unheard_of_are_kept() -> None:
    completion = fold(piece("a"), event({"type": "new", "n": 1}), piece("", "max_tokens"))
    assert completion.extra == {"unknown_events": [{"type": "new", "n": 1}]}
    assert codes(completion) == ["unknown-event"]


@pytest.mark.parametrize("odd", [event(3), piece({"a": 1}), piece(7)])
def test_what_is_of_an_odd_shape_is_a_finding(odd: ServerSentEvent) -> None:
    completion = fold(piece("a"), odd, piece("b", "max_tokens"))
    assert (completion.content, codes(completion)) == ("ab", ["bad-shape"])


def test_odd_values_in_any_place_raise_nothing() -> None:
    chance = random.Random(1)
    odd: list[Any] = [None, True, -1, 1e400, "", [], [1], {}, {"type": {}}, "\ud800", 10**40]
    sound = json.loads(piece("a", stop="x").data)
    for _ in range(300):
        items: list[Item] = []
        for _ in range(4):
            payload = {key: sound[key] for key in sound if chance.random() < 0.9}
            payload[chance.choice(list(sound))] = chance.choice(odd)
            items.append(event(payload, chance.choice(["completion", "error", "message"])))
        completion, _ = run(AnthropicComplete(), items)
        check(completion)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_anthropic_accepts_the_completion_and_reads_the_same_from_it(path: Any) -> None:
    # (Version 1 of the SDK was the last that knew these completions.)
    types = pytest.importorskip("anthropic.types")
    if not hasattr(types, "Completion"):
        pytest.skip("this version of anthropic has no Completion")
    completion = assemble(path)
    theirs = types.Completion.model_validate(completion.to_native())
    assert (theirs.id, theirs.model) == (completion.id, completion.model)
    assert theirs.completion == completion.content
    assert theirs.stop_reason == completion.finish_reason


def test_where_the_reads_end_changes_nothing() -> None:
    body = (FIXTURES / NAME / "complete.txt").read_bytes()
    for at in range(len(body)):
        assert assemble([body[:at], body[at:]]) == assemble(body)
    assert len(Decoder().feed(body)) == 5


def test_a_completion_made_by_hand_has_its_native_object() -> None:
    made = Completion(NAME, choices=(Choice(content="a", finish_reason="max_tokens"),))
    assert made.to_native() == {
        "id": "",
        "type": "completion",
        "completion": "a",
        "model": "",
        "stop_reason": "max_tokens",
    }
