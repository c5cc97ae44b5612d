r"""The workloads: what is decoded, in which reads, and what must come out.

Each is named after the path it stresses. What must come out is known from how the workload was
made, not from any decoder: the list of events is written first and turned into bytes after.
Randomness is seeded, so the bytes are the same everywhere (``test_workloads.py`` holds them).
A workload is made when it is first asked for, and once.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SEED_FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "xai-grok-beta.txt"

KiB = 1024
MiB = 1024 * KiB

Pair = tuple[str, str]
"""Event type and data of one event."""


@dataclass(frozen=True)
class Workload:
    """Chunks, and what decodes from them.

    Attributes:
        name: as given to ``--only``.
        about: what it is, in a line.
        chunks: the reads, in order.
        events: how many events they hold.
        digest: of these events, see ``digest_of``.
    """

    name: str
    about: str
    chunks: Sequence[bytes]
    events: int
    digest: str

    @property
    def size(self) -> int:
        """All bytes of all chunks."""
        return sum(map(len, self.chunks))


def digest_of(pairs: Iterable[Pair]) -> tuple[int, str]:
    """Return the number of events and the SHA-256 over their types and data.

    Neither can hold a NUL here, so one behind each keeps ``("a", "bc")`` and ``("ab", "c")`` apart.

    >>> digest_of([("message", "hi")])[0]
    1
    """
    sha = hashlib.sha256()
    count = 0
    for event, data in pairs:
        sha.update(f"{event}\0{data}\0".encode())
        count += 1
    return count, sha.hexdigest()


def cut(body: bytes, size: int) -> list[bytes]:
    """Return the body in reads of ``size`` bytes.

    >>> cut(b"abcde", 2)
    [b'ab', b'cd', b'e']
    """
    return [body[start : start + size] for start in range(0, len(body), size)]


def seed_body() -> bytes:
    """Return the fixture the project starts from: 81 events of an xAI chat completion."""
    return SEED_FIXTURE.read_bytes()


def _seed_data() -> list[str]:
    blocks = seed_body().decode().removesuffix("\n\n").split("\n\n")
    return [block.removeprefix("data: ") for block in blocks]


def _seed(copies: int, read: int | None) -> tuple[list[Pair], list[bytes]]:
    """Return the seed so many times over, in reads of ``read`` bytes (None: one per event)."""
    pairs = [("message", data) for data in _seed_data()] * copies
    if read is None:
        return pairs, [f"data: {data}\n\n".encode() for _, data in pairs]
    return pairs, cut(seed_body() * copies, read)


def _crlf(read: int) -> tuple[list[Pair], list[bytes]]:
    pairs, _ = _seed(32, 64 * KiB)
    return pairs, cut((seed_body() * 32).replace(b"\n", b"\r\n"), read)


def _tiny() -> tuple[list[Pair], list[bytes]]:
    pairs = [("message", str(number)) for number in range(200_000)]
    return pairs, cut("".join(f"data: {data}\n\n" for _, data in pairs).encode(), 4 * KiB)


def _long_line() -> tuple[list[Pair], list[bytes]]:
    # The line is 64 MiB with its field name: as much as the decoder's default cap lets through.
    head, tail = '{"type":"image_generation.completed","b64_json":"', '"}'
    length = 64 * MiB - len("data: ") - len(head) - len(tail)
    image = base64.b64encode(random.Random(1).randbytes(length // 4 * 3 + 3)).decode()  # noqa: S311  # no secret
    data = f"{head}{image[:length]}{tail}"
    return [("message", data)], cut(f"data: {data}\n\n".encode(), 64 * KiB)


def _data_lines() -> tuple[list[Pair], list[bytes]]:
    rng = random.Random(2)  # noqa: S311  # no secret
    pairs = []
    for _ in range(100):
        lines = [f"{number}: {rng.random():.{1 + number % 12}f}" for number in range(600)]
        pairs.append(("message", "\n".join(lines)))
    body = "".join("data: " + data.replace("\n", "\ndata: ") + "\n\n" for _, data in pairs)
    return pairs, cut(body.encode(), 4 * KiB)


def _comments() -> tuple[list[Pair], list[bytes]]:
    kinds = (": keep-alive\n\n", ":\n\n", ": OPENROUTER PROCESSING\n\n", ": ping - {}\n\n")
    body = "".join(kinds[number % 4].format(number) for number in range(40_000))
    return [], cut(body.encode(), 4 * KiB)


_WORDS = ["the", "stream", "of", "words", "that", "nobody", "has", "to", "read", "again", "."]


def _anthropic_object(number: int, rng: random.Random) -> dict[str, object]:
    if number % 1000 == 0:
        return {"type": "message_start", "message": {"id": f"msg_{number}", "role": "assistant"}}
    if number % 1000 == 1:
        block = {"type": "text", "text": ""}
        return {"type": "content_block_start", "index": 0, "content_block": block}
    if number % 1000 == 998:
        return {"type": "content_block_stop", "index": 0}
    if number % 1000 == 999:
        return {"type": "message_stop"}
    if number % 100 == 50:
        return {"type": "ping"}
    text = " " + _WORDS[int(rng.random() * len(_WORDS))]
    delta = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def _named() -> tuple[list[Pair], list[bytes]]:
    rng = random.Random(3)  # noqa: S311  # no secret
    objects = [_anthropic_object(number, rng) for number in range(10_000)]
    pairs = [(str(obj["type"]), json.dumps(obj, separators=(",", ":"))) for obj in objects]
    body = "".join(f"event: {event}\ndata: {data}\n\n" for event, data in pairs)
    return pairs, cut(body.encode(), 4 * KiB)


def _multibyte() -> tuple[list[Pair], list[bytes]]:
    rng = random.Random(4)  # noqa: S311  # no secret
    # U+2028 and U+0085 are no line ends in an event stream, though str.splitlines says so.
    letters = "生命宇宙以及任何事情的終極答案はいみをもつ마흔둘🚀🌌👩‍🚀🙂\u2028\u0085éß"
    pairs = []
    for number in range(8_000):
        text = "".join(letters[int(rng.random() * len(letters))] for _ in range(1 + number % 24))
        data = json.dumps({"index": 0, "delta": {"content": text}}, ensure_ascii=False)
        pairs.append(("message", data))
    return pairs, cut("".join(f"data: {data}\n\n" for _, data in pairs).encode(), 4 * KiB)


_MAKERS: dict[str, tuple[str, Callable[[], tuple[list[Pair], list[bytes]]]]] = {
    "seed-64KiB": ("the seed, 32 times, in reads of 64 KiB", lambda: _seed(32, 64 * KiB)),
    "seed-1KiB": ("the same in reads of 1 KiB", lambda: _seed(32, KiB)),
    "seed-per-event": ("the same, one event in each read", lambda: _seed(32, None)),
    "seed-1-byte": ("the seed, twice, one byte in each read", lambda: _seed(2, 1)),
    "tiny-4KiB": ("200,000 events of a number each", _tiny),
    "long-line": ("one line of 64 MiB in reads of 64 KiB", _long_line),
    "data-lines": ("100 events of 600 short data lines", _data_lines),
    "comments": ("40,000 keep-alives and nothing else", _comments),
    "crlf-64KiB": ("the seed with CRLF, 32 times, in reads of 64 KiB", lambda: _crlf(64 * KiB)),
    "crlf-1KiB": ("the same in reads of 1 KiB", lambda: _crlf(KiB)),
    "named": ("10,000 events with a type, as Anthropic sends them", _named),
    "multibyte": ("8,000 events of CJK and emoji, cut anywhere", _multibyte),
}

NAMES = tuple(_MAKERS)
"""All workloads, in the order of the table."""


@functools.cache
def workload(name: str) -> Workload:
    """Return a workload by its name.

    Raises:
        KeyError: there is none of that name; ``NAMES`` lists them.

    >>> workload("seed-1-byte").events
    162
    """
    about, make = _MAKERS[name]
    pairs, chunks = make()
    events, digest = digest_of(pairs)
    return Workload(name, about, chunks, events, digest)
