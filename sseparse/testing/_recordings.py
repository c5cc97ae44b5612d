"""Strategies for recordings: bytes with times, whole or broken."""

from __future__ import annotations

import attrs
from hypothesis import reject
from hypothesis import strategies as st

from sseparse import FaultError, Read, Recording
from sseparse.recording import End, Header
from sseparse.replay import apply_faults, parse_faults
from sseparse.replay._faults import FAULTS
from sseparse.testing._bytes import chunkings
from sseparse.testing._events import event_streams

HEADER = Header(status=200, headers=(("content-type", "text/event-stream"),))


@attrs.frozen
class FaultedRecording:
    """A recording that breaks.

    Attributes:
        recording: with the fault.
        original: without.
        faults: the fault, as ``--fault`` and ``Transforms`` take it.
        seed: what it leaves to chance.
    """

    recording: Recording
    original: Recording
    faults: str
    seed: int


def recordings(
    bodies: st.SearchStrategy[bytes] | None = None, *, max_gap: float = 2.0
) -> st.SearchStrategy[Recording]:
    """Return a strategy for recordings: a body, cut into reads, each with its time.

    Args:
        bodies: of the streams; None: those of ``event_streams``.
        max_gap: seconds from one read to the next at most. They are never waited for unless
            somebody plays the recording at its own speed.

    >>> from hypothesis import given
    >>> @given(recordings())
    ... def test_time_never_goes_back(recording: Recording) -> None:
    ...     times = [read.time for read in recording.reads]
    ...     assert times == sorted(times)
    >>> test_time_never_goes_back()
    """
    if bodies is None:
        bodies = event_streams(min_events=1).map(lambda stream: stream.body)
    return _recordings(bodies, max_gap)


@st.composite
def _recordings(draw: st.DrawFn, bodies: st.SearchStrategy[bytes], max_gap: float) -> Recording:
    time = 0.0
    reads = []
    for data in draw(bodies.flatmap(chunkings)):
        if data:
            time = round(time + draw(st.floats(0, max_gap)), 6)
            reads.append(Read(time, data))
    return Recording(tuple(reads), HEADER, End("eof", t=time))


def faulted_recordings(
    originals: st.SearchStrategy[Recording] | None = None,
) -> st.SearchStrategy[FaultedRecording]:
    """Return a strategy for recordings that break in one of the ways that ``--fault`` knows.

    Args:
        originals: what is broken; None: ``recordings()``. Some faults need what not every stream
            has (a ``[DONE]``, a finish_reason), and are only drawn where they find it.

    >>> from hypothesis import given
    >>> import sseparse
    >>> @given(faulted_recordings())
    ... def test_a_broken_stream_never_breaks_the_client(broken: FaultedRecording) -> None:
    ...     sseparse.assemble(broken.recording)
    >>> test_a_broken_stream_never_breaks_the_client()
    """
    return _faulted_recordings(recordings() if originals is None else originals)


@st.composite
def _faulted_recordings(
    draw: st.DrawFn, originals: st.SearchStrategy[Recording]
) -> FaultedRecording:
    original = draw(originals)
    name = draw(st.sampled_from(sorted(FAULTS)))
    arguments = {"SECONDS": ":0.5s", "STATUS[:SECONDS]": ":429"}.get(FAULTS[name].takes, "")
    seed = draw(st.integers(0, 2**16))
    try:
        recording = apply_faults(original, parse_faults(name + arguments), seed)
    except FaultError:
        reject()
    return FaultedRecording(recording, original, name + arguments, seed)
