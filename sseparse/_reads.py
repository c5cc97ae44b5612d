"""Sources to reads: one iterator for each kind of thing that holds the bytes of a stream.

Sources are told apart by what they have, never by importing the library they come from.
``open_source`` and ``open_async_source`` return an iterator with one item per read, and refuse
what is no source with a line that says what to pass instead.

A read is prompt: it gives what has arrived and never waits for a buffer to fill, however the body
is framed. That is why requests, urllib3 and http.client are read with ``read1``: their
``iter_content``, ``stream`` and ``read`` wait for the number of bytes asked for, or for the end of
a chunk or of the body.

A response that was closed or read before is an error: httpx says so by itself; for those that
would just give nothing it is said here.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Protocol, TypeAlias

READ_SIZE = 65536
"""The most bytes one read of a file or socket gives; what has arrived is given at once."""

_GONE = "this response was read or closed before; a stream can be read once, while it is open"

Chunk: TypeAlias = bytes | bytearray | memoryview
"""The bytes of one read."""


class SupportsRead(Protocol):
    """A binary file or pipe, http.client's and urllib's responses; ``read1`` is used if there."""

    def read(self, size: int = ..., /) -> bytes | None:
        """Return up to ``size`` bytes, none at the end."""


class SupportsAsyncRead(Protocol):
    """An ``asyncio.StreamReader``, or a file of anyio or aiofiles."""

    def read(self, size: int = ..., /) -> Awaitable[bytes]:
        """Return up to ``size`` bytes, none at the end."""


class SupportsIterBytes(Protocol):
    """A response of httpx or httpx2, or an SDK's raw response that passes its bytes on."""

    def iter_bytes(self) -> Iterator[bytes]:
        """Give the decompressed body as it arrives."""


class SupportsAiterBytes(Protocol):
    """An async response of httpx or httpx2."""

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Give the decompressed body as it arrives."""


class SupportsAsyncIterBytes(Protocol):
    """An SDK's raw async response, which has the bytes under the name of the sync one."""

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Give the decompressed body as it arrives."""


class SupportsIterAny(Protocol):
    """aiohttp's ``StreamReader``."""

    def iter_any(self) -> AsyncIterable[bytes]:
        """Give the decompressed body as it arrives."""


class SupportsContent(Protocol):
    """aiohttp's ``ClientResponse``."""

    @property
    def content(self) -> SupportsIterAny:
        """The body."""


ByteSource: TypeAlias = Chunk | Iterable[Chunk] | SupportsIterBytes | SupportsRead
"""What can be read here; a response of requests or urllib3 is an ``Iterable[bytes]`` too."""

AsyncByteSource: TypeAlias = (
    Chunk
    | AsyncIterable[Chunk]
    | SupportsAiterBytes
    | SupportsAsyncIterBytes
    | SupportsContent
    | SupportsAsyncRead
)
"""What can be read here with ``async for``."""


def open_source(source: ByteSource) -> Iterator[Chunk]:
    """Return the reads of a source; nothing is read before the first is asked for.

    Args:
        source: a ``ByteSource``.

    Raises:
        TypeError: the source is none; the message says what to pass instead.

    >>> list(open_source([b"data: ", b"hello"]))
    [b'data: ', b'hello']
    """
    chunks = _find_reads(source)
    if chunks is None:
        raise TypeError(_explain(source, "it is async; read it with aiter_events"))
    return chunks


def open_async_source(source: AsyncByteSource) -> AsyncIterator[Chunk]:
    """Return the reads of an async source; nothing is read before the first is asked for.

    Args:
        source: an ``AsyncByteSource``.

    Raises:
        TypeError: the source is none; the message says what to pass instead.
    """
    chunks = _find_async_reads(source)
    if chunks is None:
        raise TypeError(_explain(source, "it is not async; read it with iter_events"))
    return chunks


def as_bytes(source: object, chunk: Chunk) -> bytes:
    """Return a chunk as bytes.

    Raises:
        TypeError: it is something else; the message names the source that gave it.
    """
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(
        f"{_name(source)} gives {_name(chunk)}, not bytes; pass the response itself, or what "
        "gives its bytes unchanged: not its text, its lines or an SDK's decoded chunks"
    ) from None


def _find_reads(source: Any) -> Iterator[Chunk] | None:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return iter((source,))
    if hasattr(source, "iter_bytes"):  # httpx, httpx2, and SDKs that wrap their responses
        if _streams_only(source, "__aiter__"):
            return None
        chunks = source.iter_bytes()
        return iter(chunks) if hasattr(chunks, "__iter__") else None
    if hasattr(source, "iter_content"):
        return _read_requests(source)
    if _misuse(source) or _reads_async(source):
        return None
    if hasattr(source, "release_conn"):
        return _read_urllib3(source)
    if hasattr(source, "isclosed"):
        return _read_http_client(source)
    if hasattr(source, "read"):
        return _read_file(source)
    return iter(source) if hasattr(source, "__iter__") else None


def _find_async_reads(source: Any) -> AsyncIterator[Chunk] | None:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read_once(source)
    if hasattr(source, "aiter_bytes") or hasattr(source, "iter_bytes"):
        if _streams_only(source, "__iter__"):
            return None
        # (openai's AsyncAPIResponse and its kin have an async iter_bytes.)
        chunks = getattr(source, "aiter_bytes", None) or source.iter_bytes
        chunks = chunks()
        return aiter(chunks) if hasattr(chunks, "__aiter__") else None
    if hasattr(source, "iter_content") or _misuse(source):
        return None
    if _reads_async(source):  # before __aiter__, which gives lines, and has a limit on them
        is_aiohttp = hasattr(getattr(source, "content", None), "iter_any")
        return _read_aiohttp(source) if is_aiohttp else _read_async_file(source)
    return aiter(source) if hasattr(source, "__aiter__") else None


def _streams_only(source: Any, method: str) -> bool:
    """Tell httpx's sync responses from its async ones, which are of the same class."""
    if getattr(source, "is_stream_consumed", False):
        return False  # its body is in memory, or it says itself that it is gone
    stream = getattr(source, "stream", None)
    return [name for name in ("__iter__", "__aiter__") if hasattr(stream, name)] == [method]


def _reads_async(source: Any) -> bool:
    return inspect.iscoroutinefunction(getattr(source, "read", None))


# What cannot be read, and what to pass instead.


def _explain(source: Any, other_kind: str) -> str:
    is_response = hasattr(source, "iter_bytes") or hasattr(source, "iter_content")
    readable = ("__iter__", "__aiter__", "read", "iter_bytes", "aiter_bytes", "iter_content")
    if not is_response and (hint := _misuse(source)):
        pass
    elif any(hasattr(source, name) for name in readable):
        hint = other_kind
    else:
        hint = "pass a response, a binary file, bytes or an iterable of bytes"
    return f"cannot read a stream from {_name(source)}: {hint}"


def _misuse(source: Any) -> str:
    """Return what to do instead, if the source is one of the things people pass by mistake."""
    if isinstance(source, str):
        return 'pass bytes: text.encode(), or open(path, "rb") if it is a path'
    if isinstance(source, os.PathLike):
        return 'pass open(path, "rb")'
    if hasattr(source, "read") and hasattr(source, "encoding"):
        return 'it gives text; open it in binary mode ("rb"), or pass its .buffer'
    if getattr(source, "__name__", None) == "iter_lines":  # requests gives lines as bytes
        return "its lines have lost their line ends; pass the response itself"
    if hasattr(source, "__await__"):
        return "await it, and pass the response that gives"
    if inspect.isfunction(source) or inspect.ismethod(source):
        return "it is a function; call it, and pass what it returns"
    if not hasattr(source, "read") and not hasattr(source, "__iter__"):
        if hasattr(source, "__enter__"):
            return 'enter it: "with … as response:", and pass the response'
        if hasattr(source, "__aenter__") and not hasattr(source, "__aiter__"):
            return 'enter it: "async with … as response:", and pass the response'
    return ""


def _name(value: object) -> str:
    return type(value).__name__


# How each kind of source is read.


def _read_file(file: Any) -> Iterator[bytes]:
    read: Callable[[int], bytes | None] = getattr(file, "read1", None) or file.read
    while chunk := read(READ_SIZE):
        yield chunk
    if chunk is None:
        raise BlockingIOError(f"{_name(file)} is non-blocking and has nothing to read now")


def _read_http_client(response: Any) -> Iterator[bytes]:
    if response.isclosed():
        raise ValueError(_GONE)
    while chunk := response.read1(READ_SIZE):
        yield chunk
    if missing := response.length:
        # read() of the whole body says so; read1() just ends, as if all were well.
        from http.client import IncompleteRead

        raise IncompleteRead(b"", missing)


def _read_urllib3(response: Any) -> Iterator[bytes]:
    if response.closed:
        if not (body := response.data):  # what preload_content=True has kept
            raise ValueError(_GONE)
        yield body
    elif not hasattr(response, "read1"):  # before 2.1: slow, but anything larger would wait
        yield from response.stream(1, decode_content=True)
    else:
        while chunk := response.read1(READ_SIZE, decode_content=True):
            yield chunk


def _read_requests(response: Any) -> Iterator[bytes]:
    if response._content_consumed:
        yield from response.iter_content(READ_SIZE)  # the body kept, or StreamConsumedError
    elif not hasattr(response.raw, "release_conn"):
        yield from response.iter_content(1)  # an adapter without urllib3: anything larger may wait
    else:
        try:
            yield from _read_urllib3(response.raw)
        except Exception as error:
            if (as_requests := _as_requests_error(error)) is None:
                raise
            raise as_requests from error


def _as_requests_error(error: Exception) -> Exception | None:
    """Return the error that requests' own ``iter_content`` raises for one of urllib3.

    Who uses requests catches its errors; that urllib3 is read is our affair.
    """
    names = {
        "ProtocolError": "ChunkedEncodingError",
        "DecodeError": "ContentDecodingError",
        "ReadTimeoutError": "ConnectionError",
        "SSLError": "SSLError",
    }
    for base in type(error).__mro__:
        if base.__module__ == "urllib3.exceptions" and base.__name__ in names:
            requests_errors = sys.modules["requests.exceptions"]
            as_requests: Exception = getattr(requests_errors, names[base.__name__])(error)
            return as_requests
    return None


async def _read_once(chunk: Chunk) -> AsyncIterator[Chunk]:
    yield chunk


async def _read_async_file(file: Any) -> AsyncIterator[bytes]:
    read1 = getattr(file, "read1", None)
    read = read1 if inspect.iscoroutinefunction(read1) else file.read
    while chunk := await read(READ_SIZE):
        yield chunk


async def _read_aiohttp(response: Any) -> AsyncIterator[bytes]:
    content = response.content
    if content.at_eof():
        if body := await response.read():  # what read() has kept
            yield body
        elif content.total_bytes:
            raise ValueError(_GONE)
        return
    try:
        async for chunk in content.iter_any():
            yield chunk
    except Exception as error:
        # When the connection breaks, aiohttp raises at once, though it may still hold bytes that
        # came before. They are part of the stream; lift the error for as long as they take.
        if content.exception() is error and not response.closed:
            content.set_exception(None)
            rest = content.read_nowait()
            content.set_exception(error)
            if rest:
                yield rest
        raise
