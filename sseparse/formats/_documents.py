"""JSON and YAML files of strangers, read as plain data or refused in one line.

JSON is read by the standard library, for it says where the error is, and takes what browsers write:
byte order marks, UTF-16, halves of surrogate pairs. YAML is read by PyYAML's safe loader, which
makes nothing but plain data; four rules are added. Ruby's tag for bytes, ``!binary``, is known;
bytes in Base64 have to be that; numbers of any length are taken, as text; and what a few lines can
make grow beyond measure is refused: merge keys (``<<``), and aliases of aliases.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sseparse._errors import RecordingError

if TYPE_CHECKING:
    import yaml

T = TypeVar("T")

_MOST_VALUES = 5_000_000
"""In a YAML file, aliases written out: what a cassette of several hundred MiB has."""

_LONG_NUMBER = 30
"""Characters of a number that is taken as text: Python refuses to write very long ones."""

_TOO_DEEP = "it is nested too deeply to be read"


def read_json(data: bytes, path: str) -> object:
    r"""Return the value of a JSON file.

    Raises:
        RecordingError: it is no JSON; the line is said.

    >>> read_json(b'\xef\xbb\xbf{"log": 1}', "a.har")
    {'log': 1}
    """
    try:
        value: object = json.loads(data)
    except json.JSONDecodeError as error:
        raise RecordingError(
            f"no JSON: {error.msg} (column {error.colno})", path, error.lineno
        ) from None
    except RecursionError:
        raise RecordingError(_TOO_DEEP, path) from None
    except ValueError as error:  # bytes that are no text, numbers of 5000 digits
        raise RecordingError(f"no JSON: {error}", path) from None
    return value


def read_yaml(data: bytes, path: str) -> object:
    """Return the value of a YAML file.

    Raises:
        RecordingError: it is no YAML, or it asks for anything but plain data; or PyYAML is not
            installed.

    >>> read_yaml(b"interactions: []", "a.yaml")
    {'interactions': []}
    """
    try:
        import yaml
    except ImportError:
        raise RecordingError(
            "reading YAML takes a library: pip install 'sseparse[formats]'", path
        ) from None
    try:
        value: object = yaml.load(data, _loader())  # noqa: S506 (it is a safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RecordingError(_words(error), path, None if mark is None else mark.line + 1) from None
    except yaml.YAMLError as error:
        raise RecordingError(f"no YAML: {' '.join(str(error).split())}", path) from None
    except RecursionError:
        raise RecordingError(_TOO_DEEP, path) from None
    except ValueError as error:  # a date that is none
        raise RecordingError(f"no YAML: {error}", path) from None
    try:
        _size(value, {})
    except _TooLarge as error:
        raise RecordingError(str(error), path) from None
    except RecursionError:
        raise RecordingError(_TOO_DEEP, path) from None
    return value


class _TooLarge(Exception):
    """Aliases stand for more than anybody writes out."""


def _size(value: object, known: dict[int, int]) -> int:
    """Return how many values there are if each alias is written out.

    Args:
        value: of a YAML file; what an alias stands for is the same object in each place.
        known: the sizes of collections seen so far; 0: of those that are being counted.
    """
    if not isinstance(value, (dict, list)):
        return 1
    size = known.get(id(value))
    if size == 0:
        raise _TooLarge("an alias in it stands for what it is part of; only plain data are read")
    if size is None:
        known[id(value)] = 0
        inside = value.values() if isinstance(value, dict) else value
        size = known[id(value)] = 1 + sum(_size(item, known) for item in inside)
        if size > _MOST_VALUES:
            raise _TooLarge("its aliases stand for more than can be read")
    return size


def _loader() -> type[yaml.SafeLoader]:
    import yaml

    fast: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(fast):  # type: ignore[misc, valid-type]
        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, "merge keys (<<) are not read", key.start_mark
                    )

        def construct_bytes(self, node: yaml.ScalarNode) -> bytes:
            try:
                return base64.b64decode("".join(node.value.split()), validate=True)
            except (ValueError, AttributeError):
                raise yaml.constructor.ConstructorError(
                    None, None, "these bytes are no Base64", node.start_mark
                ) from None

        def construct_number(self, node: yaml.ScalarNode) -> object:
            if len(node.value) > _LONG_NUMBER:
                return node.value
            return self.construct_yaml_int(node)

    Loader.add_constructor("!binary", Loader.construct_bytes)
    Loader.add_constructor("tag:yaml.org,2002:binary", Loader.construct_bytes)
    Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_number)
    return Loader


def _words(error: yaml.MarkedYAMLError) -> str:
    import yaml

    problem = " ".join((error.problem or error.context or "no YAML").split())
    if isinstance(error, yaml.constructor.ConstructorError) and "constructor" in problem:
        tag = problem.rpartition("tag ")[2]
        return f"the tag {tag} would build an object; only plain data are read"
    return f"no YAML: {problem}"


def convert(value: object, kind: type[T], what: str, path: str) -> T:
    """Return a value as a struct.

    Args:
        value: of a JSON or YAML file.
        kind: a msgspec struct.
        what: which part of the file it is, for messages.
        path: the file's name, for messages.

    Raises:
        RecordingError: it is something else.
    """
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise RecordingError(f"{what}: {error}", path) from None


def as_bytes(value: object, what: str, path: str) -> bytes:
    r"""Return what stands in a file for a body.

    >>> as_bytes("ü", "body", "-"), as_bytes(b"\xff", "body", "-"), as_bytes(None, "body", "-")
    (b'\xc3\xbc', b'\xff', b'')
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, bytes):
        return value
    if value is None:
        return b""
    raise RecordingError(f"{what} is neither text nor bytes", path)


def from_base64(text: str | bytes, what: str, path: str) -> bytes:
    """Return the bytes of a text in Base64, in which white space may stand.

    Raises:
        RecordingError: it is no Base64.
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error as error:
        raise RecordingError(f"{what} is no Base64: {error}", path) from None
