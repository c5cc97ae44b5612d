"""How long ``check`` takes for a folder of streams: ``python -m benchmarks.check_streams FOLDER``.

The command is run as a whole, its start included, and its best of so many times is told.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from sseparse.replay import find_recordings


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check_streams", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    paths = find_recordings([options.folder]).values()
    size = sum(path.stat().st_size for path in paths)
    best = float("inf")
    for _ in range(options.times):
        begun = time.perf_counter()
        command = [sys.executable, "-m", "sseparse", "check", "--quiet", str(options.folder)]
        status = subprocess.run(command, check=False).returncode  # noqa: S603
        best = min(best, time.perf_counter() - begun)
        assert status in (0, 1)
    sys.stdout.write(f"{len(paths)} streams, {size / 2**20:.1f} MiB: {best:.2f} s\n")


if __name__ == "__main__":
    main()
