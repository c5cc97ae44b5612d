"""What ``curl --trace FILE --trace-time`` writes: every byte, and when it came.

The file is a row of blocks: a head that says what it is and how long, then a hex dump. First the
blocks are read, and each byte of them is checked; then they are sorted into exchanges; then each
exchange is finished. A ``Recv data`` block is one network read, at the time curl had it.

The data of HTTP/1.1 stand there as they came (looked up in libcurl 7.88 and 8.23), with the framing
of the chunks in them. It is removed by h11, block by block, so that the reads stay what they were.
Whether it is there shows in the first bytes: no body that is text begins like the head of a chunk,
and data that do not are taken as they are, whatever the header says.

The times are times of day, without a date and a zone: when it was is not known, only how long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from sseparse._errors import RecordingError
from sseparse.formats._curl_head import Head, end_of, is_interim, parse_head, request_of
from sseparse.formats._exchange import BOUNDARIES, TIMES, Exchange, untimed
from sseparse.recording import End, Read

DATE = "the date"

_HEAD = re.compile(
    rb"(?:(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? )?"  # --trace-time
    rb"(?:\[(\w+)-\w+\] )?"  # --trace-ids: the transfer and the connection
    rb"(?:== Info: ?(.*)|(=>|<=) (Send|Recv) (SSL data|header|data), (\d+) bytes? \(0x[0-9a-f]+\))"
)
_WIDTH = 16
_HEX = re.compile(rb"(?:[0-9a-f]{2} ){1,16}")
_CHUNK_HEAD = re.compile(rb"[0-9A-Fa-f]{1,16}[ \t]*(?:;[^\r\n]*)?\r\n")

# What curl says of a connection that brought no answer.
_LOST = re.compile(rb"[Ee]mpty reply|[Cc]losing connection|shutting down|Recv failure|died|retry")

_DAY, _NOON = 86_400.0, 43_200.0


@attrs.frozen
class _Block:
    """One block: ``kind`` is such as ``"Recv data"``, or ``"Info"``."""

    time: float | None
    transfer: bytes
    kind: str
    data: bytes
    line: int


@attrs.define
class _Open:
    """An exchange that is still being read."""

    sent_at: float | None
    request_head: bytes = b""
    request_body: bytes = b""
    head: bytes = b""
    headers_at: float | None = None
    data: list[tuple[float | None, bytes]] = attrs.field(factory=list)
    infos: list[bytes] = attrs.field(factory=list)
    latest: float | None = None
    tls: bool = False


def read_curl_trace(data: bytes, path: str) -> list[Exchange]:
    r"""Return the exchanges of a trace.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        RecordingError: it is no trace, is damaged, or was made by ``--trace-ascii``, which loses
            bytes; or h11 is not installed.

    >>> trace = b'''07:00:00.250000 => Send header, 18 bytes (0x12)
    ... 0000: 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a GET / HTTP/1.1..
    ... 0010: 0d 0a                                           ..
    ... 07:00:00.500000 <= Recv header, 17 bytes (0x11)
    ... 0000: 48 54 54 50 2f 31 2e 31 20 32 30 30 20 4f 4b 0d HTTP/1.1 200 OK.
    ... 0010: 0a                                              .
    ... 07:00:00.500000 <= Recv header, 2 bytes (0x2)
    ... 0000: 0d 0a                                           ..
    ... 07:00:00.750000 <= Recv data, 3 bytes (0x3)
    ... 0000: 3a 0a 0a                                        :..
    ... '''
    >>> read_curl_trace(trace, "trace.txt")[0].reads
    (Read(time=0.5, data=b':\n\n'),)
    """
    done: list[_Open] = []
    current: dict[bytes, _Open] = {}
    tls = False
    for block in _on_one_clock(_blocks(data, path)):
        tls = tls or block.kind.endswith("SSL data")
        exchange = current.get(block.transfer)
        if block.kind == "Send header" and (exchange is None or _is_over(exchange, block, path)):
            exchange = current[block.transfer] = _Open(block.time)
            done.append(exchange)
        if exchange is not None:
            exchange.tls = tls
            _take(exchange, block)
    return [_finished(exchange, path) for exchange in done if not _is_tunnel(exchange)]


def _is_over(exchange: _Open, block: _Block, path: str) -> bool:
    """Return whether the head of a request that is sent now is that of another one."""
    if not is_interim(exchange.head):
        return True
    if exchange.head or not exchange.request_head.endswith(b"\r\n\r\n"):
        return False
    # Nothing has answered the one before: curl has tried once more, or does two things at once.
    if any(_LOST.search(info) for info in exchange.infos):
        return True
    raise RecordingError(
        "transfers run side by side, and nothing tells them apart; record them one by one, or with "
        "curl --trace-ids (8.2 or later)",
        path,
        block.line,
    )


def _is_tunnel(exchange: _Open) -> bool:
    return exchange.request_head.startswith(b"CONNECT ")


def _take(exchange: _Open, block: _Block) -> None:
    if block.kind == "Info":
        exchange.infos.append(block.data)
    elif block.kind == "Send header":
        exchange.request_head += block.data
    elif block.kind == "Send data":
        exchange.request_body += block.data
    elif block.kind == "Recv header" and not exchange.data:  # behind the data they are trailers
        if block.data.startswith(b"HTTP/"):
            exchange.head = b""
        exchange.head += block.data
        exchange.headers_at = exchange.latest = block.time
    elif block.kind == "Recv data":
        exchange.data.append((block.time, block.data))
        exchange.latest = block.time


def _finished(exchange: _Open, path: str) -> Exchange:
    head = parse_head(exchange.head)
    zero = exchange.sent_at
    timed = zero is not None and all(time is not None for time, _ in exchange.data)
    body = b"".join(data for _, data in exchange.data)
    pieces = [data for _, data in exchange.data]
    whole: bool | None = None
    if head.chunked and _CHUNK_HEAD.match(body):
        pieces, whole = _without_framing(pieces, path)
    end = _end(exchange, head, sum(map(len, pieces)), whole)
    lacks: tuple[str, ...] = (DATE,)
    if timed and zero is not None:
        times = [(time or 0.0) - zero for time, _ in exchange.data]
        reads = tuple(Read(round(t, 6), piece) for t, piece in zip(times, pieces, strict=True))
    else:
        reads = untimed(b"".join(pieces))
        lacks = (TIMES, BOUNDARIES)
        timed = False
    answered = bool(exchange.head)
    return Exchange(
        reads if answered else None,
        timed,
        request_of(exchange.request_head, exchange.request_body or None, tls=exchange.tls),
        head.status,
        head.headers,
        headers_at=_since(exchange.headers_at, zero),
        end=end,
        lacks=lacks,
        missing="" if answered else "no response came",
    )


def _since(time: float | None, zero: float | None) -> float | None:
    return None if time is None or zero is None else round(time - zero, 6)


def _end(exchange: _Open, head: Head, size: int, whole: bool | None) -> End:
    reason = end_of(exchange.infos)
    if whole or (head.length == size and not whole):
        reason = "eof"
    elif reason == "eof" and whole is False:
        reason = "truncated"
    return End(reason, t=_since(exchange.latest, exchange.sent_at))


def _without_framing(pieces: list[bytes], path: str) -> tuple[list[bytes], bool]:
    """Remove the framing of chunks from each piece; say whether the last chunk came."""
    try:
        import h11
    except ImportError:
        raise RecordingError(
            "removing the chunk framing takes a library: pip install 'sseparse[formats]'", path
        ) from None
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "a.example")]))
    connection.receive_data(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    connection.next_event()
    bare: list[bytes] = []
    whole = False
    for piece in pieces:
        parts: list[bytes] = []
        if not whole:
            connection.receive_data(piece)
        while not whole:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                raise RecordingError(f"the chunk framing is broken: {error}", path) from None
            if isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                whole = True
            else:
                break
        bare.append(b"".join(parts))
    return bare, whole


def _on_one_clock(blocks: Iterator[_Block]) -> Iterator[_Block]:
    """Let the times go on past midnight, and never back (a clock may have been set)."""
    latest: float | None = None
    for block in blocks:
        time = block.time
        if time is not None and latest is not None:
            time += _DAY * (latest // _DAY)
            if latest - time > _NOON:
                time += _DAY
            time = max(time, latest)
        latest = latest if time is None else time
        yield attrs.evolve(block, time=time)


def _blocks(data: bytes, path: str) -> Iterator[_Block]:
    lines = data.split(b"\n")
    place = 0
    any_dump = in_info = False
    while place < len(lines):
        match = _HEAD.fullmatch(lines[place].rstrip(b"\r"))
        place += 1
        if match is None:
            # (What a server or a library said, and curl passes on, can have several lines.)
            if lines[place - 1].strip() and not in_info and place < len(lines):
                raise RecordingError("this is no line of curl --trace", path, place)
            continue
        hour, minute, second, fraction, transfer, info, _, way, what, size = match.groups()
        time = None
        if hour is not None:
            time = int(hour) * 3600.0 + int(minute) * 60 + int(second)
            time += int((fraction or b"0").ljust(6, b"0")) / 1e6
        start = place
        content = info or b""
        in_info = size is None
        if size is not None:
            content, place = _dump(lines, place, int(size), path, first=not any_dump)
            any_dump = True
        kind = "Info" if size is None else f"{way.decode()} {what.decode()}"
        yield _Block(time, transfer or b"", kind, content, start)


def _dump(
    lines: list[bytes], place: int, size: int, path: str, *, first: bool
) -> tuple[bytes, int]:
    """Read a hex dump of so many bytes; where the file ends, what is there of it."""
    data = bytearray()
    while len(data) < size and place < len(lines):
        line = lines[place].rstrip(b"\r")
        if not line and place == len(lines) - 1:
            break
        offset = b"%04x: " % len(data)
        count = min(_WIDTH, size - len(data))
        dump = line[len(offset) : len(offset) + 3 * count]
        if not (line.startswith(offset) and len(dump) == 3 * count and _HEX.fullmatch(dump)):
            if place == len(lines) - 1:  # curl was killed while it wrote this line
                break
            raise RecordingError(_no_dump(line, first=first), path, place + 1)
        data += bytes.fromhex(dump.decode())
        place += 1
    return bytes(data), place


def _no_dump(line: bytes, *, first: bool) -> str:
    if first and re.match(rb"[0-9a-f]{4,}: ", line):
        return (
            "this is --trace-ascii, which writes a dot for every byte that is no letter; "
            "record with curl --trace FILE --trace-time"
        )
    return "the hex dump is damaged here"
