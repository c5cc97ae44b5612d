"""``sseparse record --upstream`` as a command: what it prints, what it refuses, how it stops."""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cli import posix, run_all
from proxies import Proxy, connect, converse, get, proxied, read_until, rest_of, wait_until
from servers import WAIT, Reply, Server, serve

from sseparse import Recording


@pytest.fixture
def upstream() -> Iterator[Server]:
    with serve(Reply([b"data: 1\n\n", WAIT, b"data: 2\n\n"])) as running:
        yield running


def begun(proxy: Proxy, path: str = "/") -> socket.socket:
    """A connection on which a stream has begun."""
    before = recorded(proxy)
    connection = connect(proxy.port)
    connection.sendall(get(path))
    read_until(connection, b"data: 1\n\n")
    wait_until(lambda: recorded(proxy) > before, lambda: "it was not recorded")
    return connection


def recorded(proxy: Proxy) -> int:
    """How many recordings have something in them."""
    return sum(path.stat().st_size > 0 for path in proxy.folder.glob("*.txt"))


def test_stdout_has_only_the_url_and_stderr_a_line_for_each_response(
    upstream: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "a" / "b"
    with proxied(upstream.url, folder, "--listen", "0") as proxy:
        assert proxy.url.startswith("http://127.0.0.1:")
        hello = proxy.said("base_url")
        assert f"http://127.0.0.1:{upstream.port}" in hello
        assert proxy.url in hello
        assert str(folder) in hello
        with begun(proxy, "/v1/chat?key=secret") as connection:
            upstream.go()
            assert rest_of(connection).data.endswith(b"0\r\n\r\n")
        proxy.recording()
        (path,) = folder.glob("*.txt")
        line = proxy.said("200 GET")
        words = f"sseparse: 200 GET /v1/chat: {path.name}, 2 reads, 18 bytes, "
        assert line.startswith(words)
        assert line.endswith(" s, eof")
        proxy.signal()
        assert proxy.status() == 0
        assert proxy.process.stdout is not None
        assert proxy.process.stdout.read() == ""
        assert len(proxy.lines) == 2
        assert folder.stat().st_mode & 0o777 == 0o700


def test_silent_says_nothing_but_what_is_wrong(upstream: Server, tmp_path: Path) -> None:
    with proxied(upstream.url, tmp_path, "--silent") as proxy:
        upstream.go()
        assert converse(proxy.port, get()).whole
        assert converse(proxy.port, b"nonsense\r\n\r\n").status == 400
        proxy.signal()
        assert proxy.status() == 0
        assert ["refused" in line for line in proxy.lines] == [True]


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_when_what_runs_is_over(
    upstream: Server, tmp_path: Path, number: signal.Signals
) -> None:
    with proxied(upstream.url, tmp_path) as proxy, begun(proxy) as connection:
        with connect(proxy.port) as idle:
            proxy.signal(number)
            assert "waiting for 1 response" in proxy.said("waiting")
            assert rest_of(idle).data == b""  # closed, for nothing was asked on it
        with pytest.raises(ConnectionRefusedError):
            connect(proxy.port)
        upstream.go()
        assert rest_of(connection).data.endswith(b"data: 2\n\n\r\n0\r\n\r\n")
        assert proxy.status() == 0
        assert ending(proxy.recording()) == "eof"


@posix
def test_a_second_signal_cuts_what_runs(upstream: Server, tmp_path: Path) -> None:
    with proxied(upstream.url, tmp_path) as proxy:
        with begun(proxy) as one, begun(proxy) as two:
            proxy.signal()
            assert "waiting for 2 responses" in proxy.said("waiting")
            proxy.signal()
            assert proxy.status() == 130
            for connection in (one, two):
                assert not rest_of(connection).data.endswith(b"0\r\n\r\n")
        assert [ending(recording) for recording in proxy.recordings(2)] == ["interrupted"] * 2
        assert proxy.recordings(2)[0].body == b"data: 1\n\n"
        assert proxy.said(", interrupted")


@posix
def test_a_second_signal_cuts_what_has_no_answer_yet(tmp_path: Path) -> None:
    with (
        serve(Reply([WAIT])) as upstream,
        proxied(upstream.url, tmp_path) as proxy,
        connect(proxy.port) as connection,
    ):
        connection.sendall(get())
        wait_until(lambda: bool(upstream.requests), lambda: "it was not asked")
        proxy.signal()
        proxy.said("waiting for 1 response")
        proxy.signal()
        assert proxy.status() == 130
        assert not rest_of(connection).raw_body


@posix
def test_a_kill_leaves_recordings_of_all_that_was_relayed(upstream: Server, tmp_path: Path) -> None:
    with proxied(upstream.url, tmp_path) as proxy, begun(proxy):
        proxy.signal(signal.SIGKILL)
        assert proxy.status() == -signal.SIGKILL
        (path,) = tmp_path.glob("*.txt")
        recording = Recording.load(path)
        assert (recording.body, ending(recording)) == (b"data: 1\n\n", "interrupted")


def ending(recording: Recording) -> str:
    assert recording.end is not None
    return recording.end.reason


def test_what_cannot_be_understood_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = {
            ("--upstream", "api.x.ai"): "https://api.x.ai",
            ("--upstream", "https://me:hunter2@a"): "password",
            ("--upstream", "https://a/?key=hunter2"): "'?'",
            ("--listen", "127.0.0.1"): "HOST:PORT",
            ("--listen", "127.0.0.1:65536"): "HOST:PORT",
            ("--listen", "::1:80"): "HOST:PORT",
            ("--listen", "http://127.0.0.1:80"): "HOST:PORT",
            ("--listen", busy): "ddress already in use",
            ("--listen", "no-such-host.invalid:0"): "no-such-host.invalid:0",
            ("--listen", "192.0.2.1:0"): "192.0.2.1:0",
            ("-o", str(file)): "folder",
            ("-o", str(file / "below")): str(file),
        }
        base = ["record", "--upstream", "http://127.0.0.1:1", "-o", str(tmp_path / "out")]
        for (option, words), result in zip(
            refused.items(),
            run_all([*base, *option] for option in refused),
            strict=True,
        ):
            assert result.status == 2, option
            assert result.out == b""
            assert words in result.error_lines[-1], option
            assert "Traceback" not in result.err
            assert "hunter2" not in result.err.replace(" ".join(option), "")
    assert file.read_text() == "mine"


def test_it_listens_where_it_is_told(upstream: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    listened = {f"127.0.0.1:{port}": f"http://127.0.0.1:{port}", "localhost:0": "http://localhost:"}
    listened[":0"] = "http://127.0.0.1:"
    if socket.has_ipv6 and Path("/proc/net/if_inet6").exists():
        listened["[::1]:0"] = "http://[::1]:"
    for number, (listen, url) in enumerate(listened.items()):
        with proxied(upstream.url, tmp_path / str(number), "--listen", listen) as proxy:
            assert proxy.url.startswith(url)


def test_it_does_not_wait_for_an_address_that_a_run_before_it_had(
    upstream: Server, tmp_path: Path
) -> None:
    with proxied(upstream.url, tmp_path) as proxy:
        listen = proxy.url.removeprefix("http://")
        upstream.go()
        assert converse(proxy.port, get()).whole
        proxy.signal()
        proxy.status()
    with proxied(upstream.url, tmp_path, "--listen", listen) as proxy:
        assert proxy.url.endswith(listen)


def git(folder: Path, *args: str) -> str:
    command = ["git", "-C", str(folder), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_git_is_told_to_keep_the_bytes_or_the_user_is_told_how(
    upstream: Server, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q")
    with proxied(upstream.url, tmp_path / "new") as proxy:
        assert "* -text" in (tmp_path / "new" / ".gitattributes").read_text()
        assert not any(".gitattributes" in line for line in proxy.lines)
    (tmp_path / "old").mkdir()
    with proxied(upstream.url, tmp_path / "old") as proxy:
        assert "-text" in proxy.said(".gitattributes")
        assert not list((tmp_path / "old").iterdir())


def test_many_streams_take_no_more_files_than_there_are(tmp_path: Path) -> None:
    def few() -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    with (
        serve(Reply([b"data: 1\n\n", WAIT, b"data: 2\n\n"])) as upstream,
        proxied(upstream.url, tmp_path, before=few) as proxy,
    ):
        with ThreadPoolExecutor(40) as pool:
            connections = list(pool.map(lambda _: begun(proxy), range(40)))
        for _ in connections:
            upstream.go()
        for connection in connections:
            with connection:
                assert rest_of(connection).data.endswith(b"0\r\n\r\n")
        assert len(proxy.recordings(40)) == 40


def test_where_files_run_out_it_says_so_and_goes_on_when_there_are_some_again(
    upstream: Server, tmp_path: Path
) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))

    with proxied(upstream.url, tmp_path, before=few) as proxy:
        connections = [connect(proxy.port) for _ in range(30)]
        assert "Too many open files" in proxy.said("Too many")
        for connection in connections:
            connection.close()
        with begun(proxy) as connection:
            upstream.go()
            assert rest_of(connection).data.endswith(b"0\r\n\r\n")
        assert not any("Traceback" in line for line in proxy.lines)


def test_that_nobody_reads_what_it_says_breaks_no_stream(upstream: Server, tmp_path: Path) -> None:
    with proxied(upstream.url, tmp_path, stderr=False) as proxy:
        for _ in range(3):
            upstream.go()
            received = converse(proxy.port, get(close=False) + b"nonsense\r\n\r\n")
            assert b"\r\n0\r\n\r\nHTTP/1.1 400 " in received.data
        assert len(proxy.recordings(3)) == 3
