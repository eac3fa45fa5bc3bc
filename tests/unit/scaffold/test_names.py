"""Which names a service can have."""

import pytest

from scaffold.names import BadName, Name, name_of


@pytest.mark.parametrize(
    ("singular", "plural"),
    [("order", "orders"), ("policy", "policies"), ("survey", "surveys"), ("box", "boxes"), ("branch", "branches")],
)
def test_the_regular_plural_is_the_default(singular: str, plural: str) -> None:
    assert name_of(singular) == Name(singular, plural)


def test_an_irregular_plural_is_given() -> None:
    assert name_of("criterion", "criteria") == Name("criterion", "criteria")


@pytest.mark.parametrize(
    "bad", ["", "x", "Order", "two words", "purchase_order", "2nd", "order-line", "o" * 21, "naïve"]
)
def test_a_name_is_one_short_lower_case_word(bad: str) -> None:
    with pytest.raises(BadName, match=r"^NAME must be one lower-case word of 2 to 20 letters or digits"):
        name_of(bad)


@pytest.mark.parametrize("bad", ["class", "match", "list", "queue"])
def test_a_word_of_python_is_refused(bad: str) -> None:
    with pytest.raises(BadName, match=rf"^NAME must not be a word that Python uses itself, and '{bad}' is one"):
        name_of(bad)


def test_the_plural_is_checked_too() -> None:
    with pytest.raises(BadName, match=r"^PLURAL must be one lower-case word"):
        name_of("order", "Orders")
    with pytest.raises(BadName, match=r"^PLURAL must differ from NAME"):
        name_of("sheep", "sheep")
