"""Writes commands/character_ranges.py: part of `make contracts`."""

from contracts.characters import FILE, content

FILE.write_text(content())
