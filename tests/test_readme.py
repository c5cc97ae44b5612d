"""The README is the manual: every block in it runs, and shows what really comes out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import plugins
import pytest
from servers import Reply, serve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SEED = ROOT / "fixtures" / "xai-grok-beta.txt"

INSTALL = re.findall(r"^    (.+)$", README, re.MULTILINE)[:2]
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CONSOLE = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def names() -> Iterator[dict[str, object]]:
    """What the blocks take for granted: a server, and the response of one."""
    body = SEED.read_bytes()
    chunks = [body[i : i + 1000] for i in range(0, len(body), 1000)]
    refusal = Reply(
        [b'{"error": "no API key"}'], status=401, headers={"Content-Type": "application/json"}
    )
    with (
        serve(Reply(chunks)) as server,
        serve(refusal) as guarded,
        httpx2.stream("GET", server.url) as response,
    ):
        yield {"url": server.url, "url_without_key": guarded.url, "response": response}


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The protocol of the README's package, installed."""
    (module,) = [block for block in PYTHON if block.startswith("# acme_sse.py\n")]
    (project,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    ((group, points),) = tomllib.loads(project)["project"]["entry-points"].items()
    lines = [f"{name} = {value}" for name, value in points.items()]
    entry_points = "\n".join([f"[{group}]", *lines, ""])
    plugins.install(tmp_path, monkeypatch, "acme_sse", module, entry_points)
    yield
    plugins.forget()
    sys.modules.pop("acme_sse", None)


@pytest.mark.usefixtures("acme")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # as short as examples are
def test_the_python_blocks_run_in_order(
    names: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert len(PYTHON) >= 9
    for number, block in enumerate(PYTHON):
        exec(compile(block, f"README.md, python block {number + 1}", "exec"), names)
    printed = capsys.readouterr().out
    assert "continues! stop Usage(raw={" in printed
    assert "error incomplete the stream ended" in printed


def transcripts() -> list[tuple[str, str]]:
    """Return each command of the console blocks with the output shown under it."""
    pairs = []
    for block in CONSOLE:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            pairs.append((command, output))
    return pairs


def test_the_transcript_is_what_the_commands_print() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert len(transcripts()) >= 4
    previous = ""
    for command, output in transcripts():
        if command == "echo $?":
            command = f"{previous} >/dev/null 2>&1; echo ${{PIPESTATUS[-1]}}"
        previous = command
        if "jq" in command and shutil.which("jq") is None:
            continue
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert without_seconds(result.stdout) == without_seconds(output), command


def without_seconds(text: str) -> str:
    return re.sub(r"\d+\.\d\d s\b", "N s", text)


def test_every_option_in_the_table_of_commands_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, description in re.findall(
        r"^\| `sseparse (\w+) FILE` \| (.+) \|$", README, re.MULTILINE
    ):
        help_text = subprocess.run(
            [sys.executable, "-m", "sseparse", name, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        options = re.findall(r"--[a-z-]+", description)
        assert options
        assert all(option in help_text for option in options)
        undocumented = set(re.findall(r"^ +(--[a-z-]+)", help_text, re.MULTILINE)) - set(options)
        assert not undocumented, f"{name} has options that the README does not tell of"


def test_it_opens_with_the_two_commands_that_ci_runs() -> None:
    assert INSTALL == [
        "pip install . && sseparse replay fixtures/xai-grok-beta.txt",
        "pip install '.[test]' && pytest",
    ]
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_the_figures_are_there_with_the_machine_and_the_versions() -> None:
    figures = README.partition("## How fast it is")[2].partition("\n## ")[0]
    for name in ("seed-64KiB", "seed-1-byte", "launchdarkly", "sseparse.assemble", "CPython 3."):
        assert name in figures
    assert "FIGURES" not in README
