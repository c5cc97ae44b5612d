"""Strings that look like API keys.

Used in two ways: what is kept of requests has them hidden, on top of what the allow-lists leave
out; and ``verify`` warns of them in bodies, which nothing may rewrite. This is a deny-list, and no
such list is complete. The prefixes are those that the providers and hosts document, each followed
by enough letters that ordinary words do not look the same.
"""

from __future__ import annotations

import re

_PREFIXED = (
    r"(?:sk|pk|rk)-(?:[a-z]+\d*-){0,2}[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic, DeepSeek, OpenRouter
    r"|xai-[A-Za-z0-9]{20,}"
    r"|gsk_[A-Za-z0-9]{20,}"  # Groq
    r"|hf_[A-Za-z0-9]{20,}"
    r"|r8_[A-Za-z0-9]{20,}"  # Replicate
    r"|pplx-[A-Za-z0-9]{20,}"
    r"|fw_[A-Za-z0-9]{20,}"  # Fireworks
    r"|tgp_v1_[A-Za-z0-9_-]{20,}"  # Together
    r"|AIza[A-Za-z0-9_-]{30,}"  # Google
    r"|ya29\.[A-Za-z0-9_-]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"
    r"|org-[A-Za-z0-9]{20,}|proj_[A-Za-z0-9]{20,}"  # no keys, but nobody else's business either
    r"|xox[abprs]-[A-Za-z0-9-]{20,}"  # Slack
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # a JSON web token
)
_KEY = re.compile(rf"(?<![A-Za-z0-9])(?:{_PREFIXED})")
_KEY_IN_BYTES = re.compile(_KEY.pattern.encode())


def hide_keys(text: str) -> str:
    """Return the text with every key in it as ``REDACTED``.

    >>> hide_keys("use sk-proj-abcdefghijklmnopqrstuvwx0123456789, please")
    'use REDACTED, please'
    """
    return _KEY.sub("REDACTED", text)


def find_keys(data: bytes) -> list[tuple[int, str]]:
    """Return where strings that look like keys begin, and how: enough to find, not to use them.

    >>> find_keys(b"data: gsk_0123456789abcdefghij0123456789")
    [(6, 'gsk_0123…')]
    """
    return [(match.start(), match[0][:8].decode() + "…") for match in _KEY_IN_BYTES.finditer(data)]
