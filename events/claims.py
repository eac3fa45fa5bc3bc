"""Uniqueness claims: which customer holds an e-mail address. A claim is a hash and does not reveal the address."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from events.mailbox import mailbox_of


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
    """The claim on an e-mail address: on the mailbox that it names, in whatever spelling (`events.mailbox`).

    Returns:
        `email#` and a SHA-256 in hex, so that the claims table holds no address.
    """
    return _claim_on(mailbox_of(email))


def earlier_email_claim(email: str) -> str:
    """The claim that releases up to 0.2 took; `verify claims` replaces it.

    It equals `email_claim` for every address in ASCII.
    """
    return _claim_on(unicodedata.normalize("NFKC", email).casefold())


def claims_of(email: str) -> tuple[str, ...]:
    """Every claim that a customer with this address may hold: the right one, then the one of earlier releases."""
    return tuple(dict.fromkeys((email_claim(email), earlier_email_claim(email))))


def release_all(emails: Iterable[str]) -> ClaimChange:
    """Release every claim on some addresses."""
    return ClaimChange(release=tuple(dict.fromkeys(claim for email in emails for claim in claims_of(email))))


def move_claim(before: str | None, after: str | None) -> ClaimChange:
    """The claims to change when an address changes.

    Args:
        before: The old address; None for a new customer.
        after: The new address; None for an erased customer.
    """
    old, new = (email_claim(email) if email is not None else None for email in (before, after))
    if old == new:
        return NO_CLAIMS
    released = claims_of(before) if before is not None else ()
    # One transaction cannot both take and release a claim.
    return ClaimChange(take=(new,) if new else (), release=tuple(claim for claim in released if claim != new))


def _claim_on(mailbox: str) -> str:
    return f"email#{hashlib.sha256(mailbox.encode()).hexdigest()}"
