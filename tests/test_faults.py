"""Faults: each breaks what it names and nothing else, and what makes no sense is refused."""

from __future__ import annotations

import math
from pathlib import Path

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sseparse
from sseparse import FaultError, Read, Recording
from sseparse.recording import End, Header
from sseparse.replay import (
    Ending,
    Fault,
    Transforms,
    apply_faults,
    ending_of,
    headers_of,
    parse_faults,
    status_of,
)

EVENTS = [b'data: {"n":%d}\n\n' % number for number in range(1, 5)]
BODY = b"".join(EVENTS)
RECORDING = Recording(
    tuple(Read(float(number), data) for number, data in enumerate(EVENTS, 1)),
    header=Header(status=200, headers=(("content-type", "text/event-stream"),), headers_at=0.5),
    end=End("eof", 5.0),
)

ANYWHERE = ["cut", "reset", "duplicate", "reorder", "inject_error", "corrupt_utf8", "stall:1s"]


def broken(faults: str, recording: Recording = RECORDING, seed: int = 0) -> Recording:
    return apply_faults(recording, parse_faults(faults), seed)


def timeline(recording: Recording) -> list[tuple[float, bytes]]:
    return [(read.time, read.data) for read in recording.reads]


@pytest.mark.parametrize(("name", "ending"), [("cut", Ending.CUT), ("reset", Ending.RESET)])
def test_it_ends_before_the_event_or_after_the_bytes(name: str, ending: Ending) -> None:
    at_event = broken(f"{name}@event=3")
    assert timeline(at_event) == timeline(RECORDING)[:2]
    assert ending_of(at_event) is ending
    assert at_event.duration == 3.0  # when the event would have come
    at_byte = broken(f"{name}@byte={len(EVENTS[0]) + 4}")
    assert timeline(at_byte) == [(1.0, EVENTS[0]), (2.0, EVENTS[1][:4])]
    assert timeline(broken(f"{name}@byte=0")) == []
    assert broken(f"{name}@byte={len(BODY)}").body == BODY


def test_a_stall_moves_all_that_comes_after_it_and_the_end() -> None:
    late = broken("stall@event=3:2.5s")
    assert [read.time for read in late.reads] == [1.0, 2.0, 5.5, 6.5]
    assert late.duration == 7.5
    inside = broken(f"stall@byte={len(EVENTS[0]) + 4}:250ms")
    assert timeline(inside)[1:3] == [(2.0, EVENTS[1][:4]), (2.25, EVENTS[1][4:])]
    assert inside.body == BODY


def test_keep_alive_comments_mask_a_stall() -> None:
    masked = broken("keep_alive@event=2:3.5s")
    assert timeline(masked)[1:5] == [
        (3.0, b": keep-alive\n\n"),
        (4.0, b": keep-alive\n\n"),
        (5.0, b": keep-alive\n\n"),
        (5.5, EVENTS[1]),
    ]
    assert list(sseparse.iter_events(masked.body)) == list(sseparse.iter_events(BODY))


def test_a_slow_first_byte_delays_the_head_and_all_else() -> None:
    late = broken("slow_first_byte:2s")
    assert late.header is not None
    assert late.header.headers_at == 2.5
    assert [read.time for read in late.reads] == [3.0, 4.0, 5.0, 6.0]
    assert late.duration == 7.0


def test_an_event_comes_twice_or_after_the_next() -> None:
    assert broken("duplicate@event=2").body == b"".join([*EVENTS[:2], *EVENTS[1:]])
    assert broken("reorder@event=2").body == b"".join([EVENTS[n] for n in (0, 2, 1, 3)])
    with pytest.raises(FaultError, match="last event"):
        broken("reorder@event=4")


def test_reads_that_are_not_touched_stay_as_they_were() -> None:
    for faults in ("duplicate@event=2", "corrupt_utf8@event=2", "bad_json@event=2"):
        touched = timeline(broken(faults))
        assert [touched[0], *touched[2:]] == [timeline(RECORDING)[n] for n in (0, 2, 3)]
    assert [time for time, _ in timeline(broken("reorder@event=2"))] == [1.0, 2.0, 3.0, 4.0]


def test_a_byte_that_utf8_does_not_know_is_put_into_the_event(fixtures_dir: Path) -> None:
    recording = Recording.load(fixtures_dir / "xai-grok-beta.txt")
    text = sseparse.assemble(recording.body).content or ""
    corrupt = broken("corrupt_utf8@event=2", recording)
    assert corrupt.body.count(b"\xff") == 1
    got = sseparse.assemble(corrupt.body).content or ""
    assert got.count("\ufffd") == 1
    assert got.replace("\ufffd", "") == text  # nothing but the bad byte is new


def test_the_json_of_an_event_is_no_longer_json() -> None:
    body = broken("bad_json@event=3").body
    events = list(sseparse.iter_events(body))
    with pytest.raises(msgspec.DecodeError):
        events[2].json()
    assert [events[n].json() for n in (0, 1, 3)] == [{"n": 1}, {"n": 2}, {"n": 4}]
    with pytest.raises(FaultError, match="no JSON object"):
        broken("bad_json", Recording.from_bytes(b"data: [DONE]\n\n"))


def of_every_protocol(fixtures_dir: Path) -> list[Path]:
    names = [
        "a2a",
        "ag-ui",
        "anthropic-complete",
        "anthropic-messages",
        "cohere-v2",
        "gemini",
        "google-interactions",
        "mcp",
        "openai-assistants",
        "openai-chat",
        "openai-completions",
        "openai-responses",
        "openai-transcription",
        "replicate",
        "watsonx",
    ]
    return [path for name in names for path in sorted((fixtures_dir / name).glob("*.txt"))]


def test_an_injected_error_is_one_in_every_protocol(fixtures_dir: Path) -> None:
    paths = of_every_protocol(fixtures_dir)
    assert len({path.parent for path in paths}) == 15
    for path in paths:
        recording = Recording.load(path)
        seed = len(path.name)
        completion = sseparse.assemble(broken("inject_error", recording, seed).body)
        assert completion.error is not None, path
        assert not completion.complete, path


def test_end_markers_and_finish_reasons_can_be_left_out(fixtures_dir: Path) -> None:
    dropped = {"drop_done": 0, "drop_finish": 0}
    for path in of_every_protocol(fixtures_dir):
        recording = Recording.load(path)
        for fault, kind in (("drop_done", "end"), ("drop_finish", "finish")):
            try:
                body = broken(fault, recording).body
            except FaultError:
                continue  # this stream has none
            dropped[fault] += 1
            assembler = sseparse.Assembler(sseparse.assemble(recording.body).protocol)
            deltas = [d for event in sseparse.iter_events(body) for d in assembler.feed(event)]
            assert kind not in [delta.kind for delta in deltas], path
    assert dropped["drop_done"] > 30
    assert dropped["drop_finish"] > 60


def test_without_an_end_marker_there_is_none_to_drop() -> None:
    with pytest.raises(FaultError, match=r"fault 'drop_done': the stream has no end marker"):
        broken("drop_done")
    with pytest.raises(FaultError, match="finish_reason"):
        broken("drop_finish")


def test_another_status_is_an_answer_of_its_own() -> None:
    refused = broken("status:429:2s")
    assert status_of(refused) == 429
    assert headers_of(refused) == [("content-type", "application/json"), ("retry-after", "2")]
    assert timeline(refused) == [(0.5, refused.body)]
    assert msgspec.json.decode(refused.body)["error"]["type"] == "rate_limit_error"
    assert ending_of(refused) is Ending.FINISH
    assert "retry-after" not in dict(headers_of(broken("status:500")))


def test_less_than_a_second_to_wait_is_told_in_milliseconds_too() -> None:
    headers = dict(headers_of(broken("status:429:250ms")))
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("1", "250")
    assert "retry-after-ms" not in dict(headers_of(broken("status:429:2s")))


def test_the_error_of_a_status_is_in_the_form_of_the_provider(fixtures_dir: Path) -> None:
    message = Recording.load(next((fixtures_dir / "anthropic-messages").glob("*.txt")))
    assert msgspec.json.decode(broken("status:529", message).body)["type"] == "error"
    candidate = Recording.load(next((fixtures_dir / "gemini").glob("*.txt")))
    assert msgspec.json.decode(broken("status:429", candidate).body)["error"]["code"] == 429


def test_the_recording_itself_stays_as_it_is() -> None:
    before = attrs.asdict(RECORDING)
    for fault in ("cut@event=2", "stall@byte=4:1s", "bad_json@event=1", "status:500"):
        broken(fault)
    assert attrs.asdict(RECORDING) == before


def test_several_faults_are_applied_one_after_another() -> None:
    both = broken("duplicate@event=1, cut@event=3")
    assert both.body == EVENTS[0] * 2
    assert apply_faults(RECORDING, ()) == RECORDING


@given(st.integers(0, 1000))
def test_the_seed_picks_the_event_where_none_is_named(seed: int) -> None:
    for fault in ANYWHERE[:4]:
        name = fault.partition(":")[0]
        got = broken(fault, seed=seed)
        assert got.body in {
            broken(f"{name}@event={n}").body for n in range(1, 5) if name != "reorder" or n < 4
        }
        assert broken(fault, seed=seed).reads == got.reads


def test_an_event_that_cannot_be_broken_is_passed_over_where_none_is_named() -> None:
    body = b"data: [DONE]\n\n" + EVENTS[0] + b"data: end\n\n"
    recording = Recording.from_bytes(body)
    for seed in range(20):
        assert (
            broken("bad_json", recording, seed).body == broken("bad_json@event=2", recording).body
        )
        assert broken("reorder", recording, seed).body in {
            broken(f"reorder@event={n}", recording).body for n in (1, 2)
        }
    with pytest.raises(FaultError, match="data of event 1 is no JSON object"):
        broken("bad_json@event=1", recording)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("explode", "faults are cut, reset"),
        ("", "it names no fault; faults are cut, reset"),
        (" ,, ", "it names no fault"),
        ("cut@event=0", "counted from 1"),
        ("cut@event=-1", "events are counted from 1"),
        ("cut@byte=-1", "bytes are counted from 0"),
        ("cut@event=9", "the stream has 4 events"),
        ("cut@byte=900", f"the stream has {len(BODY)} bytes"),
        ("cut@line=3", "faults are"),
        ("cut@event=2:3s", "it takes nothing"),
        ("duplicate@byte=3", "duplicate takes @event=N"),
        ("drop_done@event=3", "drop_done has no place"),
        ("stall@event=2", "stall@event=2:SECONDS, such as 3s or 250ms"),
        ("stall@event=2:3m", "stall@event=2:SECONDS, such as 3s or 250ms"),
        ("status:429:soon", "status:STATUS[:SECONDS], such as status:429:2s"),
        ("stall@event=2:1s:2s", "stall@event=2:SECONDS"),
        ("stall@event=2:-1s", "stall@event=2:SECONDS"),
        ("status", "such as status:429:2s"),
        ("status:99", "such as status:429:2s"),
        ("status:abc", "such as status:429:2s"),
        ("status:200", "an error is 400 to 599"),
        ("status:999", "an error is 400 to 599"),
        ("slow_first_byte", "slow_first_byte:SECONDS"),
        ("cut@event=2 stall", "faults are"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(text: str, reason: str) -> None:
    with pytest.raises(FaultError) as caught:
        broken(text)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"fault {text!r}: ")


@pytest.mark.parametrize("fault", ["stall@event=2:0s", "slow_first_byte:0s", "reorder@event=1"])
def test_a_fault_that_would_leave_the_stream_as_it_is_is_refused(fault: str) -> None:
    twins = Recording((Read(1.0, EVENTS[0]), Read(2.0, EVENTS[0])))
    with pytest.raises(FaultError, match="it would leave the stream as it is"):
        broken(fault, twins)


@pytest.mark.parametrize("fault", ["stall@event=2:3s", "slow_first_byte:1s"])
def test_at_full_speed_a_wait_is_refused(fault: str) -> None:
    with pytest.raises(FaultError, match="at full speed nothing is waited for"):
        Transforms(faults=fault, speed=math.inf)
    assert Transforms(faults=fault, speed=1000.0).apply(RECORDING).duration > 5.5 / 1000


@pytest.mark.parametrize("max_gap", [0.0, 0.01, 2.9])
@pytest.mark.parametrize("fault", ["stall@event=2:3s", "slow_first_byte:3s"])
def test_a_wait_that_is_longer_than_any_gap_may_be_is_refused(fault: str, max_gap: float) -> None:
    with pytest.raises(FaultError, match=r"a wait of 3 s, .* give a max_gap of 3 or more"):
        Transforms(faults=fault, max_gap=max_gap)
    assert Transforms(faults=fault, max_gap=3.0).apply(RECORDING).duration > 3.0


@pytest.mark.parametrize("faults", ["", ",,", [""], ["cut@event=2", ""]])
def test_faults_that_name_none_are_refused_and_none_at_all_is_fine(faults: str | list[str]) -> None:
    with pytest.raises(FaultError, match="it names no fault"):
        Transforms(faults=faults)
    assert Transforms(faults=None) == Transforms(faults=[]) == Transforms()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (f"cut@event={'9' * 5000}", "no stream has so many events"),
        (f"cut@byte=-{'9' * 5000}", "no stream has so many bytes"),
        (f"stall@event=2:{'9' * 400}s", "0 to 86400 seconds"),
        (f"status:429:{'9' * 400}s", "0 to 86400 seconds"),
        ("keep_alive@event=2:86401s", "0 to 86400 seconds"),
    ],
)
def test_a_number_beyond_all_measure_is_refused_in_one_short_line(fault: str, reason: str) -> None:
    with pytest.raises(FaultError, match=reason) as caught:
        parse_faults(fault)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan])
def test_seconds_that_nobody_can_wait_make_no_fault(seconds: float) -> None:
    with pytest.raises(FaultError, match="0 to 86400 seconds"):
        Fault("stall", "event", 2, seconds)


def test_a_day_of_keep_alive_has_no_more_comments_than_an_hour() -> None:
    for hours in (1, 24):
        reads = broken(f"keep_alive@event=2:{hours * 3600}s").reads
        times = [read.time for read in reads if read.data.startswith(b":")]
        assert len(times) == 3600
        assert times[1] - times[0] == pytest.approx(hours)
        assert times[-1] <= reads[-1].time


def test_a_short_time_of_keep_alive_has_a_comment_too() -> None:
    assert timeline(broken("keep_alive@event=2:500ms"))[1:3] == [
        (2.25, b": keep-alive\n\n"),
        (2.5, EVENTS[1]),
    ]


def test_a_stream_without_events_has_no_event_to_break() -> None:
    with pytest.raises(FaultError, match="the stream has 0 events"):
        broken("cut", Recording.from_bytes(b": nothing\n\n"))


def test_a_fault_is_written_as_it_is_read() -> None:
    for text in ("cut@event=12", "stall@byte=4000:3s", "status:429:2s", "drop_done"):
        assert [str(fault) for fault in parse_faults(text)] == [text]
