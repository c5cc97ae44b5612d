"""Where a reverse proxy sends everything: the parts of one URL, checked once."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import urlsplit

import attrs

PORTS = {"http": 80, "https": 443}


@attrs.frozen
class Upstream:
    """A server, and what stands before every path on it.

    Attributes:
        scheme: ``"http"`` or ``"https"``.
        host: a name in its ASCII form, or an address, without brackets.
        port: 1 to 65535.
        prefix: such as ``"/v1"``, or ``""``; it does not end in a slash.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Args:
            url: ``http(s)://host[:port][/prefix]``.

        Returns:
            Its parts.

        Raises:
            ValueError: it is none, or has more in it; the message never repeats a password or key.

        >>> Upstream.parse("https://api.x.ai/v1/")
        Upstream(scheme='https', host='api.x.ai', port=443, prefix='/v1')
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"it is no URL: {error}") from None
        host = parts.hostname or ""
        if parts.scheme not in PORTS or not host:
            raise ValueError(
                "it must be a URL such as https://api.x.ai or http://127.0.0.1:8000/v1"
            )
        if parts.username is not None or parts.password is not None:
            raise ValueError("it must not hold a user or a password: the client's headers say that")
        if "?" in url or "#" in url:
            raise ValueError("it must end with the path: what follows '?' or '#' is the client's")
        if port == 0:
            raise ValueError("port 0 is none to connect to")
        if not re.fullmatch(r"[\x21-\x7e]*", parts.path):
            raise ValueError("its path must be percent-encoded ASCII")
        try:
            host = host.encode("ascii" if ":" in host else "idna").decode()
        except UnicodeError:
            raise ValueError("its host is no name that DNS could know") from None
        if not re.fullmatch(r"[\w.~-]+|[0-9a-f:.]+(?:%[\w.~-]+)?", host, re.ASCII):
            raise ValueError("its host is no name that DNS could know")
        return cls(parts.scheme, host, port or PORTS[parts.scheme], parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: without the port that goes without saying.

        >>> Upstream("http", "::1", 8000).authority, Upstream("https", "api.x.ai", 443).authority
        ('[::1]:8000', 'api.x.ai')
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"
