"""What a replay server answers: a recording, or a few words of its own. No sockets, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from sseparse._errors import NoSuchRecording
from sseparse.server._asked import FAULT_HEADER, Asked
from sseparse.server._frames import Frames
from sseparse.server._heads import INVALID, error_body
from sseparse.server._repertoire import FaultRefused, Repertoire

ALLOWED = "GET, HEAD, POST, OPTIONS"

STATS = "/-/stats"

PREFLIGHT_SECONDS = 600
"""For how long a browser may remember the answer to a preflight."""


@attrs.frozen
class Own:
    """An answer without a recording.

    Attributes:
        status: of the response.
        body: JSON, or nothing.
        headers: besides those of the body.
        error: what was wrong, in one line, or None.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    error: str | None = None


@attrs.frozen
class Answers:
    """Answers requests.

    Attributes:
        repertoire: what can be played.
        cors: the origins of web pages that may read it; ``"*"``: all.
        allow_request_faults: whether a request may name faults.
    """

    repertoire: Repertoire
    cors: Sequence[str] = ()
    allow_request_faults: bool = False

    def answer(self, asked: Asked) -> Frames | Own:
        """Return what a request is answered with."""
        if asked.method == "OPTIONS":
            return Own(204, headers=(("allow", ALLOWED), *self._preflight(asked)))
        if asked.method not in ("GET", "HEAD", "POST"):
            message = f"{asked.method} is not answered here, only {ALLOWED}"
            return error(405, message, headers=(("allow", ALLOWED),))
        if asked.faults and not self.allow_request_faults:
            message = (
                f"{FAULT_HEADER} is not allowed: the server was started without "
                "--allow-request-faults (allow_request_faults=True)"
            )
            return error(403, message)
        try:
            frames = self.repertoire.choose(
                asked.request,
                name=asked.name,
                faults=asked.faults,
                last_event_id=asked.last_event_id,
                chunked=asked.chunked,
            )
        except NoSuchRecording as missing:
            told, nearest = str(missing), missing.nearest
            if not missing.difference:  # only the name is another
                return error(404, told, nearest=nearest)
            return error(404, told, nearest=nearest, difference=missing.difference)
        except FaultRefused as refused:
            return error(400, str(refused))
        # 204 tells an EventSource that it need not come again (WHATWG HTML, section 9.2.3).
        return Own(204) if frames is None else frames

    def cors_headers(self, asked: Asked) -> tuple[tuple[str, str], ...]:
        """Return the headers by which a browser lets a web page read the response."""
        if not self.cors:
            return ()
        if "*" in self.cors:
            return (("access-control-allow-origin", "*"), ("access-control-expose-headers", "*"))
        vary = ("vary", "origin")
        if asked.origin is None or asked.origin not in self.cors:
            return (vary,)
        return (
            ("access-control-allow-origin", asked.origin),
            ("access-control-expose-headers", "*"),
            vary,
        )

    def _preflight(self, asked: Asked) -> tuple[tuple[str, str], ...]:
        wanted = asked.header("access-control-request-headers")
        if not any(name.endswith("-allow-origin") for name, _ in self.cors_headers(asked)):
            return ()
        headers = [
            ("access-control-allow-methods", ALLOWED),
            ("access-control-max-age", str(PREFLIGHT_SECONDS)),
        ]
        if wanted:
            headers.append(("access-control-allow-headers", wanted))
        return tuple(headers)


def error(
    status: int, message: str, *, headers: tuple[tuple[str, str], ...] = (), **more: object
) -> Own:
    """Return an error; ``more`` stands in it beside the message."""
    return Own(status, error_body(message, INVALID, **more), headers, message)
