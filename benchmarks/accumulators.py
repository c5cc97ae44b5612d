"""The accumulators of the providers' own SDKs, each fed by its own SDK's decoder of events.

What is timed is what lies between the bytes of the response and the finished object, less the HTTP
client. Modules are imported by name, and late: what is not installed is left out.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.answers import Made

Assemble = Callable[[bytes], Any]


def openai_chunks(chunk_type: Any) -> Callable[[bytes], Iterator[Any]]:
    """Return what ``openai.Stream`` does between the response and its chunks."""
    decoder = importlib.import_module("openai._streaming").SSEDecoder
    construct_type = importlib.import_module("openai._models").construct_type

    def chunks(body: bytes) -> Iterator[Any]:
        for sse in decoder().iter_bytes(iter([body])):
            if sse.data.startswith("[DONE]"):
                break
            yield construct_type(type_=chunk_type, value=sse.json())

    return chunks


def openai_chat_chunks() -> Callable[[bytes], Iterator[Any]]:
    """Return the same for chat completions."""
    return openai_chunks(importlib.import_module("openai.types.chat").ChatCompletionChunk)


def openai_chat() -> Assemble:
    """Return openai's accumulator of chat completions."""
    chunks = openai_chat_chunks()
    state_type = importlib.import_module("openai.lib.streaming.chat").ChatCompletionStreamState

    def assemble(body: bytes) -> Any:
        state = state_type()
        for chunk in chunks(body):
            state.handle_chunk(chunk)
        return state.get_final_completion()

    return assemble


def any_llm() -> Assemble:
    """Return any-llm's accumulator of chat completions."""
    accumulate = importlib.import_module("any_llm.utils.streaming").accumulate_chunks
    provider = importlib.import_module("any_llm.providers.openai.base").BaseOpenAIProvider
    convert = provider._convert_completion_chunk_response
    chunks = openai_chat_chunks()

    def assemble(body: bytes) -> Any:
        return accumulate(map(convert, chunks(body)))

    return assemble


def read_openai_chat(completion: Any) -> Made:
    """Return what a chat completion of openai's says."""
    message = completion.choices[0].message
    return Made(message.content, message.role, completion.usage.total_tokens)


def anthropic() -> Assemble:
    """Return what anthropic's ``MessageStream`` does with a stream."""
    decoder = importlib.import_module("anthropic._streaming").SSEDecoder
    construct_type = importlib.import_module("anthropic._models").construct_type
    event_type = importlib.import_module("anthropic.types").RawMessageStreamEvent
    not_given = importlib.import_module("anthropic").NOT_GIVEN
    stream_type = importlib.import_module("anthropic.lib.streaming").MessageStream

    def events(body: bytes) -> Iterator[Any]:
        for sse in decoder().iter_bytes(iter([body])):
            if sse.event != "ping":
                yield construct_type(type_=event_type, value=sse.json())

    def assemble(body: bytes) -> Any:
        return stream_type(events(body), output_format=not_given).get_final_message()

    return assemble


def read_anthropic(message: Any) -> Made:
    """Return what a message of anthropic's says."""
    return Made(
        "".join(block.text for block in message.content if block.type == "text"),
        message.role,
        message.usage.output_tokens,
        "".join(block.thinking for block in message.content if block.type == "thinking"),
        tuple(
            (block.name, json.dumps(block.input, ensure_ascii=False))
            for block in message.content
            if block.type == "tool_use"
        ),
    )


def openai_responses() -> Assemble:
    """Return openai's accumulator of responses."""
    events = openai_chunks(importlib.import_module("openai.types.responses").ResponseStreamEvent)
    omit = importlib.import_module("openai").omit
    module = importlib.import_module("openai.lib.streaming.responses._responses")

    def assemble(body: bytes) -> Any:
        state = module.ResponseStreamState(input_tools=omit, text_format=omit)
        for event in events(body):
            state.handle_event(event)
        return state._completed_response

    return assemble


def read_openai_responses(response: Any) -> Made:
    """Return what a response of openai's says."""
    items = response.output
    return Made(
        response.output_text,
        next(item.role for item in items if item.type == "message"),
        response.usage.total_tokens,
        "".join(part.text for item in items if item.type == "reasoning" for part in item.summary),
        tuple((item.name, item.arguments) for item in items if item.type == "function_call"),
    )


def google_genai() -> Assemble:
    """Return what google-genai makes of a stream: its chunks, for it has no accumulator.

    The texts, calls and the last usage of the chunks are collected, as its users do.
    """
    client = importlib.import_module("google.genai._api_client")
    models = importlib.import_module("google.genai.models")
    response_type = importlib.import_module("google.genai.types").GenerateContentResponse
    httpx = importlib.import_module("httpx")

    def responses(body: bytes) -> Iterator[Any]:
        # As in Models.generate_content_stream, which decodes each chunk, encodes it to look for an
        # error, decodes it again and validates the outcome.
        stream = httpx.Response(200, content=body)
        for segment in client.HttpResponse({}, response_stream=stream).segments():
            text = json.dumps(segment)
            if text.startswith('{"error":'):
                raise ValueError(text)
            chunk = models._GenerateContentResponse_from_mldev(json.loads(text), None, None)
            yield response_type._from_response(response=chunk, kwargs={})

    def assemble(body: bytes) -> Any:
        texts: list[str] = []
        thoughts: list[str] = []
        calls: list[Any] = []
        role = usage = None
        for response in responses(body):
            content = response.candidates[0].content
            role, usage = content.role, response.usage_metadata
            for part in content.parts:
                if part.function_call:
                    calls.append(part.function_call)
                elif part.text:
                    (thoughts if part.thought else texts).append(part.text)
        return texts, thoughts, calls, role, usage

    return assemble


def read_google_genai(result: Any) -> Made:
    """Return what was collected."""
    texts, thoughts, calls, role, usage = result
    return Made(
        "".join(texts),
        role,
        usage.total_token_count,
        "".join(thoughts),
        tuple((call.name, json.dumps(call.args, ensure_ascii=False)) for call in calls),
    )
