"""Origins of web pages, as browsers write them in ``Origin`` (RFC 6454, section 6.2).

A response is let through to a page only if its origin is the same text. One that no browser writes,
such as a bare host, lets nobody through and says nothing of it: so it is refused beforehand.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

EXAMPLE = "an origin is scheme://host or scheme://host:port, such as http://localhost:3000"

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST = re.compile(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]")


def check_origin(origin: str) -> None:
    """Refuse what is no origin of a page.

    ``"*"`` stands for all; ``"null"`` is what pages say that were opened as files.

    Args:
        origin: what is to be allowed.

    Raises:
        ValueError: no browser writes it so; the message says how it would be written.

    >>> check_origin("http://localhost:3000")
    >>> check_origin("http://localhost/app")
    Traceback (most recent call last):
    ...
    ValueError: 'http://localhost/app' is the origin of no page: a browser sends http://localhost
    """
    if origin in ("*", "null"):
        return
    written = _as_written(origin) if isinstance(origin, str) else None
    if written is None:
        raise ValueError(f"{origin!r} is no origin: {EXAMPLE}")
    if written != origin:
        raise ValueError(f"{origin!r} is the origin of no page: a browser sends {written}")


def _as_written(origin: str) -> str | None:
    """Return an origin as a browser writes it; None: it is none."""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is none, half an IPv6 address
        return None
    host = f"[{host}]" if ":" in host else host
    if not _SCHEME.fullmatch(parts.scheme) or not _HOST.fullmatch(host):
        return None
    usual = port is None or port == DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if usual else f":{port}")
