"""What is imported from a trace that a real curl wrote, against what the origin says it sent."""

from __future__ import annotations

import datetime
import shutil
import statistics
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path

import pytest
from cli import run
from origin import Served, Write, origin, script
from servers import Reply, serve

from sseparse import Recording, RecordingError
from sseparse.formats import Imported, read_imports

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

SCRIPTS = ("lf", "crlf", "cr")

Traced = dict[str, tuple[bytes, Served]]


SHORT: dict[str, object] = {"gap": 0, "writes": 12}

# Everything that is asked of the origin, much of it at once: options of the script, and of curl.
ASKED: dict[str, tuple[str, dict[str, object], list[str]]] = {
    **{name: (name, {}, ["--trace-time"]) for name in SCRIPTS},
    "untimed": ("lf", SHORT, []),
    "length": ("cr", {**SHORT, "framing": "length"}, ["--trace-time"]),
    "close": ("cr", {**SHORT, "framing": "close"}, ["--trace-time"]),
    "truncated": ("lf", {**SHORT, "end": "cut"}, ["--trace-time"]),
    "reset": ("lf", {**SHORT, "end": "reset"}, ["--trace-time"]),
    "timeout": ("lf", {**SHORT, "end": "hang"}, ["--trace-time", "-m", "1"]),
    **{
        coding: ("lf", {"gap": 0.005, "writes": 12, "coding": coding}, ["--trace-time"])
        for coding in ("gzip", "br", "zstd")
    },
    "request": (
        "lf",
        {**SHORT, "key": "hunter2", "alt": "sse"},
        ["-H", "Authorization: Bearer hunter2", "--json", '{"model":"a","key":"b"}'],
    ),
}


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, Served]]:
    """Each of these, as curl traced it and as the origin says it was."""
    folder = tmp_path_factory.mktemp("traces")

    def fetch(item: tuple[str, tuple[str, dict[str, object], list[str]]]) -> bytes:
        name, (script_name, options, args) = item
        return trace(folder, server.url(script_name, path=f"/{name}/v1", **options), *args)

    with origin() as server:
        with ThreadPoolExecutor(len(SCRIPTS)) as pool:  # those with times first, in peace
            timed = list(pool.map(fetch, list(ASKED.items())[: len(SCRIPTS)]))
        with ThreadPoolExecutor(len(ASKED)) as pool:
            rest = list(pool.map(fetch, list(ASKED.items())[len(SCRIPTS) :]))
        traces = dict(zip(ASKED, timed + rest, strict=True))
        responses = server.served(len(ASKED))
    served = {response.request.split(b"/")[1].decode(): response for response in responses}
    return {name: (traces[name], served[name]) for name in ASKED}


def trace(folder: Path, url: str, *args: str) -> bytes:
    """Return what a real curl traces."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        curl(url, "--trace", file.name, *args)
        return Path(file.name).read_bytes()


def curl(*args: str) -> None:
    subprocess.run(["curl", "-sN", *args, "-o", "/dev/null"], check=False, timeout=30)


def one(data: bytes) -> tuple[Imported, Recording]:
    """Return the one import of a trace."""
    name, (found,) = read_imports(data, "trace.txt")
    assert name == "curl-trace"
    assert found.recording is not None
    return found, found.recording


def last_writes(recording: Recording, served: Served) -> list[Write]:
    """Return the last write that is in each read: on a busy machine a read can bring two."""
    ends = list(accumulate(len(read.data) for read in recording.reads))
    by_end = dict(
        zip(accumulate(len(write.data) for write in served.writes), served.writes, strict=True)
    )
    return [by_end[end] for end in ends]


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_body_and_the_reads_are_those_that_were_sent(name: str, traced: Traced) -> None:
    data, served = traced[name]
    found, recording = one(data)
    assert recording.body == served.body == b"".join(write.data for write in script(name))
    assert len(last_writes(recording, served)) > 0.5 * len(served.writes)
    # The chunk that ends the body brings nothing; mostly it comes alone.
    assert data.count(b"<= Recv data") - len(recording.reads) in (0, 1)
    assert recording.end.reason == "eof"
    assert found.lacks == ("the date",)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_times_are_within_5_ms_of_the_writes(name: str, traced: Traced) -> None:
    data, served = traced[name]
    _, recording = one(data)
    late = [
        read.time - (write.time - served.asked_at)
        for read, write in zip(recording.reads, last_writes(recording, served), strict=True)
    ]
    # When a request is there, curl and the origin may see some milliseconds apart.
    apart = statistics.median(late)
    assert abs(apart) < 0.05
    assert statistics.median(abs(one - apart) for one in late) < 0.005
    assert recording.header is not None
    assert recording.header.headers_at is not None
    assert 0 < recording.header.headers_at < recording.reads[0].time
    assert recording.end.t is not None
    assert recording.end.t >= recording.reads[-1].time


def test_without_trace_time_there_are_no_times_and_it_says_so(traced: Traced) -> None:
    data, served = traced["untimed"]
    found, recording = one(data)
    assert found.lacks == ("the times", "the read boundaries")
    assert recording.timing == "none"
    assert recording.body == served.body


@pytest.mark.parametrize("framing", ["length", "close"])
def test_a_body_that_is_not_chunked_is_taken_as_it_is(framing: str, traced: Traced) -> None:
    data, served = traced[framing]
    _, recording = one(data)
    assert recording.body == served.body
    assert recording.end.reason == "eof"


@pytest.mark.parametrize("reason", ["truncated", "reset", "timeout"])
def test_how_the_stream_broke_is_told(reason: str, traced: Traced) -> None:
    data, served = traced[reason]
    _, recording = one(data)
    assert recording.end.reason == reason
    assert recording.body == served.body


def test_a_body_shorter_than_its_length_is_truncated(tmp_path: Path) -> None:
    with serve(Reply([b"data: 1\n\n"], framing="length", end="cut")) as server:
        assert one(trace(tmp_path, server.url))[1].end.reason == "truncated"


def test_a_trace_that_was_killed_is_interrupted_and_keeps_what_there_is(traced: Traced) -> None:
    data, served = traced["lf"]
    for cut in range(len(data) // 2, len(data) // 2 + 100):
        _, recording = one(data[:cut])
        assert recording.end.reason == "interrupted"
        assert recording.reads
        assert served.body.startswith(recording.body)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_compressed_body_is_decompressed_read_by_read(coding: str, traced: Traced) -> None:
    data, served = traced[coding]
    _, recording = one(data)
    assert recording.body == served.body
    assert recording.header is not None
    assert recording.header.decoded == coding
    assert len(recording.reads) > 3


def test_the_request_is_kept_as_far_as_it_may_be(traced: Traced) -> None:
    _, (found,) = read_imports(traced["request"][0], "trace.txt", request_body=True)
    assert found.recording is not None
    assert found.recording.header is not None
    request = found.recording.header.request
    assert request is not None
    assert request["method"] == "POST"
    assert str(request["url"]).endswith("/request/v1?alt=sse")
    assert request["body"] == {"model": "a", "key": "REDACTED"}
    assert found.name == "001-request-v1-a"


def test_trace_ascii_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "ascii"
    with serve(Reply([b"data: 1\n\n"])) as server:
        curl(server.url, "--trace-ascii", str(file))
    with pytest.raises(RecordingError, match=r"--trace-ascii, .* curl --trace FILE --trace-time"):
        read_imports(file.read_bytes(), "ascii")


def test_a_redirect_is_an_entry_of_its_own(tmp_path: Path) -> None:
    with serve(Reply([b"data: 1\n\n"])) as target:
        headers = {"Location": target.url, "Content-Type": "text/html"}
        with serve(Reply([b"moved"], status=302, headers=headers)) as server:
            _, found = read_imports(trace(tmp_path, server.url, "-L"), "trace.txt")
    assert [item.event_stream for item in found] == [False, True]
    assert [item.recording and item.recording.body for item in found] == [b"moved", b"data: 1\n\n"]


def test_two_requests_on_one_connection_are_two_entries(tmp_path: Path) -> None:
    with serve(Reply([b"data: 1\n\n"])) as server:
        data = trace(tmp_path, server.url, server.url, "-o", "/dev/null")
    _, found = read_imports(data, "trace.txt")
    assert [item.recording and item.recording.body for item in found] == [b"data: 1\n\n"] * 2


def test_curl_that_asks_before_it_sends_gets_one_answer(tmp_path: Path) -> None:
    # The server answers only when it has the body; curl stops waiting for "100" after a second.
    with serve(Reply([b"data: 1\n\n"])) as server:
        data = trace(tmp_path, server.url, "-H", "Expect: 100-continue", "-d", '{"model":"m"}')
    found, recording = one(data)
    assert recording.body == b"data: 1\n\n"
    assert found.name == "001-v1-chat-completions-m"


# Traces that this machine's curl does not write, put together by hand.


def blocks(*parts: tuple[str, bytes], prefix: str = "") -> bytes:
    """Write a trace of these blocks: the mark of each, such as ``"<= Recv data"``, and its data."""
    lines = []
    for mark, data in parts:
        if "Info" in mark:
            lines.append(f"{prefix}{mark} {data.decode()}")
            continue
        lines.append(f"{prefix}{mark}, {len(data)} bytes (0x{len(data):x})")
        for start in range(0, len(data), 16):
            row = data[start : start + 16]
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            lines.append(f"{start:04x}: " + f"{row.hex(' ') + ' ':<48}" + shown)
    return ("\n".join(lines) + "\n").encode()


REQUEST = ("=> Send header", b"GET /v1 HTTP/1.1\r\nHost: a.example\r\n\r\n")
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = STREAM + b"transfer-encoding: chunked\r\n\r\n"


def answer(head: bytes) -> list[tuple[str, bytes]]:
    return [("<= Recv header", line) for line in head.splitlines(keepends=True)]


def test_data_that_are_not_framed_are_taken_as_they_are_whatever_the_header_says() -> None:
    data = b"data: 1\n\n"
    _, recording = one(blocks(REQUEST, *answer(CHUNKED), ("<= Recv data", data)))
    assert recording.body == data


def test_framing_that_is_cut_anywhere_is_removed_all_the_same() -> None:
    framed = b"9;x=y\r\ndata: 1\n\n\r\n3\r\n: \xff\r\n0\r\n\r\n"
    for cut in range(1, len(framed)):
        parts = [("<= Recv data", framed[:cut]), ("<= Recv data", framed[cut:])]
        _, recording = one(blocks(REQUEST, *answer(CHUNKED), *parts))
        assert recording.body == b"data: 1\n\n: \xff"
        assert recording.end.reason == "eof"


@pytest.mark.parametrize(
    ("said", "reason"),
    [  # the words of libcurl 8.23
        (["shutting down connection #0"], "eof"),
        (["end of response with 1000 bytes missing", "closing connection #0"], "truncated"),
        (["Recv failure: Connection reset by peer", "closing connection #0"], "reset"),
        (["Operation timed out after 301 milliseconds with 9 bytes received"], "timeout"),
        (["Operation too slow. Less than 1000 bytes/sec transferred"], "timeout"),
        ([], "interrupted"),
    ],
)
def test_what_newer_curl_says_of_the_end_is_understood(said: list[str], reason: str) -> None:
    infos = [("== Info:", text.encode()) for text in said]
    parts = [REQUEST, *answer(STREAM + b"\r\n"), ("<= Recv data", b"data: 1\n\n"), *infos]
    assert one(blocks(*parts))[1].end.reason == reason


def test_http_2_with_ids_and_tls_is_read() -> None:
    data = blocks(
        ("== Info:", b"Trying 127.0.0.1:443..."),
        ("=> Send SSL data", b"\x16\x03"),
        ("=> Send header", b"GET /v1 HTTP/2\r\nHost: a.example\r\n\r\n"),
        *answer(b"HTTP/2 200 \r\ncontent-type: text/event-stream\r\n\r\n"),
        ("<= Recv SSL data", b"\x17\x03"),
        ("<= Recv data", b"data: 1\n\n"),
        ("== Info:", b"Connection #0 to host a.example left intact"),
        prefix="12:00:00.000000 [0-0] ",
    )
    _, recording = one(data)
    assert recording.body == b"data: 1\n\n"
    assert recording.end.reason == "eof"
    assert recording.header is not None
    assert recording.header.request is not None
    assert recording.header.request["url"] == "https://a.example/v1"


def test_transfers_side_by_side_are_told_apart_by_their_ids() -> None:
    def part(name: str, *blocks_of: tuple[str, bytes]) -> bytes:
        return blocks(*blocks_of, prefix=f"[{name}-{name}] ")

    data = (
        part("0", REQUEST)
        + part("1", REQUEST, *answer(STREAM + b"\r\n"))
        + part("0", *answer(STREAM + b"\r\n"), ("<= Recv data", b"data: a\n"))
        + part("1", ("<= Recv data", b"data: b\n"))
        + part("0", ("<= Recv data", b"\n"))
    )
    _, found = read_imports(data, "trace.txt")
    assert [item.recording and item.recording.body for item in found] == [
        b"data: a\n\n",
        b"data: b\n",
    ]


def test_a_proxy_tunnel_is_no_entry() -> None:
    data = blocks(
        ("=> Send header", b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"),
        *answer(b"HTTP/1.1 200 Connection established\r\n\r\n"),
        REQUEST,
        *answer(STREAM + b"\r\n"),
        ("<= Recv data", b"data: 1\n\n"),
    )
    assert one(data)[1].body == b"data: 1\n\n"


def test_times_go_on_past_midnight() -> None:
    start = datetime.datetime(2026, 1, 1, 23, 59, 59, 900000)
    step = datetime.timedelta(seconds=0.2)
    parts = [REQUEST, *answer(STREAM + b"\r\n"), ("<= Recv data", b"a"), ("<= Recv data", b"b")]
    data = b"".join(
        blocks(part, prefix=(start + number * step).strftime("%H:%M:%S.%f "))
        for number, part in enumerate(parts)
    )
    _, recording = one(data)
    assert [read.time for read in recording.reads] == [0.8, 1.0]


def test_trailers_belong_neither_to_the_head_nor_to_the_body() -> None:
    data = blocks(
        REQUEST,
        *answer(CHUNKED),
        ("<= Recv data", b"3\r\n: 1\r\n0\r\n"),
        ("<= Recv header", b"x-request-id: late\r\n"),
        ("<= Recv data", b"\r\n"),
    )
    _, recording = one(data)
    assert recording.body == b": 1"
    assert recording.header is not None
    assert "late" not in str(recording.header.headers)


def test_line_ends_of_windows_are_line_ends() -> None:
    data = blocks(REQUEST, *answer(STREAM + b"\r\n"), ("<= Recv data", b"data: 1\n\n"))
    assert one(data.replace(b"\n", b"\r\n"))[1].body == b"data: 1\n\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"64 61 74 61", b"64 xx 74 61", r"trace\.txt:\d+: the hex dump is damaged"),
        (b"64 61 74 61", b"64 61 74", r"trace\.txt:\d+: the hex dump is damaged"),
        (b"0000: 64", b"0010: 64", r"trace\.txt:\d+: the hex dump is damaged"),
        (b"<= Recv data", b"<= Recv date", r"trace\.txt:\d+: this is no line of curl --trace"),
    ],
)
def test_damage_is_an_error_that_names_the_line(old: bytes, new: bytes, message: str) -> None:
    data = blocks(REQUEST, *answer(STREAM + b"\r\n"), ("<= Recv data", b"data: 1\n\n"), REQUEST)
    assert old in data
    with pytest.raises(RecordingError, match=message):
        read_imports(data.replace(old, new), "trace.txt")


def test_broken_framing_is_an_error() -> None:
    data = blocks(REQUEST, *answer(CHUNKED), ("<= Recv data", b"3\r\n: 1 and more\r\n"))
    with pytest.raises(RecordingError, match="the chunk framing is broken"):
        read_imports(data, "trace.txt")


def test_the_command_says_what_came_and_replays_it(traced: Traced, tmp_path: Path) -> None:
    source, out = tmp_path / "trace.txt", tmp_path / "out.txt"
    source.write_bytes(traced["lf"][0])
    done = run("import", source, "-o", out)
    reads, size = len(one(traced["lf"][0])[1].reads), len(traced["lf"][1].body)
    assert done.error_lines == [
        f"sseparse: {out}: {reads} reads, {size:,} bytes from curl-trace; it lacks the date"
    ]
    assert done.status == 0
    assert Recording.load(out).reads == one(traced["lf"][0])[1].reads
    assert run("replay", out, "--speed", "max").out == traced["lf"][1].body
