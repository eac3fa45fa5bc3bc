"""One mailbox has one canonical form, and two mailboxes have two."""

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email

from events.claims import claims_of, email_claim, move_claim, release_all
from events.mailbox import NotADomain, ascii_domain, mailbox_of
from tests.corpus import EMAILS

# Each line is one mailbox.
SPELLINGS = [
    ("ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.com"),
    ("ada@bücher.example", "ada@BÜCHER.example", "ada@bu\u0308cher.example", "ADA@XN--BCHER-KVA.example"),
    ("ada@faß.de", "ada@xn--fa-hia.de"),
    ("ada@fass.de", "ADA@FASS.DE"),
    ("①@example.com",),
    ("1@example.com",),
    ("jose\u0301@example.com", "JOSÉ@example.com"),
    ("jose@example.com",),
    ("straße@example.com",),
    ("strasse@example.com",),
    ("ada@ｅｘａｍｐｌｅ.org", "ada@example.org"),
    ("ﬁ@example.com",),
    ("fi@example.com",),
]


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda spellings: ascii(spellings[0]))
def test_every_spelling_of_a_mailbox_has_one_claim(spellings: tuple[str, ...]) -> None:
    assert len(set(map(email_claim, spellings))) == 1


def test_no_two_mailboxes_share_a_claim() -> None:
    assert len({email_claim(spellings[0]) for spellings in SPELLINGS}) == len(SPELLINGS)


def test_an_invisible_character_in_a_stored_domain_makes_no_other_mailbox() -> None:
    """Earlier releases accepted such a domain, and DNS has only the one without."""
    assert email_claim("ada@exam\u200bple.com") == email_claim("ada@example.com")


def test_a_canonical_form_is_its_own_canonical_form() -> None:
    for email in (email for spellings in SPELLINGS for email in spellings):
        assert mailbox_of(mailbox_of(email)) == mailbox_of(email)


def test_lower_case_and_composition_settle_for_every_character() -> None:
    everything = "".join(chr(code_point) for code_point in range(0x110000) if not 0xD800 <= code_point < 0xE000)
    settled = mailbox_of(f"{everything}@example.com")

    assert mailbox_of(settled) == settled


@pytest.mark.parametrize("domain", ["aא.example", "i❤.example", "xn--a.example", "1.2.3.4", "ü" * 60])
def test_a_domain_that_dns_cannot_have_is_refused(domain: str) -> None:
    with pytest.raises(NotADomain):
        ascii_domain(domain)


@pytest.mark.parametrize("email", ["ada@exa\u200bmple.com", "ada@aא.example", "ada", "", "a@b@c", "ada@[1.2.3.4]"])
def test_an_address_that_earlier_releases_accepted_still_has_a_claim(email: str) -> None:
    assert email_claim(email).startswith("email#")


@pytest.mark.parametrize(("email", "good", "what"), EMAILS, ids=[what for _, _, what in EMAILS])
def test_a_good_address_is_valid_for_the_library_email_validator_too(email: str, good: bool, what: str) -> None:
    """The functions do without it: its verdict changes with Python's Unicode tables, and it needs a DNS client."""
    if not good:
        return
    found = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)

    assert mailbox_of(email.strip()).rpartition("@")[2] == found.ascii_domain.lower()
    assert unicodedata.normalize("NFC", email.strip().rpartition("@")[0]) == found.local_part


@pytest.mark.parametrize("email", ["ada@i❤.example", "ada@aא.example", "ada@xn--a.example"])
def test_the_library_refuses_what_idna_refuses(email: str) -> None:
    with pytest.raises(EmailNotValidError):
        validate_email(email, check_deliverability=False, globally_deliverable=False)


def test_an_address_in_ascii_has_the_claim_of_earlier_releases() -> None:
    assert claims_of("Ada@Example.com") == (email_claim("ada@example.com"),)


def test_an_address_that_is_given_up_releases_the_claim_of_earlier_releases_too() -> None:
    old, new = "ada@faß.de", "ada@example.com"

    assert move_claim(old, new).release == claims_of(old)
    assert move_claim(old, None).release == claims_of(old)
    assert release_all([old, new, old]).release == (*claims_of(old), *claims_of(new))
    assert len(claims_of(old)) == 2


def test_a_claim_that_is_taken_is_not_released_in_the_same_change() -> None:
    """Earlier releases took the claim on ada@fass.de for ada@faß.de."""
    change = move_claim("ada@faß.de", "ada@fass.de")

    assert change.take == (email_claim("ada@fass.de"),)
    assert change.release == (email_claim("ada@faß.de"),)


def test_another_spelling_of_the_same_mailbox_changes_no_claim() -> None:
    change = move_claim("ada@bücher.example", "ada@xn--bcher-kva.example")

    assert (change.take, change.release) == ((), ())
