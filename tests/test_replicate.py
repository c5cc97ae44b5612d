"""Replicate's streams: what an event is stands in its name, and its data is plain text."""

from __future__ import annotations

import pytest
from chunks import FIXTURES, codes

from sseparse import Assembler, Completion, Delta, ServerSentEvent, assemble

DONE = ServerSentEvent("{}", "done")


def output(text: str) -> ServerSentEvent:
    return ServerSentEvent(text, "output")


def fold(*events: ServerSentEvent) -> Completion:
    return assemble(events, "replicate")


@pytest.mark.parametrize(
    "text", ["4", "true", "null", "[1]", "[DONE]", '{"error": "x"}', " a", "a\n\nb ", "\n", "\t"]
)
def test_what_looks_like_json_or_a_marker_or_nothing_is_text(text: str) -> None:
    completion = fold(output("<"), output(text), output(">"), DONE)
    assert completion.content == f"<{text}>"
    assert (completion.ended_by, completion.findings) == ("terminal_event", ())
    assert assemble([output("<"), output(text), output(">"), DONE]) == completion


def test_an_answer_may_be_empty_or_not_there() -> None:
    assert fold(output(""), DONE).content == ""
    assert fold(DONE).content is None
    assert fold(DONE).complete


def test_every_piece_is_a_delta_and_the_end_is_one() -> None:
    assembler = Assembler("replicate")
    events = [output(""), output("a"), output("\n"), DONE]
    deltas = [delta for event in events for delta in assembler.feed(event)]
    assert deltas == [Delta("content", text="a"), Delta("content", text="\n"), Delta("end")]


def test_logs_are_kept_and_are_no_content() -> None:
    completion = fold(output("a"), ServerSentEvent("12%\n", "logs"), ServerSentEvent("99%", "logs"))
    assert (completion.content, completion.extra) == ("a", {"logs": "12%\n99%"})


def test_a_canceled_prediction_ends_properly_with_a_finding() -> None:
    completion = fold(output("a"), ServerSentEvent('{"reason": "canceled"}', "done"))
    assert (completion.complete, codes(completion)) == (True, ["canceled"])
    assert completion.extra == {"reason": "canceled"}


def test_an_end_by_error_is_an_error_even_if_no_event_told_of_it() -> None:
    end = ServerSentEvent('{"reason": "error"}', "done")
    alone = fold(output("a"), end)
    assert (alone.error, alone.ended_by) == ({"reason": "error"}, "error")
    told = fold(output("a"), ServerSentEvent('{"detail": "no"}', "error"), end)
    assert (told.error, codes(told)) == ({"detail": "no"}, ["error-in-stream"])


@pytest.mark.parametrize(
    ("data", "found"),
    [("", []), ("{}", []), ("[DONE]", []), ("bye", ["bad-json"]), ("[1]", ["bad-shape"])],
)
def test_whatever_done_carries_it_is_the_end(data: str, found: list[str]) -> None:
    completion = fold(output("a"), ServerSentEvent(data, "done"))
    assert (completion.ended_by, codes(completion)) == ("terminal_event", found)


def test_output_after_the_end_is_kept_with_a_finding() -> None:
    completion = fold(output("a"), DONE, output("b"))
    assert (completion.content, codes(completion)) == ("ab", ["event-after-done"])


def test_an_event_of_another_name_is_kept() -> None:
    completion = fold(output("a"), ServerSentEvent("x", "metrics"), DONE)
    kept = {"event": "metrics", "data": "x"}
    assert (completion.extra, codes(completion)) == ({"unknown_events": [kept]}, ["unknown-event"])


def test_half_characters_of_events_made_by_hand_are_replaced_everywhere() -> None:
    half = "\ud800"
    names = ["output", "logs", "metrics"]
    completion = fold(*[ServerSentEvent(half, name) for name in names])
    kept = {"event": "metrics", "data": "\ufffd"}
    assert completion.content == completion.extra["logs"] == "\ufffd"
    assert completion.extra["unknown_events"] == [kept]
    told = fold(ServerSentEvent(half, "error"), ServerSentEvent(half, "done"))
    assert told.error == {"message": "\ufffd"}


def test_there_is_no_native_object() -> None:
    completion = assemble(FIXTURES / "replicate" / "complete.txt")
    with pytest.raises(ValueError, match="prediction"):
        completion.to_native()
