"""A completion in Gemini's own non-streaming shape, a ``GenerateContentResponse``.

Google's types refuse every field they do not know (and its SDK drops those before it validates), so
here, too, only what they know is given; all the rest stays where it is, in ``extra`` and in
``Usage.raw``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sseparse.assembly._completion import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object

_OF_RESPONSE = frozenset(("createTime", "modelStatus", "promptFeedback"))
_OF_CANDIDATE = frozenset(
    (
        *("avgLogprobs", "continuationToken", "finishMessage", "groundingMetadata"),
        *("safetyRatings", "tokenCount", "urlContextMetadata"),
    )
)
_OF_USAGE = frozenset(
    (
        *("cacheTokensDetails", "cachedContentTokenCount"),
        *("candidatesTokenCount", "candidatesTokensDetails"),
        *("promptTokenCount", "promptTokensDetails", "thoughtsTokenCount"),
        *("toolUsePromptTokenCount", "toolUsePromptTokensDetails"),
        *("totalTokenCount", "trafficType"),
    )
)
_OF_PART = frozenset(
    (
        *("audioMetadata", "audioTranscription", "codeExecutionResult", "documentMetadata"),
        *("executableCode", "fileData", "functionCall", "functionResponse", "inlineData"),
        *("mediaProcessing", "mediaResolution", "partMetadata", "speechMetadata"),
        *("spreadsheetMetadata", "text", "thought", "thoughtSignature", "toolCall"),
        *("toolResponse", "videoMetadata"),
    )
)
_INSIDE = {
    "codeExecutionResult": frozenset(("id", "outcome", "output")),
    "executableCode": frozenset(("code", "id", "language")),
    "fileData": frozenset(("displayName", "fileUri", "mimeType")),
    "functionCall": frozenset(("id", "name")),
    "inlineData": frozenset(("data", "displayName", "mimeType")),
    "toolCall": frozenset(("args", "id", "toolType")),
    "toolResponse": frozenset(("id", "response", "toolType")),
}
"""Of the objects in a part: what the types know of them."""
_OF_CITATION = frozenset(("endIndex", "license", "publicationDate", "startIndex", "title", "uri"))


def to_generate_content_response(completion: Completion) -> JSONObject:
    """Return the ``GenerateContentResponse`` that the answer would have been without streaming."""
    native: JSONObject = {"candidates": [_candidate(choice) for choice in completion.choices]}
    if completion.usage is not None:
        native["usageMetadata"] = _known(completion.usage.raw, _OF_USAGE)
    if completion.model is not None:
        native["modelVersion"] = completion.model
    if completion.id is not None:
        native["responseId"] = completion.id
    if completion.created is not None:
        native["createTime"] = timestamp(completion.created)
    native.update(_known(completion.extra, _OF_RESPONSE))
    return native


def timestamp(seconds: float) -> str:
    """Return seconds since 1970 as Google writes times."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # a time before or after all calendars
        return str(seconds)


def _candidate(choice: Choice) -> JSONObject:
    content: JSONObject = {"role": choice.role or "model", "parts": list(_parts(choice))}
    native: JSONObject = {"index": choice.index, "content": content}
    if choice.finish_reason is not None:
        native["finishReason"] = choice.finish_reason
    if choice.annotations:
        citations = [_known(as_object(entry), _OF_CITATION) for entry in choice.annotations]
        native["citationMetadata"] = {"citations": list[JSONValue](citations)}
    logprobs = {**(choice.logprobs or {}), **as_object(choice.extra.get("logprobsResult"))}
    if logprobs:
        native["logprobsResult"] = logprobs
    native.update(_known(choice.extra, _OF_CANDIDATE))
    return native


def _parts(choice: Choice) -> Iterator[JSONObject]:
    """Yield the parts of a choice, the arguments of its function calls in their places again."""
    if "parts" not in choice.extra:
        yield from _made_parts(choice)
        return
    calls = iter(choice.tool_calls)
    for entry in as_list(choice.extra["parts"]):
        part = _known(as_object(entry), _OF_PART)
        for key, known in _INSIDE.items():
            if isinstance(value := part.get(key), dict):
                part[key] = _known(value, known)
        function = part.get("functionCall")
        if isinstance(function, dict) and (call := next(calls, None)) is not None:
            part["functionCall"] = {**function, **_arguments(call)}
        if part:
            yield part


def _made_parts(choice: Choice) -> Iterator[JSONObject]:
    """Yield the parts that a choice without any would have come in."""
    if choice.reasoning is not None:
        yield {"text": choice.reasoning, "thought": True}
    for call in choice.server_tool_calls:
        own: JSONObject = {} if call.id is None else {"id": call.id}
        if call.type == "executableCode":
            yield {"executableCode": {**own, **as_object(_parsed(call))}}
        elif call.type == "toolCall":
            yield {"toolCall": {**own, "toolType": call.name, **_arguments(call)}}
    if choice.content is not None:
        yield {"text": choice.content}
    for call in choice.tool_calls:
        named: JSONObject = {} if call.id is None else {"id": call.id}
        yield {"functionCall": {**named, "name": call.name, **_arguments(call)}}


def _parsed(call: ToolCall) -> JSONValue:
    """Return the arguments decoded; None for those of a call that was cut."""
    try:
        return call.parsed()
    except ValueError:
        return None


def _arguments(call: ToolCall) -> JSONObject:
    arguments = _parsed(call) if call.arguments else None
    return {"args": arguments} if isinstance(arguments, dict) else {}


def _known(value: JSONObject, known: frozenset[str]) -> JSONObject:
    return {key: entry for key, entry in value.items() if key in known}
