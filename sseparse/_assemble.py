"""From any source to its completion in one call: decode, assemble, and tell how it ended."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Protocol, cast, runtime_checkable

from sseparse._decoder import Decoder
from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse._reads import ByteSource
from sseparse._sources import iter_bytes
from sseparse.assembly import Assembler, Completion


@runtime_checkable
class HasBody(Protocol):
    """A recording, as far as its completion is concerned."""

    @property
    def body(self) -> bytes:
        """The bytes of the stream."""


def assemble(
    source: ByteSource | str | os.PathLike[str] | HasBody | Iterable[Item],
    protocol: str | None = None,
    *,
    strict: bool = False,
) -> Completion:
    r"""Read a stream to its end and return its completion.

    Args:
        source: bytes; a path (``str`` or ``os.PathLike``) of a recorded body; a ``Recording``; a
            response of httpx, httpx2, requests or urllib3; a binary file; an iterable of bytes or
            of events.
        protocol: what the stream speaks, such as ``"openai-chat"``; None to find out from it.
        strict: raise on the first finding of severity error.

    Returns:
        The completion, whole or not: ``complete`` and ``ended_by`` tell. The event that a cut
        stream leaves unfinished is folded in, with a finding.

    Raises:
        NotAnEventStream: a response with an error status or another content type.
        EventTooLarge: an event of more than 64 MiB.
        AssemblyError: with ``strict``, at the first finding of severity error.
        ValueError: there is no protocol of that name.
        OSError: the file cannot be read.
        Exception: whatever the HTTP library raises when the connection breaks. To keep what came
            until then, feed an ``Assembler`` from ``iter_events``.

    >>> stream = b'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
    >>> completion = assemble(stream + b"data: [DONE]\n\n")
    >>> completion.content, completion.ended_by
    ('Hi', 'done_marker')
    """
    assembler = Assembler(protocol, strict=strict)
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:  # noqa: PTH123 (importing pathlib costs 10 ms)
            return _from_chunks(iter_bytes(file), assembler)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_chunks((bytes(source),), assembler)
    if isinstance(source, HasBody):
        return _from_chunks((source.body,), assembler)
    # A file or a response may be iterable as well; what it is read by is another matter.
    if isinstance(source, Iterable) and not hasattr(source, "read") and not hasattr(source, "raw"):
        return _from_items_or_chunks(source, assembler)
    return _from_chunks(iter_bytes(cast("ByteSource", source)), assembler)


def _from_chunks(chunks: Iterable[bytes], assembler: Assembler) -> Completion:
    decoder = Decoder(keep_unknown=True)
    for chunk in chunks:
        assembler.feed_all(decoder.feed(chunk))
    assembler.feed_unfinished(decoder.close())
    return assembler.close()


def _from_items_or_chunks(source: Iterable[object], assembler: Assembler) -> Completion:
    """Look at the first element: events go straight in, anything else has to be bytes."""
    elements = iter(source)
    first = list(islice(elements, 1))
    rest: Iterator[Any] = chain(first, elements)
    if not first or not isinstance(first[0], (ServerSentEvent, Comment, UnknownField)):
        return _from_chunks(iter_bytes(rest), assembler)
    assembler.feed_all(rest)
    return assembler.close()
