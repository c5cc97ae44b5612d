"""What ``curl -i`` and ``curl -v`` print: heads and body in one, without times.

``-i`` puts the head of the response before the body; where curl followed a redirect or was told to
go on (100), several. ``-v`` shows the heads line by line behind ``<`` and ``>``, and all that curl
says behind ``*``; the body stands between, if both went to one file (``2>&1``), and then it has to
be told from what curl writes into it: only lines that curl is known to write are taken out.
"""

from __future__ import annotations

import re

import attrs

from sseparse._errors import RecordingError
from sseparse.formats._curl_head import Head, end_of, is_interim, parse_head, request_of
from sseparse.formats._exchange import BOUNDARIES, END, REQUEST, TIMES, Exchange, untimed
from sseparse.recording import End

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +\d{3}(?: [^\r\n]*)?\r?\n")

# What -v puts before a line: the time and the ids if asked for, and a mark.
_PREFIX = rb"(?:\d\d:\d\d:\d\d\.\d{6} )?(?:\[\w+-\w+\] )?"
_MARKED = re.compile(rb"%s([<>*{}]) ?(.*)" % _PREFIX, re.DOTALL)
_MARKED_LINE = re.compile(
    rb"^%s(?:\* |> [A-Z]+ |< HTTP/|[{}] \[\d+ bytes data\])" % _PREFIX, re.MULTILINE
)

# What curl writes while the body comes. It does not wait for the end of a line of the body.
_DATA_MARK = re.compile(rb"%s[{}] \[\d+ bytes data\]\r?\n" % _PREFIX)
_SAID = re.compile(
    rb"%s\* (?:Connection #\d|[Cc]losing connection|[Tt]ransfer closed|end of response|Recv failure"
    rb"|Send failure|Operation timed out|Operation too slow|Excess found|Mark bundle|shutting down"
    rb"|old SSL session|TLSv1|OpenSSL|HTTP/2 stream|HTTP error|We are completely|Request completely"
    rb"|upload completely|Failed writing|Ignoring the response-body|Leftovers|nread|Curl_)"
    rb"[^\r\n]*\r?(?:\n|$)" % _PREFIX
)
_NUMBER = rb" +[\d.]+[kMGTP]?"
_METER = re.compile(
    rb"\r? {0,2}\d{1,3}%s(?: +\d{1,3}%s){2}(?:%s){2}(?: +%s){3}%s\n?"
    % (_NUMBER, _NUMBER, _NUMBER, rb"(?:[-\d]+:[-\d:]+|\d+[dhms] \d+[dhms]?|\d+d)", _NUMBER)
)
_METER_HEAD = re.compile(rb"\r? {0,2}% Total +%[^\n]*\n[^\n]*Speed\r?\n|Note: Unnecessary[^\n]*\n")
_ERROR = re.compile(rb"curl: \(\d+\) [^\r\n]*\r?(?:\n|$)")
_ERROR_AT_END = re.compile(rb"curl: \(\d+\) [^\r\n]*\r?\n?\Z")


def without_meter(data: bytes) -> bytes:
    """Return what curl printed less its progress meter, which is shown where it is not silent."""
    head = _METER_HEAD.match(data)
    return data if head is None else _METER.sub(b"", data[head.end() :]).lstrip()


def read_curl_i(data: bytes, path: str) -> list[Exchange]:
    r"""Return the one response of what ``curl -i`` printed: the last, where it followed redirects.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it does not begin with the head of a response.

    >>> read_curl_i(b"HTTP/2 200\r\nserver: a\r\n\r\n: ping\n", "out.txt")[0].reads
    (Read(time=0.0, data=b': ping\n'),)
    """
    _refuse_utf16(data, path)
    data = without_meter(data)
    error = _ERROR_AT_END.search(data)
    if error is not None:
        data = data[: error.start()]
    if not _STATUS_LINE.match(data):
        raise RecordingError("no curl -i: it does not begin with HTTP/ and a status", path, 1)
    head, body = b"", data
    # A head right behind a head: curl leaves out the bodies of redirects that it follows.
    while _STATUS_LINE.match(body) and (not head or _is_passed(head)):
        blank = _BLANK_LINE.search(body)
        if blank is None:
            raise RecordingError("the head of the response does not end", path)
        head, body = body[: blank.start() + 1], body[blank.end() :]
    end = None if error is None else end_of([error[0]])
    return [_exchange(parse_head(head), body, (REQUEST, TIMES, BOUNDARIES), end)]


def _is_passed(head: bytes) -> bool:
    """Whether another head may follow: interim, a redirect, a tunnel, or asked to log in."""
    status = parse_head(head).status
    tunnel = b" connection established" in head.partition(b"\n")[0].lower()
    return is_interim(head) or tunnel or (status is not None and 300 <= status < 408)


def _exchange(head: Head, body: bytes, lacks: tuple[str, ...], end: str | None = None) -> Exchange:
    if head.length is not None and head.length != len(body):
        end = "truncated" if len(body) < head.length else end
    elif head.length is not None:
        end = "eof"
    if end is None:
        lacks = (*lacks, END)
    return Exchange(
        untimed(body),
        status=head.status,
        headers=head.headers,
        end=End(end or "eof"),
        lacks=lacks,
    )


def read_curl_v(data: bytes, path: str) -> list[Exchange]:
    r"""Return the one response of what ``curl -v`` printed together with the body (``2>&1``).

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it is no such output, or the body is not in it.

    >>> said = b"> GET /v1 HTTP/1.1\r\n> Host: a\r\n> \r\n< HTTP/1.1 200 OK\r\n< \r\n"
    >>> read_curl_v(said + b"{ [7 bytes data]\n: ping\n* Connection #0 to host a left intact\n",
    ...     "out.txt")[0].reads
    (Read(time=0.0, data=b': ping\n'),)
    """
    _refuse_utf16(data, path)
    request, answer, body, tls = _heads(data, path)
    head = parse_head(answer)
    if head.status is None:
        raise RecordingError("no curl -v: there is no response in it (a line < HTTP/…)", path)
    announced = bool(_DATA_MARK.search(body))
    said = [match[0] for pattern in (_SAID, _ERROR) for match in pattern.finditer(body)]
    for pattern in (_METER_HEAD, _METER, _DATA_MARK, _SAID, _ERROR):
        body = pattern.sub(b"", body)
    if body.startswith(answer.partition(b"\n")[0].rstrip() + b"\r\n"):  # -i too
        body = _BLANK_LINE.split(body, maxsplit=1)[-1]
    if not body.strip() and (announced or head.chunked or head.length):
        raise RecordingError(
            "the body is not in it: this is what curl -v says on stderr; bring both together "
            "(curl -sNv … > FILE 2>&1), or better record with curl --trace FILE --trace-time",
            path,
        )
    exchange = _exchange(head, body, (TIMES, BOUNDARIES), end_of(said))
    return [attrs.evolve(exchange, request=request_of(request, None, tls=tls))]


def _heads(data: bytes, path: str) -> tuple[bytes, bytes, bytes, bool]:
    """Return the last request's head, the last response's, all behind it, and whether TLS was used.

    Line by line to the blank line behind each ``<``, and on where another head follows.
    """
    if not _MARKED_LINE.search(data):
        raise RecordingError("no curl -v: no line begins with *, > or < as curl's do", path, 1)
    request = answer = b""
    body_at = place = 0
    tls = False
    lines = data.split(b"\n")
    for line in lines:
        place += len(line) + 1
        match = _MARKED.fullmatch(_METER.sub(b"", line) if b"--:--" in line else line)
        mark, text = (b"", b"") if match is None else match.groups()
        if mark == b">":
            if text.rstrip().endswith((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"HTTP/3")):
                request = b""
            request += text + b"\n"
        elif mark == b"<":
            if text.startswith(b"HTTP/"):
                answer = b""
            answer += text + b"\n"
            if not text.strip():
                body_at = place
                if not is_interim(answer) and not _head_follows(data, place):
                    break
        elif mark == b"*":
            tls = tls or b"SSL connection using" in text
    return request, answer, data[body_at:], tls


def _head_follows(data: bytes, place: int) -> bool:
    """Whether curl went on with another request: a line like ``> GET`` comes before any body."""
    rest = data[place:]
    following = re.search(rb"^%s< HTTP/\d" % _PREFIX, rest, re.MULTILINE)
    if following is None:
        return False
    between = rest[: following.start()]
    sent = re.search(rb"^%s> [A-Z]+ \S+ HTTP/" % _PREFIX, between, re.MULTILINE)
    return sent is not None


def _refuse_utf16(data: bytes, path: str) -> None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RecordingError(
            "it is UTF-16, as PowerShell's > writes it, and the bytes of the body are lost; "
            "let curl write the file: -o FILE, or --trace FILE --trace-time",
            path,
        )
