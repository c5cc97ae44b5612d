"""``sseparse record --upstream``: the proxy as a command; see ``_listening`` for its manners."""

from __future__ import annotations

import asyncio
import errno
import functools
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click

from sseparse.cli._listening import listen_until_signalled, parse_listen, raise_file_limit, say
from sseparse.cli._output import tell
from sseparse.recording._folder import RecordingFolder
from sseparse.recording._git import advice
from sseparse.server import RecordingProxy, Relayed
from sseparse.server._upstream import Upstream


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
        path, all_responses=all_responses, request_body=request_body, on_error=say
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
    raise_file_limit()
    hello = functools.partial(_hello, where, path, quiet)
    return asyncio.run(listen_until_signalled(proxy, host, port, hello))


def _hello(upstream: Upstream, path: Path, quiet: bool, url: str) -> None:
    if (advised := advice(path / "recording.txt")) is not None:
        tell(advised)
    if not quiet:
        tell(
            f"recording {upstream} into {path}; point base_url at {url} "
            "(with the path it had); Ctrl-C ends"
        )


def _tell_response(relayed: Relayed) -> None:
    name = "not recorded" if relayed.path is None else relayed.path.name
    reads = "1 read" if relayed.reads == 1 else f"{relayed.reads} reads"
    end = relayed.end if relayed.error is None else f"{relayed.end} ({relayed.error})"
    say(
        f"{relayed.status} {relayed.method} {urlsplit(relayed.url).path or '/'}: {name}, {reads}, "
        f"{relayed.size} bytes, {relayed.seconds:.2f} s, {end}"
    )


def _ignore(relayed: Relayed) -> None:
    """Say nothing."""


def _hinting(*, insecure: bool) -> Callable[[str], None]:
    """Say things, and add the option that helps to a message on a certificate."""

    def hint(message: str) -> None:
        refused = "its certificate is not accepted" in message and not insecure
        say(f"{message}; --insecure accepts any" if refused else message)

    return hint


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
