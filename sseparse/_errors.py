"""Everything that sseparse raises, sorted by who can act on it.

::

    SSEError
    ├── EventTooLarge      (ValueError)    input over the cap
    ├── DecoderClosed      (RuntimeError)  feed() after close()
    ├── NotAnEventStream   (ValueError)    a response that is no event stream
    ├── TransferError                      no response at all: no such host, refused, TLS
    ├── AssemblyError      (ValueError)    a stream that breaks its protocol, with strict=True
    ├── NoSuchRecording    (LookupError)   a request that no recording answers
    ├── FaultError         (ValueError)    a fault that means nothing, or not for this stream
    └── RecordingError     (ValueError)    a recording that cannot be read
        └── UnsupportedVersion             ... because a newer sseparse wrote it

Each carries attributes, so that nobody has to take the message apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from sseparse._events import Item


class SSEError(Exception):
    """The base of all errors of this library."""


class EventTooLarge(SSEError, ValueError):
    """An event outgrew the decoder's ``max_event_size``.

    Attributes:
        limit: the cap in force, in bytes.
        size: bytes of the event seen when the cap was passed; the whole event may be larger.
        events: what the same ``feed`` had finished before it, so that nothing is lost.
    """

    def __init__(self, limit: int, size: int, events: Sequence[Item] = ()) -> None:
        super().__init__(limit, size)
        self.limit = limit
        self.size = size
        self.events = list(events)

    def __str__(self) -> str:
        return (
            f"an event of {self.size} bytes or more is over the limit of {self.limit}; "
            'raise max_event_size, or pass oversize="skip" to drop such events'
        )


class DecoderClosed(SSEError, RuntimeError):
    """``feed`` was called after ``close``: start a new ``Decoder`` for a new stream."""

    def __str__(self) -> str:
        return "this decoder is closed; make a new Decoder for a new stream"


class NotAnEventStream(SSEError, ValueError):
    """A response that is no event stream: an error status, or another content type.

    Attributes:
        status: the HTTP status code.
        headers: name and value pairs as received, names in lower case.
        body: the start of the body (64 KiB at most): for a 4xx the JSON people need to see.
    """

    def __init__(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        super().__init__(status, headers, body)
        self.status = status
        self.headers = list(headers)
        self.body = body

    def __str__(self) -> str:
        content_type = dict(self.headers).get("content-type", "none")
        start = self.body[:300].decode("utf-8", "replace").strip()
        return (
            f"expected status 200 and content type text/event-stream, "
            f"got {self.status} and {content_type}: {start or '(empty body)'}"
        )


class TransferError(SSEError):
    """A request that got no response: the host is not there, refused, or would not do TLS.

    Attributes:
        url: what was asked for, without user, password and the secrets of its query.
        reason: why, in words.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}"


class AssemblyError(SSEError, ValueError):
    """A finding of severity error, raised because ``strict=True`` was asked for.

    Attributes:
        protocol: the protocol the stream was read as, such as ``"openai-chat"``, or None.
        event_number: which event broke it, counted from 1; None at the end of the stream.
        code: the code of the finding, such as ``"incomplete"``.
    """

    def __init__(
        self, message: str, protocol: str | None, event_number: int | None, code: str
    ) -> None:
        super().__init__(message, protocol, event_number, code)
        self.message = message
        self.protocol = protocol
        self.event_number = event_number
        self.code = code

    def __str__(self) -> str:
        where = "end of stream" if self.event_number is None else f"event {self.event_number}"
        return f"{where}: {self.message} [{self.code}]"


class NoSuchRecording(SSEError, LookupError):
    """A request that no recording answers.

    Attributes:
        nearest: the name of the recording that comes nearest, or None.
        difference: what it has otherwise, in words; empty where only the name is another.
    """

    def __init__(self, message: str, nearest: str | None, difference: str = "") -> None:
        super().__init__(message, nearest, difference)
        self.message = message
        self.nearest = nearest
        self.difference = difference

    def __str__(self) -> str:
        if self.nearest is None:
            return self.message
        difference = f": {self.difference}" if self.difference else ""
        return f"{self.message}; the nearest is {self.nearest}{difference}"


class FaultError(SSEError, ValueError):
    """A fault that cannot be understood, or that the stream gives no occasion for.

    Attributes:
        fault: as it was written, such as ``"cut@event=900"``.
        reason: what is wrong with it.
    """

    def __init__(self, fault: str, reason: str) -> None:
        super().__init__(fault, reason)
        self.fault = fault
        self.reason = reason

    def __str__(self) -> str:
        fault = self.fault if len(self.fault) <= 100 else self.fault[:99] + "…"
        return f"fault {fault!r}: {self.reason}"


class RecordingError(SSEError, ValueError):
    """A recording that cannot be read.

    Attributes:
        path: the file at fault.
        line: the line at fault, counted from 1, or None where no single line is.
    """

    def __init__(self, message: str, path: str, line: int | None = None) -> None:
        super().__init__(message, path, line)
        self.message = message
        self.path = path
        self.line = line

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"


class UnsupportedVersion(RecordingError):
    """A timing file of a version newer than this sseparse knows.

    Attributes:
        version: the version the file says it has.
    """

    def __init__(self, path: str, version: int, newest: int) -> None:
        super().__init__(
            f"timing format version {version} is newer than {newest}, the newest known here; "
            "update sseparse",
            path,
            1,
        )
        self.version = version
