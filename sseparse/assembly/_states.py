"""The order in which a completion's stream may come, as tables.

A stream is in one ``State``; each event makes one or more ``Step``s. ``ORDER`` gives for every pair
the next state and, where the step breaks the legal order, the code of the finding it leaves. Where
an answer is sent in parts, each has a ``PartState``, and ``PART_ORDER`` is the table of its steps.
Both are total: nothing a server sends can lead outside of them, and nothing is ever raised.

The tables are the same for all protocols. What differs is which of a protocol's events is which
step; each says so in a table of its own, ``STEPS``.
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where the stream of a completion stands."""

    __hash__ = object.__hash__  # Enum's is a function in Python, and keys are what these are for

    WAITING = "waiting"  # nothing of the answer has come
    STREAMING = "streaming"  # some choice has begun and has no finish_reason yet
    FINISHED = "finished"  # every choice has its finish_reason; usage may follow
    DONE = "done"  # the end marker has come
    FAILED = "failed"  # the stream carried an error


class Step(Enum):
    """What an event does to the completion."""

    __hash__ = object.__hash__

    START = "start"  # a choice begins
    DELTA = "delta"  # a choice grows
    FINISH = "finish"  # the last open choice gets its finish_reason
    TAIL = "tail"  # nothing grows: usage, filter results, a padding chunk
    DONE = "done"  # the end marker
    ERROR = "error"  # an error in the stream


ORDER: dict[State, dict[Step, tuple[State, str | None]]] = {
    State.WAITING: {
        Step.START: (State.STREAMING, None),
        Step.DELTA: (State.STREAMING, None),
        Step.FINISH: (State.FINISHED, None),
        Step.TAIL: (State.WAITING, None),
        Step.DONE: (State.DONE, "done-without-finish-reason"),
        Step.ERROR: (State.FAILED, None),
    },
    State.STREAMING: {
        Step.START: (State.STREAMING, None),
        Step.DELTA: (State.STREAMING, None),
        Step.FINISH: (State.FINISHED, None),
        Step.TAIL: (State.STREAMING, None),
        Step.DONE: (State.DONE, "done-without-finish-reason"),
        Step.ERROR: (State.FAILED, None),
    },
    State.FINISHED: {
        Step.START: (State.STREAMING, None),  # another choice, whose first chunk comes late
        Step.DELTA: (State.FINISHED, "delta-after-finish"),
        Step.FINISH: (State.FINISHED, None),
        Step.TAIL: (State.FINISHED, None),
        Step.DONE: (State.DONE, None),
        Step.ERROR: (State.FAILED, None),
    },
    State.DONE: {
        Step.START: (State.DONE, "event-after-done"),
        Step.DELTA: (State.DONE, "event-after-done"),
        Step.FINISH: (State.DONE, "event-after-done"),
        Step.TAIL: (State.DONE, "event-after-done"),
        Step.DONE: (State.DONE, "event-after-done"),
        Step.ERROR: (State.FAILED, "event-after-done"),
    },
    State.FAILED: {
        Step.START: (State.FAILED, "delta-after-error"),
        Step.DELTA: (State.FAILED, "delta-after-error"),
        Step.FINISH: (State.FAILED, "delta-after-error"),
        Step.TAIL: (State.FAILED, None),
        Step.DONE: (State.FAILED, None),
        Step.ERROR: (State.FAILED, None),
    },
}


class PartState(Enum):
    """Where a part of an answer stands (a content block, an output item, a step)."""

    __hash__ = object.__hash__

    ABSENT = "absent"
    OPEN = "open"
    CLOSED = "closed"


class PartStep(Enum):
    """What an event does to a part."""

    __hash__ = object.__hash__

    OPEN = "open"
    GROW = "grow"
    CLOSE = "close"


PART_ORDER: dict[PartState, dict[PartStep, tuple[PartState, str | None]]] = {
    PartState.ABSENT: {
        PartStep.OPEN: (PartState.OPEN, None),
        PartStep.GROW: (PartState.OPEN, "part-not-opened"),
        PartStep.CLOSE: (PartState.CLOSED, "part-not-opened"),
    },
    PartState.OPEN: {
        PartStep.OPEN: (PartState.OPEN, "part-opened-twice"),
        PartStep.GROW: (PartState.OPEN, None),
        PartStep.CLOSE: (PartState.CLOSED, None),
    },
    PartState.CLOSED: {
        PartStep.OPEN: (PartState.OPEN, "part-opened-twice"),
        PartStep.GROW: (PartState.CLOSED, "delta-after-part-closed"),
        PartStep.CLOSE: (PartState.CLOSED, None),
    },
}
