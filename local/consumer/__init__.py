"""Runs a consuming team's own stack beside the running local stack: `make consumer DIR=../their-consumer`."""
