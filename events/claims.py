"""Uniqueness claims: who holds an e-mail address, without saying which address it is."""

import hashlib
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """Claims that change hands together with an append.

    Attributes:
        take: Claims that the customer must get, or hold already.
        release: Claims that the customer gives up.
    """

    take: tuple[str, ...] = ()
    release: tuple[str, ...] = ()


NO_CLAIMS = ClaimChange()


class ClaimTaken(Exception):
    """Another customer holds a claim. The text does not say who, nor which."""

    def __init__(self) -> None:
        super().__init__("another customer holds this claim")


def email_claim(email: str) -> str:
    """The claim on an e-mail address.

    Addresses that differ only in case or in how their characters are composed are one: mail servers that tell them
    apart are not found in practice, and two accounts for one mailbox are.

    Args:
        email: As the customer writes it.

    Returns:
        `email#` and a SHA-256 in hex, so that the claims table holds no address.
    """
    normalised = unicodedata.normalize("NFKC", email).casefold()
    return f"email#{hashlib.sha256(normalised.encode()).hexdigest()}"


def move_claim(before: str | None, after: str | None) -> ClaimChange:
    """The claims to change when an address changes.

    Args:
        before: The address until now; None for a new customer.
        after: The address from now on; None for an erased customer.
    """
    old, new = (email_claim(email) if email is not None else None for email in (before, after))
    if old == new:
        return NO_CLAIMS
    return ClaimChange(take=(new,) if new else (), release=(old,) if old else ())
