"""What the page is told of a recording: one JSON object, made in one walk.

Reads, items and deltas are columns (one list for each property) and not an object for each: fifty
thousand objects with a dozen names each would make the page several times as large, and slow to
open. Texts that come again and again, such as event types, are numbers into a list.

Times are seconds since the request was sent, in microseconds' precision, as in a timing file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from http import HTTPStatus

import attrs

from sseparse._events import Comment, ServerSentEvent, UnknownField
from sseparse.assembly import Choice, Completion, Finding, JSONObject, JSONValue
from sseparse.inspect._check._rules import RULES
from sseparse.inspect._metrics import Metrics
from sseparse.inspect._report._figures import figures, unknown
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead

CLASSES = ("content", "reasoning", "tool call", "usage, end", "error", "other")
"""How events are colored, by what they added."""

_CLASS_OF = {
    "error": 4,
    "tool_call": 2,
    "arguments": 2,
    "content": 0,
    "refusal": 0,
    "audio": 0,
    "reasoning": 1,
    "usage": 3,
    "finish": 3,
    "end": 3,
}
"""The class of each kind of delta; of an event with several, the first in this order counts."""

_BODY = 65_536
"""Bytes of a body without events that are shown."""

_RANK = {kind: rank for rank, kind in enumerate(_CLASS_OF)}
_OTHER = len(CLASSES) - 1


def number(value: float) -> float | None:
    """Return a number that JSON has: to the microsecond, and None for infinities and NaN."""
    return round(value, 6) if math.isfinite(value) else None


class Names:
    """Texts that come again and again, as numbers."""

    def __init__(self) -> None:
        self.all: list[JSONValue] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of a text."""
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = len(self.all)
            self.all.append(name)
        return known


class PageFold:
    """A fold that collects the reads, the items and what they added."""

    def __init__(self) -> None:
        self._types, self._kinds, self._deltas = Names(), Names(), Names()
        self._read_columns: dict[str, list[JSONValue]] = {"t": [], "size": []}
        self._columns: dict[str, list[JSONValue]] = {
            name: []
            for name in (
                "kind",
                "number",
                "offset",
                "size",
                "read",
                "type",
                "class",
                "data",
                "adds",
            )
        }
        self._delta_columns: dict[str, list[JSONValue]] = {
            name: [] for name in ("kind", "choice", "call", "text")
        }
        self._body = bytearray()  # its start, as long as it may be no stream at all
        self._events = 0
        self._began: dict[tuple[int, str | None], None] = {}  # the calls, in their order
        self._fields: JSONObject = {}  # of the few items that have an id or a retry

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self._read_columns["t"].append(number(read.time))
        self._read_columns["size"].append(len(read.data))
        if not self._events:
            self._body += read.data[: _BODY - len(self._body)]

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        columns = self._columns
        columns["kind"].append(self._kinds.number(item.kind))
        columns["number"].append(item.number)
        self._events += isinstance(item.item, ServerSentEvent)
        columns["offset"].append(item.offset)
        columns["size"].append(item.size)
        columns["read"].append(item.read)
        columns["type"].append(self._types.number(item.type))
        kinds = {delta.kind for delta in item.deltas} & _RANK.keys()
        first = min(kinds, key=_RANK.__getitem__, default="")
        columns["class"].append(_CLASS_OF.get(first, _OTHER))
        columns["data"].append(_data(item.item))
        columns["adds"].append(len(item.deltas))
        if isinstance(item.item, ServerSentEvent) and (fields := _fields(item.item)):
            self._fields[str(len(columns["kind"]) - 1)] = fields
        for delta in item.deltas:
            of_call = delta.kind in ("tool_call", "arguments")
            key = _key(delta.tool_call, delta.server) if of_call else None
            if of_call:
                self._began.setdefault((delta.choice, key))
            self._delta_columns["kind"].append(self._deltas.number(delta.kind))
            self._delta_columns["choice"].append(delta.choice)
            self._delta_columns["call"].append(key)
            self._delta_columns["text"].append(delta.text)

    def end(self, completion: Completion) -> None:
        """Take the end of the stream."""

    @property
    def body(self) -> str:
        """The start of a body that held no event, such as the words of a refusal; else nothing."""
        return "" if self._events else self._body.decode("utf-8", "replace")

    def calls(self, choice: int) -> list[str | None]:
        """Return the keys of the calls of a choice, in the order in which they began."""
        return [key for number, key in self._began if number == choice]

    def to_dict(self) -> JSONObject:
        """Return the columns as JSON values."""
        return {
            "classes": list(CLASSES),
            "types": self._types.all,
            "kinds": self._kinds.all,
            "deltaKinds": self._deltas.all,
            "reads": dict(self._read_columns),
            "items": dict(self._columns),
            "deltas": dict(self._delta_columns),
            "fields": self._fields,
        }


def _data(item: object) -> str:
    if isinstance(item, Comment):
        return item.text
    if isinstance(item, UnknownField):
        return item.value
    return item.data if isinstance(item, ServerSentEvent) else ""


def _fields(event: ServerSentEvent) -> JSONObject:
    fields: JSONObject = {}
    if event.id is not None:
        fields["id"] = event.id
    if event.retry is not None:
        fields["retry"] = str(event.retry)  # any number of digits: JavaScript's would round it
    return fields


def page_data(
    name: str,
    recorded: Recorded,
    fold: PageFold,
    metrics: Metrics,
    findings: tuple[Finding, ...],
) -> JSONObject:
    """Return all that the page is told of one recording."""
    return {
        "name": name,
        "facts": _facts(recorded, metrics),
        "warnings": [str(one) for one in getattr(recorded, "warnings", ())],
        "timing": recorded.timing,
        "duration": number(recorded.duration),
        "stalls": [
            {"t": number(one.time), "seconds": number(one.seconds)} for one in metrics.stalls
        ],
        "figures": [attrs.asdict(one) for one in figures(metrics)],
        "unknown": list(unknown(metrics)),
        "findings": [_finding(one) for one in findings],
        "completion": _completion(metrics.completion, fold),
        **fold.to_dict(),
    }


def _facts(recorded: Recorded, metrics: Metrics) -> list[JSONValue]:
    """Return what a stream is, as pairs of a word and what is known."""
    completion, header = metrics.completion, recorded.header
    facts: dict[str, object] = {}
    if header is not None:
        request: Mapping[str, object] = header.request or {}
        facts["request"] = " ".join(
            str(request.get(one) or "") for one in ("method", "url")
        ).strip()
        facts["response"] = _status(header.status)
        facts["started"] = header.started
    facts["protocol"] = completion.protocol
    facts["model"] = completion.model
    facts["id"] = completion.id
    facts["finish_reason"] = completion.finish_reason
    whole = "complete" if completion.complete else "incomplete"
    facts["ended"] = f"{whole}, by {completion.ended_by}; the connection: {metrics.end}"
    for name, value in header.headers if header is not None else ():
        if name.lower() in ("content-type", "content-encoding", "retry-after"):
            facts[name.lower()] = value
    return [[name, str(value)] for name, value in facts.items() if value not in (None, "")]


def _status(status: int | None) -> str:
    if status is None:
        return ""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _finding(finding: Finding) -> JSONObject:
    rule = RULES.get(finding.code)
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "event": finding.event_number,
        "offset": finding.offset,
        "cause": rule.cause if rule else "",
        "cure": rule.cure if rule else "",
    }


def _completion(completion: Completion, fold: PageFold) -> JSONObject:
    return {
        "complete": completion.complete,
        "usage": "" if completion.usage is None else _spelled(completion.usage.raw),
        "error": "" if completion.error is None else _spelled(completion.error),
        "choices": [_choice(one, fold.calls(one.index)) for one in completion.choices],
        "body": fold.body,
    }


def _key(place: int | None, server: bool) -> str:
    """Return what tells the calls of a choice apart; see ``Delta.tool_call``."""
    return f"{'server ' if server else ''}{'' if place is None else place}"


def _spelled(value: JSONValue) -> str:
    """Return JSON as a text; it may hold what the page's own JSON must not, such as NaN."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):  # nested deeper than the stack
        return "…"


def _transcript(choice: Choice) -> str:
    audio = choice.extra.get("audio")
    transcript = audio.get("transcript") if isinstance(audio, dict) else None
    return transcript if isinstance(transcript, str) else ""


def _choice(choice: Choice, began: list[str | None]) -> JSONObject:
    calls: list[JSONObject] = [
        {"key": _key(place, server), "name": one.name, "id": one.id, "arguments": one.arguments}
        for server, every in ((False, choice.tool_calls), (True, choice.server_tool_calls))
        for place, one in enumerate(every)
    ]
    if (function := choice.function_call) is not None:
        key = _key(None, server=False)
        calls.append({"key": key, "name": function.name, "arguments": function.arguments})
    places = {key: place for place, key in enumerate(began)}
    calls.sort(key=lambda call: places.get(str(call["key"]), len(places)))
    return {
        "index": choice.index,
        "role": choice.role,
        "content": choice.content,
        "audio": _transcript(choice),
        "reasoning": choice.reasoning,
        "refusal": choice.refusal,
        "calls": list(calls),
        "finish": choice.finish_reason,
    }
