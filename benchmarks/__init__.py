"""Benchmarks; `python -m benchmarks.run` runs them all."""
