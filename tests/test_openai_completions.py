"""OpenAI's completions of before chat: what becomes of each field, in and out of order."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import DONE, ERROR, FIXTURES, INDEX, STREAMS, USAGE, codes, event, run
from openai.types import Completion as OpenAICompletion

from sseparse import Choice, Completion, ServerSentEvent, assemble, detect
from sseparse.assembly._usage import build_usage
from sseparse.assembly.protocols._openai_completions import OpenAICompletions

NAME = "openai-completions"
SOURCES = [
    *sorted((FIXTURES / NAME).glob("*.txt")),
    *[STREAMS / entry["file"] for entry in INDEX if entry["dialect"] == NAME],
]


def piece(text: Any = "", index: Any = 0, finish_reason: Any = None, **fields: Any) -> Any:
    return {"text": text, "index": index, "finish_reason": finish_reason, **fields}


def chunk(*choices: Any, **fields: Any) -> ServerSentEvent:
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1755300000, "model": "m-1"}
    return event({**head, "choices": list(choices), **fields})


def fold(*events: ServerSentEvent) -> Completion:
    return run(OpenAICompletions(), events)[0]


def test_the_texts_of_a_choice_are_joined_and_nobody_has_a_role() -> None:
    completion = fold(chunk(piece("One")), chunk(piece(" two")), chunk(piece("", 0, "stop")), DONE)
    assert completion.choices == (Choice(content="One two", finish_reason="stop"),)
    assert (completion.id, completion.model, completion.created) == ("cmpl-1", "m-1", 1755300000)
    assert (completion.ended_by, codes(completion)) == ("done_marker", [])


def test_choices_come_by_turns_and_stand_by_index() -> None:
    completion = fold(
        chunk(piece("b", 1)), chunk(piece("a", 0), piece("c", 1)), chunk(piece("", 0, "stop"))
    )
    assert [(choice.index, choice.content) for choice in completion.choices] == [
        (0, "a"),
        (1, "bc"),
    ]
    assert completion.ended_by == "eof"  # (choice 1 has not finished)


def test_a_choice_that_begins_when_another_has_finished_is_in_order() -> None:
    completion = fold(
        chunk(piece("a", 0, "stop")), chunk(piece("b", 1)), chunk(piece("", 1, "stop"))
    )
    assert completion.ended_by == "finish_reason"
    assert codes(completion) == []


@pytest.mark.parametrize(("texts", "content"), [([""], ""), ([None], None), ([None, ""], "")])
def test_the_empty_text_is_not_null(texts: list[str | None], content: str | None) -> None:
    assert fold(*(chunk(piece(text)) for text in texts)).content == content


def test_the_lists_of_the_logprobs_are_joined() -> None:
    one = {"tokens": ["a"], "token_logprobs": [-1.0], "text_offset": [0], "top_logprobs": None}
    two = {"tokens": ["b"], "token_logprobs": [-2.0], "text_offset": [1], "top_logprobs": None}
    completion = fold(chunk(piece("a", logprobs=one)), chunk(piece("b", logprobs=two)))
    assert completion.choices[0].logprobs == {
        "tokens": ["a", "b"],
        "token_logprobs": [-1.0, -2.0],
        "text_offset": [0, 1],
    }


def test_usage_is_the_last_one_sent_and_never_a_sum() -> None:
    early = {**USAGE, "completion_tokens": 1}
    completion = fold(
        chunk(piece("a"), usage=early), chunk(piece("", 0, "stop"), usage=None), chunk(usage=USAGE)
    )
    assert completion.usage == build_usage(USAGE)
    assert codes(completion) == []


def test_fields_of_other_vendors_are_kept_as_last_sent() -> None:
    completion = fold(
        chunk(piece("a", matched_stop=None, token_ids=[1]), system_fingerprint="fp_1"),
        chunk(piece("b", matched_stop=5, token_ids=[2]), system_fingerprint=None),
    )
    assert completion.choices[0].extra == {"matched_stop": 5, "token_ids": [2]}
    assert completion.extra == {"system_fingerprint": "fp_1"}


@pytest.mark.parametrize(
    "sent",
    [
        event({"error": ERROR}),
        event({"object": "error", **ERROR}),
        event({"error": ERROR}, "error"),
        chunk(piece("", error=ERROR)),
    ],
)
def test_an_error_ends_it_and_what_came_before_stands(sent: ServerSentEvent) -> None:
    completion = fold(chunk(piece("Half")), sent, DONE)
    assert (completion.content, completion.ended_by) == ("Half", "error")
    assert completion.error in (ERROR, {"object": "error", **ERROR})
    assert codes(completion) == ["error-in-stream"]


def test_what_comes_after_the_finish_reason_or_the_end_is_kept_and_flagged() -> None:
    completion = fold(chunk(piece("a", 0, "stop")), chunk(piece("b")), DONE, chunk(usage=USAGE))
    assert completion.content == "ab"
    assert completion.usage == build_usage(USAGE)
    assert codes(completion) == ["delta-after-finish", "event-after-done"]


def test_another_id_or_finish_reason_is_flagged() -> None:
    completion = fold(
        chunk(piece("a", 0, "stop")), chunk(piece("", 0, "length"), id="cmpl-2", model="m-2")
    )
    assert (completion.id, completion.model, completion.finish_reason) == (
        "cmpl-1",
        "m-1",
        "length",
    )
    assert codes(completion) == ["several-ids", "several-models", "finish-reason-changed"]


@pytest.mark.parametrize(
    "odd",
    [
        event(["no object"]),
        chunk(piece(text=["a"])),
        chunk("no object"),
        event({"choices": "none"}),
        chunk(piece(logprobs="none")),
        chunk(piece(logprobs={"tokens": "none"})),
        chunk(usage=5),
    ],
)
def test_what_is_of_another_shape_is_skipped_and_flagged(odd: ServerSentEvent) -> None:
    completion = fold(chunk(piece("a")), odd, chunk(piece("b", 0, "stop")))
    assert (completion.content, completion.ended_by) == ("ab", "finish_reason")
    assert codes(completion) == ["bad-shape"]


def test_a_text_without_a_delta_is_no_chat() -> None:
    assert detect([event({"choices": []}), event({"choices": [{"text": "a"}]})]) == NAME


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_openai_accepts_every_whole_completion(path: Any) -> None:
    completion = assemble(path)
    native = completion.to_native()
    if not completion.complete:
        assert native["choices"][0]["finish_reason"] is None  # type: ignore[index,call-overload]
        return
    theirs = OpenAICompletion.model_validate(native)
    assert [(c.index, c.text, c.finish_reason) for c in theirs.choices] == [
        (choice.index, choice.content, choice.finish_reason) for choice in completion.choices
    ]
    assert (theirs.usage and theirs.usage.total_tokens) == (
        completion.usage and completion.usage.total_tokens
    )


def test_openai_accepts_a_completion_made_by_hand() -> None:
    choice = Choice(content="Hi", finish_reason="stop")
    native = Completion(NAME, choices=(choice,), error="late").to_native()
    assert OpenAICompletion.model_validate(native).choices[0].text == "Hi"
    assert native["error"] == "late"
