"""How a stream ended, and what is made of events that come after the end."""

from __future__ import annotations

import pytest
from chunks import (
    DONE,
    ERROR,
    HELLO,
    ROLE,
    STOP,
    USAGE,
    choice,
    chunk,
    chunk_of,
    codes,
    event,
    fold,
)

from sseparse import ServerSentEvent
from sseparse.assembly._completion import EndedBy

WHOLE = chunk_of(choice({}, 0, "stop"), object="chat.completion.done")
ENDS: list[tuple[EndedBy, bool, list[ServerSentEvent]]] = [
    ("done_marker", True, HELLO),
    ("terminal_event", True, [*HELLO[:3], WHOLE]),
    ("finish_reason", True, HELLO[:4]),
    ("error", False, [*HELLO[:3], event({"error": ERROR})]),
    ("eof", False, HELLO[:3]),
    ("eof", False, []),
    ("eof", False, [chunk(ROLE), chunk(ROLE, 1), STOP]),
    ("done_marker", True, [*HELLO[:3], WHOLE, DONE]),
    ("error", False, [*HELLO, event({"error": ERROR})]),
]


@pytest.mark.parametrize(("ended_by", "complete", "items"), ENDS)
def test_how_a_stream_ended_is_told(
    ended_by: EndedBy, complete: bool, items: list[ServerSentEvent]
) -> None:
    completion = fold(*items)
    assert (completion.ended_by, completion.complete) == (ended_by, complete)
    errors = [f.code for f in completion.findings if f.severity == "error"]
    told = {"error": ["error-in-stream"], "eof": ["incomplete"]}
    assert errors == told.get(ended_by, [])


def test_done_without_a_finish_reason_is_complete_with_a_warning() -> None:
    completion = fold(*HELLO[:3], DONE)
    assert completion.complete
    assert completion.finish_reason is None
    assert [(f.code, f.severity) for f in completion.findings] == [
        ("done-without-finish-reason", "warning")
    ]


# Going on after the end.


def test_what_comes_after_the_finish_reason_is_folded_in_and_flagged() -> None:
    completion = fold(chunk(ROLE), STOP, chunk({"content": "more"}), DONE)
    assert completion.content == "more"
    assert [(f.code, f.severity, f.event_number) for f in completion.findings] == [
        ("delta-after-finish", "warning", 3)
    ]


def test_a_choice_that_goes_on_is_flagged_also_while_another_is_open() -> None:
    completion = fold(
        chunk(ROLE),
        chunk(ROLE, 1),
        STOP,
        chunk({"content": "more"}),
        chunk({}, 1, "stop"),
        DONE,
    )
    assert completion.content == "more"
    assert codes(completion) == ["delta-after-finish"]


def test_empty_chunks_and_usage_after_the_finish_reason_are_no_news() -> None:
    tail = [chunk({"role": "assistant", "content": ""}, usage=USAGE), chunk_of(usage=USAGE)]
    assert fold(*HELLO[:-1], *tail, DONE).findings == ()


def test_what_comes_after_done_is_folded_in_and_flagged() -> None:
    completion = fold(*HELLO, chunk_of(usage={**USAGE, "cost": 1}), chunk({"content": "!"}))
    assert completion.usage is not None
    assert completion.usage.raw == {**USAGE, "cost": 1}
    assert completion.content == "Hello!"
    assert completion.ended_by == "done_marker"
    assert [(f.code, f.event_number) for f in completion.findings] == [("event-after-done", 6)]


def test_a_choice_that_begins_after_another_has_finished_is_in_order() -> None:
    completion = fold(chunk(ROLE), STOP, chunk(ROLE, 1), chunk({}, 1, "length"), DONE)
    assert completion.findings == ()
    assert [entry.finish_reason for entry in completion.choices] == ["stop", "length"]
