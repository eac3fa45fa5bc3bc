"""Conditional requests as RFC 9110 has them, section 13."""

import re
from time import perf_counter

import pytest

from shared.http.preconditions import CONDITION, Condition, EntityTags, preconditions_of
from shared.http.problems import InvalidFields

CURRENT = '"3"'


def first_false(etag: str | None = CURRENT, **headers: str) -> Condition | None:
    return preconditions_of({name.replace("_", "-"): value for name, value in headers.items()}).first_false(etag)


def test_without_conditions_nothing_is_false() -> None:
    assert first_false() is None


@pytest.mark.parametrize("value", ['"3"', '"1", "3"', '"1","3"', '"3","1"', "*", " * ", ', "3",', ',, ,"1" ,\t"3" ,,',
                                   'W/"3", "3"', '"a,b", "3"'])  # fmt: skip
def test_if_match_is_true_if_it_names_the_current_version(value: str) -> None:
    assert first_false(if_match=value) is None


@pytest.mark.parametrize("value", ['"1"', 'W/"3"', '"03"', '"abc"', '"-1"', '"9999999999"', '"3-gzip"', "", ",", '"*"',
                                   '"\xe9"'])  # fmt: skip
def test_if_match_is_false_if_it_does_not(value: str) -> None:
    assert first_false(if_match=value) == "If-Match"


@pytest.mark.parametrize("value", ['"3"', 'W/"3"', '"1", "3"', "*", ', W/"3",'])
def test_if_none_match_is_false_if_it_names_the_current_version_weakly_or_strongly(value: str) -> None:
    assert first_false(if_none_match=value) == "If-None-Match"


@pytest.mark.parametrize("value", ['"1"', 'W/"1"', '"03"', '"abc"', "", ","])
def test_if_none_match_is_true_if_it_does_not(value: str) -> None:
    assert first_false(if_none_match=value) is None


def test_if_match_comes_first() -> None:
    assert first_false(if_match='"1"', if_none_match='"3"') == "If-Match"
    assert first_false(if_match='"3"', if_none_match='"3"') == "If-None-Match"
    assert first_false(if_match='"3"', if_none_match='"1"') is None


def test_what_has_no_etag_is_named_by_a_star_only() -> None:
    assert first_false(None, if_match="*") is None
    assert first_false(None, if_match='"3"') == "If-Match"
    assert first_false(None, if_none_match="*") == "If-None-Match"
    assert first_false(None, if_none_match='"3"') is None


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ["3", '"3', '3"', '"3" "4"', '"3";', '*, "3"', '"3", *', 'w/"3"', 'W/ "3"', '"a b"',
                                   '"a\x7f"', "**", '"1, 3"', '"3"\n', '"\u0100"'])  # fmt: skip
def test_what_is_no_list_of_etags_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidFields, match=name):
        preconditions_of({name.lower(): value})


@pytest.mark.parametrize(
    "value", ["\t" * 10_000 + "x", " ," * 5_000 + "x", '"a",' * 2_500 + "x", ', "a"' + " " * 9_000 + "x"]
)
def test_a_long_header_is_judged_quickly(value: str) -> None:
    began = perf_counter()

    assert not CONDITION.fullmatch(value)
    assert perf_counter() - began < 0.1


def test_the_pattern_means_the_same_in_ecma_262() -> None:
    assert not re.search(r"\(\?[^:]|\\[AZzGb]|\(\?P", CONDITION.pattern)
    assert EntityTags(any=True).match_strongly(None)
