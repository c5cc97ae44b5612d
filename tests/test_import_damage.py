"""Whatever is done to a source, the import gives entries or one clear error, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_import_secrets import SOURCES

from sseparse import RecordingError
from sseparse.formats import Imported, read_imports
from sseparse.formats._detect import READERS

SAMPLES = {source.__name__: source() for source in SOURCES}
SPICE = [
    b"",
    b"\n",
    b"\r\n",
    b" ",
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"[",
    b"{",
    b'"',
    b"\xff",
]
SPICE += [b"<= Recv data, 3 bytes (0x3)\n", b"HTTP/1.1 200 OK\r\n", b"!!binary ", b"&a ", b"*a"]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A source with pieces taken out, doubled and put in."""
    data = draw(st.sampled_from(sorted(SAMPLES.values())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(start + 60, len(data))))
        between = draw(
            st.sampled_from(SPICE) | st.binary(max_size=8) | st.just(data[start:end] * 2)
        )
        data = data[:start] + between + data[end:]
    return data


def check(data: bytes, source: str | None) -> None:
    said = "source: nothing"
    found: list[Imported] = []
    try:
        _, found = read_imports(data, "source", source)
    except RecordingError as error:
        said = str(error)
    assert said.startswith("source:")
    assert "\n" not in said
    for item in found:
        assert (item.recording is None) == bool(item.missing)
        assert item.name


@given(damaged() | st.binary(max_size=300), st.none() | st.sampled_from(sorted(READERS)))
@example(b"1e999", "har")
def test_damage_is_an_entry_or_one_line(data: bytes, source: str | None) -> None:
    check(data, source)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_source_that_is_cut_anywhere_is_an_entry_or_one_line(name: str) -> None:
    data = SAMPLES[name]
    for cut in range(0, len(data), max(1, len(data) // 150)):
        check(data[:cut], None)
