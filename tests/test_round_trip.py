"""What a writer spells as a stream, the assembler reads again: the very same completion.

For each protocol there is a writer in ``writers/``, made from the provider's documents and not from
the assembler. So a field that is lost, doubled or put in another place shows here.
"""

from __future__ import annotations

import random
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pytest
import writers
from chunks import body_of, random_cuts
from hypothesis import given, settings
from hypothesis import strategies as st

from sseparse import Completion, assemble, detect
from sseparse.assembly._registry import PROTOCOLS

WRITERS = {
    found.name.replace("_", "-"): import_module(f"writers.{found.name}")
    for found in iter_modules(writers.__path__)
}


def test_every_protocol_has_a_writer_but_the_unknown_one() -> None:
    assert WRITERS.keys() == PROTOCOLS.keys() - {"unknown"}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@settings(max_examples=settings().max_examples // 4)
@given(data=st.data())
def test_what_was_written_is_read_again(writer: ModuleType, data: st.DataObject) -> None:
    completion: Completion = data.draw(writer.completions())
    assert WRITERS[completion.protocol] is writer
    assert (completion.complete, completion.findings) == (True, ())
    events = writer.write(completion)
    assert detect(events) == completion.protocol
    assert assemble(events) == completion
    for chunks in random_cuts(body_of(events), seed=data.draw(st.integers(0, 2**32)), times=2):
        assert assemble(chunks) == completion


def test_texts_are_cut_into_pieces_and_nothing_is_lost() -> None:
    chance = random.Random(1)
    for length in range(200):
        text = "".join(chance.choices("abc", k=length))
        pieces = writers.pieces_of(text)
        assert "".join(pieces) == text
        assert all(pieces)
        assert len(pieces) > 1 or length < 2
