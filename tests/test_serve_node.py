"""openai-node, pointed at the replay server by its baseURL alone: whole streams and broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking import Heard
from fault_table import PATIENT, ROWS, SPEED, TIMED, check, fault_for
from node import NODE_CLIENTS, ask_node, install
from spoken import recordings
from whole import check_all, whole_streams

from sseparse.replay import Transforms
from sseparse.server import serve_in_thread

UNTIL_THE_HEAD = 2.0
"""Seconds that it waits where a head is to come late; what comes after the head may take longer."""


@pytest.fixture(scope="module")
def folder(pytestconfig: pytest.Config) -> Path:
    return install(pytestconfig.cache.mkdir("openai-node"))


@pytest.mark.parametrize("client", NODE_CLIENTS)
def test_openai_node_reads_what_assemble_reads(
    client: str, folder: Path, fixtures_dir: Path
) -> None:
    expected = whole_streams(fixtures_dir, NODE_CLIENTS[client])
    with serve_in_thread(fixtures_dir, transforms=Transforms(interval=0.001)) as url:
        named = [{"x-sseparse-recording": name} for name in expected]
        heard = ask_node(folder, [{"client": client, "url": url, "headers": h} for h in named])
    check_all(expected, dict(zip(expected, heard, strict=True)))


@pytest.fixture(scope="module")
def of_faults(folder: Path) -> dict[tuple[str, str], Heard]:
    """What was heard of each fault by each client, all asked at once."""
    asked = [(fault, client) for fault in ROWS for client in NODE_CLIENTS]
    transforms = Transforms(speed=SPEED)
    with serve_in_thread(recordings(), transforms=transforms, allow_request_faults=True) as url:
        questions = [
            {
                "client": client,
                "url": url,
                "headers": {"x-sseparse-fault": fault_for(NODE_CLIENTS[client], fault)},
                "timeout": UNTIL_THE_HEAD if fault in TIMED else PATIENT,
            }
            for fault, client in asked
        ]
        return dict(zip(asked, ask_node(folder, questions), strict=True))


@pytest.mark.parametrize("fault", ROWS)
def test_openai_node_shows_what_the_fault_names(
    fault: str, of_faults: dict[tuple[str, str], Heard]
) -> None:
    check(fault, {client: of_faults[fault, client] for client in NODE_CLIENTS})
