"""``sseparse record URL`` as people run it, against a real server."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from cli import FIXTURE, REPOSITORY, Result, Terminal, finish, posix, run, start
from origin import Origin, origin
from recorded import (
    BODY,
    HEADERS,
    SECRETIVE,
    check_no_secrets,
    check_recording,
    secret_url,
    served,
)
from servers import WAIT, Reply, serve

from sseparse import Recording
from sseparse.recording import sidecar_path

SEED = (REPOSITORY / FIXTURE).read_bytes()


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    with origin() as running:
        yield running


def record(out: Path, *args: str | Path, **env: str) -> Result:
    return run("record", "-o", out, *args, env=env or None)


def test_every_read_is_recorded_as_it_came_whatever_the_line_ends(
    server: Origin, tmp_path: Path
) -> None:
    names = ["lf", "crlf", "cr"]
    urls = {name: server.url(name, tag=name) for name in names}
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda name: record(tmp_path / name, urls[name]), names))
    for name, result in zip(names, results, strict=True):
        assert result.status == 0, result.err
        recording = check_recording(tmp_path / name, served(server, name))
        assert recording.header is not None
        assert (recording.header.status, recording.timing) == (200, "sidecar")


@pytest.mark.parametrize(
    ("end", "reason"), [("reset", "reset"), ("cut", "truncated"), ("hang", "timeout")]
)
def test_a_stream_that_breaks_is_recorded_with_how_it_broke(
    server: Origin, tmp_path: Path, end: str, reason: str
) -> None:
    out = tmp_path / "out.txt"
    result = record(out, server.url(end=end, writes=20, gap=0.005, tag=end), "--timeout", "0.5")
    assert result.status == 1
    assert result.error_lines[-2].endswith(f"ended by {reason}")
    assert f"the stream ended by {reason}: " in result.error_lines[-1]
    recording = check_recording(out, served(server, end), reason)
    assert recording.end.extra["error"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_compressed_stream_is_recorded_decoded_read_by_read(
    server: Origin, tmp_path: Path, coding: str
) -> None:
    out = tmp_path / "out.txt"
    result = record(out, server.url(coding=coding, writes=30, gap=0.005, tag=coding))
    assert result.status == 0
    fact = served(server, coding)
    recording = check_recording(out, fact)
    assert b"Accept-Encoding: identity" in fact.request
    assert recording.header is not None
    assert recording.header.decoded == coding


def test_a_coding_that_nobody_knows_is_no_success(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with serve(Reply([b"x\x9c\0"], headers={"Content-Encoding": "rot13"})) as server:
        result = record(out, server.url)
    assert result.status == 1
    assert "the content coding 'rot13' is not known here" in result.err
    recording = Recording.load(out)
    assert recording.end.reason == "bad_content_encoding"
    assert recording.header is not None
    assert recording.header.decoded is None  # nothing was


@pytest.mark.parametrize("end", ["cut", "reset"])
def test_silent_shows_nothing_but_what_went_wrong(tmp_path: Path, end: Literal["cut"]) -> None:
    with serve(Reply([b"data: 1\n\n"], end=end)) as server:
        result = record(tmp_path / "out.txt", "-s", server.url)
    assert result.status == 1
    assert len(result.error_lines) == 1
    assert "the stream ended by" in result.err


def test_a_redirect_is_followed_as_curl_follows_it(tmp_path: Path) -> None:
    stream = Reply([b"data: 1\n\n"])
    redirects = {"/again": Reply([b""], 302, {"Location": "/stream"})}
    with serve(stream, paths=redirects) as server:
        url = f"http://127.0.0.1:{server.port}/again"
        assert record(tmp_path / "a", "-L", "-b", "c=1", "-d", "x=1", url).status == 0
        first, second = server.requests
    assert b"cookie: c=1" in first.lower()
    assert b"cookie: c=1" in second.lower()
    assert second.startswith(b"GET /stream")
    assert b"content-type" not in second.lower()


def test_a_run_that_replaces_a_recording_ends_the_one_that_is_being_made(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with (
        serve(Reply([b"data: 1\n\n", WAIT, b"data: 2\n\n"])) as slow,
        serve(Reply([b"data: new\n\n"])) as server,
        start("record", "-s", "-o", out, slow.url) as first,
    ):
        wait_for(lambda: out.exists() and out.stat().st_size == 9)
        assert record(out, "--force", server.url).status == 0
        time.sleep(0.6)  # it looks every half second
        slow.go()
        result = finish(first)
    assert result.status == 1
    assert "the file was removed" in result.err
    recording = Recording.load(out)
    assert (recording.body, recording.end.reason) == (b"data: new\n\n", "eof")


@posix
def test_a_termination_before_the_response_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with origin() as slow, start("record", "-o", out, slow.url(delay=30)) as process:
        wait_for(out.exists)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert finish(process).status == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def wait_for(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_curl_command_works_with_record_in_place_of_curl(tmp_path: Path) -> None:
    document = REPOSITORY.parent / "shared" / "seed" / "xai-grok-beta-curl.md"
    if not document.exists():
        pytest.skip("the document is not on this machine")
    command = document.read_text().partition("```bash\n")[2].partition("```")[0]
    with serve(Reply([SEED])) as server:
        command = command.replace("https://api.x.ai/v1/chat/completions", server.url)
        command = command.replace("curl ", f"{sys.executable} -m sseparse record -o out.txt ", 1)
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True, timeout=30
        )
        (request,) = server.requests
    assert (tmp_path / "out.txt").read_bytes() == SEED
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer XAI_API_KEY\r\n" in head
    assert head.count(b"Content-Type: application/json") == 1
    assert json.loads(body)["model"] == "grok-beta"
    assert b"XAI_API_KEY" not in sidecar_path(tmp_path / "out.txt").read_bytes()
    assert "121 tokens" in done.stderr.decode()


FORM = "application/x-www-form-urlencoded"
SENT: list[tuple[list[str], str, dict[str, str | None], bytes]] = [
    (["-d", "a=1", "-d", "b=2"], "POST", {"content-type": FORM}, b"a=1&b=2"),
    (["-d", "@{file}"], "POST", {}, b'{"a":1}'),
    (["--data-binary", "@{file}"], "POST", {}, b'{"a":\r\n1}\n'),
    (["--data-raw", "@{file}"], "POST", {}, b"@{file}"),
    (
        ["--json", "@{file}"],
        "POST",
        {"content-type": "application/json", "accept": "application/json"},
        b'{"a":\r\n1}\n',
    ),
    (["-X", "PUT", "--json", "1"], "PUT", {}, b"1"),
    ([], "GET", {"accept": "*/*", "accept-encoding": "identity"}, b""),
    (["-H", "Accept:", "-H", "X;"], "GET", {"accept": None, "x": ""}, b""),
    (["-H", "accept:  text/event-stream "], "GET", {"accept": "text/event-stream"}, b""),
    (["-u", "me:${KEY}"], "GET", {"authorization": "Basic bWU6czNjcjN0"}, b""),
    (["-H", "Authorization: Bearer ${KEY}"], "GET", {"authorization": "Bearer s3cr3t"}, b""),
    (["-b", "session=${KEY}"], "GET", {"cookie": "session=s3cr3t"}, b""),
    (["-sSN", "--compressed"], "GET", {}, b""),
]  # fmt: skip


def test_curls_options_make_the_request_that_curl_makes(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_bytes(b'{"a":\r\n1}\n')

    def send(number: int) -> bytes:
        options = [word.replace("{file}", str(file)) for word in SENT[number][0]]
        with serve(Reply([b"data: 1\n\n"])) as server:
            result = record(tmp_path / f"{number}.txt", server.url, *options, KEY="s3cr3t")
            assert result.status == 0, result.err
            return server.requests[0]

    with ThreadPoolExecutor(4) as pool:
        requests = list(pool.map(send, range(len(SENT))))
    for request, (_, method, headers, body) in zip(requests, SENT, strict=True):
        head, _, sent = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        got = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        assert lines[0].startswith(f"{method} ")
        assert sent == body.replace(b"{file}", str(file).encode())
        assert {name: got.get(name) for name in headers} == headers
        assert got["user-agent"].startswith("sseparse/")
    assert not any("s3cr3t" in path.read_text() for path in tmp_path.glob("*.jsonl"))


def test_a_refusal_is_shown_and_nothing_is_recorded(tmp_path: Path) -> None:
    refusal = b'{"error": "no API key"}'
    out = tmp_path / "out.txt"
    with serve(Reply([refusal], 401, {"Content-Type": "application/json"})) as server:
        result = record(out, server.url)
        assert (result.status, result.out) == (1, refusal)
        (line,) = result.error_lines
        assert line.startswith("sseparse: 401 Unauthorized, application/json: no event stream, so")
        assert list(tmp_path.iterdir()) == []
        assert record(out, server.url, "--all").status == 0
    assert out.read_bytes() == refusal
    header = Recording.load(out).header
    assert header is not None
    assert header.status == 401


def test_a_page_in_place_of_a_stream_is_a_refusal_too(tmp_path: Path) -> None:
    with serve(Reply([b"<html>"], headers={"Content-Type": "text/html"})) as server:
        result = record(tmp_path / "out.txt", server.url)
    assert (result.status, result.out) == (1, b"<html>")
    assert "200 OK, text/html: no event stream" in result.err


NOWHERE = "http://127.0.0.1:9/"
BAD: dict[str, tuple[list[str], int, str]] = {
    "no such host": (["http://no-such-host.invalid/v1"], 1, "no such host: no-such-host.invalid"),
    "a refused port": ([NOWHERE], 1, f"{NOWHERE}: the connection was refused"),
    "no TLS": (["{https}"], 1, "TLS: "),
    "another scheme": (["ftp://127.0.0.1/"], 2, "the URL begins with ftp://"),
    "no URL": (["http://[::1"], 2, "the URL is none"),
    "no variable": ([NOWHERE, "-H", "A: ${NOT_SET}"], 2, "${NOT_SET}, which is not set"),
    "no header": ([NOWHERE, "-H", "nonsense"], 2, "a header is 'Name: value'"),
    "no body file": ([NOWHERE, "-d", "@/no/such/file"], 2, "/no/such/file: No such file"),
    "two bodies": ([NOWHERE, "-d", "1", "--json", "2"], 2, "which of the two"),
    "a bad timeout": ([NOWHERE, "--timeout", "nan"], 2, "no number of seconds"),
    "options without URL": (["-d", "1"], 2, "there is none"),
    "listen alone": (["--listen", "8080"], 2, "--upstream says in front of what"),
    "both": ([NOWHERE, "--upstream", "http://127.0.0.1:9"], 2, "it takes no URL"),
}  # fmt: skip


def answer_in_plain_http(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_bad_input_gets_one_clear_line_and_leaves_no_file(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        https = f"https://127.0.0.1:{deaf.getsockname()[1]}/"
        answer = threading.Thread(target=answer_in_plain_http, args=(deaf,))
        answer.start()

        def send(name: str) -> Result:
            words = [word.replace("{https}", https) for word in BAD[name][0]]
            return record(tmp_path / name, *words)

        with ThreadPoolExecutor(4) as pool:
            results = dict(zip(BAD, pool.map(send, BAD), strict=True))
        answer.join()
    for name, (_, status, message) in BAD.items():
        assert results[name].status == status, name
        assert message in results[name].error_lines[-1], name
        assert "Traceback" not in results[name].err
        assert results[name].out == b""
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_is_there_is_not_touched_without_force(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_bytes(b"old")
    sidecar_path(out).write_bytes(b"older")
    with serve(Reply([b"data: new\n\n"])) as server:
        result = record(out, server.url)
        assert (result.status, server.requests) == (2, [])  # refused before anything was asked
        assert result.error_lines == [f"sseparse: {out}: File exists; --force replaces it"]
        assert (out.read_bytes(), sidecar_path(out).read_bytes()) == (b"old", b"older")
        assert record(out, "http://127.0.0.1:9/", "--force").status == 1
        assert (out.read_bytes(), sidecar_path(out).read_bytes()) == (b"old", b"older")
        assert record(out, server.url, "--force").status == 0
    recording = Recording.load(out)
    assert (recording.body, recording.warnings) == (b"data: new\n\n", ())


@pytest.mark.parametrize("out", ["no/such/folder/out.txt", "folder", "fifo", "-"])
def test_an_output_that_cannot_be_is_told_before_anything_is_asked(
    tmp_path: Path, out: str
) -> None:
    (tmp_path / "folder").mkdir()
    subprocess.run(["mkfifo", tmp_path / "fifo"], check=True)
    with serve(Reply([b"data: 1\n\n"])) as server:
        result = record(Path("-") if out == "-" else tmp_path / out, server.url, "--force")
        assert (result.status, server.requests) == (2, [])
        assert (len(result.error_lines) == 1) or out == "-"


@posix
def test_a_recording_is_for_its_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with serve(Reply([b"data: 1\n\n"])) as server:
        assert record(out, server.url).status == 0
    for file in (out, sidecar_path(out)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_arrives_is_shown_at_once_and_summed_up(tmp_path: Path) -> None:
    first, rest = SEED[:3000], SEED[3000:]
    out = tmp_path / "out.txt"
    with serve(Reply([first, WAIT, rest])) as server, start("record", "-o", out, server.url) as p:
        assert p.stderr is not None
        assert p.stderr.read(len("Ah, the")) == b"Ah, the"
        assert out.read_bytes() == first  # what came is on disk, too
        server.go()
        result = finish(p)
    assert result.status == 0
    summary, files = result.error_lines[-2:]
    assert re.fullmatch(r"81 events, \d+\.\d\d s, finish_reason stop, 121 tokens .*", summary)
    assert files == f"{out}: 2 reads, 32,002 bytes"


def test_tee_passes_each_read_on_and_silent_shows_nothing(tmp_path: Path) -> None:
    first, rest = SEED[:3000], SEED[3000:]
    out = tmp_path / "out.txt"
    with (
        serve(Reply([first, WAIT, rest])) as server,
        start("record", "-s", "--tee", "-o", out, server.url) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.read(len(first)) == first
        server.go()
        result = finish(process)
    assert (result.status, result.out, result.err) == (0, rest, "")


@posix
def test_ctrl_c_keeps_what_came(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with serve(Reply([SEED[:3000], WAIT])) as server, start("record", "-o", out, server.url) as p:
        assert p.stderr is not None
        assert p.stderr.read(2) == b"Ah"
        p.send_signal(signal.SIGINT)
        result = finish(p)
        server.go()
    assert result.status == 130
    assert "1 read, 3,000 bytes, ended by interrupted" in result.err
    recording = Recording.load(out)
    assert (recording.body, recording.end.reason) == (SEED[:3000], "interrupted")


@posix
def test_ctrl_c_before_the_response_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with origin() as slow, start("record", "-o", out, slow.url(delay=30)) as process:
        deadline = time.monotonic() + 10
        while not out.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert finish(process).status == 130
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_terminal_shows_the_text_over_a_line_that_tells_how_far_it_is(tmp_path: Path) -> None:
    with serve(Reply([SEED[:3000], WAIT, SEED[3000:]])) as server:
        terminal = Terminal("record", "-o", str(tmp_path / "out.txt"), server.url)
        deadline = time.monotonic() + 10
        while b" events  3,000 bytes" not in terminal.shown and time.monotonic() < deadline:
            terminal.wait_for(len(terminal.shown) + 1)
        server.go()
        assert terminal.finish() == 0
    shown = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", terminal.shown).decode()
    assert "Ah, the" in shown
    assert "the quest for understanding the question continues!" in shown
    assert "81 events" in shown
    assert terminal.shown.rstrip().endswith(b"2 reads, 32,002 bytes")
    assert terminal.modes_before == terminal.modes_after


def test_inside_a_git_work_tree_it_says_what_keeps_git_from_rewriting(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with serve(Reply([b"data: 1\n\n"])) as server:
        first = record(tmp_path / "a.txt", server.url)
        (tmp_path / ".gitattributes").write_text("*.txt -text\n")
        second = record(tmp_path / "b.txt", server.url)
    assert "*.txt -text" in first.error_lines[-1]
    assert "rewrite" not in second.err


def test_the_body_of_the_request_is_kept_on_request_less_its_credentials(tmp_path: Path) -> None:
    body = '{"model":"m","tools":[{"headers":{"Authorization":"Bearer canary"}}]}'
    with serve(Reply([b"data: 1\n\n"])) as server:
        assert record(tmp_path / "a.txt", server.url, "--json", body).status == 0
        record(tmp_path / "b.txt", server.url, "--json", body, "--request-body")
    without, kept = (Recording.load(tmp_path / name).header for name in ("a.txt", "b.txt"))
    assert without is not None
    assert kept is not None
    assert without.request is not None
    assert kept.request is not None
    assert "body" not in without.request
    assert kept.request["body"] == {
        "model": "m",
        "tools": [{"headers": {"Authorization": "REDACTED"}}],
    }


@pytest.mark.parametrize("request_body", [False, True])
def test_no_secret_of_the_request_is_in_any_file_or_on_the_screen(
    tmp_path: Path, request_body: bool
) -> None:
    headers = [word for line in HEADERS.items() for word in ("-H", ": ".join(line))]
    options = ["--request-body"] if request_body else []
    with serve(SECRETIVE) as server:
        url = secret_url(server.url)
        result = record(tmp_path / "a.txt", url, *headers, "--json", json.dumps(BODY), *options)
        (request,) = server.requests
    assert result.status == 0
    assert all(value.encode() in request for value in HEADERS.values())  # they were sent
    check_no_secrets(tmp_path, request_body=request_body)
    assert "canary" not in result.err
    unreachable = record(tmp_path / "b.txt", secret_url("http://127.0.0.1:9/v1"), *headers)
    assert unreachable.status == 1
    assert "canary" not in unreachable.err
