"""The rules of the format: what the bytes are, by the WHATWG standard (server-sent events, 9.2)."""

from sseparse.inspect._check._rules import register

# fmt: off
register("format", [
    ("bad-utf8", "warning", "bytes that are no UTF-8",
     "A character was cut where texts were cut, or the stream is in another encoding.",
     "The standard decodes them as U+FFFD. Cut texts between characters, and send UTF-8."),
    ("bom-twice", "warning", "a byte order mark that is not at the start",
     "Two streams or files were joined.",
     "Only the first is removed; the field behind another is not known. Send none at all."),
    ("cr-line-ends", "info", "lines end with a CR alone",
     "The standard allows it; few servers do it.",
     "A decoder that knows LF and CRLF only sees one endless line: use one that conforms."),
    ("crlf-line-ends", "info", "lines end with CR and LF",
     "The standard allows it; so do A2A, MCP and Google.",
     "A client that splits at two line feeds finds no event: use a decoder that conforms."),
    ("error-field", "error", "a field `error:`, which the standard ignores",
     "Some gateways tell of an error on a line of its own, outside of any event.",
     "A conforming client never sees it. Send it as the data of an event."),
    ("invalid-retry", "warning", "a `retry:` that is no number",
     "It takes digits only: milliseconds without sign, unit or point.",
     "It is ignored; the client comes again after its own time."),
    ("mixed-line-ends", "warning", "lines end in different ways",
     "A proxy or a framework added lines of its own, or git rewrote the file.",
     "The standard allows it; clients that split by hand do not. Write one kind."),
    ("oversized-event", "warning", "an event of more than 64 KiB",
     "A whole response or a file stands in one event.",
     "Clients that read lines (asyncio, aiohttp) stop at their limit, which is mostly 64 KiB."),
    ("unfinished-event", "warning", "the stream ends inside an event",
     "The connection was cut, or the server leaves out the last blank line.",
     "The standard drops the event. End every event with a blank line."),
    ("unknown-field", "warning", "a field that the standard does not know, and ignores",
     "A typing error, a missing `data:`, or data with line feeds that were not split.",
     "Only data, event, id and retry are read. Each line of data wants its own `data:`."),
    ("wrong-content-type", "warning", "the response does not call itself text/event-stream",
     "The server answers a stream as JSON or text, or says nothing.",
     "EventSource and careful clients refuse it. Send content-type: text/event-stream."),
])
# fmt: on
