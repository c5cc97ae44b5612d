"""``sseparse decode``: one JSON object a line for each event, as soon as it is there."""

from __future__ import annotations

import json
from pathlib import Path

import cli
import pytest
from cli import FIXTURE, run, start

import sseparse

STREAM = (
    b"\xef\xbb\xbf: hello\r\n"
    b"retry: 1500\r\nid: 7\r\nevent: greeting\r\ndata: one\r\ndata:  two\r\ndata\r\n\r\n"
    b"error: oh: no\r\nretry: soon\r\n"
    b'data: {"a": "\xc3\xa9"}\r\n\r\n'
    b": \r\n"
    b"id\r\ndata: \xff\r\n\r\n"
    b"data: rest"
)
EVENTS: list[dict[str, object]] = [
    {"event": "greeting", "data": "one\n two\n", "id": "7", "last_event_id": "7", "retry": 1500},
    {"event": "message", "data": '{"a": "é"}', "id": None, "last_event_id": "7", "retry": None},
    {"event": "message", "data": "\ufffd", "id": "", "last_event_id": "", "retry": None},
]
REST = {"event": "message", "data": "rest", "id": None, "last_event_id": "", "retry": None}


def test_each_event_of_the_fixture_is_one_line() -> None:
    result = run("decode", FIXTURE)
    body = (cli.REPOSITORY / FIXTURE).read_bytes()
    assert [line["data"] for line in result.json_lines()] == [
        event.data for event in sseparse.Decoder().feed(body)
    ]
    assert (result.status, result.err, len(result.out.splitlines())) == (0, "", 81)


def test_the_keys_are_those_of_the_event_and_the_standard_is_kept() -> None:
    result = run("decode", "-", stdin=STREAM)
    assert result.json_lines() == EVENTS
    assert list(result.json_lines()[0]) == list(EVENTS[0])
    assert result.status == 0


def test_the_same_bytes_with_other_line_ends_give_the_same_lines(tmp_path: Path) -> None:
    (tmp_path / "cr").write_bytes(STREAM.replace(b"\r\n", b"\r"))
    (tmp_path / "lf").write_bytes(STREAM.replace(b"\r\n", b"\n"))
    results = cli.run_all([["decode", tmp_path / name] for name in ("cr", "lf")])
    assert [result.json_lines() for result in results] == [EVENTS, EVENTS]


def test_comments_unknown_fields_and_the_unfinished_event_come_in_stream_order() -> None:
    result = run("decode", "-", "--comments", "--unknown", "--unfinished", stdin=STREAM)
    assert result.json_lines() == [
        {"comment": " hello"},
        EVENTS[0],
        {"field": "error", "value": "oh: no"},
        {"field": "retry", "value": "soon"},
        EVENTS[1],
        {"comment": " "},
        EVENTS[2],
        REST,
    ]
    assert (result.status, result.err) == (0, "")


def test_an_unfinished_event_is_told_on_stderr_and_in_one_line() -> None:
    long = b"data: \x1b]0;" + b"word\ndata: " * 50
    result = run("decode", "-", stdin=b"data: 1\n\n" + long)
    assert (result.status, len(result.json_lines()), len(result.error_lines)) == (0, 1, 1)
    assert "ends inside an event (\ufffd]0;word word" in result.err
    assert "--unfinished prints it" in result.err
    assert len(result.err) < 150


def test_stdin_is_decoded_while_it_is_still_open() -> None:
    with start("decode", "-") as process:
        for number in range(3):
            cli.feed(process, b"data: %d\n\ndata:" % number)
            line = json.loads(cli.read_some(process.stdout))
            assert line["data"].endswith(str(number))
            cli.feed(process, b" begun\n")
        result = cli.finish(process)
    assert (result.status, result.out) == (0, b"")
    assert "(begun)" in result.err


def test_no_control_character_stands_bare_in_the_json_and_none_is_lost() -> None:
    text = "".join(map(chr, [*range(1, 0x21), 0x7E, 0x7F, *range(0x80, 0xA1)]))
    text = text.replace("\n", "").replace("\r", "")
    result = run("decode", "-", stdin=f"data: {text}\n\n".encode())
    assert result.json_lines()[0]["data"] == text
    shown = result.out.decode().rstrip("\n")
    assert all(character >= " " and not "\x7f" <= character <= "\x9f" for character in shown)


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_the_json_is_utf_8_whatever_the_locale_says(encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    result = run("decode", "-", stdin="data: Grüße 👋\n\n".encode(), env=env)
    assert (result.status, result.err) == (0, "")
    assert result.json_lines()[0]["data"] == "Grüße 👋"


def test_an_event_over_the_limit_ends_it_and_what_came_before_is_printed() -> None:
    result = run("decode", "-", stdin=b"data: 1\n\ndata: " + b"x" * (65 << 20))
    assert [line["data"] for line in result.json_lines()] == ["1"]
    assert (result.status, len(result.error_lines)) == (2, 1)
    assert "is over the limit of 67108864" in result.err


def test_the_seed_document_decodes_as_it_stands(shared_dir: Path) -> None:
    seed = str(shared_dir / "seed" / "xai-grok-beta-curl.md")
    commands = [["decode", seed], ["decode", FIXTURE], ["decode", seed, "--unfinished"]]
    result, fixture, whole = cli.run_all(commands)
    assert result.json_lines() == fixture.json_lines()[:80]
    assert "ends inside an event ([DONE])" in result.err
    assert (whole.json_lines(), whole.err) == (fixture.json_lines(), "")


NO_STREAM = b'{\n  "error": {"message": "no API key"}\n}\n'


def test_what_is_no_event_stream_is_told_with_its_start_and_status_1() -> None:
    result = run("decode", "-", stdin=NO_STREAM)
    told = (
        'sseparse: this is no event stream; it begins with { "error": {"message": "no API key"} }'
    )
    assert (result.status, result.out, result.error_lines) == (1, b"", [told])
    long = run("decode", "-", stdin=b"<html>" + b"x" * 5000)
    assert (long.status, len(long.error_lines[0])) == (1, 250)


@pytest.mark.parametrize("body", [b"", b": ping\n\n", b"data\n\n", b"data: cut"])
def test_a_stream_that_holds_little_is_one_all_the_same(body: bytes) -> None:
    assert run("decode", "-", stdin=body).status == 0
