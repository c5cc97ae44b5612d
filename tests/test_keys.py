"""Strings that look like keys are found wherever they stand, and ordinary words are not."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse.recording._keys import find_keys, hide_keys, names_credential

RANDOM = "Ab3dEf6hIj9lMn2pQr5tUv8x"
KEYS = [
    *(f"sk-{RANDOM}", f"sk-proj-{RANDOM}", f"sk-ant-api03-{RANDOM}-{RANDOM}", f"sk-or-v1-{RANDOM}"),
    *(
        f"sk-svcacct-{RANDOM}",
        f"pk-lf-{RANDOM}",
        f"rk-{RANDOM}",
        f"sk_live_{RANDOM}",
        f"sk_{RANDOM}",
    ),
    *(f"xai-{RANDOM}", f"gsk_{RANDOM}", f"csk-{RANDOM}", f"nvapi-{RANDOM}", f"hf_{RANDOM}"),
    *(f"r8_{RANDOM}", f"pplx-{RANDOM}", f"fw_{RANDOM}", f"tgp_v1_{RANDOM}", f"AIza{RANDOM}0123456"),
    *(
        f"dapi{'0123456789abcdef' * 2}",
        f"ABSK{RANDOM}{RANDOM}==",
        f"tvly-{RANDOM}",
        f"jina_{RANDOM}",
    ),
    *(f"ya29.{RANDOM}", f"ghp_{RANDOM}0123456789", f"github_pat_{RANDOM}0123456789"),
    *(f"glpat-{RANDOM}", "AKIAIOSFODNN7EXAMPLE", f"org-{RANDOM}", f"proj_{RANDOM}"),
    *(
        f"xoxb-{RANDOM}",
        f"eyJ{RANDOM}.eyJ{RANDOM}.{RANDOM}",
        f"Bearer {RANDOM}",
        f"lsv2_pt_{RANDOM}",
    ),
]
WORDS = [
    *("sk-", "sk-short", "risk-assessment-of-a-company", "task-0123456789abcdefghijkl"),
    *("disk_0123456789abcdefghijkl", "organisation", "org-chart", "Bearer of good news everywhere"),
    *(
        "Bearer internationalisation-of-everything",
        "hf_hub_download",
        "AKIAshort",
        "eyJ",
        "xai-grok",
    ),
    *("chatcmpl-0123456789abcdefghijklmn", "fp_6ca29cf396", "call_0123456789abcdefghijklmn"),
    *(
        "resp_0123456789abcdefghijklmn",
        "msg_0123456789abcdefghijklmn",
        "toolu_0123456789abcdefghij",
    ),
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_found_and_hidden(key: str) -> None:
    for before, behind in (("", ""), (" ", ","), ('"', '"'), ("key=", "&"), ("'", "'"), ("é", "é")):
        text = before + key + behind
        ((offset, start),) = find_keys(text.encode())
        assert offset == len(before.encode())
        assert key.startswith(start.removesuffix("…"))
        assert len(start) <= 9
        assert hide_keys(text) == f"{before}REDACTED{behind}"


@pytest.mark.parametrize("key", KEYS)
def test_a_key_behind_an_escape_of_json_is_found(key: str) -> None:
    for before in ("\n", "\t", "\r\n", "\x01", "\\", "é", "x\u2028"):
        for text in (json.dumps(before + key), json.dumps(before + key, ensure_ascii=False)):
            assert len(find_keys(text.encode())) == 1, text


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_no_key_stays(word: str) -> None:
    assert find_keys(word.encode()) == []
    assert hide_keys(word) == word


def test_all_keys_are_found_where_they_stand() -> None:
    text = "\n".join(KEYS).encode()
    assert [text[at : at + 4].decode() for at, _ in find_keys(text)] == [key[:4] for key in KEYS]


@given(st.binary(max_size=50), st.sampled_from(KEYS), st.binary(max_size=50))
def test_bytes_that_are_no_text_hide_no_key(before: bytes, key: str, behind: bytes) -> None:
    data = before + b" \xff" + key.encode() + b"\xfe" + behind
    assert len(before) + 2 in [offset for offset, _ in find_keys(data)]


def test_user_and_password_in_a_url_are_hidden() -> None:
    text = "git clone https://me:hunter2@git.example/x.git (or //example.com/@me, a@b.example)"
    assert hide_keys(text) == text.replace("me:hunter2@", "REDACTED@", 1)


@pytest.mark.parametrize(
    "piece",
    [
        "-eyJ",
        "eyJaaaaaaaaaaa.",
        "sk-",
        "sk-a-",
        "Bearer ",
        "Bearer aaaa",
        "://",
        "://a",
        "a",
        "ghp_",
    ],
)
def test_what_only_begins_like_a_key_costs_linear_time(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    began = time.process_time()
    find_keys(text.encode())
    hide_keys(text)
    assert time.process_time() - began < 2  # the square of it would be hours


def test_names_of_fields_are_judged_by_their_words() -> None:
    assert all(map(names_credential, ["api_key", "APIKey", "x-api-key", "Auth", "refreshTokens"]))
    assert not any(map(names_credential, ["", "🔑", "max_tokens", "keyboard", "author", "heading"]))


@pytest.mark.parametrize(
    "name",
    ["pass", "api_token_1", "connection_string", "token_value", "keyValue", "GITHUB_PAT", "otp"],
)
def test_numbers_and_what_is_behind_a_name_hide_no_credential(name: str) -> None:
    assert names_credential(name)


@pytest.mark.parametrize("name", ["bypass", "pass_rate", "max_tokens", "prompt_tokens", "pattern"])
def test_words_that_only_sound_like_one_are_none(name: str) -> None:
    assert not names_credential(name)


def test_passwords_in_connection_strings_and_webhooks_are_hidden() -> None:
    assert hide_keys("Server=db;Password=hunter2;Port=1") == "Server=db;Password=REDACTED;Port=1"
    assert "B00" not in hide_keys("https://hooks.slack.com/services/T00/B00/x")
