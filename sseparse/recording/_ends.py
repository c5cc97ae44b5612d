"""How a stream ended, read off the exception that ended it.

The libraries wrap the error of the socket in errors of their own, so the whole chain of causes is
looked at, by class names and never by importing the library: ``httpx2.ReadError`` is a reset only
if a ``ConnectionResetError`` stands behind it.
"""

from __future__ import annotations

import errno
import re

_TRUNCATED = {
    "ChunkedEncodingError",  # requests
    "ClientPayloadError",  # aiohttp
    "IncompleteRead",  # http.client, urllib3
    "SSLEOFError",  # TLS that was not taken down
    "ServerDisconnectedError",  # aiohttp
}
_PEER_CLOSED = re.compile(r"peer closed connection|server disconnected", re.IGNORECASE)
_CLOSED = {"CancelledError", "GeneratorExit"}
_UNDECODABLE = {"BadContentEncoding", "ContentDecodingError", "ContentEncodingError", "DecodeError"}
_UNDECODABLE |= {"DecodingError"}  # httpx, httpx2; before: ours, requests, aiohttp, urllib3
_RESET = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}


def end_reason(error: BaseException | None) -> str:
    """Return the reason for an ``End``.

    >>> end_reason(None), end_reason(ConnectionResetError()), end_reason(TimeoutError())
    ('eof', 'reset', 'timeout')
    >>> end_reason(KeyboardInterrupt()), end_reason(GeneratorExit()), end_reason(ValueError())
    ('interrupted', 'client_closed', 'error')
    """
    if error is None:
        return "eof"
    chain = _chain(error)
    names = {base.__name__ for link in chain for base in type(link).__mro__}
    closed = "client_closed" if names & _CLOSED else ""
    if not isinstance(error, Exception):  # whatever broke before, this is what ended it
        return closed or "interrupted"
    if isinstance(error, BrokenPipeError):  # bare: nobody reads any more what we pass on
        return "client_closed"
    for link in chain:  # the nearest first: a retry may have an older error for its context
        if (
            isinstance(link, ConnectionError)
            or getattr(link, "errno", None) in _RESET
            or (type(link).__name__ == "ClientPayloadError" and "ConnectionReset" in str(link))
        ):  # aiohttp only says in words what the cause was
            return "reset"
        if any("Timeout" in base.__name__ for base in type(link).__mro__):
            return "timeout"
    if names & _UNDECODABLE:
        return "bad_content_encoding"
    if "RemoteProtocolError" in names:  # h11, httpx, httpx2: for any breach of HTTP, told in words
        words = " ".join(str(link) for link in chain)
        return "truncated" if _PEER_CLOSED.search(words) else "error"
    if names & _TRUNCATED or any(type(link).__name__ == "ProtocolError" for link in chain):
        return (
            "truncated"  # urllib3 raises its ProtocolError itself, the others only heirs of theirs
        )
    return closed or "error"


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error, what it holds (anyio raises groups) and what caused it, nearest first."""
    chain: list[BaseException] = []
    waiting = [error]
    while waiting:
        link = waiting.pop(0)
        if any(link is seen for seen in chain):
            continue
        chain.append(link)
        if isinstance(link, BaseExceptionGroup):
            waiting += link.exceptions
        cause = link.__context__ if link.__cause__ is None else link.__cause__
        if cause is not None:
            waiting.append(cause)
    return chain
