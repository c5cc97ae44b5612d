"""A completion in the shape of a finished interaction.

https://ai.google.dev/api/interactions-api: the steps in order, the arguments of the calls in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sseparse.assembly._completion import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly.protocols._gemini_native import timestamp

_NO_CHOICE = Choice()
_NOT_OURS = frozenset(("steps", "outputs", "event_id", "status", "unknown_events"))


def to_interaction(completion: Completion) -> JSONObject:
    """Return the interaction that the answer would have been without streaming.

    ``status`` is the last one sent; what the stream did not say is not in it.
    """
    choice = next((choice for choice in completion.choices if choice.index == 0), _NO_CHOICE)
    native: JSONObject = {
        "id": completion.id,
        "object": "interaction",
        "status": choice.finish_reason or completion.extra.get("status"),
        "model": completion.model,
        "role": choice.role,
        "created": None if completion.created is None else timestamp(completion.created),
        "usage": completion.usage.raw if completion.usage else None,
        "error": completion.error,
    }
    native = {key: value for key, value in native.items() if value is not None}
    native.update({k: v for k, v in completion.extra.items() if k not in _NOT_OURS})
    sent = {key: completion.extra[key] for key in ("steps", "outputs") if key in completion.extra}
    for key, steps in sent.items():
        native[key] = list[JSONValue](_with_arguments(choice, as_list(steps)))
    if not sent and choice is not _NO_CHOICE:
        native["steps"] = list[JSONValue](_made_steps(choice))
    return native


def text_of(steps: list[JSONValue]) -> str:
    """Return the text of the outputs among finished steps."""
    texts: list[JSONValue] = []
    for step in map(as_object, steps):
        blocks = as_list(step.get("content")) if step.get("type") == "model_output" else [step]
        of_text = [block for block in map(as_object, blocks) if block.get("type") == "text"]
        texts += [block.get("text") for block in of_text]
    return "".join([text for text in texts if isinstance(text, str)])


def _with_arguments(choice: Choice, steps: list[JSONValue]) -> Iterator[JSONObject]:
    """Yield the steps, each call with its arguments."""
    calls, server_calls = iter(choice.tool_calls), iter(choice.server_tool_calls)
    for step in map(as_object, steps):
        kind = step.get("type")
        call: ToolCall | None = None
        if isinstance(kind, str) and kind.endswith("_call"):
            call = next(calls if kind == "function_call" else server_calls, None)
        yield step if call is None else {**step, **_arguments(call)}


def _made_steps(choice: Choice) -> Iterator[JSONObject]:
    """Yield the steps that a choice without any would have come in."""
    if choice.reasoning is not None:
        yield {"type": "thought", "summary": [{"type": "text", "text": choice.reasoning}]}
    for call in choice.server_tool_calls:
        yield {"type": call.type, **_of_call(call)}
    if choice.content is not None:
        text: JSONObject = {"type": "text", "text": choice.content}
        if choice.annotations:
            text["annotations"] = list(choice.annotations)
        yield {"type": "model_output", "content": [text]}
    for call in choice.tool_calls:
        yield {"type": "function_call", **_of_call(call)}


def _of_call(call: ToolCall) -> JSONObject:
    known: JSONObject = {"id": call.id, "name": call.name}
    return {**{k: v for k, v in known.items() if v is not None}, **_arguments(call)}


def _arguments(call: ToolCall) -> JSONObject:
    """Return the arguments decoded, or as they are where the stream was cut in them."""
    if not call.arguments:
        return {"arguments": {}} if call.type == "function" else {}
    try:
        return {"arguments": call.parsed()}
    except ValueError:
        return {"arguments": call.arguments}
