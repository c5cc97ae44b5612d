"""How a command that listens speaks and ends: the proxy's and the server's manners.

On stdout stands only the URL, once it can be used, for scripts to read; all else is on stderr. The
first Ctrl-C waits for what is running, the second cuts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Callable
from typing import Protocol

import click

from sseparse.cli._output import tell
from sseparse.server._shared import words_of

CANNOT, INTERRUPTED = 2, 130

DEFAULT_HOST = "127.0.0.1"

_LISTEN = re.compile(r"(?:(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]/@\s]*)):)?(?P<port>\d{1,5})")


class Listener(Protocol):
    """What listens, such as ``RecordingProxy``."""

    @property
    def running(self) -> int:
        """How many responses are being given."""

    async def start(self) -> str:
        """Listen, and return the URL."""

    async def stop(self, *, drain: bool = True) -> None:
        """Take no further request; wait for what runs, or cut it."""


def parse_listen(listen: str) -> tuple[str, int]:
    """Return host and port.

    Raises:
        click.BadParameter: there are none in it.

    >>> parse_listen("[::1]:8080"), parse_listen(":0"), parse_listen("8080")
    (('::1', 8080), ('127.0.0.1', 0), ('127.0.0.1', 8080))
    """
    match = _LISTEN.fullmatch(listen)
    if match is None or int(match["port"]) > 65535:
        raise click.BadParameter(
            f"{listen!r} is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.",
            param_hint="'--listen'",
        )
    return match["six"] or match["host"] or DEFAULT_HOST, int(match["port"])


async def listen_until_signalled(
    listener: Listener, host: str, port: int, say_hello: Callable[[str], None]
) -> int:
    """Listen until Ctrl-C.

    Args:
        listener: not yet started.
        host: where it will listen, for messages.
        port: likewise.
        say_hello: is called with the URL before that is printed.

    Returns:
        The exit status: 0 after a stop that waited, 130 after one that cut, 2 where it could not
        begin.

    Raises:
        OSError: a file (named in the error) cannot be used.
    """
    asyncio.get_running_loop().set_exception_handler(_tell_trouble)
    try:
        url = await listener.start()
    except OSError as error:
        if error.filename is not None:  # no address: the folder
            raise
        tell(f"cannot listen at {_shown(host, port)}: {words_of(error)}")
        return CANNOT
    signalled = asyncio.Event()
    restore = _watch_signals(signalled)
    try:
        say_hello(url)
        click.echo(url)
        await signalled.wait()
        return await _stop(listener, signalled)
    finally:
        restore()


async def _stop(listener: Listener, signalled: asyncio.Event) -> int:
    """Wait for what runs; a further signal cuts it."""
    if running := listener.running:
        many = f"{running} responses that are" if running > 1 else "1 response that is"
        them = "them" if running > 1 else "it"
        say(f"waiting for {many} still coming; Ctrl-C again cuts {them}")
    signalled.clear()
    drained = asyncio.create_task(listener.stop(drain=True))
    again = asyncio.create_task(signalled.wait())
    await asyncio.wait({drained, again}, return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    if drained.done():
        await drained
        return 0
    await listener.stop(drain=False)
    await drained
    return INTERRUPTED


def _watch_signals(event: asyncio.Event) -> Callable[[], None]:
    """Take Ctrl-C and SIGTERM; return what gives them back."""
    loop = asyncio.get_running_loop()

    def signalled(*_: object) -> None:
        loop.call_soon_threadsafe(event.set)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [(number, signal.signal(number, signalled)) for number in numbers]

    def restore() -> None:
        for number, handler in before:
            signal.signal(number, handler)

    return restore


def say(message: str) -> None:
    """Say something while streams are running: that nobody listens must not break them."""
    with contextlib.suppress(OSError):
        tell(message)


def _tell_trouble(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Say in a line what asyncio would log, such as that there are too many open files."""
    if os.environ.get("SSEPARSE_TRACEBACK"):
        loop.default_exception_handler(context)
    else:
        error = context.get("exception")
        say(f"{context['message']}" + (f": {error}" if error else ""))


def raise_file_limit() -> None:
    """Let the process open as many files as it may: each connection takes one or more."""
    try:
        import resource
    except ImportError:  # no POSIX
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # macOS takes no "unlimited"
        return


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
