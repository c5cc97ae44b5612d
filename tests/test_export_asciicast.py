"""What is exported as an asciicast: what the model says, when it says it, and no control of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli import END, FIXTURE, chunk, run, write_recording

from sseparse import Read, Recording
from sseparse.formats import to_asciicast
from sseparse.recording import End, Header

Event = tuple[float, str]

_OURS = re.compile("\x1b\\[(?:2|31|0)m")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def cast(recording: Recording, **options: object) -> tuple[dict[str, object], list[Event]]:
    """Return the header and the events of a cast."""
    text = to_asciicast(recording, **options)  # type: ignore[arg-type]
    header, *events = [json.loads(line) for line in text.splitlines()]
    assert all(len(event) == 3 and event[1] == "o" for event in events)
    return header, [(time, shown) for time, _, shown in events]


def shown(*pieces: bytes, view: str = "text") -> str:
    reads = tuple(Read(number / 4, piece) for number, piece in enumerate(pieces))
    return "".join(text for _, text in cast(Recording(reads), view=view)[1])


def test_each_read_that_says_something_is_an_event_at_its_time() -> None:
    reads = (
        Read(0.25, chunk(role="assistant", content="")),
        Read(0.5, chunk(content="Hel")),
        Read(0.75, chunk(content="lo,\n") + chunk(content="you")),
        Read(1.0, END),
    )
    header, events = cast(Recording(reads, end=End("eof", t=1.25)), title="a.txt")
    assert events == [(0.5, "Hel"), (0.75, "lo,\r\nyou"), (1.25, "\r\n")]
    assert header == {
        "version": 2,
        "width": 80,
        "height": 24,
        "title": "a.txt",
        "env": {"TERM": "xterm-256color"},
    }


def test_the_start_is_told_where_it_is_known() -> None:
    header = Header(started="2026-11-26T08:00:00.999999Z")
    assert cast(Recording((), header), columns=100, rows=30)[0] == {
        "version": 2,
        "width": 100,
        "height": 30,
        "timestamp": 1_795_680_000,
        "env": {"TERM": "xterm-256color"},
    }


def test_reasoning_is_dim_and_tool_calls_have_lines_of_their_own() -> None:
    call = {"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": '{"city":'}}
    assert (
        shown(
            chunk(reasoning_content="Hm."),
            chunk(content="Yes."),
            chunk(tool_calls=[call]),
            chunk(tool_calls=[more]),
            END,
        )
        == '\x1b[2mHm.\x1b[0m\r\nYes.\r\n[tool call] weather {"city":\r\n'
    )


def test_an_error_in_the_stream_is_shown() -> None:
    error = b'data: {"error": {"message": "over\\u001b[2Jloaded", "code": 529}}\n\n'
    text = shown(chunk(content="Well"), error)
    assert text == "Well\r\n\x1b[31merror: over\N{REPLACEMENT CHARACTER}[2Jloaded\x1b[0m\r\n"


def test_an_event_that_the_end_cuts_short_is_shown() -> None:
    assert shown(chunk(content="a"), chunk(content="b").rstrip()) == "ab\r\n"


HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\x08\x7f\x9b31m\x00"


@pytest.mark.parametrize("view", ["text", "raw"])
def test_no_control_character_of_the_stream_reaches_the_terminal(view: str) -> None:
    pieces = [
        chunk(content=HOSTILE),
        chunk(reasoning_content=HOSTILE),
        chunk(
            tool_calls=[
                {"index": 0, "id": "x", "function": {"name": HOSTILE, "arguments": HOSTILE}}
            ]
        ),
        f"data: {HOSTILE}\n\n".encode(),
        f": {HOSTILE}\n".encode(),
    ]
    text = shown(*pieces, view=view)
    assert not _CONTROL.search(_OURS.sub("", text))
    assert not re.search(r"\r(?!\n)|(?<!\r)\n", text)
    header, _ = cast(Recording(()), title=HOSTILE)
    assert not _CONTROL.search(str(header["title"]))


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_the_raw_view_ends_lines_where_the_stream_does_however_it_is_cut(eol: str) -> None:
    data = f"data: ü{eol}{eol}: b{eol}".encode()
    whole = "data: ü\r\n\r\n: b\r\n"
    assert shown(data, view="raw") == whole
    assert shown(*(bytes([byte]) for byte in data), view="raw") == whole


def test_half_a_character_waits_for_the_other_half() -> None:
    events = cast(Recording((Read(0.5, b"\xc3"), Read(1.0, b"\xbc"))), view="raw")[1]
    assert events == [(1.0, "ü"), (1.0, "\r\n")]


def test_the_raw_view_shows_every_byte_of_a_fixture() -> None:
    recording = Recording.load(FIXTURE)
    text = "".join(text for _, text in cast(recording, view="raw")[1])
    assert text.replace("\r\n", "\n").encode() == recording.body


def test_the_text_view_says_what_assemble_says() -> None:
    from sseparse import assemble

    recording = Recording.load(FIXTURE)
    text = "".join(text for _, text in cast(recording)[1])
    assert text.rstrip().replace("\r\n", "\n") == str(assemble(FIXTURE).content).rstrip()


def test_the_command_writes_it_to_a_file_or_to_stdout(tmp_path: Path) -> None:
    source = write_recording(tmp_path / "a.txt", [(0.5, chunk(content="Hi")), (1.0, END)])
    out = tmp_path / "a.cast"
    options = ("export", source, "--asciicast", "--cols", "100", "--rows", "9")
    assert run(*options, "-o", out).status == 0
    assert run(*options).out == out.read_bytes()
    header, *events = map(json.loads, out.read_text().splitlines())
    assert (header["width"], header["height"], header["title"]) == (100, 9, "a.txt")
    assert events == [[0.5, "o", "Hi"], [1.0, "o", "\r\n"]]
    titled = run(*options, "--title", "Grok speaks", "--view", "raw").out
    assert json.loads(titled.splitlines()[0])["title"] == "Grok speaks"


def test_without_times_it_says_so() -> None:
    done = run("export", "-", "--asciicast", stdin=chunk(content="Hi") + chunk(content=" you"))
    assert done.err == "sseparse: no timing, so all stands at the start\n"
    assert json.loads(done.out.splitlines()[1]) == [0.0, "o", "Hi"]
    unknown = run("export", "-", "--asciicast", stdin=b'data: {"a": 1}\n\n')
    assert "--view raw shows the stream" in unknown.error_lines[-1]
    stamped = run("export", FIXTURE, "--asciicast")
    assert "created stamps" in stamped.err
