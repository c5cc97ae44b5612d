"""``sseparse generate``: a stream as a provider would send it, of a text or a completion."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal, cast

import attrs
import click

from sseparse import Completion, Recording, ToolCall
from sseparse._generate import DIALECTS, PACE, PROTOCOLS, generate
from sseparse.assembly import JSONObject
from sseparse.cli._input import STDIN, forceable, read_chunks
from sseparse.cli._transforms import FAULTS_HELP, as_options, transform_options
from sseparse.replay import Transforms


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number that JSON knows")


def _parse_calls(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[ToolCall, ...]:
    """Return the calls; the arguments are sent as they were written."""
    calls = []
    for number, value in enumerate(values, 1):
        name, _, arguments = value.partition("=")
        try:
            json.loads(arguments or "{}", parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            message = f"the arguments of {name!r} are no JSON: {error}."
            raise click.BadParameter(message, context, option) from None
        if not name:
            raise click.BadParameter(f"{value!r} names no tool.", context, option)
        calls.append(ToolCall(f"call_{number}", name, arguments or "{}"))
    return tuple(calls)


@click.command(
    "generate",
    short_help="Make a stream as a provider would send it.",
    epilog=FAULTS_HELP
    + """
\b
Examples:
  sseparse generate "The sea is deep."
  sseparse generate "The sea is deep." --dialect xai --ttft 0.8 --token-rate 30 -o made.txt
  sseparse generate --tool-call 'weather={"city": "Vienna"}' --protocol anthropic-messages
  sseparse generate "So far" --error "overloaded" --protocol gemini | sseparse decode -
  sseparse assemble answer.txt | sseparse generate --json - -o again.txt
""",
)
@click.argument("text", required=False)
@click.option("-f", "--file", metavar="FILE", help="Take the text from a file; - is stdin.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    help="Spell a completion, as `sseparse assemble` prints it; - is stdin.",
)
@click.option("-o", "--output", "out", metavar="OUT", help="Save it there, with its times.")
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    metavar="NAME",
    help="What it speaks; by default openai-chat. One of: " + ", ".join(PROTOCOLS) + ".",
)
@click.option(
    "--dialect",
    type=click.Choice([*DIALECTS]),
    help="Of openai-chat: whose; by default OpenAI's own.",
)
@click.option("--model", metavar="NAME", help="The model that answers.")
@click.option("--reasoning", metavar="TEXT", help="The thoughts before the text.")
@click.option(
    "--tool-call",
    "tool_calls",
    multiple=True,
    callback=_parse_calls,
    metavar="NAME=JSON",
    help="A tool that is called, with its arguments. Repeatable.",
)
@click.option("--finish-reason", metavar="WORD", help="Why it ends, in the provider's word.")
@click.option(
    "--usage",
    type=click.Choice(["final", "cumulative", "none"]),
    help="Where it tells its tokens: at the end, on every chunk, nowhere; by default as is usual.",
)
@click.option("--error", metavar="MESSAGE", help="Break off with an error in the provider's form.")
@transform_options
def generate_command(
    text: str | None,
    file: str | None,
    json_file: str | None,
    out: str | None,
    force: bool,
    protocol: str | None,
    dialect: str | None,
    model: str | None,
    reasoning: str | None,
    tool_calls: tuple[ToolCall, ...],
    finish_reason: str | None,
    usage: Literal["final", "cumulative", "none"] | None,
    error: str | None,
    transforms: Transforms,
) -> None:
    """Make the stream that a provider would send for TEXT, cut into tokens.

    With -o it is a recording like any other, to be replayed and served; else its bytes go to
    stdout, at once. Nobody is asked: id, model, end and usage are as is usual with the provider.
    The first token comes after 0.3 s and then 50 a second, unless other times are asked for.
    """
    completion = _completion(text, file, json_file, bare=bool(reasoning or tool_calls))
    try:
        recording = generate(
            completion,
            protocol=protocol,
            dialect=dialect,
            model=model,
            reasoning=reasoning,
            tool_calls=tool_calls,
            finish_reason=finish_reason,
            usage=usage,
            error=error,
            transforms=_paced(transforms),
        )
    except ValueError as wrong:
        raise click.UsageError(f"{as_options(str(wrong))}.") from None
    _write(recording, out, force=force)


def _completion(
    text: str | None, file: str | None, json_file: str | None, *, bare: bool
) -> str | Completion:
    """Return what is to be spelled, from where it is said to be; else from stdin.

    Args:
        text: as an argument.
        file: where the text is.
        json_file: where a completion is.
        bare: nothing has to be said besides, so no text is one too.
    """
    given = [one for one in (text, file, json_file) if one is not None]
    if len(given) > 1:
        raise click.UsageError("TEXT, --file and --json: which of them?")
    if json_file is not None:
        return _read_completion(json_file)
    if text is not None and text != STDIN:
        return text
    if file is None and text is None and (bare or sys.stdin is None or sys.stdin.isatty()):
        if bare:
            return ""
        raise click.UsageError("what is it to say? Give TEXT, --file, --json or a tool to call.")
    data = b"".join(read_chunks(file or STDIN))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"the text is no UTF-8: {error}.") from None


def _read_completion(file: str) -> Completion:
    data = b"".join(read_chunks(file))
    named = "stdin" if file == STDIN else file
    try:
        return Completion.from_dict(cast("JSONObject", json.loads(data)))
    except ValueError as error:
        raise click.UsageError(f"{named} is no completion: {error}.") from None


def _paced(transforms: Transforms) -> Transforms:
    """Return the transforms with the usual pace where none is asked for."""
    if transforms.ttft is None:
        transforms = attrs.evolve(transforms, ttft=PACE.ttft)
    paces = (transforms.interval, transforms.rate, transforms.token_rate)
    if all(pace is None for pace in paces):
        transforms = attrs.evolve(transforms, token_rate=PACE.token_rate)
    return transforms


def _write(recording: Recording, out: str | None, *, force: bool) -> None:
    if out is None or out == STDIN:
        sys.stdout.buffer.write(recording.body)
    else:
        with forceable():
            recording.save(Path(out), overwrite=force)
