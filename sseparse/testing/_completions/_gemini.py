"""What Gemini can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_object, dumps
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    scalars,
    some_text,
    times,
)

_few_objects = st.lists(json_objects, max_size=2)
_signatures = st.fixed_dictionaries({"thoughtSignature": ids})
_maybe_signed: st.SearchStrategy[JSONObject] = st.one_of(st.just({}), _signatures)
_plain = st.builds(lambda text: {"text": text}, some_text)
_thoughts = st.builds(lambda text: {"text": text, "thought": True}, some_text)
_others: st.SearchStrategy[JSONObject] = st.one_of(
    st.builds(
        lambda code, own: {"executableCode": {"language": "PYTHON", "code": code, "id": own}},
        some_text,
        ids,
    ),
    st.builds(
        lambda output: {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": output}},
        some_text,
    ),
    st.builds(
        lambda args, own: {"toolCall": {"toolType": "URL_CONTEXT", "args": args, "id": own}},
        json_objects,
        ids,
    ),
    st.builds(lambda data: {"inlineData": {"mimeType": "image/png", "data": data}}, ids),
)
_values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(st.text(min_size=1, max_size=5), inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
_arguments = st.dictionaries(st.text(min_size=1, max_size=5), _values, max_size=3)
_usages = st.builds(
    lambda prompt, answer, thought: {
        "promptTokenCount": prompt,
        "candidatesTokenCount": answer,
        "totalTokenCount": prompt + answer + thought,
        "thoughtsTokenCount": thought,
    },
    counts,
    counts,
    counts,
)


@st.composite
def _function_calls(draw: st.DrawFn) -> tuple[JSONObject, ToolCall]:
    call = ToolCall(
        id=draw(st.one_of(st.none(), ids)),
        name=draw(ids),
        arguments=dumps(arguments) if (arguments := draw(_arguments)) else "",
    )
    function: JSONObject = {"name": call.name}
    if call.id is not None:
        function["id"] = call.id
    return {"functionCall": function, **draw(_maybe_signed)}, call


@st.composite
def _choices(draw: st.DrawFn, index: int) -> Choice:
    signed = st.builds(
        lambda text, more: {**text, **more}, st.one_of(_plain, _thoughts), _signatures
    )
    empty = st.builds(lambda more: {"text": "", **more}, _signatures)
    drawn = draw(
        st.lists(
            st.one_of(_plain, _thoughts, signed, empty, _others, _function_calls()), max_size=6
        )
    )
    parts: list[JSONValue] = []
    calls: list[ToolCall] = []
    server_calls: list[ToolCall] = []
    for entry in drawn:
        part = entry
        if isinstance(entry, tuple):
            part, call = entry
            calls.append(call)
        elif parts and _goes_on(as_object(parts[-1]), part):
            continue  # the two would be one
        server_calls += _server_call(part)
        parts.append(part)
    sources = draw(st.lists(json_objects, max_size=2, unique_by=dumps))
    extra: JSONObject = {}
    if draw(st.booleans()):
        extra["finishMessage"] = draw(some_text)
    if parts:
        extra["parts"] = parts
    if sources:
        extra["citationMetadata"] = {"citationSources": list(sources)}
    logprobs: JSONObject | None = None
    if draw(st.booleans()):
        logprobs = {"chosenCandidates": list[JSONValue](draw(_few_objects))}
    return Choice(
        index=index,
        role="model",
        content=_joined(parts, thought=False),
        reasoning=_joined(parts, thought=True),
        tool_calls=tuple(calls),
        server_tool_calls=tuple(server_calls),
        finish_reason=draw(st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY"])),
        logprobs=logprobs,
        annotations=tuple(sources),
        extra=extra,
    )


def _goes_on(last: JSONObject, part: JSONObject) -> bool:
    plain = last.keys() | part.keys() <= {"text", "thought"}
    return plain and last.get("thought") == part.get("thought")


def _joined(parts: list[JSONValue], thought: bool) -> str | None:
    texts = [
        str(part["text"])
        for part in map(as_object, parts)
        if "text" in part and part.get("thought", False) is thought
    ]
    return "".join(texts) if texts else None


def _server_call(part: JSONObject) -> list[ToolCall]:
    if code := as_object(part.get("executableCode")):
        written = dumps({"language": code["language"], "code": code["code"]})
        return [ToolCall(id=str(code["id"]), arguments=written, type="executableCode")]
    if tool := as_object(part.get("toolCall")):
        name = str(tool["toolType"])
        return [ToolCall(str(tool["id"]), name, dumps(tool["args"]), "toolCall")]
    return []


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that Gemini can spell."""
    usage = draw(st.one_of(st.none(), _usages))
    created = draw(st.one_of(st.none(), times.map(lambda seconds: seconds + 0.5)))
    extra: JSONObject = {}
    if draw(st.booleans()):
        extra["promptFeedback"] = {"safetyRatings": list[JSONValue](draw(_few_objects))}
    return Completion(
        protocol="gemini",
        id=draw(ids),
        model=draw(ids),
        created=created,
        choices=tuple([draw(_choices(index)) for index in range(draw(st.integers(1, 2)))]),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by="finish_reason",
        extra=extra,
    )
