"""A2A: tasks with artifacts and messages, in two versions and without JSON-RPC."""

from __future__ import annotations

from typing import Any

import pytest
from chunks import FIXTURES, codes, event

from sseparse import Assembler, Choice, Completion, ServerSentEvent, assemble, detect
from sseparse.assembly._json import as_object

FAULT = {"code": -32603, "message": "Internal error"}


def message(text: str, role: str = "agent", found: str = "") -> Any:
    parts = [{"kind": "text", "text": text}]
    return {"kind": "message", "messageId": found or text, "role": role, "parts": parts}


def status(state: Any, said: Any = None, final: Any = False, **fields: Any) -> Any:
    now = {"state": state} if said is None else {"state": state, "message": said}
    head = {"kind": "status-update", "taskId": "t", "contextId": "c"}
    return {**head, "status": now, "final": final, **fields}


def artifact(text: Any, found: str = "a", **fields: Any) -> Any:
    parts = [{"kind": "text", "text": text}]
    head = {"kind": "artifact-update", "taskId": "t", "contextId": "c"}
    return {**head, "artifact": {"artifactId": found, "parts": parts}, **fields}


def newer(state: str, said: Any = None) -> Any:
    now = {"state": state} if said is None else {"state": state, "message": said}
    return {"statusUpdate": {"taskId": "t", "contextId": "c", "status": now}}


def rpc(result: Any) -> ServerSentEvent:
    return event({"jsonrpc": "2.0", "id": 1, "result": result})


def fold(*results: Any) -> Completion:
    return assemble(map(rpc, results), "a2a")


DONE = status("completed", final=True)


def test_artifacts_are_the_answer_and_messages_are_what_is_said_about_it() -> None:
    last = message("There.")
    completion = fold(
        status("working", message("One moment.")),
        artifact("1.09"),
        status("completed", last, final=True),
    )
    assert (completion.content, completion.role) == ("1.09", "agent")
    assert completion.extra["history"] == [message("One moment.")]
    assert completion.extra["status"] == {"state": "completed", "message": last}


def test_without_artifacts_the_message_of_the_last_status_is_the_answer() -> None:
    completion = fold(
        status("working", message("One moment.")),
        status("completed", message("1.09"), final=True),
    )
    assert completion.content == "1.09"


def test_without_either_what_was_said_on_the_way_is_the_answer() -> None:
    completion = fold(status("working", message("1.")), status("working", message("09")), DONE)
    assert completion.content == "1.09"


def test_an_artifact_without_text_is_an_answer_too() -> None:
    data = artifact("")
    data["artifact"]["parts"] = [{"kind": "data", "data": {"rate": 1.09}}]
    assert fold(status("working", message("One moment.")), data, DONE).content is None


def test_what_the_user_said_is_no_answer() -> None:
    completion = fold(
        status("submitted", message("Rate?", "user")), status("working", message("Hm")), DONE
    )
    assert (completion.content, completion.role) == ("Hm", "agent")
    assert completion.extra["history"] == [message("Rate?", "user"), message("Hm")]


def test_an_artifact_grows_by_append_and_each_keeps_its_place() -> None:
    completion = fold(
        artifact("a1 ", "a"),
        artifact("b1 ", "b"),
        artifact("a2 ", "a", append=True),
        artifact("b2", "b", append=True, lastChunk=True),
        DONE,
    )
    assert (completion.content, completion.findings) == ("a1 a2 b1 b2", ())
    artifacts = completion.extra["artifacts"]
    assert isinstance(artifacts, list)
    assert [len(as_object(one)["parts"]) for one in artifacts] == [2, 2]  # type: ignore[arg-type]


def test_an_artifact_sent_anew_stands_in_the_place_of_the_old_one() -> None:
    completion = fold(artifact("old", "a"), artifact(" b", "b"), artifact("new", "a"), DONE)
    assert (completion.content, codes(completion)) == ("new b", ["artifact-replaced"])


def test_pieces_of_an_artifact_out_of_order_are_kept_with_a_finding() -> None:
    assert codes(fold(artifact("a", append=True), DONE)) == ["part-not-opened"]
    late = fold(artifact("a", lastChunk=True), artifact("b", append=True), DONE)
    assert (late.content, codes(late)) == ("ab", ["delta-after-part-closed"])


@pytest.mark.parametrize("state", ["completed", "canceled", "input-required", "auth-required"])
def test_the_state_of_the_last_status_is_the_finish_reason(state: str) -> None:
    completion = fold(status("working"), status(state, final=True))
    assert (completion.finish_reason, completion.ended_by) == (state, "terminal_event")
    assert completion.findings == ()
    spelled = "TASK_STATE_" + state.upper().replace("-", "_")
    completion = fold(newer("TASK_STATE_WORKING"), newer(spelled))
    assert (completion.finish_reason, completion.ended_by) == (spelled, "terminal_event")


def test_final_false_leaves_the_stream_open() -> None:
    asked = fold(status("input-required", message("?")), status("working"), artifact("a"), DONE)
    assert (asked.finish_reason, asked.findings) == ("completed", ())
    done = fold(status("completed", message("a")))
    assert (done.content, done.ended_by, done.complete) == ("a", "finish_reason", True)


@pytest.mark.parametrize("state", ["failed", "rejected", "TASK_STATE_FAILED"])
def test_a_task_that_failed_is_told_by_its_state_and_a_finding(state: str) -> None:
    completion = fold(status(state, message("No."), final=True))
    assert (completion.finish_reason, completion.error, completion.complete) == (state, None, True)
    assert [(f.code, f.severity) for f in completion.findings] == [("task-failed", "warning")]


def test_an_error_of_json_rpc_is_the_error() -> None:
    fault = event({"jsonrpc": "2.0", "id": 1, "error": FAULT})
    completion = assemble([rpc(artifact("a")), fault], "a2a")
    assert (completion.content, completion.error, completion.ended_by) == ("a", FAULT, "error")


def test_a_message_alone_is_the_whole_answer() -> None:
    completion = fold(message("Hello", found="m"))
    assert (completion.id, completion.content, completion.role) == ("m", "Hello", "agent")
    assert (completion.ended_by, completion.findings) == ("terminal_event", ())
    assert completion.to_native() == message("Hello", found="m")


def test_a_whole_task_may_be_all_there_is() -> None:
    task = {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "completed"}}
    completion = fold({**task, "artifacts": [artifact("1.09")["artifact"]]})
    assert (completion.content, completion.ended_by) == ("1.09", "terminal_event")


def test_a_task_that_comes_whole_at_the_end_is_a_check_and_not_content_again() -> None:
    task = {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "completed"}}
    same = fold(artifact("1.09"), {**task, "artifacts": [artifact("1.09")["artifact"]]})
    assert (same.content, same.findings) == ("1.09", ())
    other = fold(artifact("1.09"), {**task, "artifacts": [artifact("1.10")["artifact"]]})
    assert (other.content, codes(other)) == ("1.09", ["message-differs"])


def test_a_task_that_still_waits_when_the_stream_begins_ends_nothing() -> None:
    waiting = {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_INPUT_REQUIRED"}}
    on = fold({"task": waiting}, newer("TASK_STATE_WORKING"), newer("TASK_STATE_COMPLETED"))
    assert (on.finish_reason, on.findings) == ("TASK_STATE_COMPLETED", ())
    alone = fold({"task": waiting})
    assert (alone.finish_reason, alone.ended_by) == ("TASK_STATE_INPUT_REQUIRED", "finish_reason")


def test_a_message_that_comes_with_the_next_status_again_is_no_history() -> None:
    same = status("working", message("Hm", found="m"))
    assert "history" not in fold(same, same).extra
    nameless = message("Hm")
    del nameless["messageId"]
    without = status("working", nameless)
    assert fold(without, without).extra["history"] == [nameless]


def test_the_history_that_a_task_brings_has_the_messages_before_it() -> None:
    task = {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "completed"}}
    history = [message("Rate?", "user"), message("Hm")]
    completion = fold(status("working", message("Hm")), {**task, "history": history})
    assert completion.extra["history"] == history
    kept = fold(status("working", message("Hm")), {**task, "history": history[:1]})
    assert kept.extra["history"] == history


def test_the_time_is_the_first_status_that_has_one() -> None:
    first, later = status("working"), status("completed", final=True)
    first["status"]["timestamp"] = "2026-03-02T10:00:05Z"
    later["status"]["timestamp"] = "2026-03-02T10:00:09Z"
    assert fold(status("submitted"), first, later).created == 1772445605
    assert fold(status("submitted"), DONE).created is None


def test_another_task_in_the_stream_is_a_finding() -> None:
    completion = fold(status("working"), {**DONE, "taskId": "u"})
    assert (completion.id, codes(completion)) == ("t", ["several-ids"])


def test_version_one_is_recognised_without_json_rpc_around_it() -> None:
    task = {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_SUBMITTED"}}
    said = {"messageId": "m", "role": "ROLE_AGENT", "parts": []}
    for first in ({"task": task}, newer("TASK_STATE_WORKING"), {"message": said}):
        assert detect([event(first)]) == "a2a"
    for other in ({"task": {"id": 1}}, {"message": {"id": "m"}}, {"task": "t"}):
        assert detect([event(other)]) == "unknown"


def test_a_kind_that_is_no_word_is_not_looked_up() -> None:
    kinds: list[Any] = [[], {}, ["task"], 1, None]
    for odd in kinds:
        assert detect([rpc({"kind": odd})]) == "mcp"


def test_events_of_the_time_before_kinds_are_known_by_their_fields() -> None:
    parts = {"artifact": {"parts": [{"type": "text", "text": "1.09"}]}}
    completion = fold(
        {"id": "t", "status": {"state": "working"}, "final": False},
        {"id": "t", **parts},
        {"id": "t", "status": {"state": "completed"}, "final": True},
    )
    assert (completion.id, completion.content, completion.complete) == ("t", "1.09", True)
    assert completion.findings == ()


def test_a_snapshot_does_not_change_when_an_artifact_grows() -> None:
    assembler = Assembler("a2a")
    assembler.feed(rpc(artifact("a", metadata={"n": 1})))
    before = assembler.snapshot
    assembler.feed(rpc(artifact("b", append=True, metadata={"n": 2})))
    assert before.extra["artifacts"] == [artifact("a")["artifact"]]
    assert before.extra["metadata"] == {"n": 1}


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ("text", "bad-shape"),
        ({"kind": "news"}, "unknown-event"),
        ({**artifact("x"), "artifact": "x"}, "bad-shape"),
        (artifact(5), "bad-shape"),
        (status("working", said=5), "bad-shape"),
        ({**status("working"), "status": 5}, "bad-shape"),
        (status("working", metadata=5), "bad-shape"),
        ({"kind": "task", "artifacts": {}}, "bad-shape"),
        ({"kind": "task", "artifacts": [5]}, "bad-shape"),
    ],
)
def test_odd_shapes_are_findings_and_the_fold_goes_on(odd: Any, code: str) -> None:
    completion = fold(status("working"), odd, artifact("a", "z"), DONE)
    assert (completion.content, completion.complete) == ("a", True)
    assert codes(completion) == [code]


def test_a_call_is_no_part_of_a_task() -> None:
    call = event({"jsonrpc": "2.0", "id": 2, "method": "message/stream", "params": {}})
    completion = assemble([call, rpc(DONE)], "a2a")
    assert (codes(completion), completion.complete) == (["unknown-event"], True)


def test_the_native_task_is_in_the_version_that_the_stream_spoke() -> None:
    old = assemble(FIXTURES / "a2a" / "task.txt").to_native()
    assert (old["kind"], old["id"], old["contextId"]) == ("task", "task-4c", "ctx-9d")
    assert as_object(old["status"])["state"] == "completed"
    assert old.keys() == {"id", "contextId", "kind", "status", "artifacts", "history", "metadata"}
    new = assemble(FIXTURES / "a2a" / "task-v1.txt").to_native()
    assert new.keys() == {"id", "contextId", "status", "artifacts", "history"}


def test_the_native_task_of_a_completion_made_by_hand_says_it_in_a_message() -> None:
    choice = Choice(content="a", finish_reason="TASK_STATE_COMPLETED")
    native = Completion("a2a", id="t", choices=(choice,)).to_native()
    said = {"messageId": "", "role": "ROLE_AGENT", "parts": [{"text": "a"}]}
    status = {"state": "TASK_STATE_COMPLETED", "message": said}
    assert native == {"id": "t", "contextId": "", "status": status}
    assert Completion("a2a").to_native()["status"] == {"state": "unknown"}
