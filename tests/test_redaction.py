"""What is written down of requests and responses: nothing that is secret, and all that is useful.

A canary is a secret made up for one test: wherever it is put, it must not be in the file.
"""

from __future__ import annotations

import json
import string
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse.recording import Recorder, Recording, Request, sidecar_path
from sseparse.recording._redaction import (
    REQUEST_HEADERS,
    kept_body,
    kept_request_headers,
    kept_response_headers,
    kept_text,
    kept_url,
)

CANARY = "Canary0x7f3aQz"
WORDY_KEY = "sk-proj-canaryabcdefghijklmnopqr"
KEY = "sk-proj-Canary0x7f3aQz0123456789abcdefgh"

HEADERS = [
    *REQUEST_HEADERS,
    *("authorization", "cookie", "x-api-key", "api-key", "x-goog-api-key", "user-agent", "host"),
    *("openai-organization", "openai-project", "proxy-authorization", "referer", "origin", "from"),
    *("x-stainless-os", "x-amz-security-token", "helicone-auth", "traceparent", "x-forwarded-for"),
    *(
        "idempotency-key",
        "x-request-id",
        "forwarded",
        "via",
        "te",
        "if-none-match",
        "x-nobody-knows",
    ),
]
canaries = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(
    lambda text: CANARY + text
)


def file_of(request: Request, *, request_body: bool = False, status: int = 200) -> str:
    """All that a recording of this request says, but for its body."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fixture.txt")
        with Recorder(path, request=request, request_body=request_body) as recorder:
            recorder.response(status)
            recorder.write(b"data: 1\n\n")
        Recording.load(path)
        return sidecar_path(path).read_text()


def hides(text: str, secret: str = CANARY) -> bool:
    """Whether a secret is in a text neither as it is, nor quoted, nor in lower case."""
    forms = (secret, quote(secret, safe=""))
    return not any(form.lower() in text.lower() for form in forms)


# --- headers


@pytest.mark.parametrize("name", HEADERS)
@given(canary=canaries)
def test_a_canary_in_a_header_is_not_kept(name: str, canary: str) -> None:
    for value in (
        canary,
        f"Bearer {canary}",
        f"application/json; {canary}",
        f"2023-06-01 {canary}",
    ):
        for spelt in (name, name.upper(), name.title()):
            assert kept_request_headers([(spelt, value)]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accept", f"text/event-stream, {CANARY}/json"),
        ("accept", f"application/json;q=0.5;token={CANARY}"),
        ("accept", "application/json;q=0.31415926535897932384626433"),
        ("accept-encoding", f"gzip;{CANARY}"),
        ("anthropic-beta", f"{CANARY}-2024-01-01"),
        ("anthropic-beta", "sk-ant-api03-0123456789abcdefghijklmnop-2024-01-01"),
        ("anthropic-beta", "a1b2c3d4e5f6-2024-01-01"),
        ("anthropic-beta", f"tools-2024-04-04,{CANARY}"),
        ("anthropic-version", "2023-06-01-beta"),
        ("anthropic-version", "٢٠٢٣-٠٦-٠١"),
        ("content-length", "1234567890123456"),
        ("content-length", "٣"),
        ("content-type", f"multipart/form-data; boundary={CANARY}"),
        ("content-type", f"application/json; charset={CANARY}"),
        ("content-type", "application/jſon"),
        ("last-event-id", "12345678901234567890"),
        ("openai-beta", f"assistants=v2;{CANARY}"),
    ],
)
def test_a_header_that_says_more_than_it_should_is_left_out(name: str, value: str) -> None:
    assert kept_request_headers([(name, value)]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "text/event-stream"),
        ("accept", "application/json, text/event-stream;q=0.9, */*; q=0.1"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("accept-encoding", "identity"),
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "prompt-caching-2024-07-31"),
        ("anthropic-beta", "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14"),
        ("anthropic-beta", "output-128k-2025-02-19, context-1m-2025-08-07"),
        ("anthropic-beta", "max-tokens-3-5-sonnet-2024-07-15"),
        ("anthropic-beta", "fine-grained-tool-streaming-2025-05-14"),
        ("Content-Type", "application/json"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-type", "application/json;charset=UTF-8"),
        ("content-length", "12345"),
        ("content-encoding", "gzip"),
        ("last-event-id", "17"),
        ("mcp-protocol-version", "2025-06-18"),
        ("OpenAI-Beta", "assistants=v2"),
    ],
)
def test_useful_headers_are_kept(name: str, value: str) -> None:
    assert kept_request_headers([(name, value)]) == [(name.lower(), value)]


def test_blanks_round_a_value_are_not_kept() -> None:
    assert kept_request_headers([("accept", " \t*/* ")]) == [("accept", "*/*")]


def test_headers_keep_their_order_and_may_come_twice() -> None:
    headers = [("accept", "*/*"), ("content-length", "7"), ("Accept", "application/json")]
    assert [value for _, value in kept_request_headers(headers)] == ["*/*", "7", "application/json"]


def test_of_a_response_cookies_and_ids_of_organisations_are_not_kept() -> None:
    names = ["set-cookie", "Set-Cookie2", "openai-organization", "anthropic-organization-id"]
    names += ["openai-project", "x-amzn-requestid-secret", "www-authenticate", "location", "cf-ray"]
    names += ["authentication-info", "x-ratelimit-limit\u0661"]
    assert kept_response_headers([(name, CANARY) for name in names]) == ()


def test_of_a_response_useful_headers_are_kept_without_keys() -> None:
    headers = [
        ("Content-Type", "text/event-stream; charset=utf-8"),
        ("x-ratelimit-remaining-tokens", "149"),
        ("Retry-After", "3"),
        ("request-id", "req_011CQ"),
        ("via", f"proxy {KEY}"),
        ("server", "half a \ud800 pair"),
    ]
    assert kept_response_headers(headers) == (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("x-ratelimit-remaining-tokens", "149"),
        ("retry-after", "3"),
        ("request-id", "req_011CQ"),
        ("via", "proxy REDACTED"),
        ("server", "half a ? pair"),
    )


# --- method and URL


@pytest.mark.parametrize("method", [CANARY, CANARY.upper(), "SECRET", "", "POST x", "\ud800"])
def test_a_method_that_is_none_is_not_kept(method: str) -> None:
    assert Request(method, "https://a.example/").kept()["method"] == "REDACTED"


@pytest.mark.parametrize("method", ["POST", "get", "QUERY"])
def test_a_method_is_kept(method: str) -> None:
    assert Request(method, "https://a.example/").kept()["method"] == method.upper()


@pytest.mark.parametrize(
    "url",
    [
        "https://{}@a.example/v1",
        "https://me:{}@a.example/v1",
        "https://{}:pw@a.example:8443/v1",
        "https://{}:pw@[::1]:8443/v1",
        "https://me%3A{}%40a.example/v1",
        "//me:{}@a.example/v1",
        "me:{}@a.example/v1",
        "https:me:{}@a.example/v1",
        "https:///me:{}@a.example/v1",
        "{}@a.example/v1",
        "{}://a.example/v1",
        "https://[::1%25{}]/v1",
        "https://[fe80::1%{}]/v1",
        "https://a.example/v1?key={}",
        "https://a.example/v1?{}",
        "https://a.example/v1?{}=sse",
        "https://a.example/v1?alt={}",
        "https://a.example/v1?alt=sse&key={}",
        "https://a.example/v1?alt=sse;key={}",
        "https://a.example/v1?key={};alt=sse",
        "https://a.example/v1?alt=sse&alt={}",
        "https://a.example/v1?%6Bey={}",
        "https://a.example/v1?alt=sse%26key={}",
        "https://a.example/v1?alt=sse%00{}",
        "https://a.example/v1?api-version={}",
        "https://a.example/v1?api-version=2024-10-21{}",
        "https://a.example/v1#{}",
        "https://a.example/v1#alt=sse&{}",
        "https://a.example/v1;token={}/chat",
        "https://a.example/v1%3Btoken%3D{}/chat",
        "https://a.example/v1%3Fkey%3D{}",
        "https://a.example/v1%2523{}",
        "https://a.example/proxy/https://me:{}@b.example/v1",
        "https://a.example/proxy/https%3A%2F%2Fme%3A{}%40b.example/v1",
        "https://a.example/key={}",
        "https://a.example:{}/v1",
        "https://a.example:99999/{}",
        "https://a b.example/{}",
        "https:\\\\me:{}@a.example",
        "https://me:{}\\@a.example/v1",
        "mailto:{}",
        "data:,{}",
        "/v1?key={}",
        "/v1#{}",
        "?{}",
        "\ud800{}",
        "https://a.example/\ud800?{}",
    ],
)
def test_a_canary_in_a_url_is_not_kept(url: str) -> None:
    whole = url.format(CANARY)
    assert hides(kept_url(whole))
    assert hides(file_of(Request("POST", whole)))


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/v1/{}/chat",
        "https://a.example/{}",
        "https://{}.a.example/v1",
        "https://a.example/v1/prefix-of-it-{}",
    ],
)
def test_what_looks_like_a_key_is_kept_nowhere_in_a_url(url: str) -> None:
    assert hides(kept_url(url.format(WORDY_KEY)), WORDY_KEY)
    for key in (KEY, quote(KEY, safe=""), "".join(f"%{ord(character):02x}" for character in KEY)):
        assert hides(kept_url(url.format(key)), key)
        assert hides(kept_url(url.format(key)), KEY)


def test_an_id_of_letters_and_digits_without_a_joint_is_not_kept_in_a_path() -> None:
    account = (
        "https://api.example/accounts/023e105f4ecef8ad9ca31a8372d0c353/ai/run/@cf/meta/llama-3"
    )
    assert kept_url(account) == "https://api.example/accounts/REDACTED/ai/run/@cf/meta/llama-3"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/v1/chat/completions",
        "https://api.openai.com/v1/chat/completions",
        "http://127.0.0.1:8080/v1/messages?beta=true",
        "http://[::1]:8080/",
        "wss://api.openai.com/v1/realtime",
        "https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        "https://x.example/v1beta/models/gemini-1.5-flash-002:streamGenerateContent?alt=sse",
        "https://x.example/v1/projects/p/locations/l/models/claude-v2@20241022:streamRawPredict",
        "https://x.example/model/anthropic.claude-3-5-v2%3A0/invoke-with-response-stream",
        "https://x.example/models/meta-llama%2FLlama-3.3-70B-Instruct/v1",
        "https://münchen.example/straße/%C3%A9",
    ],
)
def test_useful_urls_are_kept_as_they_are(url: str) -> None:
    assert kept_url(url) == url


def test_of_an_ipv6_address_the_zone_is_not_kept() -> None:
    assert kept_url("http://[fe80::1%25eth0]:8080/v1") == "http://[fe80::1]:8080/v1"


def test_of_a_url_the_harmless_is_kept() -> None:
    url = f"HTTPS://me:{CANARY}@API.Example:8443/v1/chat?key={CANARY}&alt=sse&alt={CANARY}#top"
    assert kept_url(url) == "https://api.example:8443/v1/chat?alt=sse"


urls = st.builds(
    "".join,
    st.lists(
        st.sampled_from(
            [
                *(
                    "https:",
                    "http:",
                    "//",
                    "/",
                    ":",
                    "@",
                    "?",
                    "#",
                    "&",
                    "=",
                    ";",
                    "[",
                    "]",
                    "%",
                    "\\",
                ),
                *(
                    "a.example",
                    "::1",
                    "80",
                    "alt",
                    "sse",
                    "key",
                    "me",
                    " ",
                    "\t",
                    "é",
                    "%2F",
                    "%40",
                ),
            ]
        ),
        max_size=12,
    ),
)


@given(urls, urls)
def test_behind_the_path_no_canary_is_kept_whatever_the_url(before: str, behind: str) -> None:
    for mark in ("?", "#", "?key=", ";token="):
        assert hides(kept_url(f"https://a.example/{before.replace('#', '')}{mark}{CANARY}{behind}"))
    assert hides(kept_url(f"https://me:{CANARY}@a.example/{before}{behind}"))


@given(st.text())
def test_any_text_at_all_is_taken_for_a_url(text: str) -> None:
    kept_url(text).encode()


def test_a_very_long_url_takes_no_time() -> None:
    assert kept_url("https://a.example/" + "a" * 500_000 + "?" + "x=1&" * 100_000)
    assert kept_url("https://a.example/" + "a;" * 100_000 + "/" * 100_000)


# --- bodies


@pytest.mark.parametrize(
    "name",
    [
        *(
            "api_key",
            "apiKey",
            "API-Key",
            "x-api-key",
            "openai_api_key",
            "apikey",
            "key",
            "api key",
        ),
        *("access_key", "secretAccessKey", "aws_secret_access_key", "client_secret", "secret"),
        *("token", "auth_token", "authToken", "accesstoken", "GITHUB_TOKEN", "id_token"),
        *(
            "password",
            "passwd",
            "pwd",
            "dbPassword",
            "passphrase",
            "authorization",
            "Authorization",
        ),
        *("authorization_token", "auth", "bearer", "cookie", "set-cookie", "session_id", "jwt"),
        *("credentials", "headers", "extra_headers", "http_headers", "ａｐｉ＿ｋｅｙ", "api_keys"),
        *("private_key", "api\u200bkey", "access_tokens", "secrets", "organization"),
    ],
)
def test_a_field_that_by_its_name_holds_a_credential_is_not_kept(name: str) -> None:
    for value in (CANARY, [CANARY], {"x": CANARY}, {"x": [{"y": CANARY}]}, [[CANARY]]):
        for body in ({name: value}, {"tools": [{"server": {name: value}}]}, [[{name: value}]]):
            kept = kept_body(json.dumps(body).encode())
            assert kept is not None
            assert hides(json.dumps(kept, ensure_ascii=False))
    assert kept_body(json.dumps({name: 1234567890123456}).encode()) == {name: "REDACTED"}


@pytest.mark.parametrize(
    "name",
    [
        *("max_tokens", "max_completion_tokens", "messages", "content", "tokenizer", "author"),
        *("monkey", "keywords", "header_level", "model", "stream_options", "top_p", "signature"),
    ],
)
def test_a_field_of_another_name_is_kept(name: str) -> None:
    for value in ("words", 7, 0.5, True, None, ["a", 1], {"x": "y"}):
        assert kept_body(json.dumps({name: value}).encode()) == {name: value}


@pytest.mark.parametrize(
    "body",
    [
        {"env": [{"name": "API_KEY", "value": CANARY}]},
        {"headers": [{"name": "Authorization", "value": f"Bearer {CANARY}"}]},
        {"vars": [{"value": CANARY, "key": "password"}]},
        {"server_url": f"https://mcp.example/sse?api_key={CANARY}"},
        {"image_url": {"url": f"https://me:{CANARY}@b.example/cat.png"}},
        {"image_url": {"url": f"https://b.example/cat.png?X-Amz-Signature={CANARY}"}},
        {"messages": [{"content": f"clone https://me:{CANARY}@git.example/x"}]},
        {"messages": [{"content": f"curl -H 'Authorization: Bearer {CANARY}0123456789'"}]},
        {"arguments": json.dumps({"api_key": CANARY})},
        {"arguments": json.dumps({"deep": json.dumps([{"token": CANARY}])})},
        {KEY: 1},
        {"content": f"my key is {KEY}"},
        {"content": f"line\n{KEY}"},
    ],
)
def test_a_secret_is_not_kept_where_no_name_gives_it_away(body: dict[str, object]) -> None:
    kept = kept_body(json.dumps(body).encode())
    assert kept is not None
    assert hides(json.dumps(kept))


def test_a_text_that_is_json_is_kept_as_it_is_where_nothing_in_it_is_secret() -> None:
    body = {"arguments": '{ "city":  "Rome" }', "broken": '{"city": "Ro', "n": "[1, 2"}
    assert kept_body(json.dumps(body).encode()) == body


@pytest.mark.parametrize(
    "body", [b"", b"key=" + CANARY.encode(), b'{"api_key":"' + CANARY.encode(), b'{"a":"\xff"}']
)
def test_a_body_that_is_no_json_is_not_kept(body: bytes) -> None:
    assert not kept_body(body)


def test_a_body_nested_deeper_than_any_model_takes_is_not_kept() -> None:
    assert kept_body(b"[" * 150 + b"]" * 150) is not None
    assert kept_body(b"[" * 300 + b"]" * 300) is None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 150 + b'{"api_key":"%s"}' % CANARY.encode() + b"]" * 150,
        b"[" * 5000 + b'{"api_key":"%s"}' % CANARY.encode() + b"]" * 5000,
        b'{"n":' + b"9" * 400 + b"}",
        b'{"a":"\\ud800","token":"%s"}' % CANARY.encode(),
        b'{"token":"%s","token":"%s"}' % (CANARY.encode(), CANARY.encode()),
        b'{"\\u0061pi_key":"%s"}' % CANARY.encode(),
        b'\xef\xbb\xbf{"key":"%s"}' % CANARY.encode(),
    ],
)
def test_odd_bodies_break_no_recording_and_give_no_secret_away(body: bytes) -> None:
    request = Request("POST", "https://a.example/", body=body)
    assert hides(file_of(request, request_body=True))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values, st.sampled_from(["api_key", "Authorization", "sessionToken", "headers"]))
def test_a_canary_in_a_credential_is_not_kept_whatever_lies_round_it(
    value: object, name: str
) -> None:
    inside = {"around": value, name: {"x": [value, CANARY], "y": CANARY}}
    body = json.dumps([value, {"more": [inside]}]).encode()
    request = Request("POST", "https://a.example/", body=body)
    assert hides(file_of(request, request_body=True))


# --- whole recordings


@pytest.mark.parametrize("request_body", [False, True])
def test_no_secret_of_a_request_reaches_the_disk(request_body: bool) -> None:
    request = Request(
        CANARY,
        f"https://user{CANARY}:{CANARY}@a.example/v1?{CANARY}&key={CANARY}&alt={CANARY}#{CANARY}",
        [(name, CANARY) for name in HEADERS] + [("content-type", "application/json")],
        json.dumps({"model": "m", "api_key": CANARY, "headers": {"X-Key": CANARY}}).encode(),
    )
    said = file_of(request, request_body=request_body)
    assert hides(said)
    assert '["content-type","application/json"]' in said
    assert ('"model":"m"' in said) == request_body


def test_a_body_is_kept_only_where_it_is_asked_for() -> None:
    body = json.dumps({"messages": [{"content": CANARY}]}).encode()
    request = Request("POST", "https://a.example/", body=body)
    assert hides(file_of(request))
    assert not hides(file_of(request, request_body=True))


def test_the_secrets_of_a_request_are_not_shown_either() -> None:
    request = Request("POST", "https://a.example/", [("x-api-key", CANARY)], CANARY.encode())
    assert CANARY not in repr(request)


def test_what_an_error_says_is_kept_without_urls_and_keys() -> None:
    text = f"Client error for url 'https://me:{CANARY}@a.example/v1?key={CANARY}' ({KEY}) \ud800"
    assert kept_text(text) == "Client error for url 'https://a.example/v1' (REDACTED) ?"


def test_useful_requests_are_kept_whole(tmp_path: Path) -> None:
    headers = (("accept", "text/event-stream"), ("content-type", "application/json"))
    url = "https://api.example/v1/chat/completions"
    body = {"model": "grok-beta", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    request = Request("POST", url, headers, json.dumps(body).encode())
    path = tmp_path / "fixture.txt"
    with Recorder(path, request=request, request_body=True) as recorder:
        recorder.write(b"data: 1\n\n")
    header = Recording.load(path).header
    assert header is not None
    assert header.request == {
        "method": "POST",
        "url": url,
        "headers": [list(pair) for pair in headers],
        "body": body,
    }


@given(st.text(string.printable + "é\u0661ſ\u212a\ud800", max_size=40))
def test_any_text_in_any_place_breaks_no_recording(text: str) -> None:
    request = Request(text, text, [(text, text), ("accept", text)], text.encode("utf-8", "replace"))
    file_of(request, request_body=True).encode()
