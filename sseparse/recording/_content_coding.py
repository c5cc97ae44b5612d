"""Content codings undone read by read: gzip, deflate, br and zstd.

A recording is the body as it means, not as it was compressed, and each network read has to give at
once all that can be told from it. So a decompressor is fed one read after the other, and what it
gives is what that read brought. The libraries are those that httpx2 uses: zlib, brotli (or
brotlicffi), and compression.zstd (backports.zstd before Python 3.14).
"""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Callable, Iterable
from typing import Any

_KNOWN = {"gzip", "x-gzip", "deflate", "br", "zstd"}


class BadContentEncoding(ValueError):
    """A body that is not coded as its header says, or in a coding that cannot be undone here."""


def coding_in(headers: Iterable[tuple[str, str]]) -> str:
    """Return the content coding that headers tell of, ``""`` where there is nothing to undo.

    >>> coding_in([("Content-Encoding", " GZIP , identity ")]), coding_in([("x", "gzip")])
    ('gzip', '')
    """
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    names = [name.strip().lower() for name in ",".join(values).split(",")]
    return ", ".join(name for name in names if name not in ("", "identity"))


def is_known(coding: str) -> bool:
    """Return whether a coding, as ``coding_in`` gives it, is one that anybody here can undo.

    >>> is_known("gzip, br"), is_known("rot13")
    (True, False)
    """
    return {name.strip() for name in coding.split(",")} <= _KNOWN


class ContentDecoder:
    """Undoes the codings of one body.

    >>> import gzip
    >>> ContentDecoder("gzip").decode(gzip.compress(b"data: 1"))
    b'data: 1'
    """

    def __init__(self, coding: str) -> None:
        """Make the decompressors.

        Args:
            coding: what ``coding_in`` gave; several are undone from the last to the first.

        Raises:
            BadContentEncoding: one is not known, or its library is not installed.
        """
        self.coding = coding
        self._steps = [_decompressor(name.strip()) for name in reversed(coding.split(","))]

    def decode(self, data: bytes) -> bytes:
        """Return all that one read brings, ``b""`` if that is nothing yet.

        Raises:
            BadContentEncoding: the data are damaged.
        """
        for step in self._steps:
            try:
                data = step(data)
            except Exception as error:  # each library has an exception of its own
                raise BadContentEncoding(f"the body is no {self.coding}: {error}") from error
        return data


def _decompressor(name: str) -> Callable[[bytes], bytes]:
    if name in ("gzip", "x-gzip"):
        return _members(lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))
    if name == "deflate":
        return _deflate()
    if name == "br":
        return _brotli(_library(name, "brotli", "brotlicffi").Decompressor())
    if name == "zstd":
        zstd = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        return _members(_library(name, zstd).ZstdDecompressor)
    raise BadContentEncoding(f"the content coding {name!r} is not known here")


def _library(coding: str, *names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise BadContentEncoding(
        f"the server sent {coding}, which takes a library: pip install 'sseparse[http]'"
    )


def _members(make: Callable[[], Any]) -> Callable[[bytes], bytes]:
    """Decompress members (gzip) or frames (zstd) that follow one another.

    What follows a whole one and cannot be another is ignored, as curl and browsers do: some servers
    pad the body.
    """
    decompressor = make()
    given = 0  # bytes, by the member at work
    ended = False  # whether there was a whole one before it

    def step(data: bytes) -> bytes:
        nonlocal decompressor, given, ended
        out = []
        while data and decompressor is not None:
            if decompressor.eof:
                decompressor, given, ended = make(), 0, True
            try:
                part = decompressor.decompress(data)
            except Exception:
                if given or not ended:
                    raise
                decompressor = None
                break
            out.append(part)
            given += len(part)
            data = decompressor.unused_data if decompressor.eof else b""
        return b"".join(out)

    return step


def _brotli(decompressor: Any) -> Callable[[bytes], bytes]:
    process = getattr(decompressor, "decompress", None) or decompressor.process
    return lambda data: b"" if decompressor.is_finished() else process(data)


def _deflate() -> Callable[[bytes], bytes]:
    """Decompress zlib's format, or the bare one that some servers send for it.

    Which of the two it is shows in the first two bytes (RFC 1950, section 2.2).
    """
    head = b""
    decompressor: Any = None

    def step(data: bytes) -> bytes:
        nonlocal head, decompressor
        if decompressor is None:
            head += data
            if len(head) < 2:
                return b""
            is_zlib = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
            decompressor = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
            data, head = head, b""
        decompressed: bytes = decompressor.decompress(data)
        return decompressed

    return step
