"""What the figures are held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OTHER = 1.0
"""Least ratio of the fastest peer on a workload that ``LEAST`` does not name: never slower."""

LEAST = {
    "seed-64KiB": 1.8,
    "seed-1KiB": 1.2,
    "seed-per-event": 1.2,
    "tiny-4KiB": 6.0,
    "seed-1-byte": 1.0,
}
"""Least ratio of the fastest peer to sseparse, by workload."""

LEAST_OPENAI = 60.0
"""Least ratio of openai's stream state to ``sseparse.assemble``."""

MOST_FLOOR = 1.6
"""Greatest ratio of ``sseparse.assemble`` to the floor."""

LEAST_SDK = 10.0
"""Least ratio of the provider's SDK to ``sseparse.assemble``, for all other protocols."""

MOST_PROTOCOL_FLOOR = 2.0
"""Greatest ratio of ``sseparse.assemble`` to the floor, likewise."""


@dataclass(frozen=True)
class Verdict:
    """One target, what was measured, and whether it holds (None: nothing to judge)."""

    target: str
    measured: str
    holds: bool | None


def judge_decoding(name: str, ratios: Mapping[str, float]) -> Verdict:
    """Judge one workload by the fastest of the peers timed on it.

    >>> judge_decoding("tiny-4KiB", {"a": 7.0, "b": 5.5})
    Verdict(target='tiny-4KiB: at least 6.0x the fastest peer', measured='5.50x (b)', holds=False)
    """
    least = LEAST.get(name, OTHER)
    target = f"{name}: at least {least:.1f}x the fastest peer"
    if not ratios:
        return Verdict(target, "no peer to compare with", None)
    fastest = min(ratios, key=lambda peer: ratios[peer])
    return Verdict(target, f"{ratios[fastest]:.2f}x ({fastest})", ratios[fastest] >= least)


def judge_assembly(to_openai: float | None, to_floor: float | None) -> list[Verdict]:
    """Judge assembling the seed.

    Args:
        to_openai: openai's time over that of sseparse, or None where one of them is not there.
        to_floor: the time of sseparse over that of the floor, or None likewise.
    """
    return [
        _at_least(f"assembly: at least {LEAST_OPENAI:.0f}x {_OPENAI}", to_openai, LEAST_OPENAI),
        _at_most(f"assembly: at most {MOST_FLOOR:.1f}x the floor", to_floor, MOST_FLOOR),
    ]


def judge_protocol(protocol: str, to_sdk: float | None, to_floor: float | None) -> list[Verdict]:
    """Judge assembling a stream of another protocol than the seed's.

    Args:
        protocol: which.
        to_sdk: the time of the provider's SDK over that of sseparse, or None as above.
        to_floor: the time of sseparse over that of the floor, or None likewise.
    """
    sdk = f"{protocol}: at least {LEAST_SDK:.0f}x its SDK"
    floor = f"{protocol}: at most {MOST_PROTOCOL_FLOOR:.1f}x the floor"
    return [
        _at_least(sdk, to_sdk, LEAST_SDK),
        _at_most(floor, to_floor, MOST_PROTOCOL_FLOOR),
    ]


_OPENAI = "openai ChatCompletionStreamState"


def _at_least(target: str, ratio: float | None, least: float) -> Verdict:
    if ratio is None:
        return Verdict(target, "not there", None)
    return Verdict(target, f"{ratio:.1f}x", ratio >= least)


def _at_most(target: str, ratio: float | None, most: float) -> Verdict:
    if ratio is None:
        return Verdict(target, "not there", None)
    return Verdict(target, f"{ratio:.2f}x", ratio <= most)
