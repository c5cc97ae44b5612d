"""A hook for requests that records event streams as the client reads them.

requests calls its response hooks when the head of a response is there and the body is not. The
hook then puts another response of urllib3 between requests and the one that has the connection: an
ordinary one, which decompresses and cuts and buffers as urllib3 does for whoever asks. Only the
file it reads from is ours. That takes from the network whatever has come, one read after the other
with ``read1``, has each recorded as it came, and hands out of it what is asked for.

Neither requests nor urllib3 is imported here: who has a response has both.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sseparse._reads import READ_SIZE
from sseparse.http._recorded import RecordedBody, RecordsResponses
from sseparse.recording import Request

if TYPE_CHECKING:
    _AnyClass = Any
else:
    _AnyClass = object


class recording_hook(RecordsResponses):  # noqa: N801 (called like a function, as contextlib.closing)
    """A response hook for requests that records event streams.

    For a session, or for one request::

        session.hooks["response"].append(recording_hook("recordings"))
        requests.post(url, json=body, stream=True, hooks={"response": recording_hook("recordings")})

    Times are those at which the client reads, so read as it comes: with ``stream=True`` and
    ``sseparse.iter_events(response)``. All else that reads a response of requests works as it does
    without the hook. What the server compresses is recorded decompressed; a hook sees no request,
    so ask for none yourself: ``session.headers["Accept-Encoding"] = "identity"``.

    Attributes:
        recordings: the files of the bodies that were begun so far.

    >>> hook = recording_hook("recordings", all_responses=True)
    >>> hook.recordings
    []
    """

    def __call__(self, response: Any, *args: object, **kwargs: object) -> None:
        """Take a ``requests.Response`` whose body is still to come; one that is here, all of it."""
        sent_at = self._now() - response.elapsed.total_seconds()
        raw = response.raw
        content = response.content if response._content_consumed else None
        through = isinstance(raw, sys.modules["urllib3"].HTTPResponse)
        if through and not hasattr(raw, "read1"):
            self._report_once("recording needs urllib3 2.1 or later: pip install -U urllib3")
            return
        headers = (through and raw.headers) or response.headers  # the former has repeated ones
        body = self._begin(
            request_of(response.request),
            response.status_code,
            [(str(name), str(value)) for name, value in headers.items()],
            sent_at=sent_at,
            raw=content is None,
        )
        if body is None:
            return
        if content is not None:
            body.read(content)
            body.end()
        elif through:
            response.raw = _recorded(raw, body, response.request.method)
        else:
            response.raw = _File(raw, body)


def request_of(request: Any) -> Request:
    """Return what a ``requests.PreparedRequest`` asks for."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    return Request(
        request.method or "",
        request.url or "",
        [(_text(name), _text(value)) for name, value in request.headers.items()],
        body if isinstance(body, bytes) else None,
    )


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Network:
    """A file that gives what comes from the network, and has it recorded first.

    ``read`` waits for all that is asked for, as http.client's does; ``read1`` never waits while
    there is something.
    """

    def __init__(self, raw: Any, body: RecordedBody) -> None:
        self._raw, self._body = raw, body
        # A response that somebody made, for a test, may have a file that cannot do better.
        prompt = hasattr(getattr(raw, "_fp", None), "read1")
        self._read = raw.read1 if prompt else raw.read
        self._rest = memoryview(b"")
        self._ended = False

    def read1(self, size: int | None = -1) -> bytes:
        if not self._rest:
            self._fetch()
        end = len(self._rest) if size is None or size < 0 else size
        data, self._rest = bytes(self._rest[:end]), self._rest[end:]
        return data

    def read(self, size: int | None = -1) -> bytes:
        missing = sys.maxsize if size is None or size < 0 else size
        parts = []
        while missing and (data := self.read1(min(missing, READ_SIZE))):
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _fetch(self) -> None:
        if self._ended:
            return
        try:
            data = self._read(READ_SIZE, decode_content=False)
        except BaseException as error:
            self._ended = True
            self._body.end(error)
            raise
        self._rest = memoryview(data or b"")
        if data:
            self._body.read(data)
        if not data or self._raw.closed or self._raw.length_remaining == 0:
            # The end of a body whose length is known is there with its last byte, and nobody may
            # ask for more.
            self._ended = True
            self._body.end()

    def close(self) -> None:
        self._rest = memoryview(b"")
        self._ended = True
        self._body.close()
        self._raw.close()

    @property
    def closed(self) -> bool:
        return not self._rest and (self._ended or self._raw.closed)

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number


class _Recorded(_AnyClass):  # type: ignore[misc]
    """What a response of urllib3 that reads from such a file does in another way."""

    _inner: Any = None

    def read_chunked(
        self, amt: int | None = None, decode_content: bool | None = None
    ) -> Iterator[bytes]:
        # HTTP chunks are given as they come, as urllib3 gives those that it reads itself.
        if not self.chunked:
            yield from super().read_chunked(amt, decode_content)  # which raises
        while data := self.read1(amt, decode_content):
            yield data

    def supports_chunked_reads(self) -> bool:
        return bool(self._inner.supports_chunked_reads())

    def close(self) -> None:
        super().close()
        self._inner.close()

    def release_conn(self) -> None:
        self._inner.release_conn()

    def shutdown(self) -> None:
        self._inner.shutdown()

    @property
    def _connection(self) -> Any:
        # Always whose it is now: a connection that is back in the pool may be somebody else's.
        return None if self._inner is None else self._inner._connection

    @_connection.setter
    def _connection(self, connection: object) -> None:
        pass


@functools.cache
def _recorded_class(base: type) -> Any:
    return type("RecordedHTTPResponse", (_Recorded, base), {})


def _recorded(raw: Any, body: RecordedBody, method: str | None) -> Any:
    """Return a response of urllib3 that reads from another."""
    options = {"version_string": raw.version_string} if hasattr(raw, "version_string") else {}
    response = _recorded_class(sys.modules["urllib3"].HTTPResponse)(
        body=_Network(raw, body),
        headers=raw.headers,
        status=raw.status,
        version=raw.version,
        reason=raw.reason,
        preload_content=False,
        decode_content=raw.decode_content,
        original_response=raw._original_response,  # which requests takes the cookies from
        pool=raw._pool,
        msg=raw.msg,
        retries=raw.retries,
        enforce_content_length=raw.enforce_content_length,
        request_method=method,
        request_url=raw.geturl(),
        auto_close=raw.auto_close,
        **options,
    )
    response._inner = raw
    return response


class _File:
    """The body of an adapter that is not made with urllib3: what it reads is what is recorded."""

    def __init__(self, raw: Any, body: RecordedBody) -> None:
        self._raw, self._body = raw, body

    def read(self, *size: int | None) -> bytes:
        try:
            data: bytes = self._raw.read(*size)
        except BaseException as error:
            self._body.end(error)
            raise
        self._body.read(data)
        if size != (0,) and (not data or not size or size[0] is None or size[0] < 0):
            self._body.end()
        return data

    def close(self) -> None:
        self._body.close()
        self._raw.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)
