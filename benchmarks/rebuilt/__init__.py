"""What each library rebuilds of the same streams: ``python -m benchmarks.rebuilt``.

Every peer is used as its users use it: its own client asks a server on this machine, which answers
with the bytes of a fixture, and its own way of adding up the chunks makes the result. Where a peer
has a setting that helps (usage asked for, cumulative usage announced, the provider named) it is
set. What must come out stands beside the fixture, in ``.expected.json``.

The rule of the counting:

- A stream is judged in eight fields: content, role, finish_reason, tool calls, reasoning, usage,
  error, and ``ended``: whether the caller is told that the answer is whole, or that it is not.
- Of a stream those fields are judged that its ``.expected.json`` names and the stream carries. A
  finish_reason or a usage that the stream does *not* carry is judged too: it must not be made up.
- Of several choices the first is judged; of tool calls those of functions and custom tools; of
  reasoning that comes both in full and as a summary nothing.
- A field that a peer's result has no place for is not judged but counted as "no place": the figure
  in brackets. pydantic-ai and langchain have no role, for instance, but a class for answers.
- A peer may use its own words: ``tool_calls`` for ``tool_use``, ``assistant`` for ``model``, "" for
  no content; tokens of the cache counted into the input or not, those of reasoning into the output
  or not; white space between two parts of reasoning. Arguments are compared as JSON.
- Arguments that were cut are compared as text; a peer that gives out what it made of them is right.
- A peer that raises is judged by what its user has at hand by then: the chunks that came before,
  added up, and the exception, in whose text the provider's message is looked for. The
  finish_reason of a stream that failed or was cut says no more then: any counts as right.
- ``ended``: a whole stream must raise nothing. One that was cut, or failed, must raise, or show an
  error, or leave the finish_reason empty.
- Left out are streams whose last event lacks its blank line: the standard discards that event,
  sseparse folds it in and says so.
- A peer that is not installed, or has nothing for a protocol, is shown as "–", never guessed.

No environment holds the newest of all peers (litellm wants openai 2, any-llm anthropic 0.x). So
install them into two or three, and name the others' interpreters: ``--beside other/bin/python``.
"""
