r"""The page: template, styles, scripts, library and data put into one file that asks for nothing.

What a stream carries is a stranger's text, and a page runs what it is given. Three locks:

1. data stand in ``<script type="application/json">``, and no ``<``, ``>`` or ``&`` in them is left
   as it is, so nothing in them ends the element or begins another;
2. the scripts put them on the page as text, never as HTML;
3. should both fail, the Content-Security-Policy lets only the scripts and styles run whose hashes
   it names, lets nothing be fetched and nothing be sent, and refuses strings as HTML altogether.

The plot is drawn by uPlot (https://github.com/leeoniya/uPlot, MIT, its licence beside it). A copy
of its release lies in the package, because a page without network cannot fetch it.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Sequence

from sseparse.assembly import JSONObject, JSONValue

STYLES = ("vendor/uPlot.min.css", "page.css", "panels.css")
SCRIPTS = (
    "vendor/uPlot.iife.min.js",
    "data.js",
    "dom.js",
    "summary.js",
    "completion.js",
    "detail.js",
    "list.js",
    "events.js",
    "sticks.js",
    "timeline.js",
    "player.js",
    "keys.js",
    "main.js",
)

_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def embedded(value: JSONValue) -> str:
    r"""Return JSON that can stand in a ``<script>`` of a page, whatever is in it: all ASCII.

    Half a surrogate pair becomes an escape, as do the line separators that JavaScript counts.

    Raises:
        ValueError: there is an infinity or a NaN in it, which JSON has not.

    >>> embedded({"a": "</script>\u2028"})
    '{"a":"\\u003c/script\\u003e\\u2028"}'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def page(title: str, recordings: Sequence[JSONObject]) -> str:
    """Return the page.

    Args:
        title: stands in the tab of the browser, and at the top.
        recordings: what it is told of each; see ``page_data``.
    """
    from importlib import resources  # only whoever wants a page waits for it to load

    files = resources.files(__package__) / "page"

    def read(name: str) -> str:
        return files.joinpath(*name.split("/")).read_text(encoding="utf-8")

    styles, scripts = [read(name) for name in STYLES], [read(name) for name in SCRIPTS]
    shown = html.escape(title.encode("utf-8", "replace").decode())
    parts = {
        "policy": html.escape(policy(scripts, styles)),
        "title": shown,
        "styles": "\n".join(f"<style>{style}</style>" for style in styles),
        "data": "\n".join(_data(number, one) for number, one in enumerate(recordings)),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    template = read("page.html")
    pieces = template.split("{{")
    made = [pieces[0]]
    for piece in pieces[1:]:  # never what was filled in: a stream may hold such names
        name, _, rest = piece.partition("}}")
        made += [parts[name], rest]
    return "".join(made)


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return the Content-Security-Policy that lets these run, and nothing else.

    Source: https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/

    >>> policy(["a()"], [])[:46]
    "default-src 'none'; script-src 'sha256-qVpDBgj"
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hashes(scripts)}",
            f"style-src {_hashes(styles)}",
            "img-src data:",  # the icon
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _hashes(texts: Iterable[str]) -> str:
    import hashlib  # as above

    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    return " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests) or "'none'"


def _data(number: int, recording: JSONObject) -> str:
    name = html.escape(embedded(recording["name"]))
    return (
        f'<script type="application/json" class="recording" id="recording-{number}" '
        f'data-name="{name}">{embedded(recording)}</script>'
    )
