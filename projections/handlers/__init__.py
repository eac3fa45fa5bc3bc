"""Lambda entry points of the projection."""
