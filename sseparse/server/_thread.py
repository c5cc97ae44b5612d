"""A replay server beside a program that is not asyncio's: in a thread, for as long as a block."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

from sseparse.recording import Request
from sseparse.recording._recorder import log_error
from sseparse.replay import Transforms
from sseparse.replay._given import Replayable, as_recordings
from sseparse.server._loop import new_event_loop
from sseparse.server._replay import ReplayServer, _ignore
from sseparse.server._stage import Limits, Played


@contextlib.contextmanager
def serve_in_thread(
    recordings: Replayable,
    *,
    transforms: Transforms = Transforms(),  # noqa: B008 (a value that never changes)
    host: str = "127.0.0.1",
    port: int = 0,
    cors: str | Sequence[str] = (),
    allow_request_faults: bool = False,
    limits: Limits = Limits(),  # noqa: B008 (likewise)
    on_message: Callable[[str], None] = log_error,
    on_response: Callable[[Played], None] = _ignore,
    on_request: Callable[[Request], None] = _ignore,
) -> Iterator[str]:
    r"""Serve recordings while the block runs; see ``ReplayServer`` for the options.

    What ``on_message``, ``on_response`` and ``on_request`` do is done in the thread of the server.

    Args:
        recordings: a recording or its path, the path of a folder, or several of these; or
            ``Recordings``.
        transforms: what is done to each before it is played.
        host: the address to listen at.
        port: 0 takes a free one.
        cors: the origin, or several, whose web pages may read the responses.
        allow_request_faults: let a request name faults.
        limits: what one client may take.
        on_message: is told in one line what went wrong with a request.
        on_response: is told of each response that is over.
        on_request: is given each request.

    Yields:
        The URL, without a slash at its end. What still runs at the end of the block is cut.

    Raises:
        OSError: a file cannot be read, or the address cannot be listened at.
        RecordingError: a folder has no recording, or one is damaged.
        ValueError: there is no recording at all; a transform is out of its range, or names an event
            that is not there; an origin is none that a browser sends; there is no such port.
        TypeError: what is given is neither a path nor a recording.

    >>> import urllib.request
    >>> from sseparse.recording import Recording
    >>> with serve_in_thread(Recording.from_bytes(b"data: 1\n\n")) as base_url:
    ...     urllib.request.urlopen(base_url + "/v1/chat/completions").read()
    b'data: 1\n\n'
    """
    server = ReplayServer(
        as_recordings(recordings),
        transforms=transforms,
        host=host,
        port=port,
        cors=cors,
        allow_request_faults=allow_request_faults,
        limits=limits,
        on_message=on_message,
        on_response=on_response,
        on_request=on_request,
    )
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()
    thread = threading.Thread(
        target=_run_in_loop, args=(server, ready), name="sseparse serve", daemon=True
    )
    thread.start()
    loop, stop, url = ready.result()
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run_in_loop(
    server: ReplayServer, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]]
) -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(server, ready))


async def _run(
    server: ReplayServer, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]]
) -> None:
    stop = asyncio.Event()
    try:
        url = await server.start()
    except BaseException as error:  # whatever it is, the one who waits is to have it
        ready.set_exception(error)
        return
    ready.set_result((asyncio.get_running_loop(), stop, url))
    await stop.wait()
    await server.stop(drain=False)
