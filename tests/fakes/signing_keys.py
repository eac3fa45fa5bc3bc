"""Keyrings without Secrets Manager."""

from shared.runtime.signing import Key, KeyPair, Keyring


def keyring_with(secret: str) -> Keyring:
    """A keyring with one key that never changes."""
    return Keyring(lambda _: KeyPair(Key(secret.encode(), 0)), lambda: 0.0)


KEYS = keyring_with("a key of the tests")

DOCUMENTED_KEYS = keyring_with("the key of the documentation")
"""Signs the tokens that the documentation shows."""


def _not_needed(_: KeyPair | None) -> KeyPair:
    raise AssertionError("the keys were fetched although they are not needed")


NO_KEYS = Keyring(_not_needed, lambda: 0.0)
"""For requests that must not fetch a key."""
