"""What the transports, the hook and the middleware share: a folder, and a body that goes by.

Whether a response is recorded, and under which name, is ``RecordingFolder``'s affair; here its
answers are kept from doing harm. The client's stream comes first: whatever goes wrong with a
recording is told to ``on_error``, and nothing is raised into the client.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from sseparse.recording import Recorder, Request
from sseparse.recording._ends import end_reason
from sseparse.recording._folder import RecordingFolder
from sseparse.recording._recorder import Report, log_error
from sseparse.recording._redaction import Headers


class RecordsResponses:
    """Records the responses that come by into a folder, one recording each.

    Attributes:
        recordings: the files of the bodies that were begun so far, in the order their responses
            came; ``Recording.load`` reads one as soon as its stream has ended, or was closed.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        all_responses: bool = False,
        request_body: bool = False,
        name: str | None = None,
        on_error: Report = log_error,
    ) -> None:
        """Remember where recordings go; nothing is written before there is one.

        Args:
            folder: where the recordings go; it is made with the first one.
            all_responses: record responses that are no event streams too.
            request_body: keep the JSON bodies of requests, less their credentials.
            name: what the files are called in place of time, path and model; the second recording
                gets ``-2`` behind it.
            on_error: is told, in one line, when a recording ends early or cannot begin. By default
                the logger ``sseparse`` is. The stream goes on, whatever it does.

        Raises:
            ValueError: there is a folder in ``name``.
        """
        self.recordings: list[Path] = []
        self._report_to = on_error
        self._reported: set[str] = set()
        self._lock = threading.Lock()
        self._folder = RecordingFolder(
            Path(folder),
            all_responses=all_responses,
            request_body=request_body,
            name=name,
            on_error=self._report,
        )

    def _now(self) -> float:
        return self._folder.clock()

    def _begin(
        self,
        request: Request,
        status: int,
        headers: Headers,
        *,
        sent_at: float,
        raw: bool = True,
        length: int | None = None,
    ) -> RecordedBody | None:
        """Begin a recording, if this response is one to be recorded; see ``RecordingFolder``.

        Args:
            request: what was asked.
            status: the HTTP status code.
            headers: of the response.
            sent_at: when the request was sent, by ``_now``.
            raw: the bytes will be those of the network; else the library has decompressed them.
            length: how many bytes the body has on the network, where that is known.
        """
        try:
            # Two threads must not both make the folder, or take the same name.
            with self._lock:
                recorder = self._folder.record(request, status, headers, sent_at=sent_at, raw=raw)
        except Exception as error:  # a recording is never worth the stream
            self._report(
                f"{self._folder.path}: {type(error).__name__}: {error}; "
                "the response is not recorded"
            )
            return None
        if recorder is None:
            return None
        self.recordings.append(recorder.path)
        return RecordedBody(recorder, length)

    def _report_once(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self._report(message)

    def _report(self, message: str) -> None:
        try:
            self._report_to(message)
        except Exception:  # it runs in the midst of the client's stream
            logging.getLogger("sseparse").exception("on_error could not take: %s", message)


class RecordedBody:
    """A body on its way to the client, told of read by read. It raises nothing.

    What ends it first is how the recording ends; all that is told later is ignored.
    """

    def __init__(self, recorder: Recorder, length: int | None = None) -> None:
        """Take over a recorder that has the head of the response.

        Args:
            recorder: what to tell.
            length: how many bytes ``read`` will be given if the body comes whole, if that is known.
        """
        self._recorder = recorder
        self._missing = length

    def read(self, data: bytes) -> None:
        """Record what one network read brought."""
        self._recorder.write(data)
        if self._missing is not None:
            self._missing -= len(data)

    def end(self, error: BaseException | None = None) -> None:
        """End the recording with the end of the body, or with the exception that took its place."""
        reason = end_reason(error)
        if reason == "client_closed":
            self.close()
        else:
            message = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else None
            self._recorder.close(reason, error=message)

    def close(self) -> None:
        """End the recording because the client reads no further.

        That is how many clients leave a stream, whose last event says that it is the last. Whether
        the end of the body is there too could be told by waiting for it, which nobody asked for;
        so it counts only where it is known: by ``content-length``.
        """
        self._recorder.close("eof" if self._missing == 0 else "client_closed")


def body_length(headers: Headers) -> int | None:
    """Return the length of a body on the network as its headers tell, or None.

    >>> body_length([("Content-Length", "5")]), body_length([("Content-Length", "5, 5")])
    (5, None)
    >>> body_length([("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
    """
    values = {name.lower(): value for name, value in headers}
    length = values.get("content-length", "")
    known = length.isascii() and length.isdigit() and "transfer-encoding" not in values
    return int(length) if known else None
