"""``sseparse check``: a linter for streams."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from sseparse import Recording
from sseparse.assembly import Finding
from sseparse.cli._check_formats import Checked, encoded, text_lines
from sseparse.cli._input import STDIN, in_folders, named, protocol_option, read_chunks
from sseparse.cli._output import counted, in_words_of, tell
from sseparse.cli._progress import progress

ERRORS, UNREADABLE = 1, 2


def _split(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Return the codes of an option that may be given several times, and with commas."""
    return [code.strip() for value in values for code in value.split(",") if code.strip()]


def _list_rules(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Print every code, and end."""
    if not value or context.resilient_parsing:
        return
    from sseparse.inspect import RULES

    width = max(map(len, RULES))
    for rule in sorted(RULES.values(), key=lambda rule: (rule.group, rule.code)):
        click.echo(f"{rule.group:8}  {rule.severity:7}  {rule.code:{width}}  {rule.title}")
    context.exit()


def _explain(context: click.Context, option: click.Parameter, value: str | None) -> None:
    """Print what a code means, and end."""
    if value is None or context.resilient_parsing:
        return
    from sseparse.inspect import RULES

    rule = RULES.get(value)
    if rule is None:
        raise click.BadParameter(f"there is no code {value!r}; --list has all.", context, option)
    click.echo(f"{rule.code} ({rule.group}, {rule.severity}): {rule.title}")
    click.echo(f"\nCause: {rule.cause}\nCure:  {rule.cure}")
    context.exit()


@click.command(
    "check",
    short_help="Tell what is odd about streams, and what to do about it.",
    epilog="""\b
Examples:
  sseparse check answer.txt
  sseparse check recordings/ --ignore role-repeated,extra-fields
  sseparse check recordings/ --select error-in-stream,timing
  sseparse check --explain cumulative-usage
  curl -sN "$URL" -d @request.json | sseparse check -
  sseparse check recordings/ --format sarif > check.sarif
""",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="Lines for people; a line of JSON for each finding; annotations for GitHub Actions; "
    "SARIF 2.1.0 for code scanning.",
)
@click.option(
    "--select",
    multiple=True,
    callback=_split,
    metavar="CODE,...",
    help="Look for these codes only; or for groups: format, protocol, timing.",
)
@click.option(
    "--ignore", multiple=True, callback=_split, metavar="CODE,...", help="Leave these out."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status is the answer.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_rules,
    help="Print all codes, and end.",
)
@click.option(
    "--explain",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Print the cause of a finding and its cure, and end.",
)
@protocol_option
@click.pass_context
def check_command(
    context: click.Context,
    files: tuple[str, ...],
    form: str,
    select: list[str],
    ignore: list[str],
    quiet: bool,
    protocol: str | None,
) -> None:
    """Tell what is odd about each FILE: a stream, a folder of recordings, or - for stdin.

    The format (bytes and lines), the protocol (what the events say, and in which order) and the
    timing, if it was recorded. Each code is one finding, at its first place. An error means that
    the answer is not whole, a warning that clients may fail; an info is a peculiarity to know.

    The exit status is 1 if there is an error, 2 if a file cannot be read.
    """
    from sseparse.inspect._check._rules import chosen

    try:
        codes = chosen(select or None, ignore)
    except ValueError as wrong:
        raise click.UsageError(f"{wrong}.") from None
    if files.count(STDIN) > 1:
        raise click.UsageError("stdin comes once")
    checked: list[Checked] = []
    unreadable = 0
    paths: list[str] = []
    for file in files:
        try:
            paths += in_folders([file])
        except (OSError, ValueError) as error:  # a folder without recordings, say
            unreadable += 1
            tell(_why(file, error))
    with _progress(paths) as advance:
        for path in paths:
            try:
                found = _check(path, codes, protocol, advance)
            except (OSError, ValueError) as error:  # a damaged timing file is one of these
                unreadable += 1
                tell(_why(path, error))
                continue
            checked.append(Checked(path, found))
            if form == "text" and not quiet:
                for line in text_lines(checked[-1]):
                    click.echo(line)
    if not quiet:
        if form != "text":
            sys.stdout.buffer.write(encoded(form, checked))
            sys.stdout.buffer.flush()
        click.echo(_summary(checked), err=True)
    failed = any(one.severity == "error" for each in checked for one in each.findings)
    context.exit(UNREADABLE if unreadable else ERRORS if failed else 0)


def _why(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or path}: {error.strerror or error}"
    return in_words_of("check", str(error))


def _check(
    path: str,
    codes: frozenset[str],
    protocol: str | None,
    advance: Callable[[int], object] | None,
) -> tuple[Finding, ...]:
    from sseparse.inspect import check

    if path == STDIN:
        recording = Recording.from_bytes(b"".join(read_chunks(STDIN)))
        found = check(recording, protocol=protocol)
    else:
        with named(path):
            found = check(path, protocol=protocol, progress=advance)
    return tuple(one for one in found if one.code in codes)


@contextlib.contextmanager
def _progress(paths: list[str]) -> Iterator[Callable[[int], object] | None]:
    sizes = 0
    for path in paths:
        with contextlib.suppress(OSError):
            sizes += Path(path).stat().st_size if path != STDIN else 0
    with progress("checking", sizes) as advance:
        yield advance


def _summary(checked: list[Checked]) -> str:
    counts = {"error": 0, "warning": 0, "info": 0}
    for each in checked:
        for one in each.findings:
            counts[one.severity] += 1
    words = [counted(len(checked), "stream"), counted(counts["error"], "error")]
    words += [counted(counts["warning"], "warning"), f"{counts['info']:,} info"]
    return ", ".join(words)
