"""``sseparse serve`` as a command: what it prints, what it refuses, how it stops."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from cli import FIXTURE, REPOSITORY, finish, posix, read_some, run_all, start
from proxies import connect, converse, get, post, read_until, rest_of

from sseparse import Recording


def url_of(process: subprocess.Popen[bytes]) -> str:
    return read_some(process.stdout).decode().strip()


def port_of(process: subprocess.Popen[bytes]) -> int:
    return int(url_of(process).rpartition(":")[2])


@posix
def test_stdout_has_only_the_url_and_stderr_a_line_for_each_request(tmp_path: Path) -> None:
    kept = tmp_path / "requests.jsonl"
    with start("serve", FIXTURE, "--speed", "max", "--record-requests", kept) as process:
        url = url_of(process)
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        port = int(url.rpartition(":")[2])
        asked = post("/v1/chat?key=hunter2", b'{"model":"m"}', "Authorization: Bearer hunter2")
        assert converse(port, asked).body == Recording.load(REPOSITORY / FIXTURE).body
        process.send_signal(signal.SIGINT)
        result = finish(process)
    assert (result.status, result.out) == (0, b"")
    hello, request, late = result.error_lines
    assert url in hello
    assert re.fullmatch(
        r"sseparse: 200 POST /v1/chat: xai-grok-beta.txt, \d+ chunks, \d+ bytes, [\d.]+ s, finish",
        request,
    )
    assert re.fullmatch(
        r"sseparse: 1 streams, \d+ chunks; late by p50 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms",
        late,
    )
    (line,) = kept.read_text().splitlines()
    assert "hunter2" not in line
    assert json.loads(line)["body"] == {"model": "m"}
    assert kept.stat().st_mode & 0o777 == 0o600


@posix
def test_a_signal_waits_for_what_runs_and_a_second_one_cuts_it() -> None:
    with start("serve", FIXTURE, "--silent") as process, start("serve", FIXTURE) as cut:
        for one, status in ((process, 0), (cut, 130)):
            port = port_of(one)
            with connect(port) as connection:
                connection.sendall(get())
                read_until(connection, b"data: ")
                one.send_signal(signal.SIGINT)
                time.sleep(0.2)
                if status:
                    one.send_signal(signal.SIGINT)
                assert rest_of(connection).data.endswith(b"0\r\n\r\n") == (not status)
            assert finish(one).status == status


def test_what_cannot_be_served_is_one_line_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged.txt").write_bytes(b"data: 1\n\n")
    (tmp_path / "damaged.txt.timing.jsonl").write_bytes(b'{"sseparse_timing":1}\nnonsense\n[1,2]\n')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        results = run_all(
            [
                ("serve", FIXTURE, "--listen", f":{port}"),
                ("serve", tmp_path / "empty"),
                ("serve", tmp_path / "damaged.txt"),
                ("serve", tmp_path / "none.txt"),
                ("serve", FIXTURE, "--fault", "cut@event=9999"),
                ("serve", FIXTURE, "--no-such-option"),
            ]
        )
    for result, words in zip(
        results,
        [
            "in use",
            "no recording in this folder",
            "damaged.txt",
            "No such file",
            "the stream has 81 events",
            "No such option",
        ],
        strict=True,
    ):
        assert result.status == 2
        assert result.out == b""
        assert words in result.error_lines[0]
        assert len(result.error_lines) == 1
