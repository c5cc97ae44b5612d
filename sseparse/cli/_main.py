"""The ``sseparse`` command: its sub-commands, and how every one of them ends.

A sub-command parses its options, calls the library, and prints. Whatever goes wrong on the way ends
here, in one line on stderr and an exit status, as people know them from curl, jq and the shell:

- 0: done; 1: the answer is "no" (an incomplete completion); 2: bad usage or an unreadable file;
- 130: Ctrl-C; 141: the reader of our output went away (``| head``), which is no error to speak of.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings
from pathlib import Path
from typing import NoReturn, cast

import click

from sseparse import EventTooLarge, SSEError, __version__
from sseparse.cli._output import in_words_of, tell

CANNOT_READ, INTERRUPTED, PIPE_CLOSED, BUG = 2, 130, 141, 70


class _PipeClosed(Exception):
    """Whoever read our output has gone away."""


COMMANDS = (
    "assemble",
    "check",
    "decode",
    "diff",
    "export",
    "generate",
    "import",
    "inspect",
    "record",
    "redact",
    "replay",
    "report",
    "serve",
    "verify",
)


EXTRAS = {"h11": "http"}
"""Libraries that a whole command stands on, and the extra that brings each; the others are looked
for where they are used."""


class _Lacking(click.ClickException):
    """No ``UsageError``, which would refer to a help that is not there."""

    exit_code = 2


def _lacking(name: str, library: str) -> click.Command:
    """Return what stands in the help for a command that cannot be loaded, and says why."""
    why = f"needs {library}: pip install 'sseparse[{EXTRAS[library]}]'"

    @click.command(
        name,
        short_help=f"({why})",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    def lacking() -> None:
        raise _Lacking(f"{name} {why}.")

    return lacking


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names; none of the modules is loaded for that."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the module of one command, and not those of the others."""
        if cmd_name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(f"sseparse.cli._{cmd_name}")
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            return _lacking(cmd_name, error.name)
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the sub-command; click would end a closed pipe with the status of a failure."""
        try:
            status: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise _PipeClosed from None
        return status


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  sseparse replay fixtures/xai-grok-beta.txt
  sseparse record -o answer.txt "$URL" --json @request.json
  curl -sN "$URL" -d @request.json | sseparse replay - --view text
  sseparse decode answer.txt | jq -r .data
  sseparse assemble answer.txt --text
  sseparse inspect answer.txt
  sseparse check answer.txt
  sseparse diff monday.txt tuesday.txt
  sseparse report answer.txt -o report.html
  sseparse generate "The sea is deep." --dialect xai
  sseparse serve recordings/ --listen :8080
  sseparse export answer.txt --har | jq '.log.entries[0].timings'
""",
)
@click.version_option(__version__, prog_name="sseparse", message="%(prog)s %(version)s")
def cli() -> None:
    """Decode, assemble, record and replay the event streams of LLM APIs.

    A FILE is what the server sent, byte for byte: what `curl -sN` writes. `-` is stdin.
    """


_NO_ARGUMENTS: tuple[type[click.ClickException], ...] = tuple(
    [
        getattr(click.exceptions, name)
        for name in ("NoArgsIsHelpError",)
        if hasattr(click.exceptions, name)
    ]
)
"""What click raises for a command without anything, from 8.2 on; before, it printed the help."""


def _tell_usage(error: click.ClickException) -> None:
    """Say in one line what click would say in four, and where to read on."""
    if isinstance(error, _NO_ARGUMENTS):  # the whole help is what it says
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" See '{context.command_path} --help'." if context is not None else ""
    message = error.format_message()
    stop = "" if message.endswith((".", "?", "!")) else "."
    tell(f"{message}{stop}{hint}")


def main() -> NoReturn:
    """Run the command and exit; no traceback reaches the terminal."""
    if sys.stderr is None:  # closed: or else click would mix its messages into the output
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (open until the process ends)
    if sys.stdout is None:
        tell("stdout is closed, so there is nowhere to print to")
        sys.exit(CANNOT_READ)
    _mend_streams()
    warnings.showwarning = _tell_warning
    try:
        # https://no-color.org; rich looks for it by itself, click does not.
        color = False if os.environ.get("NO_COLOR") else None
        status = cli.main(prog_name="sseparse", standalone_mode=False, color=color)
    except click.ClickException as error:
        _tell_usage(error)
        _exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _restore_terminal()
        _exit(INTERRUPTED)
    except _PipeClosed:
        _exit(PIPE_CLOSED)
    except OSError as error:
        # Whatever is read has a name (see _input.named): the rest is trouble with stdout.
        name = "write error" if error.filename is None else error.filename or "''"
        _fail(f"{name}: {error.strerror or error}", CANNOT_READ)
    except EventTooLarge as error:
        _fail(
            f"an event of {error.size} bytes or more is over the limit of {error.limit}",
            CANNOT_READ,
        )
    except SSEError as error:
        _fail(in_words_of("".join(sys.argv[1:2]), str(error)), CANNOT_READ)
    except Exception as error:
        if os.environ.get("SSEPARSE_TRACEBACK"):
            raise
        _fail(
            f"this is a bug in sseparse: {type(error).__name__}: {error}; "
            "SSEPARSE_TRACEBACK=1 in the environment shows where",
            BUG,
        )
    _exit(status if isinstance(status, int) else 0)


def _mend_streams() -> None:
    """Make stdout and stderr take whatever is printed, and the whole of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Text from a stream can hold anything; what cannot be encoded becomes a "?".
            stream.reconfigure(errors="replace")
    stdout = sys.stdout
    if isinstance(stdout, io.TextIOWrapper) and isinstance(stdout.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED: a raw write that takes only a part of the bytes is no error, and the
        # rest would be lost. Whatever should be seen at once is flushed all the same.
        encoding, terminal = stdout.encoding, stdout.isatty()
        buffer = io.BufferedWriter(cast("io.RawIOBase", stdout.detach()))
        sys.stdout = io.TextIOWrapper(
            buffer, encoding=encoding, errors="replace", line_buffering=terminal
        )


def _tell_warning(message: Warning | str, *_: object, **__: object) -> None:
    tell(str(message))


def _fail(message: str, status: int) -> NoReturn:
    tell(message)
    _exit(status)


def _restore_terminal() -> None:
    """End a style that the interrupt left open; click has ended the line."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[0m")


def _exit(status: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Nobody reads any more: what is still in the buffer goes nowhere, without a word.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)
