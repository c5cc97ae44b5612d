"""A folder that recordings go to, one for each response, named by time, path and model.

This is what stands behind everything that records without being told a file: the transports, the
hooks and the proxy. Which responses are recorded is decided here, once for all of them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import msgspec

from sseparse.recording._git import write_attributes
from sseparse.recording._keys import hide_keys
from sseparse.recording._recorder import Recorder, Report, log_error
from sseparse.recording._redaction import Headers, Request, kept_url

LONGEST_NAME = 120
"""Characters of a file name, of the 255 that file systems take."""

LARGEST_BODY = 64 * 2**20
"""Bytes of a request body that are looked at for the model; no provider takes larger ones."""


class _Body(msgspec.Struct):
    model: str = ""


def _file_name(name: str | None) -> str | None:
    """Return the name of a file, without the ending that every recording gets.

    Raises:
        ValueError: there is a folder in it.
    """
    if name is not None and ("/" in name or "\\" in name or name in (".", "..")):
        raise ValueError(f"name is {name!r}; it names a file, and the folder is given apart")
    return name and name.removesuffix(".txt")


@attrs.frozen
class RecordingFolder:
    """Where recordings go, and which responses are recorded.

    Attributes:
        path: the folder; it is made when the first recording is.
        all_responses: record responses that are no event streams too.
        request_body: keep the JSON bodies of requests, less their credentials.
        name: what the files are called in place of time, path and model; the second recording gets
            ``-2`` behind it.
        on_error: is told, in one line, when a recording ends early or cannot begin.
        clock: returns the present, in seconds from anywhere.
    """

    path: Path = attrs.field(converter=Path)
    all_responses: bool = False
    request_body: bool = False
    name: str | None = attrs.field(default=None, converter=_file_name)
    on_error: Report = log_error
    clock: Callable[[], float] = time.monotonic

    def record(
        self,
        request: Request,
        status: int,
        headers: Headers,
        *,
        sent_at: float,
        raw: bool = True,
    ) -> Recorder | None:
        """Begin the recording of a response whose head has just come.

        Args:
            request: what was asked; its body is looked at for the model, if it is given.
            status: the HTTP status code.
            headers: of the response.
            sent_at: when the request was sent, by the folder's clock.
            raw: see ``Recorder.response``.

        Returns:
            The recorder, or None: the response is none to be recorded, or no file could be opened,
            which ``on_error`` has been told then.
        """
        pairs = list(headers)
        if not (self.all_responses or is_event_stream(pairs)):
            return None
        at = self.clock() - sent_at
        try:
            recorder = self._open(request, sent_at)
        except OSError as error:
            self.on_error(
                f"{error.filename or self.path}: {error.strerror}; the response is not recorded"
            )
            return None
        recorder.response(status, pairs, at=at, raw=raw)
        return recorder

    def make(self) -> None:
        """Make the folder now, and tell git to keep its hands off what will be in it.

        Raises:
            OSError: it cannot be made.
        """
        if not self.path.is_dir():
            self._mkdir()
            write_attributes(self.path)

    def _open(self, request: Request, sent_at: float) -> Recorder:
        if not self.path.is_dir():
            self._mkdir()
            # git takes its time to say what it does with files, and a stream is waiting.
            threading.Thread(target=write_attributes, args=(self.path,)).start()
        sent = datetime.fromtimestamp(time.time() - (self.clock() - sent_at), UTC)
        stem = self.name or recording_name(request, sent)
        number = 1
        while True:
            suffix = "" if number == 1 else f"-{number}"
            try:
                return Recorder(
                    self.path / f"{stem}{suffix}.txt",
                    request=request,
                    request_body=self.request_body,
                    sent_at=sent_at,
                    clock=self.clock,
                    on_error=self.on_error,
                )
            except FileExistsError:
                number += 1

    def _mkdir(self) -> None:
        self.path.mkdir(parents=True, mode=0o700, exist_ok=True)


def is_event_stream(headers: Headers) -> bool:
    """Tell whether headers say ``text/event-stream``, in any case and with any parameters.

    >>> is_event_stream([("Content-Type", "text/event-stream; charset=utf-8")])
    True
    """
    for name, value in headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower() == "text/event-stream"
    return False


def recording_name(request: Request, sent: datetime) -> str:
    """Return the name of a recording, without an ending.

    >>> request = Request("POST", "https://a.example/v1/chat/completions", body=b'{"model":"m/x"}')
    >>> recording_name(request, datetime(2026, 11, 26, 7, 11, 56, 123456, UTC))
    '20261126T071156.123Z-v1-chat-completions-m-x'
    """
    stamp = sent.strftime("%Y%m%dT%H%M%S.") + f"{sent.microsecond // 1000:03d}Z"
    parts = [stamp, _slug(urlsplit(kept_url(request.url)).path), _slug(model_of(request.body))]
    return "-".join(part for part in parts if part)[:LONGEST_NAME].rstrip("-.")


def model_of(body: bytes | None) -> str:
    """Return the model that a request asks for, ``""`` where it names none.

    >>> model_of(b'{"model":"grok-beta","stream":true}')
    'grok-beta'
    """
    if not body or len(body) > LARGEST_BODY:
        return ""
    try:
        return hide_keys(msgspec.json.decode(body, type=_Body).model)
    except (ValueError, RecursionError):
        return ""


def _slug(text: str) -> str:
    """Return what of a text can stand in a file name on every system."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")[: LONGEST_NAME // 2]
