"""Runs the whole system in one process: our own code on a simulated AWS, with a seeded scheduler, seeded faults and a
virtual clock. The same seed gives the same run, effect for effect.

    python -m tests.simulation --seed 1234 --trace
"""
