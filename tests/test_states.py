"""The table of states: it has an answer for everything, and the assembler does what it says."""

from __future__ import annotations

import itertools

import pytest
from chunks import DONE, ERROR, ROLE, STOP, chunk, chunk_of, event

from sseparse import Assembler, ServerSentEvent, State
from sseparse.assembly._states import ORDER, Step
from sseparse.assembly.protocols._unknown import Unknown

STATES_TO: dict[Step, list[ServerSentEvent]] = {
    Step.START: [chunk({"content": "x"}, 7)],
    Step.DELTA: [chunk({"content": "x"})],
    Step.TAIL: [chunk_of()],
    Step.DONE: [DONE],
    Step.ERROR: [event({"error": ERROR})],
}
WAYS_TO: dict[State, list[ServerSentEvent]] = {
    State.WAITING: [chunk_of()],
    State.STREAMING: [chunk(ROLE)],
    State.FINISHED: [chunk(ROLE), STOP],
    State.DONE: [chunk(ROLE), STOP, DONE],
    State.FAILED: [chunk(ROLE), event({"error": ERROR})],
}


def test_the_table_has_an_answer_for_every_step_in_every_state() -> None:
    assert set(ORDER) == set(State)
    for row in ORDER.values():
        assert set(row) == set(Step)
        assert all(isinstance(after, State) for after, _ in row.values())
    from_failed = {after for after, _ in ORDER[State.FAILED].values()}
    assert from_failed == {State.FAILED}  # nothing heals an error
    assert all(row[Step.ERROR][0] is State.FAILED for row in ORDER.values())


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_each_step_does_what_the_table_says(state: State, step: Step) -> None:
    after, code = ORDER[state][step]
    protocol = Unknown()
    protocol.state = state
    protocol.step(step)
    assert protocol.state is after
    assert [finding.code for finding in protocol.findings] == ([code] if code else [])
    for finding in protocol.findings:
        assert repr(state.value) in finding.message
        assert repr(step.value) in finding.message
        assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (state, step)
        for state in State
        for step in STATES_TO
        if (state, step) != (State.WAITING, Step.DELTA)
    ],
)
def test_events_make_the_steps_of_the_table(state: State, step: Step) -> None:
    assembler = Assembler("openai-chat")
    assembler.feed_all(WAYS_TO[state])
    assert assembler.state is state
    before = len(assembler.snapshot.findings)
    assembler.feed_all(STATES_TO[step])
    after, code = ORDER[state][step]
    assert assembler.state is after
    new = [f for f in assembler.snapshot.findings[before:] if f.code != "error-in-stream"]
    assert [finding.code for finding in new] == ([code] if code else [])
