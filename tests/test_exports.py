"""The public names: one list, all of them there, all documented, all with working examples."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import sseparse

PUBLIC = [name for name in sseparse.__all__ if not name.startswith("__")]
HELPERS = {"TYPE_CHECKING", "import_module"}
ROOMS = ["sseparse", "sseparse.assembly", "sseparse.formats", "sseparse.http", "sseparse.recording"]
ROOMS += ["sseparse.replay", "sseparse.server"]


def all_modules() -> list[str]:
    found = pkgutil.walk_packages(sseparse.__path__, "sseparse.")
    return ["sseparse", *(module.name for module in found if module.name != "sseparse.__main__")]


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_that_is_listed_is_there_and_the_list_is_sorted(room: str) -> None:
    module = importlib.import_module(room)
    assert all(hasattr(module, name) for name in module.__all__)
    assert module.__all__ == sorted(module.__all__)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_that_is_imported_is_listed(room: str) -> None:
    for name, value in vars(importlib.import_module(room)).items():
        if not (name.startswith("_") or isinstance(value, ModuleType) or name in HELPERS):
            assert name in importlib.import_module(room).__all__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        sseparse.nope  # noqa: B018 (reading it is the point)


def test_the_top_of_the_house_is_at_most_60_lines() -> None:
    source = Path(inspect.getfile(sseparse)).read_text(encoding="utf-8")
    assert source.count("\n") <= 60


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(sseparse, name))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_method_is_documented(name: str) -> None:
    for method, value in public_methods(getattr(sseparse, name)):
        assert inspect.getdoc(value), f"{name}.{method} has no docstring"


def public_methods(value: object) -> Iterator[tuple[str, object]]:
    if inspect.isclass(value):
        for name, member in vars(value).items():
            if not name.startswith("_") and (
                inspect.isfunction(member) or isinstance(member, property)
            ):
                yield name, member


@pytest.mark.parametrize("module", all_modules())
def test_the_examples_in_the_docstrings_work(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_the_version_is_that_of_the_distribution() -> None:
    assert sseparse.__version__ == version("sseparse")


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from sseparse import *", names)
    assert set(PUBLIC) <= set(names)
