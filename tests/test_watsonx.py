"""watsonx text generation: results by their place, counts as sent, errors in two forms."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import FIXTURES, codes, event

from sseparse import Assembler, Choice, Completion, ServerSentEvent, Usage, assemble
from sseparse.assembly._json import JSONObject, as_list

ERROR = {"errors": [{"code": "gone", "message": "Gone."}], "trace": "1", "status_code": 404}


def result(text: Any = "", count: Any = 1, stop: Any = "not_finished", **fields: Any) -> Any:
    counts = {"generated_token_count": count, "input_token_count": 0}
    return {"generated_text": text, **counts, "stop_reason": stop, **fields}


def results(*entries: Any, **fields: Any) -> ServerSentEvent:
    return event({"model_id": "granite", "results": list(entries), **fields})


def fold(*events: ServerSentEvent) -> Completion:
    return assemble(events, "watsonx")


def test_not_finished_is_no_finish_reason_in_any_spelling() -> None:
    going = fold(results(result("a")), results(result("b", stop="NOT_FINISHED")))
    assert (going.content, going.finish_reason, going.ended_by) == ("ab", None, "eof")
    done = fold(results(result("a")), results(result("b", stop="stop_sequence")))
    assert (done.finish_reason, done.ended_by, done.complete) == (
        "stop_sequence",
        "finish_reason",
        True,
    )


def test_the_usage_is_the_last_one_sent_and_never_a_sum() -> None:
    first = results({**result("a", 1), "input_token_count": 9})
    completion = fold(first, results(result("b", 2, "eos_token")))
    raw: JSONObject = {"generated_token_count": 2, "input_token_count": 0}
    assert completion.usage == Usage(raw, output_tokens=2)


def test_the_number_of_input_tokens_is_kept_though_zero_comes_after_it() -> None:
    first = results({**result("a", 1), "input_token_count": 9})
    completion = fold(first, results(result("b", 2, "eos_token")))
    assert completion.choices[0].extra == {"input_token_count": 9, "generated_token_count": 2}


def test_an_answer_is_complete_when_each_of_its_results_is() -> None:
    one = fold(results(result("a", stop="eos_token"), result("b")))
    assert (one.complete, [choice.content for choice in one.choices]) == (False, ["a", "b"])
    both = fold(results(result("a", stop="eos_token"), result("b", stop="max_tokens")))
    assert [choice.finish_reason for choice in both.choices] == ["eos_token", "max_tokens"]
    assert both.complete


def test_a_warning_that_comes_with_every_event_is_kept_once() -> None:
    system = {"warnings": [{"id": "w"}]}
    other = {"warnings": [{"id": "x"}], "note": 1}
    completion = fold(
        results(result("a"), system=system),
        results(result("b"), system=system),
        results(result("", stop="eos_token"), system=other),
    )
    assert completion.extra == {"system": {"warnings": [{"id": "w"}, {"id": "x"}], "note": 1}}


def test_a_snapshot_does_not_change_when_more_tokens_come() -> None:
    assembler = Assembler("watsonx")
    assembler.feed(results(result("a", generated_tokens=[{"text": "a"}])))
    before = assembler.snapshot
    assembler.feed(results(result("b", generated_tokens=[{"text": "b"}])))
    assert before.choices[0].extra["generated_tokens"] == [{"text": "a"}]
    tokens = assembler.snapshot.choices[0].extra["generated_tokens"]
    assert tokens == [{"text": "a"}, {"text": "b"}]


@pytest.mark.parametrize("name", ["error", "message"])
def test_errors_are_one_error_with_their_trace_whatever_the_event_is_called(name: str) -> None:
    completion = fold(results(result("a")), event(ERROR, name))
    assert (completion.content, completion.error, completion.ended_by) == ("a", ERROR, "error")


@pytest.mark.parametrize(
    "odd",
    [
        event([1]),
        event({"results": {"generated_text": "x"}}),
        results("x"),
        results(result(5)),
        results(result(None), system=[1]),
    ],
)
def test_odd_shapes_are_findings_and_the_fold_goes_on(odd: ServerSentEvent) -> None:
    completion = fold(results(result("a")), odd, results(result("b", stop="eos_token")))
    assert (completion.content, completion.complete) == ("ab", True)
    assert codes(completion) == ["bad-shape"]


def test_the_native_object_is_the_answer_without_streaming() -> None:
    native = assemble(FIXTURES / "watsonx" / "complete.txt").to_native()
    assert native["model_id"] == "ibm/granite-13b-chat-v2"
    assert native["created_at"] == "2026-03-02T10:00:05.120Z"
    assert isinstance(native["results"], list)
    [only] = native["results"]
    assert isinstance(only, dict)
    assert only["generated_text"] == "Tides follow the moon."
    assert (only["generated_token_count"], only["input_token_count"]) == (6, 17)
    assert (only["stop_reason"], only["seed"]) == ("eos_token", 711)
    assert len(as_list(only["generated_tokens"])) == 5


def test_the_native_object_of_a_completion_made_by_hand_says_no_more_than_it_does() -> None:
    completion = Completion("watsonx", created=1e300, choices=(Choice(content="a"),))
    only = {"generated_text": "a", "stop_reason": "not_finished"}
    assert completion.to_native() == {"model_id": None, "results": [only]}
