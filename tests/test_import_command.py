"""``sseparse import`` and ``export`` as people use them: what is taken, where to, what fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli import Result, posix, run, run_all, write_recording
from test_import_curl_trace import blocks

from sseparse import Recording, RecordingError
from sseparse.cli._import import FORMATS
from sseparse.formats import read_imports
from sseparse.formats._detect import READERS
from sseparse.recording import sidecar_path

MODES = 0o777


def har(*media_types: str | None) -> bytes:
    """A HAR file with an entry for each of these; None: an event stream without a body."""
    entries = []
    for number, media_type in enumerate(media_types, 1):
        content: dict[str, object] = {"mimeType": media_type or "text/event-stream"}
        if media_type is not None:
            content["text"] = f"data: {number}\n\n"
        request = {"method": "POST", "url": f"https://a.example/v1/{number}", "headers": []}
        entries.append(
            {
                "startedDateTime": f"2026-11-26T08:00:0{number}Z",
                "request": request,
                "response": {"status": 200, "headers": [], "content": content},
            }
        )
    return json.dumps({"log": {"entries": entries}}).encode()


STREAM, PAGE = "text/event-stream", "text/html"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A page, and two streams."""
    file = tmp_path / "mixed.har"
    file.write_bytes(har(PAGE, STREAM, STREAM))
    return file


def recorded(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.txt"))


def line(result: Result) -> str:
    """The one line on stderr of a command that failed."""
    assert result.status == 2
    assert result.out == b""
    (only,) = result.error_lines
    assert only.startswith("sseparse: ")
    return only


def test_the_names_that_the_command_takes_are_those_that_are_read() -> None:
    assert tuple(READERS) == FORMATS


def test_a_folder_takes_all_streams_and_nothing_else(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    done = run("import", mixed, "-o", f"{out}/")
    names = ["20261126T080002.000Z-v1-2", "20261126T080003.000Z-v1-3"]
    assert recorded(out) == [f"{name}.txt" for name in names]
    assert done.status == 0
    assert done.error_lines == [
        f"sseparse: {out}/{name}.txt: 9 bytes from har; it lacks the times and the read boundaries"
        for name in names
    ]
    assert out.stat().st_mode & MODES == 0o700
    assert {file.stat().st_mode & MODES for file in out.iterdir()} == {0o600}


def test_a_file_takes_one_of_several_only_by_its_number(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    said = line(run("import", mixed, "-o", out))
    assert "it holds 2 responses: 2: POST https://a.example/v1/2 200 text/event-stream" in said
    assert said.endswith("give a folder (-o DIR/), or --entry N")
    assert not out.exists()
    assert run("import", mixed, "-o", out, "--entry", "3").status == 0
    assert out.read_bytes() == b"data: 3\n\n"


def test_an_entry_is_taken_whatever_it_is_and_all_takes_everything(
    mixed: Path, tmp_path: Path
) -> None:
    chosen = ["--entry", "1", "--entry", "3", "--entry", "1"]
    done = run_all(
        [
            ("import", mixed, "-o", tmp_path / "page.txt", "--entry", "1"),
            ("import", mixed, "-o", f"{tmp_path}/two/", *chosen),
            ("import", mixed, "-o", f"{tmp_path}/all/", "--all"),
        ]
    )
    assert [result.status for result in done] == [0, 0, 0]
    assert (tmp_path / "page.txt").read_bytes() == b"data: 1\n\n"
    assert [len(recorded(tmp_path / name)) for name in ("two", "all")] == [2, 3]


def test_the_list_shows_what_there_is_and_writes_nothing(mixed: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    done = run("import", mixed, "--list")
    assert done.out.decode().splitlines() == [
        "   1  POST https://a.example/v1/1 200 text/html 9 bytes  (no event stream)",
        "   2  POST https://a.example/v1/2 200 text/event-stream 9 bytes",
        "   3  POST https://a.example/v1/3 200 text/event-stream 9 bytes",
    ]
    assert done.status == 0
    assert sorted(tmp_path.iterdir()) == before


def test_entries_of_one_name_do_not_take_each_other_s_place(tmp_path: Path) -> None:
    value = json.loads(har(STREAM, STREAM))
    first, second = value["log"]["entries"]
    second.update(request=first["request"], startedDateTime=first["startedDateTime"])
    done = run("import", "-", "-o", f"{tmp_path}/out/", stdin=json.dumps(value).encode())
    assert done.status == 0
    name = "20261126T080001.000Z-v1-1"
    assert recorded(tmp_path / "out") == [f"{name}-2.txt", f"{name}.txt"]


def test_what_is_there_is_replaced_only_by_force(mixed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    kept = folder / "20261126T080003.000Z-v1-3.txt.timing.jsonl"
    kept.write_text("mine")
    said = line(run("import", mixed, "-o", folder))
    assert said == f"sseparse: {kept}: File exists; --force replaces it"
    assert [file.name for file in folder.iterdir()] == [kept.name]
    assert run("import", mixed, "-o", folder, "--force").status == 0
    assert len(recorded(folder)) == 2
    assert kept.read_text() != "mine"


def test_an_entry_without_a_body_is_told_and_the_others_are_taken(tmp_path: Path) -> None:
    source = tmp_path / "a.har"
    source.write_bytes(har(STREAM, None))
    done = run("import", source, "-o", f"{tmp_path}/out/")
    assert done.status == 1
    assert done.error_lines[-1].startswith(f"sseparse: {source}: entry 2 is left out: the body was")
    assert len(recorded(tmp_path / "out")) == 1
    said = line(run("import", source, "-o", tmp_path / "b.txt", "--entry", "2"))
    assert "entry 2: the body was not saved with it" in said


def test_there_is_nothing_to_take(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    said = line(run("import", "-", "-o", out, stdin=har(PAGE)))
    assert "stdin: it holds no event stream, but 1: POST https://a.example/v1/1 200" in said
    assert said.endswith("--all takes every response")
    trace = b"== Info: Trying 127.0.0.1\n"
    assert "no request and no response" in line(run("import", "-", "-o", out, stdin=trace))
    said = line(run("import", "-", "-o", out, "--entry", "9", stdin=har(STREAM)))
    assert said == "sseparse: stdin: it has 1 entry"
    assert not out.exists()


TRACE_ASCII = b"== Info: Trying\n=> Send header, 9 bytes (0x9)\n0000: xx\nmore\n"

BAD: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is empty"),
    ("blank", b" \n\n", "the file is empty"),
    ("binary", bytes(range(256)) * 9, "it is not told what this is; --from says it, one of curl-"),
    ("a stream", b"data: 1\n\n", "this is the event stream itself, a recording as it is"),
    ("json", b'{"a": 1}', "JSON, but of no kind that is known here"),
    ("cut json", b'{"log": {"entries": [', ":1: no JSON: "),
    ("deep json", b"[" * 200_000, "it is nested too deeply to be read"),
    ("yaml", b"interactions: [\x01]", "no YAML: "),
    ("deep yaml", b"interactions: " + b"[" * 200_000, "no YAML: exceeded maximum nesting depth"),
    ("object", b"interactions: !!python/name:os.system", ":1: the tag "),
    (
        "trace",
        TRACE_ASCII,
        ":3: this is --trace-ascii",
    ),
    ("head", b"HTTP/1.1 200 OK\r\n", "the head of the response does not end"),
    ("verbose", b"* Trying 127.0.0.1\n> GET / HTTP/1.1\n", "there is no response in it"),
    ("flows", b"12:4:abc;", "mitmproxy"),
    ("aimock", b'{"fixtures": 1}', "no aimock fixtures"),
    ("escape", b'{"\x1b[2J": 1}', "no JSON: "),
    ("escape in a tag", b"interactions: !<\x1b[2J> 1", "no YAML: "),
]


@pytest.mark.parametrize(("name", "data", "message"), BAD, ids=[name for name, _, _ in BAD])
def test_what_cannot_be_imported_is_told_in_one_line(name: str, data: bytes, message: str) -> None:
    with pytest.raises(RecordingError) as caught:
        read_imports(data, name)
    said = str(caught.value)
    assert said.startswith(f"{name}:")
    assert message in said
    assert "\n" not in said


def test_the_command_tells_it_and_writes_nothing(tmp_path: Path) -> None:
    chosen = [one for one in BAD if one[0] in ("binary", "deep json", "object", "escape in a tag")]
    for name, data, _ in chosen:
        (tmp_path / name).write_bytes(data)
    before = sorted(tmp_path.iterdir())
    commands = [("import", tmp_path / name, "-o", f"{tmp_path}/out/") for name, _, _ in chosen]
    for (name, _, message), done in zip(chosen, run_all(commands), strict=True):
        said = line(done)
        assert said.startswith(f"sseparse: {tmp_path / name}:")
        assert message in said
        assert "\x1b" not in said
    assert sorted(tmp_path.iterdir()) == before


CHUNKED_TRACE = blocks(
    ("=> Send header", b"GET / HTTP/1.1\r\n\r\n"),
    ("<= Recv header", b"HTTP/1.1 200 OK\r\n"),
    ("<= Recv header", b"Transfer-Encoding: chunked\r\n"),
    ("<= Recv header", b"\r\n"),
    ("<= Recv data", b"0\r\n\r\n"),
)


@pytest.mark.parametrize(
    ("module", "source", "data", "command"),
    [
        ("yaml", "vcr", b"interactions: []", "pip install 'sseparse[formats]'"),
        ("mitmproxy.http", "mitmproxy", b"1:2:x", "pip install mitmproxy"),
        ("h11", "curl-trace", CHUNKED_TRACE, "pip install 'sseparse[formats]'"),
    ],
)
def test_a_library_that_is_missing_is_named_with_the_command_that_brings_it(
    module: str, source: str, data: bytes, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RecordingError, match=r"takes .*library") as caught:
        read_imports(data, "a", source)
    assert str(caught.value).endswith(command)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["import"], "Missing argument 'SOURCE'"),
        (["import", "a.har"], "give -o OUT, or --list"),
        (["import", "a.har", "--list", "-o", "b"], "give -o OUT, or --list"),
        (["import", "a.har", "-o", "-"], "a recording is two files"),
        (["import", "a.har", "-o", "b", "--from", "nope"], "'nope' is not one of 'curl-trace'"),
        (["import", "a.har", "-o", "b", "--entry", "0"], "0 is not in the range"),
        (["export", "a.txt"], "say what to write: --har or --asciicast"),
        (["export", "a.txt", "--har", "--asciicast"], "say what to write: --har or --asciicast"),
        (["export", "a.txt", "--har", "--view", "raw"], "are for --asciicast"),
        (["export", "a.txt", "--asciicast", "--protocol", "nope"], "nope"),
        (["export", "-", "--har", "--timing", "sidecar"], "stdin has no timing file"),
    ],
)
def test_bad_usage_says_what_is_wrong(args: list[str], message: str) -> None:
    done = run(*args)
    assert done.status == 2
    assert message in done.error_lines[-1]


def test_files_that_cannot_be_read_or_written_are_one_line(tmp_path: Path) -> None:
    source = write_recording(tmp_path / "a.txt", [(0.5, b"data: 1\n\n")])
    (tmp_path / "a.har").write_bytes(har(STREAM))
    commands: list[tuple[list[str | Path], str]] = [
        (["import", tmp_path / "none", "-o", "b"], "none: No such file or directory"),
        (["import", tmp_path, "-o", "b"], f"{tmp_path}: Is a directory"),
        (["import", tmp_path / "a.har", "-o", tmp_path / "no/b.txt"], "no: No such file"),
        (["import", tmp_path / "a.har", "-o", f"{source}/"], "a.txt"),
        (["export", tmp_path / "none", "--har"], "none: No such file or directory"),
        (["export", source, "--har", "-o", tmp_path / "no/b.har"], "b.har: No such file"),
        (["export", source, "--har", "-o", tmp_path / "a.har"], "a.har: File exists; --force"),
        (["import", tmp_path / "a.har", "-o", "b.txt.timing.jsonl"], "this names a timing file"),
        (["verify", ""], "'': No such file or directory"),
        (["export", source, "--har", "-o", tmp_path], "Is a directory"),
        (["export", source, "--har", "--timing", "created"], '"created" stamps'),
    ]
    for (_, message), done in zip(commands, run_all([args for args, _ in commands]), strict=True):
        assert message in line(done)
    assert source.read_bytes() == b"data: 1\n\n"


def test_a_recording_is_not_exported_onto_itself(tmp_path: Path) -> None:
    source = write_recording(tmp_path / "a.txt", [(0.5, b"data: 1\n\n")])
    (tmp_path / "link").symlink_to(source)
    before = sidecar_path(source).read_bytes()
    for out in (source, tmp_path / "link", sidecar_path(source)):
        done = run("export", source, "--asciicast", "-o", out, "--force")
        assert done.status == 2
        assert "is the recording itself; choose another name" in done.error_lines[-1]
    assert (source.read_bytes(), sidecar_path(source).read_bytes()) == (b"data: 1\n\n", before)


@posix
def test_export_replaces_by_force_keeps_the_mode_and_writes_to_devices(tmp_path: Path) -> None:
    source = write_recording(tmp_path / "a.txt", [(0.5, b"data: 1\n\n")])
    out = tmp_path / "a.har"
    out.write_text("mine")
    out.chmod(0o640)
    (tmp_path / "link.har").symlink_to(out)
    assert run("export", source, "--har", "-o", tmp_path / "link.har", "--force").status == 0
    assert json.loads(out.read_text())["log"]["version"] == "1.2"
    assert out.stat().st_mode & MODES == 0o640
    assert (tmp_path / "link.har").is_symlink()
    assert run("export", source, "--har", "-o", "/dev/stdout").out == out.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "a.har",
        "a.txt",
        "a.txt.timing.jsonl",
        "link.har",
    ]


def test_a_file_without_times_is_imported_and_played(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    assert run("import", "-", "-o", out, stdin=har(STREAM)).status == 0
    recording = Recording.load(out)
    assert recording.timing == "none"
    assert recording.warnings == ()
    assert recording.header is not None
    assert recording.header.extra == {"imported_from": "har"}
    assert run("replay", out).out == b"data: 1\n\n"
