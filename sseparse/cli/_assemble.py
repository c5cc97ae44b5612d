"""``sseparse assemble``: the completion that a stream amounts to, as JSON or as text."""

from __future__ import annotations

import sys

import click

from sseparse import Completion, assemble
from sseparse.cli._input import Head, file_argument, protocol_option, read_chunks
from sseparse.cli._output import print_json, printable, tell


@click.command(
    "assemble",
    short_help="Print the completion that a stream amounts to.",
    epilog="""\b
Examples:
  sseparse assemble fixtures/xai-grok-beta.txt
  sseparse assemble answer.txt --text
  sseparse assemble answer.txt | jq .usage.raw
  sseparse assemble answer.txt | jq '.choices[0].tool_calls'
  curl -sN "$URL" -d @request.json | sseparse assemble - --native
""",
)
@file_argument
@click.option("--text", is_flag=True, help="Print the content alone.")
@click.option(
    "--native", is_flag=True, help="Print the provider's own object, such as a chat.completion."
)
@protocol_option
@click.pass_context
def assemble_command(
    context: click.Context,
    file: str,
    text: bool,
    native: bool,
    protocol: str | None,
) -> None:
    """Print the completion that FILE (- is stdin) amounts to.

    As JSON: protocol, id, model, created, choices, usage, error, complete, ended_by, findings and
    extra. The exit status is 1 when the stream did not come to its end, carried an error or speaks
    no protocol known here; what there is of it is printed all the same.
    """
    if text and native:
        raise click.UsageError("--text and --native: which of the two?")
    head = Head()
    completion = assemble(head.watch(read_chunks(file)), protocol)
    if text:
        content = completion.content or ""
        if completion.protocol == "unknown":
            content = str(completion.extra.get("text", ""))
        click.echo(printable(content) if sys.stdout.isatty() else content)
    elif native:
        try:
            print_json(completion.to_native())
        except ValueError as error:
            tell(f"{error}; without --native you get what is there")
            context.exit(1)
    else:
        print_json(completion.to_dict())
    if completion.complete and not (completion.content or completion.tool_calls):
        for finding in completion.findings:  # why there is nothing: the prompt was blocked, say
            if finding.severity == "warning" and finding.code != "unknown-protocol":
                tell(finding.message)
    if not completion.complete or completion.protocol == "unknown":
        tell(why_incomplete(completion, head))
        context.exit(1)


def why_incomplete(completion: Completion, head: Head) -> str:
    """Return one line on why the completion is not whole."""
    if completion.ended_by == "eof" and not completion.choices and (start := head.of_no_stream()):
        return f"this is no event stream; it begins with {start}"
    if any(finding.code == "unknown-protocol" for finding in completion.findings):
        return "the stream speaks no protocol known here; what it holds stands in extra"
    errors = [finding.message for finding in completion.findings if finding.severity == "error"]
    return errors[0] if errors else f"the stream ended by {completion.ended_by}"
