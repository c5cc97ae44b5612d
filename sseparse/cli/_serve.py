"""``sseparse serve``: recordings to any client; see ``_listening`` for its manners."""

from __future__ import annotations

import asyncio
import gc
import math
import os
from pathlib import Path
from typing import BinaryIO

import attrs
import click
import msgspec

from sseparse.cli._listening import (
    listen_until_signalled,
    parse_listen,
    raise_file_limit,
    say,
)
from sseparse.cli._output import encode_json, tell
from sseparse.cli._transforms import FAULTS_HELP, checked, transform_options
from sseparse.recording import Request
from sseparse.replay import Recordings, Transforms
from sseparse.server import Limits, Played, ReplayServer
from sseparse.server._loop import new_event_loop
from sseparse.server._origins import check_origin

DEFAULT = Limits()


def _origins(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for origin in given:
        try:
            check_origin(origin)
        except ValueError as error:
            raise click.BadParameter(f"{error}.") from None
    return given


def _seconds(_: click.Context, __: click.Parameter, given: float) -> float:
    if math.isnan(given):  # which is in every range, for click
        raise click.BadParameter("'nan' is no number of seconds.")
    return given


@click.command(
    "serve",
    short_help="Answer any client with recorded streams.",
    epilog=FAULTS_HELP
    + """
\b
Examples:
  sseparse serve answer.txt
  sseparse serve recordings/ --listen :8080 --speed max
  sseparse serve recordings/ --fault stall@event=3:2s
  sseparse serve recordings/ --cors http://localhost:3000
""",
)
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@click.option(
    "--listen",
    default="127.0.0.1:0",
    metavar="HOST:PORT",
    help="Where to listen; by default 127.0.0.1 and any free port.",
)
@transform_options
@click.option(
    "--cors",
    multiple=True,
    metavar="ORIGIN",
    callback=_origins,
    help="Let web pages of this origin read the responses; * lets all. Repeatable.",
)
@click.option(
    "--allow-request-faults",
    is_flag=True,
    help="Let a request break its own stream, by the header x-sseparse-fault.",
)
@click.option(
    "--record-requests",
    metavar="FILE",
    help="Append each request to FILE as a line of JSON, less its credentials.",
)
@click.option(
    "--max-connections",
    type=click.IntRange(min=1),
    default=DEFAULT.connections,
    show_default=True,
    metavar="N",
    help="Answer more with 503: each takes an open file.",
)
@click.option(
    "--max-header",
    type=click.IntRange(min=256),
    default=DEFAULT.head,
    show_default=True,
    metavar="BYTES",
    help="Refuse requests with longer headers (431): they are kept until they are complete.",
)
@click.option(
    "--max-body",
    type=click.IntRange(min=0),
    default=DEFAULT.body,
    show_default=True,
    metavar="BYTES",
    help="Refuse requests with longer bodies (413): they are kept to choose the recording by.",
)
@click.option(
    "--idle-timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=_seconds,
    default=DEFAULT.idle,
    show_default=True,
    metavar="S",
    help="Close a connection on which a client asks and takes nothing for S seconds, or on which "
    "a stream fell silent: more than the ten minutes that SDKs wait.",
)
@click.option("-s", "--silent", is_flag=True, help="Say nothing of requests, only what is wrong.")
def serve_command(
    paths: tuple[Path, ...],
    listen: str,
    transforms: Transforms,
    cors: tuple[str, ...],
    allow_request_faults: bool,
    record_requests: str | None,
    max_connections: int,
    max_header: int,
    max_body: int,
    idle_timeout: float,
    silent: bool,
) -> int:
    """Answer requests with the recordings at PATH, files or folders, each at its own pace.

    The only line on stdout is the URL, once it can be used: the base_url of an SDK, with the path
    it has at the provider. GET and POST to any path are answered with the recording of the same
    request; else of the same path; else with those whose request is not known, in turn. The query
    ?recording=NAME or the header x-sseparse-recording names one. Nothing fits: 404 says what comes
    nearest. Last-Event-ID has a stream go on after that event.

    Ctrl-C waits for the streams that are running; a second one cuts them. A last line on stderr
    says how late the server has been, as /-/stats does at any time.
    """
    host, port = parse_listen(listen)
    recordings = Recordings.load(paths)
    for recording in recordings.by_name.values():
        for warning in recording.warnings:
            tell(warning)
        checked(transforms, recording)
    requests = None if record_requests is None else _Requests(record_requests)
    server = ReplayServer(
        recordings,
        transforms=transforms,
        host=host,
        port=port,
        cors=cors,
        allow_request_faults=allow_request_faults,
        limits=Limits(
            connections=max_connections, head=max_header, body=max_body, idle=idle_timeout
        ),
        on_message=say,
        on_response=_ignore if silent else _tell_response,
        on_request=_ignore if requests is None else requests.write,
    )
    raise_file_limit()

    def hello(url: str) -> None:
        # What is here now stays. Looked through again with each full collection, it would hold up
        # 2,000 streams for 25 ms in place of 5.
        gc.freeze()
        if not silent:
            count = len(recordings.by_name)
            what = "1 recording" if count == 1 else f"{count} recordings"
            tell(f"serving {what}; point base_url at {url} (with the path it had); Ctrl-C ends")

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        status = runner.run(listen_until_signalled(server, host, port, hello))
    if stats := server.stats():
        _tell_stats(stats)
    return status


class _Requests:
    """The file of the requests; it holds what somebody asked, so nobody else may read it."""

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file: BinaryIO | None = os.fdopen(descriptor, "ab", buffering=0)
        self._path = path

    def write(self, request: Request) -> None:
        """Append a request; once that has failed, say so and append no more."""
        if self._file is None:
            return
        try:
            self._file.write(encode_json(request.kept(body=True)) + b"\n")
        except OSError as error:
            say(f"{self._path}: {error.strerror}; no further request is recorded")
            self._file = None


def _tell_response(played: Played) -> None:
    answer = f"{played.status} {played.method} {played.path}: "
    if played.name is None:
        say(answer + (played.error or "answered"))
        return
    chunks = "1 chunk" if played.chunks == 1 else f"{played.chunks} chunks"
    say(
        f"{answer}{played.name}, {chunks}, {played.size} bytes, {played.seconds:.2f} s, "
        f"{played.end}"
    )


@attrs.frozen
class _Lateness:
    chunks: int
    p50: float
    p99: float
    max: float


@attrs.frozen
class _Stats:
    streams: int
    chunks: int
    lateness_ms: _Lateness


def _tell_stats(stats: dict[str, object]) -> None:
    told = msgspec.convert(stats, _Stats)
    late = told.lateness_ms
    say(
        f"{told.streams} streams, {told.chunks} chunks; late by p50 {late.p50:.2f} ms, "
        f"p99 {late.p99:.2f} ms, max {late.max:.2f} ms"
    )


def _ignore(_: object) -> None:
    """Say nothing."""
