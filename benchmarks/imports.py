"""What ``import sseparse`` costs over the bare interpreter, and what it must not load.

``python -m benchmarks.imports``. Interpreters are started in turn, with the import and without, and
the medians are compared; the clock is wall time, because that is what a command line feels. On a
busy machine wall time says little, so the CPU time of the same starts stands beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)

FOREIGN = ("click", "rich", "httpx", "httpx2", "h11", "requests", "aiohttp")
"""Optional dependencies, and clients that users may or may not have: not ours to load."""

RUNS = 15
MOST_MS = 60.0

# -I keeps the environment out of it, and with it the working directory: hence the path by hand.
_BARE = "import sys; sys.path.insert(0, sys.argv[1])"
_IMPORT = f"{_BARE}; import sseparse"
_LOADED = f"{_IMPORT}; print(*(name for name in {FOREIGN!r} if name in sys.modules))"


def _start(code: str) -> str:
    command = [sys.executable, "-I", "-c", code, ROOT]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own code


def _seconds(code: str) -> tuple[float, float]:
    """Return wall and CPU seconds of one start (CPU: 0 where the system does not tell)."""
    wall, before = time.perf_counter(), os.times()
    _start(code)
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system
    return time.perf_counter() - wall, cpu - before.children_system


def foreign_modules() -> list[str]:
    """Return which of ``FOREIGN`` an ``import sseparse`` loads."""
    return _start(_LOADED).split()


def cost(runs: int = RUNS) -> tuple[float, float]:
    """Return wall and CPU seconds of ``import sseparse``: differences of medians."""
    _start(_IMPORT)  # the first one compiles
    bare, full = [], []
    for _ in range(runs):
        bare.append(_seconds(_BARE))
        full.append(_seconds(_IMPORT))
    (bare_wall, bare_cpu), (full_wall, full_cpu) = (
        map(statistics.median, zip(*times, strict=True)) for times in (bare, full)
    )
    return full_wall - bare_wall, full_cpu - bare_cpu


def main() -> None:
    """Measure, and print both with their targets."""
    wall, cpu = (seconds * 1e3 for seconds in cost())
    loaded = foreign_modules()
    verdicts = ["FAIL", "pass"]
    sys.stdout.write(
        f"import sseparse: {wall:.1f} ms over the bare interpreter, median of {RUNS} "
        f"(target: at most {MOST_MS:.0f}): {verdicts[wall <= MOST_MS]}; {cpu:.1f} ms of CPU\n"
        f"loaded of {', '.join(FOREIGN)}: {', '.join(loaded) or 'none'} "
        f"(target: none): {verdicts[not loaded]}\n"
    )


if __name__ == "__main__":
    main()
