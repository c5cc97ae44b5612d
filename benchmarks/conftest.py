"""What the tests of the decoders share: whether a peer can be judged, and how it fares."""

from __future__ import annotations

import pytest

from benchmarks.peers import PATIENCE, TOO_SLOW, Peer, fault_of


@pytest.fixture
def wrong(peer: Peer, name: str) -> str | None:
    """Return what is wrong with a peer on a workload; skip what is absent or takes too long."""
    try:
        fault = fault_of(peer, name)
    except ImportError:
        pytest.skip(f"{peer.distribution} is not installed")
    if fault == TOO_SLOW:
        pytest.skip(f"{peer.name} needs more than {PATIENCE:.0f} s for a round of {name}")
    return fault
