"""``sseparse record --upstream``: the proxy as a command, with its words and its way to stop.

On stdout stands only the URL, once it can be used, for scripts to read; all else is on stderr. The
first Ctrl-C waits for what is running, the second cuts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import signal
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click

from sseparse.cli._output import tell
from sseparse.recording._folder import RecordingFolder
from sseparse.recording._git import advice
from sseparse.server import RecordingProxy, Relayed
from sseparse.server._shared import words_of
from sseparse.server._upstream import Upstream

CANNOT, INTERRUPTED = 2, 130

DEFAULT_HOST = "127.0.0.1"

_LISTEN = re.compile(r"(?:(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]/@\s]*)):)?(?P<port>\d{1,5})")


def run_proxy(
    upstream: str,
    listen: str,
    out: str,
    *,
    all_responses: bool,
    request_body: bool,
    insecure: bool,
    timeout: float | None,
    quiet: bool,
) -> int:
    """Be a recording proxy until Ctrl-C.

    Args:
        upstream: ``http(s)://host[:port][/prefix]``.
        listen: ``HOST:PORT``, ``:PORT``, ``PORT`` or ``[::1]:PORT``; port 0 takes a free one.
        out: the folder of the recordings.
        all_responses: record responses that are no event streams too.
        request_body: keep the JSON bodies of requests, less their credentials.
        insecure: do not check the certificate of upstream.
        timeout: seconds that upstream may stay silent, or None.
        quiet: say nothing of responses, only what is wrong.

    Returns:
        The exit status: 0 after a stop that waited, 130 after one that cut, 2 where it could not
        begin.

    Raises:
        click.BadParameter: ``upstream`` or ``listen`` cannot be understood.
        OSError: there is no such folder, and it cannot be made.
    """
    try:
        where = Upstream.parse(upstream)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="'--upstream'") from error
    host, port = parse_listen(listen)
    path = Path(out)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it must be a folder with --upstream", out)
    if path.exists() and not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), out)
    folder = RecordingFolder(
        path, all_responses=all_responses, request_body=request_body, on_error=_say
    )
    proxy = RecordingProxy(
        upstream,
        folder,
        host=host,
        port=port,
        ssl_context=_unchecked() if insecure and where.scheme == "https" else None,
        timeout=timeout,
        on_message=_hinting(insecure=insecure),
        on_response=_ignore if quiet else _tell_response,
    )
    _raise_limit()
    return asyncio.run(_Run(proxy, where, path, quiet).run(host, port))


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


class _Run:
    """The proxy while it runs, and the signals that end it."""

    def __init__(self, proxy: RecordingProxy, upstream: Upstream, path: Path, quiet: bool) -> None:
        self.proxy = proxy
        self.upstream = upstream
        self.path = path
        self.quiet = quiet
        self._signalled = asyncio.Event()

    async def run(self, host: str, port: int) -> int:
        asyncio.get_running_loop().set_exception_handler(_tell_trouble)
        try:
            url = await self.proxy.start()
        except OSError as error:
            if error.filename is not None:  # the folder
                raise
            tell(f"cannot listen at {_shown(host, port)}: {words_of(error)}")
            return CANNOT
        restore = self._watch_signals()
        try:
            self._say_hello(url)
            await self._signalled.wait()
            return await self._stop()
        finally:
            restore()

    def _say_hello(self, url: str) -> None:
        if (advised := advice(self.path / "recording.txt")) is not None:
            tell(advised)
        if not self.quiet:
            tell(
                f"recording {self.upstream} into {self.path}; point base_url at {url} "
                "(with the path it had); Ctrl-C ends"
            )
        click.echo(url)

    async def _stop(self) -> int:
        """Wait for what runs; a further signal cuts it."""
        if running := self.proxy.running:
            many = f"{running} responses that are" if running > 1 else "1 response that is"
            _say(f"waiting for {many} still coming; Ctrl-C again cuts {_them(running)}")
        self._signalled.clear()
        drained = asyncio.create_task(self.proxy.stop(drain=True))
        again = asyncio.create_task(self._signalled.wait())
        await asyncio.wait({drained, again}, return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
        if drained.done():
            await drained
            return 0
        await self.proxy.stop(drain=False)
        await drained
        return INTERRUPTED

    def _watch_signals(self) -> Callable[[], None]:
        """Take Ctrl-C and SIGTERM; return what gives them back."""
        loop = asyncio.get_running_loop()

        def signalled(*_: object) -> None:
            loop.call_soon_threadsafe(self._signalled.set)

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [(number, signal.signal(number, signalled)) for number in numbers]

        def restore() -> None:
            for number, handler in before:
                signal.signal(number, handler)

        return restore


def _tell_response(relayed: Relayed) -> None:
    name = "not recorded" if relayed.path is None else relayed.path.name
    reads = "1 read" if relayed.reads == 1 else f"{relayed.reads} reads"
    end = relayed.end if relayed.error is None else f"{relayed.end} ({relayed.error})"
    _say(
        f"{relayed.status} {relayed.method} {urlsplit(relayed.url).path or '/'}: {name}, {reads}, "
        f"{relayed.size} bytes, {relayed.seconds:.2f} s, {end}"
    )


def _ignore(relayed: Relayed) -> None:
    """Say nothing."""


def _say(message: str) -> None:
    """Say something while streams are running: that nobody listens must not break them."""
    with contextlib.suppress(OSError):
        tell(message)


def _tell_trouble(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Say in a line what asyncio would log, such as that there are too many open files."""
    if os.environ.get("SSEPARSE_TRACEBACK"):
        loop.default_exception_handler(context)
    else:
        error = context.get("exception")
        _say(f"{context['message']}" + (f": {error}" if error else ""))


def _hinting(*, insecure: bool) -> Callable[[str], None]:
    """Say things, and add the option that helps to a message on a certificate."""

    def hint(message: str) -> None:
        refused = "its certificate is not accepted" in message and not insecure
        _say(f"{message}; --insecure accepts any" if refused else message)

    return hint


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _raise_limit() -> None:
    """Let the process open as many files as it may: a stream takes four."""
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


def _them(count: int) -> str:
    return "them" if count > 1 else "it"
