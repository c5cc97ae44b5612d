"""What is generated is assembled again: the very same completion, in every protocol and dialect.

The writers are made from the providers' documents and recorded streams, and not from the assembler.
So a field that is lost, doubled or put in another place, here or there, shows.
"""

from __future__ import annotations

import attrs
import pytest
from chunks import random_cuts
from hypothesis import given, settings
from hypothesis import strategies as st

from sseparse import Completion, Recording, assemble, detect, generate, iter_events
from sseparse._generate import DIALECTS, PACE, PROTOCOLS
from sseparse._generate._api import CUMULATIVE
from sseparse._generate._pieces import pieces_of
from sseparse.assembly._registry import PROTOCOLS as ASSEMBLED
from sseparse.replay import Transforms
from sseparse.testing import completion_streams, completions

FEWER = settings(max_examples=settings().max_examples // 4)


def test_every_protocol_can_be_written_but_the_unknown_one() -> None:
    assert set(PROTOCOLS) == ASSEMBLED.keys() - {"unknown"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEWER
@given(data=st.data())
def test_what_was_written_is_read_again(protocol: str, data: st.DataObject) -> None:
    completion = data.draw(completions(protocol))
    assert (completion.protocol, completion.complete, completion.findings) == (protocol, True, ())
    body = generate(completion).body
    assert detect(list(iter_events([body]))) == protocol
    assert assemble(body) == completion
    for chunks in random_cuts(body, seed=data.draw(st.integers(0, 2**32)), times=2):
        assert assemble(chunks) == completion


@pytest.mark.parametrize("dialect", DIALECTS)
@FEWER
@given(data=st.data())
def test_so_it_is_in_every_dialect(dialect: str, data: st.DataObject) -> None:
    stream = data.draw(completion_streams(dialect=dialect))
    assert assemble(stream.recording.body) == stream.completion
    assert (stream.completion.complete, stream.completion.findings) == (True, ())


@pytest.mark.parametrize("usage", ["final", "cumulative"])
@pytest.mark.parametrize("dialect", [None, *DIALECTS])
@settings(max_examples=settings().max_examples // 10)
@given(data=st.data())
def test_so_it_is_wherever_usage_stands(
    dialect: str | None, usage: str, data: st.DataObject
) -> None:
    completion = data.draw(completions("openai-chat", dialect=dialect))
    body = generate(completion, dialect=dialect, usage=usage).body  # type: ignore[arg-type]
    assert assemble(body) == completion


@pytest.mark.parametrize("protocol", CUMULATIVE)
@settings(max_examples=settings().max_examples // 10)
@given(data=st.data())
def test_so_it_is_with_cumulative_usage(protocol: str, data: st.DataObject) -> None:
    completion = data.draw(completions(protocol))
    assert assemble(generate(completion, usage="cumulative").body) == completion
    assert assemble(generate(completion, usage="final").body) == completion
    without = attrs.evolve(completion, usage=None)
    assert assemble(generate(completion, usage="none").body).usage == without.usage


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(max_examples=settings().max_examples // 10)
@given(text=st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
def test_a_text_alone_makes_a_whole_stream(protocol: str, text: str) -> None:
    recording = generate(text, protocol=protocol)
    completion = assemble(recording.body)
    assert (completion.content or "") == text
    assert (completion.protocol, completion.complete) == (protocol, True)
    assert [one for one in completion.findings if one.severity != "info"] == []
    assert assemble(generate(completion).body) == completion  # what is read can be written again


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(max_examples=settings().max_examples // 10)
@given(text=st.text("abc déf🐙", min_size=1, max_size=30), message=st.text("abc", min_size=1))
def test_an_error_comes_after_the_text(protocol: str, text: str, message: str) -> None:
    if protocol == "mcp":  # whose text comes in the answer, in the place of which the error comes
        text = ""
    # (An error alone does not tell whose it is.)
    body = generate(text, protocol=protocol, error=message).body
    completion = assemble(body, protocol=protocol)
    assert (completion.content or "") == text
    assert (completion.complete, completion.ended_by) == (False, "error")
    assert message in str(completion.error)
    again = assemble(generate(completion).body, protocol=protocol)
    assert attrs.evolve(again, findings=()) == attrs.evolve(completion, findings=())


@given(seed=st.integers(0, 2**32), recording=completion_streams().map(lambda one: one.recording))
@settings(max_examples=20)
def test_the_same_seed_gives_the_same_stream(seed: int, recording: Recording) -> None:
    pace = Transforms(ttft=0.2, token_rate=30.0, jitter=0.5, faults="stall:1s", seed=seed)
    one, other = [generate("The sea is deep and wide.", transforms=pace) for _ in range(2)]
    assert one == other
    assert [read.time for read in recording.reads] == sorted(read.time for read in recording.reads)


def test_texts_are_cut_into_pieces_and_nothing_is_lost() -> None:
    text = "The quick brown fox, isn't it?\n\n  “Ja”, 你好世界 🐙🐙🐙🐙 antidisestablishment_arian"
    pieces = pieces_of(text)
    assert "".join(pieces) == text
    assert all(1 <= len(piece) <= 8 for piece in pieces)
    assert pieces[:3] == ["The", " quick", " brown"]


@given(text=st.text())
def test_no_text_loses_anything_in_pieces(text: str) -> None:
    assert "".join(pieces_of(text)) == text


def test_a_completion_is_not_changed() -> None:
    completion = assemble(generate("Hi", transforms=PACE).body)
    before = repr(completion)
    generate(completion, dialect="xai")
    assert isinstance(completion, Completion)
    assert repr(completion) == before
