"""How the commands print JSON."""

from __future__ import annotations

import json

import click
import msgspec


def print_json(value: object) -> None:
    """Print a JSON value over several lines, as jq does."""
    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except UnicodeEncodeError:  # half a surrogate pair: only as an escape can it be written
        text = json.dumps(value, indent=2)
    click.echo(text)
