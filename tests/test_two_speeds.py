"""Two speeds, one behaviour: the fast path, the cuts and who looks on change no completion."""

from __future__ import annotations

from typing import Any

import pytest
from chunk_strategies import items_lists
from chunks import FIXTURES, ROLE, USAGE, OneSpeed, body_of, check, chunk, run
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import chunkings

from sseparse import Assembler, assemble
from sseparse._events import Item
from sseparse.assembly.protocols._openai_chat import OpenAIChat


@given(items_lists)
@example([chunk(ROLE), chunk({"content": "a", "reasoning": "b"}, usage=USAGE)])
def test_the_fast_path_changes_nothing(items: list[Item]) -> None:
    fast, fast_deltas = run(OpenAIChat(), items)
    slow, slow_deltas = run(OneSpeed(), items)
    assert fast_deltas == slow_deltas
    assert repr(fast) == repr(slow)  # (NaN is not equal to itself)
    check(fast)


@given(items_lists)
def test_asking_for_deltas_or_snapshots_changes_nothing(items: list[Item]) -> None:
    silent = Assembler("openai-chat")
    silent.feed_all(items)
    curious = Assembler("openai-chat")
    for count, item in enumerate(items, 1):
        curious.feed(item)
        if count % 2:
            assert curious.snapshot.ended_by
    assert repr(silent.snapshot) == repr(curious.snapshot)
    assert repr(silent.close()) == repr(curious.close())


def test_usual_chunks_do_take_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[Item] = []
    take_any = OpenAIChat._take_any

    def count(self: OpenAIChat, item: Item, deltas: Any) -> None:
        slow.append(item)
        take_any(self, item, deltas)

    monkeypatch.setattr(OpenAIChat, "_take_any", count)
    completion = assemble(FIXTURES / "xai-grok-beta.txt")
    assert completion.complete
    assert len(slow) == 3  # the first chunk, the last, and [DONE]


@given(st.data())
def test_where_the_reads_end_changes_nothing(data: st.DataObject) -> None:
    items = data.draw(items_lists)
    body = body_of(items)
    whole = assemble(body)
    assert repr(assemble(data.draw(chunkings(body)))) == repr(whole)
