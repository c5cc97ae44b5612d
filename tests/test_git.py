"""Recordings in git work trees: whoever saves one is told before git rewrites its line ends.

All of it on real repositories; what git does to a file is seen by committing it and checking out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from sseparse.recording import Recorder, Request
from sseparse.recording._folder import RecordingFolder
from sseparse.recording._git import ATTRIBUTES, advice, rewritten_by_git, write_attributes

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

BODY = b"data: 1\r\n\r\ndata: 2\n\ndata: 3\r\r"
CRLF_BODY = b"data: 1\r\n\r\n"


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@x.example", "-c", "core.safecrlf=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *args], capture_output=True, check=True
    )
    return done.stdout.decode()


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    return folder


def attribute(path: Path, line: str) -> None:
    with (path / ATTRIBUTES).open("a") as file:
        file.write(line + "\n")


def through_git(path: Path) -> bytes:
    """What becomes of a file that is committed and checked out again."""
    folder = path.parent
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-qm", "x")
    path.unlink()
    git(folder, "checkout", "-q", "--", path.name)
    return path.read_bytes()


def follow(advised: str) -> None:
    """Do what the advice says."""
    place, _, line = advised.partition(" put this line at the end of ")[2].rpartition(
        f"{ATTRIBUTES}: "
    )
    attribute(Path(place), line)


def test_outside_of_a_work_tree_there_is_nothing_to_be_told(tmp_path: Path) -> None:
    assert advice(tmp_path / "fixture.txt") is None


@pytest.mark.parametrize("autocrlf", ["true", "false", "input"])
def test_what_git_would_rewrite_on_some_machine_is_told_whatever_the_settings_here(
    tmp_path: Path, autocrlf: str
) -> None:
    git(repository(tmp_path), "config", "core.autocrlf", autocrlf)
    path = tmp_path / "fixture.txt"
    path.write_bytes(BODY)
    advised = advice(path)
    assert advised == (
        f"git may rewrite line ends in {path}; put this line at the end of "
        f"{tmp_path.resolve() / ATTRIBUTES}: *.txt -text"
    )
    follow(advised)
    assert advice(path) is None
    assert through_git(path) == BODY


def test_git_does_rewrite_what_it_is_not_told_to_keep(tmp_path: Path) -> None:
    git(repository(tmp_path), "config", "core.autocrlf", "input")
    path = tmp_path / "fixture.txt"
    path.write_bytes(CRLF_BODY)
    assert through_git(path) == b"data: 1\n\n"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("*.txt -text", True),
        ("*.txt binary", True),
        ("* -text", True),
        ("*.txt filter=lfs diff=lfs merge=lfs -text", True),
        ("*.txt text=auto", False),
        ("* text=auto eol=lf", False),
        ("*.txt text", False),
        ("*.txt !text", False),
        ("*.txt eol=crlf", False),
        ("*.md -text", False),
        ("other/** -text", False),
        ("* -text\n*.txt text", False),
        ("*.txt -diff", False),
    ],
)
def test_attributes_are_read_as_git_reads_them(tmp_path: Path, line: str, kept: bool) -> None:
    attribute(repository(tmp_path), line)
    assert (rewritten_by_git(tmp_path / "fixture.txt") is None) == kept
    path = tmp_path / "fixture.txt"
    path.write_bytes(CRLF_BODY)
    git(tmp_path, "config", "core.autocrlf", "input")
    if kept and "lfs" not in line:
        assert through_git(path) == CRLF_BODY


def test_attributes_of_the_repository_itself_count_too(tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "attributes").write_text("*.txt -text\n")
    assert advice(tmp_path / "fixture.txt") is None


def test_a_file_that_git_ignores_is_left_alone(tmp_path: Path) -> None:
    (repository(tmp_path) / ".gitignore").write_text("*.txt\nscratch/\n")
    (tmp_path / "scratch").mkdir()
    assert advice(tmp_path / "fixture.txt") is None
    assert advice(tmp_path / "scratch" / "fixture.sse") is None
    assert advice(tmp_path / "fixture.sse") is not None


def test_a_file_that_is_ignored_but_tracked_is_not_left_alone(tmp_path: Path) -> None:
    (repository(tmp_path) / ".gitignore").write_text("*.txt\n")
    path = tmp_path / "fixture.txt"
    path.write_bytes(BODY)
    git(tmp_path, "add", "-f", "fixture.txt")
    assert advice(path) is not None


NAMES = ["deep/er", "with blank", "ünï/cödé", "[x]*?", "#hash", "!bang", 'quo"te', "back\\slash"]
NAMES += [" lead and trail ", "tab\there", "new\nline", "-dash", ":(top)", "[attr]x", "a'b"]


@pytest.mark.skipif(os.name != "posix", reason="such names are for POSIX")
@pytest.mark.parametrize("name", NAMES)
def test_what_is_advised_works_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path / "root of it")
    folder = root / name
    folder.mkdir(parents=True)
    path = folder / "fixture.txt"
    path.write_bytes(BODY)
    advised = advice(path)
    assert advised is not None
    follow(advised)
    assert advice(path) is None
    assert advice(root / "other.txt") is not None  # and nothing else is touched
    git(root, "config", "core.autocrlf", "true")
    assert through_git(path) == BODY


@pytest.mark.skipif(os.name != "posix", reason="such names are for POSIX")
@pytest.mark.parametrize(
    "name",
    ["fixture.txt", "fixture", ".hidden", "a b", "a.b c", "x.[y]", "#x", "!x", "-x", ":x", "*"],
)
def test_what_is_advised_works_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    path = repository(tmp_path) / name
    path.write_bytes(BODY)
    advised = advice(path)
    assert advised is not None
    follow(advised)
    assert advice(path) is None
    assert advice(tmp_path / "another.kind") is not None


def test_what_is_advised_works_where_attributes_further_down_say_otherwise(tmp_path: Path) -> None:
    folder = repository(tmp_path) / "a" / "b"
    folder.mkdir(parents=True)
    attribute(tmp_path / "a", "*.txt text")
    advised = advice(folder / "fixture.txt")
    assert advised is not None
    assert f"{tmp_path.resolve() / 'a' / ATTRIBUTES}: b/** -text" in advised
    follow(advised)
    assert advice(folder / "fixture.txt") is None
    attribute(folder, "*.txt text")
    advised = advice(folder / "fixture.txt")
    assert advised is not None
    follow(advised)
    assert advice(folder / "fixture.txt") is None


def test_a_worktree_has_a_root_of_its_own(tmp_path: Path) -> None:
    root = repository(tmp_path / "root")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")
    git(root, "worktree", "add", "-q", str(tmp_path / "second"))
    (tmp_path / "second" / "sub").mkdir()
    assert (
        rewritten_by_git(tmp_path / "second" / "sub" / "x.txt") == (tmp_path / "second").resolve()
    )


def test_inside_of_the_folder_of_git_there_is_nothing_to_be_told(tmp_path: Path) -> None:
    repository(tmp_path)
    assert advice(tmp_path / ".git" / "fixture.txt") is None


def test_a_hook_that_speaks_of_another_repository_does_not_mislead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other")
    attribute(other, "* -text")
    here = repository(tmp_path / "here")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert rewritten_by_git(here / "fixture.txt") == here.resolve()


def test_a_path_relative_to_the_present_folder_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository(tmp_path) / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    advised = advice(Path("fixture.txt"))
    assert advised is not None
    assert advised.endswith(f"{tmp_path.resolve() / ATTRIBUTES}: sub/** -text")


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (repository(tmp_path / "root") / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "root" / "sub", target_is_directory=True)
    advised = advice(tmp_path / "link" / "fixture.txt")
    assert advised is not None
    follow(advised)
    assert advice(tmp_path / "root" / "sub" / "fixture.txt") is None


@pytest.mark.skipif(os.name != "posix", reason="such names are for POSIX")
def test_a_folder_whose_name_is_no_utf_8_breaks_nothing(tmp_path: Path) -> None:
    folder = repository(tmp_path) / os.fsdecode(b"\xff\xfe")
    folder.mkdir()
    assert advice(folder / "fixture.txt") is not None


def test_without_git_there_is_nothing_to_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert advice(tmp_path / "fixture.txt") is None
    assert write_attributes(tmp_path) is None
    assert not (tmp_path / ATTRIBUTES).exists()


def test_a_folder_that_is_not_there_breaks_nothing(tmp_path: Path) -> None:
    repository(tmp_path)
    assert advice(tmp_path / "nowhere" / "fixture.txt") is None


# --- writing the attributes


def test_attributes_are_written_into_a_folder_and_keep_every_byte(tmp_path: Path) -> None:
    git(repository(tmp_path), "config", "core.autocrlf", "input")
    folder = tmp_path / "recordings"
    folder.mkdir()
    assert write_attributes(folder) == folder / ATTRIBUTES
    for name in ("a.txt", "b.sse"):
        (folder / name).write_bytes(BODY)
        assert through_git(folder / name) == BODY
    assert advice(tmp_path / "fixture.txt") is not None


def test_attributes_that_are_there_are_left_as_they_are(tmp_path: Path) -> None:
    attribute(repository(tmp_path), "*.md text")
    assert write_attributes(tmp_path) is None
    assert (tmp_path / ATTRIBUTES).read_text() == "*.md text\n"


def test_attributes_are_not_written_where_they_are_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "no-git").mkdir()
    root = repository(tmp_path / "root")
    (root / ".gitignore").write_text("scratch/\n")
    attribute(root, "kept/** -text")
    for folder in (tmp_path / "no-git", root / "scratch", root / "kept"):
        folder.mkdir(exist_ok=True)
        assert write_attributes(folder) is None
        assert not (folder / ATTRIBUTES).exists()


def record_into(folder: Path) -> Recorder:
    recorder = RecordingFolder(folder).record(
        Request("POST", "https://a.example/v1"),
        200,
        [("content-type", "text/event-stream")],
        sent_at=0.0,
    )
    assert recorder is not None
    recorder.write(BODY)
    recorder.close()
    return recorder


def test_a_folder_that_is_made_for_recordings_gets_attributes(tmp_path: Path) -> None:
    git(repository(tmp_path), "config", "core.autocrlf", "true")
    recorder = record_into(tmp_path / "new" / "recordings")
    attributes = tmp_path / "new" / "recordings" / ATTRIBUTES
    deadline = time.monotonic() + 10
    while not attributes.exists() and time.monotonic() < deadline:
        time.sleep(0.01)  # the stream is not made to wait for git
    assert advice(recorder.path) is None
    assert through_git(recorder.path) == BODY


def test_a_folder_that_was_there_is_not_written_to(tmp_path: Path) -> None:
    (repository(tmp_path) / "recordings").mkdir()
    recorder = record_into(tmp_path / "recordings")
    assert not (tmp_path / "recordings" / ATTRIBUTES).exists()
    assert advice(recorder.path) is not None
