"""Pages of ``report`` in the hand: stepping, searching, following, and where the focus goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import END, chunk
from report_browser import Opened, made, opened
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from sseparse import Read, Recording

COUNT = 40
READS = tuple(Read(0.5 + 0.05 * n, chunk(content=f"w{n} ")) for n in range(COUNT))
ANSWER = Recording((*READS, Read(0.5 + 0.05 * COUNT, END)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with opened() as browser:
        yield browser


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


IN_SIGHT = """const { top, bottom } = arguments[0].getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight"""


def test_what_a_finding_or_a_mark_chooses_comes_in_sight(page: Opened) -> None:
    scrolled = "return document.documentElement.scrollTop"
    page.run("document.body.style.paddingTop = '900px'")
    for way in ("finding", "mark"):
        page.run("scrollTo(0, 0)")
        if way == "finding":
            page.run("document.querySelector('#findings button.link').click()")
        else:
            plot = page.plot()
            page.run("arguments[0].scrollIntoView({ block: 'end' })", plot)
            ActionChains(page.driver).move_to_element_with_offset(plot, 100, 0).click().perform()
        row = page.driver.find_element("css selector", "#rows [aria-selected=true]")
        assert page.run(IN_SIGHT, row), way
        assert page.run(scrolled) > 0


def window(page: Opened) -> tuple[float, float]:
    low, high = page.text("window").removesuffix(" s").split(" – ")
    return float(low), float(high)


def test_the_zoomed_timeline_goes_along(page: Opened) -> None:
    page.by_id("row-3").click()
    page.press("z", "z", "z", "z")
    assert window(page)[0] <= 0.65 <= window(page)[1] < 1.0
    page.run("rows.focus()")
    page.press(Keys.END)
    assert window(page)[0] < 2.5 <= window(page)[1]
    scrub_to(page, 1.0)
    assert window(page)[0] <= 1.0 <= window(page)[1]
    page.run("document.activeElement.blur()")
    page.press(" ")
    start = window(page)
    page.wait(lambda: window(page)[0] > start[0], "it goes along")
    page.press(" ")
    place = float(page.run("return scrub.value"))
    assert window(page)[0] <= place <= window(page)[1]


def test_search_finds_ids_and_what_is_escaped_in_the_data(browser: Opened, tmp_path: Path) -> None:
    text = chunk(content="x" * 400 + "Gr-e").replace(b"-", rb"\u00fc\u00df")
    body = b"id: needle\ndata: 1\n\n" + text + END
    page = made(browser, tmp_path, Recording.from_bytes(body))
    for sought in ("needle", "grüße"):
        page.run("search.value = arguments[0]; search.dispatchEvent(new Event('input'))", sought)
        page.wait(lambda: page.text("found").startswith("1 of "), f"{sought} is found")
        page.press("/", Keys.ESCAPE)


def test_the_speed_stays_from_one_recording_to_the_next(browser: Opened, tmp_path: Path) -> None:
    page = made(browser, tmp_path, ANSWER, ANSWER)
    page.press("+", "+", "]")
    assert page.run("return speed.selectedOptions[0].textContent") == "4×"


def test_a_slider_that_is_held_stays_where_it_is(browser: Opened, tmp_path: Path) -> None:
    page = made(browser, tmp_path, Recording((Read(0.1, READS[0].data), Read(3600.0, END))))
    page.press(" ")
    held = ActionChains(page.driver).move_to_element(page.by_id("scrub")).click_and_hold()
    held.perform()
    frames = """const done = arguments[arguments.length - 1]; const seen = [];
        const look = () => { seen.push(scrub.value);
            if (seen.length > 9) done(new Set(seen).size); else requestAnimationFrame(look); };
        requestAnimationFrame(look);"""
    assert page.driver.execute_async_script(frames) == 1
    assert page.text("play") == "Pause"
    ActionChains(page.driver).release().perform()
    assert page.driver.execute_async_script(frames) > 1


def test_the_focus_is_not_lost(page: Opened) -> None:
    focus = "return document.activeElement.id || document.activeElement.textContent.slice(0, 9)"
    page.by_id("row-3").click()
    page.run("document.querySelector('#detail button').focus()")
    assert page.run(focus) == "As sent"
    page.press(Keys.ENTER)
    assert page.run(focus) == "Indented"
    page.press(Keys.ARROW_RIGHT)
    assert page.text("detail").startswith("Event 5")
    assert page.run("return document.activeElement.tagName") == "PRE"
    page.run("document.getElementById('to-end').focus()")
    page.press(Keys.ENTER)
    assert page.run(focus) == "completion"
