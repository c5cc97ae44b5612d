"""The ``sseparse`` command."""

from sseparse.cli._main import main

__all__ = ["main"]
