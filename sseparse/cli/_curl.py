"""curl's own options, and the request that they come to.

Whoever has a curl command that works puts ``sseparse record -o FILE`` where ``curl`` stood. So the
options are read as curl reads them: ``-d`` makes a POST of form data and takes ``@file`` less its
line ends, ``--json`` takes it as it is, ``-H 'Name:'`` drops a header that would be sent by itself.

One thing is added: ``${VAR}`` in a header, in ``--user`` and in the URL is taken from the
environment, so that a key stands neither in the shell history nor in the list of processes.
"""

from __future__ import annotations

import base64
import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import attrs
import click

from sseparse import __version__
from sseparse.cli._input import named
from sseparse.recording import Request

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a header's name, RFC 9110 section 5.6.2
_FORM = "application/x-www-form-urlencoded"

_Callback = Callable[[click.Context, click.Parameter, Sequence[str]], tuple[bytes, ...]]


@attrs.frozen
class CurlOptions:
    """What was given of curl's options.

    Attributes:
        method: ``-X``, or None.
        headers: each ``-H``, as it was given.
        data: each ``-d``, then each ``--data-raw`` and ``--data-binary``.
        json: each ``--json``.
        user: ``-u``, or None.
        cookie: ``-b``, or None.
    """

    method: str | None = None
    headers: tuple[str, ...] = ()
    data: tuple[bytes, ...] = ()
    json: tuple[bytes, ...] = ()
    user: str | None = None
    cookie: str | None = None

    def given(self) -> bool:
        """Whether any was."""
        return self != CurlOptions()

    def request(self, url: str) -> Request:
        """Return the request that they ask for.

        Raises:
            click.ClickException: they do not make one; the message says why.
        """
        if self.data and self.json:
            raise click.UsageError("-d and --json: which of the two is the body?")
        url, user = _checked(expand(url, "the URL"))
        if self.user is not None:
            user = expand(self.user, "--user")
        body = None
        defaults = {"Accept": "*/*", "User-Agent": f"sseparse/{__version__}"}
        if self.data:
            body = b"&".join(self.data)
            defaults["Content-Type"] = _FORM
        elif self.json:
            body = b"".join(self.json)
            defaults |= {"Content-Type": "application/json", "Accept": "application/json"}
        if user is not None:
            defaults["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
        if self.cookie is not None:
            defaults["Cookie"] = expand(self.cookie, "--cookie")
        headers = _merged(defaults, self.headers)
        return Request(self.method or ("GET" if body is None else "POST"), url, headers, body)


def _bodies(*, files: bool, strip: bool = False) -> _Callback:
    """Return what makes bytes of the values of an option.

    Args:
        files: whether ``@FILE`` names a file.
        strip: whether its line ends and NULs are left out.
    """

    def convert(
        context: click.Context,  # noqa: ARG001 (what click gives)
        option: click.Parameter,  # noqa: ARG001 (likewise)
        values: Sequence[str],
    ) -> tuple[bytes, ...]:
        bodies = []
        for value in values:
            if files and value.startswith("@"):
                content = _content(value[1:])
                bodies.append(content.translate(None, b"\r\n\0") if strip else content)
            else:
                bodies.append(value.encode("utf-8", "surrogateescape"))
        return tuple(bodies)

    return convert


def curl_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command those of curl's options that make a request, as one argument ``curl``."""

    @functools.wraps(command)
    def with_curl(
        *args: object,
        method: str | None,
        headers: tuple[str, ...],
        data: tuple[bytes, ...],
        data_raw: tuple[bytes, ...],
        data_binary: tuple[bytes, ...],
        json: tuple[bytes, ...],
        user: str | None,
        cookie: str | None,
        **rest: object,
    ) -> None:
        body = data + data_raw + data_binary
        command(*args, curl=CurlOptions(method, headers, body, json, user, cookie), **rest)

    collected = with_curl
    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected


_OPTIONS = [
    click.option("-X", "--request", "method", metavar="METHOD", help="The method."),
    click.option(
        "-H",
        "--header",
        "headers",
        multiple=True,
        metavar="LINE",
        help="A header; ${VAR} in it is taken from the environment. @FILE reads them.",
    ),
    click.option(
        "-d",
        "--data",
        "--data-ascii",
        "data",
        multiple=True,
        metavar="DATA",
        callback=_bodies(files=True, strip=True),
        help="Send a body by POST; @FILE reads it, less its line ends (@-: stdin).",
    ),
    click.option(
        "--data-raw",
        multiple=True,
        metavar="DATA",
        callback=_bodies(files=False),
        help="The same, without a meaning for @.",
    ),
    click.option(
        "--data-binary",
        multiple=True,
        metavar="DATA",
        callback=_bodies(files=True),
        help="The same; @FILE is sent as it is.",
    ),
    click.option(
        "--json",
        multiple=True,
        metavar="DATA",
        callback=_bodies(files=True),
        help="Send a body of JSON, with the headers for it; @FILE reads it.",
    ),
    click.option("-u", "--user", metavar="USER:PASSWORD", help="Basic authentication."),
    click.option("-b", "--cookie", metavar="DATA", help="The cookies to send."),
]


def expand(text: str, where: str) -> str:
    """Put the environment's values in for ``${VAR}``.

    Raises:
        click.UsageError: there is no such variable. (An empty key would be sent, and refused.)
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise click.UsageError(f"{where} names ${{{match[1]}}}, which is not set")
        return found

    return _VARIABLE.sub(value, text)


def _checked(url: str) -> tuple[str, str | None]:
    """Return a URL that can be asked for, with a scheme as curl adds it, and the user in it."""
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError as error:
        raise click.UsageError(f"the URL is none: {error}") from None
    if not known:
        raise click.UsageError(f"the URL begins with {parts.scheme}://, not with http(s)://HOST")
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(user) if at else None


def _merged(defaults: dict[str, str], lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the headers to send: those given, and the defaults that none of them names."""
    headers: list[tuple[str, str]] = []
    named_headers = set()
    for line in _header_lines(lines):
        name, colon, value = line.partition(":")
        empty = not colon and line.rstrip().endswith(";")  # curl's way to send one without value
        name = (name.rstrip()[:-1] if empty else name).strip()
        if not (colon or empty) or not _TOKEN.fullmatch(name):
            raise click.UsageError(f"-H {line.partition(':')[0]!r}…: a header is 'Name: value'")
        named_headers.add(name.lower())
        value = expand(value.strip(), f"the header {name}")
        if re.search(r"[\r\n\0]", value):
            raise click.UsageError(f"the header {name} has a line end in it")
        if value or empty:
            headers.append((name, value))
    left = [(name, value) for name, value in defaults.items() if name.lower() not in named_headers]
    return (*left, *headers)


def _header_lines(lines: Sequence[str]) -> list[str]:
    given: list[str] = []
    for line in lines:
        if line.startswith("@"):
            text = _content(line[1:]).decode("utf-8", "replace")
            given += [read for read in text.splitlines() if read.strip()]
        else:
            given.append(line)
    return given


def _content(file: str) -> bytes:
    with named(file):
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
