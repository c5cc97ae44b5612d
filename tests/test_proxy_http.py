"""HTTP through the proxy, as servers and clients really speak it."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from proxies import (
    HEAD,
    Proxy,
    chunks,
    connect,
    converse,
    get,
    hang_up,
    peer,
    proxied,
    read_request,
    read_until,
    rest_of,
)
from servers import WAIT, Reply, Server, serve

from sseparse import Recording

STREAM = [b"data: 1\n\n", b"data: [DONE]\n\n"]
BODY = b"".join(STREAM)


@pytest.fixture
def upstream() -> Iterator[Server]:
    with serve(Reply(STREAM)) as running:
        yield running


@pytest.fixture
def proxy(upstream: Server, tmp_path: Path) -> Iterator[Proxy]:
    with proxied(upstream.url, tmp_path / "recordings") as running:
        yield running


def echo(connection: socket.socket) -> None:
    """Answer with the length of the request's body and the request's head."""
    data = b""
    while not data.endswith(b"0\r\n\r\n"):
        data += connection.recv(1 << 18)
    head, _, body = data.partition(b"\r\n\r\n")
    answer = json.dumps([head.decode(), len(body)]).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)


def test_a_connection_is_kept_for_request_after_request(upstream: Server, proxy: Proxy) -> None:
    with connect(proxy.port) as connection:
        for number in range(3):
            connection.sendall(get(f"/{number}", close=False))
            assert read_until(connection, b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert len(proxy.recordings(3)) == 3
    with httpx2.Client(base_url=proxy.url) as client:
        assert [client.get("/x").content for _ in range(3)] == [BODY] * 3


def test_requests_that_are_sent_at_once_are_answered_in_their_order(
    upstream: Server, proxy: Proxy
) -> None:
    requests = [get(f"/{number}", close=False) for number in range(4)]
    received = converse(proxy.port, b"".join(requests) + get("/last"))
    assert received.data.count(b"HTTP/1.1 200") == 5
    assert received.data.count(b"Connection: close") == 1
    paths = [request.split(b" ")[1] for request in upstream.requests]
    assert paths == [b"/0", b"/1", b"/2", b"/3", b"/last"]
    assert len(proxy.recordings(5)) == 5


def test_a_head_request_is_answered_with_a_head_and_nothing_is_recorded(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        assert read_request(connection).startswith(b"HEAD ")
        connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n")

    with peer(talk) as url, proxied(url, tmp_path) as proxy:
        received = converse(proxy.port, get().replace(b"GET", b"HEAD", 1))
        assert b"Content-Length: 500" in received.head
        assert received.raw_body == b""
        assert "200 HEAD /: not recorded, 0 reads, 0 bytes" in proxy.said("HEAD")
        assert not list(tmp_path.glob("*.txt"))


def test_a_response_without_a_body_leaves_the_connection_usable(tmp_path: Path) -> None:
    with serve(Reply([], status=204)) as upstream, proxied(upstream.url, tmp_path) as proxy:
        received = converse(proxy.port, get(close=False) + get())
        assert received.data.count(b"HTTP/1.1 204") == 2
        assert b"chunked" not in received.data


def test_http_1_0_gets_the_body_bare(proxy: Proxy) -> None:
    received = converse(proxy.port, get(version="1.0", close=False))
    assert received.raw_body == BODY
    assert received.end == "eof"
    assert proxy.recording().body == BODY


def test_trailers_are_passed_on(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        head = HEAD + b"Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + chunks(BODY) + b"0\r\nX-Sum: 7\r\n\r\n")

    with peer(talk) as url, proxied(url, tmp_path) as proxy:
        received = converse(proxy.port, get())
        assert b"Trailer: X-Sum" in received.head
        assert received.raw_body == chunks(BODY) + b"0\r\nX-Sum: 7\r\n\r\n"


def test_a_large_chunked_upload_passes_piece_by_piece(tmp_path: Path) -> None:
    pieces = [b"p" * 300_000 for _ in range(30)]
    with peer(echo) as url, proxied(url, tmp_path) as proxy:
        response = httpx2.post(proxy.url, content=iter(pieces), timeout=20)
        head, size = response.json()
        assert "Transfer-Encoding: chunked" in head
        assert size > 9_000_000
        assert "not recorded" in proxy.said("200 POST")


def test_a_large_body_that_asks_first_is_told_to_come(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    body = tmp_path / "body"
    body.write_bytes(b'{"model":"m","input":"' + b"x" * 8_000_000 + b'"}')
    with serve(Reply(STREAM)) as upstream, proxied(upstream.url, tmp_path / "out") as proxy:
        args = ["-sSN", "-H", "Expect: 100-continue", "--expect100-timeout", "15", "-d"]
        command = ["curl", *args, f"@{body}", proxy.url]
        done = subprocess.run(command, capture_output=True, timeout=10, check=True)
        assert done.stdout == BODY
        assert upstream.requests[0].endswith(b'xx"}')
        assert b"Expect" not in upstream.requests[0]
        proxy.recording()
        (path,) = (tmp_path / "out").glob("*.txt")
        assert path.stem.endswith("-m")


def test_a_response_may_stream_while_the_request_does(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        read_until(connection, b"1\r\na\r\n")
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(b"data: a\n\n"))
        read_until(connection, b"1\r\nb\r\n0\r\n\r\n")
        connection.sendall(chunks(b"data: b\n\n") + b"0\r\n\r\n")

    with peer(talk) as url, proxied(url, tmp_path) as proxy, connect(proxy.port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"1\r\na\r\n")
        read_until(connection, b"data: a\n\n")
        connection.sendall(b"1\r\nb\r\n0\r\n\r\n")
        read_until(connection, b"data: b\n\n\r\n0\r\n\r\n")
        assert proxy.recording().body == b"data: a\n\ndata: b\n\n"


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (b"nonsense\r\n\r\n", 400, "no HTTP"),
        (b"GET http://api.x.ai/ HTTP/1.1\r\nHost: api.x.ai\r\n\r\n", 400, "base_url"),
        (b"CONNECT api.x.ai:443 HTTP/1.1\r\nHost: api.x.ai\r\n\r\n", 400, "base_url"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n" + b"x" * 4_000_000,
            400,
            "Length",
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz", 400, "chunk"),
    ],
)
def test_a_bad_request_gets_its_answer_and_a_line(
    proxy: Proxy, request_: bytes, status: int, words: str
) -> None:
    received = converse(proxy.port, request_ + b"\r\n")
    assert (received.status, received.end) == (status, "eof")
    assert words in json.loads(received.body)["error"]["message"]
    assert proxy.said(words)


def test_who_sets_it_as_a_forward_proxy_is_told_so(proxy: Proxy) -> None:
    response = httpx2.get("http://api.example/v1", trust_env=False, proxy=proxy.url)
    assert response.status_code == 400
    assert "make its URL the base_url" in response.json()["error"]["message"]


SECRET = "hunter2"
KEY = "sk-proj-hunter2hunter2hunter2hunter2hunter2"


def test_no_secret_reaches_a_file_or_the_terminal(tmp_path: Path) -> None:
    headers = {
        "Set-Cookie": f"session={SECRET}",
        "OpenAI-Organization": f"org-{SECRET}",
        "X-Secret": SECRET,
    }
    names = ["Authorization", "X-Api-Key", "Cookie", "api-key", "X-Goog-Api-Key", "Content-MD5"]
    names += ["OpenAI-Organization", "OpenAI-Project", "X-Anything", "User-Agent", "Referer"]
    body = {
        "model": f"m-{KEY}",
        "api_key": SECRET,
        "tools": [{"type": "mcp", "authorization": SECRET, "headers": {"Authorization": SECRET}}],
        "messages": [{"role": "user", "content": f"use {KEY}"}],
    }
    folder = tmp_path / "recordings"
    with (
        serve(Reply(STREAM, headers=headers)) as upstream,
        proxied(upstream.url, folder, "--request-body", "--all") as proxy,
    ):
        url = f"{proxy.url}/v1/{KEY}/chat?key={SECRET}&api-key={SECRET}&alt=sse#{SECRET}"
        sent = dict.fromkeys(names, f"Bearer {SECRET}")
        response = httpx2.post(url, headers=sent, json=body, auth=("me", SECRET))
        assert response.headers["x-secret"] == SECRET
        assert f"key={SECRET}".encode() in upstream.requests[0]
        bad = b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization : %b\r\n\r\n" % SECRET.encode()
        assert SECRET.encode() not in converse(proxy.port, bad).data
        proxy.recordings()
        proxy.said("200 POST")
        proxy.said("refused")
        files = list(folder.iterdir())
        assert len(files) == 2
        for file in files:
            assert SECRET not in file.name
            assert SECRET.encode() not in file.read_bytes()
            assert file.stat().st_mode & 0o777 == 0o600
        assert SECRET not in "\n".join(proxy.lines)
        timing = next(file for file in files if file.suffix == ".jsonl").read_text()
        assert '"body":{' in timing
        assert "alt=sse" in timing


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file)]
    subprocess.run(["openssl", *words, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


def test_an_upstream_with_tls_is_checked_unless_told_not_to(
    certificate: Path, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            path = read_request(secured).split(b" ")[1]
            secured.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(STREAM[0]))
            if path == b"/reset":
                hang_up(secured, "reset")
            elif path == b"/cut":
                secured.shutdown(socket.SHUT_RDWR)
            else:
                secured.sendall(chunks(STREAM[1]) + b"0\r\n\r\n")

    def ask(one: tuple[str, tuple[str, ...], dict[str, str]]) -> None:
        name, args, env = one
        with proxied(url, tmp_path / name, *args, env=env) as proxy:
            received = converse(proxy.port, get())
            if name == "refused":
                assert received.status == 502
                assert b"certificate is not accepted" in received.body
                assert "--insecure" in proxy.said("certificate")
                return
            assert received.body == proxy.recording().body == BODY
            for path, end in (("/reset", "reset"), ("/cut", "eof")):
                received = converse(proxy.port, get(path))
                assert (received.body, received.end) == (STREAM[0], end)
                assert not received.whole
            ends = sorted(reason(recording) for recording in proxy.recordings(3))
            assert ends == ["eof", "reset", "truncated"]

    with peer(talk) as plain:
        url = plain.replace("http://", "https://")
        trusted = {"SSL_CERT_FILE": f"{certificate}.crt"}
        asked = [("refused", (), {}), ("insecure", ("-k",), {}), ("trusted", (), trusted)]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(ask, asked))


def reason(recording: Recording) -> str:
    assert recording.end is not None
    return recording.end.reason


def test_each_side_sends_at_once_without_waiting_for_more(tmp_path: Path) -> None:
    # With Nagle's algorithm the second of two small writes would wait for an acknowledgement,
    # which a peer that has nothing to say puts off by 40 ms.
    pieces = [part for number in range(25) for part in (b"data: %d\n\n" % number, WAIT)]
    with serve(Reply(pieces)) as upstream, proxied(upstream.url, tmp_path) as proxy:
        with connect(proxy.port) as connection:
            connection.sendall(get())
            for number in range(25):
                read_until(connection, b"data: %d\n\n" % number)
                upstream.go()
            assert rest_of(connection).data.endswith(b"0\r\n\r\n")
        recording = proxy.recording()
        gaps = sorted(
            later.time - earlier.time
            for earlier, later in zip(recording.reads, recording.reads[1:], strict=False)
        )
        assert gaps[len(gaps) // 2] < 0.02
