"""A small recording with its timing file, and builders of bodies and of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hypothesis import strategies as st

from sseparse.recording import Recording, sidecar_path

BODY = b"data: one\n\ndata: two\n\ndata: three\n\n"
SHA256 = hashlib.sha256(BODY).hexdigest()
HEADER = (
    '{"sseparse_timing":1,"started":"2026-11-22T20:00:00.123456Z",'
    '"request":{"method":"POST","url":"http://127.0.0.1/v1","headers":[],"body":{"n":1}},'
    '"status":200,"headers":[["content-type","text/event-stream"],["x","é"]],"headers_at":0.12,'
    '"compressed":"gzip"}\n'
)
END = f'{{"end":"eof","t":2.5,"bytes":{len(BODY)},"sha256":"{SHA256}","why":[1]}}\n'
SIDECAR = HEADER + "[0.25,5]\n[0.5,17]\n[0.5,0]\n[1,13]\n" + END

# What a body is made of as far as timing goes: line ends, stamps, and words that look like stamps.
PIECES = [
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"data: ", b": ping", b"[DONE]"),
    *(b'{"created":1732551210}', b'{"created" : 1732551211}', b'"created":1732551209.5,'),
    *(b'"created":0', b'\\"created\\":1732551299', b'"created":"1732551210"', b"\xff", b"\\"),
]
bodies = st.one_of(
    st.binary(max_size=60),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2))).map(b"".join),
)


def write(directory: Path, body: bytes, sidecar: str | bytes | None = None) -> Path:
    """Write a body, and beside it its timing file or none; return the body's path."""
    path = directory / "fixture.txt"
    path.write_bytes(body)
    sidecar_path(path).unlink(missing_ok=True)
    if sidecar is not None:
        data = sidecar.encode() if isinstance(sidecar, str) else sidecar
        sidecar_path(path).write_bytes(data)
    return path


def times(recording: Recording) -> list[float]:
    """Return when each read came."""
    return [read.time for read in recording.reads]


def joined(recording: Recording) -> bytes:
    """Return what the reads come to."""
    return b"".join(read.data for read in recording.reads)


def stamped(*stamps: object, eol: bytes = b"\n") -> bytes:
    """Return a body of one chunk per stamp; None makes a chunk without one."""
    chunks = [
        b"data: [DONE]" if stamp is None else b'data: {"id":"a","created":%b}' % str(stamp).encode()
        for stamp in stamps
    ]
    return b"".join(chunk + eol + eol for chunk in chunks)
