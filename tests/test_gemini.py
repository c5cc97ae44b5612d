"""Gemini: what each part does, where the arguments go, how a stream ends; and its two speeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chunk_strategies import mostly, odd, texts
from chunks import FIXTURES, INDEX, STREAMS, codes, differences, event, random_cuts, run
from google.genai.types import GenerateContentResponse
from hypothesis import example, given
from hypothesis import strategies as st

from sseparse import Completion, Delta, ServerSentEvent, ToolCall, assemble, encode
from sseparse._events import Item
from sseparse.assembly._json import JSONObject, JSONValue, as_object
from sseparse.assembly.protocols._gemini import Gemini
from sseparse.assembly.protocols._gemini_partial_args import (
    LONGEST,
    StreamedArguments,
    parse_path,
)

NAMES = sorted(path.stem for path in (FIXTURES / "gemini").glob("*.txt"))
RECORDED = [entry for entry in INDEX if entry["dialect"] == "gemini"]
HEAD: JSONObject = {"modelVersion": "gemini-2.5-pro", "responseId": "r-1"}
USAGE: JSONObject = {"promptTokenCount": 3, "totalTokenCount": 5}


class OneSpeed(Gemini):
    """The same fold with its fast path left out."""

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in the way that takes any shape."""
        self._take_any(item, deltas)


def parts(*sent: Any, finish: Any = None, **fields: Any) -> ServerSentEvent:
    """Return the event of a chunk whose one candidate has these parts."""
    candidate: dict[str, Any] = {"content": {"parts": list(sent), "role": "model"}, **fields}
    if finish is not None:
        candidate["finishReason"] = finish
    return event({"candidates": [candidate], **HEAD})


def call(*partial: Any, **function: Any) -> ServerSentEvent:
    """Return the event of a function call, with these partial arguments if there are any."""
    return parts(
        {"functionCall": {**function, **({"partialArgs": list(partial)} if partial else {})}}
    )


def put(path: str, value: Any, goes_on: bool = False) -> JSONObject:
    """Return a partial argument."""
    names: dict[type, str] = {str: "stringValue", bool: "boolValue", type(None): "nullValue"}
    partial = {"jsonPath": path, names.get(type(value), "numberValue"): value}
    return {**partial, "willContinue": True} if goes_on else partial


def fold(*items: Item) -> Completion:
    return run(Gemini(), items)[0]


STOP = parts(finish="STOP")


# Whole streams


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: Path(entry["file"]).stem)
def test_a_recorded_stream_assembles_to_what_it_is_known_to_say(entry: dict[str, Any]) -> None:
    body = (STREAMS / entry["file"]).read_bytes()
    completion = assemble(body)
    expected = dict(entry["expected"])
    for sent in expected["tool_calls"]:
        sent["arguments"] = json.loads(sent["arguments"])
    assert expected == {
        "content": completion.content,
        "role": completion.role,
        "finish_reason": completion.finish_reason,
        "reasoning": completion.reasoning,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.parsed()}
            for call in completion.tool_calls
        ],
        "usage": completion.usage and completion.usage.raw,
        "model": completion.model,
        "id": completion.id,
        "error": completion.error,
        "complete": completion.complete,
    }
    kept: Any = completion.choices[0].extra["parts"]
    if extra := entry.get("expected_extra"):
        assert sorted({key for part in kept for key in part}) == extra["part_keys"]
        assert sum("thoughtSignature" in part for part in kept) == extra["thought_signatures"]
    for chunks in random_cuts(body, seed=len(body)):
        assert assemble(chunks) == completion
    GenerateContentResponse.model_validate(completion.to_native())


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_assembles_to_what_its_author_says(name: str) -> None:
    path = FIXTURES / "gemini" / f"{name}.txt"
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))["completion"]
    body = path.read_bytes()
    assert b"\r\n\r\n" in body
    completion = assemble(body)
    assert not differences(expected, completion.to_dict())
    for chunks in random_cuts(body, seed=len(body)):
        assert assemble(chunks) == completion


# Parts


def test_texts_of_one_kind_are_one_part_and_thoughts_are_reasoning() -> None:
    completion = fold(
        parts({"text": "Hm", "thought": True}),
        parts({"text": "m.", "thought": True}, {"text": "a"}),
        parts({"text": "b"}),
        parts({"text": "c", "thought": True}),
        STOP,
    )
    assert (completion.content, completion.reasoning) == ("ab", "Hmm.c")
    assert completion.choices[0].extra["parts"] == [
        {"text": "Hmm.", "thought": True},
        {"text": "ab"},
        {"text": "c", "thought": True},
    ]


def test_a_part_with_a_signature_is_never_joined_to_another() -> None:
    signed = {"text": "b", "thoughtSignature": "cw=="}
    completion = fold(parts({"text": "a"}), parts(signed), parts({"text": "c"}), STOP)
    assert completion.content == "abc"
    assert completion.choices[0].extra["parts"] == [{"text": "a"}, signed, {"text": "c"}]


def test_an_empty_text_is_content_only_where_there_is_no_other() -> None:
    signed = {"text": "", "thoughtSignature": "cw=="}
    assert fold(parts({"text": ""}), STOP).content == ""
    assert fold(parts(signed), STOP).content == ""
    assert fold(parts({"text": "", "thought": True}), STOP).content is None
    assert fold(parts({"text": "", "thought": True}), STOP).reasoning is None
    completion = fold(parts(signed), parts({"text": "a"}), parts({"text": ""}), STOP)
    assert completion.content == "a"
    assert completion.choices[0].extra["parts"] == [signed, {"text": "a"}]


def test_parts_of_any_other_kind_are_kept_as_they_are() -> None:
    others = [
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        {"fileData": {"fileUri": "gs://x"}, "videoMetadata": {"fps": 1}},
        {"unheard": [1]},
    ]
    completion = fold(parts({"text": "a"}, *others, {"text": "b"}, {}, {"text": None}), STOP)
    assert completion.choices[0].extra["parts"] == [{"text": "a"}, *others, {"text": "b"}]
    assert completion.findings == ()


def test_a_later_snapshot_does_not_change_an_earlier_one() -> None:
    protocol = Gemini()
    protocol.take(parts({"text": "a"}))
    protocol.take(call(name="f", willContinue=True))
    before = protocol.completion()
    text = repr(before)
    protocol.take(call(put("$.a", 1)))
    protocol.take(parts({"text": "b"}))
    assert repr(before) == text


def test_the_code_and_the_tools_that_the_server_runs_are_no_calls_for_the_caller() -> None:
    completion = fold(
        parts({"executableCode": {"language": "PYTHON", "code": "1", "id": "c"}}),
        parts({"toolCall": {"toolType": "URL_CONTEXT", "args": {"u": 1}, "id": "t"}}),
        parts({"functionCall": {"name": "f", "args": {"x": [1]}}}),
        STOP,
    )
    choice = completion.choices[0]
    assert choice.tool_calls == (ToolCall(None, "f", '{"x":[1]}'),)
    assert choice.server_tool_calls == (
        ToolCall("c", None, '{"language":"PYTHON","code":"1"}', "executableCode"),
        ToolCall("t", "URL_CONTEXT", '{"u":1}', "toolCall"),
    )


def test_each_source_is_cited_once() -> None:
    one, two = {"uri": "a"}, {"uri": "b", "startIndex": 1}
    completion, deltas = run(
        Gemini(),
        [
            parts({"text": "x"}, citationMetadata={"citationSources": [one]}),
            parts({"text": "y"}, citationMetadata={"citationSources": [one, two]}),
            parts({"text": "z"}, finish="STOP", citationMetadata={"citations": [two]}),
        ],
    )
    assert completion.choices[0].annotations == (one, two)
    assert [delta.json() for delta in deltas if delta.kind == "citation"] == [one, two]


# Arguments that come value by value


def test_arguments_in_pieces_are_one_json_text_and_its_deltas() -> None:
    completion, deltas = run(
        Gemini(),
        [
            call(name="f", willContinue=True),
            call(put("$.a.b[0].c", "x", True), willContinue=True),
            call(put("$.a.b[0].c", '"y"', True), willContinue=True),
            call(put("$.a.b[0].c", ""), put("$.a.b[0].d", 1.5), willContinue=True),
            call(put("$.a.b[1]", None), put("$['e f']", True), willContinue=True),
            call(),
            STOP,
        ],
    )
    assert completion.tool_calls == (
        ToolCall(None, "f", '{"a":{"b":[{"c":"x\\"y\\"","d":1.5},null]},"e f":true}'),
    )
    pieces = [delta.text for delta in deltas if delta.kind == "arguments"]
    assert pieces[:2] == ['{"a":{"b":[{"c":"x', '\\"y\\"']
    assert "".join(pieces) == completion.tool_calls[0].arguments
    assert completion.choices[0].extra["parts"] == [{"functionCall": {"name": "f"}}]
    assert completion.findings == ()


def test_arguments_that_are_cut_look_cut() -> None:
    completion = fold(
        call(name="f", willContinue=True), call(put("$.a", "x", True), willContinue=True)
    )
    assert completion.tool_calls[0].arguments == '{"a":"x'
    with pytest.raises(ValueError, match="Unterminated"):
        completion.tool_calls[0].parsed()
    assert "args" not in str(completion.to_native())


def test_arguments_out_of_order_are_right_all_the_same() -> None:
    completion = fold(
        call(put("$.a.x", 1), put("$.b", 2), put("$.a.y", 3), put("$.b", 4), name="f"), STOP
    )
    assert completion.tool_calls[0].parsed() == {"a": {"x": 1, "y": 3}, "b": 4}
    assert codes(completion) == ["arguments-out-of-order"]


def test_a_call_that_begins_before_the_end_of_another_ends_it() -> None:
    completion = fold(
        call(put("$.a", 1), name="f", willContinue=True),
        call(name="g", args={"b": 2}),
        parts({"functionCall": {}}, finish="STOP"),
    )
    called = [(call.name, call.arguments) for call in completion.tool_calls]
    assert called == [("f", '{"a":1}'), ("g", '{"b":2}')]
    assert codes(completion) == ["part-not-closed", "part-not-opened"]


def test_whole_arguments_after_pieces_of_them_are_no_others() -> None:
    begin = call(put("$.a", 1), name="f", willContinue=True)
    assert fold(begin, call(args={"a": 1, "b": 2}), STOP).tool_calls[0].arguments == '{"a":1,"b":2}'
    completion = fold(begin, call(args={"a": 2}), STOP)
    assert completion.tool_calls[0].arguments == '{"a":1}'
    assert codes(completion) == ["arguments-differ"]


@pytest.mark.parametrize(
    "path",
    [
        *("", "$", "a", "$a", "$.", "$..a", "$.a[", "$.a[x]", "$.a[-1]", "$['a", "$.*", "$[*"),
        *("$[0]", "$.a[1]", "$.a[999999999]", "$.new[0][7]", "$.text.b", "$.list.b", "$.object[0]"),
        *("$.object", "$.list", "$" + ".a" * (LONGEST + 1), "$." + "a" * 20_000),
        *(None, 1, ["$.a"], {}),
    ],
)
def test_a_path_that_leads_nowhere_is_a_finding_and_changes_nothing(path: Any) -> None:
    known = [put("$.text", "t"), put("$.list[0]", 1), put("$.object.x", 1)]
    expected: JSONObject = {"text": "t", "list": [1], "object": {"x": 1}}
    if path == "$.*":  # a name like any other
        expected["*"] = 2
    completion = fold(call(*known, {"jsonPath": path, "numberValue": 2}, name="f"), STOP)
    assert completion.tool_calls[0].parsed() == expected
    assert codes(completion) == ([] if path == "$.*" else ["bad-shape"])


def test_a_long_path_is_followed_as_far_as_it_is_allowed() -> None:
    arguments = StreamedArguments()
    text = arguments.put(parse_path("$" + ".a" * LONGEST), 1) + arguments.close()
    assert json.loads(text) == arguments.whole()


json_values: st.SearchStrategy[JSONValue] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(st.text("ab'\\é ", min_size=1, max_size=3), inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def leaves(value: JSONValue, path: list[str | int]) -> list[tuple[list[str | int], JSONValue]]:
    """Return the leaves of a value with their paths."""
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], [*path, key])]
    if isinstance(value, list):
        return [leaf for place, v in enumerate(value) for leaf in leaves(v, [*path, place])]
    return [(path, value)]


@given(
    st.dictionaries(st.text("abc'\\é ", min_size=1, max_size=3), json_values, max_size=3), st.data()
)
def test_values_in_any_order_make_the_same_object(value: JSONObject, data: st.DataObject) -> None:
    arguments = StreamedArguments()
    sent = leaves(value, [])
    in_order = "".join([arguments.put(path, leaf) for path, leaf in sent]) + arguments.close()
    assert arguments.in_order
    assert json.loads(in_order or "{}") == arguments.whole() == value
    mixed = StreamedArguments()
    text = ""
    for path, leaf in data.draw(st.permutations(sent)):
        try:
            text += mixed.put(path, leaf)
        except ValueError:  # a list whose entries come in another order than theirs
            assert any(isinstance(step, int) for step in path)
            return
    text += mixed.close()
    assert mixed.whole() == value
    assert not mixed.in_order or json.loads(text or "{}") == value


# The completion


def test_the_last_usage_stands_as_it_is() -> None:
    def chunk(**usage: Any) -> ServerSentEvent:
        return event({"candidates": [], "usageMetadata": usage, **HEAD})

    completion = fold(
        chunk(totalTokenCount=9, candidatesTokenCount=4), chunk(totalTokenCount=5), chunk(), STOP
    )
    assert completion.usage is not None
    assert completion.usage.raw == {"totalTokenCount": 5}
    assert completion.usage.output_tokens is None


def test_an_error_fails_the_stream_and_keeps_what_came() -> None:
    error: JSONObject = {"code": 500, "message": "no", "status": "INTERNAL"}
    completion = fold(parts({"text": "a"}), event({"error": error}))
    assert (completion.content, completion.error) == ("a", error)
    assert (completion.complete, completion.ended_by) == (False, "error")


def test_a_blocked_prompt_ends_the_stream_and_completes_it() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE, **HEAD}
    completion, deltas = run(Gemini(), [event(blocked)])
    assert (completion.complete, completion.ended_by) == (True, "terminal_event")
    assert codes(completion) == ["prompt-blocked"]
    assert (completion.choices, completion.finish_reason) == ((), None)
    assert [delta.kind for delta in deltas] == ["usage", "end"]
    late = fold(parts({"text": "a"}), event(blocked))
    assert codes(late) == ["prompt-blocked", "done-without-finish-reason"]


def test_logprobs_are_extended_and_all_else_is_set_last() -> None:
    completion = fold(
        parts({"text": "a"}, logprobsResult={"chosenCandidates": [1]}, safetyRatings=[1]),
        parts(
            *({"text": "b"},),
            finish="STOP",
            logprobsResult={"chosenCandidates": [2], "logProbabilitySum": -1.5},
            safetyRatings=[2],
            groundingMetadata={"g": 1},
        ),
    )
    choice = completion.choices[0]
    assert choice.logprobs == {"chosenCandidates": [1, 2]}
    assert choice.extra["logprobsResult"] == {"logProbabilitySum": -1.5}
    assert choice.extra["safetyRatings"] == [2]
    assert choice.extra["groundingMetadata"] == {"g": 1}


def test_a_time_is_seconds_or_else_kept_as_it_is() -> None:
    def at(time: Any) -> Completion:
        return fold(event({"candidates": [], "createTime": time, **HEAD}))

    assert at("2026-05-04T03:02:01.5Z").created == 1777863721.5
    assert at("yesterday").created is None
    assert at("yesterday").extra == {"createTime": "yesterday"}


def test_text_after_the_finish_reason_is_kept_with_a_finding() -> None:
    completion = fold(parts({"text": "a"}, finish="STOP"), parts({"text": "b"}))
    assert completion.content == "ab"
    assert codes(completion) == ["delta-after-finish"]


# Two speeds

USUAL = st.fixed_dictionaries(
    {
        "candidates": st.tuples(
            st.fixed_dictionaries(
                {
                    "content": st.builds(
                        lambda part: {"parts": [part], "role": "model"},
                        st.fixed_dictionaries({"text": texts}, optional={"thought": st.booleans()}),
                    )
                },
                optional={"index": st.just(0)},
            )
        )
    },
    optional={"usageMetadata": st.sampled_from([USAGE, {"trafficType": "ON_DEMAND"}])},
).map(lambda chunk: {**chunk, **HEAD})
some_parts = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"text": st.one_of(texts, odd)},
            optional={"thought": mostly(True), "thoughtSignature": mostly("cw==")},
        ),
        st.fixed_dictionaries(
            {
                "functionCall": st.fixed_dictionaries(
                    {},
                    optional={
                        "name": mostly("f", "g"),
                        "id": mostly("c", "d"),
                        "args": mostly({"a": 1}),
                        "willContinue": mostly(True),
                        "partialArgs": st.lists(
                            st.fixed_dictionaries(
                                {"jsonPath": mostly("$.a", "$.b[0]", "$.b[1].c", "$")},
                                optional={
                                    "stringValue": texts,
                                    "numberValue": odd,
                                    "willContinue": st.booleans(),
                                },
                            ),
                            max_size=2,
                        ),
                    },
                )
            }
        ),
        st.fixed_dictionaries({}, optional={"executableCode": odd, "toolCall": odd, "x": odd}),
        odd,
    ),
    max_size=3,
)
ANY = st.fixed_dictionaries(
    {},
    optional={
        "candidates": st.one_of(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "content": st.one_of(
                            st.fixed_dictionaries(
                                {"parts": st.one_of(some_parts, odd)},
                                optional={"role": mostly("model", "user")},
                            ),
                            odd,
                        )
                    },
                    optional={
                        "index": mostly(0, 1),
                        "finishReason": mostly(None, "STOP"),
                        "citationMetadata": mostly({"citations": [1]}),
                        "logprobsResult": mostly({"chosenCandidates": [1]}),
                        "unheard": odd,
                    },
                ),
                max_size=2,
            ),
            odd,
        ),
        "usageMetadata": mostly(USAGE, {}, {"promptTokenCount": 1}),
        "modelVersion": mostly(HEAD["modelVersion"], "other", "", None),
        "responseId": mostly(HEAD["responseId"], "other", "", None),
        "createTime": mostly("2026-05-04T03:02:01Z", "yesterday"),
        "promptFeedback": mostly({"blockReason": "SAFETY"}),
        "error": mostly(None, {"message": "no"}),
        "unheard": odd,
    },
)
streams = st.lists(
    st.one_of(
        *(st.builds(event, USUAL, st.sampled_from(["message"] * 5 + ["error"])),) * 3,
        st.builds(event, ANY),
        st.sampled_from([ServerSentEvent("[DONE]"), ServerSentEvent("no JSON"), event([1])]),
    ),
    max_size=8,
)


@given(streams)
@example([parts({"text": "a"}), event({**HEAD, "candidates": [], "usageMetadata": {}})])
def test_the_fast_path_changes_nothing(items: list[Item]) -> None:
    fast, fast_deltas = run(Gemini(), items)
    slow, slow_deltas = run(OneSpeed(), items)
    assert fast_deltas == slow_deltas
    assert repr(fast) == repr(slow)  # (NaN is not equal to itself)
    json.dumps(fast.to_dict())
    json.dumps(fast.to_native())


@pytest.mark.parametrize("eol", [b"\n", b"\r\n"])
def test_usual_chunks_do_take_the_fast_path(eol: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[Item] = []
    take_any = Gemini._take_any

    def count(self: Gemini, item: Item, deltas: Any) -> None:
        slow.append(item)
        take_any(self, item, deltas)

    monkeypatch.setattr(Gemini, "_take_any", count)
    sent = [
        event(
            {
                **as_object(json.loads(parts({"text": "a", "thought": n < 10}).data)),
                "usageMetadata": USAGE,
            }
        )
        for n in range(20)
    ]
    body = b"".join(map(encode, [*sent, STOP])).replace(b"\n", eol)
    completion = assemble(body)
    assert (completion.content, completion.reasoning) == ("a" * 10, "a" * 10)
    assert completion.usage is not None
    assert completion.usage.raw == USAGE
    assert len(slow) == 3  # the first thought, the first text, the end


# Google's own types


def test_google_reads_the_same_from_the_native_object() -> None:
    completion = assemble(FIXTURES / "gemini" / "complete.txt")
    theirs = GenerateContentResponse.model_validate(completion.to_native())
    assert theirs.response_id == completion.id
    assert theirs.text == completion.content
    called = [(call.id, call.name, call.args) for call in theirs.function_calls or []]
    assert called == [(call.id, call.name, call.parsed()) for call in completion.tool_calls]
    assert theirs.usage_metadata is not None
    assert completion.usage is not None
    assert theirs.usage_metadata.total_token_count == completion.usage.total_tokens
    candidates = theirs.candidates or []
    assert candidates[0].finish_reason == completion.finish_reason


def test_a_completion_made_by_hand_has_a_native_object_too() -> None:
    completion = Completion(
        "gemini",
        choices=fold(
            parts({"text": "t", "thought": True}, {"text": "a"}),
            parts({"executableCode": {"language": "PYTHON", "code": "1", "id": "c"}}),
            call(name="f", args={"x": 1}),
        ).choices,
    )
    completion.choices[0].extra.clear()
    assert completion.to_native()["candidates"] == [
        {
            "index": 0,
            "content": {
                "role": "model",
                "parts": [
                    {"text": "t", "thought": True},
                    {"executableCode": {"id": "c", "language": "PYTHON", "code": "1"}},
                    {"text": "a"},
                    {"functionCall": {"name": "f", "args": {"x": 1}}},
                ],
            },
        }
    ]
    GenerateContentResponse.model_validate(completion.to_native())
    assert Completion("gemini").to_native() == {"candidates": []}
