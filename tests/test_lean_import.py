"""``import sseparse`` is cheap: it brings nothing that a decoder has no use for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "aiohttp",
    "asyncio",
    "click",
    "h11",
    "httpx",
    "httpx2",
    "hypothesis",
    "pydantic",
    "pytest",
    "requests",
    "rich",
    "ssl",
    "urllib3",
}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*(name.split('.')[0] for name in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(result.stdout.split())


def test_importing_the_library_loads_no_command_line_and_no_http_library() -> None:
    assert not HEAVY & loaded_by("import sseparse")


def test_the_command_loads_no_http_library_either() -> None:
    assert not (HEAVY - {"click"}) & loaded_by("import sseparse.cli")


def test_the_check_itself_sees_what_is_loaded() -> None:
    assert {"sseparse", "msgspec"} <= loaded_by("import sseparse")
    assert "click" in loaded_by("import sseparse.cli")
