"""SDKs that are answered out of recordings say what ``assemble`` says."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

import sseparse
from sseparse import NoSuchRecording, Recording
from sseparse.http import AsyncReplayTransport, ReplayTransport
from sseparse.recording import Header
from sseparse.replay import Recordings, Transforms

MESSAGES: Any = [{"role": "user", "content": "Hi"}]
CHAT: Any = {"model": "grok-beta", "messages": MESSAGES, "stream": True}
RESPONSE: Any = {"model": "m", "input": "Hi", "stream": True}
MESSAGE: Any = {"model": "claude-of-the-fixture", "max_tokens": 100, "messages": MESSAGES}
KEY = "none"
every_library = pytest.mark.parametrize(
    "library", [httpx2, httpx], ids=lambda module: module.__name__
)


@pytest.fixture
def chat(fixtures_dir: Path) -> Path:
    return fixtures_dir / "xai-grok-beta.txt"


@pytest.fixture
def messages(fixtures_dir: Path) -> Path:
    return fixtures_dir / "anthropic-messages" / "complete.txt"


@pytest.fixture
def responses(fixtures_dir: Path) -> Path:
    return fixtures_dir / "openai-responses" / "complete.txt"


def content_of(path: Path) -> str:
    content = sseparse.assemble(Recording.load(path)).content
    assert content
    return content


def fast(**options: Any) -> Transforms:
    return Transforms(speed=math.inf, **options)


def openai_client(recordings: Any, library: Any = httpx2, **options: Any) -> openai.OpenAI:
    transport = ReplayTransport(recordings, transforms=fast(**options))
    return openai.OpenAI(
        api_key=KEY, http_client=library.Client(transport=transport), max_retries=0
    )


def async_openai_client(recordings: Any, library: Any) -> openai.AsyncOpenAI:
    transport = AsyncReplayTransport(recordings, transforms=fast())
    return openai.AsyncOpenAI(
        api_key=KEY, http_client=library.AsyncClient(transport=transport), max_retries=0
    )


def text_of(stream: Any) -> str:
    return "".join(c.choices[0].delta.content or "" for c in stream if c.choices)


@every_library
def test_openai_reads_a_chat(library: Any, chat: Path) -> None:
    with openai_client(chat, library) as client:
        assert text_of(client.chat.completions.create(**CHAT)) == content_of(chat)


@every_library
def test_async_openai_reads_a_chat(library: Any, chat: Path) -> None:
    async def run() -> str:
        async with async_openai_client(chat, library) as client:
            stream = await client.chat.completions.create(**CHAT)
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    assert asyncio.run(run()) == content_of(chat)


@every_library
def test_openai_reads_a_response(library: Any, responses: Path) -> None:
    with openai_client(responses, library) as client:
        events = list(client.responses.create(**RESPONSE))
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text == content_of(responses)


@every_library
def test_async_openai_reads_a_response(library: Any, responses: Path) -> None:
    async def run() -> str:
        async with async_openai_client(responses, library) as client:
            stream = await client.responses.create(**RESPONSE)
            return "".join(
                [e.delta async for e in stream if e.type == "response.output_text.delta"]
            )

    assert asyncio.run(run()) == content_of(responses)


def test_anthropic_reads_a_message(messages: Path) -> None:
    transport = ReplayTransport(messages, transforms=fast())
    client = anthropic.Anthropic(api_key=KEY, http_client=httpx2.Client(transport=transport))
    with client, client.messages.stream(**MESSAGE) as stream:
        assert "".join(stream.text_stream) == content_of(messages)


def test_async_anthropic_reads_a_message(messages: Path) -> None:
    async def run() -> str:
        transport = AsyncReplayTransport(messages, transforms=fast())
        http_client = httpx2.AsyncClient(transport=transport)
        async with (
            anthropic.AsyncAnthropic(api_key=KEY, http_client=http_client) as client,
            client.messages.stream(**MESSAGE) as stream,
        ):
            return "".join([text async for text in stream.text_stream])

    assert asyncio.run(run()) == content_of(messages)


def test_openai_and_anthropic_share_a_folder_by_the_paths_of_their_requests(
    chat: Path, messages: Path
) -> None:
    def at(path: Path, url: str) -> Recording:
        loaded = Recording.load(path)
        header = Header(status=200, request={"method": "POST", "url": url, "headers": []})
        return Recording(loaded.reads, header)

    recordings = Recordings(
        [
            at(messages, "https://api.anthropic.com/v1/messages"),
            at(chat, "https://api.openai.com/v1/chat/completions"),
        ]
    )
    with openai_client(recordings) as client:
        assert text_of(client.chat.completions.create(**CHAT)) == content_of(chat)
    transport = ReplayTransport(recordings, transforms=fast())
    with (
        anthropic.Anthropic(
            api_key=KEY, http_client=httpx2.Client(transport=transport)
        ) as anthropic_client,
        anthropic_client.messages.stream(**MESSAGE) as stream,
    ):
        assert "".join(stream.text_stream) == content_of(messages)


@pytest.mark.parametrize(("status", "kind"), [(429, openai.RateLimitError), (500, openai.APIError)])
def test_a_wrong_status_is_the_sdks_own_error(status: int, kind: type, chat: Path) -> None:
    with openai_client(chat, faults=f"status:{status}") as client, pytest.raises(kind):
        client.chat.completions.create(**CHAT)


@every_library
def test_a_cut_stream_breaks_the_sdk_where_it_was_cut(library: Any, chat: Path) -> None:
    with openai_client(chat, library, faults="cut@event=3") as client:
        stream = client.chat.completions.create(**CHAT)
        assert next(stream).choices
        with pytest.raises((openai.APIError, library.RemoteProtocolError)):
            list(stream)


def test_an_sdk_shows_what_no_recording_answers(chat: Path) -> None:
    recording = Recording.load(chat)
    header = Header(request={"method": "POST", "url": "https://a.example/x", "headers": []})
    with (
        openai_client(Recording(recording.reads, header)) as client,
        pytest.raises((NoSuchRecording, openai.APIConnectionError)) as error,
    ):
        client.chat.completions.create(**CHAT)
    # SDKs of some versions wrap what a transport raises.
    shown = error.value if isinstance(error.value, NoSuchRecording) else error.value.__cause__
    assert str(shown).endswith("the nearest is 1: it answers /x")
