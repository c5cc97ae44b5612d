"""MCP over streamable HTTP: notifications and requests, then the response, which is the end."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import FIXTURES, codes, event

from sseparse import Assembler, Choice, Completion, Delta, ServerSentEvent, assemble, detect

NOTE = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
ASK = {"jsonrpc": "2.0", "id": 9, "method": "roots/list"}
FAULT = {"code": -32601, "message": "Method not found"}


def texts(*found: Any, **fields: Any) -> Any:
    return {"content": [{"type": "text", "text": text} for text in found], **fields}


def response(found: Any, result: Any) -> Any:
    return {"jsonrpc": "2.0", "id": found, "result": result}


def fold(*payloads: Any) -> Completion:
    return assemble([event(payload) for payload in payloads], "mcp")


def test_the_texts_of_the_result_are_the_content_and_the_rest_stays_in_it() -> None:
    image = {"type": "image", "data": "AA==", "mimeType": "image/png"}
    result = {"content": [*texts("a")["content"], image, *texts("b")["content"]]}
    completion = fold(response(1, result))
    assert (completion.content, completion.extra) == ("ab", {"result": result})
    assert (completion.ended_by, completion.findings) == ("terminal_event", ())


@pytest.mark.parametrize("found", [1, 0, "1", "call"])
def test_an_id_keeps_its_type(found: str | int) -> None:
    completion = fold(response(found, texts("a")))
    assert completion.id == found
    assert type(completion.id) is type(found)


@pytest.mark.parametrize("found", [True, None, 1.5, [], ""])
def test_what_can_be_no_id_is_none(found: Any) -> None:
    completion = fold(response(found, texts("a")))
    assert (completion.id, completion.content, completion.complete) == (None, "a", True)


def test_notifications_and_requests_are_kept_apart_and_end_nothing() -> None:
    completion = fold(NOTE, ASK, NOTE)
    assert completion.extra == {"notifications": [NOTE, NOTE], "requests": [ASK]}
    assert (completion.ended_by, completion.choices) == ("eof", ())


def test_a_request_of_the_servers_gives_the_completion_no_id() -> None:
    assert fold(ASK, response(1, texts("a"))).id == 1


def test_a_failed_tool_is_a_finding_and_no_error() -> None:
    completion = fold(response(1, texts("no such file", isError=True)))
    assert (completion.complete, completion.error) == (True, None)
    assert [(f.code, f.severity) for f in completion.findings] == [("tool-error", "warning")]
    assert fold(response(1, texts("fine", isError=False))).findings == ()


def test_an_error_of_json_rpc_is_the_error() -> None:
    completion = fold(NOTE, {"jsonrpc": "2.0", "id": 4, "error": FAULT})
    assert (completion.id, completion.error, completion.ended_by) == (4, FAULT, "error")
    assert completion.to_native() == {"jsonrpc": "2.0", "id": 4, "error": FAULT}


def test_each_response_of_a_batch_is_a_choice_and_they_end_together() -> None:
    batch = [NOTE, response(1, texts("one")), response("1", texts("two"))]
    assembler = Assembler("mcp")
    deltas = assembler.feed(event(batch))
    contents = [Delta("content", 0, "one"), Delta("content", 1, "two")]
    assert deltas == [*contents, Delta("end")]
    completion = assembler.close()
    assert (completion.id, completion.findings) == (1, ())
    assert completion.choices[1] == Choice(
        1, content="two", extra={"id": "1", "result": texts("two")}
    )


def test_a_batch_is_recognised() -> None:
    assert detect([event([NOTE])]) == "mcp"
    assert detect([event([1, NOTE])]) == "unknown"


def test_a_response_that_comes_again_adds_nothing() -> None:
    again = response(1, texts("a"))
    completion = fold(again, again)
    assert (completion.content, codes(completion)) == ("a", ["event-after-done"])
    assert completion.extra["responses"] == [again]


def test_a_result_of_another_method_has_no_content() -> None:
    completion = fold(response(1, {"tools": []}))
    assert (completion.content, completion.complete) == (None, True)
    assert completion.to_native() == response(1, {"tools": []})


def test_a_task_of_mcp_is_not_taken_for_one_of_a2a() -> None:
    task = {"taskId": "t", "status": "working", "createdAt": "2026-03-02T10:00:00Z"}
    assert detect([event(response(1, {"task": task}))]) == "mcp"


def test_priming_events_and_keep_alives_say_nothing() -> None:
    body = b": ping\n\nid: 1\nretry: 5000\ndata: \n\n" + (FIXTURES / "mcp" / "get.txt").read_bytes()
    completion = assemble(body)
    assert (completion.protocol, codes(completion)) == ("mcp", [])


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (5, "bad-shape"),
        ([NOTE, 5], "bad-shape"),
        (response(2, "text"), "bad-shape"),
        (response(2, texts(5)), "bad-shape"),
        ({"jsonrpc": "2.0"}, "unknown-event"),
    ],
)
def test_odd_messages_are_findings(odd: Any, code: str) -> None:
    assert code in codes(fold(odd, response(1, texts("a"))))


def test_a_stream_cut_before_its_response_has_a_native_object_without_result() -> None:
    assert fold(NOTE).to_native() == {"jsonrpc": "2.0", "id": None}


def test_a_completion_made_by_hand_has_a_response() -> None:
    completion = Completion("mcp", id=1, choices=(Choice(content="a"),))
    assert completion.to_native() == response(1, texts("a"))


def test_the_server_may_say_done_after_its_response() -> None:
    events = [event(response(1, texts("a"))), ServerSentEvent("[DONE]")]
    assert assemble(events, "mcp").findings == ()


RESULT = {"jsonrpc": "2.0", "id": 1, "result": {"content": []}}
FAILURE = {"jsonrpc": "2.0", "id": 2, "error": {"code": -1, "message": "no"}}


def test_in_a_batch_no_response_is_given_the_id_of_another() -> None:
    good_first, bad_first = (
        assemble([event(batch)]) for batch in ([RESULT, FAILURE], [FAILURE, RESULT])
    )
    assert good_first.to_native() == RESULT
    assert good_first.extra["responses"] == [FAILURE]
    assert bad_first.to_native() == FAILURE
    assert bad_first.choices[0].extra == {"id": 1, "result": {"content": []}}
    assert good_first.error == bad_first.error == FAILURE["error"]
