"""What is imported from what a real curl prints with -i and -v."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from cli import run
from origin import origin, script
from servers import Reply, serve

from sseparse import Recording, RecordingError
from sseparse.formats import Imported, read_imports

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

BODY = {name: b"".join(write.data for write in script(name, 12)) for name in ("lf", "crlf", "cr")}

KINDS: dict[str, list[str]] = {
    "curl-i": ["-sNi"],
    "curl-v": ["-sNv"],
    "curl-v with times": ["-sNv", "--trace-time"],
    "curl-v with progress": ["-Nv"],
    "curl-v with heads": ["-sNiv"],
}


def curl(*args: str, merge: bool = True) -> bytes:
    """Return what curl prints, on stdout and stderr together."""
    errors = subprocess.STDOUT if merge else subprocess.DEVNULL
    return subprocess.run(
        ["curl", *args], stdout=subprocess.PIPE, stderr=errors, timeout=30, check=False
    ).stdout


@pytest.fixture(scope="module")
def printed() -> dict[tuple[str, str], bytes]:
    """Each script, printed in each way; all at once."""
    keys = [(kind, name) for kind in KINDS for name in BODY]
    with origin() as server, ThreadPoolExecutor(len(keys)) as pool:
        outputs = pool.map(
            lambda key: curl(*KINDS[key[0]], server.url(key[1], gap=0.001, writes=12)), keys
        )
        return dict(zip(keys, outputs, strict=True))


def one(data: bytes, kind: str) -> tuple[Imported, Recording]:
    name, (found,) = read_imports(data, "out.txt")
    assert name == kind
    assert found.recording is not None
    return found, found.recording


@pytest.mark.parametrize("name", BODY)
@pytest.mark.parametrize("kind", KINDS)
def test_the_body_is_what_was_sent(
    kind: str, name: str, printed: dict[tuple[str, str], bytes]
) -> None:
    found, recording = one(printed[kind, name], kind.partition(" ")[0])
    assert recording.body == BODY[name]
    assert "the times" in found.lacks
    assert "the read boundaries" in found.lacks
    assert recording.timing == "none"
    assert recording.header is not None
    assert recording.header.status == 200
    assert dict(recording.header.headers)["content-type"] == "text/event-stream"


def test_what_v_says_of_the_request_and_the_end_is_kept(
    printed: dict[tuple[str, str], bytes],
) -> None:
    _, recording = one(printed["curl-v", "lf"], "curl-v")
    assert recording.header is not None
    assert recording.header.request is not None
    assert str(recording.header.request["url"]).endswith("/v1/chat/completions")
    assert recording.end.reason == "eof"
    found, _ = one(printed["curl-i", "lf"], "curl-i")
    assert found.lacks == (
        "the request",
        "the times",
        "the read boundaries",
        "how it ended",
    )


def test_v_without_the_body_says_that_there_is_none() -> None:
    with serve(Reply([b"data: 1\n\n"])) as server:
        data = curl("-sNv", server.url, "-o", "/dev/null")
        meter = curl("-Nv", server.url, "-o", "/dev/null")
    for output in (data, meter):
        with pytest.raises(RecordingError, match=r"^out\.txt: the body is not in it: .*2>&1"):
            read_imports(output, "out.txt")


@pytest.mark.parametrize("option", ["-i", "-v"])
def test_of_a_redirect_the_last_response_is_taken(option: str) -> None:
    with serve(Reply([b"data: 1\n\n"])) as target:
        reply = Reply([b"moved"], status=302, headers={"Location": target.url})
        with serve(reply) as server:
            data = curl("-sNL", option, server.url)
    _, recording = one(data, f"curl{option}")
    assert recording.body == b"data: 1\n\n"
    assert recording.header is not None
    assert recording.header.status == 200


@pytest.mark.parametrize("option", ["-i", "-v"])
def test_a_broken_stream_is_told_where_it_can_be(option: str) -> None:
    with serve(Reply([b"data: 1\n\n"], framing="length", end="cut")) as server:
        assert one(curl("-sN", option, server.url), f"curl{option}")[1].end.reason == "truncated"
    with serve(Reply([b"data: 1\n\n"], end="cut")) as server:
        found, recording = one(
            curl("-sSN", option, server.url, merge=option == "-v"), f"curl{option}"
        )
    assert recording.body == b"data: 1\n\n"
    if option == "-v":
        assert recording.end.reason == "truncated"
    else:  # only stderr says it
        assert "how it ended" in found.lacks


def test_what_i_and_the_progress_meter_printed_together_is_told_apart() -> None:
    with serve(Reply([b"data: 1\n\n", b"data: 2"], end="cut")) as server:
        _, recording = one(curl("-Ni", server.url), "curl-i")
    assert recording.body == b"data: 1\n\ndata: 2"
    assert recording.end.reason == "truncated"


@pytest.mark.parametrize("option", ["-i", "-v"])
def test_a_compressed_body_is_decompressed(option: str) -> None:
    with serve(Reply([b"data: 1\n\n" * 9], compress=True)) as server:
        raw = curl("-sN", option, server.url)
        undone = curl("-sN", option, "--compressed", server.url)
    for data in (raw, undone):
        _, recording = one(data, f"curl{option}")
        assert recording.body == b"data: 1\n\n" * 9
        assert recording.header is not None
        assert recording.header.decoded == "gzip"


def test_lines_of_a_body_that_look_like_curl_s_are_left_in_it() -> None:
    body = b"* a list\n> a quotation\n< less\n{ [and so on]\n"
    with serve(Reply([body], headers={"Content-Type": "text/markdown"})) as server:
        assert one(curl("-sNv", server.url), "curl-v")[1].body == body


def test_the_interim_responses_are_passed_over() -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    tunnel = b"HTTP/1.1 200 Connection established\r\n\r\n"
    data = tunnel + head + b"HTTP/2 200 \r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"
    _, recording = one(data, "curl-i")
    assert recording.body == b"data: 1\n\n"


def test_words_of_curl_in_the_answer_of_a_model_are_the_answers() -> None:
    body = (
        b'data: {"content":"Use:\\n* OpenSSL 3.0, or\\n* Closing connection"}\n\n'
        b'data: {"content":"curl: (7) Failed to connect * TLSv1.3"}\n\ndata: [DONE]\n\n'
    )
    with serve(Reply([body])) as server:
        data = curl("-sN", "-v", server.url)
    assert one(data, "curl-v")[1].body == body


@pytest.mark.parametrize("end", ["cut", "reset"])
def test_words_of_curl_behind_half_a_line_are_curls(end: Literal["cut"]) -> None:
    with serve(Reply([b"data: 1\n\ndata: ha"], end=end)) as server:
        data = curl("-sSN", "-v", server.url)
    _, recording = one(data, "curl-v")
    assert recording.body == b"data: 1\n\ndata: ha"
    assert recording.end.reason in ("truncated", "reset")


@pytest.mark.parametrize("option", ["-i", "-v"])
def test_each_of_several_urls_has_its_response(option: str) -> None:
    answers = {"/a": Reply([b"data: a\n\n"]), "/b": Reply([b"data: b\n\n"], framing="length")}
    with serve(Reply([b""]), paths=answers) as server:
        base = f"http://127.0.0.1:{server.port}"
        data = curl("-sN", option, f"{base}/a", f"{base}/b", f"{base}/a")
    _, found = read_imports(data, "out.txt")
    bodies = [item.recording.body for item in found if item.recording]
    assert bodies == [b"data: a\n\n", b"data: b\n\n", b"data: a\n\n"]


@pytest.mark.parametrize("option", ["-i", "-v"])
def test_an_attempt_that_was_refused_is_a_response_of_its_own(option: str) -> None:
    busy = Reply([b"busy"], 503, {"Content-Type": "text/plain"}, framing="length")
    with serve(busy) as server:
        arguments = ["--retry", "1", "--retry-delay", "1"]
        data = curl("-sN", option, *arguments, server.url)
    _, found = read_imports(data, "out.txt")
    assert [item.recording.body for item in found if item.recording] == [b"busy", b"busy"]


def test_a_body_that_holds_a_head_is_a_body() -> None:
    body = b"HTTP/1.1 200 OK\r\n\r\nis what a server says\n"
    assert one(b"HTTP/1.1 200 OK\r\nserver: a\r\n\r\n" + body, "curl-i")[1].body == body


@pytest.mark.parametrize("kind", ["curl-i", "curl-v"])
def test_what_powershell_made_utf_16_is_refused_with_what_to_do(
    kind: str, printed: dict[tuple[str, str], bytes]
) -> None:
    text = printed[kind, "lf"].decode("utf-8", "replace")
    data = b"\xff\xfe" + text.encode("utf-16-le")
    for source in (None, kind):
        with pytest.raises(RecordingError, match=r"it is UTF-16, .* -o FILE"):
            read_imports(data, "out.txt", source)


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("curl-i", b"data: 1\n\n", "does not begin with HTTP/"),
        ("curl-i", b"HTTP/1.1 200 OK\r\nserver: a\r\n", "does not end"),
        ("curl-v", b"data: 1\n\n", "no line begins with"),
        ("curl-v", b"* Trying 127.0.0.1:1...\n* Closing connection 0\n", "there is no response"),
    ],
)
def test_what_is_none_is_an_error(kind: str, data: bytes, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        read_imports(data, "out.txt", kind)


def test_the_command_takes_it_from_a_pipe(
    printed: dict[tuple[str, str], bytes], tmp_path: Path
) -> None:
    arguments: Sequence[str | Path] = ("import", "-", "-o", tmp_path / "out.txt")
    done = run(*arguments, stdin=printed["curl-i", "crlf"])
    assert done.status == 0
    assert Recording.load(tmp_path / "out.txt").body == BODY["crlf"]
    assert done.err.endswith(
        "bytes from curl-i; it lacks the request, the times, the read boundaries and how it ended\n"
    )
