"""The key of the read table's index `address`: the claim on a customer's e-mail address, in one generation.

A claim is a hash, so the index holds no address, and two spellings of one mailbox have one key (`events.claims`).
"""

from pydantic_core import from_json

from events.claims import email_claim


def claim_in(document: str) -> str | None:
    """Return the claim on the e-mail address in a customer's document; None if the document has no address.

    Args:
        document: The API's answer as JSON, as `Customer.document` writes it.
    """
    try:
        content = from_json(document)
    except ValueError:
        return None
    email = content.get("email") if isinstance(content, dict) else None
    return email_claim(email) if isinstance(email, str) else None


def address_key(generation: int, claim: str) -> str:
    """Return the partition key of an address in the index `address`. Each has one of its own, so none is hot.

    >>> address_key(2, "email#00ff")
    '2#email#00ff'
    """
    return f"{generation}#{claim}"
