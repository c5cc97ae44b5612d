"""The pytest plugin: recordings beside the tests, answered from without a network.

A test names its recording with a marker, and takes what plays it as a fixture::

    @pytest.mark.sse("weather", fault="cut@event=12")
    def test_the_client_asks_again(sse_transport):
        client = openai.OpenAI(http_client=httpx2.Client(transport=sse_transport))

The recording is ``recordings/weather.txt`` beside the module of the test; without a name, the file
is called after the test. Nothing is sent over a network unless ``--sse-record`` says so.

What counts for speed is, in this order: the marker, ``--sse-speed``, ``sse_speed`` in the ini file,
``"max"``. For recording: ``--sse-record``, ``sse_record`` in the ini file, ``"none"``.

pytest loads this module in every run, of people too who never play a recording. So all that it
needs it imports where it is needed.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import math
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pytest

if TYPE_CHECKING:
    from sseparse.http import (
        AsyncRecordingTransport,
        AsyncReplayTransport,
        RecordingTransport,
        ReplayTransport,
    )
    from sseparse.recording import Recording
    from sseparse.replay import Transforms

MODES = ("none", "once", "all")

FOLDER = "recordings"
"""Where the recordings are, beside the module of the test."""

SUFFIXES = (".txt", ".sse", ".raw")
"""How the file of a recording ends; a name without one of these gets the first."""

_LONGEST_NAME = 120
"""Characters, of the 255 that file systems take: parameters of tests can be long."""

_MARKER = (
    'sse(name, *, speed="max", fault="…", …): the recording that the fixtures of sseparse play, '
    "and what is done to it before: any option of sseparse.replay.Transforms"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and their namesakes in the ini file."""
    group = parser.getgroup("sseparse", "recorded event streams")
    group.addoption(
        "--sse-record",
        choices=MODES,
        help="none: play only, no network (default); once: record what has no recording yet; "
        "all: record everything anew",
    )
    group.addoption(
        "--sse-speed",
        metavar="SPEED",
        help="how fast recordings are played where the marker does not say: 1 as recorded, "
        "10 ten times as fast, max without waiting (default)",
    )
    parser.addini(
        "sse_record", "where --sse-record is not given: none, once or all", default="none"
    )
    parser.addini("sse_speed", "where --sse-speed is not given: a number or max", default="max")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; refuse values that cannot be meant before any test runs."""
    config.addinivalue_line("markers", _MARKER)
    mode = _setting(config, "sse_record")
    if mode not in MODES:
        raise pytest.UsageError(f"sse_record is {mode!r}; it is none, once or all")
    try:
        _speed(_setting(config, "sse_speed"))
    except ValueError as error:
        raise pytest.UsageError(f"sse_speed: {error}") from None


_PASSED = pytest.StashKey[bool]()
"""Whether the test itself, the last thing reported of it, passed."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test passed: what a broken one has recorded is a stump."""
    report = yield
    item.stash[_PASSED] = report.when == "call" and report.passed
    return report


@pytest.fixture
def _sse_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder to record into, one for all that a test asks by; it is put in place at the end."""
    with tempfile.TemporaryDirectory(prefix="sseparse-") as folder:
        yield Path(folder)
        passed = request.node.stash.get(_PASSED, False)
        if left := _Asked.by(request).install(Path(folder), passed=passed):
            warnings.warn(pytest.PytestWarning(left), stacklevel=2)


@pytest.fixture
def sse_recording(request: pytest.FixtureRequest) -> Recording:
    """The recording that the marker names, with what the marker says done to it.

    Its times are the recorded ones unless the marker has a speed: that of the suite is for players.
    """
    asked = _Asked.by(request)
    with _explained():
        return _transforms(asked.options).apply(asked.takes()[0])


@pytest.fixture
def sse_transport(
    request: pytest.FixtureRequest,
) -> Iterator[ReplayTransport | RecordingTransport]:
    """A transport for ``Client`` of httpx2 and httpx that answers with the recording.

    Where ``--sse-record`` has it record, it sends the requests, and records the event streams that
    come back: the first under the name of the marker, those after it with ``-2``, ``-3`` … behind
    it. They are put in place when the test has passed; and all of them answer when it is run again.
    """
    from sseparse.http import RecordingTransport, ReplayTransport

    asked = _Asked.by(request)
    if asked.records:
        folder = request.getfixturevalue("_sse_folder")
        recording = RecordingTransport(folder, name=asked.path.stem, request_body=True)
        yield recording
        recording.close()
    else:
        yield asked.player(ReplayTransport)


@pytest.fixture
def sse_async_transport(
    request: pytest.FixtureRequest,
) -> Iterator[AsyncReplayTransport | AsyncRecordingTransport]:
    """``sse_transport`` for ``AsyncClient``; the test closes the client, as it should anyway."""
    from sseparse.http import AsyncRecordingTransport, AsyncReplayTransport

    asked = _Asked.by(request)
    if asked.records:
        folder = request.getfixturevalue("_sse_folder")
        yield AsyncRecordingTransport(folder, name=asked.path.stem, request_body=True)
    else:
        yield asked.player(AsyncReplayTransport)


@pytest.fixture
def sse_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The base URL of a server on 127.0.0.1 that answers with the recording, any client at all."""
    from sseparse.server import serve_in_thread

    asked = _Asked.by(request)
    with contextlib.ExitStack() as running:
        with _explained():
            url = running.enter_context(asked.player(serve_in_thread))
        yield url


PlayerT = TypeVar("PlayerT")


@dataclass(frozen=True)
class _Asked:
    """What a test asks for.

    Attributes:
        path: the file of the recording.
        options: what the marker says is to be done to it.
        speed: that of the suite.
        records: whether it is to be recorded now.
        how: what to say where there is no such file.
    """

    path: Path
    options: Mapping[str, Any]
    speed: str
    records: bool
    how: str

    @classmethod
    def by(cls, request: pytest.FixtureRequest) -> Self:
        """Read what is asked off the markers of a test; the closest one has the last word."""
        name = ""
        options: dict[str, Any] = {}
        for marker in reversed(list(request.node.iter_markers("sse"))):
            names = [*marker.args, *(v for key, v in marker.kwargs.items() if key == "name")]
            if len(names) > 1 or not all(isinstance(one, str) for one in names):
                pytest.fail(f"a marker names one recording; this is not one: {marker}", False)
            name = names[0] if names else name
            options |= marker.kwargs
        options.pop("name", None)
        name = name or _own_name(request)
        if not name.endswith(SUFFIXES):
            name += SUFFIXES[0]
        path = request.path.parent / FOLDER / name
        mode = _setting(request.config, "sse_record")
        records = mode == "all" or (mode == "once" and not path.exists())
        shown = os.path.relpath(path, request.config.invocation_params.dir)
        how = f"there is no recording {shown}{_nearest(path)}; "
        if request.fixturename in ("sse_transport", "sse_async_transport"):
            how += f"record it with: pytest --sse-record=once '{request.node.nodeid}'"
        else:
            how += "record it with sseparse record, or in a test with sse_transport"
        return cls(path, options, _setting(request.config, "sse_speed"), records, how)

    def takes(self) -> list[Recording]:
        """Return the recording, and what was recorded after it in the same test."""
        from sseparse.recording import Recording

        paths = self._taken()
        if not paths:
            pytest.fail(self.how, pytrace=False)
        return [Recording.load(path) for path in paths]

    def player(self, make: Callable[..., PlayerT]) -> PlayerT:
        """Return what plays the recording."""
        with _explained():
            return make(self.takes(), transforms=_transforms({"speed": self.speed, **self.options}))

    def install(self, folder: Path, *, passed: bool) -> str:
        """Let what a test has recorded take the place of what was.

        Args:
            folder: what it has recorded into.
            passed: whether it passed; what another has recorded may be anything.

        Returns:
            Why nothing was put in place, or ``""``.
        """
        from sseparse.recording._folder import RecordingFolder

        recorded = self._taken(folder / f"{self.path.stem}.txt")
        if not recorded:
            return f"{self.path.name}: no event stream came to be recorded"
        if not passed:
            return f"{self.path.name}: not recorded, for the test did not pass"
        for old in self._taken():
            _move(old, None)
        RecordingFolder(self.path.parent).make()
        for number, new in enumerate(recorded, 1):
            _move(new, _numbered(self.path, number))
        return ""

    def _taken(self, first: Path | None = None) -> list[Path]:
        paths = (_numbered(first or self.path, number) for number in itertools.count(1))
        return list(itertools.takewhile(Path.exists, paths))


def _nearest(path: Path) -> str:
    """Return a question that names the recording which may have been meant, if there is one."""
    if path.exists() or not path.parent.is_dir():
        return ""
    from difflib import get_close_matches

    names = sorted(file.name for file in path.parent.iterdir() if file.suffix in SUFFIXES)
    near = get_close_matches(path.name, names, 1, 0.75)
    return f" (did you mean {near[0]}?)" if near else ""


def _own_name(request: pytest.FixtureRequest) -> str:
    """Return the name of a test as that of a file."""
    name = (
        request.node.name if request.cls is None else f"{request.cls.__name__}.{request.node.name}"
    )
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:_LONGEST_NAME]


def _numbered(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _move(path: Path, target: Path | None) -> None:
    """Move a recording, with its timing file; or delete it."""
    from sseparse.recording import sidecar_path

    for old, new in ((path, target), (sidecar_path(path), target and sidecar_path(target))):
        if new is None:
            old.unlink(missing_ok=True)
        elif old.exists():
            shutil.move(old, new)


def _transforms(options: Mapping[str, Any]) -> Transforms:
    """Return what a marker says is to be done.

    Raises:
        ValueError: it says something that cannot be done.
    """
    from sseparse.replay import Transforms

    given = dict(options)
    if "fault" in given:
        if "faults" in given:
            raise ValueError("the marker sse has fault= and faults=, which are one: give the first")
        given["faults"] = given.pop("fault")
    if "speed" in given:
        given["speed"] = _speed(given["speed"])
    known = inspect.signature(Transforms).parameters
    for name in given:
        if name not in known:
            names = ", ".join(sorted({"fault", *known} - {"faults"}))
            raise ValueError(f"the marker sse has no option {name!r}; it has {names}")
    try:
        return Transforms(**given)
    except TypeError as error:  # such as a rate that is a text
        raise ValueError(str(error)) from None


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Make one line of what is wrong with a recording, or with what is to be done to it."""
    try:
        yield
    except (OSError, ValueError) as error:  # RecordingError and FaultError are of the latter
        raise pytest.fail.Exception(str(error), pytrace=False) from None  # or it is shown twice


def _setting(config: pytest.Config, name: str) -> str:
    """Return an option of the command line; where it is not given, that of the ini file."""
    given = config.getoption(name)
    return str(config.getini(name) if given is None else given)


def _speed(value: object) -> float:
    if value == "max":
        return math.inf
    try:
        speed = float(value)  # type: ignore[arg-type]  # what is no number raises here
    except (TypeError, ValueError):
        speed = 0.0
    if not speed > 0:
        raise ValueError(f"the speed is {value!r}; it is a number above 0, or max")
    return speed
