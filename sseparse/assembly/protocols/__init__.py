"""The protocols, each in a file of its own; ``_registry`` loads the one that a stream speaks."""
