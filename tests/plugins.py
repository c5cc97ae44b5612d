"""Protocols of other packages: writes a distribution as pip would install it, for one test."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from sseparse.assembly import _registry


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str, entry_points: str
) -> None:
    """Put a module and the metadata of its distribution where Python finds them, until the end."""
    (folder / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    forget()


def forget() -> None:
    """Have the registry look anew at what is installed."""
    _registry._entry_points.cache_clear()
    _registry._plugins.cache_clear()
