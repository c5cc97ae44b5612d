"""OpenAI transcriptions: what each event does, in order and out of it."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from chunks import DONE, ERROR, check, codes, event, run
from hypothesis import given
from hypothesis import strategies as st
from openai.types.audio import Transcription, TranscriptionStreamEvent
from streams import EVERY, Stream, name_of

from sseparse import Choice, Completion, Delta, ServerSentEvent, assemble
from sseparse._events import Item
from sseparse.assembly._json import JSONObject
from sseparse.assembly._usage import build_usage
from sseparse.assembly.protocols._openai_transcription import STEPS, OpenAITranscription

NAME = "openai-transcription"
STREAMS = [stream for stream in EVERY if stream.protocol == NAME]
USAGE: JSONObject = {"type": "tokens", "input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
SEGMENT: JSONObject = {"id": "s", "speaker": "A", "text": "Aye.", "start": 0.0, "end": 1.5}


def said(kind: str, **fields: Any) -> ServerSentEvent:
    return event({"type": f"transcript.text.{kind}", **fields})


def piece(text: Any, **fields: Any) -> ServerSentEvent:
    return said("delta", delta=text, **fields)


def fold(*events: Item) -> Completion:
    completion, _ = run(OpenAITranscription(), events)
    check(completion)
    return completion


def deltas_of(*events: Item) -> list[Delta]:
    return run(OpenAITranscription(), events)[1]


def test_every_event_of_the_api_has_its_step() -> None:
    union, *_ = get_args(TranscriptionStreamEvent)
    known = {
        kind
        for model in get_args(union)
        for kind in get_args(model.model_fields["type"].annotation)
    }
    assert known == STEPS.keys()


def test_pieces_are_joined_and_the_last_event_is_the_end() -> None:
    events = [piece("A"), piece("ye."), said("done", text="Aye.", usage=USAGE)]
    completion = fold(*events)
    assert completion.choices == (Choice(content="Aye."),)
    assert completion.usage == build_usage(USAGE)
    assert (completion.ended_by, completion.findings) == ("terminal_event", ())
    assert [delta.kind for delta in deltas_of(*events)] == ["content", "content", "usage", "end"]


def test_the_text_of_the_end_is_taken_where_no_piece_came() -> None:
    events = [said("done", text="Aye.")]
    assert (fold(*events).content, fold(*events).findings) == ("Aye.", ())
    assert [delta.text for delta in deltas_of(*events)] == ["Aye.", ""]


def test_a_whole_text_that_differs_is_a_finding_and_both_are_kept() -> None:
    completion = fold(piece("I"), said("done", text="Aye."))
    assert (completion.content, completion.extra) == ("I", {"text": "Aye."})
    assert codes(completion) == ["message-differs"]


def test_logprobs_are_those_of_the_pieces_or_else_those_of_the_end() -> None:
    one, two = {"token": "A", "logprob": -1}, {"token": "ye.", "logprob": -2}
    last = said("done", text="Aye.", logprobs=[one, two])
    streamed = fold(piece("A", logprobs=[one]), piece("ye.", logprobs=[two]), last)
    for completion in (streamed, fold(last)):
        assert completion.choices[0].logprobs == {"content": [one, two]}


def test_segments_are_kept_as_sent_and_are_no_text() -> None:
    completion = fold(said("segment", **SEGMENT), piece("Aye."), said("done", text="Aye."))
    assert completion.extra["segments"] == [SEGMENT]
    assert completion.content == "Aye."


def test_a_done_marker_after_the_end_is_fine_and_a_piece_is_not() -> None:
    assert fold(said("done", text="a"), DONE).ended_by == "done_marker"
    late = fold(piece("a"), said("done", text="a"), piece("b"))
    assert (late.content, codes(late)) == ("ab", ["event-after-done"])


@pytest.mark.parametrize(
    "sent",
    [
        event({"type": "error", "error": ERROR}),
        event({"error": ERROR}),
        event({"error": ERROR}, "error"),
    ],
)
def test_an_error_is_an_error(sent: ServerSentEvent) -> None:
    completion = fold(piece("a"), sent)
    assert (completion.content, completion.error, completion.complete) == ("a", ERROR, False)


def test_an_event_of_a_type_unheard_of_is_kept() -> None:
    completion = fold(piece("a"), said("sung", song="la"))
    assert codes(completion) == ["unknown-event"]
    assert completion.extra["unknown_events"] == [{"type": "transcript.text.sung", "song": "la"}]


_odd = st.sampled_from([None, 1, "", "a", [], [1], {}, {"a": None}, "\ud83d", 1.5, True])
_fields = st.dictionaries(
    st.sampled_from(["delta", "text", "logprobs", "usage", "id", "error", "languages"]), _odd
)
_kinds = st.sampled_from([*STEPS, "error", "x", None])


@given(st.lists(st.one_of(st.builds(lambda t, f: {**f, "type": t}, _kinds, _fields), _odd)))
def test_nothing_is_ever_raised(payloads: list[Any]) -> None:
    check(fold(*map(event, payloads)))


@pytest.mark.parametrize("stream", STREAMS, ids=name_of)
def test_openai_accepts_the_native_object(stream: Stream) -> None:
    completion = assemble(stream.path)
    theirs = Transcription.model_validate(completion.to_native())
    # (where the whole text differs from its pieces, the answer without streaming has the whole)
    assert theirs.text == completion.extra.get("text", completion.content or "")
    if completion.usage is not None:
        assert theirs.usage is not None
        assert theirs.usage.type == completion.usage.raw["type"]


def test_a_completion_made_by_hand_has_a_native_object_too() -> None:
    made = Completion(NAME, choices=(Choice(content="Aye."),), usage=build_usage(USAGE))
    assert made.to_native() == {"text": "Aye.", "usage": USAGE}
    assert Completion(NAME).to_native() == {"text": ""}
