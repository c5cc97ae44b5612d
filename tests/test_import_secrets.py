"""Nothing secret that a source holds reaches the files that are written, nor the terminal."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml
from cli import run_all
from test_import_curl_trace import blocks

CANARY = "hunter2canary"

SECRET_REQUEST = {
    "Authorization": f"Bearer {CANARY}",
    "Proxy-Authorization": f"Basic {CANARY}",
    "Cookie": f"session={CANARY}",
    "X-Api-Key": CANARY,
    "api-key": CANARY,
    "x-goog-api-key": CANARY,
    "OpenAI-Organization": CANARY,
    "OpenAI-Project": CANARY,
    "User-Agent": CANARY,
    "Referer": f"https://a.example/?{CANARY}",
    "Content-Type": f"application/json; boundary={CANARY}",
    "Accept": CANARY,
    "X-Anything": CANARY,
}
SECRET_RESPONSE = {
    "Set-Cookie": f"session={CANARY}; HttpOnly",
    "openai-organization": CANARY,
    "Location": f"https://a.example/{CANARY}",
    "X-Anything": CANARY,
    "WWW-Authenticate": CANARY,
}
STREAM = {"Content-Type": "text/event-stream"}
HOST = "a.example"
TARGET = f"/v1/chat?key={CANARY}&api_key={CANARY}&alt=sse&token={CANARY}"
URL = f"https://user:{CANARY}@{HOST}{TARGET}#{CANARY}"
SENT = json.dumps(
    {
        "model": "grok",
        "api_key": CANARY,
        "tools": [{"headers": {"Authorization": CANARY}}],
        "password": CANARY,
    }
)
BODY = "data: 1\n\n"


def lines(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def heads() -> tuple[str, str]:
    asked = f"POST {TARGET} HTTP/1.1\r\nHost: {HOST}\r\n{lines(SECRET_REQUEST)}\r\n"
    return asked, f"HTTP/1.1 200 OK\r\n{lines({**STREAM, **SECRET_RESPONSE})}\r\n"


def curl_trace() -> bytes:
    asked, answered = heads()
    return blocks(
        ("== Info:", f"Server auth using Basic with user '{CANARY}'".encode()),
        ("=> Send header", asked.encode()),
        ("=> Send data", SENT.encode()),
        *(("<= Recv header", line) for line in answered.encode().splitlines(keepends=True)),
        ("<= Recv data", BODY.encode()),
        prefix="12:00:00.000000 ",
    )


def curl_i() -> bytes:
    return (heads()[1] + BODY).encode()


def curl_v() -> bytes:
    asked, answered = heads()
    said = "".join(f"> {line}" for line in asked.splitlines(keepends=True))
    said += "".join(f"< {line}" for line in answered.splitlines(keepends=True))
    return f"* Server auth using Basic with user '{CANARY}'\n{said}{BODY}".encode()


def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def har_value() -> dict[str, object]:
    entry = {
        "startedDateTime": "2026-11-26T08:00:00.000Z",
        "comment": CANARY,
        "_initiator": {"url": CANARY},
        "serverIPAddress": CANARY,
        "request": {
            "method": "POST",
            "url": URL,
            "headers": pairs(SECRET_REQUEST),
            "cookies": pairs({"session": CANARY}),
            "queryString": pairs({"key": CANARY}),
            "postData": {"text": SENT, "mimeType": CANARY, "params": pairs({"key": CANARY})},
        },
        "response": {
            "status": 200,
            "statusText": CANARY,
            "headers": pairs({**STREAM, **SECRET_RESPONSE}),
            "cookies": pairs({"session": CANARY}),
            "redirectURL": CANARY,
            "content": {"text": BODY, "mimeType": f"text/event-stream; {CANARY}"},
        },
    }
    return {"log": {"creator": {"name": CANARY}, "entries": [entry]}}


def har() -> bytes:
    return json.dumps(har_value()).encode()


def har_of_ours() -> bytes:
    """A HAR file of our own export that somebody edited."""
    value = har_value()
    entries = value["log"]["entries"]  # type: ignore[index]
    header = {
        "sseparse_timing": 1,
        "request": {
            "method": "POST",
            "url": URL,
            "headers": list(SECRET_REQUEST.items()),
            "body": json.loads(SENT),
            "more": CANARY,
        },
        "headers": list(SECRET_RESPONSE.items()),
    }
    timing = [header, [0.5, len(BODY)], {"end": "eof"}]
    entries[0]["_sseparse"] = {"timing": timing}
    return json.dumps(value).encode()


def vcrpy() -> bytes:
    def lists(headers: dict[str, str]) -> dict[str, list[str]]:
        return {name: [value] for name, value in headers.items()}

    request = {"method": "POST", "uri": URL, "headers": lists(SECRET_REQUEST), "body": SENT}
    response = {
        "status": {"code": 200, "message": CANARY},
        "headers": lists({**STREAM, **SECRET_RESPONSE}),
        "body": {"string": BODY},
    }
    return yaml.safe_dump(
        {"interactions": [{"request": request, "response": response, "note": CANARY}]}
    ).encode()


def ruby() -> bytes:
    sent = base64.b64encode(SENT.encode()).decode()
    interaction = {
        "request": {
            "method": "post",
            "uri": URL,
            "headers": SECRET_REQUEST,
            "body": {"encoding": "UTF-8", "base64_string": sent},
        },
        "response": {
            "status": {"code": 200},
            "headers": {**STREAM, **SECRET_RESPONSE},
            "body": {"string": BODY},
        },
        "recorded_at": CANARY,
    }
    return yaml.safe_dump({"http_interactions": [interaction], "recorded_with": CANARY}).encode()


def aimock() -> bytes:
    match = {"userMessage": CANARY, "systemMessage": CANARY, "toolCallId": CANARY}
    fixture = {"match": match, "response": {"content": "Hello"}, "metadata": {"key": CANARY}}
    return json.dumps({"fixtures": [fixture]}).encode()


SOURCES = [curl_trace, curl_i, curl_v, har, har_of_ours, vcrpy, ruby, aimock]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Each source, imported with the bodies of the requests: the folder, and all that was said."""
    folder = tmp_path_factory.mktemp("secrets")
    commands: list[list[str | Path]] = []
    for source in SOURCES:
        file = folder / source.__name__
        file.write_bytes(source())
        # (In a hex dump no word is whole.)
        assert CANARY.encode() in file.read_bytes() or source is curl_trace
        commands.append(
            ["import", file, "-o", f"{folder}/out-{source.__name__}/", "--request-body"]
        )
        commands.append(["import", file, "--list"])
    done = run_all(commands)
    assert [result.err for result in done if result.status] == []
    said = [result.out.decode() + result.err for result in done]
    return {
        source.__name__: (folder / f"out-{source.__name__}", said[2 * place] + said[2 * place + 1])
        for place, source in enumerate(SOURCES)
    }


@pytest.mark.parametrize("source", [source.__name__ for source in SOURCES])
def test_no_secret_of_a_source_is_written_or_shown(
    source: str, imported: dict[str, tuple[Path, str]]
) -> None:
    folder, said = imported[source]
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) >= 2
    for file in files:
        assert CANARY not in file.name
        assert CANARY.encode() not in file.read_bytes()
        assert file.name == ".gitattributes" or file.stat().st_mode & 0o777 == 0o600
    assert CANARY not in said


@pytest.mark.parametrize("source", ["curl_trace", "har", "har_of_ours", "vcrpy", "ruby"])
def test_what_is_harmless_of_the_request_is_kept(
    source: str, imported: dict[str, tuple[Path, str]]
) -> None:
    folder, _ = imported[source]
    (sidecar,) = folder.glob("*.timing.jsonl")
    request = json.loads(sidecar.read_text().splitlines()[0])["request"]
    assert request["url"].endswith(f"://{HOST}/v1/chat?alt=sse")
    assert request["body"]["model"] == "grok"
    assert request["body"]["api_key"] == "REDACTED"
