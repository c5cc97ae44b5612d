"""Arguments of a function call that come value by value (``partialArgs``).

Gemini can send arguments while it writes them: each piece has a path such as ``$.stops[0].city``
and a value, and a text may come in several. Two things grow here side by side. ``root`` is the
object they make. The text is that object as JSON, written as far as it is certain: each piece that
comes in the order of the text adds to it. Where one does not (it belongs to an object that was
closed already), the text stops and ``root`` alone is right; ``in_order`` tells.

A path can be anything, so what it costs is bounded: a list grows by one entry at a time, and no
path is longer than ``LONGEST`` steps.
"""

from __future__ import annotations

import re

from sseparse.assembly._fragments import Entries, Fields, Pieces, joined, joined_fields
from sseparse.assembly._json import JSONObject, JSONValue, as_text, dumps

Path = list[str | int]
_Container = Fields | Entries

LONGEST = 100
"""The most steps of a path: deeper JSON is more than other readers take, too."""
_MOST_CHARACTERS = 10_000
_STEP = re.compile(
    r"""\.([^.\[\]]+)|\[([0-9]{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MISSING = object()


class _Text(Pieces):
    """A text, and whether more of it is announced."""

    goes_on = False


class StreamedArguments:
    """The arguments of one call as far as they have come.

    Attributes:
        root: the object they make.
        in_order: the text that was given out spells ``root`` so far.
    """

    def __init__(self) -> None:
        self.root = Fields()
        self.in_order = True
        self._open: list[_Container] = []  # whose bracket has no partner in the text, outer first
        self._quoted: _Text | None = None  # whose last quotation mark is not in the text

    def put(self, path: Path, value: JSONValue, *, goes_on: bool = False) -> str:
        """Put a value at its place, or a piece of a text behind those before it.

        Args:
            path: the place.
            value: the value.
            goes_on: it is a text, of which more is to come.

        Returns:
            What that adds to the text.

        Raises:
            ValueError: there can be no such place; nothing was changed.
        """
        chain = self._chain(path)
        target, step = chain[-1], path[len(chain) - 1]
        known = _member(target, step)
        if isinstance(known, (Fields, Entries)):
            raise ValueError(f"at {step!r} there are other values")  # noqa: TRY004 (it is no type of an argument)
        if isinstance(known, _Text) and known.goes_on and isinstance(value, str):
            known.goes_on = goes_on
            known.append(value)
            return self._write_on(known, value)
        leaf = _leaf(value, goes_on)
        if known is not _MISSING:  # sent before: the last one stands
            self.in_order = False
            _place(target, step, leaf)
            return ""
        return self._write(chain, path, leaf)

    def close(self) -> str:
        """Return what the text lacks to be whole."""
        text = _brackets(self._open) if self._quoted is None else '"' + _brackets(self._open)
        self._open, self._quoted = [], None
        return text if self.in_order else ""

    def get(self, name: str) -> JSONValue:
        """Return one argument as it stands now, or None."""
        return joined(self.root.get(name))

    def whole(self) -> JSONObject:
        """Return the object as it stands now."""
        return joined_fields(self.root)

    def _chain(self, path: Path) -> list[_Container]:
        """Return the containers on the way that there are already, having looked at all of it."""
        chain: list[_Container] = [self.root]
        for step in path[:-1]:
            child = _member(chain[-1], step)
            if isinstance(child, (Fields, Entries)):
                chain.append(child)
            elif child is _MISSING:
                break
            else:
                raise ValueError(f"at {step!r} there is a value")
        if any(isinstance(step, int) and step for step in path[len(chain) :]):
            raise ValueError("a new list starts at 0")
        return chain

    def _write(self, chain: list[_Container], path: Path, leaf: JSONValue) -> str:
        """Make the containers that are missing, with the leaf in them; return the text of it."""
        text = self._move_to(chain)
        container = chain[-1]
        for place in range(len(chain) - 1, len(path)):
            step = path[place]
            last = place == len(path) - 1
            child = leaf if last else Entries() if isinstance(path[place + 1], int) else Fields()
            text.append("," if container else "")
            text.append("" if isinstance(step, int) else dumps(step) + ":")
            _place(container, step, child)
            if isinstance(child, (Fields, Entries)):
                text.append("[" if isinstance(child, Entries) else "{")
                self._open.append(child)
                container = child
        text.append(self._spell(leaf))
        return "".join(text) if self.in_order else ""

    def _move_to(self, chain: list[_Container]) -> list[str]:
        """Leave the containers that are open in the text and not on the way."""
        text: list[str] = []
        if self._quoted is not None:
            self._quoted = None
            text.append('"')
        if not self._open:
            self._open.append(self.root)
            text.append("{")
        same = 0
        for one, other in zip(self._open, chain, strict=False):
            if one is not other:
                break
            same += 1
        if same < len(chain):  # one of them was left before
            self.in_order = False
        text.append(_brackets(self._open[same:]))
        del self._open[same:]
        return text

    def _write_on(self, text: _Text, piece: str) -> str:
        if self._quoted is not text:  # something else came between
            self.in_order = False
        if not text.goes_on:
            self._quoted = None
        spelt = dumps(piece)[1:-1]
        return (spelt if text.goes_on else spelt + '"') if self.in_order else ""

    def _spell(self, leaf: JSONValue) -> str:
        if not isinstance(leaf, _Text):
            return dumps(leaf)
        spelt = dumps(leaf.texts[0])
        if leaf.goes_on:
            self._quoted = leaf
            return spelt[:-1]
        return spelt


def parse_path(value: JSONValue) -> Path:
    """Return the steps of a path such as ``$.stops[0]['city']``.

    Raises:
        ValueError: it is none that can be followed here.
    """
    text = as_text(value)
    if text is None or not text.startswith("$") or len(text) > _MOST_CHARACTERS:
        raise ValueError("the jsonPath is none")
    path: Path = []
    place = 1
    while place < len(text):
        match = _STEP.match(text, place)
        if match is None or len(path) == LONGEST:
            raise ValueError("the jsonPath is none that can be followed")
        name, index, *quoted = match.groups()
        if index is not None:
            path.append(int(index))
        else:
            quotation = next((text for text in quoted if text is not None), "")
            path.append(name if name is not None else _ESCAPED.sub(r"\1", quotation))
        place = match.end()
    if not path:
        raise ValueError("the jsonPath leads to all arguments at once")
    return path


def value_of(entry: JSONObject) -> JSONValue:
    """Return the value of a partial argument, which stands under one of four names.

    Raises:
        ValueError: there is none of the type that its name says.
    """
    text, number, truth = (entry.get(k) for k in ("stringValue", "numberValue", "boolValue"))
    if isinstance(text, str):
        return text
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        return number
    if isinstance(truth, bool):
        return truth
    if "nullValue" in entry:
        return None
    raise ValueError("there is no value")


def _brackets(containers: list[_Container]) -> str:
    """Return what closes containers, the last one first."""
    return "".join(["]" if isinstance(one, Entries) else "}" for one in reversed(containers)])


def _leaf(value: JSONValue, goes_on: bool) -> JSONValue:
    if not isinstance(value, str):
        return value
    text = _Text([value])
    text.goes_on = goes_on
    return text


def _member(container: _Container, step: str | int) -> object:
    """Return what stands there, or ``_MISSING`` where something could.

    Raises:
        ValueError: nothing can.
    """
    if isinstance(container, Fields):
        if isinstance(step, str):
            return container.get(step, _MISSING)
    elif isinstance(step, int) and step <= len(container):
        return container[step] if step < len(container) else _MISSING
    raise ValueError(f"there is no place {step!r}")


def _place(container: _Container, step: str | int, value: JSONValue) -> None:
    if isinstance(container, Fields):
        container[str(step)] = value
    elif step == len(container):
        container.append(value)
    else:
        container[int(step)] = value
