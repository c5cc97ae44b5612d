"""Pages of ``report`` in the hand: stepping, searching, following, and where the focus goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import END, chunk
from report_browser import Opened, opened, url_of
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from sseparse import Read, Recording
from sseparse.inspect import report
from sseparse.inspect._walk import Source

COUNT = 40
READS = tuple(Read(0.5 + 0.05 * n, chunk(content=f"w{n} ")) for n in range(COUNT))
ANSWER = Recording((*READS, Read(0.5 + 0.05 * COUNT, END)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with opened() as browser:
        yield browser


def made(browser: Opened, folder: Path, *recordings: Source) -> Opened:
    browser.open(url_of(report(recordings).save(folder / "page.html", force=True)))
    return browser


@pytest.fixture
def page(browser: Opened, tmp_path: Path) -> Opened:
    return made(browser, tmp_path, ANSWER)


def scrub_to(page: Opened, place: float) -> None:
    page.run(
        "scrub.value = arguments[0]; scrub.dispatchEvent(new Event('input'))",
        place,
    )


def test_arrows_go_on_from_where_the_player_is(page: Opened) -> None:
    page.by_id("row-3").click()
    page.press(Keys.ARROW_RIGHT)
    assert page.text("detail").startswith("Event 5")
    page.run("document.activeElement.blur()")
    scrub_to(page, 1.02)
    assert page.text("as-of") == "after event 11"
    page.press(Keys.ARROW_RIGHT)
    assert page.text("detail").startswith("Event 12")
    page.press(Keys.ARROW_LEFT)
    assert page.text("detail").startswith("Event 11")
    page.press(Keys.HOME, " ")
    page.wait(lambda: page.text("as-of").startswith("after"), "some have come")
    page.press(" ")
    come = int(page.text("as-of").split()[-1])
    page.press(Keys.ARROW_RIGHT)
    assert page.text("detail").startswith(f"Event {come + 1}")


def test_escape_clears_the_search_and_the_table(page: Opened) -> None:
    page.press("/", "w7 ")
    page.wait(lambda: page.text("found").startswith("1 of "), "one is found")
    page.press(Keys.ESCAPE)
    page.wait(lambda: " of " not in page.text("found"), "all are there again")
    assert page.by_id("search").get_attribute("value") == ""


def test_a_read_that_completes_nothing_has_words_too(browser: Opened, tmp_path: Path) -> None:
    event = chunk(content="Hello")
    page = made(browser, tmp_path, Recording((Read(0.5, event[:20]), Read(1.0, event[20:]))))
    plot = page.plot(0)
    width = plot.size["width"]
    x = (0.5 + 0.01) / 1.02 * width - width / 2
    ActionChains(page.driver).move_to_element_with_offset(plot, round(x), 0).perform()
    page.wait(lambda: page.by_id("tip").is_displayed(), "the tip is there")
    assert page.text("tip") == "Read 1: 20 bytes at 500.0 ms, completes no event"
    page.press("z")
    page.wait(lambda: not page.by_id("tip").is_displayed(), "what moved away is not told of")
