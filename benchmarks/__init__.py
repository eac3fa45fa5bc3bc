"""Repeatable measurements. Run a module with `python -m benchmarks.<name>`."""
