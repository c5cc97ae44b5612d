"""One stream, recorded from a pipe or from a URL, shown while it comes, and summed up."""

from __future__ import annotations

import sys
from http import HTTPStatus

import attrs
import click

from sseparse import NotAnEventStream, Read, Recorder, TransferError
from sseparse.cli._input import STDIN, Head, forceable, read_chunks
from sseparse.cli._output import one_line, printable, tell
from sseparse.cli._views import RawView, TextView
from sseparse.recording import Request
from sseparse.recording._ends import end_reason
from sseparse.recording._git import advice

DONE, FAILED = 0, 1


@attrs.frozen
class RecordOptions:
    """What ``record`` was told, besides the request.

    Attributes:
        out: the file of the body.
        insecure: do not check the server's certificate.
        location: follow redirects.
        timeout: seconds without a byte after which the stream is given up, or None.
        tee: copy the stream to stdout.
        force: replace a recording that is there.
        all_responses: record what is no event stream too.
        request_body: keep the body of the request.
        silent: show nothing of what arrives.
    """

    out: str
    insecure: bool = False
    location: bool = False
    timeout: float | None = None
    tee: bool = False
    force: bool = False
    all_responses: bool = False
    request_body: bool = False
    silent: bool = False

    def for_one_stream(self) -> bool:
        """Whether something was chosen that means nothing to a proxy."""
        return self.tee or self.force or self.location


class _Display:
    """What a person sees: live on a terminal, elsewhere the text; then the summary."""

    def __init__(self, options: RecordOptions) -> None:
        self.head = Head()
        self._options = options
        self._view = _view(options)
        self._time = 0.0

    def start(self) -> None:
        self._view.start()

    def tee(self, data: bytes) -> None:
        """Pass a read on, before anything else is done with it."""
        if self._options.tee:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def show(self, data: bytes, at: float) -> None:
        self._time = at
        self.head.see(data)
        self._view.show(Read(at, data))

    def stop(self) -> None:
        """Leave the terminal as it was."""
        self._view.stop()

    def close(self, recorder: Recorder) -> None:
        """Sum up what was seen and what was recorded."""
        self._view.close()
        if not self._options.silent:
            click.echo(one_line(self._view.summary(self._time)), err=True)
            ended = "" if recorder.end == "eof" else f", ended by {recorder.end}"
            if recorder.end is None:
                ended = ", not complete"
            reads = f"{recorder.reads} read{'' if recorder.reads == 1 else 's'}"
            line = f"{recorder.path}: {reads}, {recorder.size:,} bytes{ended}"
            click.echo(one_line(line), err=True)
        if recorder.message and recorder.error is None:  # else it was told when it happened
            tell(f"the stream ended by {recorder.end}: {recorder.message}")
        if hint := advice(recorder.path):
            tell(hint)


class _CountView(RawView):
    """Shows nothing, and counts: whoever is behind --tee shows it, or nobody wants to look."""

    def show(self, read: Read) -> None:
        self.take(self._decoder.feed(read.data), read.time)


def _view(options: RecordOptions) -> RawView:
    if options.silent or options.tee:
        return _CountView(None, sys.stderr)
    elsewhere = f"sseparse decode {options.out}"
    if not sys.stderr.isatty():
        return TextView(None, sys.stderr, elsewhere)
    from sseparse.cli._live import LiveView  # rich: 60 ms to import, for terminals only

    return LiveView(options.out, elsewhere)


def record_stdin(options: RecordOptions) -> int:
    """Record what comes on stdin, each read as one; return the exit status."""
    if sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("nothing to record: give a URL, or pipe a stream in")
    with forceable():
        recorder = Recorder(options.out, overwrite=options.force, on_error=tell)
    display = _Display(options)
    display.start()
    try:
        for data in read_chunks(STDIN):
            at = recorder.elapsed()
            display.tee(data)
            recorder.write(data, at)
            display.show(data, at)
    except BaseException as error:
        display.stop()
        _end_early(recorder, error)
        if recorder.end is not None:
            display.close(recorder)
        raise
    display.stop()
    if not display.head:
        recorder.abandon()
        tell("nothing came on stdin, so nothing is recorded")
        return FAILED
    recorder.close()
    display.close(recorder)
    if start := display.head.of_no_stream():
        tell(f"this is no event stream; it begins with {start}")
        return FAILED
    return _status(recorder)


def record_url(request: Request, options: RecordOptions) -> int:
    """Send a request, and record what is answered; return the exit status."""
    from sseparse.http import record  # httpx2: 100 ms to import

    with forceable():
        recorder = Recorder(
            options.out,
            request=request,
            request_body=options.request_body,
            overwrite=options.force,
            on_error=tell,
        )
    display = _Display(options)

    def on_read(data: bytes, at: float) -> None:
        display.tee(data)
        display.show(data, at)

    display.start()
    try:
        record(
            request,
            recorder,
            all_responses=options.all_responses,
            follow_redirects=options.location,
            verify=not options.insecure,
            timeout=options.timeout,
            on_read=on_read,
        )
    except NotAnEventStream as error:
        display.stop()
        _show_refusal(error)
        return FAILED
    except TransferError as error:
        display.stop()
        tell(str(error))
        return FAILED
    except BaseException as error:
        display.stop()
        _end_early(recorder, error)
        if recorder.end is not None:
            display.close(recorder)
        raise
    display.stop()
    display.close(recorder)
    return _status(recorder)


def _end_early(recorder: Recorder, error: BaseException) -> None:
    """End a recording that Ctrl-C, a closed pipe or an error of reading has cut short."""
    if not recorder.reads:
        recorder.abandon()
    elif isinstance(error, BrokenPipeError):  # whoever read what --tee passes on
        recorder.close("client_closed")
    else:
        recorder.close(end_reason(error))


def _status(recorder: Recorder) -> int:
    return DONE if recorder.end == "eof" and recorder.error is None else FAILED


def _show_refusal(error: NotAnEventStream) -> None:
    """Say what came in place of a stream, and show it: its body is what people need to see."""
    phrase = HTTPStatus(error.status).phrase if error.status in set(HTTPStatus) else ""
    content_type = dict(error.headers).get("content-type", "no content type")
    what = "no success" if content_type.startswith("text/event-stream") else "no event stream"
    tell(
        f"{error.status} {phrase}, {content_type}: {what}, so nothing is recorded "
        "(--all records it)"
    )
    if sys.stdout.isatty():
        text = printable(error.body.decode("utf-8", "replace"))
        click.echo(text, nl=not text.endswith("\n"))
    else:
        sys.stdout.buffer.write(error.body)
