"""How the commands print: JSON on stdout, a line for people on stderr, nothing a terminal obeys.

What a stream carries is a stranger's text. Control characters in it (escape sequences begin with
one) never reach a terminal: in text they become U+FFFD, in JSON an escape that means the same.
"""

from __future__ import annotations

import json
import math
import re

import click
import msgspec

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# What turns the direction of all that follows on the line, the words of ours too.
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

# JSON lets DEL and the C1 controls (here in UTF-8) stand as they are, and a terminal obeys them.
_BARE_IN_JSON = re.compile(rb"\x7f|\xc2[\x80-\x9f]")


def encode_json(value: object) -> bytes:
    """Return the JSON of a value as one line of UTF-8, whatever the locale says."""
    return _encoded(value, None)


def _encoded(value: object, indent: int | None) -> bytes:
    try:
        text = msgspec.json.encode(value)
        text = text if indent is None else msgspec.json.format(text, indent=indent)
    except (UnicodeEncodeError, OverflowError):  # half a surrogate pair, or a number past 64 bits
        text = json.dumps(_without_nan(value), indent=indent).encode()
    return _BARE_IN_JSON.sub(lambda match: b"\\u%04x" % ord(match[0].decode()), text)


def print_json(value: object) -> None:
    """Print a JSON value over several lines, as jq does."""
    click.echo(_encoded(value, 2))


def _without_nan(value: object) -> object:
    """Return a JSON value with null for NaN and infinities, which JSON has no words for."""
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def printable(text: str) -> str:
    """Return the text with every control character but tab and line feed as U+FFFD."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Return the text on one line, printable, and with no say in the direction of the line."""
    return _DIRECTION.sub("\N{REPLACEMENT CHARACTER}", printable(" ".join(text.splitlines())))


def cut_short(text: str, length: int = 120) -> str:
    """Return the text on one line, and cut short: a name may be as long as a stranger likes."""
    text = one_line(text[: 2 * length])
    return text if len(text) <= length else text[: length - 1] + "…"


def counted(count: int, word: str) -> str:
    """Return so many of something.

    >>> counted(1, "read"), counted(2000, "read")
    ('1 read', '2,000 reads')
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def in_words_of(command: str, message: str) -> str:
    """Return what the library says in the words of a command, some of which have ``--timing``.

    >>> in_words_of("check", 'no header; timing="none" reads the body without this file')
    'no header; moved away, this file keeps nobody from reading the body'
    """
    if command in ("replay", "export"):
        return re.sub(r'\btiming="(\w+)"', r"--timing \1", message)
    known = 'timing="none" reads the body without this file'
    return message.replace(known, "moved away, this file keeps nobody from reading the body")


def tell(message: str) -> None:
    """Say something about the work on stderr, in one line."""
    click.echo(f"sseparse: {one_line(message)}", err=True)
