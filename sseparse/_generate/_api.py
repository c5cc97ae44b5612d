"""From a completion, or a mere text, to a recording.

What is missing is put around it; the writer of its protocol spells it as events, and each event is
a read; the transforms of replay give the reads their times. Before that the stream is assembled
again: what a protocol cannot spell is refused, and never lost without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Literal, get_args

import attrs

from sseparse._assemble import assemble
from sseparse._encoder import encode
from sseparse._events import Item
from sseparse._generate._check import check
from sseparse._generate._complete import completed
from sseparse._generate._dialects import DIALECTS, Dialect
from sseparse._generate._fill import fill
from sseparse._generate._given import calls_of, check_texts
from sseparse._generate._usual import PROTOCOLS, USUAL
from sseparse._generate.writers import _openai_chat as chat
from sseparse.assembly import Completion, ToolCall
from sseparse.assembly._json import JSONValue
from sseparse.recording import End, Header, Read, Recording
from sseparse.replay import Transforms
from sseparse.replay._error_forms import error_event_of
from sseparse.replay._transforms import as_transforms

UsageForm = Literal["final", "cumulative", "none"]

PACE = Transforms(ttft=0.3, token_rate=50.0)
"""The times of a stream for which none are asked: what a middling model takes."""

CUMULATIVE = ("openai-chat", "openai-completions", "gemini")
"""The protocols in which usage can stand on every chunk."""

AFTER_THE_TEXT = {
    "a2a": 1,
    "ag-ui": 1,
    "anthropic-complete": 1,
    "anthropic-messages": 2,
    "cohere-v2": 1,
    "gemini": 1,
    "google-interactions": 2,
    "mcp": 1,
    "openai-assistants": 1,
    "openai-chat": 1,
    "openai-responses": 1,
    "openai-transcription": 1,
    "replicate": 1,
    "watsonx": 1,
}
"""How many events tell of a good end, in the place of which an error comes."""


def generate(
    completion: Completion | str,
    *,
    protocol: str | None = None,
    dialect: str | None = None,
    model: str | None = None,
    reasoning: str | None = None,
    tool_calls: Mapping[str, JSONValue] | Sequence[ToolCall] = (),
    finish_reason: str | None = None,
    usage: UsageForm | None = None,
    error: str | None = None,
    transforms: Transforms = PACE,
) -> Recording:
    r"""Return a recording of the stream that a provider would send for a completion.

    A text becomes a completion with the id, model, end and usage that are usual with the provider.
    A ``Completion`` is spelled as it is, with all that is in its ``extra``: assembled again, the
    stream gives the same one, but for ``findings``.

    Args:
        completion: the text, or all of it.
        protocol: such as ``"anthropic-messages"``; None: that of the completion, or
            ``"openai-chat"``.
        dialect: of chat completions: ``"azure"``, ``"deepseek"``, ``"groq"``, ``"mistral"``,
            ``"openrouter"`` or ``"xai"``; None: OpenAI's own.
        model: its name; None: one that the provider has.
        reasoning: the thoughts before the text.
        tool_calls: the calls that are asked for: name → arguments, or as values.
        finish_reason: the provider's word; None: its usual one.
        usage: ``"final"``: once, at the end; ``"cumulative"``: on every chunk; ``"none"``; None: as
            is usual.
        error: a message: the stream breaks off with an error in the protocol's own form.
        transforms: the times, such as ``Transforms(ttft=0.5, token_rate=30.0, jitter=0.2,
            faults="stall@event=9:2s")``, and all else that can be done to a recording; by default
            the first token comes after 0.3 s, and then 50 a second. Its ``seed`` makes the ids too.

    Raises:
        ValueError: there is no such protocol or dialect; the protocol has no way to spell
            something, which is named; arguments are no JSON; or a transform is out of its range.
        TypeError: an argument is of another type than it takes.

    >>> recording = generate("The sea is deep.", tool_calls={"dive": {"metres": 40}})
    >>> completion = assemble(recording.body)
    >>> completion.content, completion.tool_calls[0].arguments, completion.finish_reason
    ('The sea is deep.', '{"metres":40}', 'tool_calls')
    >>> assemble(generate(completion, dialect="xai").body).content
    'The sea is deep.'
    """
    texts = {"model": model, "reasoning": reasoning, "finish_reason": finish_reason, "error": error}
    check_texts(completion, protocol=protocol, dialect=dialect, usage=usage, **texts)
    as_transforms(transforms)
    calls = calls_of(tool_calls)
    if usage is not None and usage not in get_args(UsageForm):
        raise ValueError(f"usage is {usage!r}; it can be {', '.join(get_args(UsageForm))}")
    protocol = _protocol(completion, protocol, dialect)
    spoken = None if dialect is None else DIALECTS[dialect]
    made = isinstance(completion, str)
    if isinstance(completion, str):
        completion = completed(
            completion,
            usual=USUAL[protocol],
            protocol=protocol,
            model=model or (spoken.model if spoken else USUAL[protocol].model),
            reasoning=reasoning,
            tool_calls=calls,
            finish_reason=finish_reason,
            error=error,
            seed=transforms.seed,
        )
    elif calls or any(one is not None for one in texts.values()):
        raise ValueError("a completion has its own model, texts and end; they go with a text")
    else:
        completion = attrs.evolve(completion, protocol=protocol)
    if usage == "none":
        completion = attrs.evolve(completion, usage=None)
    wanted = fill(completion) if spoken is None else spoken.fill(fill(completion))
    body = [encode(item) for item in _items(wanted, spoken, usage)]
    check(wanted, assemble(body, protocol=protocol), made=made)
    return _recording(body, USUAL[protocol].url if spoken is None else spoken.url, transforms)


def _protocol(completion: Completion | str, protocol: str | None, dialect: str | None) -> str:
    if protocol is None:
        protocol = "openai-chat" if isinstance(completion, str) else completion.protocol
    if protocol not in PROTOCOLS:
        raise ValueError(f"no protocol {protocol!r} can be written; use one of: {_all(PROTOCOLS)}")
    if dialect is not None and dialect not in DIALECTS:
        raise ValueError(f"there is no dialect {dialect!r}; use one of: {_all(DIALECTS)}")
    if dialect is not None and protocol != "openai-chat":
        raise ValueError(f"dialect {dialect!r} is one of openai-chat, and not of {protocol}")
    return protocol


def _all(names: Iterable[str]) -> str:
    return ", ".join(names)


def _items(completion: Completion, spoken: Dialect | None, usage: UsageForm | None) -> list[Item]:
    """Return the events, and the comments before them."""
    protocol = completion.protocol
    if usage == "cumulative" and protocol not in CUMULATIVE:
        raise ValueError(
            f"{protocol} has one place for its usage; cumulative it can be in {_all(CUMULATIVE)}"
        )
    events = _events(completion, spoken, usage)
    if completion.error is not None:
        del events[len(events) - AFTER_THE_TEXT.get(protocol, 0) :]
        request = completion.extra.get("jsonrpc_id", completion.id)
        said = error_event_of(protocol, completion.error, number=len(events), request=request)
        events.append(said)
    return [*(spoken.comments if spoken else ()), *events]


def _events(completion: Completion, spoken: Dialect | None, usage: UsageForm | None) -> list[Item]:
    if completion.protocol == "openai-chat":
        form = chat.OPENAI if spoken is None else spoken.form
        if usage == "cumulative":
            form = attrs.evolve(form, usage="each")
        elif usage == "final" and form.usage == "each":
            form = attrs.evolve(form, usage="chunk")
        return [*chat.write(completion, form)]
    module = import_module(f"{__package__}.writers._{completion.protocol.replace('-', '_')}")
    if completion.protocol in CUMULATIVE:
        events: list[Item] = module.write(completion, cumulative=_each(completion, usage))
    else:
        events = module.write(completion)
    return events


def _each(completion: Completion, usage: UsageForm | None) -> bool:
    """Return whether usage stands on every chunk, as is usual with Gemini."""
    return usage == "cumulative" or (usage is None and completion.protocol == "gemini")


def _recording(body: Sequence[bytes], url: str, transforms: Transforms) -> Recording:
    # All at one time, which the transforms change; not at 0, so that the first token can be moved.
    reads = tuple(Read(1.0, data) for data in body)
    request = {"method": "POST", "url": url, "headers": []}
    header = Header(
        request=request,
        status=200,
        headers=(("content-type", "text/event-stream; charset=utf-8"),),
        headers_at=1.0,
    )
    made = transforms.apply(Recording(reads, header, End("eof", t=1.0)))
    if made.header is None or not made.reads:
        return made
    header = attrs.evolve(made.header, headers_at=made.reads[0].time)
    return attrs.evolve(made, header=header)
