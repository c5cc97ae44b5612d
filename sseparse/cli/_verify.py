"""``sseparse verify``: are recordings what was recorded, and fit to be shared?"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click

from sseparse.assembly import Finding
from sseparse.cli._output import encode_json, in_words_of, one_line, tell
from sseparse.recording._sidecar import SUFFIX

DAMAGED, UNREADABLE = 1, 2


@click.command(
    "verify",
    short_help="Tell whether recordings are whole, and fit to be shared.",
    epilog="""\b
Examples:
  sseparse verify answer.txt
  sseparse verify recordings/ && git add recordings/
  sseparse verify --strict --quiet fixtures/*.txt || echo "look again"
  sseparse verify --json recordings/ | jq -r 'select(.severity=="error").file'
""",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print each finding as one line of JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status is the answer.")
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
@click.pass_context
def verify_command(
    context: click.Context, files: tuple[str, ...], as_json: bool, quiet: bool, strict: bool
) -> None:
    """Check each FILE against its timing file: length, SHA-256, times.

    Also told: interrupted recordings, strings that look like API keys, files left behind, and
    whether git would rewrite line ends. FILE is a body, its timing file, or a folder: then all
    recordings below it.

    Each finding is a line on stdout. The exit status is 1 if a recording is damaged (with --strict:
    if there is any warning), 2 if a file cannot be read.
    """
    from sseparse._verify import verify  # what it asks git with takes 10 ms to import

    damaged = warnings = count = unreadable = 0
    for body in dict.fromkeys(body for file in files for body in _bodies(file)):
        try:
            findings = verify(body)
        except OSError as error:
            unreadable += 1
            tell(f"{error.filename or body}: {error.strerror or error}")
            continue
        if not quiet:
            _print(findings, body, as_json=as_json)
        count += 1
        damaged += any(finding.severity == "error" for finding in findings)
        warnings += sum(finding.severity == "warning" for finding in findings)
    if not quiet:
        words = [_counted(count, "recording"), f"{damaged} damaged", _counted(warnings, "warning")]
        click.echo(", ".join(words), err=True)
    failed = damaged or (strict and warnings)
    context.exit(UNREADABLE if unreadable else DAMAGED if failed else 0)


def _bodies(file: str) -> list[Path]:
    """Return the file's body, or those of all recordings below a folder.

    Raises:
        OSError: a folder has none, or cannot be read.
    """
    from sseparse._verify import body_path

    if not Path(file).is_dir():
        return [body_path(file)]
    found = []
    for folder, folders, names in os.walk(file, onerror=_raise):
        folders[:] = sorted(name for name in folders if name != ".git")
        found += [
            Path(folder, name.removesuffix(SUFFIX))
            for name in sorted(names)
            if name.endswith(SUFFIX) and name != SUFFIX
        ]
    if not found:
        raise OSError(errno.ENOENT, "no recordings (files with a .timing.jsonl beside) here", file)
    return found


def _raise(error: OSError) -> None:
    raise error


def _print(findings: list[Finding], body: Path, *, as_json: bool) -> None:
    for finding in findings:
        message = in_words_of("verify", finding.message)
        if as_json:
            value = {
                "file": str(body),
                "code": finding.code,
                "severity": finding.severity,
                "message": message,
                "event_number": finding.event_number,
                "offset": finding.offset,
            }
            click.echo(encode_json(value))
        else:
            line = f"{body}: {finding.severity}: {message} [{finding.code}]"
            click.echo(one_line(line))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
