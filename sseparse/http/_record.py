"""Ask a server, and record what it answers: what ``sseparse record URL`` does.

A client of httpx2 sends the request as it is given, asks for no compression, and hands each read to
the recorder the moment it comes, and then to whoever looks on. What httpx2 raises before there is a
response becomes one plain line; what it raises later is how the stream ended, and is recorded.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sseparse._errors import TransferError
from sseparse._sources import iter_bytes
from sseparse.http._httpx import SENT
from sseparse.recording import Recorder, Request
from sseparse.recording._ends import end_reason
from sseparse.recording._folder import is_event_stream
from sseparse.recording._redaction import kept_url

if TYPE_CHECKING:
    import httpx2


def record(
    request: Request,
    recorder: Recorder,
    *,
    all_responses: bool = False,
    follow_redirects: bool = False,
    verify: bool = True,
    timeout: float | None = None,
    on_read: Callable[[bytes, float], None] | None = None,
) -> None:
    """Send a request and record the stream that comes back, to its end.

    The recorder is closed then; its ``end`` tells how the stream ended.

    Args:
        request: what to send; ``accept-encoding: identity`` goes with it unless it has another.
        recorder: what records it, newly made.
        all_responses: record what is no event stream, or has another status than success, too.
        follow_redirects: go where a redirect leads; else it is a response like any other.
        verify: check the server's certificate.
        timeout: seconds without a byte after which the stream is given up; None: never.
        on_read: is given the bytes of each read, and their time in seconds since the request.

    Raises:
        TransferError: there was no response. The recorder has left nothing behind.
        NotAnEventStream: there was one that is none to be recorded. Likewise.
        ModuleNotFoundError: httpx2 is not installed.
        Exception: what ``on_read`` raises, after the recording was ended.
    """
    try:
        with (
            _explained(request.url, timeout),
            _client(request, verify, timeout, follow_redirects) as client,
            contextlib.closing(client.send(_outgoing(request, recorder), stream=True)) as response,
        ):
            if not (all_responses or _is_stream(response)):
                next(iter_bytes(response), None)  # raises NotAnEventStream, with the body's start
            recorder.response(response.status_code, response.headers.multi_items())
            _record_body(response, recorder, on_read)
    finally:
        recorder.abandon()  # if no response came, or it could not be read to its end


def _record_body(
    response: httpx2.Response, recorder: Recorder, on_read: Callable[[bytes, float], None] | None
) -> None:
    import httpx2

    try:
        for data in iter_bytes(response, check=False):
            at = recorder.elapsed()
            recorder.write(data, at)
            if on_read is not None:
                on_read(data, at)
    except httpx2.HTTPError as error:
        recorder.close(end_reason(error), error=str(error) or type(error).__name__)
    except BrokenPipeError:  # of whoever looks on
        recorder.close("client_closed")
        raise
    else:
        recorder.close()


def _client(
    request: Request, verify: bool, timeout: float | None, follow_redirects: bool
) -> httpx2.Client:
    import httpx2

    home = httpx2.URL(request.url).copy_with(path="/", query=None)
    cookie = next((value for name, value in request.headers if name.lower() == "cookie"), None)

    def redirect_as_curl_does(sent: httpx2.Request) -> None:
        at_home = sent.url.copy_with(path="/", query=None) == home
        if at_home and cookie is not None and "cookie" not in sent.headers:
            sent.headers["Cookie"] = cookie
        if sent.method != request.method:  # a POST has become a GET, without a body
            sent.headers.pop("Content-Type", None)

    return httpx2.Client(
        verify=verify,
        timeout=timeout,
        follow_redirects=follow_redirects,
        event_hooks={"request": [redirect_as_curl_does]},
    )


def _outgoing(request: Request, recorder: Recorder) -> httpx2.Request:
    """Return the request for httpx2, with what it says and nothing more but what HTTP needs."""
    import httpx2

    def note(event: str, _: object) -> None:
        if event.endswith(SENT):
            recorder.sent()

    headers = [(name.encode(), value.encode()) for name, value in request.headers]
    if not any(name.lower() == b"accept-encoding" for name, _ in headers):
        headers.append((b"Accept-Encoding", b"identity"))
    return httpx2.Request(
        request.method,
        request.url,
        headers=headers,
        content=request.body,
        extensions={"trace": note},
    )


def _is_stream(response: httpx2.Response) -> bool:
    ok = response.is_success and response.status_code != 204
    return ok and is_event_stream(response.headers.multi_items())


@contextlib.contextmanager
def _explained(url: str, timeout: float | None) -> Iterator[None]:
    """Turn what httpx2 raises into one plain line."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise TransferError(kept_url(url), _reason(error, url, timeout)) from error


def _reason(error: Exception, url: str, timeout: float | None) -> str:
    """Say in plain words what went wrong, from the innermost error that says it."""
    import httpx2

    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        links.append(link)
        link = link.__cause__ or link.__context__
    for link in links:
        if isinstance(link, socket.gaierror):
            return f"no such host: {urlsplit(url).hostname}"
        if isinstance(link, ConnectionRefusedError):
            return "the connection was refused; is the server up, and the port right?"
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"TLS: the certificate cannot be trusted: {link.verify_message}"
        if isinstance(link, ssl.SSLError):
            return f"TLS: {link.reason or link}"
        if isinstance(link, ConnectionResetError):
            return "the connection was reset"
    if isinstance(error, httpx2.TimeoutException):
        return f"nothing came for {timeout:g} seconds" if timeout else "it took too long"
    return str(error) or type(error).__name__
