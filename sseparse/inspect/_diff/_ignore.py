"""What is left out of JSON before it is compared: keys whose values are new each time.

Patterns tell the keys. Those that hold by default are about the protocol's own keys, so they stop
where the protocol does: below the arguments of a call, the result of a tool, structured content. An
``id`` in there is something that was said, and saying another is a difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from fnmatch import translate

from sseparse.assembly import JSONObject, JSONValue

IGNORED = (
    *("id", "*_id", "*Id", "created", "created_at", "completed_at", "expires_at", "createTime"),
    *("system_fingerprint", "obfuscation", "$.p", "event_id", "timestamp"),
)
"""Keys whose values are new each time: ids, stamps, fingerprints, random padding. They are looked
for in what the protocol says, not in what model, tools and callers say."""

SAID = (
    *("args", "arguments", "input", "parameters", "parsed"),  # of calls
    *("structuredContent", "structured_content", "results", "tool_output"),  # of tools
    *("*.functionResponse.response", "*.toolResponse.response", "*parts.data"),
    *("snapshot", "value"),  # the state of an agent (AG-UI)
    *("schema", "input_schema", "inputSchema", "parametersJsonSchema"),  # of callers
)
"""Keys, in the form of the patterns, whose values no protocol has made. ``result`` is one of them,
except in JSON-RPC."""

DEEPEST = 100
"""Levels of JSON that are compared one by one, far more than any API has; what is nested deeper is
compared as a text, for Python's stack is finite."""


class Ignore:
    """Which keys are left out.

    Args:
        patterns: as the shell matches names. One is held against a key wherever it stands; one with
            a dot in it, against the path from the top, indices left out (``"$.p"``,
            ``"choices.delta.role"``). The patterns of ``IGNORED`` spare what stands below a key of
            ``SAID``; others hold there too. A single text is one pattern.
    """

    def __init__(self, patterns: str | Iterable[str]) -> None:
        patterns = (patterns,) if isinstance(patterns, str) else tuple(patterns)
        for pattern in patterns:
            if not isinstance(pattern, str):
                raise TypeError(f"ignore has {pattern!r} in it; its patterns are texts")
        self._all = _Patterns(patterns)
        self._in_said = _Patterns([pattern for pattern in patterns if pattern not in IGNORED])

    def ignores(self, key: str, path: str = "") -> bool:
        """Return whether the value of this key is left out.

        >>> ignore = Ignore(["*_id", "$.p"])
        >>> ignore.ignores("item_id", "response.item_id"), ignore.ignores("p", "choices.p")
        (True, False)
        """
        return self._all.match(key, path)

    def strip(self, value: JSONValue) -> JSONValue:
        """Return a JSON value without the keys that are left out.

        >>> Ignore(IGNORED).strip({"id": "call_1", "name": "delete", "args": {"id": 7}})
        {'name': 'delete', 'args': {'id': 7}}
        """
        return self._strip(value, "", self._all, DEEPEST)

    def _strip(self, value: JSONValue, path: str, patterns: _Patterns, levels: int) -> JSONValue:
        if not isinstance(value, (dict, list)):
            return value
        if not levels:
            return _as_text(value)
        if isinstance(value, list):
            return [self._strip(entry, path, patterns, levels - 1) for entry in value]
        kept: JSONObject = {}
        for key, entry in value.items():
            inner = f"{path}.{key}" if path else key
            if not patterns.match(key, inner):
                said = _SAID.match(key, inner) or (key == "result" and "jsonrpc" not in value)
                below = self._in_said if said else patterns
                kept[key] = self._strip(entry, inner, below, levels - 1)
        return kept


class _Patterns:
    def __init__(self, patterns: Iterable[str]) -> None:
        keys, paths = [], []
        for pattern in patterns:
            if "." in pattern:
                paths.append(translate(pattern.removeprefix("$.")))
            else:
                keys.append(translate(pattern))
        nothing = "(?!)"
        self._keys = re.compile("|".join(keys) or nothing)
        self._paths = re.compile("|".join(paths) or nothing)

    def match(self, key: str, path: str = "") -> bool:
        return bool(self._keys.match(key) or self._paths.match(path or key))


_SAID = _Patterns(SAID)


def _as_text(value: JSONValue) -> str:
    """Return the JSON of a value, however deep it is nested, with its keys in order.

    >>> _as_text({"b": [1, {}], "a": "x"})
    '{"a":"x","b":[1,{}]}'
    """
    text: list[str] = []
    todo: list[tuple[bool, JSONValue]] = [(False, value)]  # whether it is our own punctuation
    while todo:
        ours, value = todo.pop()
        if ours or not isinstance(value, (dict, list)):
            text.append(str(value) if ours else json.dumps(value))
            continue
        is_object = isinstance(value, dict)
        entries = sorted(value.items()) if isinstance(value, dict) else [("", v) for v in value]
        parts: list[tuple[bool, JSONValue]] = [(True, "{" if is_object else "[")]
        for at, (key, entry) in enumerate(entries):
            parts.append((True, ("," if at else "") + (f"{json.dumps(key)}:" if is_object else "")))
            parts.append((False, entry))
        parts.append((True, "}" if is_object else "]"))
        todo += reversed(parts)
    return "".join(text)
