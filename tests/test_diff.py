"""A diff tells what differs between two recordings, on the level that the question is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from strategies import streams

from sseparse import Read, Recording
from sseparse.assembly import JSONObject, JSONValue
from sseparse.inspect import ABSENT, IGNORED, Diff, Level, diff
from sseparse.inspect._diff import _events


def chunk(content: str, **more: JSONValue) -> bytes:
    payload: JSONObject = {"choices": [{"index": 0, "delta": {"content": content}}], **more}
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def compare(a: bytes, b: bytes, level: Level = "events") -> Diff:
    return diff(Recording.from_bytes(a), Recording.from_bytes(b), level=level)


def told(found: Diff) -> list[tuple[str, object, object]]:
    return [(one.path, one.a, one.b) for one in found.differences]


HELLO = chunk("Hel") + chunk("lo") + chunk("!")


@given(streams)
@pytest.mark.parametrize("level", ["events", "completion", "timing", "bytes"])
def test_a_stream_does_not_differ_from_itself(level: Level, body: bytes) -> None:
    assert compare(body, body, level).same


def test_a_change_is_told_with_its_path_and_its_place() -> None:
    found = compare(HELLO, chunk("Hel") + chunk("p") + chunk("!"))
    assert told(found) == [("choices[0].delta.content", "lo", "p")]
    (one,) = found.differences
    assert (one.event_a, one.event_b) == (2, 2)
    assert (one.offset_a, one.offset_b) == (len(chunk("Hel")), len(chunk("Hel")))


def test_an_event_that_only_one_has_does_not_move_the_rest() -> None:
    found = compare(HELLO, chunk("Hel") + chunk("!"))
    (one,) = found.differences
    assert (one.path, one.b, one.event_a, one.event_b) == ("", ABSENT, 2, None)
    assert told(compare(chunk("Hel") + chunk("!"), HELLO)) == [("", ABSENT, one.a)]


def test_json_is_compared_by_its_values() -> None:
    assert compare(b'data: {"a": 1, "b": 2.0}\n\n', b'data: {"b":2,"a":1}\n\n').same
    assert told(compare(b'data: {"a": true}\n\n', b'data: {"a": 1}\n\n')) == [("a", True, 1)]
    assert told(compare(b'data: {"a": null}\n\n', b"data: {}\n\n")) == [("a", None, ABSENT)]


def test_what_is_new_each_time_is_left_out_unless_asked_for() -> None:
    first = chunk("Hi", id="chatcmpl-1", created=1732551210, system_fingerprint="fp_1")
    again = chunk("Hi", id="chatcmpl-2", created=1732551999, system_fingerprint="fp_2")
    assert compare(first, again).same
    exact = diff(Recording.from_bytes(first), Recording.from_bytes(again), ignore=())
    assert [one.path for one in exact.differences] == ["id", "created", "system_fingerprint"]


def test_a_pattern_with_a_dot_is_a_path_from_the_top() -> None:
    a, b = (Recording.from_bytes(b'data: {"p":%d,"x":{"p":%d}}\n\n' % (n, n)) for n in (1, 2))
    assert [one.path for one in diff(a, b, ignore=["$.p"]).differences] == ["x.p"]
    assert [one.path for one in diff(a, b, ignore=["x.p"]).differences] == ["p"]


GEMINI = (
    b'data: {"candidates": [{"content": {"parts": [{"functionCall": {"id": "%d", "name": "delete",'
    b'"args": {"order_id": %d}}}]}}]}\n\n'
)
ANTHROPIC = (
    b'data: {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use",'
    b'"id": "toolu_%d", "name": "rm", "input": {"file_id": %d}}}\n\n'
)
MCP = (
    b'data: {"jsonrpc": "2.0", "id": %d, "result": {"content": [],'
    b'"structuredContent": {"id": %d}}}\n\n'
)
AG_UI = b'data: {"type": "RUN_FINISHED", "runId": "%d", "result": {"id": %d}}\n\n'


@pytest.mark.parametrize("stream", [GEMINI, ANTHROPIC, MCP, AG_UI])
def test_ids_in_arguments_and_results_count_and_those_of_the_protocol_do_not(stream: bytes) -> None:
    assert compare(stream % (1, 1), stream % (2, 1)).same
    (found,) = compare(stream % (1, 1), stream % (2, 7)).differences
    assert found.path.endswith("id")
    assert (found.a, found.b) == (1, 7)


def test_keys_that_somebody_names_are_left_out_of_arguments_too() -> None:
    a, b = (Recording.from_bytes(GEMINI % (n, n)) for n in (1, 2))
    assert diff(a, b, ignore=[*IGNORED, "order_id"]).same
    assert diff(a, b, ignore=[*IGNORED, "*.args.*"]).same


def test_one_text_is_one_pattern() -> None:
    a, b = (Recording.from_bytes(b'data: {"created": %d}\n\n' % n) for n in (1, 2))
    assert diff(a, b, ignore="created").same
    assert not diff(a, b, ignore="x").same
    with pytest.raises(TypeError, match="7 in it; its patterns are texts"):
        diff(a, b, ignore=[7])  # type: ignore[list-item]


@pytest.mark.parametrize("level", ["events", "completion"])
def test_an_unfinished_event_differs_from_a_finished_one(level: Level) -> None:
    whole = HELLO + b"data: [DONE]\n\n"
    assert told(compare(whole, whole[:-1], level)) == [("unfinished", ABSENT, True)]
    assert compare(whole[:-1], whole[:-1], level).same


def test_the_retry_of_an_event_counts_and_its_id_does_if_nothing_is_ignored() -> None:
    one, other = b"id: 1\nretry: 100\ndata: x\n\n", b"id: 2\nretry: 500\ndata: x\n\n"
    assert told(compare(one, other)) == [("event.retry", 100, 500)]
    a, b = Recording.from_bytes(one), Recording.from_bytes(other)
    assert [found.path for found in diff(a, b, ignore=()).differences] == [
        "event.id",
        "event.retry",
    ]
    assert diff(a, b, ignore=["id", "retry"]).same


def test_nan_equals_nan() -> None:
    found = compare(b'data: {"a": NaN, "b": 1}\n\n', b'data: {"a": NaN, "b": NaN}\n\n')
    assert [one.path for one in found.differences] == ["b"]


def nested(levels: int, end: str) -> bytes:
    return f"data: {'[' * levels}{end}{']' * levels}\n\n".encode()


@pytest.mark.parametrize("level", ["events", "completion"])
@pytest.mark.parametrize("levels", [90, 600, 50_000])
def test_json_may_be_nested_as_deep_as_it_likes(level: Level, levels: int) -> None:
    keys = ('{"b": [1, 2], "a": "x"}', '{"a": "x", "b": [1, 2]}', '{"a": "x", "b": [1, 3]}')
    one, equal, other = (nested(levels, text) for text in keys)
    assert compare(one, one, level).same
    assert compare(one, equal, level).same == (levels < 1000)  # deeper it is no JSON to Python
    (found,) = compare(one, other, level).differences
    assert "3" in str(found.b)


def test_types_and_plain_text_are_compared_too() -> None:
    found = compare(b"event: ping\ndata: x\n\n", b"event: pong\ndata: y\n\n")
    assert told(found) == [("event", "ping", "pong"), ("data", "x", "y")]


def test_keep_alive_comments_are_left_out() -> None:
    assert compare(b": ping\n\n" + HELLO, HELLO).same


def test_the_completion_may_be_the_same_though_the_events_differ() -> None:
    other = chunk("He") + chunk("llo!")
    assert not compare(HELLO, other).same
    assert compare(HELLO, other, "completion").same
    found = compare(HELLO, chunk("Hello?"), "completion")
    assert told(found) == [("choices[0].content", "Hello!", "Hello?")]


def test_streams_that_differ_everywhere_are_compared_in_linear_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_events, "MOST_COMPARISONS", 10)
    one, other = (b"".join(chunk(f"{name}{n}") for n in range(50)) for name in "ab")
    found = compare(one, other + chunk("more"))
    assert len(found.differences) == 51
    assert [one.event_a for one in found.differences[:3]] == [1, 2, 3]


def timed(*times: float) -> Recording:
    return Recording(tuple(Read(time, chunk("x")) for time in times))


def test_times_may_differ_by_the_tolerance() -> None:
    first, again = timed(0.1, 0.2, 0.3), timed(0.1, 0.204, 0.3)
    assert diff(first, again, level="timing").same
    found = diff(first, again, level="timing", tolerance=0.003)
    paths = {one.path for one in found.differences}
    assert {"icl.max", "time of the read"} <= paths
    late = next(one for one in found.differences if one.path == "time of the read")
    assert (late.a, late.b, late.offset_a) == (0.2, 0.204, len(chunk("x")))


def test_timing_tells_all_figures_of_both() -> None:
    found = diff(timed(0.1, 0.2), timed(0.5, 0.6), level="timing")
    figures = {figure.name: (figure.a, figure.b) for figure in found.figures}
    assert figures["ttft"] == (0.1, 0.5)
    assert figures["e2e"] == (0.2, 0.6)
    assert figures["tpot"] == (None, None)


def test_a_read_that_is_cut_elsewhere_is_told() -> None:
    one = Recording((Read(0.1, b"data: 1\n"), Read(0.1, b"\n")))
    other = Recording((Read(0.1, b"data: 1\n\n"),))
    (found,) = diff(one, other, level="timing").differences
    assert (found.path, found.a, found.b, found.offset_a) == ("bytes of the read", 8, 9, 0)


@pytest.mark.parametrize("at", [0, 5, 70_000])
def test_bytes_part_at_the_first_that_differs(at: int) -> None:
    body = b"data: " + b"x" * 80_000 + b"\n\n"
    other = body[:at] + b"?" + body[at + 1 :]
    (found,) = compare(body, other, "bytes").differences
    assert (found.offset_a, found.offset_b, found.event_a) == (at, at, 1)
    assert isinstance(found.b, str)
    assert found.b.startswith("?")


def test_bytes_part_where_one_goes_on() -> None:
    (found,) = compare(HELLO, HELLO + b"data: more\n\n", "bytes").differences
    assert (found.offset_a, found.a) == (len(HELLO), "")


def test_paths_are_taken_for_recordings(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(HELLO)
    (tmp_path / "b.txt").write_bytes(HELLO)
    assert diff(tmp_path / "a.txt", str(tmp_path / "b.txt")).same


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="level is 'words'; it is one of events"):
        diff(timed(), timed(), level="words")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tolerance is -1"):
        diff(timed(), timed(), level="timing", tolerance=-1)
    with pytest.raises(ValueError, match="tolerance is nan"):
        diff(timed(), timed(), level="timing", tolerance=float("nan"))


@pytest.mark.parametrize("given", [None, 7, b"data: x\n\n"])
def test_what_is_no_recording_is_refused_in_words(given: object) -> None:
    with pytest.raises(TypeError, match="is no recording: give a Recording or a path"):
        diff(given, timed())  # type: ignore[arg-type]
