r"""The figures of a stream: what came, how it was cut, how it ended, and how long everything took.

One fold over a walk that keeps numbers only (eight bytes for each gap), so that a recording of any
size can be measured. Times are seconds. A figure that a recording cannot give is None, and
``Metrics.unknown`` says why.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import attrs

from sseparse.assembly import Completion, JSONObject
from sseparse.inspect._cuts import Cuts, CutsFold
from sseparse.inspect._distribution import Distribution
from sseparse.inspect._otel import otel_attributes, written_tokens
from sseparse.inspect._stalls import Stall, Stalls
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead, Source, opened, walk
from sseparse.recording import TimingSource

WRITTEN = frozenset(["content", "reasoning", "refusal", "arguments", "audio"])
"""The deltas that are made of what a model writes, token by token."""

MOST_TOKENS = 2**53
"""So many are no number of tokens; a stream may say what it likes."""

TIMES = (
    "time_to_headers",
    "ttfb",
    "ttft",
    "ttft_content",
    "ttft_reasoning",
    "ttft_tool_call",
    "icl",
    "tpot",
    "e2e",
    "events_per_second",
    "tokens_per_second",
)
"""The figures that need times."""


@attrs.frozen(kw_only=True)
class Metrics:
    """The figures of one stream.

    Attributes:
        completion: what the stream came to: protocol, model, finish_reason, usage, findings.
        end: how the recording ended, such as ``"eof"`` or ``"reset"``; see ``End``.
        timing: where the times come from; see ``Recording``.
        bytes: of the body.
        reads: network reads; without measured times, the blocks between blank lines.
        events: dispatched events, the unfinished one at the end left out.
        events_by_type: how many there are of each type, in the order of the stream.
        comments: lines that begin with a colon.
        unknown_fields: lines that the standard ignores.
        unfinished: the stream ended inside an event.
        cuts: how reads and events fall together.
        time_to_headers: request sent to the head of the response.
        ttfb: request sent to the first byte of the response: of its head, where the time of that is
            known, else of its body.
        ttft: (time to first token) request sent to the first content or reasoning that is not
            empty.
        ttft_content: request sent to the first content.
        ttft_reasoning: request sent to the first reasoning.
        ttft_tool_call: request sent to the first tool call.
        icl: (inter-chunk latency) the gaps between events that carry what the model writes:
            content, reasoning, refusals, arguments of tool calls.
        tpot: (time per output token) (e2e - ttft) / (output tokens - 1); thoughts are output too,
            also where the provider counts them apart.
        e2e: (end to end) request sent to the end of the stream, or to its last byte where the time
            of the end is not known.
        events_per_second: events / e2e.
        tokens_per_second: output tokens, as the stream tells them, / e2e.
        stalls: the five longest waits between reads or before the end, the longest first.
        unknown: the name of each figure above that is None, and why.
    """

    completion: Completion
    end: str
    timing: TimingSource
    bytes: int
    reads: int
    events: int
    events_by_type: Mapping[str, int]
    comments: int
    unknown_fields: int
    unfinished: bool
    cuts: Cuts
    time_to_headers: float | None = None
    ttfb: float | None = None
    ttft: float | None = None
    ttft_content: float | None = None
    ttft_reasoning: float | None = None
    ttft_tool_call: float | None = None
    icl: Distribution | None = None
    tpot: float | None = None
    e2e: float | None = None
    events_per_second: float | None = None
    tokens_per_second: float | None = None
    stalls: tuple[Stall, ...] = ()
    unknown: Mapping[str, str] = attrs.field(factory=dict)

    def to_dict(self) -> JSONObject:
        """Return the figures as plain JSON values, under the names of the attributes.

        Of the completion only what is no text of the model: protocol, id, model, finish_reason,
        usage, how it ended and its findings.
        """
        values: JSONObject = attrs.asdict(self, filter=lambda field, _: field.name != "completion")
        stalls: JSONObject = {"stalls": [attrs.asdict(stall) for stall in self.stalls]}
        return {**_of_completion(self.completion), **values, **stalls}

    def to_otel(self) -> JSONObject:
        """Return what OpenTelemetry has names for, in its GenAI semantic conventions.

        Metrics (``gen_ai.client.operation.duration`` …) and attributes of a span
        (``gen_ai.response.model`` …) side by side; a figure that is not known is left out. A
        histogram of one stream's chunks (``gen_ai.client.operation.time_per_output_chunk``) is
        given as its mean.

        Source: https://github.com/open-telemetry/semantic-conventions-genai (in development).
        """
        mean = None if self.icl is None else self.icl.mean
        values = {
            "gen_ai.client.operation.duration": self.e2e,
            "gen_ai.client.operation.time_to_first_chunk": self.ttft,
            "gen_ai.client.operation.time_per_output_chunk": mean,
            "gen_ai.server.time_to_first_token": self.ttft,
            "gen_ai.server.time_per_output_token": self.tpot,
        }
        known: JSONObject = {name: value for name, value in values.items() if value is not None}
        return {**otel_attributes(self.completion), **known}


def metrics(
    recording: Source,
    *,
    protocol: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Metrics:
    r"""Measure a recording.

    Args:
        recording: a ``Recording``, or the path of one, which then is read piece by piece.
        protocol: what the stream speaks; None: it is found out.
        progress: called with the bytes of each read.

    Raises:
        OSError, RecordingError: the recording cannot be read; see ``Recording.load``.
        ValueError: there is no protocol of that name.

    >>> from sseparse.recording import Read, Recording
    >>> chunk = b'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
    >>> recording = Recording((Read(0.5, chunk), Read(0.75, chunk), Read(1.75, chunk)))
    >>> figures = metrics(recording)
    >>> figures.ttft, figures.icl.max, figures.e2e, figures.stalls[0].offset
    (0.5, 1.0, 1.75, 126)
    >>> figures.unknown["tpot"]
    'the stream does not tell its output tokens'
    """
    recorded = opened(recording)
    fold = MetricsFold(recorded)
    walk(recorded, fold, protocol=protocol, progress=progress)
    return fold.metrics()


class MetricsFold:
    """A fold that takes the figures; ``metrics()`` gives them at the end.

    Args:
        recording: what is walked through.
    """

    def __init__(self, recording: Recorded) -> None:
        self._recording = recording
        self._cuts = CutsFold()
        self._stalls = Stalls()
        self._bytes = self._reads = self._comments = self._unknown_fields = 0
        self._types: Counter[str] = Counter()
        self._unfinished = False
        self._first: dict[str, float] = {}  # when each kind of delta first came
        self._first_read: float | None = None
        self._gaps = array("d")
        self._written_at: float | None = None
        self._completion: Completion | None = None

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self._cuts.read(read)
        self._stalls.read(read)
        self._reads += 1
        self._bytes += len(read.data)
        if self._first_read is None and read.data:
            self._first_read = read.time

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        self._cuts.item(item)
        self._stalls.item(item)
        if item.kind == "comment":
            self._comments += 1
        elif item.kind == "unknown_field":
            self._unknown_fields += 1
        elif item.kind == "unfinished":
            self._unfinished = True
        else:
            self._types[item.type] += 1
        self._time_deltas(item)

    def _time_deltas(self, item: SeenItem) -> None:
        written = False
        for delta in item.deltas:
            if delta.text or delta.kind == "tool_call":
                self._first.setdefault(delta.kind, item.time)
                written = written or delta.kind in WRITTEN
        if written:
            if self._written_at is not None:
                self._gaps.append(item.time - self._written_at)
            self._written_at = item.time

    def end(self, completion: Completion) -> None:
        """Take the end of the stream."""
        self._completion = completion
        self._stalls.until(self._recording.duration)

    def metrics(self) -> Metrics:
        """Return the figures.

        Raises:
            RuntimeError: the walk is not over.
        """
        if self._completion is None:
            raise RuntimeError("the walk is not over; figures are known at its end")
        unknown = dict(self._unknown(self._completion))
        return Metrics(
            completion=self._completion,
            end=self._recording.end.reason,
            timing=self._recording.timing,
            bytes=self._bytes,
            reads=self._reads,
            events=self._types.total(),
            events_by_type=dict(self._types),
            comments=self._comments,
            unknown_fields=self._unknown_fields,
            unfinished=self._unfinished,
            cuts=self._cuts.cuts(),
            stalls=self._stalls.longest() if self._recording.timing == "sidecar" else (),
            unknown=unknown,
            icl=None if "icl" in unknown else Distribution.of(self._gaps),
            **{
                name: value
                for name, value in self._times(self._completion).items()
                if name not in unknown
            },
        )

    def _times(self, completion: Completion) -> dict[str, float | None]:
        """Return the figures that are one number, whether they mean anything or not."""
        first, e2e, tokens = self._first, self._recording.duration, _output_tokens(completion)
        ttft = min((first[kind] for kind in ("content", "reasoning") if kind in first), default=0.0)
        head = self._head()
        return {
            "time_to_headers": head,
            "ttfb": self._first_read if head is None else head,
            "ttft": ttft,
            "ttft_content": first.get("content"),
            "ttft_reasoning": first.get("reasoning"),
            "ttft_tool_call": first.get("tool_call"),
            "e2e": e2e,
            "tpot": (e2e - ttft) / (tokens - 1) if tokens > 1 else None,
            "events_per_second": self._types.total() / e2e if e2e else None,
            "tokens_per_second": tokens / e2e if e2e else None,
        }

    def _unknown(self, completion: Completion) -> Iterator[tuple[str, str]]:
        """Yield each figure that cannot be given, with its reason."""
        timing = self._recording.timing
        if timing == "none":
            yield from ((name, "the recording has no times") for name in TIMES)
            return
        if timing == "created":
            why = "times are whole seconds from the first chunk on (its created stamps)"
            yield from ((name, why) for name in TIMES)
            return
        if self._head() is None:
            yield "time_to_headers", "when the head of the response came was not recorded"
        if self._first_read is None:
            yield "ttfb", "the body is empty"
        for kind, name in (
            ("content", "ttft_content"),
            ("reasoning", "ttft_reasoning"),
            ("tool_call", "ttft_tool_call"),
        ):
            if kind not in self._first:
                yield name, f"no {kind.replace('_', ' ')} came"
        silent = not {"content", "reasoning"} & set(self._first)
        if silent:
            yield "ttft", "neither content nor reasoning came"
        if not self._gaps:
            yield "icl", "fewer than two events carry what the model writes"
        tokens = _output_tokens(completion)
        if tokens <= 1 or silent:
            why = _why_no_tokens(completion)
            if tokens:
                why = "neither content nor reasoning came" if silent else "there is but one token"
            yield "tpot", why
        if not tokens:
            yield "tokens_per_second", _why_no_tokens(completion)
        if not self._recording.duration:
            yield "events_per_second", "everything came at once"

    def _head(self) -> float | None:
        header = self._recording.header
        return None if header is None else header.headers_at


def _output_tokens(completion: Completion) -> int:
    """Return how many tokens the model wrote, its thoughts too; 0 where no such number is told."""
    tokens = written_tokens(completion.usage) or 0
    return tokens if 0 < tokens < MOST_TOKENS else 0


def _why_no_tokens(completion: Completion) -> str:
    if completion.usage is not None and completion.usage.output_tokens == 0:
        return "the stream tells of no output tokens: 0"
    return "the stream does not tell its output tokens"


def _of_completion(completion: Completion) -> JSONObject:
    values = completion.to_dict()
    names = ("protocol", "id", "model", "usage", "error", "complete", "ended_by", "findings")
    told = {name: values[name] for name in names}
    return {**told, "finish_reason": completion.finish_reason}
