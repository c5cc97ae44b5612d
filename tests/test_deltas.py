"""Deltas say what each event added, and add up to the completion."""

from __future__ import annotations

import pytest
from chunk_strategies import items_lists
from chunks import (
    DONE,
    ERROR,
    ROLE,
    USAGE,
    call_piece,
    calls,
    choice,
    chunk,
    chunk_of,
    deltas_of,
    event,
    fold,
    run,
)
from hypothesis import given

from sseparse import Delta, ServerSentEvent
from sseparse._events import Item
from sseparse.assembly._json import JSONObject, join
from sseparse.assembly.protocols._openai_chat import OpenAIChat


def test_deltas_say_what_each_event_added() -> None:
    citation: JSONObject = {"type": "url_citation", "url": "https://example.com/"}
    items = [
        chunk({**ROLE, "content": ""}),
        chunk({"reasoning": "Hm"}),
        chunk({"content": "a", "refusal": "n"}, usage=USAGE),
        chunk({"annotations": [citation]}),
        chunk({"audio": {"data": "AA", "transcript": "t"}}),
        calls(call_piece(0, "c", "f", "{}")),
        chunk({"function_call": {"name": "g", "arguments": "1"}}),
        chunk({}, 1, "stop"),
        chunk({}, x_groq={"usage": USAGE}),
        chunk_of(choice({}, usage=USAGE)),
        DONE,
        event({"error": ERROR}),
    ]
    deltas = deltas_of(*items)
    told = [(d.kind, d.choice, d.text, d.tool_call, d.id, d.json()) for d in deltas]
    assert told == [
        ("reasoning", 0, "Hm", None, None, None),
        ("content", 0, "a", None, None, None),
        ("refusal", 0, "n", None, None, None),
        ("usage", 0, "", None, None, USAGE),
        ("citation", 0, "", None, None, citation),
        ("audio", 0, "t", None, None, None),
        ("tool_call", 0, "f", 0, "c", None),
        ("arguments", 0, "{}", 0, None, None),
        ("tool_call", 0, "g", None, None, None),
        ("arguments", 0, "1", None, None, None),
        ("finish", 1, "stop", None, None, None),
        ("usage", 0, "", None, None, USAGE),
        ("usage", 0, "", None, None, USAGE),
        ("end", 0, "", None, None, None),
        ("error", 0, "overloaded", None, None, ERROR),
    ]


@pytest.mark.parametrize("blank", ["\u00a0", " ", "\n", "\u3000"])
def test_a_usage_delta_can_be_read_whatever_blanks_stand_before_the_json(blank: str) -> None:
    data = blank + chunk(ROLE, usage=USAGE).data
    assert [delta.json() for delta in deltas_of(ServerSentEvent(data))] == [USAGE]


def test_deltas_of_one_more_citation_do_not_repeat_the_others() -> None:
    deltas = deltas_of(*[chunk({"annotations": [{"n": n}]}) for n in range(3)])
    assert [delta.json() for delta in deltas] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_delta_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Delta("content").text = "x"  # type: ignore[misc]  # what is to be refused


def test_half_a_character_waits_for_its_other_half_and_no_delta_has_one() -> None:
    halves = [
        ServerSentEvent('{"choices":[{"index":0,"delta":{"content":"Ha \\ud83d"}}]}'),
        ServerSentEvent('{"choices":[{"index":0,"delta":{"content":"\\ude00!"}}]}'),
        ServerSentEvent('{"choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}'),
        ServerSentEvent('{"choices":[{"index":0,"delta":{"content":"."}}]}'),
    ]
    assert [delta.text for delta in deltas_of(*halves)] == ["Ha ", "😀!", "", "."]
    assert fold(*halves).content == "Ha 😀!\ufffd."


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
        return known("".join(pieces))

    def known(text: str | None) -> str:
        """Return a text less the halves of characters: no delta tells of one that stays alone."""
        return (text or "").replace("\ufffd", "")

    for entry in completion.choices:
        assert total("content", entry.index) == known(entry.content)
        assert total("reasoning", entry.index) == known(entry.reasoning)
        assert total("refusal", entry.index) == known(entry.refusal)
        for place, call in enumerate(entry.tool_calls):
            assert total("arguments", entry.index, place) == known(call.arguments)
        if entry.function_call is not None:
            assert total("arguments", entry.index) == known(entry.function_call.arguments)
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
