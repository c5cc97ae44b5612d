"""The floor of each protocol: split the body at blank lines, decode each payload into structs.

Nothing is assembled, so nothing that assembles can be faster and say the same. The structs are
written fairly: every kind of event of the stream has its own, told apart by its type, with all
fields the provider sends. What is the caller's own request sent back (a tool's schema) is left as a
``dict``, for it has no fixed shape.
"""
