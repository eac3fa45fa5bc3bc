"""Mutation tests: mutmut changes the code line by line, and the unit and contract tests must notice."""
