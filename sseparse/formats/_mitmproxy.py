"""Flows that mitmproxy saved (``mitmdump -w``), read by its own library where that is installed.

A flow has the whole body, and four times: when the request and the response began and ended. Of a
response that mitmproxy streamed (``stream_large_bodies``), or that broke off, it keeps no body.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sseparse._errors import RecordingError
from sseparse.formats._exchange import BOUNDARIES, TIMES, Exchange, untimed
from sseparse.recording import End, Request

if TYPE_CHECKING:
    from mitmproxy.http import HTTPFlow


def read_mitmproxy(data: bytes, path: str) -> list[Exchange]:
    """Return the HTTP flows of a file.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: these are no flows, or mitmproxy is not installed.
    """
    return [_exchange(flow) for flow in _flows(data, path)]


def _flows(data: bytes, path: str) -> Iterator[HTTPFlow]:
    try:
        from mitmproxy.http import HTTPFlow
        from mitmproxy.io import FlowReader
    except ImportError:
        raise RecordingError(
            "reading mitmproxy's flows takes its library: pip install mitmproxy", path
        ) from None
    if not data.strip():
        raise RecordingError("there is no flow in it", path)
    flows = iter(FlowReader(io.BytesIO(data)).stream())
    while True:
        try:
            flow = next(flows, None)
        except Exception as error:  # it raises what a bad value happens to cause
            words = " ".join(str(error).split()) or type(error).__name__
            raise RecordingError(f"no mitmproxy flows: {words}", path) from None
        if flow is None:
            return
        if isinstance(flow, HTTPFlow) and flow.request.method != "CONNECT":
            yield flow


def _exchange(flow: HTTPFlow) -> Exchange:
    request, response = flow.request, flow.response
    asked = Request(request.method, request.url, _pairs(request.headers.fields), _raw(request))
    zero = request.timestamp_end or request.timestamp_start
    started = datetime.fromtimestamp(zero, UTC)
    if response is None:
        return Exchange(None, request=asked, started=started, missing="no response came")
    body = _raw(response)
    ended = response.timestamp_end
    missing = ""
    if body is None and flow.error is not None:
        missing = "the response broke off, and mitmproxy keeps no body then"
    elif body is None:
        missing = "mitmproxy streamed the body and did not keep it; leave stream_large_bodies unset"
    return Exchange(
        None if body is None else untimed(body),
        request=asked,
        status=response.status_code,
        headers=_pairs(response.headers.fields),
        started=started,
        headers_at=round(max(response.timestamp_start - zero, 0.0), 6),
        end=End(
            "eof" if flow.error is None and ended is not None else "error",
            t=None if ended is None else round(max(ended - zero, 0.0), 6),
        ),
        lacks=(TIMES, BOUNDARIES),
        missing=missing,
    )


def _raw(message: object) -> bytes | None:
    raw = getattr(message, "raw_content", None)
    return raw if isinstance(raw, bytes) else None


def _pairs(fields: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)
