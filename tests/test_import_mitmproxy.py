"""What is imported from mitmproxy's flows, where its library is installed.

(It cannot be installed beside the newest h11, so it has an environment of its own.)
"""

from __future__ import annotations

import io

import pytest

from sseparse import RecordingError
from sseparse.formats import Imported, read_imports

pytest.importorskip("mitmproxy")

from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow, tutils

BODY = b": hello\r\n\r\ndata: \xff\n\n"


def flow(body: bytes | None = BODY, **response: object) -> object:
    """A flow of a stream."""
    made = tflow.tflow(
        req=tutils.treq(
            method=b"POST",
            scheme=b"https",
            host="a.example",
            port=443,
            path=b"/v1/chat/completions?key=hunter2&alt=sse",
            content=b'{"model":"grok"}',
            timestamp_start=1000.0,
            timestamp_end=1000.5,
        ),
        resp=tutils.tresp(
            headers=((b"content-type", b"text/event-stream"), (b"set-cookie", b"hunter2")),
            content=body,
            timestamp_start=1000.75,
            timestamp_end=1002.5,
            **response,
        ),
    )
    made.server_conn.address = ("a.example", 443)
    return made


def saved(*flows: object) -> bytes:
    file = io.BytesIO()
    writer = FlowWriter(file)
    for one in flows:
        writer.add(one)
    return file.getvalue()


def read(*flows: object) -> list[Imported]:
    name, found = read_imports(saved(*flows), "flows")
    assert name == "mitmproxy"
    return found


def test_the_body_and_the_four_times_are_kept() -> None:
    (found,) = read(flow())
    assert found.recording is not None
    assert found.recording.body == BODY
    assert found.lacks == ("the times", "the read boundaries")
    header = found.recording.header
    assert header is not None
    assert header.started == "1970-01-01T00:16:40.500000Z"
    assert header.headers_at == 0.25
    assert header.headers == (("content-type", "text/event-stream"),)
    assert header.request is not None
    assert header.request["url"] == "https://a.example/v1/chat/completions?alt=sse"
    assert found.recording.end.t == 2.0
    assert found.name == "19700101T001640.500Z-v1-chat-completions-grok"


def test_other_flows_and_tunnels_are_no_entries() -> None:
    tunnel = flow()
    tunnel.request.method = "CONNECT"  # type: ignore[attr-defined]
    assert len(read(tflow.tdnsflow(), tunnel, tflow.ttcpflow(), flow())) == 1


def test_a_flow_without_a_body_says_why() -> None:
    (streamed,) = read(flow(None))
    assert streamed.recording is None
    assert "leave stream_large_bodies unset" in streamed.missing
    broken = flow(None)
    broken.error = tflow.terr()  # type: ignore[attr-defined]
    assert "broke off" in read(broken)[0].missing
    assert read(tflow.tflow(resp=False))[0].missing == "no response came"


@pytest.mark.parametrize(
    "data", [b"1:2:x", b"12:3:abc;x", b"\x00\x01\x02", b"4:true!", saved(flow())[:-40]]
)
def test_what_are_no_flows_is_one_line(data: bytes) -> None:
    with pytest.raises(RecordingError, match=r"^flows: no mitmproxy flows") as caught:
        read_imports(data, "flows", "mitmproxy")
    assert "\n" not in str(caught.value)
