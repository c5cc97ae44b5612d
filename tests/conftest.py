"""What all tests share: the Hypothesis profiles, and where the test data lie.

``fast`` is for every run and draws the same examples each time; ``deep`` draws new ones, and many:
``HYPOTHESIS_PROFILE=deep pytest``. No profile has a deadline, for a slow core is no failure.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True)
hypothesis.settings.register_profile("deep", max_examples=1000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

pytest.register_assert_rewrite("chunks")  # what its checks compare is shown when they fail

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background deaf to Ctrl-C, and all children inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.hookimpl(optionalhook=True)  # xdist is not everywhere
def pytest_xdist_auto_num_workers() -> int:
    """Say how many ``-n auto`` is: more than there are cores, for half of the tests wait."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(2, 3 * (cores or 1) // 2)


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """The repository's own test data."""
    return REPOSITORY / "fixtures"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The recorded streams of providers, which lie beside the repository where they are at all."""
    shared = REPOSITORY.parent / "shared"
    if not (shared / "streams").is_dir():
        pytest.skip("the shared streams are not on this machine")
    return shared
