"""The Model Context Protocol over streamable HTTP.

A stream answers one request: notifications and the server's own requests may come first, then the
response, which ends it. The completion is that response: its id, and as content the texts of a
tool's result. The other kinds of content, and results of other methods, stand in
``extra["result"]`` as sent.

In a batch (revision 2025-03-26) each response is a choice, the first one choice 0; the others have
id and result in their own ``extra``. The stream that a GET opens has no response: it ends without
one.
"""

from __future__ import annotations

from sseparse._events import ServerSentEvent
from sseparse.assembly._completion import Completion
from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import entries
from sseparse.assembly._json import JSONObject, JSONValue, as_object, as_text
from sseparse.assembly._states import Step
from sseparse.assembly.protocols._json_rpc import JSONRPC, rpc_id


class MCP(JSONRPC):
    """The fold of an MCP stream.

    A tool that failed (``isError``) is an answer like another, as the protocol has it: the
    completion is complete, with a finding. An error of JSON-RPC is an error of the stream.

    The messages: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
    """

    name = "mcp"
    has_finish_reason = False

    def __init__(self) -> None:
        super().__init__()
        self._answered: set[str | int | None] = set()

    @classmethod
    def to_native(cls, completion: Completion) -> JSONObject:
        """Return the JSON-RPC response, of a batch the first one.

        A stream that was cut before it has neither ``result`` nor ``error`` in it.
        """
        native: JSONObject = {"jsonrpc": "2.0", "id": completion.id}
        if "result" in completion.extra:  # of the first response; an error is then another's
            native["result"] = completion.extra["result"]
        elif completion.error is not None:
            native["error"] = completion.error
        elif completion.content is not None:
            native["result"] = {"content": [{"type": "text", "text": completion.content}]}
        return native

    def fold(self, event: ServerSentEvent, payload: JSONValue, deltas: list[Delta]) -> None:
        """Fold a message in, or a batch; the response is the end."""
        before = len(self._answered)
        super().fold(event, payload, deltas)
        if len(self._answered) > before:
            self.end(deltas)

    def take_call(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Keep a notification, or a request that the client is to answer."""
        self.step(Step.TAIL)
        is_request = message.get("id") is not None
        entries(self.extra, "requests" if is_request else "notifications").append(message)

    def take_failure(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take a response that is an error; whose it is stands in it if it is not the first."""
        if self.id is None:
            self.id = rpc_id(message)
        else:
            entries(self.extra, "responses").append(message)
        super().take_failure(message, deltas)

    def take_result(self, message: JSONObject, deltas: list[Delta]) -> None:
        """Take a response; one that comes again adds nothing."""
        found, result = rpc_id(message), message["result"]
        if found in self._answered:
            self.step(Step.TAIL)
            entries(self.extra, "responses").append(message)
            return
        choice = self.choice(len(self._answered))
        if self._answered or self.id not in (None, found):
            choice.extra.update(id=found, result=result)
        else:
            self.extra["result"] = result
            if self.id is None:
                self.id = found
        self._answered.add(found)
        if not isinstance(result, dict):
            self.bad_shape("a result", "object")
        content = as_object(result).get("content")
        for part in content if isinstance(content, list) else [content]:
            if as_text(as_object(part).get("type")) == "text":
                self.grow(choice, "content", as_object(part).get("text"), deltas)
        if as_object(result).get("isError") is True:
            self.find("tool-error", "warning", "the tool failed: its result says isError")
