"""What a reverse proxy says to both sides, without sockets and without a clock.

Bytes of one network read go in; out comes one value with all that is to be written because of them,
joined, so that a read becomes one write, and with the facts that a recording is made of. h11 does
the HTTP: as a server towards the client, for as long as that connection lasts, and as a client
towards upstream, anew for each request. A chunk that came whole goes out as one chunk.

A relay never raises for what a peer does: whatever is wrong is in the value, along with what came
before it.
"""

from __future__ import annotations

import re

import attrs
import h11

from sseparse.server._heads import (
    BadRequest,
    error_response,
    interim_for,
    request_for,
    response_for,
)
from sseparse.server._upstream import Upstream

LARGEST_HEAD = 256 * 1024
"""Bytes of a head. The largest that providers send are a few KiB; cookies and prompts that are put
into URLs or headers may take more, and what is no HTTP must not fill the memory."""

TLS_HANDSHAKE = b"\x16\x03"
SPOKE_TLS = "the client speaks TLS, and this is plain HTTP: its base_url must begin with http://"


@attrs.define
class FromClient:
    """What a read from the client leads to.

    Attributes:
        to_client: bytes to be written to the client.
        to_upstream: bytes to be written upstream.
        request: a request has begun, and this is it as it goes upstream.
        body: bytes of the request's body.
        refused: what is wrong with the request; ``to_client`` has the answer, if one can be given,
            and the connection is to be closed.
    """

    to_client: bytes = b""
    to_upstream: bytes = b""
    request: h11.Request | None = None
    body: bytes = b""
    refused: str | None = None


@attrs.define
class FromUpstream:
    """What a read from upstream leads to.

    Attributes:
        to_client: bytes to be written to the client.
        response: a response has begun, and this is it as it came.
        body: bytes of the response's body, as they came but without the framing.
        end: ``"eof"``, the response is complete; ``"truncated"``, the connection was closed before;
            ``"error"``, what came is no HTTP; None, it goes on.
        error: what is wrong, in one line.
    """

    to_client: bytes = b""
    response: h11.Response | None = None
    body: bytes = b""
    end: str | None = None
    error: str | None = None


class Relay:
    r"""One connection of a client, and the exchange that runs over it.

    Attributes:
        last: the connection is to be closed after the response; may be set at any time.
        responding: a response has begun to go to the client, and is not complete.

    >>> relay = Relay(Upstream.parse("https://api.example/v1"))
    >>> relay.from_client(b"GET /models HTTP/1.0\r\n\r\n").to_upstream.splitlines()[:2]
    [b'GET /v1/models HTTP/1.1', b'Host: api.example']
    >>> relay.from_upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").end
    'eof'
    """

    def __init__(self, upstream: Upstream) -> None:
        self.last = False
        self.responding = False
        self._where = upstream
        self._client = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        self._upstream: h11.Connection | None = None
        self._method = b""
        self._backlog = 0

    @property
    def backlog(self) -> int:
        """How many bytes of further requests have come while one is being answered."""
        return self._backlog

    @property
    def request_complete(self) -> bool:
        """Whether all of the client's request has come."""
        return self._client.their_state not in (h11.IDLE, h11.SEND_BODY, h11.ERROR)

    @property
    def unframed(self) -> bool:
        """Whether only the end of the connection can tell the client where the body ends."""
        return (self._client.their_http_version or b"1.0") < b"1.1"

    @property
    def reusable(self) -> bool:
        """Whether the response is complete and the connection takes another request."""
        both = (self._client.our_state, self._client.their_state)
        return not self.last and both == (h11.DONE, h11.DONE)

    def from_client(self, data: bytes) -> FromClient:
        """Take a read from the client, which is not empty."""
        self._client.receive_data(data)
        return self._client_events(len(data))

    def next_request(self) -> FromClient:
        """Go on to the next request, which may have come already.

        Raises:
            h11.LocalProtocolError: the relay is not ``reusable``.
        """
        self._client.start_next_cycle()
        self._method = b""
        size, self._backlog = self._backlog, 0
        return self._client_events(size)

    def refuse(self, status: int, message: str) -> bytes:
        """Return an answer of our own; ``b""`` if a response has begun already."""
        self._upstream = None
        client = self._client
        if client.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return b""
        last = self.last or not self.request_complete
        response, body = error_response(status, message, last=last)
        out = client.send(response)
        if self._method != b"HEAD":
            out += client.send(h11.Data(body))
        return out + client.send(h11.EndOfMessage())

    def from_upstream(self, data: bytes) -> FromUpstream:
        """Take a read from upstream; ``b""`` is the end of its stream."""
        step = FromUpstream()
        out: list[bytes] = []
        body: list[bytes] = []
        upstream = self._upstream
        if upstream is None:
            return step
        try:
            upstream.receive_data(data)
            while step.end is None:
                event = upstream.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    break
                if type(event) is h11.Data:
                    body.append(event.data)
                out += self._passed_on(event, step)
        except h11.RemoteProtocolError as error:
            self._upstream = None
            step.end = "error" if data else "truncated"
            step.error = (
                f"what came is no HTTP: {words_of_h11(error)}" if data else self._what_is_missing()
            )
        step.to_client = b"".join(out)
        step.body = b"".join(body)
        return step

    def _passed_on(self, event: object, step: FromUpstream) -> list[bytes]:
        """Return what goes to the client for an event from upstream."""
        client = self._client
        if type(event) is h11.Data:
            return client.send_with_data_passthrough(event) or []
        if type(event) is h11.Response:
            step.response = event
            self.responding = True
            return [client.send(response_for(event, last=self.last))]
        if type(event) is h11.InformationalResponse:
            # 100 was answered when the client asked for it, and HTTP/1.0 has no interim responses.
            if event.status_code == 100 or self.unframed:
                return []
            return [client.send(interim_for(event))]
        if type(event) is h11.EndOfMessage:
            step.end = "eof"
            self.responding = False
            self._upstream = None
            return [client.send(h11.EndOfMessage() if self.unframed else event)]
        raise h11.RemoteProtocolError("the connection was closed")

    def _what_is_missing(self) -> str:
        if self.responding:
            return "the connection was closed before the end of the body"
        return "the connection was closed before a response came"

    def _client_events(self, size: int) -> FromClient:
        step = FromClient()
        to_client: list[bytes] = []
        to_upstream: list[bytes] = []
        body: list[bytes] = []
        try:
            # (Behind the last request nothing is to come; some clients send a line end there.)
            while self._client.their_state is not h11.MUST_CLOSE:
                event = self._client.next_event()
                if event is h11.PAUSED:
                    self._backlog += size
                    break
                if event is h11.NEED_DATA:
                    break
                if type(event) is h11.Request:
                    step.request = self._begin(event)
                    to_upstream.append(self._sent_upstream(step.request))
                    if self._client.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(
                            status_code=100, reason=b"Continue", headers=[]
                        )
                        to_client.append(self._client.send(go_on))
                elif type(event) is h11.Data:
                    body.append(event.data)
                    to_upstream.append(self._sent_upstream(event))
                elif type(event) is h11.EndOfMessage:
                    to_upstream.append(self._sent_upstream(event))
        except h11.RemoteProtocolError as error:
            tls = self._client.trailing_data[0].startswith(TLS_HANDSHAKE)
            step.refused = (
                SPOKE_TLS if tls else f"the request is no HTTP/1.1: {words_of_h11(error)}"
            )
            to_client.append(self.refuse(error.error_status_hint, step.refused))
        except BadRequest as error:
            self.last = True
            step.refused = str(error)
            to_client.append(self.refuse(error.status, step.refused))
        step.to_client, step.to_upstream = b"".join(to_client), b"".join(to_upstream)
        step.body = b"".join(body)
        return step

    def _begin(self, request: h11.Request) -> h11.Request:
        self._method = request.method
        passed_on = request_for(self._where, request)
        self._upstream = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        return passed_on

    def _sent_upstream(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> bytes:
        """Return what goes upstream for an event; nothing once upstream has been done with."""
        if self._upstream is None:
            return b""
        return self._upstream.send(event)


def words_of_h11(error: h11.RemoteProtocolError) -> str:
    """Return what h11 says, without the line it says it of: there may be a key in that."""
    return re.sub(r":? (?:bytearray\()?b['\"].*", "", str(error), flags=re.DOTALL)
