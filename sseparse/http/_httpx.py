"""httpx2 and httpx, told apart by the request: who has one has its library, and none is imported.

The two have the same classes under the same names.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable
from typing import Any

SENT = ".send_request_headers.started"
"""How httpcore and httpcore2 name the moment a request goes out, behind ``http11`` or ``http2``."""


def library_of(request: Any) -> Any:
    """Return the module, httpx2 or httpx, that a request comes from, a subclass's too."""
    modules = [base.__module__.partition(".")[0] for base in type(request).__mro__]
    return sys.modules[next(name for name in modules if name in ("httpx2", "httpx"))]


@functools.cache
def stream_class(word: str, kind: type, base: type) -> type:
    """Return a stream that is one of the library's: its clients refuse any other.

    Args:
        word: what its name begins with.
        kind: the class that does the work.
        base: ``SyncByteStream`` or ``AsyncByteStream`` of the library.
    """
    return type(f"{word}{base.__name__}", (kind, base), {})


_OF_ASYNC = ("handle_async_request", "__aenter__", "__aexit__", "aclose")
_OF_SYNC = ("handle_request", "__enter__", "__exit__", "close")


def no_such_attribute(transport: object, name: str) -> AttributeError:
    """Return the error for an attribute that a transport has not; what ``__getattr__`` raises.

    A client that is given the transport of the other kind asks for it.
    """
    own = type(transport).__name__
    message = f"{own!r} object has no attribute {name!r}"
    if name in _OF_ASYNC:
        message += f": {own} is for Client; AsyncClient takes Async{own}"
    elif name in _OF_SYNC:
        message += f": {own} is for AsyncClient; Client takes {own.removeprefix('Async')}"
    return AttributeError(message)


class Sent:
    """When a request went out: once there is a connection, which takes time of its own.

    Attributes:
        at: that moment; until it is known, when this was made.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.at = clock()

    def note(self, event: str) -> None:
        """Take an event of httpcore's ``trace`` extension."""
        if event.endswith(SENT):
            self.at = self._clock()

    def trace(self, other: Callable[[str, Any], object] | None) -> Callable[[str, Any], object]:
        """Return a ``trace`` that takes this, then does what another does."""

        def trace(event: str, info: Any) -> object:
            self.note(event)
            return None if other is None else other(event, info)

        return trace

    def atrace(
        self, other: Callable[[str, Any], Awaitable[object]] | None
    ) -> Callable[[str, Any], Awaitable[object]]:
        """Return the same for an async client."""

        async def trace(event: str, info: Any) -> object:
            self.note(event)
            return None if other is None else await other(event, info)

        return trace
