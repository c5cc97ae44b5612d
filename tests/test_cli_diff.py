"""``sseparse diff`` prints as diff does, and ends with the status that diff has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli import FIXTURE, REPOSITORY, Terminal, posix, run, run_all

from sseparse import Read, Recording

LEVELS = ["--events", "--completion", "--bytes"]


@pytest.fixture
def other(tmp_path: Path) -> str:
    """The fixture with another last word."""
    path = tmp_path / "other.txt"
    body = (REPOSITORY / FIXTURE).read_bytes()
    path.write_bytes(body.replace(b"continues", b"goes on"))
    return str(path)


def test_equal_streams_print_nothing_and_end_with_0() -> None:
    for result in run_all([("diff", flag, FIXTURE, FIXTURE) for flag in LEVELS]):
        assert (result.status, result.out) == (0, b"")


def test_what_differs_stands_side_by_side(other: str) -> None:
    result = run("diff", FIXTURE, other)
    assert result.status == 1
    assert result.out.decode().splitlines() == [
        f"--- {FIXTURE}",
        f"+++ {other}",
        "@@ event 78, byte 30,779 | event 78, byte 30,779 @@",
        '- choices[0].delta.content: " continues"',
        '+ choices[0].delta.content: " goes on"',
    ]


def test_of_a_long_text_the_part_that_differs_is_shown(other: str) -> None:
    result = run("diff", "--completion", FIXTURE, other)
    assert result.status == 1
    lines = result.out.decode().splitlines()[2:]
    assert [line[:20] for line in lines] == ["- choices[0].content", "+ choices[0].content"]
    assert all(len(line) < 200 for line in lines)
    assert "characters" in lines[0]


def test_bytes_are_shown_as_bytes(other: str) -> None:
    result = run("diff", "--bytes", FIXTURE, other)
    assert result.out.decode().splitlines()[2:] == [
        "@@ event 78, byte 30,947 | event 78, byte 30,947 @@",
        """- 'continues","role":"assistant"}}]'""",
        """+ 'goes on","role":"assistant"}}],"'""",
    ]


def test_json_is_for_programs(other: str) -> None:
    result = run("diff", "--json", FIXTURE, other)
    assert result.status == 1
    (found,) = json.loads(result.out)["differences"]
    assert (found["path"], found["b"]) == ("choices[0].delta.content", " goes on")


def test_half_a_character_and_nan_are_json_for_programs_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('data: {"text": "\\ud83d", "n": NaN}\n\n')
    (tmp_path / "b").write_text('data: {"text": "x", "n": 1}\n\n')
    result = run("diff", "--json", str(tmp_path / "a"), str(tmp_path / "b"))
    assert (result.status, result.err) == (1, "")
    assert "NaN" not in result.out.decode()
    text, number = json.loads(result.out)["differences"]
    assert (text["a"], number["a"]) == ("\ud83d", None)


def test_exact_leaves_nothing_out_and_a_cut_stream_is_no_whole_one(tmp_path: Path) -> None:
    streams = {"a": "id: 1\ndata: x\n\n", "b": "id: 2\ndata: x\n\n", "cut": "id: 1\ndata: x\n"}
    for name, text in streams.items():
        (tmp_path / name).write_text(text)
    a, b, cut = (str(tmp_path / name) for name in streams)
    plain, exact, unfinished = run_all(
        [("diff", a, b), ("diff", "--exact", a, b), ("diff", a, cut)]
    )
    assert plain.status == 0
    assert exact.out.decode().splitlines()[-2:] == ['- event.id: "1"', '+ event.id: "2"']
    assert unfinished.out.decode().splitlines()[-1] == "+ unfinished: true"


def test_quiet_tells_by_the_status_alone(other: str) -> None:
    result = run("diff", "-q", FIXTURE, other)
    assert (result.status, result.out, result.err) == (1, b"", "")


def test_timing_shows_a_table_of_the_figures(tmp_path: Path) -> None:
    data = b'data: {"choices": [{"index": 0, "delta": {"content": "x"}}]}\n\n'
    for name, step in (("a", 0.1), ("b", 0.25)):
        reads = tuple(Read(step * number, data) for number in (1, 2, 3))
        Recording(reads).save(tmp_path / f"{name}.txt")
    result = run("diff", "--timing", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"))
    assert result.status == 1
    (ttft,) = [line for line in result.out.decode().splitlines() if line.startswith("ttft ")]
    assert ttft.split() == ["ttft", "100.0", "ms", "250.0", "ms", "+150.0", "ms"]


def test_stdin_is_one_of_the_two() -> None:
    body = (REPOSITORY / FIXTURE).read_bytes()
    assert run("diff", FIXTURE, "-", stdin=body).status == 0
    result = run("diff", "-", "-", stdin=body)
    assert result.status == 2
    assert "both stdin" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.txt", FIXTURE], "nowhere.txt: No such file"),
        (["--tolerance", "1", FIXTURE, FIXTURE], "--tolerance is for --timing"),
        (["--bytes", "--exact", FIXTURE, FIXTURE], "--bytes looks at none"),
        (["--timing", "--tolerance", "nan", FIXTURE, FIXTURE], "'nan' is no number of seconds"),
        ([FIXTURE], "Missing argument"),
    ],
)
def test_bad_input_gets_a_line_and_2(arguments: list[str], words: str) -> None:
    result = run("diff", *arguments)
    assert (result.status, result.out) == (2, b"")
    assert words in result.err


@posix
@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_has_colors_unless_it_is_told_not_to(other: str, no_color: str) -> None:
    terminal = Terminal("diff", FIXTURE, other, env={"NO_COLOR": no_color})
    assert terminal.finish() == 1
    assert (b"\x1b[3" in terminal.shown) == (not no_color)


@posix
def test_what_a_stream_carries_is_not_obeyed(tmp_path: Path) -> None:
    for name, text in (("a", "\\u001b[2J"), ("b", "x")):
        (tmp_path / name).write_text(f'data: {{"text": "{text}"}}\n\n')
    result = run("diff", str(tmp_path / "a"), str(tmp_path / "b"))
    assert b"\x1b" not in result.out
