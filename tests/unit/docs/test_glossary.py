"""The glossary defines every word that the project uses in a sense of its own."""

import pytest

from tests.unit.docs.pages import GLOSSARY

ROWS = {row[0].strip("*"): row[1] for row in GLOSSARY.table("Glossary", "Term")}
TERMS = {term for words in ROWS for term in words.split(", ")}
KEPT = (
    "customer", "event", "version", "projection", "row", "view", "generation", "building", "active", "previous",
    "retired", "checkpoint", "park", "parked", "redrive", "fold", "claim", "upcaster", "dead letter", "poison event",
    "gap", "replay", "backfill", "segment", "idempotency key", "consistency token", "cursor", "fed",
)  # fmt: skip


def test_it_has_every_word() -> None:
    assert set(KEPT) <= TERMS


@pytest.mark.parametrize("term", ROWS)
def test_a_meaning_is_short(term: str) -> None:
    assert 5 <= len(ROWS[term].split()) <= 45
