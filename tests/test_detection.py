"""Which protocol a stream speaks: the first event that can only be of one of them decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chunks import CHAT_FIXTURES, DONE, ROLE, chunk, chunk_of, event
from streams import EVERY, HAND_MADE, NAMES, Stream, data_of, name_of

from sseparse import Assembler, Comment, ServerSentEvent, UnknownField, assemble, detect
from sseparse._events import Item
from sseparse.assembly._detection import RULES, recognise, says_nothing
from sseparse.assembly._json import as_list, as_object
from sseparse.assembly._registry import PROTOCOLS

ANYBODYS: dict[str, Item] = {
    "a comment": Comment(" OPENROUTER PROCESSING"),
    "an unknown field": UnknownField("error", '{"message": "no"}'),
    "a ping": event({"type": "ping"}),
    "a ping by name": event({"type": "ping"}, "ping"),
    "a ping by name alone": event({}, "ping"),
    "a ping without data": ServerSentEvent("", "ping"),
    "a ping in words": ServerSentEvent("{'time': 1}", "ping"),
    "empty choices": chunk_of(prompt_filter_results=[]),
    "empty choices and nothing else": event({"choices": []}),
    "the end marker": DONE,
    "the end marker by name": ServerSentEvent("[DONE]", "done"),
    "a lone error": event({"error": {"message": "no"}}),
    "a lone error by name": event({"error": {"message": "no"}}, "error"),
    "an error with a type": event({"type": "error", "error": {"type": "overloaded_error"}}),
    "an error in words": ServerSentEvent("gone", "error"),
    "an error of JSON-RPC": event({"jsonrpc": "2.0", "id": 1, "error": {"code": -32600}}),
    "a priming event": ServerSentEvent("", id="1", last_event_id="1", retry=3000),
    "no object": event([1, 2]),
    "a number": ServerSentEvent("42"),
    "a word": ServerSentEvent("word"),
    "half an object": ServerSentEvent('{"choices": [{"del'),
    "an empty object": event({}),
    "an object of nobody's": event({"value": "Sure"}),
    "types that are no words": event({"type": 1, "object": [], "event_type": {}}),
    "choices that are none": event({"choices": [None, 1, "x", {}]}),
    "candidates that are none": event({"candidates": [], "usageMetadata": None}),
    "results of something else": event({"results": [{"score": 1}]}),
    "JSON-RPC of an older version": event({"jsonrpc": "1.0", "method": "x", "result": {}}),
}

DECIDING: dict[str, list[ServerSentEvent]] = {
    "openai-chat": [
        chunk(ROLE),
        event({"choices": [{"delta": {}}]}),
        event({"object": "chat.completion.chunk", "choices": [{"index": 0}]}),
        event({"object": "chat.completion", "choices": [{"message": {}}]}),
        event({"object": "", "choices": [{"text": "a", "delta": {"content": "a"}}]}),  # Together
    ],
    "openai-completions": [
        event({"object": "text_completion", "choices": [{"index": 0}]}),
        event({"choices": [{"text": "a"}]}),
    ],
    "openai-responses": [
        event({"type": "response.created", "response": {}}),
        event({"type": "response.output_text.delta", "delta": "a"}),
    ],
    "openai-assistants": [
        event({"object": "thread.run"}),
        event({"object": "thread.message.delta"}),
    ],
    "openai-transcription": [event({"type": "transcript.text.delta", "delta": "a"})],
    "anthropic-messages": [
        event({"type": "message_start", "message": {}}),
        event({"type": "content_block_delta", "index": 0, "delta": {}}),
        event({"type": "message_start", "message": {}}, "vertex_event"),
    ],
    "anthropic-complete": [event({"type": "completion", "completion": ""})],
    "gemini": [
        event({"candidates": [{}]}),
        event({"usageMetadata": {"promptTokenCount": 1}}),
        event({"promptFeedback": {"blockReason": "SAFETY"}}),
    ],
    "google-interactions": [
        event({"event_type": "interaction.created"}),
        event({"event_type": "step.delta"}),
    ],
    "cohere-v2": [event({"type": "message-start"}), event({"type": "content-delta"})],
    "watsonx": [event({"results": [{"generated_text": ""}]})],
    "replicate": [ServerSentEvent("a", "output"), ServerSentEvent("", "output")],
    "mcp": [
        event({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}),
        event({"jsonrpc": "2.0", "id": 1, "result": {"content": []}}),
    ],
    "a2a": [
        event({"jsonrpc": "2.0", "id": 1, "result": {"kind": "status-update"}}),
        event({"jsonrpc": "2.0", "id": 1, "result": {"task": {"id": "t"}}}),
        event({"jsonrpc": "2.0", "id": 1, "result": {"artifactUpdate": {}}}),
    ],
    "ag-ui": [event({"type": "RUN_STARTED"}), event({"type": "TEXT_MESSAGE_CONTENT"})],
}
PAIRS = [(name, item) for name in DECIDING for item in DECIDING[name] if name in NAMES]

FIRST = {("openai-chat", "openai-completions"), ("a2a", "mcp")}
"""Where two rules are true of one payload, which of them is asked first."""


NAMED = {"unknown"}
"""The protocols in which the name of an event says what its payload does not."""


def deciding(items: list[Item]) -> int | None:
    """Return the place of the first event that a rule recognises."""
    for place, item in enumerate(items):
        if isinstance(item, ServerSentEvent) and recognise(item, data_of(item)) is not None:
            return place
    return None


def claimants(payload: object) -> list[str]:
    """Return all protocols whose rule is true of a payload."""
    return [name for name, rule in RULES.items() if rule(as_object(payload))]  # type: ignore[arg-type]  # JSON


def test_every_protocol_has_a_rule_and_no_two_have_one_place() -> None:
    assert {*RULES, "replicate", "unknown"} == PROTOCOLS.keys()
    assert {*DECIDING, "unknown"} == PROTOCOLS.keys()


@pytest.mark.parametrize("item", ANYBODYS.values(), ids=ANYBODYS)
def test_what_anybody_may_send_decides_nothing(item: Item) -> None:
    assert detect([item]) == "unknown"
    assembler = Assembler()
    assembler.feed(item)
    assert assembler.protocol is None
    assert assembler.close().protocol == "unknown"


@pytest.mark.parametrize(("name", "item"), PAIRS)
def test_what_only_one_protocol_sends_decides(name: str, item: ServerSentEvent) -> None:
    assert detect([item]) == name
    assembler = Assembler()
    assembler.feed(item)
    assert assembler.protocol == name


@pytest.mark.parametrize(("name", "item"), PAIRS)
def test_whatever_comes_before_it_the_same_event_decides(name: str, item: ServerSentEvent) -> None:
    before = list(ANYBODYS.values())
    assert detect([*before, item]) == name
    assembler = Assembler()
    assembler.feed_all([*before, item])
    assert assembler.protocol == name


@pytest.mark.parametrize(("name", "item"), PAIRS)
def test_the_event_that_decides_is_the_last_that_is_looked_at(
    name: str, item: ServerSentEvent
) -> None:
    others = [events[0] for events in DECIDING.values()]
    taken = iter([item, *others])
    assert detect(taken) == name
    assert list(taken) == others


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_a_stream_is_recognised_by_no_more_of_it_than_needed(stream: Stream) -> None:
    items = stream.items
    place = deciding(items)
    assert (place is None) is (stream.protocol == "unknown")
    rest = iter(items)
    assert detect(rest) == stream.protocol
    assert len(list(rest)) == (0 if place is None else len(items) - place - 1)
    if place is not None:
        assert detect(items[:place]) == "unknown"
        assert all(says_nothing_itself(item) for item in items[:place])


def says_nothing_itself(item: Item) -> bool:
    return not isinstance(item, ServerSentEvent) or says_nothing(item, data_of(item))


@pytest.mark.parametrize("stream", EVERY, ids=name_of)
def test_no_two_rules_are_true_of_an_event_but_where_their_order_is_meant(stream: Stream) -> None:
    for item in stream.items:
        found = claimants(data_of(item))
        assert len(found) < 2 or tuple(found) in FIRST
        assert not found or found[0] == stream.protocol


# (Replicate's payloads are plain text: their names are all there is.)
@pytest.mark.parametrize("stream", [s for s in EVERY if s.protocol != "replicate"], ids=name_of)
def test_the_names_of_the_events_are_not_needed(stream: Stream) -> None:
    nameless = [
        ServerSentEvent(item.data) if isinstance(item, ServerSentEvent) else item
        for item in stream.items
    ]
    assert detect(nameless) == stream.protocol
    if stream.protocol not in NAMED:
        assert assemble(nameless) == assemble(stream.items)


@pytest.mark.parametrize("name", NAMES)
def test_a_named_protocol_is_not_looked_for(name: str) -> None:
    assembler = Assembler(name)
    assert assembler.protocol == name
    for item in [*ANYBODYS.values(), *(items[0] for items in DECIDING.values())]:
        assert assemble([item], name).protocol == name
    assert assembler.close().protocol == name
    assert assemble(b"", name).protocol == name


@pytest.mark.parametrize("stream", HAND_MADE, ids=name_of)
def test_a_stream_of_named_protocol_is_assembled_as_the_one_that_was_recognised(
    stream: Stream,
) -> None:
    assert assemble(stream.body, stream.protocol) == assemble(stream.body)


def test_an_endless_stream_is_recognised() -> None:
    def endless() -> Iterator[Item]:
        yield Comment("")
        while True:
            yield chunk(ROLE)

    assert detect(endless()) == "openai-chat"


def test_an_unknown_stream_keeps_its_words_in_one_text() -> None:
    completion = assemble(b"data: The \n\ndata: quick fox\n\ndata: 42\n\ndata: \n\ndata: null\n\n")
    assert completion.protocol == "unknown"
    assert completion.extra == {"text": "The quick fox42null"}
    assert (completion.choices, completion.content) == ((), None)


def test_an_unknown_stream_keeps_its_objects_and_lists_as_they_came() -> None:
    completion = assemble(b'data: {"a": 1}\n\ndata: [2, {}]\n\ndata: x\n\ndata: {"a": 1}\n\n')
    assert completion.extra == {"events": [{"a": 1}, [2, {}], {"a": 1}], "text": "x"}


def test_what_came_before_the_event_that_decides_is_folded_in() -> None:
    azure = next(path for path in CHAT_FIXTURES if path.stem == "azure")
    completion = assemble(azure)
    assert as_list(completion.extra["prompt_filter_results"])
