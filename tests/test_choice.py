"""Which recording answers a request, and what it answers with."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseparse import NoSuchRecording, Read, Recording, RecordingError
from sseparse.recording import End, Header, Request
from sseparse.replay import Ending, Recordings, ending_of, find_recordings, headers_of, status_of

CHAT = "/v1/chat/completions"


def recorded(text: str, path: str | None = CHAT, body: object = None, **end: str) -> Recording:
    request: dict[str, object] | None = None
    if path is not None:
        request = {"method": "POST", "url": f"https://api.example{path}", "headers": []}
        if body is not None:
            request["body"] = body
    header = Header(request=request, status=200, headers_at=0.0)
    return Recording((Read(0.0, text.encode()),), header=header, end=End(end.get("end", "eof")))


def ask(path: str = CHAT, body: bytes | None = None, method: str = "POST") -> Request:
    return Request(method, f"http://127.0.0.1:8080{path}", body=body)


def chosen(recordings: Recordings, request: Request, name: str | None = None) -> str:
    return recordings.choose(request, name).body.decode()


def test_the_same_json_body_wins_whatever_its_spaces_and_order() -> None:
    recordings = Recordings(
        [
            recorded("plain"),
            recorded("weather", body={"model": "m", "messages": ["weather"]}),
            recorded("poem", body={"model": "m", "messages": ["poem"]}),
        ]
    )
    assert chosen(recordings, ask(body=b'{"messages": ["poem"],\n "model": "m"}')) == "poem"
    assert chosen(recordings, ask(body=b'{"model":"m","messages":["weather"]}')) == "weather"


def test_numbers_of_a_body_are_the_same_if_their_values_are() -> None:
    recordings = Recordings(
        [
            recorded("half", body={"temperature": 0.5, "top": [{"p": 1}]}),
            recorded("one", body={"temperature": 1.0, "top": [{"p": 1.0}]}),
            recorded("true", body={"temperature": True}),
            recorded("seed", body={"seed": 2**53 + 1}),
            recorded("huge", body={"seed": 10**300}),
        ]
    )
    for body, answer in (
        (b'{"temperature":1,"top":[{"p":1}]}', "one"),
        (b'{"temperature":1e0,"top":[{"p":1.00}]}', "one"),
        (b'{"temperature":5e-1,"top":[{"p":1.0}]}', "half"),
        (b'{"temperature":true}', "true"),
        (b'{"seed":9007199254740993}', "seed"),
        (b'{"seed":1%s}' % (300 * b"0"), "huge"),
    ):
        assert [chosen(recordings, ask(body=body)) for _ in range(2)] == [answer, answer]


def test_a_recorded_body_too_deep_to_compare_is_found_by_its_path() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    recordings = Recordings([recorded("deep", body=deep)])
    assert chosen(recordings, ask(body=5000 * b"[" + 5000 * b"]")) == "deep"


def test_a_key_in_the_body_is_no_difference() -> None:
    recordings = Recordings([recorded("a", body={"api_key": "REDACTED"}), recorded("b", "/v1/b")])
    assert chosen(recordings, ask(body=b'{"api_key": "hunter2"}')) == "a"


def test_else_the_path_decides_and_those_of_one_path_take_turns() -> None:
    recordings = Recordings([recorded("a"), recorded("b"), recorded("c", "/v1/messages")])
    assert [chosen(recordings, ask(body=b"{}")) for _ in range(3)] == ["a", "b", "a"]
    assert chosen(recordings, ask("/v1/messages?beta=true")) == "c"
    assert chosen(recordings, ask("/v1/messages", method="GET")) == "c"


def test_those_that_know_of_no_request_answer_any_in_turn() -> None:
    recordings = Recordings([recorded("a", None), recorded("b", None), recorded("c")])
    assert [chosen(recordings, ask("/anything")) for _ in range(3)] == ["a", "b", "a"]
    assert chosen(recordings, ask()) == "c"


def test_a_recording_can_be_asked_for_by_its_name() -> None:
    recordings = Recordings({"chat/a.txt": recorded("a"), "chat/b.txt": recorded("b")})
    assert chosen(recordings, ask("/x"), "chat/b.txt") == "b"
    assert chosen(recordings, ask("/x"), "chat/a") == "a"
    with pytest.raises(NoSuchRecording, match=r"no recording is named 'chat/c'; the nearest is"):
        recordings.choose(ask(), "chat/c")


def test_what_no_recording_answers_is_told_with_the_nearest() -> None:
    recordings = Recordings({"a": recorded("a"), "b": recorded("b", "/v1/messages")})
    with pytest.raises(NoSuchRecording) as caught:
        recordings.choose(ask("/v1/message", method="GET"))
    assert caught.value.nearest == "b"
    assert str(caught.value) == (
        "no recording answers GET /v1/message; the nearest is b: it answers /v1/messages"
    )


def test_files_of_one_name_are_told_apart_by_number() -> None:
    first, second = Recording((), path=Path("x/a.txt")), Recording((), path=Path("y/a.txt"))
    assert list(Recordings([first, second]).by_name) == ["a.txt", "2-a.txt"]


def test_files_and_folders_are_found_by_name(tmp_path: Path) -> None:
    for name in ("in/chat/a.txt", "in/b.sse", "in/.git/c.txt", "in/notes.md", "single"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"data: 1\n\n")
    recorded("x").save(tmp_path / "in/no-suffix")
    found = find_recordings([tmp_path / "in", tmp_path / "single"])
    assert sorted(found) == ["b.sse", "chat/a.txt", "no-suffix", "single"]
    assert set(Recordings.load([tmp_path / "in"]).by_name) == {"b.sse", "chat/a.txt", "no-suffix"}


def test_a_folder_without_recordings_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording in this folder"):
        find_recordings([tmp_path])
    with pytest.raises(FileNotFoundError):
        find_recordings([tmp_path / "missing.txt"])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_bytes(b"")
    with pytest.raises(RecordingError, match="has the same name; give the folder they are in"):
        find_recordings([tmp_path / "a" / "x.txt", tmp_path / "b" / "x.txt"])
    assert len(find_recordings([tmp_path])) == 2


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("eof", Ending.FINISH),
        ("client_closed", Ending.FINISH),
        ("truncated", Ending.CUT),
        ("interrupted", Ending.CUT),
        ("error", Ending.CUT),
        ("reset", Ending.RESET),
        ("timeout", Ending.SILENCE),
    ],
)
def test_a_response_ends_as_it_ended(reason: str, ending: Ending) -> None:
    assert ending_of(recorded("x", end=reason)) is ending


def test_the_headers_are_those_of_the_response_and_not_of_its_connection() -> None:
    headers = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("x-request-id", "r1"),
        ("transfer-encoding", "chunked"),
        ("content-encoding", "gzip"),
        ("connection", "keep-alive"),
    )
    decoded = Recording((), header=Header(status=201, headers=headers, decoded="gzip"))
    assert headers_of(decoded) == [headers[0], headers[1]]
    assert status_of(decoded) == 201
    coded = Recording((), header=Header(headers=headers))
    assert ("content-encoding", "gzip") in headers_of(coded)
