"""``assemble()`` takes a stream from anywhere, and refuses what is none."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import requests.adapters
from chunks import ERROR, FIXTURES, HELLO, body_of, codes, fold
from clients import CannedAdapter

from sseparse import NotAnEventStream, Recording, ServerSentEvent, assemble


def test_any_source_assembles_to_the_same() -> None:
    body = body_of(HELLO)
    expected = fold(*HELLO)

    def generator() -> Iterator[ServerSentEvent]:
        yield from HELLO

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.txt"
        path.write_bytes(body)
        assert assemble(path) == assemble(str(path)) == expected
        assert assemble(Recording.load(path)) == expected
        with path.open("rb") as file:
            assert assemble(file) == expected
    headers = {"content-type": "text/event-stream"}
    sources = [body, [body], [body[:40], b"", body[40:]], iter([body]), HELLO, generator()]
    for source in [*sources, io.BytesIO(body), httpx.Response(200, headers=headers, content=body)]:
        assert assemble(source) == expected  # type: ignore[arg-type]  # a union of all of them


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_of_any_kind_assemble_to_the_same(kind: type[bytearray | memoryview]) -> None:
    body = body_of(HELLO)
    assert assemble(kind(body)) == assemble([kind(body)]) == fold(*HELLO)


def test_nothing_at_all_is_incomplete() -> None:
    sources: list[Any] = [b"", [], iter(()), io.BytesIO()]
    for source in sources:
        completion = assemble(source)
        assert (completion.protocol, completion.ended_by) == ("unknown", "eof")
        assert [finding.code for finding in completion.findings] == ["incomplete"]


def test_a_response_that_is_no_event_stream_is_refused() -> None:
    response = httpx.Response(401, json={"error": ERROR})
    with pytest.raises(NotAnEventStream, match="401"):
        assemble(response)


def test_a_response_of_requests_that_is_no_event_stream_is_refused() -> None:
    with requests.Session() as session:
        session.mount("test://", CannedAdapter(500, "application/json", b'{"error": "down"}'))
        response = session.get("test://host/", stream=True)
        with pytest.raises(NotAnEventStream, match="500"):
            assemble(response)


def test_bytes_among_events_are_refused() -> None:
    mixed: list[Any] = [*HELLO, b"data: x\n\n"]
    with pytest.raises(TypeError, match="bytes"):
        assemble(mixed)


def test_the_last_words_of_a_cut_stream_are_kept_with_a_finding() -> None:
    completion = assemble(body_of(HELLO[:3])[:-1])
    assert completion.content == "Hello"
    assert codes(completion) == ["unfinished-event"]


def test_a_missing_file_is_an_error_of_the_file() -> None:
    with pytest.raises(FileNotFoundError):
        assemble(FIXTURES / "no such file")
