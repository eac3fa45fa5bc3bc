"""Which tokens may do what, whatever form their claims arrive in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.caller import Caller, caller_of, groups_of
from shared.http.problems import Forbidden
from tests.samples import machine_claims, person_claims

READ, WRITE, WRITERS = "customers/read", "customers/write", "customer-writers"


def caller(claims: Any) -> Caller:
    return caller_of({"authorizer": {"claims": claims}})


def may(claims: Any, scope: str, group: str = "") -> bool:
    try:
        caller(claims).require(scope, group)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("claims", "reads", "writes"),
    [
        (person_claims(READ, WRITE), True, False),
        (person_claims(READ, WRITE, groups="[customer-writers]"), True, True),
        (person_claims(READ, groups="[customer-writers]"), True, False),
        (person_claims(WRITE, groups="[customer-writers]"), False, True),
        (person_claims(READ, WRITE, groups="[customer-readers]"), True, False),
        (machine_claims(READ, WRITE), True, True),
        (machine_claims(READ), True, False),
        (machine_claims(WRITE), False, True),
        (machine_claims(), False, False),
    ],
)
def test_reading_takes_a_scope_and_writing_a_group_as_well(claims: Any, reads: bool, writes: bool) -> None:
    assert (may(claims, READ), may(claims, WRITE, WRITERS)) == (reads, writes)


@pytest.mark.parametrize(
    "changes",
    [
        {"token_use": "id"},
        {"token_use": ""},
        {"token_use": None},
        {"token_use": ["access"]},
        {"token_use": "ACCESS"},
        {"sub": "", "client_id": ""},
        {"sub": " ", "client_id": " "},
        {"sub": None, "client_id": None},
        {"sub": 7, "client_id": 7},
        {"sub": ["machine-1"]},
        {"scope": [READ, WRITE]},
        {"scope": None},
        {"scope": 1},
        {"scope": {READ: True, WRITE: True}},
        {"scope": f"{READ},{WRITE}"},
        {"scope": f"{READ}er {WRITE}r"},
    ],
    ids=str,
)
def test_a_claim_that_is_malformed_gives_no_rights(changes: dict[str, Any]) -> None:
    claims = machine_claims(READ, WRITE) | changes

    assert not may(claims, READ)
    assert not may(claims, WRITE, WRITERS)


@pytest.mark.parametrize("name", ["sub", "token_use", "scope"])
def test_a_claim_that_is_missing_gives_no_rights(name: str) -> None:
    claims = {key: value for key, value in machine_claims(READ).items() if key != name}

    assert not may(claims, READ)


def test_a_token_without_a_client_is_not_a_machine_s() -> None:
    claims = {key: value for key, value in machine_claims(READ, WRITE).items() if key != "client_id"}

    assert not may(claims, WRITE, WRITERS)


@pytest.mark.parametrize("authorizer", [None, {}, [], "claims", 1, {"claims": None}, {"claims": []}, {"claims": "sub"}])
def test_without_claims_nobody_may_do_anything(authorizer: Any) -> None:
    with pytest.raises(Forbidden):
        caller_of({"authorizer": authorizer}).require(READ)


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["a", "b"], {"a", "b"}),
        ("[a b]", {"a", "b"}),
        ("a,b", {"a", "b"}),
        ("[a]", {"a"}),
        ("a", {"a"}),
        ([], set()),
        (["customer-writers"], {"customer-writers"}),
    ],
)
def test_groups_are_read_in_each_form_that_authorizers_use(claim: Any, groups: set[str]) -> None:
    assert groups_of(claim) == groups


@pytest.mark.parametrize(
    "claim",
    [
        None,
        7,
        True,
        {"a": "b"},
        "",
        " ",
        "[]",
        "[a,b]",
        "[a, b]",
        "[a  b]",
        "[ a ]",
        "a b",
        "a, b",
        "a,,b",
        ",a",
        "a,",
        "[a",
        "a]",
        "[[a]]",
        "[a]\n",
        '["a"]b',
        ["a", 1],
        ["a", None],
        ["a,b"],
        ["a b"],
        ["[a]"],
        ["a", ["b"]],
        [""],
    ],
    ids=repr,
)
def test_groups_in_any_other_form_do_not_count(claim: Any) -> None:
    assert groups_of(claim) == frozenset()


def test_a_group_whose_name_contains_the_other_s_is_another_group() -> None:
    for groups in ("customer-writers-x", "x-customer-writers", "Customer-Writers", "customer-writer", "x,customer"):
        assert not may(person_claims(WRITE, groups=groups), WRITE, WRITERS), groups


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["sub", "client_id", "token_use", "scope", "cognito:groups"])


@given(JSON | st.dictionaries(NAMES, JSON))
def test_no_claims_make_the_check_fail_in_any_other_way(claims: Any) -> None:
    assert not may(claims, READ)
