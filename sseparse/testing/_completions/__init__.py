"""Strategies for completions, and for the streams that spell them, of every protocol."""

from sseparse.testing._completions._any import (
    CompletionStream,
    completion_streams,
    completions,
)

__all__ = ["CompletionStream", "completion_streams", "completions"]
