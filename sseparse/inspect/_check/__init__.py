"""Check: what is odd about a stream, and what to do about it."""
