"""The steps of a run: the messages it wrote and the tools it called.

The calls in a step are the caller's (``function``) or OpenAI's own (every other type). Their
arguments are in the calls alone, what OpenAI's tools gave back is in the step. A call that comes
with its output was answered before this stream began: it stays in its step, whole.
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, ToolCallBuilder, known_index
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Entries, Fields, append, entries, keep_unheard_of, set_last
from sseparse.assembly._fragments import fields as fields_of
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_object, as_text
from sseparse.assembly.protocols._openai_assistants_messages import Messages, Whole

_ARGUMENTS = {"function": "arguments", "code_interpreter": "input"}
"""Where the arguments of a call are, by its type; other tools show none."""

_KNOWN = {
    "function": frozenset(("name", "arguments")),
    "code_interpreter": frozenset(("input", "outputs")),
}


class StepCall:
    """A tool call in a step.

    Attributes:
        kind: its type, as sent.
        fields: the call as OpenAI has it, but for its arguments.
        inner: the object in it that is named after its type.
        answered: it came with its output.
        call: the call among those of the choice, or None if it was answered.
        outputs: what it gave back, by index.
    """

    __slots__ = ("answered", "call", "fields", "inner", "kind", "outputs")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.inner = Fields()
        self.fields = Fields({"type": kind, kind: self.inner})
        self.answered = False
        self.call: ToolCallBuilder | None = None
        self.outputs: dict[int, Fields] = {}


class StepWhole(Whole):
    """A step: its fields, and its tool calls by id and by index."""

    __slots__ = ("by_id", "by_index")

    def __init__(self) -> None:
        super().__init__()
        self.by_id: dict[str, StepCall] = {}
        self.by_index: dict[int, StepCall] = {}


class Steps(Messages):
    """The part of the fold that is about steps."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[str, StepWhole] = {}
        self._asked: dict[str, ToolCallBuilder] = {}  # the caller's calls, by id

    def fold_step(self, event: ServerSentEvent, step: JSONObject, deltas: list[Delta]) -> None:
        """Fold a whole step in."""
        choice = self.choice()
        whole = self._step(step.get("id"))
        at_end = self.take_whole(whole, step, "step_details")
        calls = self._take_details(whole, step.get("step_details"))
        if at_end:
            for place, sent in enumerate(calls):
                self._take_call(choice, whole, place, sent, deltas, at_end=True)

    def fold_step_delta(
        self, event: ServerSentEvent, payload: JSONObject, deltas: list[Delta]
    ) -> None:
        """Fold the delta of a step in."""
        choice = self.choice()
        whole = self._step(payload.get("id"))
        delta = self.take_delta(whole, payload)
        for place, sent in enumerate(self._take_details(whole, delta.get("step_details"))):
            index = known_index(sent.get("index"), place)
            self._take_call(choice, whole, index, sent, deltas)

    def fold_required_call(self, place: int, sent: JSONObject, deltas: list[Delta]) -> None:
        """Take a call that the run waits for; a step had it before, if all of the stream came."""
        choice = self.choice()
        id = as_text(sent.get("id"))  # noqa: A001 (OpenAI's word)
        calls = choice.tool_calls.builders
        call = self._asked.get(id or "")
        if call is None and place < len(calls) and not (id and calls[place].id):
            call = calls[place]
        function = self._inner(sent, "function")
        call = self._begin_call(choice, call, "function", sent, function, deltas)
        self._take_arguments(choice, call, function.get("arguments"), deltas, at_end=True)
        keep_unheard_of(sent, frozenset(("id", "type", "function")), call.extra)

    def _step(self, id: JSONValue) -> StepWhole:  # noqa: A002 (OpenAI's word)
        key = self.key_of(id, self._steps)
        whole = self._steps.get(key)
        if whole is None:
            whole = self._steps[key] = StepWhole()
            self.keep("steps", key, whole)
        return whole

    def _take_details(self, whole: StepWhole, details: JSONValue) -> list[JSONObject]:
        """Take what a step did beside tool calls, and return these."""
        if not isinstance(details, dict):
            if details is not None:
                self.bad_shape("the details of a step", "object")
            return []
        own = fields_of(whole.fields, "step_details")
        keep_unheard_of(details, frozenset(("tool_calls",)), own)
        if details.get("tool_calls") is not None:
            entries(own, "tool_calls")
        return self.objects("a tool call", details.get("tool_calls"))

    # Its tool calls

    def _take_call(
        self,
        choice: ChoiceBuilder,
        whole: StepWhole,
        index: int,
        sent: JSONObject,
        deltas: list[Delta],
        *,
        at_end: bool = False,
    ) -> None:
        """Take a piece of a call, or in the end all of it."""
        own = _find_call(whole, index, sent)
        inner = self._inner(sent, own.kind)
        if (id := as_text(sent.get("id"))) and own.fields.setdefault("id", id) == id:  # noqa: A001 (OpenAI's word)
            whole.by_id[id] = own
        keep_unheard_of(sent, frozenset(("index", "id", "type", own.kind)), own.fields)
        if own.call is None and own.kind == "function" and inner.get("output") is not None:
            own.answered = True
        if own.answered:
            keep_unheard_of(inner, frozenset(), own.inner)
            return
        known = own.call or (self._asked.get(id or "") if own.kind == "function" else None)
        own.call = self._begin_call(choice, known, own.kind, sent, inner, deltas)
        arguments = inner.get(_ARGUMENTS.get(own.kind, ""))
        self._take_arguments(choice, own.call, arguments, deltas, at_end=at_end)
        if own.kind == "code_interpreter":
            self._take_outputs(own, inner.get("outputs"), at_end=at_end)
        keep_unheard_of(inner, _KNOWN.get(own.kind, frozenset()), own.inner)

    def _inner(self, sent: JSONObject, kind: str) -> JSONObject:
        value = sent.get(kind)
        if value is not None and not isinstance(value, dict):
            self.bad_shape(f"a {kind}", "object")
        return as_object(value)

    def _begin_call(
        self,
        choice: ChoiceBuilder,
        call: ToolCallBuilder | None,
        kind: str,
        sent: JSONObject,
        inner: JSONObject,
        deltas: list[Delta],
    ) -> ToolCallBuilder:
        """Open a call if it is new; else set what of it was not yet known."""
        name = inner.get("name") if kind == "function" else None
        if call is None:
            server = kind != "function"
            call = self.begin_call(
                choice, deltas, id=sent.get("id"), name=name, type=kind, server=server
            )
        else:
            self.name_call(choice, call, deltas, id=sent.get("id"), name=name)
        if call.id and not call.server:
            self._asked[call.id] = call
        return call

    def _take_arguments(
        self,
        choice: ChoiceBuilder,
        call: ToolCallBuilder,
        value: JSONValue,
        deltas: list[Delta],
        *,
        at_end: bool,
    ) -> None:
        if at_end and call.arguments:
            self.compare("a tool call", call.arguments, value)
        else:
            self.grow_arguments(choice, call, value, deltas)

    def _take_outputs(self, own: StepCall, value: JSONValue, *, at_end: bool) -> None:
        """Take what a tool gave back: in pieces by index, or in the end all of it."""
        if value is None:
            return
        outputs = self.objects("an output", value)
        kept = entries(own.inner, "outputs")
        if at_end and outputs:
            own.inner["outputs"] = Entries(outputs)
            own.outputs = {}
            return
        for output in outputs:
            index = as_index(output.get("index"))
            if index is None:
                index = max(own.outputs, default=-1) + 1
            if index not in own.outputs:
                own.outputs[index] = Fields()
                kept.append(own.outputs[index])
            for key, entry in output.items():
                if key == "logs" and isinstance(entry, str):
                    append(own.outputs[index], key, entry)
                elif key != "index":
                    set_last(own.outputs[index], key, entry)


def _find_call(whole: StepWhole, index: int, sent: JSONObject) -> StepCall:
    """Return the call that a piece belongs to: the index names it, unless the piece says another.

    Another id (for a function: together with a name) or another type is another call.
    """
    inner = (key for key in (*_ARGUMENTS, "file_search") if isinstance(sent.get(key), dict))
    kind = as_text(sent.get("type")) or next(inner, None)
    id = as_text(sent.get("id"))  # noqa: A001 (OpenAI's word)
    name = as_text(as_object(sent.get("function")).get("name"))
    own = whole.by_index.get(index)
    if own is not None and kind in (None, own.kind):
        another = id not in (None, own.fields.get("id", id))
        if not another or (own.kind == "function" and name is None):
            return own
    own = whole.by_id.get(id or "")
    if own is None or kind not in (None, own.kind):
        own = StepCall(kind or "function")
        entries(fields_of(whole.fields, "step_details"), "tool_calls").append(own.fields)
    whole.by_index[index] = own
    return own
