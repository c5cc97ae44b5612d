"""The workloads are what they say, and every decoder that is timed decodes them right."""

# ruff: noqa: D103  # the names of the tests are the sentences

from __future__ import annotations

import hashlib

import pytest

from benchmarks.peers import PEERS, SSEPARSE, TOO_SLOW, fault
from benchmarks.workloads import NAMES, seed_body, workload

SHAPES = {
    "seed-64KiB": (1024064, 16, 2592, "077f79315c75b906"),
    "seed-1KiB": (1024064, 1001, 2592, "077f79315c75b906"),
    "seed-per-event": (1024064, 2592, 2592, "077f79315c75b906"),
    "seed-1-byte": (64004, 64004, 162, "75b94f0314910d28"),
    "tiny-4KiB": (2688890, 657, 200000, "41764aa767f9acd5"),
    "long-line": (67108866, 1025, 1, "228e2691914dd9ae"),
    "data-lines": (1219100, 298, 100, "2173da50e8567f22"),
    "comments": (577223, 141, 0, "e3b0c44298fc1c14"),
    "crlf-64KiB": (1029248, 16, 2592, "077f79315c75b906"),
    "crlf-1KiB": (1029248, 1006, 2592, "077f79315c75b906"),
    "named": (1187281, 290, 10000, "693160001bf54b7b"),
    "multibyte": (673614, 165, 8000, "24b08d45dcbd23fc"),
}


def test_the_seed_is_the_body_that_was_recorded() -> None:
    body = seed_body()
    assert len(body) == 32_002
    assert hashlib.sha256(body).hexdigest() == (
        "71fb2c83f75b5009246e5cf4274c12a23558a09f0cb68d81b0340e4a4d675805"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_workload_is_the_same_everywhere(name: str) -> None:
    work = workload(name)
    assert (work.size, len(work.chunks), work.events, work.digest[:16]) == SHAPES[name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("peer", [SSEPARSE, *PEERS], ids=lambda peer: peer.name)
def test_a_decoder_that_is_timed_gives_what_the_workload_holds(wrong: str | None) -> None:
    assert wrong is None


def test_reads_cut_characters_and_line_ends_where_that_is_the_point() -> None:
    assert any(chunk[-1] >= 0x80 for chunk in workload("multibyte").chunks)
    assert any(chunk[-1] == 13 for chunk in workload("crlf-1KiB").chunks)


def test_a_decoder_that_loses_or_swaps_events_or_fails_is_found_out() -> None:
    decode = SSEPARSE.load()
    work = workload("seed-1-byte")
    assert fault(lambda chunks: [*decode(chunks)][1:], work) == "161 events instead of 162"
    swapped = fault(lambda chunks: [*decode(chunks)][::-1], work)
    assert swapped == "the right number of events, but not what they say"
    failed = fault(lambda chunks: [1 // 0 for _ in chunks], work)
    assert failed == "ZeroDivisionError: integer division or modulo by zero"


def test_a_decoder_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.peers.PATIENCE", -1.0)
    assert fault(SSEPARSE.load(), workload("seed-1-byte")) == TOO_SLOW
