"""Transports for httpx2 and httpx that record event streams on their way to the client.

A transport is what a client sends through, so one works inside everything that is built on these
clients, the SDKs of OpenAI and Anthropic among it. It wraps another one and changes two things:
the request asks for a body that is not compressed, and the stream of a response to be recorded is
put into one that tells the recorder of each read before it passes it on, the same object, at once.

The two libraries have the same classes under the same names. Which of them is in use shows in the
request, so neither is imported here.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from sseparse.http._httpx import Sent, library_of, no_such_attribute, stream_class
from sseparse.http._recorded import RecordedBody, RecordsResponses, body_length
from sseparse.recording import Request
from sseparse.recording._recorder import Report, log_error

if TYPE_CHECKING:
    # To type checkers both transports are any class that is wanted: BaseTransport of httpx2, and
    # that of httpx, of which a user has one, the other or both.
    _AnyClass = Any
else:
    _AnyClass = object


class SyncTransport(Protocol):
    """A ``BaseTransport`` of httpx2 or httpx."""

    def handle_request(self, request: Any, /) -> Any:
        """Send a request, and return the response with its body still to be read."""

    def close(self) -> None:
        """Close all connections."""


class AsyncTransport(Protocol):
    """An ``AsyncBaseTransport`` of httpx2 or httpx."""

    async def handle_async_request(self, request: Any, /) -> Any:
        """Send a request, and return the response with its body still to be read."""

    async def aclose(self) -> None:
        """Close all connections."""


class _Records(RecordsResponses):
    """What the two transports share: all but the sending and the closing."""

    _default_class: str

    def __init__(
        self,
        folder: str | os.PathLike[str],
        transport: SyncTransport | AsyncTransport | None,
        *,
        all_responses: bool,
        request_body: bool,
        name: str | None,
        on_error: Report,
    ) -> None:
        super().__init__(
            folder,
            all_responses=all_responses,
            request_body=request_body,
            name=name,
            on_error=on_error,
        )
        self._wrapped: Any = transport
        self._defaults: dict[str, Any] = {}  # one for each library, by its name
        self._making = threading.Lock()

    def _transport_for(self, request: Any) -> Any:
        if self._wrapped is not None:
            return self._wrapped
        library = library_of(request)
        with self._making:
            if library.__name__ not in self._defaults:
                self._defaults[library.__name__] = getattr(library, self._default_class)()
        return self._defaults[library.__name__]

    def _record(self, request: Any, response: Any, sent_at: float) -> RecordedBody | None:
        """Begin to record a response whose body is still to come; one that is here, all of it."""
        headers = response.headers.multi_items()
        content = _content(response)
        body = self._begin(
            Request(
                request.method, str(request.url), request.headers.multi_items(), _content(request)
            ),
            response.status_code,
            headers,
            sent_at=sent_at,
            raw=content is None,
            length=body_length(headers),
        )
        if body is not None and content is not None:  # no network, as in tests, or a cache
            body.read(content)
            body.end()
            return None
        return body


class RecordingTransport(_Records, _AnyClass):  # type: ignore[misc]
    r"""A transport for ``Client`` of httpx2 and of httpx that records event streams.

    Each response that is an event stream becomes a recording, unless its folder cannot be written:
    then ``on_error`` is told, and the client notices nothing. Requests are sent with
    ``accept-encoding: identity``; what a server compresses all the same reaches the client as it
    came, and the recording decompressed. A client that closes a response before its end has been
    read, as the SDK of OpenAI does after ``[DONE]``, leaves a whole recording that ends with
    ``"client_closed"``.

    A client that is given a transport leaves to it what else it would see to: certificates
    (``verify=``, ``cert=``), HTTP/2, limits, and the proxies of the environment. Where you need
    those, wrap a transport that is told so, like ``httpx2.HTTPTransport(http2=True)``.

    Attributes:
        recordings: the files of the bodies that were begun so far.

    >>> import tempfile, httpx2
    >>> from sseparse import Recording
    >>> def answer(request: httpx2.Request) -> httpx2.Response:
    ...     return httpx2.Response(
    ...         200, headers={"content-type": "text/event-stream"}, content=iter([b"data: 1\n\n"])
    ...     )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     transport = RecordingTransport(folder, httpx2.MockTransport(answer))
    ...     with httpx2.Client(transport=transport) as client:
    ...         text = client.get("https://a.example/v1/chat/completions").text
    ...     recording = Recording.load(transport.recordings[0])
    >>> recording.body, recording.end.reason
    (b'data: 1\n\n', 'eof')
    """

    _default_class = "HTTPTransport"

    def __init__(
        self,
        folder: str | os.PathLike[str],
        transport: SyncTransport | None = None,
        *,
        all_responses: bool = False,
        request_body: bool = False,
        name: str | None = None,
        on_error: Report = log_error,
    ) -> None:
        """Wrap a transport.

        Args:
            folder: where the recordings go; it is made with the first one.
            transport: what sends the requests; None: the ``HTTPTransport`` of the client's library.
            all_responses: record responses that are no event streams too.
            request_body: keep the JSON bodies of requests, less their credentials.
            name: what the files are called in place of time, path and model; the second recording
                gets ``-2`` behind it.
            on_error: is told, in one line, when a recording ends early or cannot begin.
        """
        super().__init__(
            folder,
            transport,
            all_responses=all_responses,
            request_body=request_body,
            name=name,
            on_error=on_error,
        )

    def handle_request(self, request: Any) -> Any:
        """Send a request of httpx2 or httpx, and return its response, whose body is recorded."""
        transport = self._transport_for(request)
        sent = Sent(self._now)
        request = _as_sent(request, sent.trace)
        response = transport.handle_request(request)
        body = self._record(request, response, sent.at)
        if body is not None:
            kind = stream_class("Recorded", _SyncStream, library_of(request).SyncByteStream)
            response.stream = kind(response.stream, body)
        return response

    def close(self) -> None:
        """Close the wrapped transport."""
        for transport in [self._wrapped, *self._defaults.values()]:
            if transport is not None:
                transport.close()

    def __getattr__(self, name: str) -> Any:
        raise no_such_attribute(self, name)

    def __enter__(self) -> Self:
        if self._wrapped is not None:
            self._wrapped.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._wrapped is not None:
            self._wrapped.__exit__(exc_type, exc_value, traceback)
        else:
            self.close()


class AsyncRecordingTransport(_Records, _AnyClass):  # type: ignore[misc]
    """A transport for ``AsyncClient`` of httpx2 and of httpx that records event streams.

    It does what ``RecordingTransport`` does, for as many streams at once as the client has::

        transport = AsyncRecordingTransport("recordings")
        client = openai.AsyncOpenAI(http_client=httpx2.AsyncClient(transport=transport))

    Attributes:
        recordings: the files of the bodies that were begun so far.
    """

    _default_class = "AsyncHTTPTransport"

    def __init__(
        self,
        folder: str | os.PathLike[str],
        transport: AsyncTransport | None = None,
        *,
        all_responses: bool = False,
        request_body: bool = False,
        name: str | None = None,
        on_error: Report = log_error,
    ) -> None:
        """Wrap a transport; see ``RecordingTransport``, whose arguments these are."""
        super().__init__(
            folder,
            transport,
            all_responses=all_responses,
            request_body=request_body,
            name=name,
            on_error=on_error,
        )

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request of httpx2 or httpx, and return its response, whose body is recorded."""
        transport = self._transport_for(request)
        sent = Sent(self._now)
        request = _as_sent(request, sent.atrace)
        response = await transport.handle_async_request(request)
        body = self._record(request, response, sent.at)
        if body is not None:
            kind = stream_class("Recorded", _AsyncStream, library_of(request).AsyncByteStream)
            response.stream = kind(response.stream, body)
        return response

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        for transport in [self._wrapped, *self._defaults.values()]:
            if transport is not None:
                await transport.aclose()

    def __getattr__(self, name: str) -> Any:
        raise no_such_attribute(self, name)

    async def __aenter__(self) -> Self:
        if self._wrapped is not None:
            await self._wrapped.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._wrapped is not None:
            await self._wrapped.__aexit__(exc_type, exc_value, traceback)
        else:
            await self.aclose()


class _SyncStream:
    """A stream that passes on another's reads, and tells of each before."""

    def __init__(self, stream: Any, body: RecordedBody) -> None:
        self._stream = stream
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            for data in self._stream:
                self._body.read(data)
                yield data
        except BaseException as error:
            self._body.end(error)
            raise
        self._body.end()

    def close(self) -> None:
        self._body.close()
        self._stream.close()


class _AsyncStream:
    """The same, async."""

    def __init__(self, stream: Any, body: RecordedBody) -> None:
        self._stream = stream
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._stream:
                self._body.read(data)
                yield data
        except BaseException as error:
            self._body.end(error)
            raise
        self._body.end()

    async def aclose(self) -> None:
        self._body.close()
        await self._stream.aclose()


def _as_sent(request: Any, trace: Callable[[Any], Any]) -> Any:
    """Return the request asking for identity, and telling when it goes out.

    The caller's own stays as it is.
    """
    sent = copy.copy(request)  # less the two that cannot be pickled
    sent.stream = request.stream
    sent.extensions = {**request.extensions, "trace": trace(request.extensions.get("trace"))}
    sent.headers = request.headers.copy()
    sent.headers["accept-encoding"] = "identity"
    return sent


def _content(message: Any) -> bytes | None:
    """Return the body of a request or response if it is in memory."""
    try:
        content: bytes = message.content
    except RuntimeError:  # RequestNotRead, ResponseNotRead
        return None
    return content
