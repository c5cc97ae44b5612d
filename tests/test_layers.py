"""The floors of the house: imports point down, and each library stays in its room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sseparse"

# Each room with its floor. A room may import rooms of lower floors, and its own modules.
FLOORS = {
    "_errors": 0,
    "_events": 0,
    "_decoder": 1,
    "_encoder": 1,
    "_interpreter": 1,
    "_plain": 1,
    "_reads": 2,
    "_sources": 2,
    "assembly": 2,
    "recording": 2,
    "_assemble": 3,
    "_redact": 3,
    "_verify": 3,
    "formats": 3,
    "inspect": 3,
    "replay": 3,
    "_generate": 4,
    "http": 4,
    "server": 4,
    "__init__": 5,  # what the command imports
    "testing": 6,
    "pytest_plugin": 6,
    "cli": 6,
    "__main__": 7,
}

# Modules of one floor that make one room, and so may import one another.
SAME_ROOM = [
    {"_errors", "_events"},
    {"_decoder", "_encoder", "_interpreter", "_plain"},
    {"_reads", "_sources"},
]

# Which rooms may import a library; the standard library is free to all.
LIBRARIES = {
    "attrs": {
        "_generate",
        "assembly",
        "recording",
        "formats",
        "inspect",
        "replay",
        "http",
        "server",
        "testing",
        "cli",
    },
    "jiter": {"assembly"},
    "msgspec": {"_events", "_redact", "assembly", "recording", "formats", "replay", "cli"},
    "h11": {"server", "formats"},  # what speaks HTTP/1.1, and what reads curl's trace of it
    "httpx2": {"http"},
    "aiohttp": {"http"},
    "anyio": {"http"},  # what httpx2 and httpx wait with, in asyncio and in trio
    "pytest": {"pytest_plugin"},
    "hypothesis": {"testing"},
    "requests": {"http"},
    "urllib3": {"http"},
    "jsonpath": {"_redact"},
    "mitmproxy": {"formats"},
    "yaml": {"formats"},
    "click": {"cli"},
    "rich": {"cli"},
}

# What does no I/O and knows no clock, and so does not need what would do it.
PURE = ("_errors", "_events", "_decoder", "_interpreter", "_plain", "_encoder", "assembly")
IMPURE_MODULES = {"asyncio", "io", "os", "pathlib", "socket", "subprocess", "threading", "time"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield node.module or ""


def imported_room(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        if name.split(".")[0] == "sseparse":
            there = imported_room(name)
            same = there == here or any({here, there} <= one for one in SAME_ROOM)
            assert same or FLOORS[there] < FLOORS[here], (
                f"{here} imports {there}, which is no lower"
            )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_library_stays_in_its_rooms(path: Path) -> None:
    import sys

    for name in imports(path):
        top = name.split(".")[0]
        if top != "sseparse" and top not in sys.stdlib_module_names:
            assert room(path) in LIBRARIES.get(top, ()), f"{top} has no business in {room(path)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_decoding_and_assembling_do_no_io_and_know_no_clock(path: Path) -> None:
    if room(path) in PURE:
        assert not IMPURE_MODULES & {name.split(".")[0] for name in imports(path)}


def test_recordings_know_nothing_of_events() -> None:
    for path in (PACKAGE / "recording").glob("*.py"):
        assert not {"_decoder", "assembly"} & {
            imported_room(name) for name in imports(path) if name.startswith("sseparse.")
        }


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_small_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 400
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/__init__.py")), ids=lambda p: p.parent.name)
def test_a_room_only_shows_what_it_has(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        assert isinstance(node, (ast.ImportFrom, ast.Assign, ast.Expr))


def test_every_module_has_a_floor() -> None:
    assert {room(path) for path in modules()} <= set(FLOORS)
