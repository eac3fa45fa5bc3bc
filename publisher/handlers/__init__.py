"""Lambda entry points of the publisher."""
