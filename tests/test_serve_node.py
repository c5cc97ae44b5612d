"""openai-node, pointed at the replay server by its baseURL alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from node import NODE_CLIENTS, ask_node, install
from whole import check_all, whole_streams

from sseparse.replay import Transforms
from sseparse.server import serve_in_thread


@pytest.mark.parametrize("client", NODE_CLIENTS)
def test_openai_node_reads_what_assemble_reads(
    client: str, fixtures_dir: Path, pytestconfig: pytest.Config
) -> None:
    folder = install(pytestconfig.cache.mkdir("openai-node"))
    expected = whole_streams(fixtures_dir, NODE_CLIENTS[client])
    with serve_in_thread(fixtures_dir, transforms=Transforms(interval=0.001)) as url:
        named = [{"x-sseparse-recording": name} for name in expected]
        heard = ask_node(folder, [{"client": client, "url": url, "headers": h} for h in named])
    check_all(expected, dict(zip(expected, heard, strict=True)))
