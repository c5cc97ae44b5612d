"""Anthropic's Messages API, and all who speak like it (Bedrock, Vertex, gateways).

A message is a list of content blocks. Each event says by index which block begins, grows or ends;
the event's name is not looked at where the payload has a type, because proxies drop or rename it.
The blocks are kept as they are under ``extra["content"]`` of the choice, but for the input of
tools, which stands in the tool calls.

Two speeds, one behaviour. Most events are one more piece for the block that grew last: these
``take`` recognises by decoding them, and appends them. Everything else goes through ``fold``, which
takes any JSON there is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from sseparse._events import Item, ServerSentEvent
from sseparse.assembly._builder import ChoiceBuilder, Part, TextKind, ToolCallBuilder
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta, DeltaKind
from sseparse.assembly._fragments import Fields, entries, keep_unheard_of, set_last
from sseparse.assembly._json import JSONObject, JSONValue, as_index, as_list, as_object, as_text
from sseparse.assembly._protocol import Protocol
from sseparse.assembly._states import PartState, PartStep, State, Step
from sseparse.assembly.protocols._anthropic_messages_native import to_message
from sseparse.assembly.protocols._anthropic_messages_usual import (
    Decode,
    decode_input,
    decode_text,
    decode_thinking,
)

_Handler = Callable[["AnthropicMessages", JSONObject, list[Delta]], None]
_Grower = Callable[["AnthropicMessages", Part, JSONObject, list[Delta]], None]

_OF_MESSAGE = frozenset(("id", "type", "role", "model", "content", "stop_reason", "usage"))
_OF_MESSAGE_EVENT = frozenset(("type", "message", "delta", "content", "usage", "error"))
_OF_BLOCK_EVENT = frozenset(("type", "index", "content_block", "delta", "error"))
_OF_CALL = frozenset(("type", "id", "name", "input"))
_OF_DELTA = frozenset(
    ("type", "text", "thinking", "partial_json", "signature", "citation", "estimated_tokens")
)
_OF_COMPACTION = frozenset(("type",))

_KINDS: dict[str | None, TextKind] = {"text": "content", "thinking": "reasoning"}
"""Which text of the choice a block of this type holds; its own name for it is its type."""


class AnthropicMessages(Protocol):
    """The fold of a message's events.

    The events: https://platform.claude.com/docs/en/build-with-claude/streaming
    """

    name = "anthropic-messages"

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._spliced = False  # another message has begun inside this one
        self._blocks: dict[int, Part] = {}
        self._last = 0  # the index of the block that an event was last about
        self._next = 0  # the index that the next block most likely has
        self._inputs: set[ToolCallBuilder] = set()  # the calls whose input came whole
        # What the block that grew last can take more of: which index and which kind of piece.
        self._usual_index: int | None = None
        self._decode_usual: Decode = decode_text
        self._append: Callable[[str], None] = list[str]().append
        self._usual_kind: DeltaKind = "content"
        self._usual_call: int | None = None
        self._usual_server = False

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the ``message`` that it would have been without streaming."""
        return to_message(completion)

    # The usual event

    def take(self, item: Item, deltas: list[Delta] | None = None) -> None:
        """Fold one item in; append what it added to ``deltas`` if they are wanted."""
        # This is the price of every event, hence its shape: decoding finds out whether the event is
        # a usual one, and the rest has been settled when the block last grew (``_expect``).
        try:
            event = self._decode_usual(item.data)  # type: ignore[union-attr]  # only events have it
        except (AttributeError, ValueError, RecursionError):
            self._take_any(item, deltas)
            return
        if event.index != self._usual_index:
            self._take_any(item, deltas)
            return
        self.event_number += 1
        if piece := event.delta.piece:
            self._append(piece)
            if deltas is not None:
                kind, call, server = self._usual_kind, self._usual_call, self._usual_server
                deltas.append(Delta(kind, 0, piece, call, None, "null", (), server))

    def _take_any(self, item: Item, deltas: list[Delta] | None) -> None:
        """Fold one item of any shape in, and see what would be usual after it."""
        super().take(item, deltas)
        self._usual_index = None
        part = self._blocks.get(self._last)
        if part is None or part.state is not PartState.OPEN or self.state is not State.STREAMING:
            return
        if self.choices[0].finish_reason is None:
            self._expect_more(part)

    def _expect_more(self, part: Part) -> None:
        """Settle that more of what an open block has is what usually comes."""
        call = part.call
        if part.pieces and part.kind == "content":
            self._decode_usual, self._usual_kind = decode_text, "content"
        elif part.pieces and part.kind == "reasoning":
            self._decode_usual, self._usual_kind = decode_thinking, "reasoning"
        elif call is not None and call not in self._inputs:
            self._decode_usual, self._usual_kind = decode_input, "arguments"
        else:
            return
        self._usual_index = self._last
        self._append = part.pieces.append if call is None else call.arguments.append
        self._usual_call = None if call is None else call.position
        self._usual_server = call is not None and call.server

    def take_event(self, event: ServerSentEvent, deltas: list[Delta]) -> None:
        """Fold one event in: by the type that its data has, whatever it is named."""
        if event.event == "error":
            with suppress(ValueError):
                payload = self.loads(event.data)
                if as_text(as_object(payload).get("type")) in self.STEPS:
                    self.fold(event, payload, deltas)
                    return
        super().take_event(event, deltas)

    # Any event

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold any payload in."""
        if not isinstance(payload, dict):
            self.find("bad-shape", "warning", "the data is JSON, but no object; it was skipped")
            return
        kind = as_text(payload.get("type")) or event.event
        error = payload.get("error") or (payload if kind == "error" else None)
        if kind == "message_stop" or not self._spliced:
            if kind in self.STEPS:
                self.STEPS[kind](self, payload, deltas)
            elif error is None:
                self.keep_event(kind, payload)
        if error is not None:
            self.fail(error, deltas)

    def _ping(self, payload: JSONObject, deltas: list[Delta]) -> None:
        keep_unheard_of(payload, _OF_BLOCK_EVENT, self.extra)

    # The message

    def _message(self) -> ChoiceBuilder:
        """Return the one choice there is."""
        choice = self.choice()
        choice.reasoning_separator = "\n\n"
        return choice

    def _start_message(self, payload: JSONObject, deltas: list[Delta]) -> None:
        message = payload.get("message")
        if not isinstance(message, dict):
            self.bad_shape("a message", "object")
            message = {}
        if self._started:
            self._start_again(as_text(message.get("id")), deltas)
            return
        self._started = True
        self.set_first("id", message.get("id"))
        self.set_first("model", message.get("model"))
        choice = self._message()
        choice.role = choice.role or as_text(message.get("role"))
        content = message.get("content")
        if content and not isinstance(content, list):
            self.bad_shape("a content", "list")
        for index, block in enumerate(as_list(content)):
            self._open_block(index, block, deltas)
        self._fold_message(payload, message, deltas)

    def _start_again(self, id: str | None, deltas: list[Delta]) -> None:  # noqa: A002 (their word)
        """Take a second message_start.

        Of the same message it says nothing new. Of another one it is the end of what can be told
        apart, for the blocks of both have the same indexes.
        """
        if id is None or self.id is None or id == self.id:
            text = "the message began once more; that was passed over"
            self.find("message-start-repeated", "info", text, once=True)
            return
        self._spliced = True
        text = f"message_start for {id} while {self.id} is open"
        if self.terminal:
            text = f"message_start for {id} after {self.id} has ended"
        self.fail({"type": "protocol_error", "message": text}, deltas)

    def _change_message(self, payload: JSONObject, deltas: list[Delta]) -> None:
        self.step(Step.TAIL)
        delta = payload.get("delta")
        if delta is not None and not isinstance(delta, dict):
            self.bad_shape("a delta", "object")
        self._fold_message(payload, as_object(delta), deltas)

    def _stop_message(self, payload: JSONObject, deltas: list[Delta]) -> None:
        if len(payload) > 1 and not self._spliced:
            self._fold_message(payload, {}, deltas)
        self.end(deltas)

    def _fold_message(self, payload: JSONObject, fields: JSONObject, deltas: list[Delta]) -> None:
        """Fold what is said of the message, in its fields or beside them."""
        choice = self._message()
        keep_unheard_of(fields, _OF_MESSAGE, choice.extra)
        keep_unheard_of(payload, _OF_MESSAGE_EVENT, choice.extra)
        self._overlay_usage(fields.get("usage"), deltas)
        self._overlay_usage(payload.get("usage"), deltas)
        self.finish(choice, fields.get("stop_reason"), deltas)

    def _overlay_usage(self, usage: JSONValue, deltas: list[Delta]) -> None:
        """Lay the fields of a usage that say something over those known: they are cumulative."""
        if isinstance(usage, dict) and self.usage is not None:
            said = {key: value for key, value in usage.items() if value is not None}
            usage = {**self.usage, **said} if said else None
        self.set_usage(usage, deltas)

    # Its blocks

    def _start_block(self, payload: JSONObject, deltas: list[Delta]) -> None:
        index = self._index(payload, self._next)
        self._open_block(index, payload.get("content_block"), deltas)
        keep_unheard_of(payload, _OF_BLOCK_EVENT, self.extra)

    def _stop_block(self, payload: JSONObject, deltas: list[Delta]) -> None:
        part = self._blocks.get(self._index(payload, self._last))
        self.part_step(part or Part(Fields()), PartStep.CLOSE)
        keep_unheard_of(payload, _OF_BLOCK_EVENT, self.extra)

    def _index(self, payload: JSONObject, default: int) -> int:
        index = as_index(payload.get("index"))
        if index is None:
            self.bad_shape("an index", "number")
        self._last = default if index is None else index
        return self._last

    def _open_block(self, index: int, block: JSONValue, deltas: list[Delta]) -> None:
        """Open the block that an event gives, and take what it already holds."""
        if not isinstance(block, dict):
            self.bad_shape("a content block", "object")
            return
        part = self._blocks.get(index)
        if part is None or not _same(part.fields, block):
            if part is not None:
                text = f"another block began at index {index}; both were kept"
                self.find("part-opened-twice", "warning", text, once=True)
            part = self._add_block(index, block, deltas)
        self.part_step(part, PartStep.OPEN)
        choice = self._message()
        if part.kind is not None:
            self._grow_text(part, block, deltas)
        if (citations := block.get("citations")) is not None and not isinstance(citations, list):
            self.bad_shape("citations", "list")
        for citation in as_list(citations):
            self._cite(part, {"citation": citation}, deltas)
        if part.call is not None and block.get("input") and not part.call.arguments:
            self.grow_arguments(choice, part.call, block["input"], deltas)
            self._inputs.add(part.call)

    def _add_block(self, index: int, block: JSONObject, deltas: list[Delta]) -> Part:
        """Add a block to the message, without what may come in pieces."""
        choice = self._message()
        self.grew(choice)
        kind = as_text(block.get("type"))
        part = self.open_part(choice, Fields(block), _KINDS.get(kind))
        self._blocks[index] = part
        self._next = max(self._next, index + 1)
        part.fields.pop("citations", None)
        entries(choice.extra, "content").append(part.fields)
        if kind == "tool_use" or (kind not in _KINDS and "input" in block and "name" in block):
            # Only a tool_use is for the caller: server_tool_use, mcp_tool_use and what may come
            # are the provider's own.
            own = kind not in ("tool_use", None)
            part.fields.pop("input", None)
            part.call = self.begin_call(
                choice,
                deltas,
                id=block.get("id"),
                name=block.get("name"),
                type=kind if own else None,
                server=own,
            )
            keep_unheard_of(block, _OF_CALL, part.call.extra)
        return part

    def _grow_block(self, payload: JSONObject, deltas: list[Delta]) -> None:
        """Fold a content_block_delta."""
        delta = payload.get("delta")
        if not isinstance(delta, dict):
            self.bad_shape("a delta", "object")
            return
        keep_unheard_of(payload, _OF_BLOCK_EVENT, self.extra)
        kind = as_text(delta.get("type")) or ""
        if kind not in self.DELTAS:
            self.keep_event(kind or "content_block_delta", payload)
            return
        block_type, grow = self.DELTAS[kind]
        index = self._index(payload, self._last)
        part = self._blocks.get(index)
        if part is None or not _takes(part, kind):
            part = self._add_block(index, {"type": block_type}, deltas)
        self.part_step(part, PartStep.GROW)
        grow(self, part, delta, deltas)
        if kind != "compaction_delta":
            keep_unheard_of(delta, _OF_DELTA, self.extra)

    def _grow_text(self, part: Part, source: JSONObject, deltas: list[Delta]) -> None:
        """Take a piece of text or thinking; both have the name of the block's type."""
        key = "text" if part.kind == "content" else "thinking"
        self.grow_part(self._message(), part, source.get(key), deltas)
        if part.pieces:
            part.fields[key] = part.pieces
        if tokens := as_index(source.get("estimated_tokens")):
            # Of thinking that is not shown: increments, the one thing here that is to be added up.
            known = as_index(self.extra.get("estimated_tokens")) or 0
            self.extra["estimated_tokens"] = known + tokens

    def _grow_input(self, part: Part, delta: JSONObject, deltas: list[Delta]) -> None:
        call, piece = part.call, delta.get("partial_json")
        if call is None:
            return
        if piece and call in self._inputs:
            text = "the input of a tool came whole and then in pieces; the pieces stand"
            self.find("input-sent-twice", "warning", text, once=True)
            self._inputs.remove(call)
            call.arguments.clear()
        self.grow_arguments(self._message(), call, piece, deltas)

    def _sign(self, part: Part, delta: JSONObject, deltas: list[Delta]) -> None:
        set_last(part.fields, "signature", delta.get("signature"))

    def _cite(self, part: Part, delta: JSONObject, deltas: list[Delta]) -> None:
        if (citation := delta.get("citation")) is not None:
            entries(part.fields, "citations").append(citation)
            self.cite(self._message(), citation, deltas)

    def _compact(self, part: Part, delta: JSONObject, deltas: list[Delta]) -> None:
        keep_unheard_of(delta, _OF_COMPACTION, part.fields)  # the summary comes whole

    # The tables

    STEPS: ClassVar[dict[str, _Handler]] = {
        "message_start": _start_message,  # Step.START
        "content_block_start": _start_block,  # PartStep.OPEN, Step.DELTA
        "content_block_delta": _grow_block,  # PartStep.GROW, Step.DELTA
        "content_block_stop": _stop_block,  # PartStep.CLOSE
        "message_delta": _change_message,  # Step.TAIL, and Step.FINISH with a stop_reason
        "message_stop": _stop_message,  # Step.DONE
        "ping": _ping,  # no step
    }
    """The types of event. An ``error`` is Step.ERROR, whatever it comes with."""

    DELTAS: ClassVar[dict[str, tuple[str, _Grower]]] = {
        "text_delta": ("text", _grow_text),
        "thinking_delta": ("thinking", _grow_text),
        "input_json_delta": ("tool_use", _grow_input),
        "signature_delta": ("thinking", _sign),
        "citations_delta": ("text", _cite),
        "compaction_delta": ("compaction", _compact),
    }
    """The types of delta: the block each belongs to where none has begun, and what it does."""


def _same(known: JSONObject, block: JSONObject) -> bool:
    """Return whether a block that begins can be one that has begun already."""
    ids = as_text(known.get("id")), as_text(block.get("id"))
    return known.get("type") == block.get("type") and (None in ids or ids[0] == ids[1])


def _takes(part: Part, kind: str) -> bool:
    """Return whether a delta of this type can be about this block."""
    if kind == "text_delta":
        return part.kind == "content"
    if kind == "thinking_delta":
        return part.kind == "reasoning"
    if kind == "input_json_delta":
        return part.call is not None
    if kind == "compaction_delta":
        return part.fields.get("type") == "compaction"
    return True  # a signature or a citation, which any block can have
