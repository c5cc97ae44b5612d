"""An ASGI app that answers out of recordings: to be mounted in an app of Starlette or FastAPI.

It is a plain function of the ASGI specification, and needs no framework. While it waits for what is
due next it listens for the client going away, which is the same wait: no task runs beside.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from sseparse._errors import NoSuchRecording
from sseparse.http._playback import AS_RECORDED, Playback, Replays
from sseparse.recording import Request
from sseparse.replay import Ending, Transforms
from sseparse.replay._given import Replayable

# ASGI's own: what is in these depends on their type, and every framework has them as Any.
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

TIMER = 0.0005
"""Seconds: an event loop meets timers up to a millisecond late, so they are set half earlier."""

LARGEST_REQUEST = 64 * 2**20
"""Bytes of a request's body that are looked at; no provider takes larger ones."""


def replay_app(recordings: Replayable, *, transforms: Transforms = AS_RECORDED) -> ASGIApp:
    """Return an ASGI app that answers every request out of recordings, in the recorded times.

    Mount it wherever you like, or run it by itself::

        app = starlette.applications.Starlette()
        app.mount("/openai", replay_app("recordings"))

    Which recording answers is told as to ``ReplayTransport``; the path is compared with and without
    the one it is mounted at. What none answers gets status 404, and JSON in the form of OpenAI's
    errors that says which is nearest. A client that goes away ends its stream.

    ASGI has no way to reset a connection, so a stream that was reset ends like one that was cut:
    the app returns before the body is complete, whereupon the server closes the connection.

    Args:
        recordings: a recording or its path, the path of a folder, or several of these.
        transforms: what is done to each before it is played.

    Raises:
        OSError, RecordingError, ValueError: see ``ReplayTransport``.
    """
    replays = _App(recordings, transforms=transforms)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await replays.respond(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003, "reason": "no WebSockets here"})

    return app


async def _live(receive: Receive, send: Send) -> None:
    while (event := (await receive())["type"]) != "lifespan.shutdown":
        await send({"type": f"{event}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


class _App(Replays):
    async def respond(self, scope: Message, receive: Receive, send: Send) -> None:
        start = asyncio.get_running_loop().time()
        body = await _body(receive)
        if body is None:
            return
        if len(body) > LARGEST_REQUEST:
            said = {"message": f"the request is over {LARGEST_REQUEST} bytes"}
            await _refuse(413, said, send)
            return
        try:
            playback = self._answer_at_either_path(scope, body)
        except NoSuchRecording as error:
            nearest = {"nearest": error.nearest, "difference": error.difference}
            await _refuse(404, {"message": str(error), **nearest}, send)
            return
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await _play(playback, start, gone, send)
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)

    def _answer_at_either_path(self, scope: Message, body: bytes) -> Playback:
        whole, inside = _paths(scope)
        try:
            return self._answer(_request(scope, whole, body))
        except NoSuchRecording:
            if inside == whole:
                raise
        return self._answer(_request(scope, inside, body))


def _paths(scope: Message) -> tuple[str, str]:
    """Return the path of a request as the client has it, and from where the app is mounted.

    Frameworks do not agree on whether ``path`` includes ``root_path``; ASGI says it does.

    >>> _paths({"path": "/openai/v1/models", "root_path": "/openai"})
    ('/openai/v1/models', '/v1/models')
    """
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    if root and (path == root or path.startswith(f"{root}/")):
        return path, path[len(root) :] or "/"
    return f"{root}{path}", path


def _request(scope: Message, path: str, body: bytes) -> Request:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    query = scope.get("query_string", b"").decode("latin-1")
    return Request(scope["method"], f"{path}?{query}" if query else path, headers, body)


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, or the start of one that is too large; None: it is gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_REQUEST or not message.get("more_body"):
            return b"".join(parts)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _play(playback: Playback, start: float, gone: asyncio.Future[None], send: Send) -> None:
    """Send a response as it is due, until the client is gone."""
    head = {"status": playback.status, "headers": [list(pair) for pair in playback.headers]}
    if await _left(gone, start + playback.head_at):
        return
    await send({"type": "http.response.start", **head})
    for read in playback.reads:
        if await _left(gone, start + read.time):
            return
        await send({"type": "http.response.body", "body": read.data, "more_body": True})
    silent = playback.ending is Ending.SILENCE
    if await _left(gone, math.inf if silent else start + playback.ends_at):
        return
    if playback.ending is Ending.FINISH:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(gone: asyncio.Future[None], deadline: float) -> bool:
    """Wait until something is due; return whether the client has gone away meanwhile."""
    early = deadline - asyncio.get_running_loop().time()
    if early > TIMER:
        await asyncio.wait({gone}, timeout=None if early == math.inf else early - TIMER)
    else:
        await asyncio.sleep(0)  # at full speed too, others have their turn
    return gone.done()


async def _refuse(status: int, said: Mapping[str, object], send: Send) -> None:
    """Answer with an error in the form of OpenAI's, which SDKs show."""
    body = json.dumps({"error": {"type": "invalid_request_error", **said}}).encode()
    headers = [[b"content-type", b"application/json"], [b"content-length", b"%d" % len(body)]]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
