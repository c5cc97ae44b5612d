"""Pages of ``report`` for streams that are deep, long or strange: they open and show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import END, REPOSITORY, chunk
from report_browser import Opened, opened, url_of

from sseparse import Recording
from sseparse.inspect import report
from sseparse.inspect._walk import Source


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with opened() as browser:
        yield browser


def made(browser: Opened, folder: Path, *recordings: Source) -> Opened:
    browser.open(url_of(report(recordings).save(folder / "page.html", force=True)))
    return browser


def with_arguments(arguments: str) -> bytes:
    call = {"index": 0, "id": "call_1", "function": {"name": "f", "arguments": arguments}}
    return chunk(role="assistant", tool_calls=[call])


@pytest.mark.parametrize("depth", [101, 8_000, 20_000])
def test_what_is_nested_deep_is_shown_as_it_was_sent(
    depth: int, browser: Opened, tmp_path: Path
) -> None:
    deep = "[" * depth + "]" * depth
    event = f'data: {{"a":{deep}}}\n\n'.encode()
    page = made(browser, tmp_path, Recording.from_bytes(with_arguments(deep) + event + END))
    assert page.run("return document.documentElement.dataset.ready") == ""
    assert deep in page.text("completion")
    page.run("document.querySelector('#completion details').open = true")
    page.by_id("row-1").click()
    assert page.text("detail").endswith(f'{{"a":{deep}}}')
    assert page.console() == []


def test_what_is_nested_less_deep_is_indented(browser: Opened, tmp_path: Path) -> None:
    page = made(browser, tmp_path, Recording.from_bytes(with_arguments("[" * 90 + "1" + "]" * 90)))
    assert "[\n" + "  " * 90 + "1\n" in page.text("completion")


def test_a_part_that_fails_leaves_the_others(browser: Opened, tmp_path: Path) -> None:
    page = report(Recording.from_bytes(chunk(content="Hi") + END))
    path = page.save(tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    # A told choice that is no choice: what no stream makes, and the next mistake might.
    choices = json.dumps([None])
    start, end = (
        text.index('"choices":[{"index":0,"role"'),
        text.index("]}", text.index('"finish":')),
    )
    path.write_text(text[:start] + f'"choices":{choices[:-1]}' + text[end:], encoding="utf-8")
    browser.open(url_of(path))
    assert browser.text("completion").startswith("This part cannot be shown: TypeError")
    assert browser.run("return document.documentElement.dataset.ready") == ""
    browser.by_id("row-0").click()
    assert browser.text("detail").startswith("Event 1")


def test_the_words_of_an_audio_answer_stay_to_the_end(browser: Opened, tmp_path: Path) -> None:
    page = made(browser, tmp_path, REPOSITORY / "fixtures/openai-chat/audio.txt")
    assert "SpokenHello" in page.text("completion")
    page.run("scrub.value = 2; scrub.dispatchEvent(new Event('input'))")
    assert "SpokenHel" in page.text("completion")
    assert "Hello" not in page.text("completion")
    page.by_id("to-end").click()
    assert "Hello" in page.text("completion")
