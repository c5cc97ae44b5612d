"""The SDKs of the providers read what is generated, as they read what the providers send."""

from __future__ import annotations

from collections.abc import Iterator

import anthropic
import httpx2
import openai
import pytest
from sdks import CLIENTS, WARNINGS, ask, protocol_of

from sseparse import Recording, generate
from sseparse._generate import DIALECTS, PROTOCOLS
from sseparse.assembly._json import JSONValue
from sseparse.http import ReplayTransport
from sseparse.replay import Recordings, Transforms
from sseparse.server import serve_in_thread

pytestmark = WARNINGS

TEXT = "The sea is deep, isn't it? 🐙 Ja, 很深。"
AT_ONCE = Transforms(speed=25)


def made(protocol: str) -> Recording:
    return generate(TEXT, protocol=protocol, transforms=AT_ONCE)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    recordings = {protocol: made(protocol) for protocol in PROTOCOLS}
    dialects = {
        dialect: generate(TEXT, dialect=dialect, reasoning="Hm.", transforms=AT_ONCE)
        for dialect in DIALECTS
    }
    with serve_in_thread(Recordings({**recordings, **dialects})) as url:
        yield url


@pytest.mark.parametrize("client", CLIENTS)
def test_each_reads_the_text_and_the_end(client: str, url: str) -> None:
    heard = ask(client, url, headers={"x-sseparse-recording": protocol_of(client)})
    assert (heard.text, heard.error) == (TEXT, None)
    if protocol_of(client) != "openai-transcription":
        assert heard.finish


@pytest.mark.parametrize("dialect", sorted(DIALECTS.keys() - {"mistral"}))
def test_the_sdk_of_openai_reads_every_dialect(dialect: str, url: str) -> None:
    heard = ask("openai chat", url, headers={"x-sseparse-recording": dialect})
    assert (heard.text, heard.error, heard.finish) == (TEXT, None, "stop")


CALLS: dict[str, JSONValue] = {"weather": {"city": "Vienna"}, "time": {}}


def test_openai_reads_calls_and_usage() -> None:
    transport = ReplayTransport(generate("", tool_calls=CALLS, transforms=AT_ONCE))
    client = openai.OpenAI(api_key="none", http_client=httpx2.Client(transport=transport))
    with client.chat.completions.stream(model="m", messages=[]) as stream:
        completion = stream.get_final_completion()
    (choice,) = completion.choices
    calls = choice.message.tool_calls or []
    called = [(call.function.name, call.function.arguments) for call in calls]
    assert called == [("weather", '{"city":"Vienna"}'), ("time", "{}")]
    assert completion.usage is not None
    assert completion.usage.completion_tokens > 3


def test_openai_reads_a_response_with_reasoning_and_calls() -> None:
    recording = generate(
        TEXT,
        protocol="openai-responses",
        reasoning="Hm.",
        tool_calls=CALLS,
        transforms=AT_ONCE,
    )
    transport = ReplayTransport(recording)
    client = openai.OpenAI(api_key="none", http_client=httpx2.Client(transport=transport))
    with client.responses.stream(model="m", input="Hi") as stream:
        response = stream.get_final_response()
    assert response.output_text == TEXT
    assert [item.type for item in response.output] == [
        *("reasoning", "message", "function_call", "function_call")
    ]


def test_anthropic_reads_thoughts_calls_and_usage() -> None:
    recording = generate(
        TEXT,
        protocol="anthropic-messages",
        reasoning="Hm.",
        tool_calls=CALLS,
        transforms=AT_ONCE,
    )
    transport = ReplayTransport(recording)
    client = anthropic.Anthropic(api_key="none", http_client=httpx2.Client(transport=transport))
    with client.messages.stream(model="m", max_tokens=9, messages=[]) as stream:
        message = stream.get_final_message()
    thought, text, *calls = message.content
    assert (thought.type, text.type) == ("thinking", "text")
    assert [(call.name, call.input) for call in calls if call.type == "tool_use"] == [
        *CALLS.items()
    ]
    assert message.usage.output_tokens > 10
    assert message.stop_reason == "tool_use"
