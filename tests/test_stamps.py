"""Bodies without a timing file: how they are cut, and the times that ``created`` stamps give."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from recordings import joined, stamped, times

from sseparse.recording import Recording
from sseparse.recording._stamps import created_times, split_blocks


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\r"])
def test_a_body_is_cut_behind_each_blank_line(eol: bytes) -> None:
    first, second, rest = b"data: 1" + eol + b"data: 2" + eol * 2, b": x" + eol * 2, b"data"
    assert split_blocks(first + second + rest) == [first, second, rest]
    assert split_blocks(first + second) == [first, second]
    assert split_blocks(first + eol * 3 + rest) == [first + eol * 3, rest]


def blocks_by_lines(body: bytes) -> list[bytes]:
    """The rule the slow way: a block ends where a blank line is followed by one that is not."""
    blocks: list[bytes] = []
    ended = True
    for line in body.splitlines(keepends=True):  # for bytes: CR, LF and CRLF, nothing else
        blank = not line.strip(b"\r\n")
        if ended and not (blank and blocks):
            blocks.append(line)
        else:
            blocks[-1] += line
        ended = blank
    return blocks


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"b"]), max_size=12).map(b"".join))
@example(b"a\r\nb")  # one line end of two bytes is no blank line
@example(b"a\n\r\nb\r\r\nc\n\rd")
def test_mixed_line_ends_cut_the_same_as_going_line_by_line(body: bytes) -> None:
    # A line end at the very start is a blank line, but no block ends there: nothing is before it.
    body = b"x" + body
    assert split_blocks(body) == blocks_by_lines(body)


# --- the times


def test_the_chunks_of_one_second_are_spread_evenly_over_it() -> None:
    recording = Recording.from_bytes(
        stamped(1732551210, 1732551210, 1732551210, 1732551210, 1732551213, 1732551213, None)
    )
    assert recording.timing == "created"
    assert times(recording) == [0.0, 0.25, 0.5, 0.75, 3.0, 3 + 1 / 3, 3 + 2 / 3]


def test_a_chunk_without_a_stamp_belongs_to_the_one_before_it() -> None:
    recording = Recording.from_bytes(stamped(None, None, 1732551210, None, 1732551211, None))
    assert times(recording) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.5]


def test_a_stamp_that_goes_back_leaves_the_time_where_it_is() -> None:
    recording = Recording.from_bytes(stamped(1732551210, 1732551212, 1732551211, 1732551213))
    assert times(recording) == [0.0, 2.0, 2.5, 3.0]


def test_stamps_that_only_go_back_are_no_timing() -> None:
    assert Recording.from_bytes(stamped(1732551212, 1732551211)).timing == "none"


def test_stamps_with_fractions_are_taken_as_they_are() -> None:
    recording = Recording.from_bytes(stamped(1732551210.25, 1732551210.5, None, 1732551212.75))
    assert times(recording) == [0.0, 0.25, 0.25, 2.5]


def test_a_single_stamp_with_a_fraction_is_rounded_down_among_whole_ones() -> None:
    assert Recording.from_bytes(stamped(1779147581, 1779147581.1957242)).timing == "none"
    recording = Recording.from_bytes(stamped(1779147581.75, 1779147582, 1779147582))
    assert times(recording) == [0.0, 1.0, 1.5]


@pytest.mark.parametrize(
    "other",
    [
        "0",  # Azure's first chunk
        "-1732551213",
        "17325512130",  # no second of this age
        "1732551213000",  # milliseconds
        "1.7325512e9",
        "1732551213e1",
        '"1732551213"',
        "null",
    ],
)
def test_a_stamp_that_is_no_plausible_second_is_no_stamp(other: str) -> None:
    assert Recording.from_bytes(stamped(1732551210, other)).timing == "none"
    assert times(Recording.from_bytes(stamped(other, 1732551210, 1732551211))) == [0.0, 0.5, 1.0]


def test_stamps_further_apart_than_a_day_are_no_timing() -> None:
    assert Recording.from_bytes(stamped(1732551210, 1732551210 + 86_400)).timing == "created"
    assert Recording.from_bytes(stamped(1732551210, 1732551210 + 86_401)).timing == "none"


def test_stamps_in_the_words_of_the_model_do_not_count() -> None:
    chunk = rb'data: {"text":"say {\"created\":1732551299}","created":%d}'
    body = b"\n\n".join([chunk % 1732551210, chunk % 1732551211])
    assert times(Recording.from_bytes(body)) == [0.0, 1.0]
    assert created_times([b'{"created":1732551210}', rb'{"\"created":1732551211}']) is None


def test_other_keys_that_end_or_begin_with_created_do_not_count() -> None:
    blocks = [b'{"created_at":1732551210}', b'{"recreated":1732551211}', b'{"created":1732551212}']
    assert created_times(blocks) is None


def test_blanks_around_the_colon_do_not_matter() -> None:
    blocks = [b'{"created" : 1732551210}', b'{"created":\t1732551211 }']
    assert created_times(blocks) == [0.0, 1.0]


def test_the_seed_stream_is_timed_by_its_three_seconds(shared_dir: Path) -> None:
    path = shared_dir / "streams" / "xai-seed-grok-beta.sse"
    recording = Recording.load(path)
    assert recording.timing == "created"
    assert recording.body == path.read_bytes()
    assert len(recording.reads) == 81
    # 24, 38 and 18 chunks, and [DONE] with the last.
    expected = [k / 24 for k in range(24)] + [1 + k / 38 for k in range(38)]
    assert times(recording) == pytest.approx(expected + [2 + k / 19 for k in range(19)])


def test_every_recorded_stream_comes_back_byte_for_byte(shared_dir: Path) -> None:
    timed = set()
    for path in sorted((shared_dir / "streams").rglob("*.sse")):
        recording = Recording.load(path)
        assert joined(recording) == path.read_bytes(), path.name
        assert recording.duration < 10
        if recording.timing == "created":
            timed.add(path.name)
    assert timed == {
        "gpustack-no-done.sse",
        "no-done.sse",
        "ollama-local-tool.sse",
        "tools-all-index0.sse",
        "xai-chat-grok3mini-reasoning-reframed.sse",
        "xai-seed-grok-beta.sse",
    }
