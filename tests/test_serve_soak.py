"""Some bad seconds for ``sseparse serve``; ``benchmarks/serve_soak.py`` has the bad minutes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no /proc to look at")
def test_clients_of_every_temper_leave_nothing_behind() -> None:
    options = ["--streams", "60", "--seconds", "3"]
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.serve_soak", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    seen = json.loads(result.stdout)
    assert seen["wrong"] == []
    assert {"good", "slow", "leaving", "malformed", "cut", "reset"} <= seen["tempers"].keys()
