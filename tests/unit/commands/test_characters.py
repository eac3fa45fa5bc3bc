"""The sets of characters are what the properties of Unicode say."""

import subprocess
import sys
import unicodedata
from itertools import pairwise

import pytest

from commands import characters
from commands.characters import BLANK, JOIN_CONTROL, REFUSED, WHITE_SPACE, is_all_in, is_any_in, pairs
from contracts.characters import FILE, content
from local.environments import ROOT


def test_the_file_is_what_the_generator_writes() -> None:
    assert FILE.read_text() == content(), "run make contracts"


def test_the_sets_agree_with_this_pythons_unicode_tables() -> None:
    """Those may be older: what was assigned once stays assigned, and no other category may differ."""
    wrong = [
        f"U+{code_point:04X}"
        for code_point in range(0x110000)
        if (category := unicodedata.category(chr(code_point))) != "Cn"
        and is_any_in(chr(code_point), REFUSED) != is_refused_by(category, code_point)
    ]

    assert wrong == []


def is_refused_by(category: str, code_point: int) -> bool:
    joiner, replacement = code_point in {0x200C, 0x200D}, code_point == 0xFFFD
    return replacement or (category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and not joiner)


@pytest.mark.parametrize(
    "edge", [0x0, 0x1F, 0x7F, 0x9F, 0xAD, 0x200B, 0x200E, 0xD800, 0xDFFF, 0xE000, 0xFFFE, 0x10FFFF]
)
def test_the_edges_of_a_range_are_in_it(edge: int) -> None:
    assert is_any_in(chr(edge), REFUSED)


@pytest.mark.parametrize("edge", [0x20, 0x7E, 0xA0, 0xAC, 0xAE, 0x200C, 0x200D, 0x2010, 0x1F600])
def test_the_neighbours_of_a_range_are_not_in_it(edge: int) -> None:
    assert not is_any_in(chr(edge), REFUSED)


def test_several_sets_are_merged() -> None:
    assert is_all_in(" \u3164\u2003", WHITE_SPACE, BLANK)
    assert not is_all_in(" \u3164a", WHITE_SPACE, BLANK)
    assert all(first[1] + 1 < second[0] for first, second in pairwise(pairs(REFUSED, BLANK, JOIN_CONTROL)))


def test_a_character_class_escapes_what_it_can() -> None:
    assert characters.character_class(JOIN_CONTROL) == r"\u200c-\u200d"


def test_an_address_in_ascii_loads_neither_idna_nor_the_large_sets() -> None:
    """A cold start does not pay for what few requests need."""
    program = (
        "import sys; from commands.create_customer import CreateCustomer as C; from datetime import date;"
        "from events.claims import email_claim; from commands import characters;"
        "C.model_validate({'full_name': 'Ada', 'email': 'ada@example.com', 'birth': '1990-05-17', 'city': 'London',"
        " 'country': 'UK'}, context={'today': date(2026, 1, 1)}); email_claim('ada@example.com');"
        "assert 'idna' not in sys.modules; assert not characters._bounds.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
