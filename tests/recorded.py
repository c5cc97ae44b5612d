"""What recordings of the scripted origin must be, and how the tests of all clients ask for them."""

from __future__ import annotations

import base64
import statistics
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from origin import Origin, Served
from servers import Reply

from sseparse import Recording
from sseparse.recording import sidecar_path

EOLS = ["lf", "crlf", "cr"]
CODINGS = ["gzip", "deflate", "br", "zstd"]

NEAR = 0.005
"""Seconds that a recorded time may be away from the fact, in the median of a stream."""


def served(server: Origin, tag: str) -> Served:
    """Return the one response whose URL ends in this tag; wait until it is over."""
    deadline = time.monotonic() + 10
    while True:
        found = [one for one in server.served(0) if f"tag={tag} ".encode() in one.request]
        if found:
            return found[0]
        assert time.monotonic() < deadline, f"{tag} was not served"
        time.sleep(0.01)


def check_recording(path: Path, fact: Served, end: str = "eof") -> Recording:
    """Hold a recording against what the origin says it wrote, and when."""
    recording = load(path)
    assert [read.data for read in recording.reads] == [write.data for write in fact.writes]
    assert recording.header is not None
    assert recording.header.started is not None
    assert recording.header.headers_at is not None
    started = datetime.fromisoformat(recording.header.started).timestamp()
    sent_at = started - (time.time() - time.monotonic())
    delays = [
        sent_at + read.time - write.time
        for read, write in zip(recording.reads, fact.writes, strict=True)
    ]
    assert min(delays) > -0.001, "read before it was written"
    # Far less than if the times were those of the end; a busy machine has its share of that.
    assert statistics.median(delays) < max(NEAR, 0.3 * (fact.writes[-1].time - fact.writes[0].time))
    assert sent_at < fact.asked_at + 0.001
    assert sent_at + recording.header.headers_at > fact.headers_at - 0.001
    assert recording.end.reason == end
    return recording


def load(path: Path) -> Recording:
    """Load a recording that must have its times, and nothing odd about it."""
    recording = Recording.load(path)
    assert recording.timing == "sidecar"
    assert recording.warnings == ()
    return recording


def text_of(folder: Path) -> bytes:
    """Return all that was written into a folder, names of files too."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return b"\n".join([str(file).encode() + file.read_bytes() for file in files])


def in_threads(*calls: Callable[[], object]) -> None:
    """Run calls side by side, and raise what the first of them that fails raises."""
    errors: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def recorded_now(path: Path) -> bytes:
    """Return the bytes that are on disk already, and have their times there."""
    assert sidecar_path(path).read_bytes().count(b"\n[") > 0
    return path.read_bytes()


def has_first_read(recordings: list[Path]) -> bool:
    """Tell whether the first recording has a read by now."""
    return bool(recordings) and sidecar_path(recordings[0]).read_bytes().count(b"\n[") > 0


CANARIES = {
    "header": "canary-in-a-header",
    "cookie": "canary-in-a-cookie",
    "query": "canary-in-the-query",
    "user": "canary-user",
    "password": "canary-password",
    "body": "canary-in-the-body",
    "nested": "canary-further-in",
}
"""Secrets that must be in no file."""

HEADERS = {
    "Authorization": f"Bearer {CANARIES['header']}-1",
    "x-api-key": f"{CANARIES['header']}-2",
    "OpenAI-Organization": f"{CANARIES['header']}-3",
    "X-Custom": f"{CANARIES['header']}-4",
    "Accept": f"text/event-stream; {CANARIES['header']}-5",
    "Cookie": f"session={CANARIES['cookie']}",
}
BODY = {
    "model": "grok-beta",
    "api_key": CANARIES["body"],
    "tools": [{"type": "mcp", "authorization": CANARIES["nested"], "headers": {"X": "canary-x"}}],
}


SECRETIVE = Reply(
    [b'data: {"choices":[]}\n\n', b"data: [DONE]\n\n"],
    headers={
        "Set-Cookie": "session=canary-from-the-server",
        "openai-organization": "canary-of-somebody",
        "x-custom": "canary-in-a-response-header",
    },
)
"""An answer with secrets in its headers."""


def secret_url(url: str) -> str:
    """Return the URL with secrets wherever one can be."""
    who = f"{CANARIES['user']}:{CANARIES['password']}"
    return f"{url.replace('://', f'://{who}@')}?key={CANARIES['query']}&api-version=2026-01-01"


def check_no_secrets(folder: Path, *, request_body: bool) -> None:
    """See that something was recorded, and that no secret is in it."""
    written = text_of(folder)
    assert b"[DONE]" in written
    assert (b'"model":"grok-beta"' in written) == request_body
    assert b"canary" not in written
    assert base64.b64encode(f"{CANARIES['user']}:{CANARIES['password']}".encode()) not in written
    assert b"api-version=2026-01-01" in written
