"""The command line that operators and engineers run; no function imports it."""
