"""Identifiers."""

import uuid


def new_id() -> str:
    """A random UUID (version 4), as text."""
    return str(uuid.uuid4())
