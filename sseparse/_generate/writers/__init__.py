"""A writer for each protocol: a completion in, the events a provider would send for it out.

A module here is named after its protocol and has one function, ``write``. They are made from the
providers' documents and recorded streams, not from the assembler.
"""
