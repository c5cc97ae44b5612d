"""The SDKs of OpenAI and Anthropic, pointed at the replay server by base_url and nothing else."""

from __future__ import annotations

import asyncio
import math
import shutil
import subprocess

import anthropic
import openai
import pytest
from test_proxy_sdks import ANTHROPIC, OPENAI

from sseparse import Read, Recording, assemble
from sseparse.replay import Transforms
from sseparse.server import serve_in_thread

CHAT = Recording(tuple(Read(0.01 * n, data) for n, data in enumerate(OPENAI)))
MESSAGES = Recording(tuple(Read(0.01 * n, data) for n, data in enumerate(ANTHROPIC)))


def test_openai() -> None:
    with (
        serve_in_thread(CHAT) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        text = "".join(part.choices[0].delta.content or "" for part in stream)
    assert text == assemble(CHAT).content


def test_openai_with_asyncio() -> None:
    async def ask(url: str) -> str:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x") as client:
            stream = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            return "".join([part.choices[0].delta.content or "" async for part in stream])

    with serve_in_thread(CHAT) as url:
        assert asyncio.run(ask(url)) == assemble(CHAT).content


def test_anthropic() -> None:
    with (
        serve_in_thread(MESSAGES) as url,
        anthropic.Anthropic(base_url=url, api_key="x", max_retries=0) as client,
        client.messages.stream(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        ) as stream,
    ):
        assert "".join(stream.text_stream) == assemble(MESSAGES).content


def test_anthropic_with_asyncio() -> None:
    async def ask(url: str) -> str:
        async with (
            anthropic.AsyncAnthropic(base_url=url, api_key="x") as client,
            client.messages.stream(
                model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            ) as stream,
        ):
            return "".join([text async for text in stream.text_stream])

    with serve_in_thread(MESSAGES) as url:
        assert asyncio.run(ask(url)) == assemble(MESSAGES).content


def test_an_sdk_shows_why_no_recording_fits() -> None:
    with (
        serve_in_thread(CHAT) as url,
        openai.OpenAI(
            base_url=f"{url}/v1", api_key="x", default_query={"recording": "none"}
        ) as client,
        pytest.raises(openai.NotFoundError, match="no recording is named 'none'"),
    ):
        client.models.list()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl() -> None:
    with serve_in_thread(CHAT, transforms=Transforms(speed=math.inf)) as url:
        done = subprocess.run(
            ["curl", "-sN", "--max-time", "20", f"{url}/v1"], capture_output=True, check=True
        )
    assert done.stdout == CHAT.body
