"""What OpenAI's Assistants can say."""

from __future__ import annotations

from hypothesis import strategies as st

from sseparse import Choice, Completion, ToolCall
from sseparse.assembly._json import JSONObject, JSONValue, as_list, as_object
from sseparse.assembly._usage import build_usage
from sseparse.testing._completions._common import (
    counts,
    ids,
    json_objects,
    some_text,
    times,
)

_texts: st.SearchStrategy[JSONObject] = st.builds(
    lambda value, annotations: {
        "type": "text",
        "text": {"value": value, "annotations": annotations},
    },
    st.one_of(st.just(""), some_text),
    st.lists(json_objects, max_size=2),
)
_blocks: st.SearchStrategy[JSONObject] = st.one_of(
    _texts,
    some_text.map(lambda text: {"type": "refusal", "refusal": text}),
    ids.map(lambda file: {"type": "image_file", "image_file": {"file_id": file}}),
)
_outputs: st.SearchStrategy[JSONObject] = st.one_of(
    some_text.map(lambda text: {"type": "logs", "logs": text}),
    ids.map(lambda file: {"type": "image", "image": {"file_id": file}}),
)
_inner: dict[str, st.SearchStrategy[JSONObject]] = {
    "function": st.just({}),
    "code_interpreter": st.lists(_outputs, max_size=2).map(lambda found: {"outputs": list(found)}),
    "file_search": st.one_of(st.just({}), json_objects.map(lambda found: {"results": [found]})),
}
_usages = st.builds(
    lambda prompt, answer, cached: {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_token_details": {"cached_tokens": cached},
    },
    counts,
    counts,
    counts,
)
_runs: st.SearchStrategy[JSONObject] = st.fixed_dictionaries(
    {
        "assistant_id": ids,
        "thread_id": ids,
        "instructions": st.text(max_size=20),
        "tools": st.lists(json_objects, max_size=2),
        "metadata": st.dictionaries(ids, ids, max_size=2),
        "expires_at": st.none(),
        "completed_at": st.one_of(st.none(), times),
        "last_error": st.none(),
        "parallel_tool_calls": st.booleans(),
    }
)


@st.composite
def _steps(
    draw: st.DrawFn, number: int, run: str, kinds: tuple[str, ...]
) -> tuple[JSONObject, list[ToolCall]]:
    """Draw a step that calls tools of these kinds, and the calls."""
    calls: list[ToolCall] = []
    entries: list[JSONValue] = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2)):
        shown = st.just("") if kind == "file_search" else st.one_of(st.just(""), some_text)
        name = draw(ids) if kind == "function" else None
        calls.append(ToolCall(f"call_{number}_{len(calls)}", name, draw(shown), kind))
        entries.append({"id": calls[-1].id, "type": kind, kind: draw(_inner[kind])})
    details: JSONObject = {"type": "tool_calls", "tool_calls": entries}
    status = "in_progress" if kinds == ("function",) else "completed"
    return _step(number, run, details, status), calls


def _step(number: int, run: str, details: JSONObject, status: str) -> JSONObject:
    return {
        "id": f"step_{number}",
        "object": "thread.run.step",
        "run_id": run,
        "type": details["type"],
        "status": status,
        "usage": None if status == "in_progress" else {"prompt_tokens": number},
        "last_error": None,
        "step_details": details,
    }


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    """Completions that the events of a run can spell."""
    run = draw(ids)
    messages: list[JSONObject] = []
    steps: list[JSONObject] = []
    server: list[ToolCall] = []
    asked: list[ToolCall] = []
    for number in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            step, calls = draw(_steps(number, run, ("code_interpreter", "file_search")))
            server += calls
        else:
            blocks = draw(st.lists(_blocks, max_size=3))
            messages.append(_message(f"msg_{number}", run, blocks))
            creation: JSONObject = {"message_id": f"msg_{number}"}
            details: JSONObject = {"type": "message_creation", "message_creation": creation}
            step = _step(number, run, details, "completed")
        steps.append(step)
    status = draw(st.sampled_from(["completed", "incomplete", "cancelled", "requires_action"]))
    if status == "requires_action":
        step, asked = draw(_steps(9, run, ("function",)))
        steps.append(step)
    extra: JSONObject = {**draw(_runs), "status": status}
    if steps:
        extra["steps"] = list(steps)
    if messages:
        extra["messages"] = list(messages)
    if draw(st.booleans()):
        extra["thread"] = {"id": extra["thread_id"], "object": "thread", **draw(json_objects)}
    usage = draw(st.one_of(st.none(), _usages))
    return Completion(
        protocol="openai-assistants",
        id=run,
        model=draw(ids),
        created=draw(times),
        choices=(_choice(messages, asked, server, status),),
        usage=None if usage is None else build_usage(usage),
        complete=True,
        ended_by=draw(st.sampled_from(["done_marker", "finish_reason"])),
        extra=extra,
    )


def _message(name: str, run: str, blocks: list[JSONObject]) -> JSONObject:
    return {
        "id": name,
        "object": "thread.message",
        "run_id": run,
        "role": "assistant",
        "status": "completed",
        "completed_at": None,
        "content": list(blocks),
    }


def _choice(
    messages: list[JSONObject], asked: list[ToolCall], server: list[ToolCall], status: str
) -> Choice:
    blocks = [as_object(b) for message in messages for b in as_list(message["content"])]
    texts = [as_object(block["text"]) for block in blocks if block["type"] == "text"]
    refusals = [str(block["refusal"]) for block in blocks if block["type"] == "refusal"]
    return Choice(
        role="assistant" if messages else None,
        content="".join(str(text["value"]) for text in texts) if texts else None,
        refusal="".join(refusals) if refusals else None,
        tool_calls=tuple(asked),
        server_tool_calls=tuple(server),
        finish_reason=status,
        annotations=tuple([each for text in texts for each in as_list(text["annotations"])]),
    )
