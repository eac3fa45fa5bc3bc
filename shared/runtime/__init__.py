"""The settings, clients, clock, ids, logger, tracer and metrics of a function."""
