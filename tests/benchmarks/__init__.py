"""Benchmarks: ``python -m tests.benchmarks`` from the top of the repository (``--help`` for its options)."""
