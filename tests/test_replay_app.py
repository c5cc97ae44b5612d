"""The ASGI app that answers out of recordings, mounted in Starlette and served by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import uvicorn
from recorded import load
from replayed import PIECES, asked, check_times, timed
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import sseparse
from sseparse import Recording
from sseparse.http import RecordingTransport, replay_app
from sseparse.http._replay_app import LARGEST_REQUEST
from sseparse.replay import Recordings, Transforms


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an app with uvicorn in a thread; give its base URL."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="auto")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


async def hello(request: StarletteRequest) -> PlainTextResponse:
    return PlainTextResponse("hello")


@contextlib.contextmanager
def mounted(recordings: Any, **options: Any) -> Iterator[str]:
    """Serve an app of Starlette that has a page of its own, and recordings at /openai."""
    replay = replay_app(recordings, transforms=Transforms(**options))
    with served(Starlette(routes=[Route("/hello", hello), Mount("/openai", replay)])) as url:
        yield url


def test_each_read_is_sent_when_it_is_due_beside_the_apps_own_pages() -> None:
    recording = timed()
    with mounted(recording) as url, httpx2.Client() as client:
        assert client.get(f"{url}/hello").text == "hello"

        def play() -> list[float]:
            start = time.monotonic()
            with client.stream("POST", f"{url}/openai/v1/chat/completions", json={}) as response:
                arrived = [(time.monotonic() - start, data) for data in response.iter_raw()]
            assert response.headers["content-type"] == "text/event-stream"
            assert [data for _, data in arrived] == list(PIECES)
            return [at for at, _ in arrived]

        check_times(recording, play)


def test_recorded_replayed_and_recorded_again_it_is_the_same(tmp_path: Path) -> None:
    original = timed(*[b"data: %d\n\n" % number for number in range(20)])
    turns = itertools.count(1)

    def again(recording: Recording) -> Recording:
        folder = tmp_path / str(next(turns))
        transport = RecordingTransport(folder, name="again")
        with mounted(recording) as url, httpx2.Client(transport=transport) as client:
            client.get(f"{url}/hello")  # the connection is there
            client.post(f"{url}/openai/v1/chat/completions", json={})
        recorded = load(folder / "again.txt")
        assert [read.data for read in recorded.reads] == [read.data for read in original.reads]
        assert recorded.end.reason == "eof"
        return recorded

    check_times(original, lambda: [read.time for read in again(original).reads])
    first = again(original)
    check_times(first, lambda: [read.time for read in again(first).reads])


def test_the_path_counts_with_and_without_where_the_app_is_mounted() -> None:
    recordings = Recordings(
        {
            "inside": timed(b"data: in\n\n", request=asked("https://a.example/v1/inside")),
            "whole": timed(b"data: out\n\n", request=asked("https://a.example/openai/v1/whole")),
        }
    )
    with mounted(recordings) as url:
        assert httpx2.post(f"{url}/openai/v1/inside").content == b"data: in\n\n"
        assert httpx2.post(f"{url}/openai/v1/whole").content == b"data: out\n\n"
        assert httpx2.get(f"{url}/openai/x?recording=whole").content == b"data: out\n\n"


def test_what_nothing_answers_is_a_404_that_names_the_nearest() -> None:
    other = timed(request=asked("https://provider.example/v1/messages"))
    with mounted(Recordings({"hello.txt": other})) as url:
        client = openai.OpenAI(api_key="none", base_url=f"{url}/openai/v1", max_retries=0)
        with client, pytest.raises(openai.NotFoundError, match="it answers /v1/messages") as error:
            client.chat.completions.create(model="m", messages=[], stream=True)
    assert isinstance(error.value.body, dict)
    assert error.value.body["nearest"] == "hello.txt"


def test_openai_reads_through_the_app_what_assemble_reads(fixtures_dir: Path) -> None:
    path = fixtures_dir / "xai-grok-beta.txt"
    with mounted(path, speed=float("inf")) as url:
        client = openai.OpenAI(api_key="none", base_url=f"{url}/openai/v1", max_retries=0)
        with client:
            stream = client.chat.completions.create(model="m", messages=[], stream=True)
            text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert text == sseparse.assemble(Recording.load(path)).content != ""


@pytest.mark.parametrize("end", ["truncated", "reset"])
def test_a_stream_that_broke_is_not_completed(end: str) -> None:
    with mounted(timed(end=end)) as url:
        with (
            httpx2.Client() as client,
            client.stream("POST", f"{url}/openai/v1/chat/completions") as response,
        ):
            reads = response.iter_raw()
            assert [next(reads) for _ in PIECES] == list(PIECES)
            with pytest.raises(httpx2.RemoteProtocolError, match="incomplete chunked read"):
                next(reads)
        assert httpx2.get(f"{url}/hello").text == "hello"


def test_silence_is_the_clients_timeout() -> None:
    with mounted(timed(end="timeout")) as url, pytest.raises(httpx2.ReadTimeout):
        httpx2.post(f"{url}/openai/v1/chat/completions", timeout=0.3)


def test_a_head_request_and_a_wrong_status_are_answered_as_http_has_it() -> None:
    with mounted(timed(), faults="status:529") as url:
        response = httpx2.post(f"{url}/openai/v1/chat/completions")
        assert response.status_code == 529
        assert httpx2.head(f"{url}/openai/v1/chat/completions").content == b""


def test_the_app_can_be_served_by_itself() -> None:
    with served(replay_app(timed())) as url:
        assert httpx2.post(f"{url}/v1/chat/completions").content == b"".join(PIECES)


def test_a_client_that_goes_away_ends_its_stream() -> None:
    ended = threading.Event()
    replay = replay_app(timed(end="timeout"))

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        try:
            await replay(scope, receive, send)
        finally:
            if scope["type"] == "http":
                ended.set()

    with served(watched) as url:
        with httpx2.stream("POST", f"{url}/v1/chat/completions") as response:
            reads = response.iter_raw()
            assert next(reads) == PIECES[0]
            assert not ended.is_set()
        assert ended.wait(5)


def run_app(scope: dict[str, Any], *received: dict[str, Any]) -> list[dict[str, Any]]:
    """Call the app with what is received; return what it sent."""
    sent = []
    waiting = iter(received)

    async def receive() -> dict[str, Any]:
        message = next(waiting, None)
        if message is None:
            await asyncio.sleep(3600)
        assert message is not None
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        await replay_app(timed())(scope, receive, send)

    asyncio.run(run())
    return sent


HTTP = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}


def test_a_client_that_is_gone_before_its_request_is_whole_is_sent_nothing() -> None:
    part = {"type": "http.request", "body": b"{", "more_body": True}
    assert run_app(HTTP, part, {"type": "http.disconnect"}) == []


def test_a_request_larger_than_any_is_not_gathered_in_memory() -> None:
    part = {"type": "http.request", "body": bytes(LARGEST_REQUEST // 2 + 1), "more_body": True}
    sent = run_app(HTTP, part, part)
    assert sent[0]["status"] == 413


def test_a_websocket_is_closed_at_once() -> None:
    assert run_app({"type": "websocket"})[0]["type"] == "websocket.close"
