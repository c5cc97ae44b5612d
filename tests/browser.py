"""A real Chromium without a window, and a page in it that asks servers of other origins."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from asking import Heard

PAGE = Path(__file__).with_name("event_source.html")
COMMANDS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 50.0
"""Seconds in which the browser has to have started and asked everything."""

FLAGS = [
    "--headless",
    "--no-sandbox",  # which does not work for root, as in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
]


class BrowserError(Exception):
    """An error in the page: its name, and its message."""


@dataclass
class HeardByPage(Heard):
    """What the page heard.

    Attributes:
        opened: how often a response began.
        ids: the last event ID with each event.
    """

    opened: int = 0
    ids: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        body = server.pages.get(self.path)
        self.send_response(200 if body else 404)
        kind = "text/html; charset=utf-8" if self.path == "/" else "application/json"
        self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.write(body or b"")

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        server.answers.put(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        """Say nothing."""


def chromium() -> str:
    """Return the command of the browser; where there is none, the test is skipped."""
    for command in COMMANDS:
        found = shutil.which(command)
        if found is not None:
            return found
    pytest.skip("needs Chromium")


class Page:
    """A page of an origin of its own.

    Attributes:
        origin: of the page, such as ``"http://127.0.0.1:8080"``.
    """

    def __init__(self, command: str, profile: Path, server: Any) -> None:
        self._command = command
        self._profile = profile
        self._server = server
        self.origin = f"http://127.0.0.1:{server.server_port}"

    def ask(self, questions: Sequence[dict[str, Any]]) -> list[HeardByPage]:
        """Ask all the questions at once, in a browser that is started for it.

        Args:
            questions: each has ``url`` and ``client`` (``"EventSource"`` or ``"fetch"``).
        """
        self._server.pages["/questions"] = json.dumps(questions).encode()
        browser = subprocess.Popen(
            [self._command, *FLAGS, f"--user-data-dir={self._profile}", f"{self.origin}/"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # its many processes end with it
        )
        try:
            answers = json.loads(self._server.answers.get(timeout=PATIENCE))
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
        return [_heard(answer) for answer in answers]


@contextlib.contextmanager
def page(profile: Path) -> Iterator[Page]:
    """Serve the page.

    Args:
        profile: a folder for what the browser keeps.
    """
    command = chromium()
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.answers = queue.Queue()
    server.pages = {"/": PAGE.read_bytes()}
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Page(command, profile, server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _heard(answer: dict[str, Any]) -> HeardByPage:
    error = answer.pop("error")
    raised = BrowserError(error["name"], error["message"]) if error else None
    return HeardByPage(error=raised, **answer)
