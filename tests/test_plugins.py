"""A protocol of another package: found by its entry point, and then like one of ours."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import run
from plugins import forget, install

from sseparse import Assembler, ServerSentEvent, assemble, detect
from sseparse.assembly import protocol_names

MODULE = """
    from sseparse.assembly import Completion, Delta, JSONValue, Protocol


    class Acme(Protocol):
        name = "acme"

        @classmethod
        def detects(cls, event, payload):
            return isinstance(payload, dict) and "acme" in payload

        def fold(self, event, payload, deltas):
            choice = self.choice()
            self.grow(choice, "content", payload.get("acme"), deltas)
            self.finish(choice, payload.get("why"), deltas)

        @classmethod
        def to_native(cls, completion):
            return {"acme": completion.content}
"""
ENTRY_POINT = "[sseparse.protocols]\nacme = acme_sse:Acme\n"
STREAM = b'data: {"acme": "Hel"}\n\ndata: {"acme": "lo", "why": "enough"}\n\n'


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    forget()
    sys.modules.pop("acme_sse", None)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path, monkeypatch, "acme_sse", MODULE, ENTRY_POINT)
    return tmp_path


@pytest.mark.usefixtures("acme")
def test_it_is_listed_detected_and_assembled() -> None:
    assert protocol_names()[-1] == "acme"
    assert detect([ServerSentEvent('{"type": "ping"}'), ServerSentEvent('{"acme": ""}')]) == "acme"
    completion = assemble(STREAM)
    assert (completion.protocol, completion.content) == ("acme", "Hello")
    assert (completion.finish_reason, completion.ended_by) == ("enough", "finish_reason")
    assert completion.findings == ()
    assert completion.to_native() == {"acme": "Hello"}


@pytest.mark.usefixtures("acme")
def test_it_can_be_named() -> None:
    assembler = Assembler("acme")
    deltas = assembler.feed(ServerSentEvent('{"acme": "Hi"}'))
    assert [(delta.kind, delta.text) for delta in deltas] == [("content", "Hi")]


@pytest.mark.usefixtures("acme")
def test_the_protocols_here_are_asked_first() -> None:
    chunk = b'data: {"acme": "x", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
    assert assemble(chunk).protocol == "openai-chat"
    assert assemble(chunk, "acme").content == "x"


def test_the_command_knows_it_too(acme: Path) -> None:
    env = {"PYTHONPATH": os.pathsep.join([str(acme), os.environ.get("PYTHONPATH", "")])}
    result = run("assemble", "-", "--text", stdin=STREAM, env=env)
    assert result == (0, b"Hello\n", "")
    native = run("assemble", "-", "--native", "--protocol", "acme", stdin=STREAM, env=env)
    assert json.loads(native.out) == {"acme": "Hello"}
    view = run("replay", "-", "--view", "text", "--protocol", "acme", stdin=STREAM, env=env)
    assert view.out == b"Hello\n"


BROKEN = "[sseparse.protocols]\nacme = acme_sse:Missing\n"


def test_one_that_cannot_be_loaded_is_a_warning_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "acme_sse", MODULE, BROKEN)
    with pytest.warns(RuntimeWarning, match=r"'acme' .* cannot be loaded: AttributeError"):
        assert assemble(STREAM).protocol == "unknown"
    with pytest.raises(ValueError, match=r"'acme' .* cannot be loaded"):
        assemble(STREAM, "acme")


def test_the_command_tells_of_one_that_cannot_be_loaded_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "acme_sse", MODULE, BROKEN)
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    result = run("assemble", "-", stdin=STREAM, env=env)
    assert json.loads(result.out)["protocol"] == "unknown"
    assert result.error_lines[0].startswith("sseparse: protocol 'acme' (acme_sse:Missing) cannot")
    named = run("assemble", "-", "--protocol", "acme", stdin=STREAM, env=env)
    assert (named.status, named.out) == (2, b"")
    assert "cannot be loaded" in named.error_lines[-1]


def test_one_that_stumbles_over_a_stream_is_a_warning_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumbling = MODULE.replace("isinstance(payload, dict) and ", "")  # payload may be None
    install(tmp_path, monkeypatch, "acme_sse", stumbling, ENTRY_POINT)
    with pytest.warns(RuntimeWarning, match="'acme' cannot tell its streams: TypeError"):
        assert assemble(b"data: plain text\n\n").extra == {"text": "plain text"}


@pytest.mark.parametrize("name", ["openai-chat", "other"])
def test_one_of_another_name_is_told_of_and_not_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_point = f"[sseparse.protocols]\n{name} = acme_sse:Acme\n"
    install(tmp_path, monkeypatch, "acme_sse", MODULE, entry_point)
    with pytest.warns(RuntimeWarning, match=name):
        assert assemble(STREAM).protocol == "unknown"


def test_what_is_no_protocol_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        tmp_path, monkeypatch, "acme_sse", MODULE, "[sseparse.protocols]\nacme = acme_sse:Delta\n"
    )
    with pytest.raises(ValueError, match=r"is no subclass of sseparse\.assembly\.Protocol"):
        Assembler("acme")


@pytest.mark.usefixtures("acme")
def test_a_name_nobody_has_is_refused_with_all_there_are() -> None:
    with pytest.raises(ValueError, match=r"no protocol known here; there are openai-chat.*acme"):
        Assembler("nobody")
