"""Maintenance of the read table: rebuild, verify and redrive."""
