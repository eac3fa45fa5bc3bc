"""Random identifiers, and what stands in for an identifier in logs and traces."""

import hashlib
import uuid


def new_id() -> str:
    """A random UUID (version 4) as a string."""
    return str(uuid.uuid4())


def fingerprint(identifier: str) -> str:
    """Stand in for an id in logs and traces, which must not name anybody: 128 bits of its SHA-256.

    There is no salt, so that anyone with the id finds its lines. The ids are random UUIDs and client ids, which cannot
    be guessed from a fingerprint.
    """
    return hashlib.sha256(identifier.encode()).hexdigest()[:32]
