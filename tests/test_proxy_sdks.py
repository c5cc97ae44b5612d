"""The SDKs of OpenAI and Anthropic, pointed at the proxy by base_url and by nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import anthropic
import httpx2
import openai
import pytest
from cli import END, chunk
from proxies import Proxy, proxied
from servers import WAIT, Reply, Server, serve

from sseparse import assemble
from sseparse.recording._folder import RecordingFolder
from sseparse.server import RecordingProxy, Relayed

OPENAI = [chunk(role="assistant"), chunk(content="Hel"), chunk(content="lo 🐙"), END]


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


MESSAGE: dict[str, object] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
ANTHROPIC = [
    event("message_start", message=MESSAGE),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hel"}),
    event("content_block_delta", index=0, delta={"type": "text_delta", "text": "lo 🐙"}),
    event("content_block_stop", index=0),
    event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
    event("message_stop"),
]


@pytest.fixture
def openai_server() -> Iterator[Server]:
    with serve(Reply(OPENAI)) as running:
        yield running


@pytest.fixture
def anthropic_server() -> Iterator[Server]:
    with serve(Reply(ANTHROPIC)) as running:
        yield running


def check(proxy: Proxy, pieces: list[bytes], name: str) -> None:
    recording = proxy.recording()
    assert recording.body == b"".join(pieces)
    assert assemble(recording).content == "Hello 🐙"
    (path,) = proxy.folder.glob("*.txt")
    assert path.stem.endswith(name)
    assert "hunter2" not in path.with_name(path.name + ".timing.jsonl").read_text()


def test_openai(openai_server: Server, tmp_path: Path) -> None:
    with proxied(openai_server.url, tmp_path) as proxy:
        with openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="hunter2", max_retries=0) as client:
            stream = client.chat.completions.create(
                model="gpt-x", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            text = "".join(part.choices[0].delta.content or "" for part in stream)
        assert text == "Hello 🐙"
        assert b"Bearer hunter2" in openai_server.requests[0]
        check(proxy, OPENAI, "-v1-chat-completions-gpt-x")


def test_openai_with_asyncio(openai_server: Server, tmp_path: Path) -> None:
    async def ask(proxy: Proxy) -> str:
        base_url = f"{proxy.url}/v1"
        async with openai.AsyncOpenAI(base_url=base_url, api_key="hunter2") as client:
            stream = await client.chat.completions.create(
                model="gpt-x", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            return "".join([part.choices[0].delta.content or "" async for part in stream])

    with proxied(openai_server.url, tmp_path) as proxy:
        assert asyncio.run(ask(proxy)) == "Hello 🐙"
        check(proxy, OPENAI, "-v1-chat-completions-gpt-x")


def test_anthropic(anthropic_server: Server, tmp_path: Path) -> None:
    with proxied(anthropic_server.url, tmp_path) as proxy:
        with (
            anthropic.Anthropic(base_url=proxy.url, api_key="hunter2", max_retries=0) as client,
            client.messages.stream(
                model="claude", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            ) as stream,
        ):
            assert "".join(stream.text_stream) == "Hello 🐙"
        check(proxy, ANTHROPIC, "-v1-messages-claude")


def test_anthropic_with_asyncio(anthropic_server: Server, tmp_path: Path) -> None:
    async def ask(proxy: Proxy) -> str:
        async with (
            anthropic.AsyncAnthropic(base_url=proxy.url, api_key="hunter2") as client,
            client.messages.stream(
                model="claude", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            ) as stream,
        ):
            return "".join([text async for text in stream.text_stream])

    with proxied(anthropic_server.url, tmp_path) as proxy:
        assert asyncio.run(ask(proxy)) == "Hello 🐙"
        check(proxy, ANTHROPIC, "-v1-messages-claude")


def test_an_sdk_shows_why_upstream_cannot_be_reached(tmp_path: Path) -> None:
    with proxied("http://127.0.0.1:1", tmp_path) as proxy:
        with (
            openai.OpenAI(base_url=proxy.url, api_key="x", max_retries=0) as client,
            pytest.raises(openai.InternalServerError, match="Connection refused") as caught,
        ):
            client.models.list()
        assert caught.value.status_code == 502
        assert caught.value.type == "upstream_error"


def test_a_program_can_have_the_proxy_inside(tmp_path: Path) -> None:
    waiting = [part for piece in OPENAI for part in (piece, WAIT)]

    async def ask(server: Server) -> list[Relayed]:
        base = server.url.removesuffix("/v1/chat/completions")
        told: list[Relayed] = []
        proxy = RecordingProxy(base, RecordingFolder(tmp_path), on_response=told.append)
        url = await proxy.start()
        assert url == proxy.url
        assert proxy.running == 0
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x") as client:
            stream = await client.chat.completions.create(
                model="gpt-x", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            await anext(stream)
            assert proxy.running == 1
            server.go()
            async for _ in stream:
                server.go()
            server.go()
            await proxy.stop()
        return told

    with serve(Reply(waiting)) as server:
        (relayed,) = asyncio.run(ask(server))
    assert (relayed.method, relayed.status, relayed.end) == ("POST", 200, "eof")
    assert relayed.path is not None
    assert relayed.path.read_bytes() == b"".join(OPENAI)
    assert relayed.reads == len(OPENAI)


def test_what_a_callback_of_the_proxy_raises_is_told_and_breaks_no_exchange(tmp_path: Path) -> None:
    def break_down(_: Relayed) -> None:
        raise LookupError("not mine")

    async def ask(server: Server) -> tuple[list[bytes], list[str]]:
        base = server.url.removesuffix("/v1/chat/completions")
        told: list[str] = []
        folder = RecordingFolder(tmp_path)
        proxy = RecordingProxy(base, folder, on_message=told.append, on_response=break_down)
        url = await proxy.start()
        async with httpx2.AsyncClient() as client:
            bodies = [(await client.get(f"{url}/v1/chat")).content for _ in range(2)]
        await proxy.stop()
        return bodies, told

    with serve(Reply(OPENAI)) as server:
        bodies, told = asyncio.run(ask(server))
    assert bodies == 2 * [b"".join(OPENAI)]
    assert told == 2 * ["on_response raised LookupError: not mine"]
