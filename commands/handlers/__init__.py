"""Lambda entry points of the write side."""
