"""``check``: each peculiarity is found where it is, and its near miss is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from check_cases import (
    CALLED,
    CASES,
    DONE,
    GOOD,
    HI,
    HO,
    NEAR_MISSES,
    RESPONSE,
    ROLE,
    START,
    STOP,
    call,
    chunk,
    gemini,
    named,
    response,
    usage,
)
from chunks import FIXTURES, INDEX, STREAMS

from sseparse import Finding, Read, Recording, generate
from sseparse._generate import DIALECTS, PROTOCOLS
from sseparse.inspect import RULES, check
from sseparse.recording import Header
from sseparse.replay import Transforms

PACKAGE = Path(__file__).parents[1] / "sseparse"


def codes(body: bytes) -> dict[str, Finding]:
    return {finding.code: finding for finding in check(Recording.from_bytes(body, "none"))}


IGNORED = ("bom-twice", "error-field", "invalid-retry", "unknown-field")
"""What is no event: its number is that of the event before."""


@pytest.mark.parametrize("code", CASES)
def test_each_is_found_where_it_is(code: str) -> None:
    events, number = CASES[code]
    body = b"".join(events)
    found = codes(body)
    assert code in found, found
    finding = found[code]
    assert finding.severity == RULES[code].severity
    assert finding.event_number == number
    if number is not None and finding.offset is not None:
        before = len(re.findall(rb"(?:\r\n\r\n|\n\n|\r\r)", body[: finding.offset]))
        assert before == number - (code not in IGNORED)


@pytest.mark.parametrize("code", NEAR_MISSES)
def test_what_is_nearly_so_is_not_found(code: str) -> None:
    assert code not in codes(b"".join(NEAR_MISSES[code]))


def test_a_protocol_named_wrongly_finds_no_answer() -> None:
    found = check(Recording.from_bytes(b"".join(GOOD), "none"), protocol="gemini")
    assert ("error", "no-answer") in [(one.severity, one.code) for one in found]


ODD_VALUES: tuple[Any, ...] = (None, True, -1, 10**400, 1.5, "", "x", [], [[]], {}, {"a": [{}]})


def oddly(payload: Any, odd: Any) -> Iterator[Any]:
    """Give a payload once for each value in it, with an odd one in that place."""
    places: list[Any] = []
    if isinstance(payload, dict):
        places = list(payload)
    elif isinstance(payload, list):
        places = list(range(len(payload)))
    for place in places:
        for value in (odd, *oddly(payload[place], odd)):
            changed = payload.copy()
            changed[place] = value
            yield changed


@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
def test_whatever_stands_in_a_field_it_is_checked(odd: Any) -> None:
    """Findings are what counts elsewhere; here that every stream has an answer."""
    for events, _ in CASES.values():
        for event in events:
            head, found, data = event.rpartition(b"data: ")
            if not found or len(data) > 10_000 or not data.startswith(b"{"):
                continue
            try:
                payload = json.loads(data)
            except ValueError:
                continue
            changes = (head + found + json.dumps(one).encode() for one in oddly(payload, odd))
            body = b"\n\n".join(changes) + b"\n\n"
            assert all(one.code in RULES for one in check(Recording.from_bytes(body, "none")))


def test_a_good_stream_has_nothing() -> None:
    assert codes(b"".join(GOOD)) == {}


@pytest.mark.parametrize("cut", [1, 3, 7, 64])
@pytest.mark.parametrize("code", CASES)
def test_it_is_the_same_however_the_stream_is_cut(code: str, cut: int) -> None:
    body = b"".join(CASES[code][0])
    pieces = [Read(0.0, body[at : at + cut]) for at in range(0, len(body), cut)]
    if len(pieces) > 5000:
        pytest.skip("many pieces of a large event")
    whole = check(Recording((Read(0.0, body),)), ignore=["timing"])
    assert check(Recording(tuple(pieces)), ignore=["timing"]) == whole


def test_what_is_found_many_times_is_told_once_and_how_often() -> None:
    finding = codes(b"".join([*[chunk(role="a", content="x")] * 80, STOP, DONE]))["role-repeated"]
    assert finding.message == "the role stands in more than one delta (79 times)"
    assert finding.event_number == 2


def test_a_number_in_a_message_is_not_said_of_others() -> None:
    falls = [chunk(usage=usage(9, count), content="x") for count in (9, 5, 3)]
    found = codes(b"".join([*falls, STOP, DONE]))["usage-falls"]
    assert found.message == "output tokens fall from 9 to 5 (and 2 more)"


def test_usage_is_checked_whoever_tells_it() -> None:
    tokens = {"input_tokens": 5, "output_tokens": 4, "total_tokens": 999}
    ended = response("completed", 1, response={**RESPONSE, "status": "completed", "usage": tokens})
    assert "usage-sum" in codes(ended)
    legacy = {"object": "text_completion", "choices": [{"text": "x", "index": 0}]}
    payload = json.dumps({**legacy, "usage": usage(5, 4, 999)}).encode()
    assert "usage-sum" in codes(b"data: " + payload + b"\n\n")
    deltas = [named("message_delta", delta={}, usage={"output_tokens": count}) for count in (50, 3)]
    assert "usage-falls" in codes(b"".join([START, *deltas]))
    assert "usage-falls" in codes(chunk(usage=usage(500, 1)) + chunk(usage=usage(5, 2)))


def test_usage_without_counts_is_none() -> None:
    hello, last = gemini({"text": "Hi"}, usageMetadata={"trafficType": "ON_DEMAND"}), usage(9, 2)
    counts = {"promptTokenCount": last["prompt_tokens"], "candidatesTokenCount": 2}
    body = hello * 5 + gemini({"text": "."}, finish="STOP", usageMetadata=counts)
    assert "cumulative-usage" not in codes(body)
    assert codes(b"".join([chunk(usage=usage(9, n), content="a") for n in range(1, 81)]))[
        "cumulative-usage"
    ].message.endswith("(80 times)")


def test_words_of_a_stream_of_plain_text_end_nothing() -> None:
    body = (FIXTURES / "replicate" / "complete.txt").read_bytes()
    assert b"[DONE]" in body
    assert "data-after-done" not in codes(body)


def test_arguments_are_checked_as_a_strict_parser_would() -> None:
    body = chunk(tool_calls=[call(0, "a", "f", '{"x": NaN}')]) + CALLED + DONE
    assert "NaN, which is no JSON" in codes(body)["arguments-no-json"].message
    null = chunk(tool_calls=[call(0, "a", "f", None)]) + CALLED + DONE
    assert "arguments of a call is empty" in codes(null)["tool-fields-empty"].message


def test_errors_come_first_then_the_order_of_the_stream() -> None:
    body = b"".join([ROLE, chunk(role="a"), b"dat: x\n", b'data: {"error":{"message":"x"}}\n\n'])
    found = check(Recording.from_bytes(body, "none"))
    ranks = [("error", "warning", "info").index(one.severity) for one in found]
    assert ranks == sorted(ranks)
    offsets = [one.offset for one in found if one.severity == "info" and one.offset is not None]
    assert offsets == sorted(offsets)


def test_the_response_is_looked_at_too() -> None:
    header = Header(status=200, headers=(("Content-Type", "application/json"),))
    found = check(Recording((Read(0.0, b"".join(GOOD)),), header), select=["format"])
    assert [one.code for one in found] == ["wrong-content-type"]
    assert "application/json" in found[0].message


# Timing


def timed(*reads: tuple[float, bytes]) -> list[str]:
    recording = Recording(tuple(Read(time, data) for time, data in reads))
    return [finding.code for finding in check(recording, select=["timing"])]


def test_a_stall_is_told_from_a_pause() -> None:
    assert timed((0.0, ROLE), (5.0, HI), (5.1, STOP)) == ["stall"]
    assert timed((0.0, ROLE), (4.9, HI), (5.0, STOP)) == []


def test_keep_alives_mask_a_stall() -> None:
    pings = [(float(second), b": ping\n\n") for second in range(1, 7)]
    assert timed((0.5, HI), *pings, (6.5, HO), (6.6, STOP)) == ["masked-stall"]
    assert timed((0.5, HI), *pings[:2], (3.0, HO), (3.1, STOP)) == []
    assert timed(*pings, (6.5, HI), (6.6, STOP)) == ["masked-stall"]  # before the first word
    assert timed((0.5, HI), (0.6, STOP), *pings) == ["masked-stall"]  # and after the last


def test_a_burst_is_told_from_a_pair() -> None:
    assert timed((0.0, ROLE), (0.1, HI), (2.0, HI * 9), (2.1, STOP)) == ["burst"]
    assert timed((0.0, ROLE), (0.1, HI), (2.0, HI * 2), (2.1, STOP)) == []
    assert timed((0.0, ROLE), (0.1, HI), (0.2, HI * 9), (0.3, STOP)) == []


def test_a_burst_begins_where_it_begins() -> None:
    reads = (Read(0.1, ROLE), Read(2.0, HI * 9), Read(2.1, STOP))
    (burst,) = check(Recording(reads), select=["burst"])
    assert (burst.event_number, burst.offset) == (2, len(ROLE))
    assert timed((10.0, HI * 9), (10.1, STOP)) == ["burst"]


def test_of_several_waits_the_longest_is_told() -> None:
    reads = (Read(0.0, ROLE), Read(6.0, HI), Read(66.0, HO), Read(72.0, STOP))
    (stall,) = check(Recording(reads), select=["stall"])
    assert stall.message == "nothing came for 60.0 s (and 2 more)"
    assert (stall.event_number, stall.offset) == (3, len(ROLE + HI))


def test_a_stream_that_comes_whole_is_buffered() -> None:
    assert timed((3.0, b"".join(GOOD))) == ["buffered"]


def test_a_clock_may_go_back() -> None:
    found = check(
        Recording((Read(1.0, ROLE), Read(0.5, HI), Read(0.6, STOP))), select=["clock-back"]
    )
    assert [(one.event_number, one.offset) for one in found] == [(2, len(ROLE))]
    late_head = Recording((Read(1.0, ROLE), Read(1.1, STOP)), Header(headers_at=5.0))
    assert [one.message for one in check(late_head, select=["clock-back"])] == [
        "the head of the response came 4.000 s after its body began"
    ]
    stamps = [chunk(top={"created": at}, content="x") for at in (1732551212, 1732551210)]
    (stamp,) = check(Recording.from_bytes(b"".join(stamps), "none"), select=["clock-back"])
    assert (stamp.event_number, stamp.offset) == (2, len(stamps[0]))


# The rules


def test_every_code_is_documented_and_every_rule_can_be_found() -> None:
    assembler = {"several-ids", "several-models"}  # which it writes as several-{name}s
    for path in (PACKAGE / "assembly").rglob("*.py"):
        text = path.read_text("utf-8")
        assembler |= set(re.findall(r'(?:find|Finding)\(\s*"([a-z-]+)", "', text))
        if path.name == "_states.py":
            assembler |= set(re.findall(r', "([a-z-]+)"\)', text))
    noted = set()
    for path in (PACKAGE / "inspect" / "_check").glob("*.py"):
        if not path.name.startswith("_rules"):
            noted |= set(re.findall(r'"([a-z0-9-]+)"', path.read_text("utf-8")))
    assert assembler <= RULES.keys()
    assert RULES.keys() <= assembler | noted


def test_every_rule_says_its_cause_and_its_cure() -> None:
    for rule in RULES.values():
        assert all(text.strip() for text in (rule.title, rule.cause, rule.cure))
        assert rule.cause.endswith(".")
        assert rule.cure.rstrip().endswith((".", "…", ")"))


def test_codes_and_groups_are_chosen() -> None:
    body = b"".join([ROLE, chunk(role="a", content="x"), b"dat: x\n", *GOOD[1:-1]])
    recording = Recording.from_bytes(body, "none")

    def found(**options: Any) -> set[str]:
        return {finding.code for finding in check(recording, **options)}

    assert found() == {"unknown-field", "role-repeated", "missing-end-marker"}
    assert found(select=["format"]) == {"unknown-field"}
    assert found(ignore=["protocol"]) == {"unknown-field"}
    assert found(select=["protocol"], ignore=["role-repeated"]) == {"missing-end-marker"}
    assert found(select="format") == {"unknown-field"}  # one is one, and not its letters
    with pytest.raises(ValueError, match="no code or group 'nonsense'"):
        check(recording, select=["nonsense"])


# Whole streams

ODD = {
    "xai-seed-grok-beta.sse": {"role-repeated", "cumulative-usage"},
    "openai-chat-refusal.sse": {"refusal"},
    "openai-chat-n3.sse": {"several-choices"},
    "azure-chat-nousage.sse": {"chunk-without-choices", "id-empty", "extra-fields", "no-usage"},
    "groq-text-xgroq.sse": {"usage-elsewhere", "extra-fields"},
    "groq-error-event.sse": {"error-in-stream"},
    "mistral-finish-with-content.sse": {"finish-with-content", "extra-fields"},
    "mistral-thinking-contentlist.sse": {"content-parts"},
    "openrouter-kimi-text.sse": {"choice-after-finish"},
    "llamacpp-tool-reasoning.sse": {"null-content", "extra-fields"},
    "vllm-finish-with-content.sse": {"finish-with-content", "extra-fields", "no-usage"},
    "gpustack-no-done.sse": {"missing-end-marker"},
    "writer-tool-no-done.sse": {"missing-end-marker", "tool-fields-empty", "extra-fields"},
    "moonshot-noobject-reframed.sse": {"missing-object"},
    "alibaba-tool-emptyid-reframed.sse": {"tool-fields-empty"},
    "openai-responses-completed-empty.sse": {"output-missing"},
    "anthropic-redacted-thinking.sse": {"redacted-thinking"},
    "anthropic-cache-usage.sse": {"usage-in-parts"},
    "anthropic-incomplete-json.sse": {"arguments-no-json", "part-left-open", "unfinished-event"},
    "anthropic-spliced-message-start-reframed.sse": {"error-in-stream"},
    "gemini-tool.sse": {"finish-reason-unlike-calls", "crlf-line-ends"},
    "gemini-partialargs-reframed.sse": {"partial-arguments"},
    "cohere-tools2-plan.sse": {"done-after-end"},
    "replicate-llama.sse": {"data-not-json"},
    "a2a-task.sse": {"crlf-line-ends"},
    "mcp-tool-call.sse": {"crlf-line-ends"},
    "writer-completions-value.sse": {"unknown-protocol"},
    "negative-braintrust-eval.sse": {"unknown-protocol"},
    "derived/no-done.sse": {"missing-end-marker"},
    "derived/eof-no-finish.sse": {"incomplete"},
    "derived/tools-all-index0.sse": {"tool-index-reused"},
    "derived/tool-dup-index-one-chunk.sse": {"tool-index-in-chunk-twice"},
    "derived/tool-name-late.sse": {"tool-name-late"},
    "derived/tool-null-fields.sse": {"tool-fields-empty"},
    "derived/usage-in-choice.sse": {"usage-elsewhere"},
    "derived/error-object-then-done.sse": {"error-in-stream"},
    "derived/anthropic-overloaded.sse": {"error-in-stream"},
    "derived/anthropic-no-event-names.sse": {"missing-event-names"},
    "derived/gemini-truncated.sse": {"incomplete"},
    "derived/legacy-function-call.sse": {"legacy-function-call"},
}
"""What the notes and mutations of the recorded streams say is odd about them."""


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_the_oddities_of_recorded_streams_are_found(entry: dict[str, Any]) -> None:
    found = check(STREAMS / entry["file"])
    if entry.get("note") or entry.get("mutation"):
        assert ODD[entry["file"]] <= {one.code for one in found}
    elif not (entry.get("expected") or {}).get("error"):
        assert [one for one in found if one.severity == "error"] == []


def test_the_peculiarities_of_the_seed_come_out_as_what_they_are() -> None:
    found = check(FIXTURES / "xai-grok-beta.txt")
    assert {(one.code, one.severity) for one in found} == {
        ("role-repeated", "info"),
        ("cumulative-usage", "info"),
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_generated_has_no_error_and_no_warning(protocol: str) -> None:
    made = generate("The sea is deep.", protocol=protocol)
    assert [one for one in check(made) if one.severity != "info"] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nor_has_it_in_a_dialect(dialect: str) -> None:
    made = generate("The sea is deep.", dialect=dialect, reasoning="Hm.")
    assert [one for one in check(made) if one.severity != "info"] == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("cut@event=4", "incomplete"),
        ("drop_done", "missing-end-marker"),
        ("drop_finish", "done-without-finish-reason"),
        ("inject_error@event=4", "error-in-stream"),
        ("corrupt_utf8@event=4", "bad-utf8"),
        ("bad_json@event=4", "bad-json"),
        ("stall@event=4:9s", "stall"),
        ("keep_alive@event=4:9s", "masked-stall"),
    ],
)
def test_faults_are_found(fault: str, code: str) -> None:
    pace = Transforms(ttft=0.1, token_rate=20.0, faults=fault)
    found = check(generate("The sea is deep.", transforms=pace))
    assert code in {one.code for one in found}


def test_each_item_is_looked_at_once() -> None:
    seen: list[int] = []
    recording = Recording(tuple(Read(0.0, chunk(content=str(n))) for n in range(500)))
    check(recording, progress=seen.append)
    assert len(seen) == 500
    assert sum(seen) == len(recording.body)


def test_the_findings_of_a_path_are_those_of_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "made.txt"
    made = generate("The sea is deep.", dialect="xai")
    made.save(path)
    assert check(path) == check(made) != ()
