"""Texts and paths under another name."""

import pytest

from scaffold.inventory import aws_words, clashes
from scaffold.names import Name
from scaffold.renaming import Renaming

ORDER = Renaming(Name("order", "orders"))
POLICY = Renaming(Name("policy", "policies"))


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("customer_id, Customer, CUSTOMER_ID", "policy_id, Policy, POLICY_ID"),
        ("customers/read, CustomersApi, CUSTOMERS", "policies/read, PoliciesApi, POLICIES"),
        ("get_all_customers and _customer_of", "get_all_policies and _policy_of"),
        ("CustomerStatus is singular", "PolicyStatus is singular"),
        ("commands/create_customer.py", "commands/create_policy.py"),
        ("the customer's events", "the policy's events"),
        ("nothing to rename", "nothing to rename"),
    ],
)
def test_every_spelling_is_renamed(text: str, renamed: str) -> None:
    assert POLICY.apply(text) == renamed


@pytest.mark.parametrize("text", ["a customer managed key", "Customer-managed policy", "CustomerManaged"])
def test_words_of_aws_stay(text: str) -> None:
    assert POLICY.apply(text) == text


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("A customer and a `Customer`", "An order and an `Order`"),
        ("a\n    customer", "an\n    order"),
        ("http.md#a-customers-fields", "http.md#an-orders-fields"),
        ("a_customer, data customer", "a_order, data order"),
    ],
)
def test_the_article_fits_a_vowel(text: str, renamed: str) -> None:
    assert ORDER.apply(text) == renamed


def test_the_article_stays_before_a_consonant() -> None:
    assert POLICY.apply("A customer") == "A policy"


def test_a_name_that_a_file_already_uses_clashes() -> None:
    sources = {"events/codec.py": "def read(customer_id, policy_id): ..."}

    assert clashes(sources, POLICY.apply) == {"policy_id"}
    assert clashes(sources, ORDER.apply) == set()


def test_an_attribute_does_not_clash_with_a_variable() -> None:
    assert clashes({"a.py": "customer = row.policy"}, POLICY.apply) == set()
    assert clashes({"a.py": "row.customer = row.policy"}, POLICY.apply) == {"policy"}


def test_logical_ids_and_paths_clash_too() -> None:
    assert clashes({"template.yml": "  CustomerTable:\n  PolicyTable:\n"}, POLICY.apply) == {"PolicyTable"}
    assert clashes({"a/customer.py": "", "b/policy.py": ""}, POLICY.apply) == {"policy"}


def test_the_words_of_aws_come_from_the_resource_types() -> None:
    assert aws_words({"template.yml": "Type: AWS::Events::EventBus\nType: AWS::SQS::Queue"}) == {
        "event", "events", "bus", "queue",
    }  # fmt: skip
