"""The pages of ``report`` in a real browser: what they show, and how they are worked with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli import END, FIXTURE, REPOSITORY, chunk, write_recording
from report_browser import Opened, opened, url_of
from selenium.webdriver import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.keys import Keys

from sseparse import Read, Recording
from sseparse.inspect import report
from sseparse.inspect._walk import Source

WORDS = [f"w{number} " for number in range(40)]
STEP = 0.05
CALL = {"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": '{"city":'}}
REST = {"index": 0, "function": {"arguments": '"Rome"}'}}


def events() -> list[bytes]:
    return [
        chunk(role="assistant", reasoning_content="Let me think."),
        *(chunk(content=word) for word in WORDS),
        chunk(tool_calls=[CALL]),
        chunk(tool_calls=[REST]),
        END,
    ]


def arrival(number: int) -> float:
    """When an event came: one each 50 ms, with a wait of a second in between."""
    return 0.5 + STEP * number + (1.0 if number > 20 else 0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with opened() as browser:
        yield browser


@pytest.fixture(scope="module")
def recording(folder: Path) -> Path:
    reads = [(arrival(number), event) for number, event in enumerate(events())]
    return write_recording(folder / "answer.txt", reads)


@pytest.fixture(scope="module")
def address(folder: Path, recording: Path) -> str:
    return url_of(report(recording).save(folder / "answer.html"))


@pytest.fixture
def page(browser: Opened, address: str) -> Opened:
    browser.open(address)
    return browser


def made(browser: Opened, folder: Path, *recordings: Source) -> Opened:
    browser.open(url_of(report(recordings).save(folder / "another.html", force=True)))
    return browser


def shown_events(page: Opened) -> int:
    return int(re.split(r" of ", page.text("found"))[0].replace(",", ""))


def window(page: Opened) -> tuple[float, float]:
    """Return which seconds the timeline shows; (0, 0): all."""
    found = re.findall(r"[\d.]+", page.text("window"))
    return (float(found[0]), float(found[1])) if found else (0.0, 0.0)


def place(page: Opened) -> float:
    return float(page.run("return document.getElementById('scrub').value"))


def test_it_asks_the_network_for_nothing_and_the_console_stays_empty(
    page: Opened, address: str
) -> None:
    page.press("/", "w1", Keys.ESCAPE, "z", "x", "0", "t", Keys.ARROW_RIGHT, "?", Keys.ESCAPE, " ")
    page.wait(lambda: "Pause" not in page.text("play") or place(page) > 0.6, "it plays")
    assert page.console() == []
    assert set(page.requests()) <= {address, "data:,"}


def test_it_shows_the_answer_with_reasoning_and_tool_calls_folded(page: Opened) -> None:
    assert "".join(WORDS) in page.text("completion")
    assert (
        page.run(
            "return [...document.querySelectorAll('#completion details')].map((one) => one.open)"
        )
        == [False] * 2
    )
    shown = page.text("completion")
    assert "Let me think." in shown
    assert 'Tool call: weather call_1{\n  "city": "Rome"\n}' in shown
    assert "finish_reason stop" in shown


def test_it_shows_the_figures_with_their_meaning_and_what_is_odd(page: Opened) -> None:
    assert re.search(r"TTFT reasoning500\.0 ms", page.text("figures"))
    assert re.search(r"Longest stall1\.050 s", page.text("figures"))
    assert page.count("#figures [title^='TTFB: time to first byte']") == 1
    assert "the stream does not tell its usage" in page.text("findings")


def test_a_finding_leads_to_its_event(browser: Opened, folder: Path) -> None:
    page = made(browser, folder, REPOSITORY / FIXTURE)
    page.driver.find_elements("css selector", "#findings button.link")[1].click()
    assert page.text("detail").startswith("Event 2")
    assert page.count("#row-1[aria-selected=true]") == 1


def test_search_and_filter_leave_what_was_asked_for(page: Opened) -> None:
    assert shown_events(page) == len(events()) + 1
    page.press("/", "W7 ")
    found = "return [...document.querySelectorAll('#rows mark')].map((one) => one.textContent)"
    page.wait(lambda: page.run(found) == ["w7 "], "one is found, and marked")
    assert shown_events(page) == 1
    page.press(*[Keys.BACKSPACE] * 3)
    page.wait(lambda: shown_events(page) == len(events()) + 1, "all are there again")
    page.run("filter.value = 'class:2'; filter.dispatchEvent(new Event('change'))")
    assert page.text("found") == f"2 of {len(events()) + 1}"
    assert "weather" in page.text("rows")


def test_a_row_that_is_chosen_shows_its_whole_event(page: Opened) -> None:
    page.driver.find_element("id", "row-3").click()
    shown = page.text("detail")
    assert shown.startswith("Event 4")
    assert '"content": "w2 "' in shown
    assert "Gap50.0 ms" in shown


def test_the_wheel_a_drag_and_the_buttons_zoom_and_two_clicks_show_all(page: Opened) -> None:
    assert window(page) == (0, 0)
    origin = ScrollOrigin.from_element(page.plot())
    ActionChains(page.driver).scroll_from_origin(origin, 0, -200).perform()
    page.wait(lambda: window(page) != (0, 0), "the wheel zooms in")
    wheel = window(page)
    page.by_id("zoom-in").click()
    assert window(page)[1] - window(page)[0] == pytest.approx((wheel[1] - wheel[0]) / 2, abs=0.01)
    ActionChains(page.driver).double_click(page.plot()).perform()
    page.wait(lambda: window(page) == (0, 0), "all is shown")
    actions = ActionChains(page.driver).move_to_element_with_offset(page.plot(0), -200, 0)
    actions.click_and_hold().move_by_offset(100, 0).release().perform()
    page.wait(lambda: window(page) != (0, 0), "a drag zooms in")
    page.press("0")
    assert window(page) == (0, 0)


def test_the_pointer_shows_the_event_under_it_and_a_click_chooses_it(page: Opened) -> None:
    plot = page.plot()
    # The place of the first event, on an axis with a margin of a hundredth at both ends.
    span = float(page.by_id("scrub").get_attribute("max") or 0)
    width, height = plot.size["width"], plot.size["height"]
    x = (0.5 + span * 0.01) / (span * 1.02) * width - width / 2
    y = height * 1.5 / 4 - height / 2  # the second lane of four
    ActionChains(page.driver).move_to_element_with_offset(plot, round(x), round(y)).perform()
    page.wait(lambda: page.by_id("tip").is_displayed(), "the tip is there")
    assert page.text("tip").startswith("Event 1500.0 ms")
    assert "Let me think." in page.text("tip")
    ActionChains(page.driver).click().perform()
    page.wait(lambda: page.text("detail").startswith("Event 1"), "it is chosen")


def test_it_plays_at_the_speed_that_was_chosen(browser: Opened, folder: Path) -> None:
    # It does not end while it is looked at, however slow the machine is.
    page = made(browser, folder, Recording((Read(0.1, events()[1]), Read(3600.0, END))))
    measure = """
        const done = arguments[arguments.length - 1];
        const scrub = document.getElementById("scrub");
        let first = null;
        let frames = 0;
        const look = () => {  // after the page's own look at the clock, frame by frame
            const now = [performance.now(), Number(scrub.value)];
            first ??= now;
            frames += 1;
            const passed = now[0] - first[0];
            if (passed > 400 && frames > 5) done((now[1] - first[1]) / passed * 1000);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    """
    page.press(" ")
    slow = page.driver.execute_async_script(measure)
    page.press("+")
    assert page.run("return speed.selectedOptions[0].textContent") == "2×"
    fast = page.driver.execute_async_script(measure)
    page.press(" ")
    assert slow == pytest.approx(1, rel=0.25)
    assert fast == pytest.approx(2, rel=0.25)
    stopped = place(page)
    assert page.driver.execute_async_script(measure) == 0
    assert place(page) == stopped
    page.press("-", "-", "-", "-")
    assert page.run("return speed.selectedOptions[0].textContent") == "0.25×"


def test_while_it_plays_the_text_grows_as_it_came(page: Opened) -> None:
    page.press("+", " ")
    watch = """
        const done = arguments[arguments.length - 1];
        const seen = [];
        const look = () => {
            const text = document.querySelector("#completion .plain .words").textContent;
            seen.push([Number(scrub.value), text]);
            if (play.textContent === "Play") done(seen); else requestAnimationFrame(look);
        };
        look();
    """
    seen = page.driver.execute_async_script(watch)
    whole = "".join(WORDS)
    assert len({text for _, text in seen}) > 3
    for time, text in seen:
        assert whole.startswith(text)
        due = sum(arrival(number + 1) <= time + 1e-6 for number in range(len(WORDS)))
        assert text == "".join(WORDS[:due])
    assert seen[-1][1] == whole
    assert "finish_reason stop" in page.text("completion")


def test_the_fastest_speed_shows_all_at_once_or_nearly(page: Opened) -> None:
    page.press(*"+" * 9, " ")
    assert page.run("return speed.selectedOptions[0].textContent") == "max"
    page.wait(lambda: page.text("play") == "Play", "it ends")


def test_the_scrubber_shows_the_stream_as_it_was(page: Opened) -> None:
    page.run("scrub.value = 0.62; scrub.dispatchEvent(new Event('input'))")
    assert page.text("completion").count("w") == 2
    assert page.text("as-of") == "after event 3"
    assert page.count("#rows .row.later") > 3
    page.by_id("to-end").click()
    assert "".join(WORDS) in page.text("completion")


def test_arrows_step_through_the_events(page: Opened) -> None:
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.text("detail").startswith("Event 3")
    assert page.run("return document.querySelector('#completion .plain').textContent") == "w0 w1 "
    page.press(Keys.ARROW_LEFT)
    assert page.text("detail").startswith("Event 2")
    page.press(Keys.END)
    assert place(page) == pytest.approx(float(page.by_id("scrub").get_attribute("max") or 0))


def test_the_table_is_worked_with_keys(page: Opened) -> None:
    page.run("rows.focus()")
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert page.text("detail").startswith("Event 2")
    assert page.by_id("rows").get_attribute("aria-activedescendant") == "row-1"
    page.press(Keys.END)
    assert page.text("detail").startswith(f"Event {len(events()) + 1}")
    page.press(Keys.HOME)
    assert page.text("detail").startswith("Event 1")


def test_the_help_opens_and_closes(page: Opened) -> None:
    page.press("?")
    assert page.by_id("keys").is_displayed()
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.by_id("keys").is_displayed(), "it is closed")


def test_every_control_is_reached_with_tab_and_has_a_name(page: Opened) -> None:
    reached = set()
    for _ in range(30):
        page.press(Keys.TAB)
        reached.add(page.run("return document.activeElement.id"))
    wanted = {
        "theme",
        "help",
        "zoom-in",
        "zoom-all",
        "play",
        "next",
        "scrub",
        "speed",
        "search",
        "filter",
        "rows",
    }
    assert wanted <= reached
    unnamed = """return [...document.querySelectorAll("button, input, select")].filter((one) =>
        !(one.textContent.trim() || one.ariaLabel || one.labels?.length)).map((one) => one.id)"""
    assert page.run(unnamed) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_as_dark_as_the_system_until_somebody_chooses(
    theme: str, browser: Opened, address: str
) -> None:
    browser.open(address, theme=theme)
    ground = "return getComputedStyle(document.body).backgroundColor"
    brightness = sum(map(int, re.findall(r"\d+", browser.run(ground))[:3]))
    assert (brightness < 150) is (theme == "dark")
    browser.press("t")
    chosen = sum(map(int, re.findall(r"\d+", browser.run(ground))[:3]))
    assert (chosen < 150) is (theme == "light")


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_is_wider_than_the_window(width: int, browser: Opened, address: str) -> None:
    browser.open(address, width=width)
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_several_recordings_are_tabs(browser: Opened, folder: Path, recording: Path) -> None:
    page = made(browser, folder, recording, REPOSITORY / FIXTURE)
    assert page.text("file").endswith("answer.txt")
    page.press("]")
    assert page.text("file").endswith(Path(FIXTURE).name)
    assert "Ah, the ultimate question!" in page.text("completion")
    assert "w0 w1" not in page.text("completion")
    assert page.count("#tabs [aria-selected=true]") == 1
    page.press("[")
    assert "w0 w1" in page.text("completion")
    assert page.console() == []


def test_without_times_the_axis_counts_events_and_it_says_so(browser: Opened, folder: Path) -> None:
    page = made(browser, folder, Recording.from_bytes(b"".join(events())))
    assert "no times" in page.text("pace")
    page.press(*"++++", " ")
    page.wait(lambda: page.text("play") == "Play", "it ends")
    assert "".join(WORDS) in page.text("completion")
    assert page.console() == []


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b": only a comment\n\n", b"data: cut", b"\n\n\n"]
)
def test_what_is_empty_or_damaged_opens_too(body: bytes, browser: Opened, folder: Path) -> None:
    page = made(browser, folder, Recording.from_bytes(body))
    page.press(" ", Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.END, "z", "0", "t")
    assert page.run("return document.documentElement.dataset.ready") == ""
    assert page.console() == []


def test_of_fifty_thousand_events_only_those_in_sight_are_there(
    browser: Opened, folder: Path
) -> None:
    body = b"".join(b"data: event %d\n\n" % number for number in range(1, 50_001))
    page = made(browser, folder, Recording.from_bytes(body))
    assert 10 < page.count("#rows .row") < 60
    page.run("rows.scrollTop = rows.scrollHeight")
    page.wait(lambda: "event 50000" in page.text("rows"), "the last is shown")
    assert page.count("#rows .row") < 60
    page.press("/", "event 4321")
    page.wait(lambda: shown_events(page) == 11, "eleven are found")
    assert page.count("#rows .says mark") == 11
