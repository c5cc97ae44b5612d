"""What decoding costs: time by counting bytes, memory in a process of its own. No clock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from inspect import getmembers, isfunction
from pathlib import Path

import pytest

from sseparse._decoder import Decoder
from sseparse._events import Item

REPOSITORY = Path(__file__).resolve().parents[1]
MIB = 2**20


class CountingDecoder(Decoder[Item]):
    """Counts each byte that a method is handed, as often as it is handed one; and each call.

    Is that honest? All methods of the decoder are counted, whatever their names, and each with all
    the bytes it can reach: what it is handed, what is pending, and for the event the data. Inside
    one call each walk over bytes is one pass of C (``in``, ``find``, ``split``, ``splitlines``,
    ``join``, ``decode``, a slice), and how many there are stands in the text of the method: so the
    true work is the count times a constant. Loops in Python go over lines, and each line goes to a
    method of its own, which is counted. Not seen is ``pending += chunk``: a ``bytearray`` grows by
    an eighth, and so moves a byte nine times on the average at the most.
    """

    def __init__(self) -> None:
        self.count = 0
        super().__init__(keep_comments=True, keep_unknown=True)


def _counted(name: str) -> Callable[..., object]:
    original = getattr(Decoder, name)

    def method(decoder: CountingDecoder, *args: object, **options: object) -> object:
        decoder.count += 1
        if args and isinstance(args[0], (bytes, bytearray)):
            decoder.count += len(args[0])
        if name != "feed":  # it only adds to what is pending
            decoder.count += len(decoder._pending) + len(decoder._tail)
        if name == "_unfinished":
            decoder.count += decoder._max_event_size - decoder._room  # the size of the data
        return original(decoder, *args, **options)

    return method


for _name, _ in getmembers(Decoder, isfunction):  # those of its base class too
    if not _name.startswith("__"):
        setattr(CountingDecoder, _name, _counted(_name))


def _every(stream: bytes, n: int) -> Iterator[bytes]:
    return (stream[at : at + n] for at in range(0, len(stream), n))


def _in_halves(block: bytes, at: int, size: int) -> Iterator[bytes]:
    """Yield the same block again and again, always cut at the same bad place."""
    stream = block * (size // len(block))
    yield stream[:at]
    yield from _every(stream[at:], len(block))


def _then_small(size: int) -> Iterator[bytes]:
    """Yield one long unfinished line at once, then single bytes, line ends among them."""
    yield b"data: " + b"x" * size
    yield from _every(b"data: x\n" * (size // 8), 1)


ADVERSARIES: dict[str, Callable[[int], Iterator[bytes]]] = {
    "one endless line, byte by byte": lambda size: _every(b"data: " + b"x" * size, 1),
    "one endless line with colons, byte by byte": lambda size: _every(b":" * size, 1),
    "many data lines of one event, byte by byte": lambda size: _every(
        b"data: x\n" * (size // 8), 1
    ),
    "many data lines of one event, line by line": lambda size: _every(
        b"data: x\n" * (size // 8), 8
    ),
    "many data lines of one event, cut in the line": lambda size: _in_halves(b"data: x\n", 5, size),
    "empty data lines in large reads": lambda size: _every(b"data\n" * (size // 5), 1000),
    "blocks cut in their blank line": lambda size: _in_halves(b"data: xyz\n\n", 10, size),
    "blocks cut between CR and LF": lambda size: _in_halves(b"data: xyz\r\n\r\n", 12, size),
    "blocks cut in the field name": lambda size: _in_halves(b"event: e\ndata: xyz\n\n", 12, size),
    "CR only, byte by byte": lambda size: _every(b"\r" * size, 1),
    "CR only, in large reads": lambda size: _every(b"data: x\r" * (size // 8), 1000),
    "LF only, in odd reads": lambda size: _every(b"\n" * size, 3),
    "CR and LF by turns, byte by byte": lambda size: _every(b"\r\n" * (size // 2), 1),
    "LF and CR by turns, in odd reads": lambda size: _every(b"data: x\n\r" * (size // 9), 7),
    "plain blocks and odd ones by turns": lambda size: _every(
        b"data: x\n\n: c\ndata: x\r\n\r\n" * (size // 26), 500
    ),
    "plain but for the last block": lambda size: _every(b"data: xxxxxxxxx\n\n" * (size // 17), 999),
    "a long line, then single bytes": _then_small,
    "empty reads": lambda size: (b"" for _ in range(size)),
    "order marks, byte by byte": lambda size: _every(b"\xef\xbb\xbf" * (size // 3), 1),
}

# Each byte at most: once in `feed`, twice in `_decode` (in a chunk, then as what is pending), once
# each in `_begin`, `_unify_line_ends` and `_finish_block`, twice in `_decode_plain`, once in
# `_feed_line` and once in the event. Beside it each call counts one.
PASSES = 16


@pytest.mark.parametrize("name", ADVERSARIES)
def test_the_bytes_looked_at_grow_as_the_stream_does_whatever_the_chunking(name: str) -> None:
    counts = []
    for size in (5_000, 20_000):
        decoder = CountingDecoder()
        fed = 0
        for chunk in ADVERSARIES[name](size):
            decoder.feed(chunk)
            fed += max(len(chunk), 1)
        decoder.feed(b"\n\n")
        decoder.close()
        assert fed <= decoder.count <= PASSES * fed + 100
        counts.append(decoder.count)
    assert counts[1] <= 4.1 * counts[0]


def test_the_count_sees_work_that_grows_too_fast() -> None:
    # The same count for a decoder that looks at what is pending with every byte: it must not pass.
    counts = []
    for size in (500, 2_000):
        decoder = CountingDecoder()
        for byte in _every(b"x" * size, 1):
            decoder._watch = 0
            decoder.feed(byte)
        counts.append(decoder.count)
    assert counts[1] > 10 * counts[0]


# --- memory -----------------------------------------------------------------------------------

# VmHWM and not ru_maxrss: a child starts with the ru_maxrss of the process that started it, here
# pytest's, and growth below that would not show.
PRELUDE = """
import sys
from sseparse._decoder import Decoder

def peak():
    try:
        status = open("/proc/self/status").read()
    except FileNotFoundError:
        import resource
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
"""


def grown(program: str) -> int:
    """Run the program in a new Python; return the number that it prints."""
    completed = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return int(completed.stdout)


def test_a_long_stream_in_reads_of_64_kib_does_not_grow_the_process() -> None:
    total = 1024 * MIB
    growth = grown(f"""
event = b'data: {{"choices":[{{"delta":{{"content":"%s"}}}}]}}\\n\\n' % (b"word " * 72)
stream = event * (65536 * 16 // len(event) + 1)  # events lie across the reads, as in life
reads = [stream[at : at + 65536] for at in range(0, len(stream), 65536)]
decoder = Decoder()
before = peak()
fed = events = 0
while fed < {total}:
    for chunk in reads:
        events += len(decoder.feed(chunk))
        fed += len(chunk)
assert events == fed // len(event), (events, fed, len(event))
print(peak() - before)
""")
    assert growth < 8 * MIB


# What stands before and behind a large value; a bar cuts a read.
SHAPES = {
    "data": ("data: ", "\n\n"),
    "event and data": ("event: image\ndata: ", "\n\n"),
    "data with CR": ("data: ", "\r\r"),
    "data, and another event behind it": ("data: ", "\n\ndata: next\n\n"),
    "lines of 400 bytes": ("data: ", "\n\n"),
    "data, its blank line in another read": ("data: ", "\n|\n"),
    "data with CRLF": ("data: ", "\r\n\r\n"),
    "data with CRLF, its blank line in another read": ("data: ", "\r\n|\r\n"),
    "event and data, cut between": ("event: image\n|data: ", "\n\n"),
    "event and data with CRLF": ("event: image\r\ndata: ", "\r\n\r\n"),
    "id, then data": ("id: 7\ndata: ", "\n|\n"),
    "data, and a comment behind it": ("data: ", "\n\n: ping\n\n"),
}


def grown_by_one_event(shape: str, size: int) -> int:
    """Return by how much a process grows that decodes one event of this size in 64 KiB reads."""
    start, end = SHAPES[shape]
    filling = b"x" * 65536
    if shape.startswith("lines"):
        filling = (b"x" * 400 + b"\ndata: ") * (65536 // 407)
    return grown(f"""
filling = {filling!r}
decoder = Decoder(max_event_size=2 * {size})
before = peak()
for chunk in {start!r}.encode().split(b"|"):
    decoder.feed(chunk)
for _ in range({size} // len(filling)):
    decoder.feed(filling)
events = [event for chunk in {end!r}.encode().split(b"|") for event in decoder.feed(chunk)]
grown = peak() - before
assert len(events[0].data) > 0.98 * {size}, len(events[0].data)
print(grown)
""")


@pytest.mark.parametrize("shape", SHAPES)
def test_an_event_of_64_mib_costs_at_most_three_times_its_size(shape: str) -> None:
    # Do not make it smaller to save time: below 32 MiB malloc keeps what is freed, and the peak
    # says more about malloc than about the decoder.
    size = 64 * MIB
    assert grown_by_one_event(shape, size) <= 3 * size + MIB  # + what a process needs anyway


@pytest.mark.parametrize("line", ["data:", "data", "data:ab", "id"])
def test_many_small_lines_take_no_more_memory_than_the_cap_allows(line: str) -> None:
    # The cap counts bytes of data, and an object per line would take many times as much.
    cap = MIB // 2
    growth = grown(f"""
from sseparse._errors import EventTooLarge
chunk = b"{line}\\n" * 1000
decoder = Decoder(max_event_size={cap})
before = peak()
try:
    for _ in range({cap} // 1000):
        decoder.feed(chunk)
except EventTooLarge:
    pass
decoder.close()
print(peak() - before)
""")
    assert growth <= 4 * cap


def test_a_line_that_is_skipped_takes_no_more_memory_than_the_cap() -> None:
    cap = 4 * MIB
    growth = grown(f"""
decoder = Decoder(max_event_size={cap}, oversize="skip")
filling = b"x" * 65536
before = peak()
for _ in range(1024):
    decoder.feed(filling)
assert decoder.skipped == 1
print(peak() - before)
""")
    assert growth <= 3 * cap
