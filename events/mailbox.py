"""Which mailbox an e-mail address names. Two spellings of one mailbox have one canonical form.

The domain is compared as DNS knows it: in lower case, with every label that is not ASCII as its A-label. That is IDNA
2008 after the mapping of UTS 46, non-transitional, so `faß.de` is not `fass.de`. The local part is compared in
lower case after Unicode composition (NFC). RFC 5321 leaves its case to the receiving server, and in practice none
distinguishes it. A compatibility mapping (NFKC) would merge mailboxes that servers keep apart: `①@example.com` is not
`1@example.com`.
"""

import unicodedata
from typing import Final

_ACE_PREFIX: Final = "xn--"
# RFC 1035, 2.3.4, without the length bytes of the first label and of the root.
_LONGEST_DOMAIN: Final = 253


class NotADomain(ValueError):
    """No DNS name corresponds to a text."""


def mailbox_of(email: str) -> str:
    """The canonical form of an e-mail address.

    It exists for every text, because earlier releases accepted addresses that are refused now.
    """
    local, _, domain = email.rpartition("@")
    try:
        domain = ascii_domain(domain)
    except NotADomain:
        domain = _lower(domain)
    return f"{_lower(local)}@{domain}"


def ascii_domain(domain: str) -> str:
    """The domain as DNS knows it, in lower case.

    Args:
        domain: Labels with dots between them. Those in ASCII must be letters, digits and hyphens already.

    Raises:
        NotADomain: A label is not valid in IDNA 2008, is too long as an A-label, or the top level is a number.
    """
    if domain.rpartition(".")[2].isdecimal():
        raise NotADomain
    if not domain.isascii() or _ACE_PREFIX in domain.lower():
        domain = _with_a_labels(domain)
    domain = domain.lower()
    if len(domain) > _LONGEST_DOMAIN or domain.rpartition(".")[2].isdecimal():
        raise NotADomain
    return domain


def _with_a_labels(domain: str) -> str:
    # Imported here, because its tables would slow every cold start down and few addresses need them.
    import idna  # noqa: PLC0415

    def a_label(label: str) -> str:
        plain = label.isascii() and not label.lower().startswith(_ACE_PREFIX)
        return label if plain else idna.alabel(idna.uts46_remap(label)).decode()

    try:
        return ".".join(map(a_label, domain.split(".")))
    except UnicodeError:  # the base class of idna's errors
        raise NotADomain from None


def _lower(text: str) -> str:
    # Fast path: nearly every address is ASCII, which composition leaves as it is.
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
