"""The examples that the commands for recordings end their help in: each runs, and does its work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from cli import COMMAND, FIXTURE, REPOSITORY, Result, environment, posix, run, shell
from servers import Reply, Server, serve

COMMANDS = [
    "record",
    "verify",
    "redact",
    "import",
    "export",
    "generate",
    "inspect",
    "check",
    "report",
]
SEED = (REPOSITORY / FIXTURE).read_bytes()
CALL = (
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":'
    b'{"name":"f","arguments":"{}"}}]}}],"user":"somebody"}\n\n'
)
TOOLS = {"sseparse": f'exec {" ".join(COMMAND)} "$@"', "my-client": "cat", "asciinema": "cat"}

pytestmark = [
    posix,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="curl and jq"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    events = [event + b"\n\n" for event in SEED.split(b"\n\n") if event]
    with serve(Reply([CALL, *events])) as running:
        yield running


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    for name, script in TOOLS.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """A folder with all that the examples name."""
    folder = tmp_path_factory.mktemp("workplace")
    script = f"""
        cd {folder} && git init -q . && mkdir -p recordings fixtures cassettes
        echo '* -text' >.gitattributes
        echo '{{"model":"grok-beta","messages":[{{"role":"system","content":"x"}}]}}' >request.json
        $sseparse record -s -o answer.txt {server.url} --json @request.json --request-body
        cp answer.txt recordings/; cp answer.txt.timing.jsonl recordings/
        cp answer.txt monday.txt; cp answer.txt tuesday.txt
        cp answer.txt fixture.txt; cp answer.txt.timing.jsonl fixture.txt.timing.jsonl
        cp {REPOSITORY / FIXTURE} fixtures/
        curl -sN --trace trace.txt --trace-time {server.url} -o /dev/null
        $sseparse export answer.txt --har -o one.har
    """
    result = shell(script)
    assert result.status == 0, result.err
    har = json.loads((folder / "one.har").read_text())
    har["log"]["entries"] *= 3
    (folder / "chrome.har").write_text(json.dumps(har))
    interaction = {
        "request": {"method": "POST", "uri": "https://api.example/v1", "headers": {}, "body": None},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["text/event-stream"]},
            "body": {"string": SEED.decode()},
        },
    }
    cassette = {"interactions": [interaction], "version": 1}
    (folder / "cassettes" / "chat.yaml").write_text(yaml.safe_dump(cassette))
    return folder


def examples() -> list[str]:
    lines = []
    for name in COMMANDS:
        help_text = run(name, "--help").out.decode()
        lines += [line.strip() for line in help_text.partition("Examples:\n")[2].splitlines()]
    return [line for line in lines if line]


def test_every_example_runs(workplace: Path, tools: Path, server: Server, tmp_path: Path) -> None:
    def try_out(numbered: tuple[int, str]) -> Result:
        number, example = numbered
        here = tmp_path / str(number)
        shutil.copytree(workplace, here)
        command = example.replace("https://api.x.ai", server.url.partition("/v1")[0])
        if "--upstream" in command:  # until Ctrl-C
            command = "timeout -s INT 2 " + command.replace(":8080", "127.0.0.1:0")
        elif " -o answer.txt" in command and "curl -sN --trace" not in command:
            (here / "answer.txt").unlink()
            (here / "answer.txt.timing.jsonl").unlink()
        elif " -o fixture.txt" in command:
            (here / "fixture.txt").unlink()
            (here / "fixture.txt.timing.jsonl").unlink()
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=here,
            capture_output=True,
            env=environment(
                {"URL": server.url, "API_KEY": "x", "PATH": f"{tools}:{os.environ['PATH']}"}
            ),
            timeout=60,
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    lines = examples()
    assert len(lines) >= 4 * len(COMMANDS)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(try_out, enumerate(lines)))
    for example, result in zip(lines, results, strict=True):
        expected = 124 if "--upstream" in example else 0  # timeout's own: it had to interrupt
        assert result.status == expected, f"{example}: {result.err}"
        assert "Traceback" not in result.err
