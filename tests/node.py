"""openai-node: installed once for all runs of the tests, and asked in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asking import Heard

SCRIPT = Path(__file__).with_name("openai_node.mjs")
NODE_CLIENTS = {"openai-node chat": "openai-chat", "openai-node Responses": "openai-responses"}
"""What the script can ask for, and the protocol that it speaks."""


class NodeError(Exception):
    """An error in JavaScript: its class, and its message."""


def install(folder: Path) -> Path:
    """Return the folder with the SDK in it, installed by npm unless it is there already.

    Several workers may do so at once: each installs beside it, and the first gets there.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    final = folder / "sdk"
    if final.exists():
        return final
    beside = Path(tempfile.mkdtemp(dir=folder))
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "openai"]
    try:
        subprocess.run(command, cwd=beside, capture_output=True, check=True, timeout=50)
        beside.rename(final)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(beside)
        if not final.exists():
            pytest.skip(f"npm cannot install openai: {error}")
    return final


def ask_node(folder: Path, questions: Sequence[dict[str, Any]]) -> list[Heard]:
    """Ask all the questions at once; each is a client, and what an ``Asking`` has."""
    defaults = {"headers": {}, "timeout": 10.0, "retries": 0}
    asked = json.dumps([{**defaults, **question} for question in questions])
    done = subprocess.run(
        ["node", str(SCRIPT), str(folder)],
        input=asked.encode(),
        capture_output=True,
        check=True,
        timeout=50,
    )
    return [_heard(answer) for answer in json.loads(done.stdout)]


def _heard(answer: dict[str, Any]) -> Heard:
    error = answer["error"]
    raised = NodeError(error["name"], error["message"]) if error else None
    return Heard(answer["text"], answer["finish"], answer["done"], raised)
