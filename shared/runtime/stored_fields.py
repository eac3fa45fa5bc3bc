"""Reads records that another release may have written: fields that this release does not know are no error.

While a deployment runs, and after a rollback, two releases read and write the same records. Docs:
docs/decisions/0048-two-versions-at-once.md.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def known_fields(record: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The stored fields that a dataclass has.

    Args:
        record: The dataclass of the record, such as `SegmentProgress`.
        stored: The record as parsed from JSON.
    """
    names = _names(record)
    return {name: value for name, value in stored.items() if name in names}


def unknown_fields(record: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The stored fields that a dataclass does not have, to be written back with the record."""
    names = _names(record)
    return {name: value for name, value in stored.items() if name not in names}


def _names(record: type) -> set[str]:
    # A stored field that happens to be named like the one for the unknown ones is itself unknown.
    return {field.name for field in fields(record)} - {"unknown"}
