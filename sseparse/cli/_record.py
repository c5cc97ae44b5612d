"""``sseparse record``: a stream, saved as it comes: from a pipe, from a URL, or through a proxy."""

from __future__ import annotations

import importlib.util
import math
import signal
from typing import NoReturn

import click

from sseparse.cli._curl import CurlOptions, curl_options
from sseparse.cli._input import STDIN
from sseparse.cli._record_stream import RecordOptions, record_stdin, record_url


@click.command(
    "record",
    short_help="Save a stream as it comes, with its times.",
    epilog="""\b
Examples:
  sseparse record -o answer.txt "$URL" -H 'Authorization: Bearer ${API_KEY}'
  sseparse record -o answer.txt "$URL" --json @request.json --timeout 60
  curl -sN "$URL" -d @request.json | sseparse record -o answer.txt
  curl -sN "$URL" | sseparse record -o answer.txt --tee | my-client
  sseparse record --upstream https://api.x.ai --listen :8080 -o recordings/
""",
)
@click.argument("url", required=False)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="FILE",
    help="Where to: FILE is the body, FILE.timing.jsonl the times. With --upstream a folder.",
)
@curl_options
@click.option("-k", "--insecure", is_flag=True, help="Do not check the server's certificate.")
@click.option("-L", "--location", is_flag=True, help="Go where a redirect leads.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Give the stream up when nothing has come for S seconds; by default never.",
)
@click.option("--tee", is_flag=True, help="Copy the stream to stdout, each read at once.")
@click.option("--force", is_flag=True, help="Replace a recording that is there.")
@click.option(
    "--all",
    "all_responses",
    is_flag=True,
    help="Record a response that is no event stream, or no success, too.",
)
@click.option(
    "--request-body",
    is_flag=True,
    help="Keep the JSON body of the request too, less its credentials.",
)
@click.option("-s", "--silent", is_flag=True, help="Show nothing of what arrives.")
# What curl needs told and this does not: nothing is buffered, errors are shown, all is decoded.
@click.option("-N", "--no-buffer", is_flag=True, hidden=True, expose_value=False)
@click.option("-S", "--show-error", is_flag=True, hidden=True, expose_value=False)
@click.option("--compressed", is_flag=True, hidden=True, expose_value=False)
@click.option("--upstream", metavar="URL", help="Be a proxy in front of this server.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where the proxy listens; by default 127.0.0.1 and any free port.",
)
@click.pass_context
def record_command(
    context: click.Context,
    /,
    url: str | None,
    curl: CurlOptions,
    upstream: str | None,
    listen: str | None,
    **options: object,
) -> None:
    """Record the stream that URL answers with, or the one on stdin (no URL, or -).

    URL takes curl's own options, so a curl command works with `sseparse record -o FILE` in place of
    `curl`. With --upstream it is a proxy: point the base_url of any SDK at it, and each streaming
    response is recorded into the folder.

    The body is saved byte for byte. Of requests and headers only what is known to hold no secret is
    kept. The exit status is 1 when the response is no event stream or the stream broke; what came
    of a stream that broke is recorded all the same.
    """
    signal.signal(signal.SIGTERM, _terminate)
    chosen = RecordOptions(**options)  # type: ignore[arg-type]  # click has checked them
    if chosen.timeout is not None and math.isnan(chosen.timeout):
        raise click.BadParameter("'nan' is no number of seconds.", param_hint="'--timeout'")
    if upstream is not None:
        if url is not None or curl.given() or chosen.for_one_stream():
            raise click.UsageError(
                "--upstream makes a proxy, which sends what its clients send: it takes no URL, "
                "none of curl's options for a request, and no --tee, --force or -L"
            )
        context.exit(_run_proxy(upstream, listen or "127.0.0.1:0", chosen))
    if listen is not None:
        raise click.UsageError("--listen is for a proxy; --upstream says in front of what")
    if chosen.out == "-":
        raise click.UsageError("-o - : a recording is two files; --tee copies the stream to stdout")
    if url is None or url == STDIN:
        if curl.given() or chosen.insecure or chosen.location or chosen.timeout is not None:
            raise click.UsageError("these options are for a URL, and there is none")
        context.exit(record_stdin(chosen))
    _need("httpx2", "recording from a URL")
    context.exit(record_url(curl.request(url), chosen))


def _terminate(number: int, _: object) -> NoReturn:
    """End as Ctrl-C does, with what there is written: ``timeout`` and containers end so."""
    raise SystemExit(128 + number)


def _run_proxy(upstream: str, listen: str, options: RecordOptions) -> int:
    _need("h11", "a proxy")
    from sseparse.cli._record_proxy import run_proxy

    return run_proxy(
        upstream,
        listen,
        options.out,
        all_responses=options.all_responses,
        request_body=options.request_body,
        insecure=options.insecure,
        timeout=options.timeout,
        quiet=options.silent,
    )


def _need(library: str, what: str) -> None:
    if importlib.util.find_spec(library) is None:
        raise click.UsageError(f"{what} needs {library}: pip install 'sseparse[http]'")
