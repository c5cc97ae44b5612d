"""Pages of ``report`` for streams that are deep, long or strange: they open and show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import END, REPOSITORY, chunk
from report_browser import Opened, made, opened, url_of
from selenium.webdriver.common.keys import Keys

from sseparse import Read, Recording
from sseparse.inspect import report


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with opened() as browser:
        yield browser


def whole(delta: dict[str, object], **fields: object) -> bytes:
    """Return the event of a chunk with fields of its own."""
    body = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}], **fields}
    return f"data: {json.dumps(body)}\n\n".encode()


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
    broken = text.replace('"choices":[{"index":0,"role"', '"choices":[null,{"index":0,"role"')
    assert broken != text
    path.write_text(broken, encoding="utf-8")
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


OVERFLOWING = """return [...document.querySelectorAll(arguments[0])].filter(
    (one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""


def test_huge_figures_and_words_stay_in_their_places(browser: Opened, tmp_path: Path) -> None:
    long = "x" * 100_000
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":1' + b"0" * 400 + b"}}\n\n"
    call = {"index": 0, "id": long, "function": {"name": long, "arguments": "{}"}}
    delta: dict[str, object] = {"role": long, "content": "Hi", "tool_calls": [call]}
    first = whole(delta, model=long, id=long)
    body = f"event: {long}\nid: {long}\n".encode() + first + usage
    page = made(
        browser,
        tmp_path,
        Recording((Read(0.5, body), Read(172_800.5, END))),
        Recording((Read(1e300, body),)),
    )
    for number, shown in enumerate(["Tokens in1.000e+400", "End to end1.000e+300 s"]):
        if number:
            page.press("]")
        assert shown in page.text("figures")
        assert page.run(OVERFLOWING, "#figures div, #facts dd") == []
        page.by_id("row-0").click()
        page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.run("return document.documentElement.scrollHeight") < 5_000
        assert page.run("return document.documentElement.scrollWidth") <= 1280
        assert "… (100,000 characters)" in page.text("facts") + page.text("detail")
    assert page.console() == []


def test_what_is_not_seen_is_made_visible_but_in_the_answer(
    browser: Opened, tmp_path: Path
) -> None:
    odd = "a\u202eb\u200bc"
    seen = "a⟨U+202E⟩b⟨U+200B⟩c"
    body = f"event: {odd}\nid: {odd}\ndata: {odd}\n\n".encode()
    stream = Recording.from_bytes(body + whole({"content": odd}, model=odd) + END)
    page = report({odd: stream, "other": stream}).save(tmp_path / "page.html")
    browser.open(url_of(page))
    browser.by_id("row-0").click()
    for place in ("tabs", "facts", "file", "rows", "detail", "filter"):
        assert seen in browser.text(place), place
        assert odd not in browser.text(place), place
    assert odd in browser.text("completion")
    isolated = "return getComputedStyle(document.querySelector('#completion .words')).unicodeBidi"
    assert browser.run(isolated) == "isolate"


def test_where_comments_are_counted_it_says_items(browser: Opened, tmp_path: Path) -> None:
    with_comments = Recording.from_bytes(b": one\n\n" + chunk(content="Hi") + END)
    page = made(browser, tmp_path, with_comments, Recording.from_bytes(chunk(content="Hi") + END))
    assert page.text("position") == "4 / 4 items"
    assert page.text("found") == "4 items"
    assert "counts items" in page.text("pace")
    assert "bytes of each item" in page.text("legend")
    page.press("]")
    assert page.text("position") == "3 / 3 events"
    assert page.text("found") == "3"
    assert "counts events" in page.text("pace")


def test_only_waits_that_stand_out_are_shaded(browser: Opened, tmp_path: Path) -> None:
    event = chunk(content="w ")
    even = [Read(0.1 * number, event) for number in range(1, 22)]
    slow = [Read(2.0 * number, event) for number in range(1, 22)]
    late = [*even[:10], *(Read(read.time + 0.6, event) for read in even[10:])]
    page = made(
        browser, tmp_path, *(Recording(tuple(one)) for one in (even, slow, late, late[9:11]))
    )
    assert "waits" not in page.text("legend")
    page.press("]")
    assert "waits" not in page.text("legend")
    page.press("]")
    assert "longest waits, of 500.0 ms or more" in page.text("legend")
    told = "JSON.parse(document.getElementById('recording-2').textContent)"
    assert page.run(f"return new Stream({told}).stalls.found.length") == 1
    page.press("]")
    assert "longest waits, of 200.0 ms or more" in page.text("legend")


CUT_OFF = """return [...document.querySelectorAll("#rows .number, #columns .number")].filter(
    (one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""


def test_no_number_in_the_table_is_cut_off(browser: Opened, tmp_path: Path) -> None:
    event, long = b"data: 1\n\n", b"data: " + b"x" * 1_234_567 + b"\n\n"
    many = Recording((Read(0.5, event * 123_456), Read(45_678.5, long)))
    page = made(browser, tmp_path, many, Recording.from_bytes(event * 10))
    page.run("rows.focus()")
    page.press(Keys.END)
    assert "123,45745678.500+45678.0001,111,1041,234,575" in page.text("rows")
    assert page.run(CUT_OFF) == []
    page.press("]")
    assert page.run(CUT_OFF) == []


def test_times_below_a_millisecond_are_told_apart(browser: Opened, tmp_path: Path) -> None:
    reads = (Read(0.000123, chunk(content="a")), Read(0.000456, END))
    page = made(browser, tmp_path, Recording(reads))
    assert "0.000123+0.000123" in page.text("rows")
    page.by_id("row-1").click()
    assert "Time456 µs" in page.text("detail")
    assert "Gap333 µs" in page.text("detail")
    assert page.run(CUT_OFF) == []


def test_a_stream_that_was_there_at_once_has_no_second(browser: Opened, tmp_path: Path) -> None:
    page = made(browser, tmp_path, Recording((Read(0.0, chunk(content="Hi")), Read(0.0, END))))
    page.press(" ")
    page.wait(lambda: page.text("play") == "Play", "it ends")
    assert page.text("position") == "0.000000 / 0.000000 s · 3 of 3 events"
    assert page.console() == []


def test_without_measured_reads_none_are_spoken_of(browser: Opened, tmp_path: Path) -> None:
    body = b"".join(whole({"content": "w "}, created=1_763_800_000 + n) for n in range(5))
    page = made(browser, tmp_path, Recording.from_bytes(body), Recording((Read(0.1, body),)))
    page.by_id("row-1").click()
    assert "Read" not in page.text("detail")
    assert "bytes of each block of the body" in page.text("legend")
    page.press("]")
    page.by_id("row-1").click()
    assert "Read1" in page.text("detail")


def test_the_body_of_a_refusal_is_shown_as_text(browser: Opened, tmp_path: Path) -> None:
    refusal = b'{"error":{"message":"too <b>many</b>\xff","code":null}}'
    other = b"<html>\n<h1>Bad gateway</h1>"
    page = made(
        browser,
        tmp_path,
        *(Recording((Read(0.3, body),)) for body in (refusal, other, chunk(content="Hi"))),
    )
    assert 'which holds no event{\n  "error": {\n    "message": "too <b>many</b>' in page.text(
        "completion"
    )
    page.press("]")
    assert "which holds no event<html>\n<h1>Bad gateway</h1>" in page.text("completion")
    page.press("]")
    assert page.text("completion") == "Choice 0ReasoningHiSpokenRefusal"
    assert page.console() == []


def test_the_words_of_the_axis_are_the_places_they_stand_at(
    browser: Opened, tmp_path: Path
) -> None:
    page = made(browser, tmp_path, Recording((Read(3.0, END),)))
    words = "return timeTicks(null, arguments[0])"
    assert page.run(words, [0, 0.25, 0.5, 1.0]) == ["0", "0.25 s", "0.50 s", "1.00 s"]
    assert page.run(words, [0, 0.1, 0.2]) == ["0", "100 ms", "200 ms"]
    assert page.run(words, [0, 0.00025]) == ["0", "0.25 ms"]
    assert page.run(words, [0, 20_000, 40_000]) == ["0", "20000 s", "40000 s"]
