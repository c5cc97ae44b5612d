"""Speed beside the peers: ``python -m benchmarks`` prints the table of ratios.

``pytest benchmarks`` runs the same workloads under pytest-benchmark, and with
``--benchmark-disable`` as plain tests of what they decode to. Ratios are what counts: all run in
one process in turn, on the same chunks, so that a busy machine is busy for everybody.
"""
