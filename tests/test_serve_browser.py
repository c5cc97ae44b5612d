"""A real browser, whose page is of another origin than the replay server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from asking import Heard
from browser import BrowserError, Page, page
from cli import read_some, start
from fault_table import ROWS, SPEED, check, fault_for
from spoken import recording_of
from whole import check_all, whole_streams

from sseparse import Read, Recording
from sseparse.replay import Transforms
from sseparse.server import Played, serve_in_thread


def numbered(number: int) -> bytes:
    return b'id: %d\ndata: {"choices":[{"delta":{"content":"%d"}}]}\n\n' % (number, number)


NUMBERED = Recording(
    (Read(0.0, b"retry: 20\n\n"), *(Read(0.01 * n, numbered(n)) for n in range(1, 6)))
)
"""Five events with ids; a client that lost its connection is to come again after 20 ms."""


@pytest.fixture(scope="module")
def from_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("chromium")) as elsewhere:
        yield elsewhere


@pytest.mark.parametrize("client", ["EventSource", "fetch"])
def test_a_page_reads_what_assemble_reads(
    client: str, from_elsewhere: Page, fixtures_dir: Path
) -> None:
    expected = whole_streams(fixtures_dir, "openai-chat")
    options = ("--interval", "0.001", "--cors", from_elsewhere.origin, "--silent")
    with start("serve", fixtures_dir, *options) as process:
        url = read_some(process.stdout).decode().strip()
        paths = [f"/v1/chat/completions?recording={quote(name)}" for name in expected]
        heard = from_elsewhere.ask([{"client": client, "url": url + path} for path in paths])
    for one, completion in zip(heard, expected.values(), strict=True):
        if client == "EventSource" and completion.ended_by != "done_marker":
            # To it no stream ever ends, but where the page closes it, as this one does at [DONE].
            assert isinstance(one.error, BrowserError)
            assert one.error.args[0] == "CONNECTING"
            one.error = None
    check_all(expected, dict(zip(expected, heard, strict=True)))


def test_a_page_reads_nothing_of_a_server_that_does_not_name_its_origin(
    from_elsewhere: Page,
) -> None:
    told: list[Played] = []
    with serve_in_thread(NUMBERED, cors=["http://a.example"], on_response=told.append) as url:
        source, fetched = from_elsewhere.ask(
            [{"client": "EventSource", "url": url}, {"client": "fetch", "url": url}]
        )
    for heard in (source, fetched):
        assert (heard.text, heard.opened) == ("", 0)
        assert isinstance(heard.error, BrowserError)
    # The fetch asked first whether it may ask.
    assert {played.method for played in told} == {"GET", "OPTIONS"}


@pytest.mark.parametrize("fault", ["cut@event=3", "reset@event=3", "cut@byte=70"])
def test_an_event_source_goes_on_where_its_stream_broke(fault: str, from_elsewhere: Page) -> None:
    told: list[Played] = []
    with serve_in_thread(
        NUMBERED,
        transforms=Transforms(faults=fault),
        cors=[from_elsewhere.origin],
        on_response=told.append,
    ) as url:
        (heard,) = from_elsewhere.ask([{"client": "EventSource", "url": url, "goOn": True}])
    assert heard.text == "12345"
    assert heard.ids == ["1", "2", "3", "4", "5"]
    # At the end it comes once more, and 204 says that it need not.
    assert [played.status for played in told] == [200, 200, 204]
    assert heard.opened == 2
    assert isinstance(heard.error, BrowserError)
    assert heard.error.args[0] == "CLOSED"


@pytest.fixture(scope="module")
def of_faults(from_elsewhere: Page) -> dict[str, Heard]:
    """What was heard of each fault: it sends no headers, so each has a server of its own."""
    recording = recording_of("openai-chat")
    with ExitStack() as stack:
        urls = []
        for fault in ROWS:
            transforms = Transforms(speed=SPEED, faults=fault_for("openai-chat", fault) or None)
            cors = [from_elsewhere.origin]
            server = serve_in_thread(recording, transforms=transforms, cors=cors)
            urls.append(stack.enter_context(server) + "/v1/chat/completions")
        heard = from_elsewhere.ask([{"client": "EventSource", "url": url} for url in urls])
    return dict(zip(ROWS, heard, strict=True))


@pytest.mark.parametrize("fault", ROWS)
def test_an_event_source_shows_what_the_fault_names(
    fault: str, of_faults: dict[str, Heard]
) -> None:
    check(fault, {"EventSource": of_faults[fault]})
