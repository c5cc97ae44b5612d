"""Strings that look like API keys, and names of fields that hold credentials.

Used in two ways: what is kept of requests has them hidden, on top of what the allow-lists leave
out; and ``verify`` warns of them in bodies, which nothing may rewrite. These are deny-lists, and no
such list is complete. The prefixes are those that the providers and hosts document, each followed
by enough letters that ordinary words do not look the same.
"""

from __future__ import annotations

import re
import unicodedata

_PREFIXED = (
    r"(?:sk|pk|rk)-(?:[a-z]+\d*-){0,2}[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic, DeepSeek, OpenRouter
    r"|(?:sk|pk|rk)_(?:live_|test_)?[A-Za-z0-9]{20,}"  # ElevenLabs, Stripe
    r"|xai-[A-Za-z0-9]{20,}"
    r"|gsk_[A-Za-z0-9]{20,}"  # Groq
    r"|csk-[A-Za-z0-9]{20,}"  # Cerebras
    r"|nvapi-[A-Za-z0-9_-]{20,}"
    r"|hf_[A-Za-z0-9]{20,}|api_org_[A-Za-z0-9]{20,}"  # Hugging Face
    r"|r8_[A-Za-z0-9]{20,}"  # Replicate
    r"|pplx-[A-Za-z0-9]{20,}"
    r"|fw_[A-Za-z0-9]{20,}"  # Fireworks
    r"|tgp_v1_[A-Za-z0-9_-]{20,}"  # Together
    r"|dapi[0-9a-f]{32}"  # Databricks
    r"|ABSK[A-Za-z0-9+/]{40,}=*|bedrock-api-key-[A-Za-z0-9+/]{20,}=*"  # Amazon Bedrock
    r"|(?:jina|lsv2_pt|lsv2_sk|npm|glhf)_[A-Za-z0-9_]{20,}|tvly-[A-Za-z0-9-]{20,}"
    r"|AIza[A-Za-z0-9_-]{30,}"  # Google
    r"|ya29\.[A-Za-z0-9_-]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"
    r"|org-[A-Za-z0-9]{20,}|proj_[A-Za-z0-9]{20,}"  # no keys, but nobody else's business either
    r"|xox[abprs]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/[A-Za-z0-9/_-]+"  # Slack
    # A JSON web token. The look back keeps the search linear where there is one start on the other.
    r"|(?<![_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|Bearer +(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{20,}=*"
)
# Behind no letter, unless that letter is part of an escape in JSON: a key may start a line.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
_KEY = re.compile(rf"{_START}(?:{_PREFIXED})")
_KEY_IN_BYTES = re.compile(_KEY.pattern.encode())

_USER_AND_PASSWORD = re.compile(r"(?<=://)[^\s/?#@\"'<>]{1,256}@")

_PASSWORD = re.compile(r"\b((?:password|passwd|pwd) *= *)[^\s;,&\"'<>]+", re.IGNORECASE)
"""As in a connection string: ``Server=db;Password=…;``."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LAST_WORDS = {"key", "keys", "auth", "authentication", "jwt", "oauth", "otp", "pass", "pat", "pwd"}
_LAST_WORDS |= {"headers", "org", "passcode", "userpass"}
_OF_A_VALUE = {"string", "text", "value", "values"}
"""Words behind the one that says what it is, as in ``token_value``."""
_CREDENTIAL = re.compile(
    r"apikey|accesskey|authkey|privatekey|secret|password|passwd|passphrase|credential"
    r"|authorization|authheader|cookie|bearer|sessionid|^session$|connectionstring|organi[sz]ationid|^organi[sz]ation$|orgid"
    r"|token$|(?:access|api|auth|bearer|refresh|session)tokens"
)


def names_credential(name: str) -> bool:
    """Tell whether a field of this name holds a credential, such as one for an MCP server.

    However it is spelt: ``x-api-key``, ``apiKey`` and ``API key`` are the same.

    >>> [names_credential(name) for name in ("X-API-Key", "authToken", "max_tokens", "author")]
    [True, True, False, False]
    """
    words = [word.lower() for word in _WORD.findall(unicodedata.normalize("NFKC", name))]
    whole = "".join(words)
    while words[1:] and (words[-1].isdigit() or words[-1] in _OF_A_VALUE):
        words.pop()
    joined = "".join(words)
    return bool(words) and (
        words[-1] in _LAST_WORDS
        or words[0] == "auth"
        or any(map(_CREDENTIAL.search, (joined, whole)))
    )


def hide_keys(text: str) -> str:
    """Return the text with every key in it, and user and password of a URL, as ``REDACTED``.

    >>> hide_keys("use sk-proj-abcdefghijklmnopqrstuvwx0123456789, please")
    'use REDACTED, please'
    >>> hide_keys("GET https://me:hunter2@a.example/v1")
    'GET https://REDACTED@a.example/v1'
    """
    text = _PASSWORD.sub(r"\1REDACTED", _KEY.sub("REDACTED", text))
    return _USER_AND_PASSWORD.sub("REDACTED@", text)


def find_keys(data: bytes) -> list[tuple[int, str]]:
    """Return where strings that look like keys begin, and how: enough to find, not to use them.

    >>> find_keys(b"data: gsk_0123456789abcdefghij0123456789")
    [(6, 'gsk_0123…')]
    """
    return [(match.start(), match[0][:8].decode() + "…") for match in _KEY_IN_BYTES.finditer(data)]
