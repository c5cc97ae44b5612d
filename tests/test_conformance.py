"""Known streams, in every chunking: the conformance vectors and the malformed streams.

``fixtures/conformance/vectors.json`` says what a conforming decoder dispatches;
``fixtures/malformed`` holds streams that break some rule, each beside what decodes from it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import reference
from strategies import cut, exhaustive_cuts

from sseparse._decoder import Decoder
from sseparse._events import Comment, Item, ServerSentEvent, UnknownField

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
VECTORS: list[dict[str, Any]] = json.loads(
    (FIXTURES / "conformance" / "vectors.json").read_text(encoding="utf-8")
)
MALFORMED = sorted((FIXTURES / "malformed").glob("*.sse"))

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
each_malformed = pytest.mark.parametrize("path", MALFORMED, ids=[path.stem for path in MALFORMED])


def decode(chunks: Iterable[bytes | bytearray | memoryview]) -> tuple[list[Item], Decoder[Item]]:
    decoder = Decoder(keep_comments=True, keep_unknown=True)
    return [item for chunk in chunks for item in decoder.feed(chunk)], decoder


def judge(vector: dict[str, Any], items: list[Item], decoder: Decoder[Item]) -> None:
    """Compare with what the vector says, which knows nothing of unknown fields."""
    events = [
        {"event": item.event, "data": item.data, "last_event_id": item.last_event_id}
        for item in items
        if isinstance(item, ServerSentEvent)
    ]
    assert events == vector["events"]
    assert [item.text for item in items if isinstance(item, Comment)] == vector["comments"]
    assert decoder.last_event_id == vector["final_last_event_id"]
    if not vector.get("retry_any"):
        assert decoder.reconnection_time == vector["retry"]


def test_all_vectors_are_there() -> None:
    assert len(VECTORS) == len({vector["id"] for vector in VECTORS}) == 131
    assert len(MALFORMED) > 12


@each_vector
def test_a_vector_decodes_to_its_events_in_every_chunking(vector: dict[str, Any]) -> None:
    stream = base64.b64decode(vector["stream_b64"])
    splits = 300 if len(stream) < 1000 else 30  # a long stream is one line, or one line repeated
    for chunks in exhaustive_cuts(stream, seed=len(stream), most_splits=splits):
        items, decoder = decode(chunks)
        decoder.close()  # first: the end of the stream must not change what it came to
        judge(vector, items, decoder)


@each_vector
@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_vector_decodes_to_its_events_from_any_buffer(
    vector: dict[str, Any], kind: Callable[[bytes], bytearray | memoryview]
) -> None:
    stream = base64.b64decode(vector["stream_b64"])
    for chunks in ([stream], cut(stream, list(range(1, len(stream))))):
        items, decoder = decode(map(kind, chunks))
        judge(vector, items, decoder)


@each_vector
def test_an_event_of_a_vector_is_out_with_exactly_the_byte_that_ends_it(
    vector: dict[str, Any],
) -> None:
    if "emit_after" not in vector:
        assert len(base64.b64decode(vector["stream_b64"])) > 1000
        return
    decoder = Decoder()
    out_after: list[int] = []
    for number, byte in enumerate(base64.b64decode(vector["stream_b64"]), 1):
        out_after += [number] * len(decoder.feed(bytes([byte])))
    assert out_after == vector["emit_after"]


@each_vector
def test_the_reference_agrees_with_the_vector(vector: dict[str, Any]) -> None:
    # What the property tests compare with must itself be right.
    outcome = reference.decode(base64.b64decode(vector["stream_b64"]))
    decoder = Decoder(keep_comments=True, keep_unknown=True)
    decoder.last_event_id = outcome.last_event_id
    decoder.reconnection_time = outcome.reconnection_time
    judge(vector, outcome.items, decoder)


def outcome_as_json(items: list[Item], decoder: Decoder[Item]) -> dict[str, Any]:
    leftover = decoder.close()
    return {
        "events": [
            msgspec.to_builtins(item) for item in items if isinstance(item, ServerSentEvent)
        ],
        "comments": [item.text for item in items if isinstance(item, Comment)],
        "unknown_fields": [
            [item.name, item.value] for item in items if isinstance(item, UnknownField)
        ],
        "reconnection_time": decoder.reconnection_time,
        "last_event_id": decoder.last_event_id,
        "leftover": None if leftover is None else msgspec.to_builtins(leftover),
    }


@each_malformed
def test_a_malformed_stream_decodes_to_what_stands_beside_it_in_every_chunking(path: Path) -> None:
    stream = path.read_bytes()
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    del expected["why"]
    for chunks in exhaustive_cuts(stream, seed=len(stream)):
        assert outcome_as_json(*decode(chunks)) == expected


@each_malformed
def test_the_reference_agrees_on_a_malformed_stream(path: Path) -> None:
    outcome = reference.decode(path.read_bytes())
    items, decoder = decode([path.read_bytes()])
    assert items == outcome.items
    assert decoder.close() == outcome.leftover


def test_no_expectation_lacks_its_stream() -> None:
    expected = {path.name for path in (FIXTURES / "malformed").glob("*.expected.json")}
    assert expected == {f"{path.stem}.expected.json" for path in MALFORMED}


def test_every_recorded_stream_decodes_as_the_reference_does_in_random_cuts(
    shared_dir: Path,
) -> None:
    paths = sorted((shared_dir / "streams").rglob("*.sse"))
    assert paths
    for path in paths:
        stream = path.read_bytes()
        expected = reference.decode(stream)
        every = [cut(stream, list(range(n, len(stream), n))) for n in (1, 7, 1000)]
        for chunks in ([stream], *every):
            items, decoder = decode(chunks)
            assert items == expected.items, path.name
            assert decoder.close() == expected.leftover, path.name
