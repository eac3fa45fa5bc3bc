"""A soak: clients write and read for minutes while the mapping service is killed and a rebuild runs.

    python -m benchmarks.soak --minutes 15 --clients 8

At the end nothing may be lost or there twice, and no process may have grown. docs/reference/soak.md has the figures.
"""
