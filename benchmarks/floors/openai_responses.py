"""The floor of OpenAI Responses."""

from __future__ import annotations

from typing import Any

import msgspec

from benchmarks.answers import Made
from benchmarks.floors._structs import JSON, Decode, Struct, Tagged, named


class _OutputText(Tagged, tag="output_text"):
    text: str
    annotations: list[JSON]
    logprobs: list[JSON]


class _SummaryText(Tagged, tag="summary_text"):
    text: str


class _MessageItem(Tagged, tag="message"):
    id: str
    status: str
    role: str
    content: list[_OutputText]


class _ReasoningItem(Tagged, tag="reasoning"):
    id: str
    summary: list[_SummaryText]


class _CallItem(Tagged, tag="function_call"):
    id: str
    status: str
    call_id: str
    name: str
    arguments: str


_Item = _MessageItem | _ReasoningItem | _CallItem


class _InputTokensDetails(Struct):
    cached_tokens: int


class _OutputTokensDetails(Struct):
    reasoning_tokens: int


class _ResponseUsage(Struct):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: _InputTokensDetails
    output_tokens_details: _OutputTokensDetails


class _Response(Struct):
    id: str
    object: str
    created_at: float
    status: str
    model: str
    output: list[_Item]
    background: bool
    parallel_tool_calls: bool
    store: bool
    frequency_penalty: float
    presence_penalty: float
    temperature: float
    top_p: float
    top_logprobs: int
    service_tier: str
    tool_choice: str
    tools: list[JSON]
    reasoning: JSON
    text: JSON
    truncation: str
    metadata: JSON
    usage: _ResponseUsage | None = None
    completed_at: float | None = None
    error: JSON | None = None
    incomplete_details: JSON | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    previous_response_id: str | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    user: str | None = None


class _Numbered(Tagged, kw_only=True):
    sequence_number: int


class _Created(_Numbered, tag="response.created"):
    response: _Response


class _InProgress(_Numbered, tag="response.in_progress"):
    response: _Response


class _Completed(_Numbered, tag="response.completed"):
    response: _Response


class _ItemAdded(_Numbered, tag="response.output_item.added"):
    output_index: int
    item: _Item


class _ItemDone(_Numbered, tag="response.output_item.done"):
    output_index: int
    item: _Item


class _InPart(_Numbered, kw_only=True):
    item_id: str
    output_index: int
    content_index: int


class _InSummary(_Numbered, kw_only=True):
    item_id: str
    output_index: int
    summary_index: int


class _InCall(_Numbered, kw_only=True):
    item_id: str
    output_index: int


class _PartAdded(_InPart, tag="response.content_part.added"):
    part: _OutputText


class _PartDone(_InPart, tag="response.content_part.done"):
    part: _OutputText


class _OutputTextDelta(_InPart, tag="response.output_text.delta"):
    delta: str
    logprobs: list[JSON]
    obfuscation: str | None = None


class _OutputTextDone(_InPart, tag="response.output_text.done"):
    text: str
    logprobs: list[JSON]


class _SummaryAdded(_InSummary, tag="response.reasoning_summary_part.added"):
    part: _SummaryText


class _SummaryDone(_InSummary, tag="response.reasoning_summary_part.done"):
    part: _SummaryText


class _SummaryTextDelta(_InSummary, tag="response.reasoning_summary_text.delta"):
    delta: str
    obfuscation: str | None = None


class _SummaryTextDone(_InSummary, tag="response.reasoning_summary_text.done"):
    text: str


class _ArgumentsDelta(_InCall, tag="response.function_call_arguments.delta"):
    delta: str
    obfuscation: str | None = None


class _ArgumentsDone(_InCall, tag="response.function_call_arguments.done"):
    arguments: str


_ResponseEvent = (
    _Created
    | _InProgress
    | _Completed
    | _ItemAdded
    | _ItemDone
    | _PartAdded
    | _PartDone
    | _OutputTextDelta
    | _OutputTextDone
    | _SummaryAdded
    | _SummaryDone
    | _SummaryTextDelta
    | _SummaryTextDone
    | _ArgumentsDelta
    | _ArgumentsDone
)


def load() -> Decode:
    """Return the floor of OpenAI Responses."""
    return named(msgspec.json.Decoder(_ResponseEvent).decode)


def read(events: list[Any]) -> Made:
    """Return what the events say: the deltas, not the texts that are sent again whole."""
    calls: dict[int, str] = {}
    for event in events:
        if isinstance(event, _ArgumentsDelta):
            calls[event.output_index] = calls.get(event.output_index, "") + event.delta
    items = {event.output_index: event.item for event in events if isinstance(event, _ItemAdded)}
    names = {index: item.name for index, item in items.items() if isinstance(item, _CallItem)}
    return Made(
        "".join(event.delta for event in events if isinstance(event, _OutputTextDelta)),
        next(item.role for item in items.values() if isinstance(item, _MessageItem)),
        events[-1].response.usage.total_tokens,
        "".join(event.delta for event in events if isinstance(event, _SummaryTextDelta)),
        tuple((names[index], text) for index, text in calls.items()),
    )
