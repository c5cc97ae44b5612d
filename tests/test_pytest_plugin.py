"""The pytest plugin, in runs of pytest that load it by its entry point."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from servers import Reply, Server, serve
from test_lean_import import HEAVY

from sseparse import Recording
from sseparse.recording import Header

pytest_plugins = ["pytester"]

EVENTS = (b"data: one\n\n", b"data: two\n\n")

USES = """
    import httpx2, pytest

    def get(transport, url="https://provider.example/v1"):
        with httpx2.Client(transport=transport) as client:
            return client.get(url).text
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """Where the recordings of the inner run are; its module is ``test_inner.py``."""
    folder = pytester.path / "recordings"
    folder.mkdir()
    return folder


def save(path: Path, *events: bytes, gap: float = 0.0) -> None:
    """Save a recording, its events a gap apart."""
    events = events or EVENTS
    body = Recording.from_bytes(b"".join(events))
    reads = tuple(
        type(body.reads[0])(gap * number, event) for number, event in enumerate(events, 1)
    )
    Recording(reads, Header(status=200)).save(path)


def run(pytester: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    """Run tests in a file ``test_inner.py``, in this process."""
    pytester.makepyfile(test_inner=textwrap.dedent(USES) + textwrap.dedent(tests))
    return run_here(pytester, "-p", "no:cacheprovider", *options)


class Modules:
    """Keeps the libraries that inner runs have loaded.

    ``pytester`` forgets them after each run and after each test, whereupon they are loaded a second
    time: and a class of httpcore2 that one half of httpx2 raises is not the one that the other half
    catches, in all the tests to come.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, ModuleType] = {}

    def pytest_unconfigure(self) -> None:
        """Note what is loaded at the end of an inner run."""
        self._loaded |= sys.modules
        self._loaded.pop("test_inner", None)

    def restore(self) -> None:
        for name, module in self._loaded.items():
            sys.modules.setdefault(name, module)


MODULES = Modules()


@pytest.fixture(autouse=True)
def kept_modules() -> Iterator[None]:
    """Restore the modules after ``pytester``, which is set up after this and so ends before."""
    yield
    MODULES.restore()


def run_here(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in this process."""
    result = pytester.runpytest_inprocess(*options, plugins=[MODULES])
    MODULES.restore()
    return result


def test_a_marker_names_the_recording(pytester: pytest.Pytester, folder: Path) -> None:
    save(folder / "chat.txt")
    (folder / "deep").mkdir()
    save(folder / "deep" / "other.sse", b"data: deep\n\n")
    result = run(
        pytester,
        """
        @pytest.mark.sse("chat")
        def test_recording(sse_recording):
            assert sse_recording.path.name == "chat.txt"
            assert sse_recording.body == b"data: one\\n\\ndata: two\\n\\n"

        @pytest.mark.sse("chat")
        def test_transport(sse_transport):
            assert get(sse_transport) == "data: one\\n\\ndata: two\\n\\n"

        @pytest.mark.sse("deep/other.sse")
        def test_in_a_folder(sse_transport):
            assert get(sse_transport) == "data: deep\\n\\n"
        """,
        "--strict-markers",
        "-W",
        "error",
    )
    result.assert_outcomes(passed=3)


def test_without_a_name_the_recording_is_called_after_the_test(
    pytester: pytest.Pytester, folder: Path
) -> None:
    save(folder / "test_plain.txt", b"data: plain\n\n")
    save(folder / "test_with-a-b.txt", b"data: a/b\n\n")
    save(folder / "TestClass.test_method.txt", b"data: method\n\n")
    result = run(
        pytester,
        """
        def test_plain(sse_recording):
            assert sse_recording.body == b"data: plain\\n\\n"

        @pytest.mark.parametrize("x", ["a/b"])
        def test_with(x, sse_recording):
            assert sse_recording.body == b"data: a/b\\n\\n"

        class TestClass:
            @pytest.mark.sse(speed=1)
            def test_method(self, sse_recording):
                assert sse_recording.body == b"data: method\\n\\n"
        """,
    )
    result.assert_outcomes(passed=3)


def test_an_async_client_is_answered_too(pytester: pytest.Pytester, folder: Path) -> None:
    save(folder / "chat.txt")
    result = run(
        pytester,
        """
        import asyncio

        @pytest.mark.sse("chat")
        def test_async(sse_async_transport):
            async def get():
                async with httpx2.AsyncClient(transport=sse_async_transport) as client:
                    return (await client.get("https://provider.example/v1")).text
            assert asyncio.run(get()) == "data: one\\n\\ndata: two\\n\\n"
        """,
    )
    result.assert_outcomes(passed=1)


def test_a_server_answers_any_client(
    pytester: pytest.Pytester, folder: Path, fixtures_dir: Path
) -> None:
    save(folder / "plain.txt")
    (folder / "chat.txt").write_bytes((fixtures_dir / "xai-grok-beta.txt").read_bytes())
    result = run(
        pytester,
        """
        import openai, sseparse, urllib.request

        @pytest.mark.sse("plain")
        def test_urllib(sse_server):
            assert sse_server.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(sse_server + "/v1") as response:
                assert response.read() == b"data: one\\n\\ndata: two\\n\\n"

        @pytest.mark.sse("chat")
        def test_openai(sse_server, sse_recording):
            with openai.OpenAI(api_key="none", base_url=sse_server + "/v1") as client:
                stream = client.chat.completions.create(model="m", messages=[], stream=True)
                text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
            assert text == sseparse.assemble(sse_recording).content != ""

        @pytest.mark.sse("plain", fault="cut@event=2")
        def test_cut(sse_server):
            with pytest.raises(httpx2.RemoteProtocolError):
                httpx2.get(sse_server)

        @pytest.mark.sse("plain", fault="cut@event=9")
        def test_no_such_event(sse_server):
            pass

        @pytest.mark.sse("missing")
        def test_missing(sse_server):
            pass
        """,
    )
    result.assert_outcomes(passed=3, errors=2)
    assert "pytest_plugin.py" not in result.stdout.str()
    result.stdout.fnmatch_lines_random(["*event*9*", "there is no recording *missing.txt; *"])


def test_a_marker_breaks_the_stream(pytester: pytest.Pytester, folder: Path) -> None:
    save(folder / "chat.txt")
    result = run(
        pytester,
        """
        pytestmark = pytest.mark.sse("chat")

        @pytest.mark.sse(fault="cut@event=2")
        def test_transport(sse_transport):
            with pytest.raises(httpx2.RemoteProtocolError):
                get(sse_transport)

        @pytest.mark.sse(fault="cut@event=2", rechunk=4, seed=1)
        def test_recording(sse_recording):
            assert sse_recording.end.reason == "truncated"
            assert len(sse_recording.reads[0].data) == 4

        @pytest.mark.sse(name="chat", fault=["duplicate@event=1", "cut@event=3"])
        def test_several(sse_recording):
            assert sse_recording.body == b"data: one\\n\\n" * 2

        @pytest.mark.sse(fault=None)
        def test_none(sse_transport):
            assert get(sse_transport).endswith("two\\n\\n")

        def test_the_one_of_the_module(sse_transport):
            assert get(sse_transport).endswith("two\\n\\n")
        """,
    )
    result.assert_outcomes(passed=5)


SPEEDS = """
    import time

    def seconds(transport):
        start = time.monotonic()
        get(transport)
        return time.monotonic() - start

    @pytest.mark.sse("slow")
    def test_of_the_suite(sse_transport):
        print("suite", "waits" if seconds(sse_transport) > 0.19 else "at once")

    @pytest.mark.sse("slow", speed="max")
    def test_at_once(sse_transport):
        print("max", "waits" if seconds(sse_transport) > 0.19 else "at once")

    @pytest.mark.sse("slow", speed=1)
    def test_as_recorded(sse_transport):
        print("1", "waits" if seconds(sse_transport) > 0.19 else "at once")
"""


@pytest.mark.parametrize(
    ("ini", "options", "suite"),
    [
        ("", [], "at once"),
        ("", ["--sse-speed=1"], "waits"),
        ("sse_speed = 1", [], "waits"),
        ("sse_speed = 1", ["--sse-speed=max"], "at once"),
    ],
)
def test_marker_over_command_line_over_ini(
    pytester: pytest.Pytester, folder: Path, ini: str, options: list[str], suite: str
) -> None:
    save(folder / "slow.txt", gap=0.1)
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = run(pytester, SPEEDS, "-s", *options)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([f"*suite {suite}", "*max at once", "*1 waits"])


def test_a_recording_that_is_missing_is_one_clear_line(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        @pytest.mark.sse("weather")
        def test_transport(sse_transport):
            pass

        @pytest.mark.sse("weather")
        def test_recording(sse_recording):
            pass
        """,
    )
    result.assert_outcomes(errors=2)
    missing = f"there is no recording {Path('recordings', 'weather.txt')}; "
    text = result.stdout.str()
    assert f"{missing}record it with: pytest --sse-record=once 'test_inner.py::test_tr" in text
    assert f"{missing}record it with sseparse record, or in a test with sse_transport" in text
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("'chat', fault='cut@event=9'", "*event*9*"),
        ("'chat', fault='nonsense'", "*nonsense*"),
        ("'chat', fault=b'cut@event=2'", "*faults is b'cut@event=2'; it is a text*"),
        ("'chat', rate='x'", "*rate is 'x'; it is a number of events per second, or None"),
        ("'chat', jitter='x'", "*jitter is 'x'; it is a number from 0 to 1"),
        ("'chat', coalesce=1.5", "*coalesce is 1.5; it is a whole number"),
        ("'chat', fault=''", "*fault '': it names no fault*"),
        ("'chat', speed='fast'", "*the speed is 'fast'; it is a number above 0, or max"),
        ("'chat', sped=1", "*the marker sse has no option 'sped'; it has *fault*speed*"),
        ("'chat', 'other'", "*a marker names one recording*"),
        ("7", "*a marker names one recording*"),
        ("'chat', name='chat'", "*a marker names one recording*"),
        ("'chart'", "*there is no recording *chart.txt (did you mean chat.txt?); record it with*"),
        ("'chat', fault='cut', faults='reset'", "*fault= and faults=*"),
        ("'chat', fault='stall@event=2:1s'", "*at full speed nothing is waited for*"),
        ("'chat', fault=['cut@event=2', 'nonsense']", "*nonsense*"),
        ("'damaged'", "*damaged.txt.timing.jsonl:1: *"),
    ],
)
def test_what_a_marker_cannot_mean_is_one_clear_line(
    pytester: pytest.Pytester, folder: Path, marker: str, words: str
) -> None:
    save(folder / "chat.txt")
    save(folder / "damaged.txt")
    (folder / "damaged.txt.timing.jsonl").write_text("nonsense\n")
    result = run(pytester, f"@pytest.mark.sse({marker})\ndef test_it(sse_transport): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([words])
    shown = result.stdout.str()
    assert "pytest_plugin.py" not in shown
    assert "another exception" not in shown


@pytest.mark.parametrize(
    ("ini", "options", "words"),
    [
        ("sse_record = some", [], "*sse_record is 'some'; it is none, once or all"),
        ("sse_speed = 0", [], "*sse_speed: the speed is '0'; it is a number above 0, or max"),
        ("", ["--sse-speed=nan"], "*sse_speed: the speed is 'nan'*"),
        ("", ["--sse-record=some"], "*--sse-record: invalid choice: 'some'*"),
    ],
)
def test_an_option_that_cannot_be_meant_stops_the_run(
    pytester: pytest.Pytester, ini: str, options: list[str], words: str
) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = run(pytester, "def test_it(): pass", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def asks(server: Server, *, times: int = 1) -> str:
    """Return a test that asks a server, and checks nothing."""
    return f"""
    @pytest.mark.sse("new")
    def test_it(sse_transport):
        for number in range({times}):
            print(f"[{{get(sse_transport, '{server.url}')!r}}]")
    """


def test_once_records_what_is_missing_and_none_plays_it(pytester: pytest.Pytester) -> None:
    body = pytester.path / "recordings" / "new.txt"
    with serve(Reply(EVENTS)) as server:
        run(pytester, asks(server), "--sse-record=once").assert_outcomes(passed=1)
    recording = Recording.load(body)
    assert recording.body == b"".join(EVENTS)
    assert recording.timing == "sidecar"
    assert sorted(path.name for path in body.parent.iterdir() if path.name[0] != ".") == [
        "new.txt",
        "new.txt.timing.jsonl",
    ]
    # The server is gone: neither mode has a need of it.
    for mode in ("none", "once"):
        result = run(pytester, asks(server), f"--sse-record={mode}", "-s")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["*data: one*data: two*"])


def test_a_test_that_asks_twice_is_answered_in_the_order_recorded(
    pytester: pytest.Pytester, folder: Path
) -> None:
    save(folder / "new.txt", b"data: first\n\n")
    save(folder / "new-2.txt", b"data: second\n\n")
    result = run(
        pytester,
        """
        @pytest.mark.sse("new")
        def test_it(sse_transport):
            assert get(sse_transport) == "data: first\\n\\n"
            assert get(sse_transport) == "data: second\\n\\n"
        """,
    )
    result.assert_outcomes(passed=1)


def test_several_streams_of_one_test_are_all_recorded(pytester: pytest.Pytester) -> None:
    with serve(Reply(EVENTS)) as server:
        run(pytester, asks(server, times=3), "--sse-record=once").assert_outcomes(passed=1)
    bodies = sorted(path.name for path in (pytester.path / "recordings").glob("*.txt"))
    assert bodies == ["new-2.txt", "new-3.txt", "new.txt"]


def test_all_records_anew_and_leaves_nothing_of_before(
    pytester: pytest.Pytester, folder: Path
) -> None:
    for name in ("new.txt", "new-2.txt"):
        save(folder / name, b"data: old\n\n")
    with serve(Reply(EVENTS)) as server:
        run(pytester, asks(server), "--sse-record=all").assert_outcomes(passed=1)
    assert Recording.load(folder / "new.txt").body == b"".join(EVENTS)
    assert not list(folder.glob("new-2*"))


def test_what_could_not_be_recorded_anew_stays(pytester: pytest.Pytester, folder: Path) -> None:
    save(folder / "new.txt", b"data: old\n\n")
    refusal = Reply([b"{}"], status=401, headers={"Content-Type": "application/json"})
    with serve(refusal) as server:
        result = run(pytester, asks(server), "--sse-record=all", "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*new.txt: no event stream came to be recorded"])
    assert Recording.load(folder / "new.txt").body == b"data: old\n\n"


@pytest.mark.parametrize(
    "how", ["assert 'three' in text", "pytest.skip('enough')", "pytest.xfail('not yet')"]
)
def test_a_test_that_does_not_pass_leaves_no_recording(
    pytester: pytest.Pytester, folder: Path, how: str
) -> None:
    save(folder / "old.txt", b"data: old\n\n")
    with serve(Reply(EVENTS)) as server:
        result = run(
            pytester,
            f"""
            @pytest.mark.parametrize("name", [
                pytest.param("new", marks=pytest.mark.sse("new")),
                pytest.param("old", marks=pytest.mark.sse("old")),
            ])
            def test_it(sse_transport, name):
                text = get(sse_transport, "{server.url}")
                {how}
            """,
            "--sse-record=all",
        )
    assert "passed" not in result.parseoutcomes()
    for name in ("new", "old"):
        result.stdout.fnmatch_lines([f"*{name}.txt: not recorded, for the test did not pass"])
    assert Recording.load(folder / "old.txt").body == b"data: old\n\n"
    assert not (folder / "new.txt").exists()


@pytest.mark.parametrize(
    "fixtures", ["sse_transport, sse_async_transport", "sse_async_transport, sse_transport"]
)
def test_a_test_with_both_clients_has_the_streams_of_both_recorded(
    pytester: pytest.Pytester, fixtures: str
) -> None:
    test = f"""
        import asyncio

        @pytest.mark.sse("new")
        def test_both({fixtures}):
            async def aget(url):
                async with httpx2.AsyncClient(transport=sse_async_transport) as client:
                    return (await client.get(url)).text
            assert get(sse_transport, "URL/sync") == "data: sync\\n\\n"
            assert asyncio.run(aget("URL/async")) == "data: async\\n\\n"
    """
    at = "/v1/chat/completions"
    replies = {f"{at}/{name}": Reply([f"data: {name}\n\n".encode()]) for name in ("sync", "async")}
    with serve(Reply([]), paths=replies) as server:
        test = test.replace("URL", server.url)
        run(pytester, test, "--sse-record=once").assert_outcomes(passed=1)
    bodies = [
        (pytester.path / "recordings" / name).read_bytes() for name in ("new.txt", "new-2.txt")
    ]
    assert bodies == [b"data: sync\n\n", b"data: async\n\n"]
    run(pytester, test).assert_outcomes(passed=1)


def test_an_async_client_is_recorded_too(pytester: pytest.Pytester) -> None:
    with serve(Reply(EVENTS)) as server:
        result = run(
            pytester,
            f"""
            import asyncio

            @pytest.mark.sse("new")
            def test_async(sse_async_transport):
                async def get():
                    async with httpx2.AsyncClient(transport=sse_async_transport) as client:
                        await client.get("{server.url}")
                asyncio.run(get())
            """,
            "--sse-record=once",
        )
    result.assert_outcomes(passed=1)
    assert Recording.load(pytester.path / "recordings" / "new.txt").body == b"".join(EVENTS)


def test_the_marker_the_options_and_the_fixtures_are_in_the_help(
    pytester: pytest.Pytester,
) -> None:
    run_here(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.sse(name*"])
    run_here(pytester, "--help").stdout.fnmatch_lines(["*--sse-record*", "*--sse-speed*"])
    fixtures = run_here(pytester, "--fixtures").stdout
    for name in ("sse_recording", "sse_transport", "sse_async_transport", "sse_server"):
        fixtures.fnmatch_lines([f"{name} -- *"])


def test_a_run_that_plays_nothing_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_it():\n    import sys\n    print('loaded', *sys.modules)\n"
    )

    def loaded(*options: str) -> set[str]:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *options, "."],
            cwd=tmp_path,
            env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        (line,) = [line for line in result.stdout.splitlines() if "loaded " in line]
        return set(line.partition("loaded ")[2].split())

    brought = loaded("-p", "sseparse.pytest_plugin") - loaded()
    assert "sseparse.pytest_plugin" in brought
    assert not HEAVY & {name.partition(".")[0] for name in brought}
    assert not {"sseparse.http", "sseparse.recording", "sseparse.replay"} & brought
