"""The ``sseparse`` command as people run it: a process of its own, with pipes or on a terminal.

``run`` waits for the end; ``start`` gives the process while it runs, its pipes unbuffered, so that
a test sees each write when it is made; ``Terminal`` runs it on a pseudo-terminal and collects what
that would show. All run the very package that the tests import, from the root of the repository.
Most of a run is Python's own start, so tests with many of them run them side by side: ``run_all``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

import pytest

import sseparse

REPOSITORY = Path(__file__).resolve().parents[1]
FIXTURE = "fixtures/xai-grok-beta.txt"
COMMAND = (sys.executable, "-m", "sseparse")
TIMEOUT = 30.0
"""Seconds after which a process is taken to hang; none comes near it."""

posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell, signals or terminals")


class Result(NamedTuple):
    """How a process ended, and what it printed."""

    status: int
    out: bytes
    err: str

    @property
    def error_lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()

    def json_lines(self) -> list[dict[str, object]]:
        """The JSON objects on stdout, one for each line."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a process is to find around it: this package, and nothing that changes its output."""
    package = str(Path(sseparse.__file__).resolve().parents[1])
    changing = {"COLUMNS", "LINES", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "SSEPARSE_TRACEBACK"}
    changing.add("PYTHONDONTWRITEBYTECODE")  # or each of a hundred processes compiles everything
    kept = {name: value for name, value in os.environ.items() if name not in changing}
    return {**kept, "PYTHONPATH": package, **(extra or {})}


def run(
    *args: str | Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
) -> Result:
    """Run the command to its end."""
    done = subprocess.run(
        [*command, *map(str, args)],
        input=stdin,
        capture_output=True,
        cwd=REPOSITORY,
        env=environment(env),
        timeout=TIMEOUT,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def run_all(commands: Iterable[Sequence[str | Path]]) -> list[Result]:
    """Run the command with each of these arguments, several at a time."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda args: run(*args), commands))


def shell(script: str, env: Mapping[str, str] | None = None) -> Result:
    """Run a script of bash, in which ``$sseparse`` is the command."""
    sseparse_words = " ".join(COMMAND)
    return run("-c", script, env={"sseparse": sseparse_words, **(env or {})}, command=("bash",))


@contextlib.contextmanager
def start(*args: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the command with unbuffered pipes; it is ended with the block at the latest."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=REPOSITORY,
        env=environment(),
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_some(stream: IO[bytes] | None) -> bytes:
    """Wait for the next write of a process and return it; ``b""`` at its end."""
    assert stream is not None
    ready, _, _ = select.select([stream], [], [], TIMEOUT)
    assert ready, "the process wrote nothing"
    return os.read(stream.fileno(), 1 << 20)


def feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Write to a process; its stdin stays open."""
    assert process.stdin is not None
    process.stdin.write(data)


def wait_until_read(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has taken all that was fed to it (POSIX only)."""
    import fcntl
    import struct
    import termios

    assert process.stdin is not None
    while struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0\0\0\0"))[0]:
        time.sleep(0.01)


def has_written(process: subprocess.Popen[bytes]) -> bool:
    """Whether a tenth of a second brings anything on stdout."""
    assert process.stdout is not None
    return bool(select.select([process.stdout], [], [], 0.1)[0])


def finish(process: subprocess.Popen[bytes]) -> Result:
    """Close stdin, wait for the end, and return what was not read before."""
    out, err = process.communicate(timeout=TIMEOUT)
    return Result(process.returncode, out, err.decode())


class Terminal:
    """The command on a pseudo-terminal that is its controlling one."""

    def __init__(
        self, *args: str | Path, columns: int = 80, env: Mapping[str, str] | None = None
    ) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._termios = termios
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.modes_before = termios.tcgetattr(self._master)
        self._process = subprocess.Popen(
            [*COMMAND, *map(str, args)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=REPOSITORY,
            env=environment({"TERM": "xterm-256color", **(env or {})}),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.shown = b""

    def wait_for(self, size: int) -> None:
        """Wait until so many bytes have been shown."""
        while len(self.shown) < size and self._read():
            pass

    def wait_for_text(self, text: bytes) -> None:
        """Wait until this has been shown."""
        while text not in self.shown:
            assert self._read(), "the process ended before"

    def press_ctrl_c(self) -> None:
        """Press it."""
        self.press(b"\x03")

    def press(self, keys: bytes) -> None:
        """Press keys, one after another."""
        os.write(self._master, keys)

    def finish(self) -> int:
        """Wait for the end and return the exit status; ``shown`` then has everything."""
        try:
            while self._read():
                pass
            self.modes_after = self._termios.tcgetattr(self._master)
            return self._process.wait(TIMEOUT)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._master)

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._master], [], [], TIMEOUT)
        assert ready, "the process showed nothing"
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            return b""
        self.shown += data
        return data


def on_terminal(*args: str | Path, columns: int = 80) -> tuple[int, str]:
    """Run the command on a terminal; return its exit status and what was shown."""
    terminal = Terminal(*args, columns=columns)
    status = terminal.finish()
    return status, terminal.shown.decode(errors="surrogateescape").replace("\r\n", "\n")


def write_recording(path: Path, reads: Sequence[tuple[float, bytes]], end: str = "eof") -> Path:
    """Write a body and its timing file."""
    path.write_bytes(b"".join(data for _, data in reads))
    lines = ['{"sseparse_timing":1}', *(f"[{time},{len(data)}]" for time, data in reads)]
    lines.append(json.dumps({"end": end, "t": reads[-1][0]}))
    path.with_name(path.name + ".timing.jsonl").write_text("\n".join(lines) + "\n")
    return path


def chunk(**delta: object) -> bytes:
    """One event of a chat completion that says this much."""
    body = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
"""How a chat completion ends."""


def seconds_of(result: Result) -> float:
    """The seconds in the summary that ``replay`` prints."""
    (part,) = [part for part in result.error_lines[-1].split(", ") if part.endswith(" s")]
    return float(part.removesuffix(" s"))


def arrivals(process: subprocess.Popen[bytes]) -> list[tuple[float, bytes]]:
    """Read a process to its end: each write, and when it came on the monotonic clock."""
    came = []
    while data := read_some(process.stdout):
        came.append((time.monotonic(), data))
    return came
