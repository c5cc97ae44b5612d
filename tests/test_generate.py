"""``sseparse.generate``: what its streams look like, when they come, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from chunks import STREAMS

from sseparse import (
    Choice,
    Comment,
    Completion,
    Decoder,
    Recording,
    ToolCall,
    assemble,
    generate,
)
from sseparse._generate import DIALECTS, PROTOCOLS
from sseparse.assembly._json import JSONValue
from sseparse.replay import Transforms

TEXT = "The sea is deep, isn't it?"
AT_ONCE = Transforms()


def payloads(recording: Recording) -> list[Any]:
    events = [*Decoder().feed(recording.body)]
    return [json.loads(event.data) for event in events if event.data != "[DONE]"]


# When


def test_the_first_token_and_the_pace_are_as_asked() -> None:
    pace = Transforms(ttft=0.5, token_rate=10.0)
    recording = generate("one two three four", transforms=pace)
    times = {read.data: read.time for read in recording.reads}
    pieces = [time for data, time in times.items() if b'"content":"' in data and b'""' not in data]
    assert pieces == pytest.approx([0.5, 0.6, 0.7, 0.8], abs=0.051)  # a token is no piece quite
    assert recording.reads[0].time == 0.5
    assert recording.end.reason == "eof"
    assert recording.end.t == recording.reads[-1].time


def test_a_stall_is_where_it_was_asked_for() -> None:
    steady = generate(TEXT, transforms=Transforms(ttft=0.2, token_rate=20.0))
    stalls = Transforms(ttft=0.2, token_rate=20.0, faults="stall@event=4:2s")
    stalled = generate(TEXT, transforms=stalls)
    later = [b.time - a.time for a, b in zip(steady.reads, stalled.reads, strict=True)]
    assert later[:3] == [0, 0, 0]
    assert later[3:] == pytest.approx([2.0] * len(later[3:]))


def test_each_event_is_a_read() -> None:
    recording = generate(TEXT)
    assert all(read.data.endswith(b"\n\n") for read in recording.reads)
    assert all(read.data.count(b"\n\n") == 1 for read in recording.reads)


def test_the_same_seed_gives_the_same_stream_in_another_process() -> None:
    pace = Transforms(ttft=0.2, token_rate=30.0, jitter=0.5, seed=7)
    here = generate(TEXT, dialect="xai", transforms=pace)
    program = (
        "import sseparse; from sseparse.replay import Transforms\n"
        "pace = Transforms(ttft=0.2, token_rate=30.0, jitter=0.5, seed=7)\n"
        f"print(sseparse.generate({TEXT!r}, dialect='xai', transforms=pace).reads)"
    )
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == repr(here.reads)
    other = generate(TEXT, dialect="xai", transforms=attrs.evolve(pace, seed=8))
    assert other.body != here.body


# What they look like


REAL = {
    "azure": "azure-chat-tool-usage.sse",
    "deepseek": "deepseek-reasoning.sse",
    "groq": "groq-tools2.sse",
    "mistral": "mistral-thinking-contentlist.sse",
    "openrouter": "openrouter-reasoning-text.sse",
    "xai": "xai-seed-grok-beta.sse",
}
"""A recorded stream of each dialect."""

NOT_OURS = {
    "azure": {"latency_checkpoint", "obfuscation", "refusal", "service_tier", "system_fingerprint"},
    "deepseek": {"prompt_cache_hit_tokens", "prompt_cache_miss_tokens"},
    "groq": {"seed", "service_tier"},
    "mistral": {"closed", "service_tier"},
    "openrouter": {
        *("cost", "is_byok", "cost_details", "format", "signature", "reasoning_details"),
        "native_finish_reason",
    },
    "xai": set[str](),
}
"""Fields that are there, and that nothing here would know what to say in."""


OPAQUE = ("usage", "content_filter_results", "latency_checkpoint", "reasoning_details")
"""Fields that have their own to say, which is no matter here."""


def fields(value: object) -> Iterator[str]:
    """Give out the names of all fields but for what is in those that are opaque."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in OPAQUE:
                yield from fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)


@pytest.mark.skipif(not STREAMS.is_dir(), reason="the recorded streams are not here")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_has_the_fields_that_recorded_streams_of_it_have(dialect: str) -> None:
    recorded = STREAMS / REAL[dialect]
    completion = assemble(recorded)
    made = generate(
        completion.content or "",
        dialect=dialect,
        reasoning="Hm." if completion.reasoning else None,
        tool_calls={"weather": {"city": "Vienna"}} if completion.tool_calls else {},
    )
    real = {name for payload in payloads(Recording.load(recorded)) for name in fields(payload)}
    ours = {name for payload in payloads(made) for name in fields(payload)}
    assert real - ours - NOT_OURS[dialect] == set()
    assert ours - real - {"logprobs", "system_fingerprint", "refusal"} == set()


def test_xai_repeats_the_role_and_counts_on_every_chunk() -> None:
    chunks = payloads(generate(TEXT, dialect="xai"))
    assert {chunk["choices"][0]["delta"]["role"] for chunk in chunks} == {"assistant"}
    written = [chunk["usage"]["completion_tokens"] for chunk in chunks]
    assert written == sorted(written)
    assert len(set(written)) > 5
    assert "finish_reason" not in chunks[0]["choices"][0]


def test_azure_begins_with_what_its_filter_says_of_the_prompt() -> None:
    first, *rest = payloads(generate(TEXT, dialect="azure"))
    assert (first["choices"], first["id"]) == ([], "")
    assert "prompt_filter_results" in first
    filtered = [chunk["choices"][0]["content_filter_results"] for chunk in rest if chunk["choices"]]
    assert filtered[0] == filtered[-1] == {}
    assert "hate" in filtered[1]


def test_groq_tells_its_usage_in_a_field_of_its_own_too() -> None:
    chunks = payloads(generate(TEXT, dialect="groq"))
    assert "usage" not in chunks[0]["x_groq"]
    assert chunks[-2]["x_groq"]["usage"] == chunks[-1]["usage"]
    assert chunks[-1]["choices"] == []


def test_mistral_thinks_in_its_content_and_ends_with_its_last_words() -> None:
    chunks = payloads(generate(TEXT, dialect="mistral", reasoning="Hm."))
    assert chunks[1]["choices"][0]["delta"]["content"][0]["type"] == "thinking"
    last = chunks[-1]["choices"][0]
    assert (last["delta"]["content"], last["finish_reason"]) == ("?", "stop")
    assert "usage" in chunks[-1]


def test_deepseek_counts_on_its_last_chunk() -> None:
    chunks = payloads(generate(TEXT, dialect="deepseek", reasoning="Hm."))
    assert chunks[1]["choices"][0]["delta"]["reasoning_content"] == "Hm"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert [chunk["usage"] is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]


def test_openrouter_says_that_it_is_at_work_and_counts_behind_the_end() -> None:
    recording = generate(TEXT, dialect="openrouter")
    first = Decoder(keep_comments=True).feed(recording.body)[0]
    assert first == Comment(" OPENROUTER PROCESSING")
    *_, end, last = payloads(recording)
    assert end["choices"][0]["finish_reason"] == "stop"
    assert last["choices"][0]["finish_reason"] is None
    assert "usage" in last


def test_openai_counts_in_a_chunk_of_its_own() -> None:
    first, *_, end, last = payloads(generate(TEXT))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert end["choices"][0]["finish_reason"] == "stop"
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == sum(
        last["usage"][name] for name in ("prompt_tokens", "completion_tokens")
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_header_says_what_was_asked_and_what_answered(protocol: str) -> None:
    header = generate(TEXT, protocol=protocol).header
    assert header is not None
    assert header.status == 200
    assert dict(header.headers)["content-type"].startswith("text/event-stream")
    assert header.request is not None
    assert (header.request["method"], str(header.request["url"])[:4]) == ("POST", "http")


# What it says of what it was given


THINKING = [
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "gemini",
    "google-interactions",
    "cohere-v2",
    "ag-ui",
]
CALLING = [*THINKING, "openai-assistants"]


@pytest.mark.parametrize("protocol", THINKING)
def test_reasoning_comes_before_the_text(protocol: str) -> None:
    completion = assemble(generate(TEXT, protocol=protocol, reasoning="Is it?").body)
    assert (completion.reasoning, completion.content) == ("Is it?", TEXT)


@pytest.mark.parametrize("protocol", CALLING)
def test_tools_are_called(protocol: str) -> None:
    calls: dict[str, JSONValue] = {"weather": {"city": "Vienna", "days": 2}, "time": {}}
    completion = assemble(generate("", protocol=protocol, tool_calls=calls).body)
    assert [(call.name, call.parsed()) for call in completion.tool_calls] == [*calls.items()]
    assert completion.complete
    assert not completion.content


@pytest.mark.parametrize("protocol", sorted(set(PROTOCOLS) - set(CALLING)))
def test_what_a_protocol_cannot_say_is_refused(protocol: str) -> None:
    with pytest.raises(ValueError, match=rf"{protocol} cannot spell choices\[0\]\.tool_calls"):
        generate(TEXT, protocol=protocol, tool_calls={"weather": {}})


def test_the_model_and_the_end_are_as_asked() -> None:
    made = generate(TEXT, model="gpt-9", finish_reason="length")
    completion = assemble(made.body)
    assert (completion.model, completion.finish_reason) == ("gpt-9", "length")


def test_a_completion_may_go_into_another_protocol() -> None:
    calls = (ToolCall("call_1", "dive", '{"metres":40}'),)
    of = Choice(0, "assistant", TEXT, "Hm.", tool_calls=calls, finish_reason="tool_use")
    message = Completion(
        "anthropic-messages", "msg_1", "m", None, (of,), complete=True, ended_by="terminal_event"
    )
    completion = assemble(generate(message).body)
    assert (completion.content, completion.reasoning) == (TEXT, "Hm.")
    assert completion.tool_calls == calls


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"protocol": "nonsense"},
            "no protocol 'nonsense' can be written; use one of: openai-chat",
        ),
        ({"protocol": "unknown"}, "no protocol 'unknown' can be written"),
        ({"dialect": "nonsense"}, "there is no dialect 'nonsense'; use one of: azure"),
        (
            {"dialect": "xai", "protocol": "gemini"},
            "is one of openai-chat, and not of gemini",
        ),
        ({"usage": "twice"}, "usage is 'twice'; it can be final, cumulative, none"),
        ({"usage": "cumulative", "protocol": "cohere-v2"}, "cohere-v2 has one place for its usage"),
        ({"transforms": Transforms(jitter=2.0)}, "jitter is 2.0"),
        ({"transforms": Transforms(faults="cut@event=900")}, "the stream has 12 events"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        generate(TEXT, **options)


@pytest.mark.parametrize(
    ("completion", "words"),
    [
        (Completion("openai-chat", choices=(Choice(content="a"),)), "is not complete"),
        (
            Completion("cohere-v2", choices=(Choice(), Choice(1)), complete=True),
            "cohere-v2 has one choice, and the completion has 2",
        ),
        (Completion("gemini", complete=True), "the completion has no choice"),
        (
            Completion(
                "openai-chat", model="m", choices=(Choice(),), complete=True, ended_by="eof"
            ),
            "cannot spell",
        ),
    ],
)
def test_a_completion_that_no_stream_gives_is_told(completion: Completion, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        generate(completion, transforms=AT_ONCE)


@pytest.mark.parametrize(
    ("completion", "options", "words"),
    [
        (None, {}, "takes a text or a Completion; this is NoneType"),
        (b"hi", {}, "this is bytes"),
        (5, {}, "this is int"),
        ("a", {"transforms": None}, "transforms= takes a Transforms"),
        ("a", {"transforms": {}}, "transforms= takes a Transforms"),
        ("a", {"tool_calls": ["x"]}, "tool_calls is ['x']; it is a mapping"),
        ("a", {"tool_calls": 5}, "tool_calls is 5; it is a mapping"),
        ("a", {"tool_calls": None}, "tool_calls is None; it is a mapping"),
        ("a", {"tool_calls": {5: {}}}, "the name 5"),
        ("a", {"reasoning": 5}, "reasoning is 5; it is a text, or None"),
        ("a", {"dialect": []}, "dialect is []; it is a text, or None"),
    ],
)
def test_an_argument_of_another_type_is_told(
    completion: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        generate(completion, **options)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_arguments_that_are_no_json_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="the arguments of 'x' are no JSON: "):
        generate("a", tool_calls={"x": {"a": value}})


def test_a_completion_has_its_own_texts() -> None:
    with pytest.raises(ValueError, match="they go with a text"):
        generate(assemble(generate(TEXT).body), reasoning="Hm.")


def test_a_head_that_comes_with_the_first_read_does_so_after_saving_too(tmp_path: Path) -> None:
    for seed in range(20):
        pace = Transforms(ttft=0.3, jitter=0.8, seed=seed)
        path = generate("Hi there.", transforms=pace).save(tmp_path / f"{seed}.txt")
        again = Recording.load(path)
        assert again.header is not None
        assert again.header.headers_at is not None
        assert again.header.headers_at <= again.reads[0].time
