"""An adapter for requests that answers out of recordings, in the recorded times.

It speaks to requests where the network would: the response is read by http.client and urllib3, as
always, from a file that gives the bytes of HTTP when each is due. So all that can be done with a
response of requests can be done with this one, and what goes wrong is told in the same errors.
"""

from __future__ import annotations

import http.client
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sseparse.http._playback import Playback, Replays, Waiter
from sseparse.http._requests import request_of
from sseparse.replay import Ending

if TYPE_CHECKING:
    _AnyClass = Any  # to type checkers, a BaseAdapter of requests
else:
    _AnyClass = object


class ReplayAdapter(Replays, _AnyClass):  # type: ignore[misc]
    r"""A transport adapter for requests that answers out of recordings.

    Mount it for the URLs that it shall answer::

        session.mount("https://", ReplayAdapter("recordings"))

    Which recording answers is told as to ``ReplayTransport``. Times count from the request; read
    with ``stream=True``. A stream that was cut or reset raises ``ChunkedEncodingError``; where
    nothing comes for as long as ``timeout=`` allows, ``ConnectionError`` is raised, or
    ``ReadTimeout`` before the head: as requests does.

    Raises:
        NoSuchRecording: (by a request) no recording answers it.

    >>> import requests
    >>> from sseparse import Recording
    >>> with requests.Session() as session:
    ...     session.mount("https://", ReplayAdapter(Recording.from_bytes(b"data: 1\n\n")))
    ...     session.get("https://a.example/v1/chat/completions").content
    b'data: 1\n\n'
    """

    def send(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Any:
        """Answer a ``requests.PreparedRequest``; of the options only ``timeout`` matters here."""
        import requests  # and not before somebody has a request of it
        import urllib3

        waiter = Waiter(_read_timeout(timeout))
        playback = self._answer(request_of(request))
        socket = _Socket(_Wire(playback, waiter))
        original = http.client.HTTPResponse(socket, method=request.method)  # type: ignore[arg-type]
        try:
            original.begin()
        except TimeoutError as error:
            original.close()
            raise requests.exceptions.ReadTimeout(str(error), request=request) from error
        raw = urllib3.HTTPResponse(
            body=original,
            headers=list(original.msg.items()),  # type: ignore[arg-type]  # pairs do as well
            status=original.status,
            version=original.version,
            reason=original.reason,
            preload_content=False,
            decode_content=False,  # requests asks for it when it reads
            original_response=original,
            request_method=request.method,
            request_url=request.url,
        )
        response = requests.adapters.HTTPAdapter().build_response(request, raw)
        vars(response)["connection"] = self  # to send again, as Digest authentication does
        return response

    def close(self) -> None:
        """Do nothing: there is no connection."""


class _Socket:
    """As much of a socket as http.client asks for."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._wire, self._wire.longest)


class _Wire(io.RawIOBase):
    """What comes from the network: each read gives what is due next, once it is due."""

    def __init__(self, playback: Playback, waiter: Waiter) -> None:
        self._playback, self._waiter = playback, waiter
        self._frames = iter(playback.wire)
        self._rest = memoryview(b"")
        self.longest = max(len(frame.data) for frame in playback.wire)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            frame = next(self._frames, None)
            if frame is None:
                return self._end()
            self._waiter.wait(frame.time)
            self._rest = memoryview(frame.data)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def _end(self) -> int:
        ending = self._playback.ending
        self._waiter.wait(math.inf if ending is Ending.SILENCE else self._playback.ends_at)
        if ending is Ending.RESET:
            raise ConnectionResetError("Connection reset by peer")
        return 0

    def close(self) -> None:
        self._waiter.close()
        super().close()


def _read_timeout(timeout: Any) -> float | None:
    """Return the seconds to wait for one read, of all that requests takes as ``timeout``."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    elif hasattr(timeout, "read_timeout"):  # urllib3.Timeout
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None
