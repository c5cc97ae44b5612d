"""The measurement of the replay server beside others, with few streams: it has to stay alive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it waits with epoll")


def measure(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    few = ["--streams", "5", "--chunks", "4", "--spread", "0.1", "--rounds", "1"]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.serve_load", *few, *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_prints_what_each_server_made_of_the_streams_and_loses_none() -> None:
    result = measure("--servers", "sseparse", "starlette", "floor", "--markdown")
    assert result.returncode == 0, result.stderr
    late, fast, _ = result.stdout.split("\n\n")
    for table, names in (
        (late, ["5 streams, sseparse serve", "5 streams, starlette, uvicorn"]),
        (fast, ["sseparse serve", "starlette, uvicorn"]),
    ):
        rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
        by_name = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}
        assert by_name.keys() >= set(names)
        assert len(by_name) == 3
        assert {row["lost"] for row in by_name.values()} == {"0"}


def test_what_a_server_holds_back_is_seen_as_late() -> None:
    result = measure("--json", "--servers", "sseparse", "--gap", "0.05")
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert seen["chunks"] == 20
    assert 0 <= seen["p50_ms"] <= seen["p99_ms"] <= seen["max_ms"]
    slow = f"{sys.executable} -m sseparse serve --silent --speed 0.5"
    result = measure("--json", "--beside", slow, "--gap", "0.05")
    assert json.loads(result.stdout)["max_ms"] >= 199  # the fourth chunk comes at 0.4 s, not 0.2


def test_aimock_is_left_out_with_a_word_where_npm_is_not_there(tmp_path: Path) -> None:
    result = measure("--json", "--servers", "floor", "aimock", PATH=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert "aimock is left out: npm is not there" in result.stderr
    assert [json.loads(line)["server"] for line in result.stdout.splitlines()] == ["the floor"]
