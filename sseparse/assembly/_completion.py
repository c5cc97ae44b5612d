"""What a stream amounts to: the completion and its parts, whoever sent them.

Plain values: immutable, equal by value, with no knowledge of the chunks they were made from. Texts
and numbers are as the provider sent them; where a figure has a common name it stands beside the raw
one, never in its place.
"""

from __future__ import annotations

from typing import Literal, TypeVar, cast

import attrs

from sseparse.assembly._json import JSONObject, JSONValue, loads, loads_so_far, whole

T = TypeVar("T")

EndedBy = Literal["done_marker", "terminal_event", "finish_reason", "error", "eof"]
"""How a stream ended: by ``[DONE]``; by the protocol's last event; without either but with a
finish_reason in every choice; by an error; or just so."""

Severity = Literal["error", "warning", "info"]


@attrs.frozen
class Finding:
    """Something about a stream that its reader should know.

    Attributes:
        code: a short name that stays the same between versions, such as ``"incomplete"``.
        severity: ``"error"`` (the completion is not whole), ``"warning"`` or ``"info"``.
        message: one line for people.
        event_number: the event it is about, counted from 1, or None (the stream as a whole).
        offset: the byte of the stream it is about, counted from 0, where that is known.
    """

    code: str
    severity: Severity
    message: str
    event_number: int | None = None
    offset: int | None = None


@attrs.frozen
class ToolCall:
    """One call of a tool that the model asks for.

    Attributes:
        id: the call's id, or None if none was sent.
        name: the function's name, or None.
        arguments: the arguments as one string, as streamed: JSON if the model kept to it.
        type: ``"function"``, or what the provider says.
        extra: further fields of the call, as sent.
    """

    id: str | None = None
    name: str | None = None
    arguments: str = ""
    type: str = "function"
    extra: JSONObject = attrs.field(factory=dict)

    def parsed(self, *, partial: bool = False) -> JSONValue:
        """Return the arguments decoded as JSON; no arguments at all are an empty object.

        Args:
            partial: take arguments that may be cut anywhere, and return what they say so far: while
                they stream, or where the stream broke. A text is given as far as it goes; a key
                without its value, or half a number, is left out.

        Raises:
            ValueError: the arguments are no JSON (the stream was cut, or the model slipped), with
                ``partial`` not even its beginning.

        >>> ToolCall(name="add", arguments='{"a": 2, "b": 3}').parsed()
        {'a': 2, 'b': 3}
        >>> ToolCall(name="write", arguments='{"text": "Dear Si').parsed(partial=True)
        {'text': 'Dear Si'}
        """
        if not self.arguments.strip():
            return {}
        return loads_so_far(self.arguments) if partial else loads(self.arguments)


@attrs.frozen
class FunctionCall:
    """The one call of a function that chat completions had before tool calls (2023)."""

    name: str | None = None
    arguments: str = ""


@attrs.frozen
class Usage:
    """What the stream says it cost.

    Providers count differently: xAI's output leaves the reasoning out, others' has it in. So
    ``raw`` is the truth, and the rest are the same numbers under common names, never sums.

    Attributes:
        raw: the provider's own object: the last one that was sent.
        input_tokens: tokens of the prompt.
        output_tokens: tokens of the answer.
        total_tokens: as sent.
        cached_tokens: how many of the prompt's tokens came from a cache.
        reasoning_tokens: how many tokens went into reasoning.
    """

    raw: JSONObject
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@attrs.frozen
class Choice:
    """One of the answers in a completion (there are several when ``n`` was more than 1).

    Attributes:
        index: its number among the choices.
        role: who speaks, mostly ``"assistant"``; None if the stream never said.
        content: the text; ``""`` where only empty pieces came, None where there were none at all.
        reasoning: the thoughts before the text (``reasoning_content`` or ``reasoning``), or None.
        refusal: what the model says instead of content when it declines, or None.
        tool_calls: the calls it asks the caller to make, in the order they began.
        server_tool_calls: the calls that the provider makes itself (a web search, code it runs).
        function_call: the same in the form of 2023.
        finish_reason: the provider's own word, or None if it was never sent.
        logprobs: the log probabilities, all chunks' lists joined.
        annotations: citations and the like, all chunks' lists joined.
        extra: further fields of the choice and its deltas, as sent.
    """

    index: int = 0
    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    server_tool_calls: tuple[ToolCall, ...] = ()
    function_call: FunctionCall | None = None
    finish_reason: str | None = None
    logprobs: JSONObject | None = None
    annotations: tuple[JSONValue, ...] = ()
    extra: JSONObject = attrs.field(factory=dict)


_NO_CHOICE = Choice()


@attrs.frozen
class Completion:
    """A completion, rebuilt from its stream.

    Attributes:
        protocol: what the stream speaks, such as ``"openai-chat"``, or ``"unknown"``.
        id: the completion's id: the first one, if a gateway sends several. A text, but for
            JSON-RPC (``"mcp"``), whose ids may be numbers.
        model: the model that answered, likewise.
        created: when, in seconds since 1970.
        choices: the answers, by index.
        usage: the tokens, or None if the stream did not say. Cumulative usage is never added up.
        error: the error the stream carried, as sent, or None.
        complete: the stream came to its proper end, and without an error.
        ended_by: how it ended: ``"done_marker"``, ``"terminal_event"``, ``"finish_reason"``,
            ``"error"`` or ``"eof"``.
        findings: what was odd about it, in stream order.
        extra: further fields of the chunks, as last sent, under the provider's names.
    """

    protocol: str
    id: str | int | None = None
    model: str | None = None
    created: float | None = None
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    error: JSONValue = None
    complete: bool = False
    ended_by: EndedBy = "eof"
    findings: tuple[Finding, ...] = ()
    extra: JSONObject = attrs.field(factory=dict)

    @property
    def _first(self) -> Choice:
        return next((choice for choice in self.choices if choice.index == 0), _NO_CHOICE)

    @property
    def content(self) -> str | None:
        """The text of choice 0."""
        return self._first.content

    @property
    def role(self) -> str | None:
        """The role of choice 0."""
        return self._first.role

    @property
    def finish_reason(self) -> str | None:
        """Why choice 0 stopped, in the provider's own word."""
        return self._first.finish_reason

    @property
    def reasoning(self) -> str | None:
        """The reasoning of choice 0."""
        return self._first.reasoning

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of choice 0 that the caller is to make."""
        return self._first.tool_calls

    @property
    def server_tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of choice 0 that the provider makes itself."""
        return self._first.server_tool_calls

    def to_dict(self) -> JSONObject:
        """Return the completion as plain JSON values, under the names of its attributes."""
        return cast("JSONObject", _plain(self))

    @classmethod
    def from_dict(cls, data: JSONObject) -> Completion:
        """Return the completion that ``to_dict`` gave; fields that are missing are as by default.

        Raises:
            ValueError: a field is not known, or of another type; it is named.

        >>> completion = Completion("openai-chat", choices=(Choice(content="Hi"),))
        >>> Completion.from_dict(completion.to_dict()) == completion
        True
        """
        return _restored(cls, data, "the completion")

    def to_native(self) -> JSONObject:
        """Return the provider's own non-streaming object, as plain JSON values.

        The types of the provider's SDK accept it if the stream came to its end and has what
        they ask for (some servers send no finish_reason): of openai a
        ``ChatCompletion`` or a ``Response``, of anthropic a ``Message``, of google-genai a
        ``GenerateContentResponse``, and so on. What the stream did not say is null here too, or
        missing, never made up.

        Raises:
            ValueError: the protocol has no such object (``"unknown"``, ``"replicate"``).
        """
        from sseparse.assembly._registry import native  # the registry knows the protocols, they us

        return native(self)


_ACCEPTED: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "EndedBy": (str,),
    "float | None": (int, float, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "JSONObject": (dict,),
    "JSONObject | None": (dict, type(None)),
    "Severity": (str,),
    "str": (str,),
    "str | int | None": (str, int, type(None)),
    "str | None": (str, type(None)),
    "tuple[JSONValue, ...]": (list,),
}
"""What JSON has for a field, by the type of the field; one that is not here takes anything."""

_PARTS: dict[str, type] = {
    "choices": Choice,
    "findings": Finding,
    "function_call": FunctionCall,
    "server_tool_calls": ToolCall,
    "tool_calls": ToolCall,
    "usage": Usage,
}
"""The fields that hold values of ours, or lists of them."""


def _restored(of: type[T], data: JSONValue, where: str) -> T:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is no JSON object")  # noqa: TRY004 (it is the data that is wrong)
    fields = {field.name: field for field in attrs.fields(of)}  # type: ignore[arg-type]
    if unknown := data.keys() - fields.keys():
        raise ValueError(f"{where} has no field {min(unknown)!r}")
    required = [name for name, field in fields.items() if field.default is attrs.NOTHING]
    for name in required:
        if name not in data:
            raise ValueError(f"{where} has to have a field {name!r}")
    values: dict[str, object] = {}
    for name, value in data.items():
        here = name if of is Completion else f"{where}.{name}"
        part = _PARTS.get(name)
        accepted = _ACCEPTED.get(str(fields[name].type))
        if part is not None and isinstance(value, list):
            values[name] = tuple(
                [_restored(part, one, f"{here}[{at}]") for at, one in enumerate(value)]
            )
        elif part is not None and value is not None:
            values[name] = _restored(part, value, here)
        elif accepted is not None and not isinstance(value, accepted):
            raise ValueError(f"{here} is {value!r}; it is of type {fields[name].type}")
        else:
            values[name] = tuple(value) if isinstance(value, list) and accepted else value
    return of(**values)


_OURS = (Finding, ToolCall, FunctionCall, Usage, Choice, Completion)


def _plain(value: object) -> JSONValue:
    """Return our own values as JSON ones; what came as JSON is left as it is, however deep."""
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, _OURS):
        return {f.name: _plain(getattr(value, f.name)) for f in attrs.fields(type(value))}
    return cast("JSONValue", value)


def without_halves(value: T) -> T:
    """Return a value of ours, or JSON, with no half character in any text or key of it."""
    new: object = value
    if isinstance(value, str):
        new = whole(value)
    elif isinstance(value, dict):
        new = {whole(key): without_halves(entry) for key, entry in value.items()}
    elif isinstance(value, (list, tuple)):
        new = type(value)([without_halves(entry) for entry in value])
    elif isinstance(value, _OURS):
        fields = attrs.fields(type(value))
        new = type(value)(*[without_halves(getattr(value, field.name)) for field in fields])
    return cast("T", new)
