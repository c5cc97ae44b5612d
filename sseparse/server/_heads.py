"""What a reverse proxy changes in the heads of requests and responses, and what it answers itself.

All that is meant for the other end is passed on as it came, names in the case they had. What is
meant for the next hop only is not (RFC 9110, section 7.6.1), and h11 makes the framing anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import h11

from sseparse.server._upstream import Upstream

HOP_BY_HOP = {b"connection", b"keep-alive", b"te", b"transfer-encoding", b"upgrade"}
"""Fields for the next hop, as well as those that begin with ``proxy-``; ``Trailer`` is none of
them, for trailers are passed on."""

FORWARD_PROXY = (
    "this is a reverse proxy: make its URL the base_url of the client, instead of using it as an "
    "HTTP proxy (HTTP_PROXY, HTTPS_PROXY, --proxy)"
)

INVALID = "invalid_request_error"
"""What OpenAI calls an error of the client's."""


class BadRequest(ValueError):
    """A request that cannot be passed on.

    Attributes:
        status: what to answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def request_for(upstream: Upstream, request: h11.Request) -> h11.Request:
    """Return a request as it goes upstream.

    Raises:
        BadRequest: it is none for a reverse proxy.
    """
    if request.http_version not in (b"1.0", b"1.1"):
        version = request.http_version.decode()
        raise BadRequest(505, f"HTTP/{version} is not spoken here, only HTTP/1.1 and HTTP/1.0")
    target = request.target
    if request.method == b"CONNECT" or not (target.startswith(b"/") or target == b"*"):
        raise BadRequest(400, FORWARD_PROXY)
    chunked = any(name == b"transfer-encoding" for name, _ in request.headers)
    authority = upstream.authority.encode()
    headers: list[tuple[bytes, bytes]] = [(b"Host", authority)]
    encoding = b"Accept-Encoding"
    for raw, value in end_to_end(request.headers.raw_items()):
        name = raw.lower()
        if name == b"host":
            headers[0] = (raw, authority)
        elif name == b"accept-encoding":
            encoding = raw
        elif name != b"expect" and not (chunked and name == b"content-length"):
            headers.append((raw, value))
    headers.append((encoding, b"identity"))
    if chunked:
        headers.append((b"Transfer-Encoding", b"chunked"))
    headers.append((b"Connection", b"close"))
    if target != b"*":
        target = upstream.prefix.encode() + target
    return h11.Request(method=request.method, target=target, headers=headers)


def response_for(response: h11.Response, *, last: bool) -> h11.Response:
    """Return a response as it goes to the client; h11 adds what the framing takes.

    Args:
        response: as it came from upstream.
        last: the connection is closed after it.
    """
    chunked = any(name == b"transfer-encoding" for name, _ in response.headers)
    headers = [
        (raw, value)
        for raw, value in end_to_end(response.headers.raw_items())
        if not (chunked and raw.lower() == b"content-length")
    ]
    if last:
        headers.append((b"Connection", b"close"))
    return h11.Response(status_code=response.status_code, reason=response.reason, headers=headers)


def interim_for(response: h11.InformationalResponse) -> h11.InformationalResponse:
    """Return an interim response, such as 103 Early Hints, as it goes to the client."""
    headers = end_to_end(response.headers.raw_items())
    return h11.InformationalResponse(
        status_code=response.status_code, reason=response.reason, headers=headers
    )


def end_to_end(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers without those for the next hop, names in the case they had.

    >>> request = h11.Request(method="GET", target="/", headers=[
    ...     ("Host", "a"), ("Connection", "close, X-Hop"), ("X-Hop", "1"), ("X-End", "2")])
    >>> end_to_end(request.headers.raw_items())
    [(b'Host', b'a'), (b'X-End', b'2')]
    """
    options = b",".join(value for raw, value in headers if raw.lower() == b"connection")
    named = {option.strip().lower() for option in options.split(b",")}
    # The length is needed to find the end of the body, whatever a client says of it.
    dropped = HOP_BY_HOP | (named - {b"content-length"})
    return [
        (raw, value)
        for raw, value in headers
        if (name := raw.lower()) not in dropped and not name.startswith(b"proxy-")
    ]


def error_response(status: int, message: str, *, last: bool) -> tuple[h11.Response, bytes]:
    """Return a response of our own: an error in the shape of OpenAI's, which SDKs can show.

    Args:
        status: 502 or 504 where upstream is at fault, else the client is.
        message: one line.
        last: the connection is closed after it.
    """
    body = error_body(message, "upstream_error" if status in (502, 504) else INVALID)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if last:
        headers.append(("Connection", "close"))
    return h11.Response(status_code=status, reason=_REASONS.get(status, b""), headers=headers), body


def error_body(message: str, kind: str = INVALID, /, **more: object) -> bytes:
    r"""Return the JSON of an error, as a line: curl shows it to people.

    >>> error_body("none")
    b'{"error": {"message": "none", "type": "invalid_request_error"}}\n'
    """
    return json.dumps({"error": {"message": message, "type": kind, **more}}).encode() + b"\n"


_REASONS = {
    400: b"Bad Request",
    431: b"Request Header Fields Too Large",
    501: b"Not Implemented",
    502: b"Bad Gateway",
    504: b"Gateway Timeout",
    505: b"HTTP Version Not Supported",
}
