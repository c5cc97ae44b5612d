"""``report``: the page as a file: what it is told, how that is written, and what it allows."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cli import END, REPOSITORY, chunk, write_recording
from hypothesis import given
from hypothesis import strategies as st

from sseparse import Recording
from sseparse._errors import RecordingError
from sseparse.inspect import Report, metrics, report, timeline
from sseparse.inspect._report._page import SCRIPTS, STYLES, embedded, page
from sseparse.recording import End, Read

BODY = chunk(role="assistant", content="Hel") + b": ping\n\n" + chunk(content="lo") + END


class _Elements(HTMLParser):
    """Collects the texts of scripts and styles, and all other elements by name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self._inside = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)


def elements(text: str) -> list[tuple[str, dict[str, str | None], str]]:
    parser = _Elements()
    parser.feed(text)
    return parser.found


def told(made: Report) -> list[Any]:
    """Return what the page is told of each recording."""
    return [
        json.loads(text)
        for tag, attributes, text in elements(made.html)
        if tag == "script" and attributes.get("type") == "application/json"
    ]


def timed() -> Recording:
    reads = (Read(0.25, BODY[:40]), Read(0.5, BODY[40:]), Read(1.0, b""))
    return Recording(reads, end=End("reset", t=2.0))


def test_it_is_told_what_the_timeline_has() -> None:
    [data] = told(report(timed()))
    seen = timeline(timed())
    assert data["reads"] == {
        "t": [read.time for read in seen.reads],
        "size": [read.size for read in seen.reads],
    }
    columns = data["items"]
    for name in ("number", "offset", "size", "read"):
        assert columns[name] == [getattr(item, name) for item in seen.items]
    assert [data["types"][number] for number in columns["type"]] == [
        item.type for item in seen.items
    ]
    assert [data["kinds"][number] for number in columns["kind"]] == [
        item.kind for item in seen.items
    ]
    assert data["duration"] == 2.0
    assert (data["timing"], data["completion"]["choices"][0]["content"]) == ("sidecar", "Hello")
    classes = [data["classes"][number] for number in columns["class"]]
    assert classes == ["content", "other", "content", "usage, end", "usage, end"]


def test_the_deltas_that_it_replays_make_the_text() -> None:
    [data] = told(report(timed()))
    deltas = data["deltas"]
    kinds = [data["deltaKinds"][number] for number in deltas["kind"]]
    texts = [text for kind, text in zip(kinds, deltas["text"], strict=True) if kind == "content"]
    assert "".join(texts) == "Hello"
    assert sum(data["items"]["adds"]) == len(kinds)


def test_its_figures_are_those_of_metrics() -> None:
    [data] = told(report(timed()))
    shown = {figure["label"]: figure["value"] for figure in data["figures"]}
    figures = metrics(timed())
    assert figures.ttft_content is not None
    assert shown["TTFT content"] == f"{figures.ttft_content * 1000:.1f} ms"
    assert shown["End to end"] == "2.000 s"
    assert shown["Bytes"] == f"{len(BODY):,}"
    assert all(figure["meaning"] for figure in data["figures"])


def test_a_file_is_named_and_a_mapping_names(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "answer.txt", [(0.5, BODY)])
    one = report(path)
    assert (one.title, told(one)[0]["name"]) == ("answer.txt", str(path))
    several = report({"monday": path, "tuesday": Recording.from_bytes(BODY)})
    assert (several.title, [data["name"] for data in told(several)]) == (
        "2 streams",
        ["monday", "tuesday"],
    )
    assert report([path], title="Mine").title == "Mine"
    assert report([path], title=" ").title == "answer.txt"


def test_calls_stand_in_the_order_in_which_they_began() -> None:
    [data] = told(report(REPOSITORY / "fixtures/anthropic-messages/complete.txt"))
    keys = [call["key"] for call in data["completion"]["choices"][0]["calls"]]
    assert keys == ["server 0", "0", "1"]


def test_the_policy_names_every_script_and_style_and_nothing_else() -> None:
    found = elements(report(timed()).html)
    [policy] = [
        attributes["content"]
        for tag, attributes, _ in found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    runs = [text for tag, attributes, text in found if tag == "script" and "type" not in attributes]
    styles = [text for tag, _, text in found if tag == "style"]
    assert (len(runs), len(styles)) == (len(SCRIPTS), len(STYLES))
    hashes = set(re.findall(r"'sha256-([^']+)'", policy))
    assert hashes == {
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (*runs, *styles)
    }
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    # No attribute that would be a script or a style, and nothing that is fetched.
    for tag, attributes, _ in found:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert "src" not in attributes
        assert attributes.get("href", "#") in ("#events", "data:,") or tag not in ("a", "link")


@given(st.recursive(st.text() | st.integers() | st.none() | st.booleans(), st.lists, max_leaves=5))
def test_what_is_embedded_means_the_same_and_ends_no_element(value: Any) -> None:
    text = embedded(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set("<>&\n\r") & set(text)


@pytest.mark.parametrize(
    "text", ["</script>", "<!--", "]]>", "\u2028", "\ud800", "{{data}}", "\x00", "&lt;"]
)
def test_odd_texts_arrive_as_they_are(text: str) -> None:
    made = page("t", [{"name": text, "text": text}])
    [(_, attributes, data)] = [one for one in elements(made) if one[1].get("class") == "recording"]
    assert json.loads(data) == {"name": text, "text": text}
    assert json.loads(attributes["data-name"] or "") == text
    assert made.encode()


def test_the_title_is_a_text() -> None:
    made = report(timed(), title="</title><b>\ud800")
    assert f"<title>{html.escape('</title><b>?')}</title>" in made.html
    assert "<b>" not in made.html
    made.html.encode()


@pytest.mark.parametrize("time", [float("inf"), float("nan"), -1.0, 1e300])
def test_odd_times_do_not_break_it(time: float) -> None:
    recording = Recording((Read(time, BODY), Read(0.1, BODY)))
    assert len(told(report(recording))) == 1


@pytest.mark.parametrize(
    "error",
    [b"NaN", b"1e999", b"[" * 3000 + b"]" * 3000, b'"\\ud800"', b"9" * 5000],
    ids=["nan", "inf", "deep", "half", "long"],
)
def test_odd_json_in_a_stream_does_not_break_it(error: bytes) -> None:
    body = chunk(content="Hi") + b'data: {"error": {"message": "x", "of": ' + error + b"}}\n\n"
    usage = b'data: {"choices": [], "usage": {"completion_tokens": ' + error + b"}}\n\n"
    [data] = told(report(Recording.from_bytes(body + usage)))
    assert data["items"]["number"] == [1, 2, 3]


def test_it_is_saved_whole_for_its_owner_and_replaces_nothing(tmp_path: Path) -> None:
    made, path = report(timed()), tmp_path / "report.html"
    assert made.save(path) == path
    assert path.read_text(encoding="utf-8") == made.html
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        made.save(path)
    assert path.read_text() == "mine"
    made.save(str(path), force=True)
    assert path.read_text(encoding="utf-8") == made.html
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(FileNotFoundError):
        made.save(tmp_path / "no" / "folder.html")


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        report(tmp_path / "no-such-file")
    path = write_recording(tmp_path / "answer.txt", [(0.5, BODY)])
    (tmp_path / "answer.txt.timing.jsonl").write_text('{"sseparse_timing":1}\n[nonsense\n[1,1]\n')
    with pytest.raises(RecordingError):
        report(path)
    with pytest.raises(ValueError, match="no recording"):
        report([])
    with pytest.raises(ValueError, match="nonsense"):
        report(timed(), protocol="nonsense")


def test_progress_is_told_of_every_byte() -> None:
    seen: list[int] = []
    report([timed(), timed()], progress=seen.append)
    assert sum(seen) == 2 * len(BODY)


def test_the_library_that_draws_comes_with_its_licence() -> None:
    import sseparse.inspect._report as room

    vendor = Path(room.__path__[0]) / "page" / "vendor"
    assert "MIT" in (vendor / "uPlot.LICENSE").read_text()


@pytest.mark.parametrize("name", [name for name in (*SCRIPTS, *STYLES) if "/" not in name])
def test_the_parts_of_the_page_are_small_and_make_no_html_of_text(name: str) -> None:
    import sseparse.inspect._report as room

    text = (Path(room.__path__[0]) / "page" / name).read_text(encoding="utf-8")
    assert text.count("\n") < 400
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:"):
        assert way not in text
