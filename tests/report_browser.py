"""A real Chromium without a window that opens pages of ``report``, with keys, mouse and logs."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import FLAGS, chromium
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from sseparse.inspect import report
from sseparse.inspect._walk import Source

PATIENCE = 20.0
"""Seconds in which what was asked for is to be there; nothing comes near it."""


class Opened:
    """A page in a browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str, *, theme: str = "light", width: int = 1280) -> None:
        """Open a page; what was logged of others is forgotten."""
        feature = {"name": "prefers-color-scheme", "value": theme}
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        for kind in ("browser", "performance"):
            self._log(kind)
        self.driver.get(url)  # which at times returns before a large page is there
        self.wait(lambda: self.run("return document.readyState") == "complete", "it is loaded")

    def by_id(self, name: str) -> WebElement:
        """Return an element."""
        return self.driver.find_element(By.ID, name)

    def text(self, name: str) -> str:
        """Return all text of an element, seen or folded."""
        found = self.run("return document.getElementById(arguments[0]).textContent", name)
        assert isinstance(found, str)
        return found

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script of the test, which the page's own policy does not bind."""
        return self.driver.execute_script(script, *arguments)

    def count(self, selector: str) -> int:
        """Return how many elements there are."""
        return len(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"never: {what}"
            time.sleep(0.02)

    def plot(self, number: int = 1) -> WebElement:
        """Return where the mouse meets a plot: 0 is that of reads, 1 that of events."""
        return self.driver.find_elements(By.CSS_SELECTOR, "#timeline .u-over")[number]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return list(entries)

    def console(self) -> list[str]:
        """Return what was logged since the last look: errors, warnings, breaches of the policy."""
        return [entry["message"] for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """Return the URLs that were asked for since the last look."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]


@contextlib.contextmanager
def opened() -> Iterator[Opened]:
    """Start a browser; where there is none, the test is skipped."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium()
    driver_command = shutil.which("chromedriver")
    if driver_command is None:
        pytest.skip("needs chromedriver")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_command))
    try:
        yield Opened(driver)
    finally:
        driver.quit()


def url_of(path: Path) -> str:
    """Return the address of a file."""
    return path.resolve().as_uri()


def made(browser: Opened, folder: Path, *recordings: Source) -> Opened:
    """Open the page that ``report`` makes of recordings."""
    browser.open(url_of(report(recordings).save(folder / "page.html", force=True)))
    return browser
