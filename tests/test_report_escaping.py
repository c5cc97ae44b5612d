"""A stream that carries HTML, scripts and styles: the page shows them, and nothing of it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_browser import Opened, opened, url_of
from selenium.webdriver.common.keys import Keys
from servers import Reply, serve

from sseparse import Recording
from sseparse.inspect import report
from sseparse.recording import End, Header, Read

ATTACKS = [
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 1</script>",
    "<!--<script>",
    "]]><!--</script><svg/onload=window.pwned=1>",
    "<img src=x onerror=window.pwned=1>",
    '"><img src=x onerror=window.pwned=1>',
    "' onmouseover='window.pwned=1' x='",
    '<a href="javascript:window.pwned=1">javascript:window.pwned=1</a>',
    "[link](javascript:window.pwned=1)",
    "<style>body{display:none}</style></style>",
    "</title><script>window.pwned=1</script>",
    "</textarea><iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
    "${window.pwned=1} {{styles}} {{data}} `+window.pwned`",
    "\u2028\u2029\u202e\x00\x1b[31m\ufeff &lt;script&gt; &amp;",
    "__proto__",
]


def hostile(attack: str) -> Recording:
    """Return a recording that carries an attack wherever text can stand."""
    delta = {
        "role": attack,
        "content": attack,
        "reasoning_content": attack,
        "refusal": attack,
        "tool_calls": [
            {"index": 0, "id": attack, "function": {"name": attack, "arguments": attack}}
        ],
    }
    body = {
        "id": attack,
        "model": attack,
        "object": "chat.completion.chunk",
        attack: attack,
        "choices": [{"index": 0, "delta": delta, "finish_reason": attack}],
        "usage": {attack: attack, "completion_tokens": 3},
        "error": {"message": attack, "code": attack},
    }
    line = attack.replace("\n", " ")
    fields = f"event: {line}\nid: {line}\n: {line}\n{line}: {line}\n"
    stream = f"{fields}data: {json.dumps(body)}\n\ndata: {line}\n\n".encode()
    request = {"method": attack, "url": attack, "headers": [[attack, attack]], "body": attack}
    head = (("content-type", attack), (attack, attack))
    header = Header(attack, request, 200, head, 0.1)
    return Recording((Read(0.2, stream),), header, End(attack, 0.3), warnings=(attack,))


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with opened() as browser:
        yield browser


def elements(page: Opened) -> dict[str, int]:
    """Count what markup in a text would add to."""
    tags = ["script", "style", "img", "svg", "iframe", "a", "base", "meta", "textarea", "link"]
    return {tag: page.count(tag) for tag in tags}


def test_markup_in_a_stream_is_shown_and_does_nothing(browser: Opened, tmp_path: Path) -> None:
    harmless = report({"name": hostile("plain")}, title="title")
    browser.open(url_of(harmless.save(tmp_path / "harmless.html")))
    usual = elements(browser)
    for number, attack in enumerate(ATTACKS):
        path = tmp_path / f"{number}.html"
        address = url_of(report({attack: hostile(attack)}, title=attack).save(path))
        browser.open(address)
        browser.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "/", "pwned", Keys.ESCAPE, " ")
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        browser.press(Keys.END)
        assert browser.run("return window.pwned") is None, attack
        assert browser.run("return ({}).pwned") is None, attack
        assert elements(browser) == usual, attack
        assert browser.by_id("completion").is_displayed(), attack
        assert browser.console() == [], attack
        assert set(browser.requests()) <= {address, "data:,"}, attack
        for place in ("completion", "detail", "rows", "facts", "file", "notes", "filter"):
            seen = attack if place == "completion" else attack.replace("\u202e", "⟨U+202E⟩")
            shown = browser.text(place)
            assert seen.strip().replace("\x00", "")[:12] in shown.replace("\x00", ""), (
                place,
                attack,
            )


def test_what_got_into_the_page_all_the_same_would_neither_run_nor_load_nor_style(
    browser: Opened, tmp_path: Path
) -> None:
    page = report(hostile("plain")).html
    with serve(Reply([b"window.pwned = 1"])) as server:
        inside = f"""
            <script>window.pwned = 1</script><img src="{server.url}" onerror="window.pwned = 1">
            <script src="{server.url}"></script><link rel="stylesheet" href="{server.url}">
            <iframe src="{server.url}"></iframe><form action="{server.url}"><input></form>
            <style>body {{ display: none }}</style><p id="in" style="position: fixed">in</p>
        """
        path = tmp_path / "injected.html"
        path.write_text(page.replace("<main", inside + "<main"), encoding="utf-8")
        browser.open(url_of(path))
        browser.run("document.querySelector('#in').click(); document.forms[0].submit()")
        assert browser.run("return window.pwned") is None
        assert browser.run("return getComputedStyle(document.body).display") == "block"
        assert (
            browser.run("return getComputedStyle(document.getElementById('in')).position")
            == "static"
        )
        assert server.requests == []
    assert any("Content Security Policy" in line for line in browser.console())


def test_a_text_that_is_taken_for_html_is_refused(browser: Opened, tmp_path: Path) -> None:
    browser.open(url_of(report(hostile("plain")).save(tmp_path / "page.html")))
    taken = """
        try { document.body.insertAdjacentHTML("beforeend", "<b>hi</b>"); }
        catch (error) { return error.name; }
    """
    assert browser.run(taken) == "TypeError"


def test_the_positions_of_javascript_links_hold_no_links(browser: Opened, tmp_path: Path) -> None:
    recording = hostile("javascript:window.pwned=1")
    browser.open(url_of(report(recording).save(tmp_path / "page.html")))
    addresses = (
        "return [...document.querySelectorAll('[href], [src]')].map((one) => one.href || one.src)"
    )
    assert not any("javascript" in address for address in browser.run(addresses))
