"""The rules of timing: when the reads came. They need times that were measured."""

from sseparse.inspect._check._rules import register

# fmt: off
register("timing", [
    ("burst", "info", "eight chunks or more came at once after a second without any",
     "A proxy or a compressor on the way held the stream back and let it go in one piece.",
     "Switch its buffering off (nginx: proxy_buffering off, or the header X-Accel-Buffering: no)."),
    ("buffered", "warning", "all events came in one read",
     "The whole answer was held back until it was finished: by the server, a proxy, or the client.",
     "Look for buffering on the way; a stream that comes whole is none."),
    ("clock-back", "warning", "time goes back",
     "The clock of a server or of the recorder was set, or reads were edited.",
     "Measure with a monotonic clock; take no gap from these."),
    ("masked-stall", "warning", "only keep-alives came for five seconds or more",
     "Comments or pings hold the connection open while the model says nothing.",
     "They keep time-outs for reads from telling: count the time since the last content."),
    ("stall", "info", "nothing came for five seconds or more",
     "The model, the provider or the network waited.",
     "`sseparse inspect` tells what came before; a client wants a time-out for reads."),
])
# fmt: on
