"""Lambda entry points of the read side."""
