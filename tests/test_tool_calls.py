"""Tool calls: which of them a piece belongs to, and what becomes of their names and arguments."""

from __future__ import annotations

import pytest
from chunks import call_piece, calls, deltas_of, fold

from sseparse import ToolCall
from sseparse.assembly._json import JSONObject


def test_the_index_names_the_slot_of_a_tool_call() -> None:
    completion = fold(
        calls(call_piece(0, "a", "one", "{"), call_piece(1, "b", "two", "[")),
        calls(call_piece(1, arguments="]"), call_piece(0, arguments="}")),
        calls(call_piece(5, "c", "three", "1")),
    )
    assert completion.tool_calls == (
        ToolCall("a", "one", "{}"),
        ToolCall("b", "two", "[]"),
        ToolCall("c", "three", "1"),
    )


def test_another_id_with_a_name_at_the_same_index_opens_a_new_call() -> None:
    completion = fold(
        calls(call_piece(0, "a", "one", "{}")),
        calls(call_piece(0, "b", "two", "[")),
        calls(call_piece(0, arguments="]")),
    )
    assert completion.tool_calls == (ToolCall("a", "one", "{}"), ToolCall("b", "two", "[]"))


def test_two_calls_with_one_index_in_one_chunk_are_two_calls() -> None:
    completion = fold(calls(call_piece(0, "a", "one", "{}"), call_piece(0, "b", "two", "[]")))
    assert [call.id for call in completion.tool_calls] == ["a", "b"]


def test_another_id_without_a_name_at_the_same_index_opens_no_call() -> None:
    completion = fold(calls(call_piece(0, "a", "one", "{")), calls(call_piece(0, "z", None, "}")))
    assert completion.tool_calls == (ToolCall("a", "one", "{}"),)


def test_an_id_and_name_that_are_repeated_open_no_call_and_do_not_concatenate() -> None:
    piece = call_piece(0, "a", "one", "x")
    assert fold(calls(piece), calls(piece), calls(piece)).tool_calls == (
        ToolCall("a", "one", "xxx"),
    )


def test_a_call_that_goes_on_after_another_took_its_index_is_found_by_its_id_and_name() -> None:
    a, b = call_piece(0, "a", "one", "1"), call_piece(0, "b", "two", "2")
    completion = fold(calls(a), calls(b), calls(a), calls(b))
    assert completion.tool_calls == (ToolCall("a", "one", "11"), ToolCall("b", "two", "22"))


def test_without_an_index_the_id_finds_the_call() -> None:
    completion = fold(
        calls(call_piece(None, "a", "one", "{"), call_piece(None, "b", "two", "[")),
        calls(call_piece(None, "a", None, "}")),
        calls(call_piece(None, "b", "two", "]")),
    )
    assert completion.tool_calls == (ToolCall("a", "one", "{}"), ToolCall("b", "two", "[]"))


def test_without_index_id_and_name_the_last_call_goes_on() -> None:
    completion = fold(
        calls(call_piece(None, "a", "one")),
        calls(call_piece(None, "b", "two", "[")),
        calls(call_piece(None, None, None, "]")),
    )
    assert completion.tool_calls == (ToolCall("a", "one"), ToolCall("b", "two", "[]"))


def test_without_an_index_a_new_id_or_a_name_alone_opens_a_call() -> None:
    completion = fold(
        calls(call_piece(None, "a", "one")),
        calls(call_piece(None, "b")),
        calls(call_piece(None, None, "three")),
    )
    assert completion.tool_calls == (
        ToolCall("a", "one"),
        ToolCall("b"),
        ToolCall(None, "three"),
    )


def test_a_name_may_come_after_the_arguments() -> None:
    items = [calls(call_piece(0, "a", "", "{}")), calls(call_piece(0, None, "late"))]
    assert fold(*items).tool_calls == (ToolCall("a", "late", "{}"),)
    begins = [delta for delta in deltas_of(*items) if delta.kind == "tool_call"]
    assert [(delta.id, delta.text, delta.tool_call) for delta in begins] == [
        ("a", "", 0),
        ("a", "late", 0),
    ]


def test_arguments_that_are_an_object_are_written_as_json() -> None:
    completion = fold(calls(call_piece(0, "a", "one", {"n": [1, None], "é": "\ud83d"})))
    assert completion.tool_calls[0].arguments in (
        '{"n":[1,null],"\\u00e9":"\\ud83d"}',
        '{"n":[1,null],"é":"\ufffd"}',
    )
    assert completion.tool_calls[0].parsed()


def test_arguments_are_parsed_when_asked_for() -> None:
    assert ToolCall(arguments='{"a": [1]}').parsed() == {"a": [1]}
    assert ToolCall(arguments=" ").parsed() == {}
    with pytest.raises(ValueError, match=r"."):
        ToolCall(arguments='{"a": [1').parsed()


def test_a_custom_tool_call_has_its_input_as_arguments() -> None:
    first = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh", "input": "l"}}
    completion = fold(calls(first), calls({"index": 0, "custom": {"input": "s"}}))
    assert completion.tool_calls == (ToolCall("a", "sh", "ls", "custom"),)


def test_further_fields_of_a_tool_call_are_kept() -> None:
    piece: JSONObject = {**call_piece(0, "a", "one"), "extra_content": {"signature": "s"}}
    assert fold(calls(piece)).tool_calls[0].extra == {"extra_content": {"signature": "s"}}
