"""What is imported from VCR cassettes: those that vcrpy writes, and Ruby's; and what is refused."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import requests
import vcr
import yaml
from servers import Reply, serve

from sseparse import Recording, RecordingError
from sseparse.formats import Imported, _exchange, read_imports

BODY = b": hello\r\n\r\ndata: \xc3\xbc\n\nid: 1\rdata: 2\r\r"
NOT_UTF8 = b"data: \xff\n\n"


def by_requests(url: str) -> None:
    requests.post(url, json={"model": "m"}, timeout=10)


def by_httpx(url: str) -> None:
    httpx.post(url, json={"model": "m"})


def by_httpx_streaming(url: str) -> None:
    with httpx.stream("POST", url, json={"model": "m"}) as response:
        for _ in response.iter_bytes():
            pass


CLIENTS = [by_requests, by_httpx, by_httpx_streaming]


def taped(tmp_path: Path, reply: Reply, client: Callable[[str], None], serializer: str) -> bytes:
    """Return a cassette that vcrpy wrote."""
    cassette = tmp_path / f"cassette.{serializer}"
    with serve(reply) as server, vcr.use_cassette(str(cassette), serializer=serializer):
        client(server.url)
    return cassette.read_bytes()


def one(data: bytes) -> tuple[Imported, Recording]:
    name, (found,) = read_imports(data, "a.yaml")
    assert name == "vcr"
    assert found.recording is not None
    return found, found.recording


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("body", [BODY, NOT_UTF8], ids=["text", "bytes"])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_vcrpy_taped_is_the_body_that_was_sent(
    client: Callable[[str], None], body: bytes, compress: bool, tmp_path: Path
) -> None:
    reply = Reply([body[:5], body[5:]], compress=compress)
    found, recording = one(taped(tmp_path, reply, client, "yaml"))
    assert recording.body == body
    assert recording.timing == "none"
    assert found.lacks == ("the times", "the read boundaries", "how it ended")
    assert found.name == "001-v1-chat-completions-m"
    header = recording.header
    assert header is not None
    assert header.status == 200
    assert header.decoded == ("gzip" if compress else None)
    assert header.request is not None
    assert header.request["method"] == "POST"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_cassette_in_json_is_read_too(client: Callable[[str], None], tmp_path: Path) -> None:
    assert one(taped(tmp_path, Reply([BODY]), client, "json"))[1].body == BODY


def ruby(body: dict[str, object], **more: object) -> dict[str, object]:
    """A cassette as Ruby's VCR writes it."""
    return {
        "http_interactions": [
            {
                "request": {
                    "method": "post",
                    "uri": "https://a.example/v1/chat/completions",
                    "body": {"encoding": "UTF-8", "string": '{"model":"m"}'},
                    "headers": {"Accept": ["text/event-stream"]},
                },
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {"Content-Type": ["text/event-stream"], **more},
                    "body": body,
                },
                "recorded_at": "Thu, 26 Nov 2026 08:00:00 GMT",
            }
        ],
        "recorded_with": "VCR 6.2.0",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"encoding": "UTF-8", "string": BODY.decode()},
        {"encoding": "ASCII-8BIT", "base64_string": base64.encodebytes(BODY).decode()},
        {"encoding": "ASCII-8BIT", "string": BODY},
    ],
    ids=["string", "base64_string", "binary"],
)
def test_ruby_s_cassettes_are_read(body: dict[str, object]) -> None:
    found, recording = one(yaml.safe_dump(ruby(body)).encode())
    assert recording.body == BODY
    assert found.name == "20261126T080000.000Z-v1-chat-completions-m"
    assert recording.header is not None
    assert recording.header.started is None  # that is when all was over
    assert recording.header.extra["recorded_at"] == "2026-11-26T08:00:00.000000Z"


def test_the_tag_that_ruby_gives_bytes_is_known() -> None:
    data = yaml.safe_dump(ruby({"string": BODY})).replace("!!binary", "!binary")
    assert "!!" not in data
    assert one(data.encode())[1].body == BODY


def test_the_first_form_of_vcrpy_and_its_old_form_of_httpx_are_read() -> None:
    request: dict[str, object] = {
        "method": "GET",
        "uri": "https://a.example/v1",
        "headers": {},
        "body": None,
    }
    response = {
        "status_code": 200,
        "headers": {"content-type": "text/event-stream"},
        "content": BODY.decode(),
    }
    cassette = [{"request": request, "response": response}]
    for data in (yaml.safe_dump(cassette), json.dumps(cassette)):
        found, recording = one(data.encode())
        assert recording.body == BODY
        assert found.event_stream


def test_a_header_that_speaks_of_a_coding_that_is_undone_does_no_harm() -> None:
    # (vcrpy with aiohttp, and whoever sets decode_compressed_response in some versions.)
    cassette = ruby({"string": BODY.decode()}, **{"Content-Encoding": ["gzip"]})
    _, recording = one(yaml.safe_dump(cassette).encode())
    assert recording.body == BODY
    assert recording.header is not None
    assert recording.header.decoded == "gzip"


def test_a_body_that_is_not_compressed_as_it_says_is_told_and_hinders_no_other() -> None:
    cassette = ruby({"string": b"\x1f\x8bnonsense\x00"}, **{"Content-Encoding": ["gzip"]})
    _, (found,) = read_imports(yaml.safe_dump(cassette).encode(), "a.yaml")
    assert found.recording is None
    assert found.missing.startswith("the body is no gzip")


def test_a_body_that_grows_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_exchange, "LARGEST_BODY", 2**22)
    bomb = gzip.compress(bytes(2**22 + 1))
    cassette = ruby({"string": bomb}, **{"Content-Encoding": ["gzip"]})
    _, (found,) = read_imports(yaml.safe_dump(cassette).encode(), "a.yaml")
    assert found.recording is None
    assert "decompresses to more than 4 MiB" in found.missing


DANGEROUS = [
    "!!python/object/apply:os.system ['touch PLACE']",
    "!!python/object/new:subprocess.Popen [['touch', 'PLACE']]",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/object:sseparse.Read {}",
    "!ruby/object:Gem::Installer {}",
    "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch PLACE']",
]


@pytest.mark.parametrize("value", DANGEROUS)
def test_yaml_that_would_build_an_object_is_refused_in_one_line_and_builds_none(
    value: str, tmp_path: Path
) -> None:
    place = tmp_path / "made"
    data = f"interactions:\n- request: {value}\n".replace("PLACE", str(place)).encode()
    with pytest.raises(
        RecordingError, match=r"^a\.yaml:2: the tag .* would build an object; only plain data"
    ) as caught:
        read_imports(data, "a.yaml")
    assert "\n" not in str(caught.value)
    assert not place.exists()


def test_merges_that_ask_for_any_amount_of_memory_are_refused() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60)]
    data = "\n".join([*lines, "interactions: []"]).encode()
    with pytest.raises(RecordingError, match=r"^a\.yaml:2: no YAML: merge keys"):
        read_imports(data, "a.yaml")


def test_aliases_that_point_at_one_another_by_the_million_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    data = "\n".join([*lines, "interactions: []"]).encode()
    with pytest.raises(RecordingError, match=r"a\.yaml: its aliases stand for more than"):
        read_imports(data, "a.yaml")


def test_an_alias_of_what_it_is_part_of_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"stands for what it is part of"):
        read_imports(b"interactions: &a [*a]", "a.yaml")


def test_an_alias_that_stands_for_one_thing_is_read() -> None:
    request = "request: &r {method: GET, uri: 'https://a.example/'}"
    response = "response: {status: {code: 200}, body: {string: 'data: 1'}}"
    data = f"interactions:\n- {request}\n  {response}\n- request: *r\n  {response}\n"
    _, found = read_imports(data.encode(), "a.yaml")
    assert [item.title for item in found] == [found[0].title] * 2


def test_numbers_of_any_length_and_bytes_that_are_none_are_no_bugs() -> None:
    head = "interactions:\n- request: {}\n  response: {status: {code: 200}, "
    long = "0x" + "f" * 20_000
    _, (found,) = read_imports(f"{head}headers: {{x: [{long}]}}, body: {{}}}}".encode(), "a.yaml")
    assert found.recording is not None
    damaged = f"{head}body: {{string: !!binary 'ZGF0Y%%Tog'}}}}".encode()
    with pytest.raises(RecordingError, match=r"a\.yaml:3: no YAML: these bytes are no Base64"):
        read_imports(damaged, "a.yaml")


def test_headers_of_the_oldest_cassettes_are_lines() -> None:
    head = "interactions:\n- request: {}\n  response: {status: {code: 200}, "
    lines = "headers: ['content-type: text/event-stream', 'x'], body: {string: 'data: 1'}}"
    _, (found,) = read_imports((head + lines).encode(), "a.yaml")
    assert found.event_stream


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"interactions:\n- a: [1\n", r"a\.yaml:\d: no YAML: "),
        (b"interactions:\n- \x00", r"a\.yaml: no YAML: "),
        (b"interactions:\n" + b"- " * 100_000, r"a\.yaml:\d: no YAML: exceeded maximum nesting"),
        (b"interactions: 1\n", r"a\.yaml: no cassette: Expected `array"),
        (b"interactions:\n- 1\n", r"a\.yaml: entry 1: Expected `object`, got `int`"),
        (b"interactions:\n- request: {}\n", r"a\.yaml: entry 1: .* `response`"),
        (b"interactions:\n---\ninteractions:\n", r"a\.yaml:2: no YAML: but found another document"),
        (b"interactions:\n- a: 2026-99-99\n", r"a\.yaml: no YAML: month must be"),
        (b'{"interactions": [', r"a\.yaml:1: no JSON"),
        (b"version: 1\n", r"a\.yaml: no cassette: it has neither"),
        (
            b"interactions:\n- {request: {}, response: {body: {string: [1]}}}",
            r"a\.yaml: entry 1: the body is neither text nor bytes",
        ),
        (
            b"interactions:\n- {request: {}, response: {body: {base64_string: '!'}}}",
            r"a\.yaml: entry 1: the body is no Base64",
        ),
    ],
)
def test_what_is_no_cassette_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(RecordingError, match="^" + message) as caught:
        read_imports(data, "a.yaml", "vcr")
    assert "\n" not in str(caught.value)
