"""What ``curl -i`` and ``curl -v`` print: heads and body in one, without times.

``-i`` puts the head of the response before the body; where curl followed a redirect or was told to
go on (100), several. ``-v`` shows the heads line by line behind ``<`` and ``>``, and all that curl
says behind ``*``; the body stands between, if both went to one file (``2>&1``), and then it has to
be told from what curl writes into it: only lines that curl is known to write are taken out, and
only where curl can have written them. That is at the start of a line, or at the end of the output;
inside of a line of the body the same words are the body's.

Either way there are several responses where curl was given several URLs, or tried again.
"""

from __future__ import annotations

import re
from itertools import pairwise

import attrs

from sseparse._errors import RecordingError
from sseparse.formats._curl_head import Head, end_of, is_interim, parse_head, request_of
from sseparse.formats._exchange import BOUNDARIES, END, REQUEST, TIMES, Exchange, untimed
from sseparse.recording import End

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +\d{3}(?: [^\r\n]*)?\r?\n")
# A whole head, in the midst of the output. No event stream holds one, and no JSON a bare CR.
_NEXT_HEAD = re.compile(
    rb"HTTP/\d(?:\.\d)? +\d{3}(?: [^\r\n]*)?\r\n(?:[!#$%&'*+.^`|~\w-]+:[^\r\n]*\r\n)+\r\n"
)

# What -v puts before a line: the time and the ids if asked for, and a mark.
_PREFIX = rb"(?:\d\d:\d\d:\d\d\.\d{6} )?(?:\[\w+-\w+\] )?"
_MARKED = re.compile(rb"%s([<>*{}]) ?(.*)" % _PREFIX, re.DOTALL)
_MARKED_LINE = re.compile(
    rb"^%s(?:\* |> [A-Z]+ |< HTTP/|[{}] \[\d+ bytes data\])" % _PREFIX, re.MULTILINE
)

# What curl writes while the body comes. It does not wait for the end of a line of the body.
_DATA_MARK = re.compile(rb"%s[{}] \[\d+ bytes data\]\r?\n" % _PREFIX)
_SAID = re.compile(
    rb"(?:%s\* (?:Connection #\d|[Cc]losing connection|[Tt]ransfer closed|end of response"
    rb"|Recv failure|Send failure|Operation timed out|Operation too slow|Excess found|Mark bundle"
    rb"|shutting down|old SSL session|TLSv1|OpenSSL|HTTP/2 stream|HTTP error|We are completely"
    rb"|Request completely|upload completely|Failed writing|Ignoring the response-body|Leftovers"
    rb"|nread|Curl_|Found bundle|Re-using|Hostname|Connected to|  ?Trying|Issue another)"
    rb"|curl: \(\d+\) |Warning: Problem)" % _PREFIX
)
_SAID_LINE = re.compile(rb"^%s[^\r\n]*\r?(?:\n|\Z)" % _SAID.pattern, re.MULTILINE)
_OVER = re.compile(
    rb"\* (?:Connection #\d+ to host [^\r\n]* left intact|[Cc]losing connection[^\r\n]*)\r?\n"
)
_REQUEST_LINE = re.compile(rb"^%s> [A-Z]+ \S+ HTTP/\d" % _PREFIX, re.MULTILINE)
_NUMBER = rb" +[\d.]+[kMGTP]?"
_METER = re.compile(
    rb"\r? {0,2}\d{1,3}%s(?: +\d{1,3}%s){2}(?:%s){2}(?: +%s){3}%s\n?"
    % (_NUMBER, _NUMBER, _NUMBER, rb"(?:[-\d]+:[-\d:]+|\d+[dhms] \d+[dhms]?|\d+d)", _NUMBER)
)
_METER_HEAD = re.compile(rb"\r? {0,2}% Total +%[^\n]*\n[^\n]*Speed\r?\n|Note: Unnecessary[^\n]*\n")
_ERROR_AT_END = re.compile(rb"curl: \(\d+\) [^\r\n]*\r?\n?\Z")


def without_meter(data: bytes) -> bytes:
    """Return what curl printed less its progress meter, which is shown where it is not silent."""
    head = _METER_HEAD.match(data)
    return data if head is None else _METER.sub(b"", data[head.end() :]).lstrip()


def read_curl_i(data: bytes, path: str) -> list[Exchange]:
    r"""Return the responses of what ``curl -i`` printed, less the redirects that it followed.

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
    end = None if error is None else end_of([error[0]])
    responses = [_response(part, path) for part in _parts(data, _NEXT_HEAD)]
    # A head right behind a head: curl leaves out the bodies of redirects that it follows.
    shown = [
        (head, body)
        for number, (head, body) in enumerate(responses, 1)
        if body or number == len(responses) or not _is_passed(head)
    ]
    lacks = (REQUEST, TIMES, BOUNDARIES)
    most = [_exchange(parse_head(head), body, lacks) for head, body in shown[:-1]]
    head, body = shown[-1]
    return [*most, _exchange(parse_head(head), body, lacks, end)]


def _parts(data: bytes, begins: re.Pattern[bytes]) -> list[bytes]:
    """Cut the data before each place where something begins; what is before the first joins it."""
    starts = [match.start() for match in begins.finditer(data)]
    bounds = [0, *starts[1:], len(data)]
    return [data[start:end] for start, end in pairwise(bounds)]


def _response(data: bytes, path: str) -> tuple[bytes, bytes]:
    """Return head and body of one response."""
    head, body = b"", data
    while not head or (_is_passed(head) and _STATUS_LINE.match(body)):
        blank = _BLANK_LINE.search(body)
        if blank is None:
            raise RecordingError("the head of the response does not end", path)
        head, body = body[: blank.start() + 1], body[blank.end() :]
    return head, body


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
    r"""Return the responses of what ``curl -v`` printed together with their bodies (``2>&1``).

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it is no such output, or no body is in it.

    >>> said = b"> GET /v1 HTTP/1.1\r\n> Host: a\r\n> \r\n< HTTP/1.1 200 OK\r\n< \r\n"
    >>> read_curl_v(said + b"{ [7 bytes data]\n: ping\n* Connection #0 to host a left intact\n",
    ...     "out.txt")[0].reads
    (Read(time=0.0, data=b': ping\n'),)
    """
    _refuse_utf16(data, path)
    if not _MARKED_LINE.search(data):
        raise RecordingError("no curl -v: no line begins with *, > or < as curl's do", path, 1)
    tls = b"SSL connection using" in data
    if _METER_HEAD.search(data):
        data = _METER.sub(b"", _METER_HEAD.sub(b"", data))
    parts = _parts(data, _REQUEST_LINE)
    found = [_answer(_less_what_follows(part), tls=tls) for part in parts[:-1]]
    found.append(_answer(parts[-1], tls=tls))
    answers = [answer for answer in found if answer is not None]
    if not answers:
        raise RecordingError("no curl -v: there is no response in it (a line < HTTP/…)", path)
    shown = [answer for answer in answers[:-1] if not answer.was_passed] + answers[-1:]
    if all(answer.lacks_body for answer in shown):
        raise RecordingError(
            "the body is not in it: this is what curl -v says on stderr; bring both together "
            "(curl -sNv … > FILE 2>&1), or better record with curl --trace FILE --trace-time",
            path,
        )
    return [answer.exchange() for answer in shown]


@attrs.frozen
class _Answer:
    """A response as ``-v`` shows it, and the request before it."""

    request: bytes
    head: bytes
    body: bytes
    said: list[bytes]
    announced: bool
    tls: bool

    @property
    def was_passed(self) -> bool:
        """Whether curl went on to what this response led to, and left its body out."""
        went_on = any(b"Issue another" in words for words in self.said)
        return _is_passed(self.head) and (went_on or not self.body.strip())

    @property
    def lacks_body(self) -> bool:
        head = parse_head(self.head)
        return not self.body.strip() and bool(self.announced or head.chunked or head.length)

    def exchange(self) -> Exchange:
        exchange = _exchange(
            parse_head(self.head), self.body, (TIMES, BOUNDARIES), end_of(self.said)
        )
        return attrs.evolve(exchange, request=request_of(self.request, None, tls=self.tls))


def _less_what_follows(data: bytes) -> bytes:
    """Return the output of a request less what curl said between the end of it and the next."""
    ends = list(_OVER.finditer(data))
    return data if not ends else data[: ends[-1].end()]


def _answer(data: bytes, *, tls: bool) -> _Answer | None:
    """Understand the output of one request; None where nothing answered it."""
    request, head, body = _heads(data)
    if parse_head(head).status is None:
        return None
    announced = bool(_DATA_MARK.search(body))
    body, said = _without_words_of_curl(_DATA_MARK.sub(b"", body))
    if body.startswith(head.partition(b"\n")[0].rstrip() + b"\r\n"):  # -i too
        body = _BLANK_LINE.split(body, maxsplit=1)[-1]
    return _Answer(request, head, body, said, announced, tls)


def _without_words_of_curl(body: bytes) -> tuple[bytes, list[bytes]]:
    """Return the body, and what curl wrote into it and behind it."""
    said = [match[0] for match in _SAID_LINE.finditer(body)]
    body = _SAID_LINE.sub(b"", body)
    # A body need not end its last line: there curl's words stand right behind it.
    line = body.rfind(b"\n", 0, len(body) - 1) + 1
    starts = [match.start() for match in _SAID.finditer(body, line)]
    if starts and body.endswith(b"\n") and not body.endswith(b"}\n"):
        said.append(body[starts[-1] :])
        body = body[: starts[-1]]
    return body, said


def _heads(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the head of the request, the last head of a response, and all behind it.

    Line by line to the blank line behind each ``<``, and on where another head follows at once.
    """
    request = answer = b""
    body_at = place = 0
    for line in data.split(b"\n"):
        place += len(line) + 1
        match = _MARKED.fullmatch(line)
        mark, text = (b"", b"") if match is None else match.groups()
        if mark == b">":
            request += text + b"\n"
        elif mark == b"<":
            if text.startswith(b"HTTP/"):
                answer = b""
            answer += text + b"\n"
            if not text.strip():
                body_at = place
                if not is_interim(answer):
                    break
    return request, answer, data[body_at:]


def _refuse_utf16(data: bytes, path: str) -> None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RecordingError(
            "it is UTF-16, as PowerShell's > writes it, and the bytes of the body are lost; "
            "let curl write the file: -o FILE, or --trace FILE --trace-time",
            path,
        )
