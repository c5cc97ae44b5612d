"""How a stream ended, read off the exception that ended it.

The libraries wrap the error of the socket in errors of their own, so the whole chain of causes is
looked at, by class names and never by importing the library: ``httpx2.ReadError`` is a reset only
if a ``ConnectionResetError`` stands behind it.
"""

from __future__ import annotations

import errno

_TRUNCATED = {
    "ChunkedEncodingError",  # requests
    "ClientPayloadError",  # aiohttp
    "IncompleteRead",  # http.client, urllib3
    "RemoteProtocolError",  # h11, httpx, httpx2
}
_UNDECODABLE = {"BadContentEncoding", "ContentDecodingError", "ContentEncodingError", "DecodeError"}
_UNDECODABLE |= {"DecodingError"}  # httpx, httpx2; before: ours, requests, aiohttp, urllib3
_RESET = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}


def end_reason(error: BaseException | None) -> str:
    """Return the reason for an ``End``.

    >>> end_reason(None), end_reason(ConnectionResetError()), end_reason(TimeoutError())
    ('eof', 'reset', 'timeout')
    >>> end_reason(KeyboardInterrupt()), end_reason(ValueError())
    ('interrupted', 'error')
    """
    if error is None:
        return "eof"
    chain = _chain(error)
    if any(isinstance(link, OSError) and link.errno in _RESET for link in chain) or any(
        isinstance(link, ConnectionError) for link in chain
    ):
        return "reset"
    names = {base.__name__ for link in chain for base in type(link).__mro__}
    if any("Timeout" in name for name in names):
        return "timeout"
    if names & _UNDECODABLE:
        return "bad_content_encoding"
    if names & _TRUNCATED:
        return "truncated"
    if "GeneratorExit" in names or "CancelledError" in names:
        return "client_closed"
    return "error" if isinstance(error, Exception) else "interrupted"


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain
