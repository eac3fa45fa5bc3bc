"""Random identifiers."""

import uuid


def new_id() -> str:
    """A random UUID (version 4) as a string."""
    return str(uuid.uuid4())
