"""The README is the manual: every block in it runs, and shows what really comes out."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import plugins
import pytest
from servers import Reply, Server, serve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SEED = ROOT / "fixtures" / "xai-grok-beta.txt"

INSTALL = re.findall(r"^    (.+)$", README, re.MULTILINE)[:2]
PYTHON = re.findall(r"^```python\n(?!# test_)(.*?)^```", README, re.MULTILINE | re.DOTALL)
TESTS = re.findall(r"^```python\n# (test_\w+\.py)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CONSOLE = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with the fixtures at hand, that may be written to."""
    folder = tmp_path / "workplace"
    folder.mkdir()
    (folder / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def provider() -> Iterator[Server]:
    """A server that answers with the seed, an event at a time."""
    events = [event + b"\n\n" for event in SEED.read_bytes().split(b"\n\n") if event]
    with serve(Reply(events)) as server:
        yield server


@pytest.fixture
def names(provider: Server) -> Iterator[dict[str, object]]:
    """What the blocks take for granted: a server, and the response of one."""
    refusal = Reply(
        [b'{"error": "no API key"}'], status=401, headers={"Content-Type": "application/json"}
    )
    with (
        serve(refusal) as guarded,
        httpx2.stream("GET", provider.url) as response,
    ):
        yield {
            "url": provider.url,
            "base_url": provider.url.partition("/chat")[0],
            "url_without_key": guarded.url,
            "response": response,
        }


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


@pytest.mark.usefixtures("acme", "workplace")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # as short as examples are
def test_the_python_blocks_run_in_order(
    names: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(PYTHON) >= 9
    for number, block in enumerate(PYTHON):
        exec(compile(block, f"README.md, python block {number + 1}", "exec"), names)
    printed = capsys.readouterr().out
    assert "continues! stop Usage(raw={" in printed
    assert "error incomplete the stream ended" in printed


def test_the_tests_that_it_shows_pass(workplace: Path) -> None:
    (recordings := workplace / "recordings").mkdir()
    shutil.copy(SEED, recordings / "weather.txt")
    for name, module in TESTS:
        Path(workplace / name).write_text(module, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *dict(TESTS)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    assert f"{README.count('(sse_transport):')} passed" in result.stdout


def transcripts() -> list[tuple[str, str]]:
    """Return each command of the console blocks with the output shown under it."""
    pairs = []
    for block in CONSOLE:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            pairs.append((command, output))
    return pairs


def test_the_transcript_is_what_the_commands_print(workplace: Path, provider: Server) -> None:
    ports = {}
    for named in ("8080", "8090"):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports[named] = str(free.getsockname()[1])
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "URL": provider.url,
        "ORIGIN": provider.url.partition("/v1")[0],
        "API_KEY": "secret",
    }
    assert len(transcripts()) >= 14
    previous = ""
    with contextlib.ExitStack() as running:
        for command, output in transcripts():
            for named, port in ports.items():
                command, output = command.replace(named, port), output.replace(named, port)
            if command == "echo $?":
                command = f"{previous} >/dev/null 2>&1; echo ${{PIPESTATUS[-1]}}"
            previous = command
            if ("jq" in command and not shutil.which("jq")) or not shutil.which("curl"):
                continue
            if command.endswith(" &"):
                process = running.enter_context(
                    subprocess.Popen(
                        ["bash", "-c", f"exec {command.removesuffix(' &')}"],
                        env=environment,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                        text=True,
                    )
                )
                running.callback(process.terminate)
                assert process.stdout is not None
                assert process.stdout.readline() == output
                continue
            result = subprocess.run(
                ["bash", "-c", command],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
            )
            assert without_chance(result.stdout) == without_chance(output), command


def without_chance(text: str) -> str:
    """Return the text without what differs from run to run: times, and how reads fall together."""
    return re.sub(r"\d+\.\d\d s\b|\d+ reads?\b", "N", text)


def test_every_option_in_the_table_of_commands_is_one() -> None:
    for name, description in re.findall(
        r"^\| `sseparse (\w+) [^`]+` \| (.+) \|$", README, re.MULTILINE
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
        in_help = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", help_text, re.MULTILINE)
        undocumented = set(in_help) - set(options) - {"--help"}
        assert not undocumented, f"{name} has options that the README does not tell of"


def test_it_opens_with_the_two_commands_that_ci_runs() -> None:
    assert INSTALL == [
        "pip install . && sseparse replay fixtures/xai-grok-beta.txt",
        "pip install '.[test]' && pytest -n auto --dist loadfile",
    ]
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_the_figures_are_there_with_the_machine_and_the_versions() -> None:
    figures = README.partition("## How fast it is")[2].partition("\n## ")[0]
    for name in ("seed-64KiB", "seed-1-byte", "launchdarkly", "sseparse.assemble", "CPython 3."):
        assert name in figures
    load = README.partition("<!-- python -m benchmarks.serve_load --markdown -->")[2]
    for name in ("200 streams, sseparse serve", "2,000 streams, aimock", "the floor", "uvicorn 0."):
        assert name in load.partition("<!-- end -->")[0]
    assert "FIGURES" not in README
