"""Uniqueness claims: which customer holds an e-mail address. A claim is a hash and does not reveal the address."""

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """Claims to change together with an append.

    Attributes:
        take: Claims to take. A claim that the customer already holds is fine.
        release: Claims to release.
    """

    take: tuple[str, ...] = ()
    release: tuple[str, ...] = ()


NO_CLAIMS: Final = ClaimChange()


class ClaimTaken(Exception):
    """Another customer holds a claim. The message names neither the customer nor the claim."""

    def __init__(self) -> None:
        super().__init__("another customer holds this claim")


def email_claim(email: str) -> str:
    """The claim on an e-mail address.

    Addresses that differ only in case or in Unicode composition are the same: in practice no mail server distinguishes
    them, and two accounts for one mailbox do occur.

    Returns:
        `email#` and a SHA-256 in hex, so that the claims table holds no address.
    """
    normalised = unicodedata.normalize("NFKC", email).casefold()
    return f"email#{hashlib.sha256(normalised.encode()).hexdigest()}"


def move_claim(before: str | None, after: str | None) -> ClaimChange:
    """The claims to change when an address changes.

    Args:
        before: The old address; None for a new customer.
        after: The new address; None for an erased customer.
    """
    old, new = (email_claim(email) if email is not None else None for email in (before, after))
    if old == new:
        return NO_CLAIMS
    return ClaimChange(take=(new,) if new else (), release=(old,) if old else ())
