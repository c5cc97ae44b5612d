"""Errors that come in the stream: each form is seen, and what came before and after is kept."""

from __future__ import annotations

import pytest
from chunks import DONE, ERROR, HELLO, ID, ROLE, STOP, choice, chunk, chunk_of, codes, event, fold

from sseparse import ServerSentEvent, UnknownField, assemble
from sseparse.assembly._json import JSONValue

ERRORS = {
    "an error key": event({"error": ERROR}),
    "an error key beside choices": chunk({"content": ""}, finish_reason="error", error=ERROR),
    "an error key without choices": chunk_of(error=ERROR),
    "an event named error": event({"error": ERROR}, "error"),
    "an event named error, bare": event(ERROR, "error"),
    "type error": event({"type": "error", "error": ERROR}),
    "object error": event({"object": "error", "error": ERROR}),
    "an error in a choice": chunk_of(choice({}, error=ERROR)),
    "a field named error": UnknownField("error", str(event(ERROR).data)),
    "a field named error, wrapped": UnknownField("error", str(event({"error": ERROR}).data)),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_of_any_form_ends_the_completion_and_keeps_what_came(
    error: ServerSentEvent | UnknownField,
) -> None:
    completion = fold(*HELLO[:3], error, DONE)
    assert completion.error == ERROR
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert (completion.content, completion.id) == ("Hello", ID)
    assert [(f.code, f.severity) for f in completion.findings] == [("error-in-stream", "error")]
    assert "overloaded" in completion.findings[0].message


def test_an_error_that_is_the_whole_object_is_kept_whole() -> None:
    for whole in ({"object": "error", **ERROR}, {**ERROR, "type": "error"}):
        assert fold(*HELLO[:2], event(whole)).error == whole


@pytest.mark.parametrize("text", ["", "Service unavailable", "529"])
def test_an_error_event_without_json_is_an_error_all_the_same(text: str) -> None:
    completion = fold(chunk(ROLE), ServerSentEvent(text, "error"))
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert text in str(completion.error)


def test_the_first_error_stands_and_each_is_a_finding() -> None:
    completion = fold(chunk(ROLE), event({"error": "one"}), event({"error": "two"}))
    assert completion.error == "one"
    assert [f.event_number for f in completion.findings] == [2, 3]


@pytest.mark.parametrize("nothing", [None, {}, "", False])
def test_an_error_that_says_nothing_is_none(nothing: JSONValue) -> None:
    assert fold(chunk(ROLE, error=nothing), STOP, DONE).error is None


def test_what_comes_after_an_error_is_folded_in_and_flagged() -> None:
    completion = fold(chunk(ROLE), event({"error": ERROR}), chunk({"content": "on"}), STOP, DONE)
    assert (completion.content, completion.finish_reason) == ("on", "stop")
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert codes(completion) == ["error-in-stream", "delta-after-error"]


def test_an_error_alone_is_found_whatever_the_protocol() -> None:
    for item in (event({"error": ERROR}), UnknownField("error", event(ERROR).data)):
        completion = assemble([item])
        assert (completion.protocol, completion.error) == ("unknown", ERROR)
        assert [f.code for f in completion.findings] == ["error-in-stream"]
