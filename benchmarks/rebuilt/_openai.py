"""sseparse itself, and the providers' own SDKs: openai and anthropic."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.rebuilt._cases import Case
from benchmarks.rebuilt._judge import Call, Rebuilt

Rebuild = Callable[[str, Case], Rebuilt]
"""The server's address and the case in, what was made of it out."""

QUESTION = [{"role": "user", "content": "?"}]


def failed(made: Rebuilt, error: BaseException) -> Rebuilt:
    """Note an exception, with all it says."""
    body = getattr(error, "body", None) or getattr(error, "details", None)
    made.raised = type(error).__name__
    said = f"{error} {json.dumps(body, default=str, ensure_ascii=False)}"
    made.error = f"{made.error} {said}" if made.error else said
    return made


def sseparse() -> Rebuild:
    """Return sseparse."""
    assemble = importlib.import_module("sseparse").assemble

    def rebuild(url: str, case: Case) -> Rebuilt:  # noqa: ARG001  # it needs no client
        completion = assemble(case.body)
        usage = completion.usage
        return Rebuilt(
            completion.content,
            completion.role,
            completion.finish_reason,
            [(call.id, call.name, call.arguments) for call in completion.tool_calls],
            completion.reasoning,
            usage and (usage.input_tokens, usage.output_tokens),
            completion.error and json.dumps(completion.error, ensure_ascii=False),
            whole=completion.complete,
        )

    return rebuild


def read_chat(completion: Any) -> Rebuilt:
    """Return what an object of the shape of a chat completion says."""
    if not completion.choices:
        return Rebuilt(tool_calls=[])
    choice = completion.choices[0]
    message = choice.message
    usage = getattr(completion, "usage", None)
    return Rebuilt(
        message.content,
        message.role,
        choice.finish_reason,
        [
            (call.id, call.function.name, call.function.arguments)
            for call in message.tool_calls or []
        ],
        _reasoning(message),
        usage and (usage.prompt_tokens, usage.completion_tokens),
    )


def spoken(chunks: Sequence[Any]) -> Rebuilt:
    """Return what a caller who prints the chunks has, where the peer's sum of them raises."""
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    content = [delta.content for delta in deltas if isinstance(delta.content, str)]
    thoughts = [thought for delta in deltas if (thought := _reasoning(delta)) is not None]
    return Rebuilt(
        "".join(content) if content else None,
        next((delta.role for delta in deltas if delta.role), None),
        tool_calls=[],
        reasoning="".join(thoughts) or None,
    )


def _reasoning(message: Any) -> str | None:
    for name in ("reasoning_content", "reasoning"):
        value = getattr(message, name, None)
        if value is not None:
            return getattr(value, "content", value)  # type: ignore[no-any-return]  # any-llm's has a content
    return None


def openai_chat() -> Rebuild:
    """Return openai's state of a chat completion, which can be looked at at any time.

    Fed from ``create(stream=True)``: its ``stream()`` helper does the same, but passes over the
    chunks of those who leave ``object`` out.
    """
    openai = importlib.import_module("openai")
    state_type = importlib.import_module("openai.lib.streaming.chat").ChatCompletionStreamState

    def rebuild(url: str, case: Case) -> Rebuilt:  # noqa: ARG001
        state = state_type()
        error = None
        with openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client:
            try:
                for chunk in client.chat.completions.create(
                    model="m",
                    messages=QUESTION,
                    stream=True,
                    stream_options={"include_usage": True},
                ):
                    state.handle_chunk(chunk)
            except Exception as caught:  # whatever it raises is its answer
                error = caught
        try:
            made = read_chat(state.current_completion_snapshot)
        except Exception:  # nothing came before
            made = Rebuilt(tool_calls=[])
        return failed(made, error) if error else made

    return rebuild


def openai_responses() -> Rebuild:
    """Return openai's stream of responses; what came before an exception is in its events."""
    openai = importlib.import_module("openai")

    def rebuild(url: str, case: Case) -> Rebuilt:  # noqa: ARG001
        made = Rebuilt(tool_calls=[])
        with (
            openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client,
            client.responses.stream(model="m", input="?") as stream,
        ):
            try:
                last = None
                for event in stream:
                    watch(event, made)
                    last = event.type
                if last not in _NOT_COMPLETED:  # these bring the response themselves
                    made = read_response(stream.get_final_response())
            except Exception as caught:  # whatever it raises is its answer
                return failed(made, caught)
        return made

    return rebuild


def watch(event: Any, made: Rebuilt) -> None:
    """Take what an event of a response gives its user on the way."""
    assert isinstance(made.tool_calls, list)
    if event.type == "response.output_text.delta":
        made.content = f"{made.content or ''}{event.delta}"
    elif event.type in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
        made.reasoning = f"{made.reasoning or ''}{event.delta}"
    elif event.type == "response.output_item.added":
        item = event.item
        made.role = made.role or getattr(item, "role", None)
        if getattr(item, "type", None) in _CALLS:
            made.tool_calls.append((item.call_id, item.name, ""))
    elif event.type in _CALL_DELTAS and made.tool_calls:
        call_id, name, arguments = made.tool_calls[-1]
        made.tool_calls[-1] = (call_id, name, arguments + event.delta)
    elif event.type in _NOT_COMPLETED:
        final = read_response(event.response)
        made.finish_reason, made.usage, made.error = final.finish_reason, final.usage, final.error
    elif event.type == "error":
        made.error = event.model_dump_json()


_NOT_COMPLETED = ("response.incomplete", "response.failed")
_CALL_DELTAS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")


def read_response(response: Any) -> Rebuilt:
    """Return what a response object says."""
    items = response.output or []
    thoughts = [
        part.text
        for item in items
        if item.type == "reasoning"
        for part in [*(item.summary or []), *(getattr(item, "content", None) or [])]
    ]
    texts = [
        part.text
        for item in items
        if item.type == "message"
        for part in item.content
        if part.type == "output_text"
    ]
    usage = response.usage
    return Rebuilt(
        "".join(texts) if texts else None,
        next((item.role for item in items if item.type == "message"), None),
        response.status,
        [_response_call(item) for item in items if item.type in _CALLS],
        "\n\n".join(thoughts) or None,
        usage and (usage.input_tokens, usage.output_tokens),
        response.error and response.error.model_dump_json(),
    )


_CALLS = ("function_call", "custom_tool_call")


def _response_call(item: Any) -> Call:
    arguments = item.arguments if item.type == "function_call" else item.input
    return item.call_id, item.name, arguments


def anthropic_messages() -> Rebuild:
    """Return anthropic's stream of messages, whose snapshot can be looked at at any time."""
    anthropic = importlib.import_module("anthropic")

    def rebuild(url: str, case: Case) -> Rebuilt:  # noqa: ARG001
        error = None
        with (
            anthropic.Anthropic(api_key="none", base_url=url, max_retries=0) as client,
            client.messages.stream(model="m", max_tokens=9, messages=QUESTION) as stream,
        ):
            try:
                for _ in stream:
                    pass
            except Exception as caught:  # whatever it raises is its answer
                error = caught
            try:
                made = _read_message(stream.current_message_snapshot)
            except AssertionError:  # nothing came before
                made = Rebuilt(tool_calls=[])
        return failed(made, error) if error else made

    return rebuild


def _read_message(message: Any) -> Rebuilt:
    blocks = message.content
    texts = [block.text for block in blocks if block.type == "text"]
    thoughts = [block.thinking for block in blocks if block.type == "thinking"]
    return Rebuilt(
        "".join(texts) if texts else None,
        message.role,
        message.stop_reason,
        [(block.id, block.name, block.input) for block in blocks if block.type == "tool_use"],
        "\n\n".join(thoughts) or None,
        message.usage and (message.usage.input_tokens, message.usage.output_tokens),
    )
