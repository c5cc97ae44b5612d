from __future__ import annotations

import io
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import requests.auth
import urllib3
from clients import CannedAdapter
from origin import Origin, origin
from recorded import (
    BODY,
    CODINGS,
    EOLS,
    HEADERS,
    NEAR,
    SECRETIVE,
    check_no_secrets,
    check_recording,
    has_first_read,
    in_threads,
    load,
    recorded_now,
    secret_url,
    served,
)
from servers import WAIT, Framing, Reply, serve

import sseparse
from sseparse.http import recording_hook

EVENTS = [b"data: one\n\n", b"data: two\n\n", b"data: three\n\n"]
WHOLE = b"".join(EVENTS)
FRAMINGS: list[Framing] = ["chunked", "one-chunk", "length", "close"]


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    with origin() as running:
        yield running


def get(url: str, hook: recording_hook | None = None, **options: Any) -> requests.Response:
    options = {"stream": True, "timeout": 5.0, **options}
    if hook is not None:
        options["hooks"] = {"response": hook}
    return requests.post(url, json=BODY, **options)


def reads(response: requests.Response) -> Iterator[bytes]:
    """Read as sseparse does, and as who wants each read at once has to."""
    while data := response.raw.read1(65536, decode_content=True):
        yield data


def test_what_is_recorded_is_what_was_written_when_it_was_written(
    server: Origin, tmp_path: Path
) -> None:
    def run(eol: str) -> None:
        hook = recording_hook(tmp_path / eol)
        with get(server.url(eol, tag=f"hook-{eol}"), hook) as response:
            seen = list(reads(response))
        fact = served(server, f"hook-{eol}")
        assert seen == [write.data for write in fact.writes]
        (path,) = hook.recordings
        check_recording(path, fact)
        assert path.name.endswith("-v1-chat-completions-grok-beta.txt")

    in_threads(*[lambda eol=eol: run(eol) for eol in EOLS])


def test_the_chunk_size_that_the_client_wants_does_not_cut_what_is_recorded(
    server: Origin, tmp_path: Path
) -> None:
    def run(size: int | None) -> None:
        hook = recording_hook(tmp_path / str(size))
        tag = f"size-{size}"
        with get(server.url("lf", writes=9, tag=tag), hook) as response:
            body = b"".join(response.iter_content(size))
        fact = served(server, tag)
        assert body == fact.body
        check_recording(hook.recordings[0], fact)

    in_threads(*[lambda size=size: run(size) for size in (1, 7, 512, 10**6, None)])


READERS: dict[str, Callable[[requests.Response], bytes]] = {
    "content": lambda response: response.content,
    "text": lambda response: response.text.encode(),
    "iter_content 1": lambda response: b"".join(response.iter_content(1)),
    "iter_content 5": lambda response: b"".join(response.iter_content(5)),
    "iter_content None": lambda response: b"".join(response.iter_content(None)),
    "iter_lines": lambda response: b"".join(line + b"\n" for line in response.iter_lines()),
    "raw.read": lambda response: response.raw.read(decode_content=True),
    "raw.read 4": lambda response: b"".join(
        iter(lambda: response.raw.read(4, decode_content=True), b"")
    ),
    "raw.read1": lambda response: b"".join(reads(response)),
    "raw.read1 3": lambda response: b"".join(
        iter(lambda: response.raw.read1(3, decode_content=True), b"")
    ),
    "raw.stream": lambda response: b"".join(response.raw.stream(6, decode_content=True)),
    "raw.data": lambda response: decoded(response).data,
    "iteration": lambda response: b"".join(decoded(response)),
    "readinto": lambda response: bytes(into(decoded(response))),
    "BufferedReader": lambda response: buffered(decoded(response)).read(),
    "iter_events": lambda response: b"".join(
        f"data: {event.data}\n\n".encode() for event in sseparse.iter_events(response)
    ),
}
SHORT_READERS = ["iter_content 1", "iter_lines", "raw.read1", "raw.stream", "iter_events"]


def decoded(response: requests.Response) -> Any:
    response.raw.decode_content = True
    return response.raw


def into(raw: Any) -> bytearray:
    whole, buffer = bytearray(), bytearray(5)
    while count := raw.readinto(buffer):
        whole += buffer[:count]
    return whole


def buffered(raw: Any) -> io.BufferedReader:
    raw.auto_close = False
    return io.BufferedReader(raw)


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("reader", READERS)
def test_every_way_to_read_gives_the_body_and_records_it(
    reader: str, framing: Framing, compress: bool, tmp_path: Path
) -> None:
    hook = recording_hook(tmp_path)
    with serve(Reply(EVENTS, framing=framing, compress=compress)) as server:
        with get(server.url) as direct:
            expected = READERS[reader](direct)
        with get(server.url, hook) as response:
            assert READERS[reader](response) == expected == WHOLE
    recording = load(hook.recordings[0])
    assert (recording.body, recording.end.reason) == (WHOLE, "eof")


@pytest.mark.parametrize("reader", SHORT_READERS)
def test_nothing_is_held_back(reader: str, tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)

    def items(response: requests.Response) -> Iterator[object]:
        if reader == "iter_content 1":
            return response.iter_content(len(EVENTS[0]))
        if reader == "raw.stream":
            return response.raw.stream(10_000)
        if reader == "iter_lines":
            return (line for line in response.iter_lines() if line)
        return reads(response) if reader == "raw.read1" else sseparse.iter_events(response)

    with (
        serve(Reply([EVENTS[0], WAIT, EVENTS[1], WAIT, EVENTS[2]])) as server,
        get(server.url, hook) as response,
    ):
        seen = []
        for item in items(response):
            seen.append(item)
            # What comes next is sent only when this is here, and on disk.
            assert recorded_now(hook.recordings[0])[: len(EVENTS[0])] == EVENTS[0]
            server.go()
        assert len(seen) == (4 if reader == "iter_content 1" else 3)


def test_the_first_event_comes_as_soon_as_without_recording(tmp_path: Path) -> None:
    times: dict[bool, list[float]] = {False: [], True: []}
    hook = recording_hook(tmp_path)
    with serve(Reply([EVENTS[0]])) as server, requests.Session() as session:
        for number in range(30):
            hooks = {"response": [hook] if number % 2 else []}
            start = time.perf_counter()
            with session.get(server.url, stream=True, hooks=hooks) as response:
                next(reads(response))
                times[bool(number % 2)].append(time.perf_counter() - start)
    assert len(hook.recordings) == 15
    assert statistics.median(times[True]) < 2 * statistics.median(times[False]) + NEAR


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (Reply([EVENTS[0], WAIT], end="reset"), "reset"),
        (Reply([EVENTS[0], WAIT], end="cut"), "truncated"),
        (Reply([EVENTS[0], WAIT], end="cut", framing="length"), "truncated"),
        (Reply([EVENTS[0], WAIT, WAIT, EVENTS[1]]), "timeout"),
    ],
    ids=["reset", "cut", "cut with length", "timeout"],
)
@pytest.mark.parametrize("reader", SHORT_READERS)
def test_a_stream_that_breaks_is_recorded_with_its_end_and_raises_what_it_would(
    reader: str, reply: Reply, end: str, tmp_path: Path
) -> None:
    hook = recording_hook(tmp_path)

    def read(server: Any, hook: recording_hook | None) -> None:
        def go() -> None:
            time.sleep(0.02)
            while hook is not None and not has_first_read(hook.recordings):
                time.sleep(0.01)
            server.go()

        breaking = threading.Thread(target=go)
        breaking.start()
        try:
            with get(server.url, hook, timeout=0.15) as response:
                READERS[reader](response)
        finally:
            breaking.join()

    with serve(reply) as server:
        with pytest.raises((requests.RequestException, urllib3.exceptions.HTTPError)) as direct:
            read(server, None)
        with pytest.raises((requests.RequestException, urllib3.exceptions.HTTPError)) as through:
            read(server, hook)
    assert type(through.value) is type(direct.value)
    recording = load(hook.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], end)
    assert recording.end.extra["error"]


def test_a_client_that_hangs_up_is_recorded_as_such(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with (
        serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server,
        get(server.url, hook) as response,
    ):
        next(response.iter_lines())
    recording = load(hook.recordings[0])
    assert (recording.body, recording.end.reason) == (EVENTS[0], "client_closed")


def test_compressed_streams_are_recorded_decompressed(server: Origin, tmp_path: Path) -> None:
    def run(coding: str) -> None:
        hook = recording_hook(tmp_path / coding)
        tag = f"hook-{coding}"
        with get(server.url("crlf", writes=9, coding=coding, tag=tag), hook) as response:
            body = b"".join(reads(response))
        fact = served(server, tag)
        assert body == fact.body
        recording = check_recording(hook.recordings[0], fact)
        assert recording.header is not None
        assert recording.header.decoded == coding

    known = [coding for coding in CODINGS if coding in urllib3.HTTPResponse.CONTENT_DECODERS]
    assert len(known) >= 2  # the others take libraries, which differ from version to version
    in_threads(*[lambda coding=coding: run(coding) for coding in known])


def test_the_bytes_as_they_came_are_given_to_who_wants_them(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with (
        serve(Reply(EVENTS, compress=True)) as server,
        get(server.url) as direct,
        get(server.url, hook) as response,
    ):
        assert response.raw.read() == direct.raw.read() != WHOLE
        assert response.raw.tell() == direct.raw.tell()
    assert load(hook.recordings[0]).body == WHOLE


def test_a_response_that_is_no_stream_to_the_client_is_recorded_too(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with serve(Reply(EVENTS)) as server, requests.Session() as session:
        session.hooks["response"].append(hook)
        for _ in range(3):
            assert session.get(server.url).content == WHOLE
    assert [load(path).body for path in hook.recordings] == [WHOLE] * 3
    assert {load(path).end.reason for path in hook.recordings} == {"eof"}


def test_a_connection_is_used_again_after_a_recorded_response(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    for framing in FRAMINGS[:3]:
        with serve(Reply(EVENTS, framing=framing)) as server, requests.Session() as session:
            for _ in range(3):
                with session.get(server.url, stream=True, hooks={"response": hook}) as response:
                    assert b"".join(response.iter_content(512)) == WHOLE
            assert len(server._connections) == 1


def test_a_stream_that_is_left_takes_its_connection_with_it(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with (
        serve(Reply([EVENTS[0], WAIT, EVENTS[1]])) as server,
        requests.Session() as session,
    ):
        response = session.get(server.url, stream=True, hooks={"response": hook})
        assert response.raw.connection is not None
        sock = response.raw.connection.sock
        assert sock.fileno() == response.raw.fileno()
        assert not response.raw.closed
        next(reads(response))
        response.close()
        assert response.raw.closed
        assert sock.fileno() == -1
        assert list(reads(response)) == []


def test_cookies_and_all_else_of_the_response_stay(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with serve(Reply(EVENTS, headers={"Set-Cookie": "a=b"})) as server:
        with requests.Session() as session:
            session.get(server.url, hooks={"response": hook})
            assert session.cookies.get("a") == "b"
        with get(server.url) as direct, get(server.url, hook) as response:
            assert isinstance(response.raw, urllib3.HTTPResponse)
            for name in ("status", "version", "version_string", "reason", "decode_content"):
                # (urllib3 before 2.2.2 has no version_string.)
                assert getattr(response.raw, name, None) == getattr(direct.raw, name, None)
            assert response.raw.geturl() == direct.raw.geturl()
            assert response.raw.headers == response.headers
            assert response.raw.supports_chunked_reads() is direct.raw.supports_chunked_reads()
            assert b"".join(response.raw.read_chunked()) == WHOLE


def test_a_redirect_is_followed_and_only_what_is_a_stream_is_recorded(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with serve(Reply(EVENTS)) as target:
        headers = {"Location": target.url, "Content-Type": "text/html"}
        with serve(Reply([b"there"], status=302, headers=headers)) as server:
            response = requests.get(server.url, hooks={"response": hook}, timeout=5)
    assert response.content == WHOLE
    assert len(response.history) == len(hook.recordings) == 1


def test_a_response_that_another_hook_has_read_is_recorded_whole(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)

    def reader(response: requests.Response, **_: object) -> None:
        assert response.content == WHOLE

    with serve(Reply(EVENTS, compress=True)) as server:
        requests.get(server.url, hooks={"response": [reader, hook]}, timeout=5)
    recording = load(hook.recordings[0])
    assert (recording.body, recording.end.reason) == (WHOLE, "eof")
    assert recording.header is not None
    assert recording.header.decoded == "gzip"


def test_an_adapter_without_urllib3_is_recorded_as_it_is_read(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path)
    with requests.Session() as session:
        session.mount("http://", CannedAdapter(200, "text/event-stream", WHOLE))
        with session.get("http://a.example/", stream=True, hooks={"response": hook}) as response:
            assert b"".join(response.iter_content(10)) == WHOLE
        session.get("http://a.example/", hooks={"response": hook})
    assert [load(path).body for path in hook.recordings] == [WHOLE] * 2
    assert {load(path).end.reason for path in hook.recordings} == {"eof"}


def test_a_response_of_urllib3_that_somebody_made_can_be_read(tmp_path: Path) -> None:
    class Made(CannedAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
            response = super().send(request)
            response.raw = urllib3.HTTPResponse(io.BytesIO(WHOLE), preload_content=False)
            return response

    hook = recording_hook(tmp_path)
    with requests.Session() as session:
        session.mount("http://", Made(200, "text/event-stream", b""))
        response = session.get("http://a.example/", hooks={"response": hook})
    assert response.content == WHOLE
    assert load(hook.recordings[0]).body == WHOLE


@pytest.mark.parametrize("request_body", [False, True])
@pytest.mark.parametrize("end", ["eof", "cut"])
def test_no_secret_is_in_any_file(end: str, request_body: bool, tmp_path: Path) -> None:
    hook = recording_hook(tmp_path, request_body=request_body)
    reply = (
        SECRETIVE if end == "eof" else Reply(SECRETIVE.pieces, 200, SECRETIVE.headers, end="cut")
    )
    with serve(reply) as server:
        url = secret_url(server.url)
        response = requests.post(
            url, json=BODY, headers=HEADERS, hooks={"response": hook}, stream=True, timeout=5
        )
        with response:
            try:
                assert b"DONE" in response.content
            except requests.RequestException:
                assert end == "cut"
        assert server.requests[0].count(b"canary") > 7
    check_no_secrets(tmp_path, request_body=request_body)


def test_a_folder_that_cannot_be_written_harms_nobody_and_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reports: list[str] = []
    hook = recording_hook(tmp_path / "file", on_error=reports.append)
    with serve(Reply(EVENTS)) as server, get(server.url, hook) as response:
        assert response.content == WHOLE
    assert hook.recordings == []
    assert len(reports) == 1


def test_threads_share_one_hook(tmp_path: Path) -> None:
    hook = recording_hook(tmp_path / "in")
    with serve(Reply(EVENTS)) as server:

        def run() -> None:
            with get(server.url, hook) as response:
                assert response.content == WHOLE

        in_threads(*[run] * 8)
    assert len(set(hook.recordings)) == 8
    assert {load(path).body for path in hook.recordings} == {WHOLE}


def uses_that_a_type_checker_accepts() -> None:
    """Never run: mypy reads it."""
    session = requests.Session()
    session.hooks["response"].append(recording_hook("recordings"))
    requests.get("http://a.example/", hooks={"response": recording_hook("r")}, timeout=5)
    requests.get("http://a.example/", hooks={"response": [recording_hook("r")]}, timeout=5)
    paths: list[Path] = recording_hook("r", all_responses=True, name=None).recordings
    assert paths
