"""How long the page of ``sseparse report`` takes to make, to open and to search.

``python -m benchmarks.report_page`` prints the median of five for streams of several lengths, in a
Chromium without a window. "open" is from the start of loading until all is there and can be used,
"search" until the table has what was searched for, "frame" what a frame takes while it plays as
fast as it can. Needs selenium, chromium and chromedriver.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from sseparse import Read, Recording
from sseparse.inspect import report

EVENTS = (100, 5_000, 50_000)
TIMES = 5
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COLUMNS = "{:>8} {:>8} {:>7} {:>8} {:>10} {:>9} {:>5}\n"
READY = "return document.documentElement.dataset.ready"
SEARCH = """
    const done = arguments[arguments.length - 1];
    const search = document.getElementById("search");
    const found = document.getElementById("found");
    const start = performance.now();
    search.value = "deep";
    search.dispatchEvent(new Event("input"));
    const look = () => {
        if (found.textContent.includes(" of ")) done(performance.now() - start);
        else setTimeout(look);
    };
    look();
"""
PLAY = """
    const done = arguments[arguments.length - 1];
    const play = document.getElementById("play");
    const speed = document.getElementById("speed");
    speed.value = speed.options.length - 1;
    speed.dispatchEvent(new Event("change"));
    play.click();
    const start = performance.now();
    let frames = 0;
    const look = () => {
        frames += 1;
        if (play.textContent === "Play") done((performance.now() - start) / frames);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""


def recording(events: int) -> Recording:
    """Return a stream of that many events, a hundred a second."""
    draw = random.Random(7)  # noqa: S311 (no secret)
    words = ["the ", "sea ", "is ", "deep ", "and ", "cold.\\n"]
    reads, now = [], 0.4
    for _ in range(events):
        delta = {"content": draw.choice(words)}
        chunk = {
            "id": "chatcmpl-7",
            "object": "chat.completion.chunk",
            "created": 1_764_000_000,
            "model": "a-model-of-some-name",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
        }
        reads.append(Read(round(now, 6), b"data: " + json.dumps(chunk).encode() + b"\n\n"))
        now += draw.expovariate(100.0)
    return Recording((*reads, Read(now, b"data: [DONE]\n\n")))


def main() -> None:
    """Print the table."""
    command = shutil.which("chromedriver")
    if command is None:
        sys.exit("chromedriver is not here")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(command))
    version = driver.capabilities["browserVersion"]
    sys.stdout.write(f"Chromium {version}, CPython {sys.version.split()[0]}\n")
    heads = ("events", "make s", "MiB", "open s", "search ms", "frame ms", "rows")
    sys.stdout.write(COLUMNS.format(*heads))
    try:
        for events in EVENTS:
            _measure(driver, events)
    finally:
        driver.quit()


def _measure(driver: webdriver.Chrome, events: int) -> None:
    source = recording(events)
    start = time.perf_counter()
    made = report(source)
    making = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        path = made.save(Path(folder) / "report.html")
        opening, searching, playing, rows = [], [], [], 0
        for _ in range(TIMES):
            driver.get("about:blank")
            start = time.perf_counter()
            driver.get(path.as_uri())
            while driver.execute_script(READY) != "":  # get() at times returns before that
                time.sleep(0.001)
            opening.append(time.perf_counter() - start)
            rows = driver.execute_script("return document.querySelectorAll('#rows .row').length")
            playing.append(driver.execute_async_script(PLAY))
            searching.append(driver.execute_async_script(SEARCH))
        size = path.stat().st_size / 2**20
    open_, search, frame = map(statistics.median, (opening, searching, playing))
    figures = (f"{making:.2f}", f"{size:.1f}", f"{open_:.2f}", f"{search:.0f}", f"{frame:.1f}")
    sys.stdout.write(COLUMNS.format(f"{events + 1:,}", *figures, rows))


if __name__ == "__main__":
    main()
