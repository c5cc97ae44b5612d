"""Anthropic messages: what each event does, in order and out of it, and at both speeds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from anthropic.types import Message
from anthropic.types.beta import BetaMessage
from chunks import FIXTURES, INDEX, STREAMS, body_of, check, codes, event, paths, run
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import chunkings

from sseparse import (
    Assembler,
    Choice,
    Comment,
    Completion,
    Decoder,
    Delta,
    ServerSentEvent,
    ToolCall,
    Usage,
    assemble,
)
from sseparse._events import Item
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly.protocols._anthropic_messages import AnthropicMessages

NAME = "anthropic-messages"
MESSAGE: JSONObject = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-1",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 3},
}
SOURCES = [
    *sorted((FIXTURES / NAME).glob("*.txt")),
    *[STREAMS / entry["file"] for entry in INDEX if entry["dialect"] == NAME],
]


class OneSpeed(AnthropicMessages):
    """The same fold with its fast path left out."""

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in the way that takes any shape."""
        self._take_any(item, deltas)


def begin(index: Any = 0, type: Any = "text", **fields: Any) -> ServerSentEvent:  # noqa: A002 (theirs)
    block = {"type": type, **({"text": ""} if type == "text" else {}), **fields}
    return event({"type": "content_block_start", "index": index, "content_block": block})


def grow(index: Any = 0, type: Any = "text_delta", **fields: Any) -> ServerSentEvent:  # noqa: A002 (theirs)
    delta = {"type": type, **fields}
    return event({"type": "content_block_delta", "index": index, "delta": delta})


def say(text: Any, index: Any = 0) -> ServerSentEvent:
    return grow(index, text=text)


def end(index: Any = 0) -> ServerSentEvent:
    return event({"type": "content_block_stop", "index": index})


def stop(reason: Any = "end_turn", usage: Any = None, **fields: Any) -> ServerSentEvent:
    delta = {"stop_reason": reason, **fields}
    return event({"type": "message_delta", "delta": delta, "usage": usage})


START = event({"type": "message_start", "message": MESSAGE})
END = event({"type": "message_stop"})
PING = event({"type": "ping"}, "ping")
TOOL = begin(0, "tool_use", id="t1", name="f", input={})


def fold(*items: Item) -> Completion:
    assembler = Assembler(NAME)
    assembler.feed_all(items)
    return assembler.close()


def whole(*items: Item) -> Completion:
    """Return the completion of a message that consists of these events."""
    return fold(START, *items, stop(), END)


def blocks(completion: Completion) -> list[JSONValue]:
    return as_list(completion.choices[0].extra["content"])


def input_piece(piece: Any, index: Any = 0) -> ServerSentEvent:
    return grow(index, "input_json_delta", partial_json=piece)


# The message


def test_the_start_says_who_answers() -> None:
    completion = whole(begin(), say("Hi"), end())
    assert (completion.id, completion.model, completion.role) == ("msg_1", "claude-1", "assistant")
    assert (completion.complete, completion.ended_by) == (True, "terminal_event")
    assert completion.findings == ()
    assert completion.choices[0].extra == {"content": [{"type": "text", "text": "Hi"}]}


def test_the_usage_of_the_start_is_overlaid_by_what_the_end_says_of_it() -> None:
    final = {"output_tokens": 9, "cache_read_input_tokens": None, "input_tokens": 6}
    completion = fold(START, stop(usage=final), END)
    assert completion.usage is not None
    assert completion.usage.raw == {
        "input_tokens": 6,
        "output_tokens": 9,
        "cache_read_input_tokens": 3,
    }
    assert completion.usage.cached_tokens == 3


def test_an_earlier_snapshot_keeps_its_usage() -> None:
    assembler = Assembler(NAME)
    assembler.feed(START)
    before = assembler.snapshot.usage
    assembler.feed(stop(usage={"output_tokens": 7}))
    after = assembler.snapshot.usage
    assert before is not None
    assert after is not None
    assert (before.output_tokens, after.output_tokens) == (1, 7)


def test_a_second_message_start_of_the_same_id_is_passed_over() -> None:
    again = event({"type": "message_start", "message": {**MESSAGE, "model": "other"}})
    completion = whole(begin(), say("a"), again, say("b"))
    assert (completion.content, completion.model) == ("ab", "claude-1")
    assert [(f.code, f.severity) for f in completion.findings] == [
        ("message-start-repeated", "info")
    ]


def test_a_second_message_start_of_another_id_stops_the_merge() -> None:
    other = event({"type": "message_start", "message": {**MESSAGE, "id": "msg_2"}})
    completion = fold(
        *(START, begin(0, "thinking", thinking=""), grow(0, "thinking_delta", thinking="one")),
        grow(0, "signature_delta", signature="s1"),
        *(other, begin(0, "thinking", thinking=""), grow(0, "thinking_delta", thinking="two")),
        grow(0, "signature_delta", signature="s2"),
        *(begin(1), say("x", 1), stop(usage={"output_tokens": 99}), event({"type": "new"}), END),
    )
    assert completion.error == {
        "type": "protocol_error",
        "message": "message_start for msg_2 while msg_1 is open",
    }
    assert (completion.reasoning, completion.content) == ("one", None)
    assert blocks(completion) == [{"type": "thinking", "thinking": "one", "signature": "s1"}]
    assert (completion.finish_reason, completion.ended_by) == (None, "error")
    assert completion.usage is not None
    assert completion.usage.output_tokens == 1
    assert (codes(completion), completion.extra) == (["error-in-stream"], {})


def test_a_message_after_the_end_of_another_is_not_merged_either() -> None:
    other = event({"type": "message_start", "message": {**MESSAGE, "id": "msg_2"}})
    completion = fold(START, begin(), say("a"), stop(), END, other, begin(), say("b"))
    assert completion.content == "a"
    assert as_object(completion.error)["message"] == "message_start for msg_2 after msg_1 has ended"


def test_further_fields_of_the_message_are_kept_with_the_choice() -> None:
    edits: JSONObject = {"applied_edits": []}
    completion = fold(
        event({"type": "message_start", "message": {**MESSAGE, "container": {"id": "c1"}}}),
        stop("stop_sequence", stop_sequence="###", stop_details=None),
        event({"type": "message_delta", "delta": {}, "context_management": edits}),
        event({"type": "message_stop", "amazon-bedrock-invocationMetrics": {"n": 1}}),
    )
    assert completion.choices[0].extra == {
        "container": {"id": "c1"},
        "stop_sequence": "###",
        "context_management": edits,
        "amazon-bedrock-invocationMetrics": {"n": 1},
    }


@pytest.mark.parametrize("name", ["message", "vertex_event", "error"])
def test_an_event_is_what_its_payload_says_whatever_it_is_named(name: str) -> None:
    items = [START, begin(), say("a"), say("b"), end(), stop(), END]
    renamed = [ServerSentEvent(item.data, name) for item in items]
    assert fold(*renamed) == fold(*items)


def test_a_payload_without_a_type_is_what_its_event_is_named() -> None:
    payload = {"delta": {"stop_reason": "end_turn"}}
    assert fold(START, event(payload, "message_delta"), END).finish_reason == "end_turn"


def test_pings_change_nothing_and_what_they_carry_is_kept() -> None:
    sound = whole(begin(), say("a"), end())
    assert whole(PING, begin(), PING, say("a"), PING, end(), PING) == sound
    assert fold(PING).choices == ()
    assert whole(event({"type": "ping", "cost": "0.1"})).extra == {"cost": "0.1"}


@pytest.mark.parametrize("name", ["error", "message"])
def test_an_error_is_the_inner_object_however_the_event_is_named(name: str) -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    sent = event({"type": "error", "error": error}, name)
    completion = fold(START, begin(), say("a"), sent)
    assert (completion.error, completion.content) == (error, "a")
    assert (completion.ended_by, completion.complete) == ("error", False)


def test_an_end_without_a_stop_reason_is_complete_with_a_warning() -> None:
    completion = fold(START, begin(), say("a"), END)
    assert (completion.complete, completion.finish_reason) == (True, None)
    assert codes(completion) == ["done-without-finish-reason"]


def test_a_done_marker_after_the_end_says_no_more() -> None:
    completion = whole(begin(), say("a"))
    assert fold(START, begin(), say("a"), stop(), END, ServerSentEvent("[DONE]")).findings == ()
    assert completion.ended_by == "terminal_event"


def test_a_message_that_comes_whole_at_the_start_is_taken() -> None:
    content = [{"type": "text", "text": "Hi"}, {"type": "tool_use", "id": "t", "name": "f"}]
    message = {**MESSAGE, "content": content, "stop_reason": "tool_use"}
    completion = fold(event({"type": "message_start", "message": message}), END)
    assert (completion.content, completion.finish_reason) == ("Hi", "tool_use")
    assert [call.id for call in completion.tool_calls] == ["t"]
    assert completion.findings == ()


# Its blocks


def test_the_thinking_of_several_blocks_is_joined_by_a_blank_line() -> None:
    items = [
        *(START, begin(0, "thinking", thinking=""), grow(0, "thinking_delta", thinking="a")),
        *(end(), begin(1, "redacted_thinking", data="zz"), end(1)),
        *(begin(2, "thinking", thinking=""), grow(2, "thinking_delta", thinking="b")),
        *(grow(2, "thinking_delta", thinking="c"), end(2)),
    ]
    completion, deltas = run(AnthropicMessages(), items)
    assert completion.reasoning == "a\n\nbc"
    assert [delta.text for delta in deltas if delta.kind == "reasoning"] == ["a", "\n\nb", "c"]
    assert blocks(completion)[1] == {"type": "redacted_thinking", "data": "zz"}


def test_thinking_that_is_not_shown_is_none_and_its_block_is_kept() -> None:
    completion = whole(
        begin(0, "thinking", thinking="", signature=""),
        grow(0, "thinking_delta", thinking="", estimated_tokens=50),
        grow(0, "thinking_delta", thinking="", estimated_tokens=None),
        grow(0, "thinking_delta", thinking="", estimated_tokens=100),
        grow(0, "signature_delta", signature="s"),
    )
    assert completion.reasoning is None
    assert blocks(completion) == [{"type": "thinking", "thinking": "", "signature": "s"}]
    assert completion.extra == {"estimated_tokens": 150}
    assert completion.findings == ()


def test_the_last_signature_stands_and_an_empty_one_says_nothing() -> None:
    sent = [grow(0, "signature_delta", signature=signature) for signature in ("a", "b", "")]
    completion = whole(begin(0, "thinking", thinking="x"), *sent)
    assert blocks(completion) == [{"type": "thinking", "thinking": "x", "signature": "b"}]


def test_a_text_block_without_any_piece_is_empty_and_not_none() -> None:
    assert whole(begin(), end()).content == ""
    assert whole(begin(0, "thinking", thinking="a"), end()).content is None


def test_citations_belong_to_their_block_and_to_the_choice() -> None:
    first, second = {"cited_text": "x"}, {"cited_text": "y"}
    completion = whole(
        begin(0, citations=[first]),
        grow(0, "citations_delta", citation=second),
        *(say("a"), end(), begin(1, citations=[]), say("b", 1)),
    )
    assert blocks(completion) == [
        {"type": "text", "text": "a", "citations": [first, second]},
        {"type": "text", "text": "b"},
    ]
    assert completion.choices[0].annotations == (first, second)


def test_the_input_of_a_tool_is_the_joined_pieces_and_none_at_all_is_an_empty_object() -> None:
    completion = whole(
        *(TOOL, input_piece(""), input_piece('{"a":'), input_piece(" 1}"), end()),
        *(begin(1, "tool_use", id="t2", name="g", input={}), input_piece("", 1), end(1)),
    )
    assert completion.tool_calls == (ToolCall("t1", "f", '{"a": 1}'), ToolCall("t2", "g", ""))
    assert completion.tool_calls[1].parsed() == {}
    assert blocks(completion)[0] == {"type": "tool_use", "id": "t1", "name": "f"}


def test_an_input_that_comes_whole_is_taken() -> None:
    completion = whole(begin(0, "tool_use", id="t", name="f", input={"a": [1]}), end())
    assert completion.tool_calls[0].arguments == '{"a":[1]}'


def test_an_input_that_comes_whole_and_in_pieces_is_not_doubled() -> None:
    sent = [input_piece('{"a"'), input_piece(": 1}"), input_piece("")]
    completion = whole(begin(0, "tool_use", id="t", name="f", input={"a": 1}), *sent)
    assert completion.tool_calls[0].parsed() == {"a": 1}
    assert codes(completion) == ["input-sent-twice"]


@pytest.mark.parametrize("kind", ["server_tool_use", "mcp_tool_use", "moon_tool_use"])
def test_a_tool_that_the_provider_runs_is_no_call_to_the_caller(kind: str) -> None:
    use = begin(0, kind, id="s1", name="search", input={}, server_name="moon")
    result = {"tool_use_id": "s1", "content": [{"type": "x", "deep": [1]}]}
    completion = whole(
        *(use, input_piece('{"q"'), input_piece(":1}"), end()),
        *(begin(1, "search_tool_result", **result), end(1)),
    )
    assert completion.tool_calls == ()
    assert completion.choices[0].server_tool_calls == (
        ToolCall("s1", "search", '{"q":1}', kind, {"server_name": "moon"}),
    )
    assert blocks(completion)[1] == {"type": "search_tool_result", **result}


def test_a_compaction_comes_whole_and_is_no_content() -> None:
    completion = whole(
        begin(0, "compaction", content=None),
        grow(0, "compaction_delta", content="so far", encrypted_content=None),
        *(end(), begin(1), say("Hi", 1)),
    )
    assert completion.content == "Hi"
    assert blocks(completion)[0] == {"type": "compaction", "content": "so far"}


def test_blocks_and_deltas_unheard_of_are_kept() -> None:
    odd = grow(0, "video_delta", frame=[1, 2])
    completion = whole(
        begin(0, "video", codec={"x": 1}), odd, end(), event({"type": "new", "n": 1})
    )
    assert blocks(completion) == [{"type": "video", "codec": {"x": 1}}]
    assert completion.extra["unknown_events"] == [json.loads(odd.data), {"type": "new", "n": 1}]
    assert codes(completion) == ["unknown-event"]
    assert completion.complete


def test_blocks_may_grow_by_turns() -> None:
    completion = whole(
        *(begin(0), begin(1), say("a", 0), say("x", 1), say("b", 0), say("y", 1)),
        *(begin(2, "thinking", thinking=""), grow(2, "thinking_delta", thinking="t"), say("c", 0)),
    )
    assert (completion.content, completion.reasoning) == ("abcxy", "t")
    assert completion.findings == ()


# What breaks the order


def test_a_delta_for_a_block_that_never_began_is_kept() -> None:
    completion = whole(say("a", 4), say("b", 4), input_piece("{}", 5))
    assert completion.content == "ab"
    assert completion.tool_calls == (ToolCall(arguments="{}"),)
    assert codes(completion) == ["part-not-opened"]


def test_a_delta_that_is_not_for_its_block_gets_one_of_its_own() -> None:
    completion = whole(begin(), grow(0, "thinking_delta", thinking="hm"), begin(1), say("a", 1))
    assert (completion.content, completion.reasoning) == ("a", "hm")
    assert codes(completion) == ["part-not-opened"]


def test_a_delta_after_the_end_of_its_block_is_kept() -> None:
    completion = whole(begin(), say("a"), end(), say("b"))
    assert completion.content == "ab"
    assert codes(completion) == ["delta-after-part-closed"]


def test_a_block_that_begins_twice_goes_on() -> None:
    completion = whole(TOOL, input_piece("{"), TOOL, input_piece("}"))
    assert completion.tool_calls == (ToolCall("t1", "f", "{}"),)
    assert codes(completion) == ["part-opened-twice"]


def test_another_block_at_the_same_index_is_one_of_its_own() -> None:
    other = begin(0, "tool_use", id="t2", name="g", input={})
    completion = whole(begin(), say("a"), end(), TOOL, input_piece("1"), other, input_piece("2"))
    assert completion.content == "a"
    assert [(call.id, call.arguments) for call in completion.tool_calls] == [
        ("t1", "1"),
        ("t2", "2"),
    ]
    assert codes(completion) == ["part-opened-twice"]


def test_deltas_without_an_index_belong_to_the_last_block() -> None:
    completion = whole(begin(None), say("a", None), begin(None), say("b", None))
    assert [as_object(block)["text"] for block in blocks(completion)] == ["a", "b"]
    assert set(codes(completion)) == {"bad-shape"}


def test_what_comes_after_the_end_is_kept_with_a_finding() -> None:
    completion = fold(START, begin(), say("a"), stop(), END, say("b"))
    assert (completion.content, codes(completion)) == ("ab", ["event-after-done"])
    completion = fold(START, begin(), say("a"), stop(), say("b"), END)
    assert (completion.content, codes(completion)) == ("ab", ["delta-after-finish"])


@pytest.mark.parametrize(
    "odd",
    [
        event(7),
        event({"type": "message_start"}),
        event({"type": "message_start", "message": {"content": 1, "usage": 2}}),
        event({"type": "message_delta", "delta": [], "usage": []}),
        event({"type": "content_block_start", "index": 0, "content_block": None}),
        event({"type": "content_block_delta", "index": 0, "delta": "x"}),
        begin(0, citations={}),
        begin(0, text=1),
        say(["a"]),
    ],
)
def test_what_is_of_an_odd_shape_is_a_finding(odd: ServerSentEvent) -> None:
    completion = fold(odd, begin(3), say("a", 3), stop(), END)
    assert "bad-shape" in codes(completion)
    assert completion.content == "a"
    assert completion.complete


# Two speeds, one behaviour

some_index = st.sampled_from([0, 0, 0, 1, None, True, 1.0, "0", 10**30])
some_piece = st.sampled_from(["a", "b", "", "\ud83d", "\ude00", "é", None, 3])
some_events = st.one_of(
    st.builds(say, some_piece, some_index),
    st.builds(lambda piece, at: grow(at, "thinking_delta", thinking=piece), some_piece, some_index),
    st.builds(input_piece, some_piece, some_index),
    st.builds(begin, some_index),
    st.builds(lambda at: begin(at, "thinking", thinking=""), some_index),
    st.builds(
        lambda at, kind, name, given: begin(at, kind, id=name, name=name, input=given),
        some_index,
        st.sampled_from(["tool_use", "server_tool_use"]),
        st.sampled_from(["f", "g"]),
        st.sampled_from([{}, {"a": 1}, "", None]),
    ),
    st.builds(end, some_index),
    st.builds(stop, st.sampled_from(["end_turn", None])),
    st.sampled_from(
        [
            *(START, PING, END, ServerSentEvent("[DONE]"), ServerSentEvent("x", "error")),
            event({"type": "message_start", "message": {**MESSAGE, "id": "msg_2"}}),
            event({"type": "error", "error": {"message": "no"}}),
            grow(0, "text_delta", text="a", more=1),
            grow(0, "signature_delta", signature="s"),
            ServerSentEvent(say("named").data, "error"),
            ServerSentEvent(say("cut").data[:-1]),
            event({"index": 0, "delta": {"type": "text_delta", "text": "untyped"}}),
            event({"type": "content_block_delta", "index": 0, "delta": {"text": "untyped"}}),
        ]
    ),
    st.just(Comment(" ping")),
)
item_lists = st.lists(some_events, max_size=14).map(lambda items: [START, *items])


@given(item_lists)
@example([START, begin(), say("a"), say("b"), stop(), say("c"), END])
@example([START, TOOL, input_piece("{"), input_piece("}"), input_piece("x", 1)])
def test_the_fast_path_changes_nothing(items: list[Item]) -> None:
    fast, fast_deltas = run(AnthropicMessages(), items)
    slow, slow_deltas = run(OneSpeed(), items)
    assert fast_deltas == slow_deltas
    assert repr(fast) == repr(slow)
    check(fast)
    silent = Assembler(NAME)
    silent.feed_all(items)
    assert repr(silent.close()) == repr(fast)


@given(st.data())
def test_where_the_reads_end_changes_nothing(data: st.DataObject) -> None:
    items = [item for item in data.draw(item_lists) if isinstance(item, ServerSentEvent)]
    body = body_of(items)
    assert repr(assemble(data.draw(chunkings(body)), NAME)) == repr(assemble(body, NAME))


def test_usual_events_do_take_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[Item] = []
    take_any = AnthropicMessages._take_any

    def count(self: AnthropicMessages, item: Item, deltas: Any) -> None:
        slow.append(item)
        take_any(self, item, deltas)

    monkeypatch.setattr(AnthropicMessages, "_take_any", count)
    texts = [say(f"{n} ") for n in range(50)]
    thoughts = [grow(1, "thinking_delta", thinking=f"{n} ") for n in range(50)]
    pieces = [input_piece(str(n), 2) for n in range(50)]
    completion = whole(
        *(begin(), *texts, end(), begin(1, "thinking", thinking=""), *thoughts, end(1)),
        *(begin(2, "server_tool_use", id="s", name="f", input={}), *pieces, end(2)),
    )
    assert completion.findings == ()
    # The start, each block's start and end, the first piece of thinking, and the last two.
    assert len(slow) == 1 + 3 + 3 + 1 + 2


# Streams damaged at random


def changed(payload: Any, chance: random.Random) -> Any:
    """Return a payload with one value in it removed, or made another."""
    payload = json.loads(json.dumps(payload))
    *way, last = chance.choice(list(paths(payload)))
    inner = payload
    for key in way:
        inner = inner[key]
    if chance.random() < 0.3:
        del inner[last]
    else:
        odd: list[Any] = [
            None,
            True,
            -1,
            1e400,
            "",
            "x",
            [],
            [1],
            {},
            {"type": {}},
            [[{}]],
            "\ud800",
            10**40,
        ]
        inner[last] = chance.choice(odd)
    return payload


def damaged(items: list[Item], chance: random.Random) -> list[Item]:
    """Return items with one to four mutations."""
    items = list(items)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(items))
        item = items[at]
        kinds: list[Callable[[], object]] = [
            lambda at=at: items.pop(at),  # type: ignore[misc]  # (a default binds it)
            lambda at=at, item=item: items.insert(at, item),  # type: ignore[misc]
            lambda at=at, item=item: items.insert(chance.randrange(len(items)), items.pop(at)),  # type: ignore[misc]
        ]
        if isinstance(item, ServerSentEvent) and item.data[:1] == "{" and chance.random() < 0.7:
            try:
                payload = json.loads(item.data)
            except ValueError:
                continue
            items[at] = event(changed(payload, chance), item.event) if payload else item
        elif isinstance(item, ServerSentEvent) and chance.random() < 0.2:
            items[at] = ServerSentEvent(item.data[: chance.randrange(len(item.data) + 1)])
        else:
            chance.choice(kinds)()
        if not items:
            return [START]
    return items


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_damaged_stream_raises_nothing_at_either_speed(path: Any) -> None:
    sound: list[Item] = list(Decoder().feed(path.read_bytes()))
    chance = random.Random(path.stem)
    for _ in range(25):
        items = damaged(sound, chance)
        fast, fast_deltas = run(AnthropicMessages(), items)
        slow, slow_deltas = run(OneSpeed(), items)
        assert repr((fast, fast_deltas)) == repr((slow, slow_deltas))
        check(fast)


# The message it would have been


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_anthropic_accepts_the_message_and_reads_the_same_from_it(path: Any) -> None:
    completion = assemble(path)
    native = completion.to_native()
    assert json.loads(json.dumps(native)) == native
    types = [as_object(block)["type"] for block in blocks(completion)]
    beta = {"compaction", "mcp_tool_use", "mcp_tool_result"}.intersection(map(str, types))
    theirs = (BetaMessage if beta else Message).model_validate(native)
    assert (theirs.id, theirs.model, theirs.stop_reason) == (
        completion.id,
        completion.model,
        completion.finish_reason,
    )
    assert [block.type for block in theirs.content] == types
    texts = [block.text for block in theirs.content if block.type == "text"]
    assert "".join(texts) == (completion.content or "")
    calls = [block for block in theirs.content if block.type == "tool_use"]
    assert [(call.id, call.name) for call in calls] == [
        (call.id, call.name) for call in completion.tool_calls
    ]
    if completion.complete and completion.finish_reason != "max_tokens":
        assert [call.input for call in calls] == [call.parsed() for call in completion.tool_calls]
    assert completion.usage is not None
    assert theirs.usage.output_tokens == completion.usage.output_tokens


def test_the_message_has_the_inputs_where_they_belong() -> None:
    completion = fold(
        *(START, begin(0, "server_tool_use", id="s", name="web_search", input={})),
        *(input_piece('{"q": 1}'), end(), begin(1), say("a", 1), end(1)),
        *(begin(2, "tool_use", id="t", name="f", input={}), input_piece('{"b": 2}', 2), end(2)),
        *(begin(3, "tool_use", id="u", name="g", input={}), end(3)),
        *(stop("tool_use", {"output_tokens": 4}, stop_sequence="x"), END),
    )
    assert completion.to_native() == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-1",
        "content": [
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
            {"type": "text", "text": "a"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"b": 2}},
            {"type": "tool_use", "id": "u", "name": "g", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": "x",
        "usage": {"input_tokens": 5, "output_tokens": 4, "cache_read_input_tokens": 3},
    }


@pytest.mark.parametrize("cut", ['{"a": "b', "[1]", "no JSON", "", "[" * 5000])
def test_an_input_that_is_no_object_makes_an_empty_one(cut: str) -> None:
    native = whole(TOOL, input_piece(cut)).to_native()
    assert as_object(as_list(native["content"])[0])["input"] == {}


def test_a_message_is_made_from_the_common_fields_alone() -> None:
    choice = Choice(
        reasoning="hm",
        content="Hi",
        tool_calls=(ToolCall("t", "f", '{"a":1}'),),
        server_tool_calls=(ToolCall("s", "web_search", "{}", "server_tool_use"),),
        finish_reason="tool_use",
    )
    usage = Usage({"input_tokens": 1, "output_tokens": 2})
    native = Completion(NAME, "m", "claude-1", choices=(choice,), usage=usage).to_native()
    assert native["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "Hi"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
    ]
    Message.model_validate(native)


def test_an_empty_completion_makes_a_message_that_says_nothing() -> None:
    native = Completion(NAME).to_native()
    assert (native["content"], native["stop_reason"]) == ([], None)
    assert native["usage"] == {"input_tokens": 0, "output_tokens": 0}
    Message.model_validate(native)
    assert "error" not in native


def test_an_error_is_in_the_message_too() -> None:
    error = {"type": "api_error", "message": "no"}
    assert fold(START, event({"type": "error", "error": error})).to_native()["error"] == error
