"""The strategies for the tests of others: what they promise, and that they vary."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import hypothesis
from hypothesis import find, given
from hypothesis import strategies as st

import sseparse
from sseparse import Decoder, Recording, assemble, encode
from sseparse.replay import Transforms
from sseparse.testing import (
    EventStream,
    FaultedRecording,
    chunkings,
    event_streams,
    events,
    faulted_recordings,
    raw_streams,
    recordings,
)

T = TypeVar("T")


def drawn(strategy: st.SearchStrategy[T], condition: Callable[[T], bool]) -> T:
    """Return something that the strategy draws; no time is spent on making it small."""
    phases = [hypothesis.Phase.generate]
    return find(strategy, condition, settings=hypothesis.settings(phases=phases, max_examples=2000))


def contains(piece: bytes, stream: EventStream) -> bool:
    return piece in stream.body


def is_fault(name: str, broken: FaultedRecording) -> bool:
    return broken.faults.startswith(name)


@given(events())
def test_an_event_can_be_encoded_and_comes_back(event: sseparse.ServerSentEvent) -> None:
    assert Decoder().feed(encode(event)) == [event]


@given(event_streams(min_events=1), st.data())
def test_a_stream_dispatches_its_events_however_it_is_cut(
    stream: EventStream, data: st.DataObject
) -> None:
    decoder = Decoder()
    found = [event for chunk in data.draw(chunkings(stream.body)) for event in decoder.feed(chunk)]
    assert tuple(found) == stream.events
    assert found


@given(event_streams(min_events=2, max_events=4))
def test_a_stream_has_as_many_events_as_were_asked_for(stream: EventStream) -> None:
    assert 2 <= len(stream.events) <= 4
    assert Decoder().feed(stream.body)
    rest = Decoder()
    rest.feed(stream.body)
    assert rest.close() is None


def test_streams_differ_in_what_the_standard_leaves_to_servers() -> None:
    streams = event_streams(min_events=1)
    for piece in (b"\r\n\r\n", b"\r\r", b"\n\n", b"\xef\xbb\xbf", b"\n:", b"id:", b"retry:"):
        assert drawn(streams, partial(contains, piece))


def test_a_stream_that_does_not_end_cleanly_may_be_cut_inside_an_event() -> None:
    def is_cut(stream: EventStream) -> bool:
        decoder = Decoder()
        decoder.feed(stream.body)
        return decoder.close() is not None

    assert drawn(event_streams(min_events=1, ends_cleanly=False), is_cut)


def test_raw_streams_hold_what_breaks_decoders() -> None:
    def is_bad_utf8(body: bytes) -> bool:
        return "\ufffd" in body.decode("utf-8", "replace")

    assert drawn(raw_streams(), is_bad_utf8)
    assert drawn(raw_streams(), lambda body: b"\r\n\n" in body)
    assert drawn(raw_streams(), lambda body: b"id\0" in body or b"\0" in body)


@given(recordings(max_gap=0.5))
def test_a_recording_can_be_saved_played_and_assembled(recording: Recording) -> None:
    gaps = [
        after.time - before.time
        for before, after in zip(recording.reads, recording.reads[1:], strict=False)
    ]
    assert all(0 <= gap <= 0.500001 for gap in gaps)
    assert recording.end.t == recording.reads[-1].time
    assert assemble(recording).protocol == "unknown"


@given(faulted_recordings())
def test_a_fault_can_be_made_again_from_its_text_and_seed(broken: FaultedRecording) -> None:
    transforms = Transforms(faults=broken.faults, seed=broken.seed)
    again = transforms.apply(broken.original)
    assert (again.body, again.end.reason) == (broken.recording.body, broken.recording.end.reason)
    assert [read.time for read in again.reads] == [read.time for read in broken.recording.reads]


def test_faults_of_many_kinds_are_drawn() -> None:
    for name in ("cut", "reset", "stall", "corrupt_utf8", "status", "duplicate"):
        found = drawn(faulted_recordings(), partial(is_fault, name))
        assert found.recording != found.original


def test_importing_sseparse_does_not_import_hypothesis() -> None:
    code = "import sseparse, sys; assert 'hypothesis' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
