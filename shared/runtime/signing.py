"""Signs what a client carries back to us, with keys that can be rotated while clients hold signed texts.

The keys are the current and the previous version of one secret (`signing_keys`). A text names its key by a short id
and verifies with either. Three rules keep a rotation from refusing a good text, in whatever order execution
environments learn of it:

- An environment reads the keys again after five minutes.
- A new key signs only once it is ten minutes old. By then every environment that verifies knows it.
- An environment that is shown an unknown key id reads the keys again, at most once a minute, so that made-up ids cost
  nothing.

docs/decisions/0029-signed-consistency-token.md has the reasons and the life of a text.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

REFRESH_SECONDS: Final = 300
ACTIVATION_SECONDS: Final = 600
REFETCH_SECONDS: Final = 60
_ID_BYTES: Final = 4
_TAG_BYTES: Final = 16


class InvalidSignature(Exception):
    """The text was not signed for this purpose with a key that is still valid."""


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key.

    Attributes:
        created_at: Seconds since the epoch.
    """

    secret: bytes = field(repr=False)
    created_at: float

    @property
    def id(self) -> bytes:
        """Names the key in the texts that it signs, without revealing it."""
        return hmac.digest(self.secret, b"key id", hashlib.sha256)[:_ID_BYTES]

    def tag(self, purpose: str, payload: bytes) -> bytes:
        """Authenticate a payload for one purpose: a tag of another purpose never verifies."""
        return hmac.digest(self.secret, purpose.encode() + b"\n" + payload, hashlib.sha256)[:_TAG_BYTES]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The current key and the one before it, which is None until the first rotation."""

    current: Key
    previous: Key | None = None

    def signing(self, now: float) -> Key:
        """The key that signs at a time, in seconds since the epoch."""
        if self.previous is None or now - self.current.created_at >= ACTIVATION_SECONDS:
            return self.current
        return self.previous

    def find(self, key_id: bytes) -> Key | None:
        """The key with this id."""
        return next((key for key in (self.current, self.previous) if key and key.id == key_id), None)


class KeysUnavailable(Exception):
    """The keys could not be read."""


Fetch = Callable[[KeyPair | None], KeyPair]


class Keyring:
    """The keys of one secret, as this execution environment knows them."""

    def __init__(self, fetch: Fetch, now: Callable[[], float]) -> None:
        """Create a keyring. Nothing is fetched before the first use.

        Args:
            fetch: Reads the keys; takes the pair that is known already, if any. Raises `KeysUnavailable`.
            now: Returns seconds since the epoch.
        """
        self._fetch = fetch
        self._now = now
        self._pair: KeyPair | None = None
        self._fetched_at = 0.0
        self._tried_at = 0.0

    def signing_key(self) -> Key:
        """The key that signs now.

        Raises:
            KeysUnavailable: The keys were never read and cannot be read now.
        """
        return self._fresh().signing(self._now())

    def find(self, key_id: bytes) -> Key | None:
        """The key with this id; None if no valid key has it."""
        pair = self._fresh()
        found = pair.find(key_id)
        if found is None and self._now() - self._tried_at >= REFETCH_SECONDS:
            found = self._refetch(pair).find(key_id)
        return found

    def _fresh(self) -> KeyPair:
        if self._pair is None:
            return self._remember(self._fetch(None))
        if self._now() - self._fetched_at >= REFRESH_SECONDS and self._now() - self._tried_at >= REFETCH_SECONDS:
            return self._refetch(self._pair)
        return self._pair

    def _refetch(self, known: KeyPair) -> KeyPair:
        """Fetch again, but keep the known keys if that fails: an outage of the secret must not stop the API."""
        self._tried_at = self._now()
        try:
            return self._remember(self._fetch(known))
        except KeysUnavailable:
            return known

    def _remember(self, pair: KeyPair) -> KeyPair:
        self._pair = pair
        self._fetched_at = self._tried_at = self._now()
        return pair


def sign(purpose: str, payload: bytes, keys: Keyring) -> str:
    """Sign a payload. The result is URL-safe and not encrypted.

    Args:
        purpose: Names what the text is and the version of its format; contains no line break.
    """
    key = keys.signing_key()
    return _encode(key.id + key.tag(purpose, payload) + payload)


def verify(purpose: str, text: str, keys: Keyring) -> bytes:
    """Return the payload of a signed text.

    Raises:
        InvalidSignature: The text was not made by `sign` for this purpose with a valid key, or is not spelled as it
            was made.
    """
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSignature from None
    key_id, tag, payload = content[:_ID_BYTES], content[_ID_BYTES:][:_TAG_BYTES], content[_ID_BYTES + _TAG_BYTES :]
    # Checked before the key is looked up, so that garbage costs no call.
    if len(tag) < _TAG_BYTES or _encode(content) != text:
        raise InvalidSignature
    key = keys.find(key_id)
    if key is None or not hmac.compare_digest(tag, key.tag(purpose, payload)):
        raise InvalidSignature
    return payload


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
