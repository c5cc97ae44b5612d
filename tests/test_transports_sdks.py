from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
from recorded import load, recorded_now, text_of
from servers import WAIT, Reply, Server, Wait, serve

import sseparse
from sseparse.http import AsyncRecordingTransport, RecordingTransport
from sseparse.recording._stamps import split_blocks

KEY = "canary-of-a-key"
MESSAGES: Any = [{"role": "user", "content": "Hi"}]
CHAT: Any = {"model": "grok-beta", "messages": MESSAGES}
MESSAGE: Any = {"model": "claude-of-the-fixture", "max_tokens": 100, "messages": MESSAGES}
LIBRARIES = [httpx2, httpx]
every_library = pytest.mark.parametrize("library", LIBRARIES, ids=lambda module: module.__name__)


@pytest.fixture(scope="module")
def chat(fixtures_dir: Path) -> Iterator[Server]:
    with serve(Reply(split_blocks((fixtures_dir / "xai-grok-beta.txt").read_bytes()))) as server:
        yield server


@pytest.fixture(scope="module")
def messages(fixtures_dir: Path) -> Iterator[Server]:
    body = (fixtures_dir / "anthropic-messages" / "complete.txt").read_bytes()
    with serve(Reply(split_blocks(body))) as server:
        yield server


def base_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def openai_client(server: Server, transport: RecordingTransport, library: Any) -> openai.OpenAI:
    client = library.Client(transport=transport)
    return openai.OpenAI(
        api_key=KEY, base_url=f"{base_of(server)}/v1", http_client=client, max_retries=0
    )


def async_openai_client(
    server: Server, transport: AsyncRecordingTransport, library: Any
) -> openai.AsyncOpenAI:
    client = library.AsyncClient(transport=transport)
    return openai.AsyncOpenAI(
        api_key=KEY, base_url=f"{base_of(server)}/v1", http_client=client, max_retries=0
    )


def check(
    transport: RecordingTransport | AsyncRecordingTransport,
    text: str,
    fixture: Path,
    ends: set[str],
) -> None:
    """See that the recording is the fixture, and says what the SDK said."""
    (path,) = transport.recordings
    recording = load(path)
    assert recording.body == fixture.read_bytes()
    assert len(recording.reads) == len(split_blocks(recording.body))
    assert recording.end.reason in ends
    completion = sseparse.assemble(recording)
    assert completion.complete
    assert completion.content == text != ""
    assert KEY.encode() not in text_of(path.parent)


@every_library
def test_a_stream_of_openai(library: Any, chat: Server, fixtures_dir: Path, tmp_path: Path) -> None:
    transport = RecordingTransport(tmp_path)
    with openai_client(chat, transport, library) as client:
        stream = client.chat.completions.create(**CHAT, stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    # It reads no further than [DONE], and closes the response.
    check(transport, text, fixtures_dir / "xai-grok-beta.txt", {"client_closed"})
    assert transport.recordings[0].name.endswith("-v1-chat-completions-grok-beta.txt")


@every_library
def test_a_stream_of_async_openai(
    library: Any, chat: Server, fixtures_dir: Path, tmp_path: Path
) -> None:
    transport = AsyncRecordingTransport(tmp_path)

    async def run() -> str:
        async with async_openai_client(chat, transport, library) as client:
            stream = await client.chat.completions.create(**CHAT, stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    # It reads on behind [DONE] for a moment.
    ends = {"eof", "client_closed"}
    check(transport, asyncio.run(run()), fixtures_dir / "xai-grok-beta.txt", ends)


def test_the_raw_bytes_of_openai(chat: Server, fixtures_dir: Path, tmp_path: Path) -> None:
    transport = RecordingTransport(tmp_path)
    with (
        openai_client(chat, transport, httpx2) as client,
        client.chat.completions.with_streaming_response.create(**CHAT, stream=True) as response,
    ):
        text = sseparse.assemble(response.iter_bytes()).content
    check(transport, text or "", fixtures_dir / "xai-grok-beta.txt", {"eof"})


def test_the_raw_bytes_of_async_openai(chat: Server, fixtures_dir: Path, tmp_path: Path) -> None:
    transport = AsyncRecordingTransport(tmp_path)

    async def run() -> str:
        async with (
            async_openai_client(chat, transport, httpx2) as client,
            client.chat.completions.with_streaming_response.create(**CHAT, stream=True) as response,
        ):
            body = b"".join([data async for data in response.iter_bytes()])
        return sseparse.assemble(body).content or ""

    check(transport, asyncio.run(run()), fixtures_dir / "xai-grok-beta.txt", {"eof"})


def anthropic_client(server: Server, transport: RecordingTransport) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        api_key=KEY,
        base_url=base_of(server),
        http_client=httpx2.Client(transport=transport),
        max_retries=0,
    )


def async_anthropic_client(
    server: Server, transport: AsyncRecordingTransport
) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(
        api_key=KEY,
        base_url=base_of(server),
        http_client=httpx2.AsyncClient(transport=transport),
        max_retries=0,
    )


def test_a_stream_of_anthropic(messages: Server, fixtures_dir: Path, tmp_path: Path) -> None:
    transport = RecordingTransport(tmp_path)
    with (
        anthropic_client(messages, transport) as client,
        client.messages.stream(**MESSAGE) as stream,
    ):
        text = "".join(stream.text_stream)
    fixture = fixtures_dir / "anthropic-messages" / "complete.txt"
    check(transport, text, fixture, {"eof"})


def test_a_stream_of_async_anthropic(messages: Server, fixtures_dir: Path, tmp_path: Path) -> None:
    transport = AsyncRecordingTransport(tmp_path)

    async def run() -> str:
        async with (
            async_anthropic_client(messages, transport) as client,
            client.messages.stream(**MESSAGE) as stream,
        ):
            return "".join([text async for text in stream.text_stream])

    fixture = fixtures_dir / "anthropic-messages" / "complete.txt"
    check(transport, asyncio.run(run()), fixture, {"eof"})


def test_the_raw_bytes_of_anthropic(messages: Server, fixtures_dir: Path, tmp_path: Path) -> None:
    transport = RecordingTransport(tmp_path)
    with (
        anthropic_client(messages, transport) as client,
        client.messages.with_streaming_response.create(**MESSAGE, stream=True) as response,
    ):
        text = sseparse.assemble(response.iter_bytes()).content
    fixture = fixtures_dir / "anthropic-messages" / "complete.txt"
    check(transport, text or "", fixture, {"eof"})


def test_the_raw_bytes_of_async_anthropic(
    messages: Server, fixtures_dir: Path, tmp_path: Path
) -> None:
    transport = AsyncRecordingTransport(tmp_path)

    async def run() -> str:
        async with (
            async_anthropic_client(messages, transport) as client,
            client.messages.with_streaming_response.create(**MESSAGE, stream=True) as response,
        ):
            body = b"".join([data async for data in response.iter_bytes()])
        return sseparse.assemble(body).content or ""

    fixture = fixtures_dir / "anthropic-messages" / "complete.txt"
    check(transport, asyncio.run(run()), fixture, {"eof"})


def test_openai_gets_each_chunk_before_the_next_is_sent(fixtures_dir: Path, tmp_path: Path) -> None:
    blocks = split_blocks((fixtures_dir / "xai-grok-beta.txt").read_bytes())
    pieces: list[bytes | Wait] = [blocks[0], WAIT, blocks[1], WAIT, *blocks[2:]]
    transport = RecordingTransport(tmp_path)
    with serve(Reply(pieces)) as server, openai_client(server, transport, httpx2) as client:
        stream = iter(client.chat.completions.create(**CHAT, stream=True))
        for number in (1, 2):
            next(stream)
            assert recorded_now(transport.recordings[0]) == b"".join(blocks[:number])
            server.go()
        assert len(list(stream)) > 10


def test_a_broken_stream_is_to_openai_what_it_would_be_without_recording(tmp_path: Path) -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
    errors = []
    recording = RecordingTransport(tmp_path)

    def read(server: Server, transport: Any) -> None:
        with openai_client(server, transport, httpx2) as client:
            for _ in client.chat.completions.create(**CHAT, stream=True):
                server.go()

    with serve(Reply([chunk, WAIT], end="cut")) as server:
        for transport in (httpx2.HTTPTransport(), recording):
            with pytest.raises((openai.APIError, httpx2.HTTPError)) as error:
                read(server, transport)
            errors.append(error.value)
    assert type(errors[0]) is type(errors[1])
    assert load(recording.recordings[0]).end.reason == "truncated"
