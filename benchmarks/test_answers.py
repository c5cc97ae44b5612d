"""The streams are the same everywhere, and have what their protocol's streams have."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import hashlib

import pytest

from benchmarks.answers import PROTOCOLS, answer

SHAPES: dict[str, tuple[int, int, str]] = {
    "openai-chat": (32_002, 81, "71fb2c83f75b5009"),
    "anthropic-messages": (86_364, 613, "a5c6f7a677c0f843"),
    "openai-responses": (191_626, 619, "15b091f9122bf754"),
    "gemini": (157_859, 400, "902a8873548cbef8"),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stream_is_the_same_everywhere(protocol: str) -> None:
    stream = answer(protocol)
    digest = hashlib.sha256(stream.body).hexdigest()[:16]
    assert (len(stream.body), stream.events, digest) == SHAPES[protocol]


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "openai-chat"])
def test_a_long_stream_thinks_speaks_and_calls_two_tools(protocol: str) -> None:
    truth = answer(protocol).truth
    assert len(truth.reasoning or "") > 2000
    assert len(truth.content or "") > 2000
    assert [name for name, _ in truth.tool_calls or ()] == ["edit", "edit"]


def test_gemini_ends_its_lines_with_crlf_and_the_others_with_lf() -> None:
    for protocol in PROTOCOLS:
        body = answer(protocol).body
        assert (body.count(b"\r\n") == body.count(b"\n")) is (protocol == "gemini")
        assert (b"\r" in body) is (protocol == "gemini")
