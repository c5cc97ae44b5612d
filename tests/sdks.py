"""The SDKs of the providers, sync and async, each pointed at a server by its base_url."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import anthropic
import cohere
import httpx
import openai
import pytest
from asking import CHAT, PLAIN, Ask, Asking, Heard, in_a_loop
from google import genai
from google.genai import types as genai_types

KEY = "none"
MESSAGES = CHAT["messages"]

WARNINGS = [
    pytest.mark.filterwarnings("ignore:The Assistants API is deprecated:DeprecationWarning"),
    # google-genai uses aiohttp in a way that aiohttp dislikes.
    pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning"),
]
"""Marks for tests that ask with SDKs: what those warn of is not for their users to mend."""

Request: TypeAlias = Callable[[Any], Any]
"""Asks for a stream with a client."""
Take: TypeAlias = Callable[[Heard, Any], None]
"""Hears one part of it."""


def _sync(make_client: Callable[[Asking], Any], request: Request, take: Take) -> Ask:
    def ask(asking: Asking) -> None:
        with make_client(asking) as client, contextlib.closing(request(client)) as stream:
            for part in stream:
                take(asking.heard, part)

    return ask


def _async(make_client: Callable[[Asking], Any], request: Request, take: Take) -> Ask:
    async def ask(asking: Asking) -> None:
        async with make_client(asking) as client:
            stream = request(client)
            if inspect.isawaitable(stream):
                stream = await stream
            try:
                async for part in stream:
                    take(asking.heard, part)
            finally:
                await (stream.aclose() if hasattr(stream, "aclose") else stream.close())

    return in_a_loop(ask)


# OpenAI


def _openai_options(asking: Asking) -> Any:
    return {
        "base_url": f"{asking.url}/v1",
        "api_key": KEY,
        "max_retries": asking.retries,
        "timeout": asking.timeout,
        "default_headers": dict(asking.headers),
    }


def _take_chunk(heard: Heard, chunk: Any) -> None:
    for choice in chunk.choices or ():
        if not choice.index:
            content = choice.delta.content if choice.delta else None
            heard.take(content, choice.finish_reason)


def _take_completion(heard: Heard, chunk: Any) -> None:
    for choice in chunk.choices:
        if choice.index == 0:
            heard.take(choice.text, choice.finish_reason)


def _take_response_event(heard: Heard, event: Any) -> None:
    heard.done = bool(heard.done)
    if event.type == "response.output_text.delta":
        heard.take(event.delta)
    elif event.type in ("response.completed", "response.incomplete"):
        heard.take(finish=event.response.status)
        heard.done = True


def _take_transcript(heard: Heard, event: Any) -> None:
    heard.done = bool(heard.done)
    if event.type == "transcript.text.delta":
        heard.take(event.delta)
    elif event.type == "transcript.text.done":
        heard.done = True
        heard.text = heard.text or event.text


def _take_run_event(heard: Heard, event: Any) -> None:
    if event.event == "thread.message.delta":
        parts = [part for part in event.data.delta.content or () if part.type == "text"]
        heard.take("".join(part.text.value or "" for part in parts if part.text))
    elif event.event.startswith("thread.run."):
        heard.take(finish=getattr(event.data, "status", None))


OPENAI: dict[str, tuple[Request, Take]] = {
    "openai chat": (lambda client: client.chat.completions.create(**CHAT), _take_chunk),
    "openai Responses": (
        lambda client: client.responses.create(model="m", input="Hi", stream=True),
        _take_response_event,
    ),
    "openai completions": (
        lambda client: client.completions.create(model="m", prompt="Hi", stream=True),
        _take_completion,
    ),
    "openai transcription": (
        lambda client: client.audio.transcriptions.create(
            model="m", file=("a.wav", b"RIFF"), stream=True
        ),
        _take_transcript,
    ),
    "openai Assistants": (
        lambda client: client.beta.threads.runs.create(
            thread_id="thread_1", assistant_id="asst_1", stream=True
        ),
        _take_run_event,
    ),
}


# Anthropic


def _anthropic_options(asking: Asking) -> Any:
    return {**_openai_options(asking), "base_url": asking.url}


def _ask_for_a_message(client: Any) -> Any:
    return client.messages.create(model="m", max_tokens=9, messages=MESSAGES, stream=True)


def _take_message_event(heard: Heard, event: Any) -> None:
    heard.done = bool(heard.done)
    if event.type == "content_block_start" and event.content_block.type == "text":
        heard.take(event.content_block.text)
    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
        heard.take(event.delta.text)
    elif event.type == "message_delta":
        heard.take(finish=event.delta.stop_reason)
    elif event.type == "message_stop":
        heard.done = True


# Google


def _genai_client(asking: Asking) -> genai.Client:
    options = genai_types.HttpOptions(
        base_url=asking.url,
        api_version="v1beta",
        headers=dict(asking.headers),
        timeout=round(asking.timeout * 1000),
        retry_options=genai_types.HttpRetryOptions(attempts=asking.retries + 1),
    )
    return genai.Client(api_key=KEY, http_options=options)


def _take_candidates(heard: Heard, response: Any) -> None:
    for candidate in (response.candidates or ())[:1]:
        parts = (candidate.content.parts if candidate.content else None) or ()
        heard.take("".join(part.text or "" for part in parts if not part.thought))
        heard.take(finish=candidate.finish_reason and candidate.finish_reason.value)


def _take_interaction_event(heard: Heard, event: Any) -> None:
    heard.done = bool(heard.done)
    if event.event_type == "step.delta" and event.delta.type == "text":
        heard.take(event.delta.text)
    elif event.event_type == "interaction.completed":
        heard.take(finish=event.interaction.status)
        heard.done = True


GOOGLE: dict[str, tuple[Request, Take]] = {
    "google-genai": (
        lambda client: client.models.generate_content_stream(model="m", contents="Hi"),
        _take_candidates,
    ),
    "google-genai interactions": (
        lambda client: client.interactions.create(model="m", input="Hi", stream=True),
        _take_interaction_event,
    ),
}


# Cohere


def _cohere_options(asking: Asking, http_client: Any) -> Any:
    http_client.headers.update(asking.headers)
    return {
        "api_key": KEY,
        "base_url": asking.url,
        "httpx_client": http_client,
        "timeout": asking.timeout,
    }


@contextlib.contextmanager
def _cohere_client(asking: Asking) -> Iterator[Any]:
    with httpx.Client() as http_client:
        yield cohere.ClientV2(**_cohere_options(asking, http_client)), asking.retries


@contextlib.asynccontextmanager
async def _async_cohere_client(asking: Asking) -> AsyncIterator[Any]:
    async with httpx.AsyncClient() as http_client:
        yield cohere.AsyncClientV2(**_cohere_options(asking, http_client)), asking.retries


def _ask_cohere(client_and_retries: Any) -> Any:
    client, retries = client_and_retries
    options = {"max_retries": retries}
    return client.chat_stream(model="m", messages=MESSAGES, request_options=options)


def _take_cohere_event(heard: Heard, event: Any) -> None:
    heard.done = bool(heard.done)
    if event.type == "content-delta":
        heard.take(event.delta.message.content.text)
    elif event.type == "message-end":
        heard.take(finish=event.delta.finish_reason)
        heard.done = True


def _sdks() -> Iterator[tuple[str, Ask]]:
    for name, (request, take) in OPENAI.items():
        yield name, _sync(lambda asking: openai.OpenAI(**_openai_options(asking)), request, take)
        yield (
            f"async {name}",
            _async(lambda asking: openai.AsyncOpenAI(**_openai_options(asking)), request, take),
        )
    message = _ask_for_a_message, _take_message_event
    yield (
        "anthropic",
        _sync(lambda asking: anthropic.Anthropic(**_anthropic_options(asking)), *message),
    )
    yield (
        "async anthropic",
        _async(lambda asking: anthropic.AsyncAnthropic(**_anthropic_options(asking)), *message),
    )
    for name, (request, take) in GOOGLE.items():
        yield name, _sync(_genai_client, request, take)
        yield f"async {name}", _async(lambda asking: _genai_client(asking).aio, request, take)
    yield "cohere", _sync(_cohere_client, _ask_cohere, _take_cohere_event)
    yield "async cohere", _async(_async_cohere_client, _ask_cohere, _take_cohere_event)


CLIENTS: dict[str, Ask] = {**dict(_sdks()), **PLAIN}
"""Every client, by its name."""

PROTOCOLS = {
    "openai chat": "openai-chat",
    "openai Responses": "openai-responses",
    "openai completions": "openai-completions",
    "openai transcription": "openai-transcription",
    "openai Assistants": "openai-assistants",
    "anthropic": "anthropic-messages",
    "google-genai": "gemini",
    "google-genai interactions": "google-interactions",
    "cohere": "cohere-v2",
}
"""What each SDK speaks; the plain clients ask for a chat."""


def protocol_of(client: str) -> str:
    """Return the protocol of the recordings that a client understands."""
    return PROTOCOLS.get(client.removeprefix("async "), "openai-chat")


def ask(client: str, url: str, **options: Any) -> Heard:
    """Ask with a client of ``CLIENTS``; what it raises is heard too."""
    asking = Asking(url, **options)
    try:
        CLIENTS[client](asking)
    except Exception as error:
        asking.heard.error = error
    return asking.heard
