"""``sseparse decode``: the events of a stream, one JSON object a line, for jq and its like."""

from __future__ import annotations

import sys

import click

from sseparse import Comment, Decoder, EventTooLarge, ServerSentEvent
from sseparse._events import Item
from sseparse.cli._input import Head, file_argument, read_chunks
from sseparse.cli._output import encode_json, tell


@click.command(
    "decode",
    short_help="Print each event as one line of JSON.",
    epilog="""\b
Examples:
  sseparse decode fixtures/xai-grok-beta.txt
  sseparse decode answer.txt | jq -r 'select(.event == "error").data'
  curl -sN "$URL" | sseparse decode - | jq --unbuffered -r .data
""",
)
@file_argument
@click.option("--comments", is_flag=True, help='Print comments too: {"comment": " ping"}.')
@click.option(
    "--unknown", is_flag=True, help='Print fields the standard ignores: {"field": …, "value": …}.'
)
@click.option(
    "--unfinished", is_flag=True, help="Print the event that the end of the stream cuts short too."
)
@click.pass_context
def decode_command(
    context: click.Context, file: str, comments: bool, unknown: bool, unfinished: bool
) -> None:
    """Print each event of FILE (- is stdin) as one line of JSON, as soon as it is there.

    The keys are event, data, id (of this very block), last_event_id (the sticky one) and retry (in
    milliseconds), as the WHATWG standard has them. An event that the end of the stream cuts short
    is none by the standard: it is told of on stderr. The exit status is 1 when FILE is no event
    stream at all.
    """
    out = sys.stdout.buffer
    decoder: Decoder[Item] = Decoder(keep_comments=comments, keep_unknown=unknown)
    head, any_items = Head(), False
    try:
        for chunk in head.watch(read_chunks(file)):
            if items := decoder.feed(chunk):
                any_items = True
                out.write(b"".join(map(_line, items)))
                out.flush()
    except EventTooLarge as error:
        out.write(b"".join(map(_line, error.events)))
        raise
    rest = decoder.close()
    if not any_items and rest is None and (start := head.of_no_stream()):
        tell(f"this is no event stream; it begins with {start}")
        context.exit(1)
    if rest is not None and unfinished:
        out.write(_line(rest))
    elif rest is not None:
        tell(
            f"the stream ends inside an event ({_shortened(rest.data)}), which the standard "
            "discards; --unfinished prints it"
        )


def _line(item: Item) -> bytes:
    value: object = item
    if isinstance(item, Comment):
        value = {"comment": item.text}
    elif not isinstance(item, ServerSentEvent):
        value = {"field": item.name, "value": item.value}
    else:
        value = {
            "event": item.event,
            "data": item.data,
            "id": item.id,
            "last_event_id": item.last_event_id,
            "retry": item.retry,
        }
    return encode_json(value) + b"\n"


def _shortened(text: str) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= 40 else line[:39] + "…"
