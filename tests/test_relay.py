from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse.server._relay import LARGEST_HEAD, FromUpstream, Relay
from sseparse.server._upstream import Upstream

UPSTREAM = Upstream.parse("https://api.example:8443/prefix/")
GET = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
POST = b"POST /v1 HTTP/1.1\r\nhost: p\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def relay_of(request: bytes = GET) -> Relay:
    """A relay that has taken a request."""
    relay = Relay(UPSTREAM)
    step = relay.from_client(request)
    assert step.refused is None
    assert step.to_upstream
    return relay


def sent_upstream(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Request line, headers and body, as they go upstream."""
    head, _, body = Relay(UPSTREAM).from_client(request).to_upstream.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    return line, headers, body


def answered(reads: Iterable[bytes], relay: Relay) -> list[FromUpstream]:
    return [relay.from_upstream(data) for data in reads]


def to_client(reads: Iterable[bytes], relay: Relay) -> bytes:
    return b"".join(step.to_client for step in answered(reads, relay))


def bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def test_a_request_keeps_its_headers_their_case_and_their_order() -> None:
    line, headers, _ = sent_upstream(
        b"GET /v1/chat?a=%20b&key=1 HTTP/1.1\r\nUser-Agent:  me/1\r\nHOST: proxy\r\n"
        b"X-Stainless-OS: Linux\r\nauthorization: Bearer x\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
    )
    assert line == b"GET /prefix/v1/chat?a=%20b&key=1 HTTP/1.1"
    assert headers == [
        b"HOST: api.example:8443",
        b"User-Agent: me/1",
        b"X-Stainless-OS: Linux",
        b"authorization: Bearer x",
        b"X-Twice: 1",
        b"X-Twice: 2",
        b"Accept-Encoding: identity",
        b"Connection: close",
    ]


def test_what_is_meant_for_the_next_hop_goes_no_further() -> None:
    _, headers, _ = sent_upstream(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nx-hop: 1\r\n"
        b"TE: trailers\r\nKeep-Alive: timeout=5\r\nProxy-Authorization: Basic eDp5\r\n"
        b"Proxy-Connection: close\r\nUpgrade: websocket\r\naccept-encoding: gzip, br\r\n"
        b"Forwarded: for=b\r\n\r\n"
    )
    assert headers == [
        b"Host: api.example:8443",
        b"Forwarded: for=b",
        b"accept-encoding: identity",
        b"Connection: close",
    ]
    relay = relay_of()
    response = b"HTTP/1.1 200 Fine\r\nServer: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
    response += b"Keep-Alive: timeout=5\r\nSet-COOKIE: a=b\r\ncontent-LENGTH: 0\r\n\r\n"
    head = to_client([response], relay)
    assert head == b"HTTP/1.1 200 Fine\r\nServer: x\r\nSet-COOKIE: a=b\r\ncontent-LENGTH: 0\r\n\r\n"


def test_the_length_of_a_body_is_kept_though_a_client_names_it_a_matter_of_the_connection() -> None:
    _, headers, body = sent_upstream(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nhi"
    )
    assert b"Content-Length: 2" in headers
    assert body == b"hi"


def test_a_request_that_is_chunked_stays_so_with_the_same_chunks_and_trailers() -> None:
    relay = Relay(UPSTREAM)
    step = relay.from_client(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    head, _, body = step.to_upstream.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert body == b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"
    assert step.body == b"abcde"


def test_what_comes_in_one_read_goes_out_at_once_whatever_is_in_it() -> None:
    relay = relay_of()
    (step,) = answered([CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n4\r\nfg"], relay)
    assert step.response is not None
    assert step.to_client.endswith(b"\r\n\r\n3\r\nabc\r\n2\r\nde\r\n2\r\nfg\r\n")
    assert step.body == b"abcdefg"
    assert step.end is None
    (step,) = answered([b"hi\r\n0\r\nX-Sum: 1\r\n\r\n"], relay)
    assert step.to_client == b"2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n"
    assert (step.body, step.end) == (b"hi", "eof")
    assert relay.reusable


def test_a_body_is_the_same_in_every_chunking() -> None:
    stream = CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    relay = relay_of()
    steps = answered(bytewise(stream), relay)
    assert b"".join(step.body for step in steps) == b"abcde"
    assert [step.end for step in steps if step.end] == ["eof"]
    whole = to_client([stream], relay_of())
    for cut in range(1, len(stream)):
        steps = answered([stream[:cut], stream[cut:]], relay_of())
        assert b"".join(step.body for step in steps) == b"abcde"
        assert steps[-1].end == "eof"
        assert b"".join(step.to_client for step in steps)[:40] == whole[:40]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.randoms(use_true_random=False))
def test_any_body_goes_through_in_any_chunking(pieces: list[bytes], random: object) -> None:
    cut: Callable[[int, int], int] = random.randint  # type: ignore[attr-defined]
    stream = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    stream += b"0\r\n\r\n"
    reads = []
    while stream:
        size = cut(1, len(stream))
        reads.append(stream[:size])
        stream = stream[size:]
    relay = relay_of()
    steps = answered(reads, relay)
    assert b"".join(step.body for step in steps) == b"".join(pieces)
    assert steps[-1].end == "eof"
    # What the client gets is that body too, in HTTP that a client can read.
    import h11

    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(b"".join(step.to_client for step in steps))
    got = b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        got += event.data if isinstance(event, h11.Data) else b""
    assert got == b"".join(pieces)


def test_a_body_that_ends_with_the_connection_is_chunked_for_a_client_that_knows_chunks() -> None:
    relay = relay_of()
    reads = [b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"data: 1\n\n", b""]
    steps = answered(reads, relay)
    assert b"Transfer-Encoding: chunked" in steps[0].to_client
    assert steps[1].to_client == b"9\r\ndata: 1\n\n\r\n"
    assert (steps[2].to_client, steps[2].end) == (b"0\r\n\r\n", "eof")
    assert relay.reusable


def test_a_client_of_the_old_protocol_gets_the_body_bare_and_the_connection_closed() -> None:
    relay = relay_of(b"GET / HTTP/1.0\r\n\r\n")
    out = to_client([CHUNKED, b"3\r\nabc\r\n", b"0\r\nX-Sum: 1\r\n\r\n"], relay)
    head, _, body = out.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert b"chunked" not in head
    assert body == b"abc"
    assert relay.unframed
    assert not relay.reusable


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        (GET, b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"),
        (GET, b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 999\r\n\r\n"),
    ],
)
def test_a_response_without_a_body_ends_with_its_head(request_: bytes, response: bytes) -> None:
    relay = relay_of(request_)
    (step,) = answered([response], relay)
    assert (step.to_client, step.end) == (response, "eof")
    assert relay.reusable


def test_interim_responses_are_passed_on_but_for_100_which_we_give() -> None:
    relay = Relay(UPSTREAM)
    step = relay.from_client(
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    assert step.to_client == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"Expect" not in step.to_upstream
    assert relay.from_client(b"hi").to_upstream == b"hi"
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert to_client([b"HTTP/1.1 100 Continue\r\n\r\n" + early + final], relay) == early + final


def test_requests_that_come_together_are_answered_one_after_the_other() -> None:
    relay = Relay(UPSTREAM)
    step = relay.from_client(GET + POST + b"GET /3 HT")
    assert step.to_upstream.startswith(b"GET /prefix/v1/models ")
    assert relay.backlog == len(GET + POST + b"GET /3 HT")
    assert not relay.from_client(b"TP/1.1\r\n").to_upstream
    answered([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], relay)
    step = relay.next_request()
    assert step.to_upstream.startswith(b"POST /prefix/v1 ")
    assert step.to_upstream.endswith(b"\r\n\r\nhello")
    answered([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], relay)
    assert relay.next_request().request is None
    assert relay.from_client(b"Host: a\r\n\r\n").to_upstream.startswith(b"GET /prefix/3 ")
    assert relay.backlog == 0


def test_the_connection_is_closed_where_the_client_or_the_proxy_wants_it() -> None:
    relay = relay_of(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    out = to_client([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], relay)
    assert b"Connection: close" in out
    assert not relay.reusable
    relay = relay_of()
    relay.last = True
    out = to_client([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], relay)
    assert b"Connection: close" in out
    assert not relay.reusable


def test_a_stray_line_end_behind_the_last_request_does_no_harm() -> None:
    relay = Relay(UPSTREAM)
    close = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    assert relay.from_client(close + b"\r\n").refused is None
    assert relay.from_client(b"\r\n").refused is None
    assert answered([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], relay)[0].end == "eof"


@pytest.mark.parametrize(
    ("reads", "body", "end"),
    [
        ([CHUNKED, b"3\r\nabc\r\n", b""], b"abc", "truncated"),
        ([CHUNKED, b"9\r\nabc", b""], b"abc", "truncated"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b""], b"abc", "truncated"),
        ([CHUNKED + b"3\r\nabc\r\nzz\r\n"], b"abc", "error"),
        ([CHUNKED + b"3\r\nabcXX"], b"abc", "error"),
        ([b"", b""], b"", "truncated"),
        ([b"HTTP/1.1 20", b""], b"", "truncated"),
        ([b"\x00\x01garbage\r\n\r\n"], b"", "error"),
        ([b"SSH-2.0-OpenSSH_9.9\r\n", b"\r\n"], b"", "error"),
        ([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"], b"", "error"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"], b"", "error"),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"y" * LARGEST_HEAD], b"", "error"),
    ],
)
def test_a_broken_response_is_told_with_what_came_before(
    reads: list[bytes], body: bytes, end: str
) -> None:
    relay = relay_of()
    steps = answered(reads, relay)
    assert b"".join(step.body for step in steps) == body
    ends = [step.end for step in steps if step.end]
    assert ends == [end]
    assert next(step.error for step in steps if step.end)
    out = b"".join(step.to_client for step in steps)
    assert not out.endswith(b"0\r\n\r\n")
    assert bool(out) is relay.responding


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * LARGEST_HEAD, 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"CONNECT api.x.ai:443 HTTP/1.1\r\nHost: api.x.ai:443\r\n\r\n", 400),
        (b"GET http://api.x.ai/v1 HTTP/1.1\r\nHost: api.x.ai\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
def test_a_request_that_cannot_be_passed_on_is_refused_in_a_shape_that_sdks_show(
    request_: bytes, status: int
) -> None:
    relay = Relay(UPSTREAM)
    step = relay.from_client(request_)
    assert step.refused is not None
    assert (step.request, step.to_upstream) == (None, b"")
    head, _, body = step.to_client.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in head
    error = json.loads(body)["error"]
    assert error == {"message": step.refused, "type": "invalid_request_error"}
    assert not relay.reusable


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer sk-hunter2\r\n\r\n",
        b"Authorization: Bearer sk-hunter2\r\n\r\n",
    ],
)
def test_a_refusal_does_not_repeat_what_was_sent(request_: bytes) -> None:
    step = Relay(UPSTREAM).from_client(request_)
    assert step.refused
    assert "hunter2" not in step.refused
    assert b"hunter2" not in step.to_client
    relay = relay_of()
    (answer,) = answered([b"HTTP/1.1 200 OK\r\nSet-Cookie : hunter2\r\n\r\n"], relay)
    assert answer.error
    assert "hunter2" not in answer.error


def test_who_takes_it_for_a_forward_proxy_or_speaks_tls_is_told_what_to_do() -> None:
    refused = Relay(UPSTREAM).from_client(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n").refused
    assert refused is not None
    assert "base_url" in refused
    refused = Relay(UPSTREAM).from_client(b"\x16\x03\x01\x02\x00\x01").refused
    assert refused is not None
    assert "http://" in refused


def test_an_upload_that_goes_wrong_is_refused_unless_a_response_has_begun() -> None:
    upload = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    relay = relay_of(upload)
    assert relay.from_client(b"zz\r\n").to_client.startswith(b"HTTP/1.1 400 ")
    relay = relay_of(upload)
    answered([CHUNKED], relay)
    step = relay.from_client(b"zz\r\n")
    assert step.refused
    assert step.to_client == b""


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_an_answer_in_place_of_upstream_leaves_the_connection_open(method: bytes) -> None:
    relay = relay_of(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
    head, _, body = relay.refuse(502, "it is away").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"Connection" not in head
    if method == b"GET":
        assert json.loads(body)["error"] == {"message": "it is away", "type": "upstream_error"}
    else:
        assert body == b""
    assert relay.reusable
    assert relay.next_request().request is None
    assert relay.from_client(GET).to_upstream


def test_a_bad_request_behind_a_head_request_is_refused_like_any_other() -> None:
    relay = relay_of(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
    answered([b"HTTP/1.1 200 OK\r\n\r\n", b""], relay)
    assert b"invalid_request_error" in relay.next_request().to_client


def test_an_answer_before_the_request_is_complete_ends_the_connection() -> None:
    relay = relay_of(POST[:-2])
    answered([b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"], relay)
    assert not relay.request_complete
    assert not relay.reusable
    assert relay.from_client(b"lo").to_upstream == b""


def test_what_upstream_sends_behind_the_end_goes_nowhere() -> None:
    relay = relay_of()
    reads = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", b"more"]
    first, second = answered(reads, relay)
    assert first.to_client.endswith(b"\r\n\r\nok")
    assert (second.to_client, second.body, second.end) == (b"", b"", None)


@pytest.mark.parametrize(
    "url",
    [
        *("", "api.x.ai", "ftp://a", "http://", "http:///v1", "https://me:secret@a", "http://a?b"),
        *("http://a#b", "http://a:0", "http://a:65536", "http://a:x", "http://[::1", "http://a b"),
        *("http://a/ü", "http://" + "a" * 64, "http://a/?"),
    ],
)
def test_what_is_no_upstream_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        Upstream.parse(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "prefix", "authority"),
    [
        ("http://A.example", "a.example", 80, "", "a.example"),
        ("https://a.example:443/v1/", "a.example", 443, "/v1", "a.example"),
        ("http://[::1]:8000/a/b", "::1", 8000, "/a/b", "[::1]:8000"),
        ("https://bücher.example", "xn--bcher-kva.example", 443, "", "xn--bcher-kva.example"),
        ("http://under_score:81", "under_score", 81, "", "under_score:81"),
    ],
)
def test_an_upstream_is_understood(
    url: str, host: str, port: int, prefix: str, authority: str
) -> None:
    upstream = Upstream.parse(url)
    assert (upstream.host, upstream.port, upstream.prefix) == (host, port, prefix)
    assert upstream.authority == authority
